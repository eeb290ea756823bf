//! `pki_keypair`: a key that signs, and public keys that verify, with generations: Kubernetes' service account keys.

use kprov_core::{Host, Type, Value};
use kprov_pki::PrivateKey;
use kprov_provider::{AttributeError, Block, Creation, ProviderError, ResourceSchema, Schema};

use crate::fields::{computed, random, text_or_unknown};
use crate::material::{Material, Ring};
use crate::rotating::Kind;
use crate::{arguments, generations, material};

/// The resource type.
#[derive(Debug)]
pub(crate) struct PkiKeypair;

pub(crate) fn schema() -> ResourceSchema {
    let own = [
        (
            "algorithm",
            arguments::algorithm_attribute(
                "Of generations that are made from now on: ECDSA-P256, ECDSA-P384, ECDSA-P521, RSA-2048, RSA-3072 or RSA-4096 (and ED25519, which Kubernetes does not take).",
            ),
        ),
        material::private_attribute(),
        material::public_attribute(),
        (
            "signing_key_pem",
            computed(Type::String, "The primary's private key, which signs.").sensitive(),
        ),
        (
            "verify_keys_pem",
            computed(
                Type::String,
                "Public keys of all generations that are trusted, newest first.",
            ),
        ),
        ("rotation", computed(Type::String, "Where the rotation stands and what comes next.")),
    ];
    let all = own.into_iter().chain(generations::computed_attributes());
    let block = Block {
        attributes: all.map(|(name, attribute)| (name.into(), attribute)).collect(),
        description: "A key pair with generations: a new key verifies everywhere before it signs."
            .into(),
        ..Block::default()
    };
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Local }
}

/// A new key and its public half.
pub(crate) fn generate(
    host: &dyn Host,
    object: &Value,
) -> Result<Vec<(&'static str, String)>, ProviderError> {
    let key = arguments::algorithm(object)
        .and_then(|algorithm| PrivateKey::generate(algorithm, &mut random(host)));
    let key =
        key.map_err(|why| ProviderError::rejected("Failed to make key pair", why.to_string()))?;
    let private = key.to_pkcs8_pem().as_str().to_owned();
    Ok(vec![("key", private), ("pub", key.public_key().to_pem())])
}

impl Kind for PkiKeypair {
    const PARTS: &'static [&'static str] = &["key", "pub"];

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        arguments::validate_algorithm(config).into_iter().collect()
    }

    fn make(
        &self,
        host: &dyn Host,
        object: &Value,
        _number: i64,
    ) -> Result<Vec<(&'static str, String)>, ProviderError> {
        generate(host, object)
    }

    fn results(&self) -> &'static [&'static str] {
        &["signing_key_pem", "verify_keys_pem"]
    }

    fn show(&self, _: &Value, ring: &Ring<'_>, material: &Material) -> Vec<(&'static str, Value)> {
        let verify = material.joined(ring.name, &ring.steps.newest_first(), "pub");
        let signs = material.part(ring.name, ring.steps.primary, "key");
        vec![
            ("signing_key_pem", text_or_unknown(signs)),
            ("verify_keys_pem", text_or_unknown(verify)),
        ]
    }
}
