//! The pure machine of rotations: observed world in, next safe steps out (docs/rotation.md, ADR 5).
//!
//! [`decide`] is a function of what was seen ([`World`]), what the plan wants ([`Strategies`]) and what the journal
//! holds because it cannot be seen ([`Progress`]). It is total, deterministic and level-triggered: it asks what is
//! so, not what was done, so that a run that was killed goes on by looking. Every step that it proposes keeps all
//! [`INVARIANTS`] in the world as the step leaves it at worst. [`forecast`] drives it over a world where all goes well,
//! for the plan; [`preflight`] says what would block it later.
//!
//! No I/O, no async, no clock, no randomness: those who observe and carry out are elsewhere.

mod decide;
mod forecast;
mod health;
mod index;
pub mod invariants;
mod order;
mod preflight;
mod progress;
mod project;
mod reason;
pub mod settings;
mod sight;
pub mod skew;
mod strategy;

pub use kprov_provider::rotation::world::{self, World};
pub use kprov_provider::rotation::{
    Base, BudgetName, EtcdId, GroupId, HookName, MachineId, OperatorId, RotationId, Seconds, Step,
    Subject, TemplateId, Timeouts, Version, When, Zone,
};

pub use decide::{Code, Decision, Pause, Waiting, decide, decide_by};
pub use forecast::{Durations, Forecast, Planned, forecast, forecast_from};
pub use invariants::{INVARIANTS, Invariant, Violation, violated};
pub use preflight::{Finding, preflight};
pub use progress::{Failure, GroupProgress, Open, Progress};
pub use reason::Reason;
pub use strategy::{Amount, Checkpoint, Hook, OnFailure, Strategies, Strategy, Window};
