//! Resource types of SSM, one per file.

pub(crate) mod parameter;
