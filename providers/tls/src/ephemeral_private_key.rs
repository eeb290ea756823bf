//! `ephemeral "tls_private_key"`: a key that is stored nowhere. Each plan and each apply has one of its own.

use async_trait::async_trait;
use kprov_core::{Str, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, CallContext, EphemeralResource, Opened, Private,
    ProviderError, Schema, with_attributes,
};

use crate::fields::optional;
use crate::private_key;

/// The ephemeral resource type.
#[derive(Debug)]
pub(crate) struct EphemeralPrivateKey;

pub(crate) fn schema() -> Schema {
    let algorithm = Attribute::new(Type::String).required().describe("RSA, ECDSA or ED25519.");
    let curve =
        "Of ECDSA: P256, P384 or P521. The default, P224, is Terraform's and cannot be made here.";
    let own = [
        ("algorithm", algorithm),
        ("ecdsa_curve", optional(Type::String, curve)),
        ("rsa_bits", optional(Type::Number, "Of RSA: 2048 to 4096 (default: 2048).")),
    ];
    let attributes = own.into_iter().chain(private_key::results());
    let block = Block {
        attributes: attributes.map(|(name, attribute)| (name.into(), attribute)).collect(),
        description: "A private key that is stored nowhere.".into(),
        ..Block::default()
    };
    Schema { version: 0, block }
}

#[async_trait]
impl EphemeralResource for EphemeralPrivateKey {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        private_key::validate(config)
    }

    async fn open(&self, context: &CallContext, config: &Value) -> Result<Opened, ProviderError> {
        let known = |name: &&str| config.get(name).is_some();
        let made = private_key::generate(context.host.as_ref(), config)?;
        // The managed resource has an id besides.
        let made = made.into_iter().filter(|(name, _)| known(name));
        let value = with_attributes(config, made);
        Ok(Opened { value, private: Private::new(), renew_after_seconds: None })
    }

    fn name(&self) -> Str {
        "tls_private_key".into()
    }
}
