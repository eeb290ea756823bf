//! Addresses from text, as users type them (`-target`, `state mv`) and state files hold them.

use super::{InstanceAddr, ModuleAddr, ProviderConfigAddr, ResourceAddr};

/// The text is not an address of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseAddrError {
    /// What is wrong, in a sentence.
    pub message: String,
}

/// What `-target`, `-exclude`, `-replace`, `moved`, `removed`, `state rm` ... name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A module and all inside; the last step's key may be `None` for all its instances.
    Module(ModuleAddr),
    /// A resource with all instances (when key is `None`), or one instance.
    Resource(InstanceAddr),
}

/// `module.a[0].aws_subnet.x["a"]` or `module.a`.
///
/// # Errors
/// When the text is neither.
pub fn parse_target(_text: &str) -> Result<Target, ParseAddrError> {
    todo!()
}

/// A resource instance.
///
/// # Errors
/// When the text is something else.
pub fn parse_instance(_text: &str) -> Result<InstanceAddr, ParseAddrError> {
    todo!()
}

/// A module instance: `module.a[0].module.b`.
///
/// # Errors
/// When the text is something else.
pub fn parse_module(_text: &str) -> Result<ModuleAddr, ParseAddrError> {
    todo!()
}

/// A resource block: `module.a.aws_vpc.main`, as state v4 dependencies are written.
///
/// # Errors
/// When the text is something else.
pub fn parse_resource(_text: &str) -> Result<ResourceAddr, ParseAddrError> {
    todo!()
}

/// `module.a.provider["registry.terraform.io/hashicorp/aws"].west`
///
/// # Errors
/// When the text is something else.
pub fn parse_provider_config(_text: &str) -> Result<ProviderConfigAddr, ParseAddrError> {
    todo!()
}
