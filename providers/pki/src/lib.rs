//! Provider `pki`, our own: authorities and keys with generations, leaves that renew, and all keys and certificates of a
//! Kubernetes cluster in one resource. README.md beside this crate shows each type in HCL.
//!
//! All of it is in the state only. A rotation is three ordinary changes of plain numbers (`generations`); what is to be made is
//! unknown in a plan, and all else is known, with the reason. Time and randomness come from the host.

mod arguments;
mod authority;
mod bootstrap_token;
mod certificate;
mod certificate_faults;
mod encryption;
mod fields;
mod generations;
mod keypair;
mod kubeconfig;
mod kubernetes;
mod kubernetes_tree;
mod leaf;
mod material;
mod pem_arguments;
mod rotating;
#[cfg(test)]
mod tests;
mod together;
mod told;

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::ProviderAddr;
use kprov_provider::{
    AttributeError, InState, PlannedInstance, Provider, ProviderSchema, Resource,
};

use rotating::Rotating;

/// `registry.terraform.io/hashicorp/pki`: where a name without a source is looked for, so that no configuration need say more.
#[derive(Debug, Default)]
pub struct Pki;

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| ProviderSchema {
    resources: [
        ("pki_authority".into(), authority::schema()),
        ("pki_bootstrap_token".into(), bootstrap_token::schema()),
        ("pki_certificate".into(), certificate::schema()),
        ("pki_encryption_config".into(), encryption::schema()),
        ("pki_keypair".into(), keypair::schema()),
        ("pki_kubeconfig".into(), kubeconfig::schema()),
        ("pki_kubernetes".into(), kubernetes::schema()),
    ]
    .into(),
    ..ProviderSchema::default()
});

#[async_trait]
impl Provider for Pki {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("pki")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        Some(match ty {
            "pki_authority" => &InState(Rotating(authority::PkiAuthority)),
            "pki_bootstrap_token" => &InState(bootstrap_token::PkiBootstrapToken),
            "pki_certificate" => &InState(certificate::PkiCertificate),
            "pki_encryption_config" => &InState(Rotating(encryption::PkiEncryptionConfig)),
            "pki_keypair" => &InState(Rotating(keypair::PkiKeypair)),
            "pki_kubeconfig" => &InState(kubeconfig::PkiKubeconfig),
            "pki_kubernetes" => &InState(kubernetes::PkiKubernetes),
            _ => return None,
        })
    }

    fn checked_together(&self) -> &[&str] {
        &together::TYPES
    }

    fn check_plan(&self, planned: &[PlannedInstance<'_>]) -> Vec<(usize, AttributeError)> {
        together::problems(planned)
    }
}
