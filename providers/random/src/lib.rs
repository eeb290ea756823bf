//! The random provider.
