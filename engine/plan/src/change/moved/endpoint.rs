//! [`Endpoint`]: one side of a move, relative to the module of the statement.

use std::fmt;

use kprov_core::addr::Target;
use kprov_core::{InstanceAddr, InstanceKey, ModuleAddr, ModulePath, ResourceName, Str};

/// A module or a resource. A missing key means all instances, and is missing on both sides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// `module.a.module.b`, `module.a[0]`
    Module {
        /// The modules around it.
        around: ModuleAddr,
        /// The call's name.
        name: Str,
        /// Which instance.
        key: Option<InstanceKey>,
    },
    /// `module.a.aws_vpc.b`, `aws_vpc.b[0]`
    Resource {
        /// The modules around it.
        around: ModuleAddr,
        /// Which.
        name: ResourceName,
        /// Which instance.
        key: Option<InstanceKey>,
    },
}

/// Both sides of a statement: without a key on either they mean all instances, else one.
pub(super) fn unify(from: &Target, to: &Target) -> (Endpoint, Endpoint) {
    let keyed = |target: &Target| match target {
        Target::Module(module) => module.0.last().is_some_and(|(_, key)| *key != InstanceKey::None),
        Target::Resource(instance) => instance.key != InstanceKey::None,
    };
    let one = keyed(from) || keyed(to);
    (Endpoint::new(from, one), Endpoint::new(to, one))
}

fn join(base: &ModuleAddr, inner: &ModuleAddr) -> ModuleAddr {
    ModuleAddr(base.0.iter().chain(inner.0.iter()).cloned().collect())
}

impl Endpoint {
    fn new(target: &Target, one: bool) -> Endpoint {
        let key = |key: &InstanceKey| one.then(|| key.clone());
        match target {
            Target::Module(module) => match module.parent() {
                Some((around, name, last)) => {
                    Endpoint::Module { around, name: name.clone(), key: key(last) }
                }
                // No address is a module without any step.
                None => Endpoint::Module {
                    around: ModuleAddr::root(),
                    name: Str::new(""),
                    key: key(&InstanceKey::None),
                },
            },
            Target::Resource(instance) => Endpoint::Resource {
                around: instance.module.clone(),
                name: instance.resource.clone(),
                key: key(&instance.key),
            },
        }
    }

    pub(super) fn instance(name: ResourceName, key: InstanceKey) -> Endpoint {
        Endpoint::Resource { around: ModuleAddr::root(), name, key: Some(key) }
    }

    /// Which resource, for those that name one.
    pub fn resource(&self) -> Option<&ResourceName> {
        match self {
            Endpoint::Module { .. } => None,
            Endpoint::Resource { name, .. } => Some(name),
        }
    }

    /// The module that the resource or module call stands in, seen from `module`.
    pub fn path(&self, module: &ModulePath) -> ModulePath {
        let (Endpoint::Module { around, .. } | Endpoint::Resource { around, .. }) = self;
        ModulePath(module.0.iter().chain(around.0.iter().map(|(name, _)| name)).cloned().collect())
    }

    /// The steps below the statement's module: names, with the key where one is meant.
    pub(super) fn steps(&self) -> Vec<(String, Option<InstanceKey>)> {
        let (around, last, key) = match self {
            Endpoint::Module { around, name, key } => (around, format!("module.{name}"), key),
            Endpoint::Resource { around, name, key } => (around, name.to_string(), key),
        };
        let around = around.0.iter().map(|(name, k)| (format!("module.{name}"), Some(k.clone())));
        around.chain([(last, key.clone())]).collect()
    }

    /// The first address that a module endpoint means, in an instance of the statement's module.
    pub(super) fn module_in(&self, base: &ModuleAddr) -> ModuleAddr {
        match self {
            Endpoint::Module { around, name, key } => {
                join(base, around).child(name, key.clone().unwrap_or_default())
            }
            Endpoint::Resource { around, .. } => join(base, around),
        }
    }

    /// Is `module` what a module endpoint means, or inside it?
    pub(super) fn selects(&self, base: &ModuleAddr, module: &ModuleAddr) -> bool {
        let Endpoint::Module { around, name, key } = self else { return false };
        let around = join(base, around);
        around.contains(module)
            && module.0.get(around.0.len()).is_some_and(|(step, step_key)| {
                step == name && key.as_ref().is_none_or(|key| key == step_key)
            })
    }

    /// `module`, whose first `depth` steps the other side of the statement means, at this side.
    pub(super) fn relocated(
        &self,
        base: &ModuleAddr,
        module: &ModuleAddr,
        depth: usize,
    ) -> Option<ModuleAddr> {
        let Endpoint::Module { around, name, key } = self else { return None };
        let (_, old_key) = module.0.get(depth.checked_sub(1)?)?;
        let key = key.clone().unwrap_or_else(|| old_key.clone());
        let head = join(base, around).child(name, key);
        let rest = module.0[depth..].iter();
        Some(ModuleAddr(head.0.iter().chain(rest).cloned().collect()))
    }

    /// The first instance that a resource endpoint means, and the key if it means just that one.
    pub(super) fn resource_in(
        &self,
        base: &ModuleAddr,
    ) -> Option<(InstanceAddr, Option<InstanceKey>)> {
        let Endpoint::Resource { around, name, key } = self else { return None };
        let first = InstanceAddr {
            module: join(base, around),
            resource: name.clone(),
            key: InstanceKey::None,
        };
        Some((first, key.clone()))
    }

    /// As an absolute address, for people and for telling endpoints apart.
    pub(super) fn absolute(&self, base: &ModuleAddr) -> Endpoint {
        match self.clone() {
            Endpoint::Module { around, name, key } => {
                Endpoint::Module { around: join(base, &around), name, key }
            }
            Endpoint::Resource { around, name, key } => {
                Endpoint::Resource { around: join(base, &around), name, key }
            }
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Endpoint::Module { around, key, .. } | Endpoint::Resource { around, key, .. }) = self;
        if !around.is_root() {
            write!(f, "{around}.")?;
        }
        match self {
            Endpoint::Module { name, .. } => write!(f, "module.{name}")?,
            Endpoint::Resource { name, .. } => write!(f, "{name}")?,
        }
        match key {
            Some(key) => write!(f, "{key}"),
            None => Ok(()),
        }
    }
}
