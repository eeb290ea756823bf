//! `data "tls_public_key"`: the public half of a private key.

use async_trait::async_trait;
use kprov_core::{Type, Value};
use kprov_pki::PrivateKey;
use kprov_provider::{
    Attribute, AttributeError, Block, CallContext, DataSource, ProviderError, Schema,
    with_attributes,
};

use crate::fields::{self, bad, computed};
use crate::private_key::public_forms;

/// The data source type.
#[derive(Debug)]
pub(crate) struct TlsPublicKey;

pub(crate) fn schema() -> Schema {
    let key = |text: &str| Attribute::new(Type::String).optional().sensitive().describe(text);
    let attributes = [
        ("private_key_pem", key("The private key, in PEM; or private_key_openssh.")),
        ("private_key_openssh", key("The private key, in OpenSSH's format; or private_key_pem.")),
        ("algorithm", computed(Type::String, "RSA, ECDSA or ED25519.")),
        ("id", computed(Type::String, "SHA-1 of the public key's PEM.")),
        ("public_key_pem", computed(Type::String, "The public key in PEM.")),
        (
            "public_key_openssh",
            computed(Type::String, "The public key as a line of authorized_keys."),
        ),
        (
            "public_key_fingerprint_md5",
            computed(Type::String, "aa:bb:.., of the OpenSSH public key."),
        ),
        (
            "public_key_fingerprint_sha256",
            computed(Type::String, "SHA256:.., of the OpenSSH public key."),
        ),
    ];
    Schema { version: 0, block: Block::of("The public key of a private key.", attributes) }
}

/// Exactly one of the two forms is given.
pub(crate) fn validate(config: &Value) -> Vec<AttributeError> {
    let given = |name: &str| config.get(name).is_some_and(|value| !value.is_null());
    if given("private_key_pem") == given("private_key_openssh") {
        let why = "Exactly one of private_key_pem and private_key_openssh must be set.";
        return vec![bad("private_key_pem", "Invalid combination of arguments", why)];
    }
    Vec::new()
}

/// The configuration with all that is told of the key.
pub(crate) fn public_half(config: &Value) -> Result<Value, ProviderError> {
    let given = |name| fields::text(config, name).map(|text| (name, text));
    let given = given("private_key_pem").or_else(|| given("private_key_openssh"));
    let (name, text) = given.unwrap_or(("private_key_pem", ""));
    let key = PrivateKey::from_pem(text).map_err(|why| fields::rejected(name, why))?;
    let family = ("algorithm", Value::string(key.algorithm().family()));
    Ok(with_attributes(config, public_forms(&key).into_iter().chain([family])))
}

#[async_trait]
impl DataSource for TlsPublicKey {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        validate(config)
    }

    async fn read(&self, _context: &CallContext, config: &Value) -> Result<Value, ProviderError> {
        public_half(config)
    }
}
