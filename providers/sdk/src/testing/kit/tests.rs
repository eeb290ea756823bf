//! The kit must be able to fail.
