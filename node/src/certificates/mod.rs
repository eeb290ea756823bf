//! The leaves of a master: issued here, since only the machine knows its name and addresses; kept across restarts; issued
//! anew when they are due, or when the authority, the names or the document changed.

mod due;
mod issue;
mod served;
#[cfg(test)]
mod tests;
mod wanted;

use jiff::Timestamp;
use kprov_pki::Usage;

pub(crate) use issue::{admin, ensure};
pub(crate) use served::check_served;
pub(crate) use wanted::of_master;

/// A leaf that is to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// Its files' name.
    pub(crate) name: &'static str,
    /// Who issues it.
    pub(crate) authority: &'static str,
    pub(crate) common_name: String,
    pub(crate) organizations: Vec<String>,
    pub(crate) names: Vec<String>,
    pub(crate) usages: Vec<Usage>,
}

/// A leaf that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) name: &'static str,
    pub(crate) until: Timestamp,
    /// It was issued just now, and why.
    pub(crate) issued: Option<String>,
}
