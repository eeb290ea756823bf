//! `tostring`, `tolist` and the other conversions.

use super::Function;

pub(super) fn functions() -> Vec<Function> {
    Vec::new()
}
