//! [`Base`]: what a group was before it was touched, and what it is again afterwards.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::world::Process;

/// What a group was before it was touched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Base {
    /// Its number. Follows an autoscaler's changes.
    pub desired: u32,
    /// Its limit.
    pub max: u32,
    /// Its suspended processes.
    pub suspended: BTreeSet<Process>,
    /// Its protection from scale-in.
    pub protected: bool,
}
