//! [`PlannedInstance`]: an object as it will be, among all that are planned with it.

use kprov_core::{InstanceAddr, Str, Value};

/// An object as it will be, for [`crate::Provider::check_plan`].
#[derive(Clone, Debug)]
pub struct PlannedInstance<'a> {
    /// `aws_subnet`
    pub ty: &'a str,
    /// Where it stands in the configuration, for messages.
    pub addr: &'a InstanceAddr,
    /// Without marks; unknown where only apply can tell.
    pub value: &'a Value,
    /// As it is, without marks; `None` for one that is not there yet.
    pub before: Option<&'a Value>,
    /// Is it made (or made anew) by this plan?
    pub is_new: bool,
    /// Where attributes of the top level that are not known yet come from: the instances (indices
    /// into the slice) whose values their expressions use. Attributes that use anything else that
    /// will change are left out.
    pub sources: Vec<(Str, Vec<usize>)>,
}

impl PlannedInstance<'_> {
    /// The one instance that an unknown attribute comes from.
    pub fn source(&self, attribute: &str) -> Option<usize> {
        let (_, all) = self.sources.iter().find(|(name, _)| name == attribute)?;
        match all[..] {
            [one] => Some(one),
            _ => None,
        }
    }
}
