//! Rotations: the shell around the pure machine `kprov_rotation` (docs/adr/0005).
//!
//! [`observe`] looks, [`world`] makes a world of what was seen; both serve plans, too. `core` decides, sans-IO: what is
//! journaled, which steps are called, who is answered. `carry` says who carries out which step, and `shell` is one task
//! for each cluster of a run. [`Rotators`] holds them, and `operation` is the update of a group that they rotate.

mod carry;
mod core;
mod discretion;
pub mod observe;
pub(crate) mod operation;
mod rotators;
mod shell;
pub mod world;

pub use observe::{Observed, Observer, Site, is_named};
pub(crate) use rotators::sites;
pub use rotators::{Means, Rotate, Rotators};
pub use world::Known;

#[cfg(test)]
mod tests;
