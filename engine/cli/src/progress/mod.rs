//! What is told while an apply goes on: live lines on a terminal, plain lines elsewhere.

mod lines;

pub(crate) use lines::ProgressLines;
