//! Functions over lists, maps and sets.

use super::Function;

pub(super) fn functions() -> Vec<Function> {
    Vec::new()
}
