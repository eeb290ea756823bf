//! Base64, character sets, URL encoding.

use super::Function;

pub(super) fn functions() -> Vec<Function> {
    Vec::new()
}
