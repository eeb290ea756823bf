//! `file`, `fileset`, `templatefile` and the path functions.

use super::Function;

pub(super) fn functions() -> Vec<Function> {
    Vec::new()
}
