//! What a person reads: values in, text out.
//!
//! Nothing here reads a file, a clock or the environment, and nothing prints; the same values and the
//! same [`Style`] give the same text. A sensitive value never becomes text.

mod applied;
#[cfg(test)]
mod block_tests;
mod calls;
mod certificates;
mod diagnostics;
#[cfg(test)]
mod diagnostics_tests;
mod diff;
mod oplog;
mod outputs;
mod plan;
mod question;
mod rotation_status;
mod schemas;
#[cfg(test)]
mod secrecy_tests;
mod snippet;
mod state;
mod style;
mod text;

pub(crate) use applied::applied;
pub(crate) use calls::calls;
pub(crate) use certificates::certificates;
pub(crate) use diagnostics::{compact, diagnostics};
pub(crate) use oplog::{run, runs};
pub(crate) use outputs::{outputs, value};
#[cfg(test)]
pub(crate) use plan::testing;
pub(crate) use plan::{checks, concise, plan, planned_certificates, rotations};
pub(crate) use question::question;
pub(crate) use rotation_status::rotation_status;
pub(crate) use schemas::Schemas;
pub(crate) use state::object;
pub(crate) use style::Style;
use style::Tint;
pub(crate) use text::{truncate, visible};
