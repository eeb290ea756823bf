//! Provider `hooks`, our own: hook actions of rotations that belong to no cloud and no cluster (docs/adr/0005-rotation.md,
//! "Contract: hook actions"): run a command, ask a URL, connect to a port. It has no resources.
//!
//! What must hold: a look ends by itself; what stands in a block's environment or headers is in no message.

mod duration;
mod exec;
mod http;
mod place;
mod tcp;
#[cfg(test)]
mod testing;

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::{Path, ProviderAddr};
use kprov_provider::rotation::HookAction;
use kprov_provider::{AttributeError, Provider, ProviderSchema, Resource};

/// `registry.terraform.io/hashicorp/hooks`: where a name without a source is looked for. No configuration need name it:
/// hook actions are found by their own names.
#[derive(Debug, Default)]
pub struct Hooks;

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(ProviderSchema::default);

#[async_trait]
impl Provider for Hooks {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("hooks")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, _ty: &str) -> Option<&dyn Resource> {
        None
    }

    fn hook_actions(&self) -> &[&str] {
        &["exec", "http", "tcp"]
    }

    fn hook_action(&self, name: &str) -> Option<&dyn HookAction> {
        match name {
            "exec" => Some(&exec::Exec),
            "http" => Some(&http::Http),
            "tcp" => Some(&tcp::Tcp),
            _ => None,
        }
    }
}

/// The attribute of that name is wrong.
fn wrong(name: &str, message: impl Into<String>) -> AttributeError {
    AttributeError::new(Path::attribute(name), "Invalid value", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_that_is_named_is_there() {
        for name in Hooks.hook_actions() {
            assert!(Hooks.hook_action(name).is_some(), "{name}");
        }
        assert!(Hooks.hook_action("drain").is_none());
    }
}
