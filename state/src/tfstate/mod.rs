//! Terraform's state file, version 4: what `state pull` prints and `state push` takes, so that a
//! project can move over and back.
//!
//! Terraform writes under `dependencies` everything that an object depends on, directly or not; we
//! keep direct dependencies only and compute the rest where it is shown ([`closure`]). The way
//! back is not possible: what was imported keeps its long lists until it is next written.

mod closure;
mod export;
mod import;

pub use closure::{Closure, closure};
pub use export::export;
pub use import::import;
