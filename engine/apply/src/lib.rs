//! Executor and driver of an apply.

pub mod stored;
