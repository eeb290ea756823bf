//! `formatdate`, `timeadd`, `timecmp` and the clocks.

use super::Function;

pub(super) fn functions() -> Vec<Function> {
    Vec::new()
}
