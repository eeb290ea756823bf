//! [`Kubernetes`]: the provider.

use std::sync::{Arc, LazyLock, PoisonError};

use async_trait::async_trait;
use kprov_core::{Host, ProviderAddr, Value};
use kprov_provider::rotation::{Clusters, HookAction};
use kprov_provider::{
    AttributeError, Client, DataSource, Provider, ProviderError, ProviderSchema, Resource,
};

use crate::config_map::ConfigMap;
use crate::configure::{self, Calls};
use crate::data_source::{AnyObject, LOOK_UPS, Nodes};
use crate::functions;
use crate::hooks;
use crate::labels::{self, Labels};
use crate::manifest::{self, Manifest};
use crate::namespace::Namespace;
use crate::ready::{self, Ready};
use crate::role::Role;
use crate::role_binding::RoleBinding;
use crate::secret::Secret;
use crate::service_account::ServiceAccount;
use crate::typed::{Special, Typed};

/// `registry.terraform.io/hashicorp/kubernetes`
#[derive(Debug, Default)]
pub struct Kubernetes {
    pub(crate) calls: Calls,
}

/// Types with a schema of their own, each also under its name of a version (`kubernetes_namespace_v1`).
const TYPED: [(&str, &dyn TypedResource); 8] = [
    ("kubernetes_cluster_role", &Typed(Role { namespaced: false })),
    ("kubernetes_cluster_role_binding", &Typed(RoleBinding { namespaced: false })),
    ("kubernetes_config_map", &Typed(ConfigMap)),
    ("kubernetes_namespace", &Typed(Namespace)),
    ("kubernetes_role", &Typed(Role { namespaced: true })),
    ("kubernetes_role_binding", &Typed(RoleBinding { namespaced: true })),
    ("kubernetes_secret", &Typed(Secret)),
    ("kubernetes_service_account", &Typed(ServiceAccount)),
];

/// A [`Typed`] without its type.
trait TypedResource: Resource {
    fn special(&self) -> &dyn Special;
    fn resource(&self) -> &dyn Resource;
}

impl<S: Special> TypedResource for Typed<S> {
    fn special(&self) -> &dyn Special {
        &self.0
    }

    fn resource(&self) -> &dyn Resource {
        self
    }
}

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| {
    let mut schema = ProviderSchema { provider: configure::schema(), ..ProviderSchema::default() };
    for (name, ty) in TYPED {
        schema.resources.insert(name.into(), ty.special().schema().clone());
        schema.resources.insert(format!("{name}_v1").into(), ty.special().schema().clone());
    }
    for (name, data) in &LOOK_UPS {
        schema.data_sources.insert((*name).into(), data.schema());
        schema.data_sources.insert(format!("{name}_v1").into(), data.schema());
    }
    schema.data_sources.insert("kubernetes_nodes".into(), Nodes::schema());
    schema.data_sources.insert("kubernetes_resource".into(), AnyObject::schema());
    schema.resources.insert("kubernetes_ready".into(), ready::SCHEMA.clone());
    schema.resources.insert("kubernetes_labels".into(), labels::SCHEMA.clone());
    schema.resources.insert("kubernetes_manifest".into(), manifest::SCHEMA.clone());
    schema
});

#[async_trait]
impl Provider for Kubernetes {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("kubernetes")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        match ty {
            "kubernetes_labels" => return Some(&Labels),
            "kubernetes_manifest" => return Some(&Manifest),
            "kubernetes_ready" => return Some(&Ready),
            _ => {}
        }
        let plain = ty.strip_suffix("_v1").unwrap_or(ty);
        let (_, found) = TYPED.iter().find(|(name, _)| *name == plain)?;
        Some(found.resource())
    }

    fn data_source(&self, ty: &str) -> Option<&dyn DataSource> {
        match ty {
            "kubernetes_nodes" => return Some(&Nodes),
            "kubernetes_resource" => return Some(&AnyObject),
            _ => {}
        }
        let plain = ty.strip_suffix("_v1").unwrap_or(ty);
        LOOK_UPS.iter().find(|(name, _)| *name == plain).map(|(_, found)| found as &dyn DataSource)
    }

    fn function(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        functions::call(name, arguments)
    }

    fn clusters(&self) -> Option<&dyn Clusters> {
        Some(self)
    }

    fn hook_actions(&self) -> &[&str] {
        &hooks::NAMES
    }

    fn hook_action(&self, name: &str) -> Option<&dyn HookAction> {
        hooks::find(name)
    }

    fn calls(&self) -> Vec<(String, u64)> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().map(|(name, count)| (name.clone(), *count)).collect()
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        configure::validate(config)
    }

    async fn configure(
        &self,
        config: &Value,
        host: &Arc<dyn Host>,
    ) -> Result<Client, ProviderError> {
        Ok(Arc::new(configure::cluster(config, host, self.calls.clone()).await?))
    }
}
