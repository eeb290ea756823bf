//! The names of all types that hashicorp/aws has, managed here or not: see [`is_public`].

use kprov_core::ResourceMode;

const NAMES: &str = include_str!("../schemas/names.txt");

/// Does hashicorp/aws have this type? Asked for a type that is not managed here, so seldom.
pub(crate) fn is_public(mode: ResourceMode, ty: &str) -> bool {
    let kind = match mode {
        ResourceMode::Managed => "resource",
        ResourceMode::Data => "data",
        ResourceMode::Ephemeral => return false,
    };
    NAMES.lines().any(|line| line.split_once(' ') == Some((kind, ty)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{DATA_SOURCES, RESOURCES};

    #[test]
    fn knows_what_is_managed_and_what_is_not() {
        let managed = RESOURCES.iter().map(|entry| (ResourceMode::Managed, entry.name));
        let read = DATA_SOURCES.iter().map(|entry| (ResourceMode::Data, entry.name));
        for (mode, name) in managed.chain(read) {
            assert!(is_public(mode, name), "{name}");
        }
        assert!(is_public(ResourceMode::Managed, "aws_db_subnet_group"));
        assert!(!is_public(ResourceMode::Data, "aws_db_subnet_grup"));
        assert!(!is_public(ResourceMode::Managed, "aws_caller_identity"));
    }
}
