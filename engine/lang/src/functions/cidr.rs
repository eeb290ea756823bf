//! `cidrhost` and the other address functions.

use super::Function;

pub(super) fn functions() -> Vec<Function> {
    Vec::new()
}
