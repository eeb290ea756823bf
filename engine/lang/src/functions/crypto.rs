//! Hashes, `bcrypt` and `rsadecrypt`.

use super::Function;

pub(super) fn functions() -> Vec<Function> {
    Vec::new()
}
