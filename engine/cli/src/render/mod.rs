//! What a person reads: values in, text out.
//!
//! Nothing here reads a file, a clock or the environment, and nothing prints; the same values and the
//! same [`Style`] give the same text. A sensitive value never becomes text.

mod applied;
mod diagnostics;
#[cfg(test)]
mod diagnostics_tests;
mod diff;
mod outputs;
mod plan;
#[cfg(test)]
mod secrecy_tests;
mod snippet;
mod state;
mod style;
mod text;

pub(crate) use crate::progress::ProgressLines;
pub(crate) use applied::applied;
pub(crate) use diagnostics::{compact, diagnostics};
pub(crate) use outputs::{outputs, value};
pub(crate) use plan::{concise, plan};
pub(crate) use state::object;
pub(crate) use style::Style;
use style::Tint;
