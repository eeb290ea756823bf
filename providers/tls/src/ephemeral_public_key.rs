//! `ephemeral "tls_public_key"`: the public half of a key that is stored nowhere.

use async_trait::async_trait;
use kprov_core::{Str, Value};
use kprov_provider::{
    AttributeError, CallContext, EphemeralResource, Opened, Private, ProviderError,
};

use crate::data_public_key;

/// The ephemeral resource type.
#[derive(Debug)]
pub(crate) struct EphemeralPublicKey;

#[async_trait]
impl EphemeralResource for EphemeralPublicKey {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        data_public_key::validate(config)
    }

    async fn open(&self, _context: &CallContext, config: &Value) -> Result<Opened, ProviderError> {
        let value = data_public_key::public_half(config)?;
        Ok(Opened { value, private: Private::new(), renew_after_seconds: None })
    }

    fn name(&self) -> Str {
        "tls_public_key".into()
    }
}
