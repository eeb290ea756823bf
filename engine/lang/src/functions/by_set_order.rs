//! [`BySetOrder`]: values in ordered collections, so that looking for equal ones is not quadratic.

use std::cmp::Ordering;

use kprov_core::Value;
use kprov_core::value::set_order;

/// A wholly known value, ordered as a set orders its items.
#[derive(Clone, Copy, Debug)]
pub(super) struct BySetOrder<'a>(pub(super) &'a Value);

impl Ord for BySetOrder<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        set_order(self.0, other.0)
    }
}

impl PartialOrd for BySetOrder<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for BySetOrder<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for BySetOrder<'_> {}
