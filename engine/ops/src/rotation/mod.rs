//! Rotations, as plans and people see them (docs/adr/0005, "Integration").
//!
//! Before a plan: `look` finds the groups whose block has `rotation`, observes them in bulk, and says which of their
//! members are outdated. After it: `foresee` puts the world of each cluster together and has the pure machine say what
//! it will do, as [`PlannedRotation`]s. Beside both: what the store says of a rotation ([`rotation_status`]), and the
//! words that people say to one ([`speak`]).
//!
//! What must hold: where no block has `rotation` nobody is called. Nothing here decides which step is safe, and nothing
//! is written but a word.

mod assumed;
mod durations;
mod forecasting;
mod foresee;
mod look;
mod named;
mod planned;
mod sites;
mod status;
mod template;
mod words;

pub(crate) use foresee::foresee;
pub(crate) use look::{Wanted, look};
pub use planned::{
    Estimate, PlannedFinding, PlannedGroup, PlannedMember, PlannedRotation, PlannedStep,
};
pub use status::{GroupStatus, OpenStep, PausedRotation, RotationStatus, rotation_status};
pub use words::{Spoken, speak};
