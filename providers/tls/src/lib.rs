//! Provider `tls`, as hashicorp/tls 4: keys, certificates and requests as resources.
//!
//! All of it is in the state only. Time and randomness come from the host. Certificates become due in a read, since that is
//! where time passes; the plan then replaces them.

mod cert_request;
mod data_certificate;
mod data_public_key;
mod digest;
mod ephemeral_private_key;
mod ephemeral_public_key;
mod fields;
mod issued;
mod key_argument;
mod locally_signed_cert;
mod peer;
mod private_key;
mod proxy;
mod self_signed_cert;
mod subject;
#[cfg(test)]
mod tests;
mod told;
mod uses;

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use kprov_core::{Host, ProviderAddr, Value};
use kprov_provider::{
    AttributeError, Client, DataSource, EphemeralResource, InState, Provider, ProviderError,
    ProviderSchema, Resource,
};

/// `registry.terraform.io/hashicorp/tls`
#[derive(Debug, Default)]
pub struct Tls;

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| ProviderSchema {
    provider: proxy::schema(),
    resources: [
        ("tls_cert_request".into(), cert_request::schema()),
        ("tls_locally_signed_cert".into(), locally_signed_cert::schema()),
        ("tls_private_key".into(), private_key::schema()),
        ("tls_self_signed_cert".into(), self_signed_cert::schema()),
    ]
    .into(),
    data_sources: [
        ("tls_certificate".into(), data_certificate::schema()),
        ("tls_public_key".into(), data_public_key::schema()),
    ]
    .into(),
    ephemerals: [
        ("tls_private_key".into(), ephemeral_private_key::schema()),
        ("tls_public_key".into(), data_public_key::schema()),
    ]
    .into(),
});

#[async_trait]
impl Provider for Tls {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("tls")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        Some(match ty {
            "tls_cert_request" => &InState(cert_request::TlsCertRequest),
            "tls_locally_signed_cert" => &InState(locally_signed_cert::TlsLocallySignedCert),
            "tls_private_key" => &InState(private_key::TlsPrivateKey),
            "tls_self_signed_cert" => &InState(self_signed_cert::TlsSelfSignedCert),
            _ => return None,
        })
    }

    fn data_source(&self, ty: &str) -> Option<&dyn DataSource> {
        Some(match ty {
            "tls_certificate" => &data_certificate::TlsCertificate,
            "tls_public_key" => &data_public_key::TlsPublicKey,
            _ => return None,
        })
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        proxy::validate(config)
    }

    async fn configure(
        &self,
        config: &Value,
        _host: &Arc<dyn Host>,
    ) -> Result<Client, ProviderError> {
        Ok(Arc::new(proxy::of(config)?))
    }

    fn ephemeral(&self, ty: &str) -> Option<&dyn EphemeralResource> {
        Some(match ty {
            "tls_private_key" => &ephemeral_private_key::EphemeralPrivateKey,
            "tls_public_key" => &ephemeral_public_key::EphemeralPublicKey,
            _ => return None,
        })
    }
}
