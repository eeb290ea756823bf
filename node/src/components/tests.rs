//! Golden flags.
