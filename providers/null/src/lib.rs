//! The null provider.
