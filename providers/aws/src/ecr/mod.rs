//! Resource types of ECR, one per file.

pub(crate) mod repository;
