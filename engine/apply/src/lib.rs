//! Executor and driver of an apply.
