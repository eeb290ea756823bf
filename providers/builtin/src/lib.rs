//! The builtin provider.
