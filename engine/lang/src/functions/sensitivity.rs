//! `sensitive`, `nonsensitive`, `issensitive`, `ephemeralasnull`.

use super::Function;

pub(super) fn functions() -> Vec<Function> {
    Vec::new()
}
