//! What the suites share: a strict fake world ([`world`]), a way to plan and apply configurations
//! in it one effect at a time ([`mod@bench`], [`steps`]), and what must hold afterwards
//! ([`invariants`]; [`inventory`] for what an airplane holds).
//!
//! Everything is deterministic: the host counts instead of drawing, and the order of effects comes
//! from a seed.

pub mod bench;
pub mod files;
pub mod host;
pub mod invariants;
pub mod inventory;
pub mod steps;
pub mod world;
