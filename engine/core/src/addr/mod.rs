//! Addresses: typed names of modules, resources, instances, objects and providers.
//!
//! Addresses are types, never strings; `Display` and `FromStr` are for the edge. The derived order
//! is the canonical order everywhere: root module first, then modules by name and key; within a
//! module data resources come by the mode's place, then type, name, key (numbers before strings,
//! `[2]` before `[10]`).
//!
//! Three levels are told apart, as in Terraform: *static* addresses (a block in a module's source:
//! [`ModulePath`]), *instances* of modules ([`ModuleAddr`]) and of resources ([`InstanceAddr`]),
//! and *objects* of an instance ([`ObjectAddr`]: the current one, or a deposed one).

mod key;
mod parse;
mod source;
mod steps;
#[cfg(test)]
mod tests;

pub use parse::{
    ParseAddrError, Target, parse_instance, parse_module, parse_provider_config, parse_resource,
    parse_target,
};
pub use steps::is_identifier;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Str;

/// A module by the names of the calls that lead to it: `module.a.module.b`, no instance keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModulePath(pub Arc<[Str]>);

impl ModulePath {
    /// The root module.
    pub fn root() -> ModulePath {
        ModulePath::default()
    }

    /// Root?
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The module that `name` calls from here.
    pub fn child(&self, name: &Str) -> ModulePath {
        ModulePath(self.0.iter().cloned().chain([name.clone()]).collect())
    }

    /// The calling module and the call's name; `None` for the root.
    pub fn parent(&self) -> Option<(ModulePath, &Str)> {
        let (last, rest) = self.0.split_last()?;
        Some((ModulePath(rest.into()), last))
    }
}

/// `module.a.module.b`; nothing for the root.
impl fmt::Display for ModulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.0.iter().enumerate() {
            write!(f, "{}module.{name}", if i > 0 { "." } else { "" })?;
        }
        Ok(())
    }
}

/// The key of an instance made by `count` or `for_each`; [`InstanceKey::None`] without either.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum InstanceKey {
    /// Neither count nor for_each.
    #[default]
    None,
    /// `[0]`
    Int(u64),
    /// `["key"]`
    String(Str),
}

impl fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstanceKey::None => Ok(()),
            InstanceKey::Int(index) => write!(f, "[{index}]"),
            InstanceKey::String(key) => write!(f, "[{}]", quote(key)),
        }
    }
}

/// A string as an HCL quoted template: `${` and `%{` are escaped too.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => {
                out.push(c);
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A module instance: `module.a["x"].module.b[0]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModuleAddr(pub Arc<[(Str, InstanceKey)]>);

/// Terraform's order: shallow modules first, then step by step.
impl Ord for ModuleAddr {
    fn cmp(&self, other: &ModuleAddr) -> Ordering {
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl PartialOrd for ModuleAddr {
    fn partial_cmp(&self, other: &ModuleAddr) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl ModuleAddr {
    /// The root module.
    pub fn root() -> ModuleAddr {
        ModuleAddr::default()
    }

    /// Root?
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The instance `key` of the module that `name` calls from here.
    pub fn child(&self, name: &Str, key: InstanceKey) -> ModuleAddr {
        ModuleAddr(self.0.iter().cloned().chain([(name.clone(), key)]).collect())
    }

    /// The calling instance, the call's name and this instance's key; `None` for the root.
    pub fn parent(&self) -> Option<(ModuleAddr, &Str, &InstanceKey)> {
        let ((name, key), rest) = self.0.split_last()?;
        Some((ModuleAddr(rest.into()), name, key))
    }

    /// The static path, without keys.
    pub fn path(&self) -> ModulePath {
        ModulePath(self.0.iter().map(|(name, _)| name.clone()).collect())
    }

    /// Is `other` this module or inside it?
    pub fn contains(&self, other: &ModuleAddr) -> bool {
        other.0.len() >= self.0.len() && self.0[..] == other.0[..self.0.len()]
    }
}

/// `module.a["x"].module.b`; nothing for the root.
impl fmt::Display for ModuleAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, key)) in self.0.iter().enumerate() {
            write!(f, "{}module.{name}{key}", if i > 0 { "." } else { "" })?;
        }
        Ok(())
    }
}

/// Which kind of block declares a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceMode {
    /// `data`
    Data,
    /// `ephemeral`
    Ephemeral,
    /// `resource`
    Managed,
}

/// A resource within its module: mode, type and name. `aws_vpc.main`, `data.aws_ami.x`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResourceName {
    /// Block kind.
    pub mode: ResourceMode,
    /// First label.
    #[serde(rename = "type")]
    pub ty: Str,
    /// Second label.
    pub name: Str,
}

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = match self.mode {
            ResourceMode::Managed => "",
            ResourceMode::Data => "data.",
            ResourceMode::Ephemeral => "ephemeral.",
        };
        write!(f, "{mode}{}.{}", self.ty, self.name)
    }
}

/// A resource block by its static module path: all its instances in all module instances.
/// `module.a.aws_vpc.main`. State records dependencies as these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResourceAddr {
    /// Where the block stands.
    pub module: ModulePath,
    /// Which block.
    pub resource: ResourceName,
}

impl fmt::Display for ResourceAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_root() {
            write!(f, "{}.", self.module)?;
        }
        write!(f, "{}", self.resource)
    }
}

/// One instance of a resource: `module.a[0].aws_subnet.x["a"]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstanceAddr {
    /// The module instance.
    pub module: ModuleAddr,
    /// Which resource in it.
    pub resource: ResourceName,
    /// Which instance of it.
    pub key: InstanceKey,
}

impl InstanceAddr {
    /// The block this is an instance of.
    pub fn config(&self) -> ResourceAddr {
        ResourceAddr { module: self.module.path(), resource: self.resource.clone() }
    }

    /// The current object of this instance.
    pub fn current(self) -> ObjectAddr {
        ObjectAddr { instance: self, deposed: None }
    }
}

impl fmt::Display for InstanceAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_root() {
            write!(f, "{}.", self.module)?;
        }
        write!(f, "{}{}", self.resource, self.key)
    }
}

/// Names a deposed object: eight hexadecimal digits, unique within the instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeposedKey(pub Str);

impl fmt::Display for DeposedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An object of an instance: the current one, or one that was replaced and waits for deletion.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectAddr {
    /// Whose object.
    pub instance: InstanceAddr,
    /// `None`: the current object.
    pub deposed: Option<DeposedKey>,
}

impl fmt::Display for ObjectAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.deposed {
            None => write!(f, "{}", self.instance),
            Some(key) => write!(f, "{} (deposed object {key})", self.instance),
        }
    }
}

/// A provider by its source address: `registry.terraform.io/hashicorp/aws`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProviderAddr {
    /// `registry.terraform.io`, `terraform.io` for the builtin ones.
    pub host: Str,
    /// `hashicorp`, `builtin`.
    pub namespace: Str,
    /// `aws`
    pub name: Str,
}

impl ProviderAddr {
    /// `registry.terraform.io/hashicorp/NAME`, what a name stands for that no required_providers
    /// entry explains.
    pub fn hashicorp(name: &str) -> ProviderAddr {
        ProviderAddr {
            host: "registry.terraform.io".into(),
            namespace: "hashicorp".into(),
            name: name.into(),
        }
    }

    /// `terraform.io/builtin/NAME`
    pub fn builtin(name: &str) -> ProviderAddr {
        ProviderAddr { host: "terraform.io".into(), namespace: "builtin".into(), name: name.into() }
    }
}

impl fmt::Display for ProviderAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.host, self.namespace, self.name)
    }
}

/// One configuration of a provider, as state records it:
/// `module.a.provider["registry.terraform.io/hashicorp/aws"].west`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProviderConfigAddr {
    /// The module whose `provider` block it is; root for an implied empty one.
    pub module: ModulePath,
    /// Which provider.
    pub provider: ProviderAddr,
    /// `alias` of the block.
    pub alias: Option<Str>,
}

impl fmt::Display for ProviderConfigAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_root() {
            write!(f, "{}.", self.module)?;
        }
        write!(f, "provider[\"{}\"]", self.provider)?;
        if let Some(alias) = &self.alias {
            write!(f, ".{alias}")?;
        }
        Ok(())
    }
}
