//! Resource types of KMS, one per file.

pub(crate) mod alias;
pub(crate) mod key;
