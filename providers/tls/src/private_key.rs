//! `tls_private_key`: a key, kept in the state.

use kprov_core::{Host, Type, Value};
use kprov_pki::{KeyAlgorithm, PkiError, PrivateKey};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, ProviderError, ResourceSchema, Schema, StateOnly,
    with_attributes,
};

use crate::fields::{self, bad, computed};

/// The resource type.
#[derive(Debug)]
pub(crate) struct TlsPrivateKey;

pub(crate) fn schema() -> ResourceSchema {
    let attributes = [
        (
            "algorithm",
            Attribute::new(Type::String)
                .required()
                .force_new()
                .describe("RSA, ECDSA or ED25519."),
        ),
        (
            "ecdsa_curve",
            Attribute::new(Type::String)
                .default("P224".into())
                .computed()
                .force_new()
                .describe("Of ECDSA: P256, P384 or P521. The default, P224, is Terraform's and cannot be made here."),
        ),
        (
            "rsa_bits",
            Attribute::new(Type::Number)
                .default(Value::int(2048))
                .computed()
                .force_new()
                .describe("Of RSA: the key's length, 2048 to 4096."),
        ),
        ("id", computed(Type::String, "SHA-1 of the public key's PEM.")),
    ];
    let attributes = attributes.into_iter().chain(results());
    let block = Block {
        attributes: attributes.map(|(name, attribute)| (name.into(), attribute)).collect(),
        description: "A private key. It is kept in the state, encrypted.".into(),
        ..Block::default()
    };
    ResourceSchema { schema: Schema { version: 1, block }, creation: Creation::Local }
}

/// All forms of a key.
pub(crate) fn results() -> Vec<(&'static str, Attribute)> {
    let text = |text: &str| computed(Type::String, text);
    vec![
        (
            "private_key_pem",
            text("The key in PEM: PKCS#1 of RSA, SEC 1 of ECDSA, PKCS#8 of ED25519.").sensitive(),
        ),
        ("private_key_pem_pkcs8", text("The key in PEM of PKCS#8.").sensitive()),
        ("private_key_openssh", text("The key in OpenSSH's format.").sensitive()),
        ("public_key_pem", text("The public key in PEM.")),
        ("public_key_openssh", text("The public key as a line of authorized_keys.")),
        ("public_key_fingerprint_md5", text("aa:bb:.., of the OpenSSH public key.")),
        ("public_key_fingerprint_sha256", text("SHA256:.., of the OpenSSH public key.")),
    ]
}

/// What is wrong with the arguments.
pub(crate) fn validate(config: &Value) -> Vec<AttributeError> {
    match algorithm(config) {
        Some(Err((name, why))) => vec![bad(name, "Unsupported key", why)],
        _ => Vec::new(),
    }
}

/// A new key as the arguments, which are known, want it.
pub(crate) fn generate(
    host: &dyn Host,
    arguments: &Value,
) -> Result<Vec<(&'static str, Value)>, ProviderError> {
    let algorithm = algorithm(arguments).unwrap_or(Ok(KeyAlgorithm::EcdsaP256));
    let algorithm = algorithm.map_err(|(name, why)| fields::rejected(name, why))?;
    let key = PrivateKey::generate(algorithm, &mut fields::random(host));
    let key = key.map_err(|why| fields::rejected("algorithm", why))?;
    let secret = [
        ("private_key_pem", Value::string(key.to_traditional_pem().as_str())),
        ("private_key_pem_pkcs8", Value::string(key.to_pkcs8_pem().as_str())),
        ("private_key_openssh", Value::string(key.to_openssh().as_str())),
    ];
    Ok(public_forms(&key).into_iter().chain(secret).collect())
}

/// The algorithm of the arguments; `None` while one is unknown.
fn algorithm(value: &Value) -> Option<Result<KeyAlgorithm, (&'static str, PkiError)>> {
    let known = |name| value.get(name).filter(|value| value.is_known());
    let family = fields::text(value, "algorithm")?;
    Some(match family {
        "RSA" => {
            known("rsa_bits")?;
            let bits = fields::number(value, "rsa_bits").unwrap_or(2048);
            let bits = u32::try_from(bits).unwrap_or(0);
            KeyAlgorithm::Rsa(bits).checked().map_err(|why| ("rsa_bits", why))
        }
        "ECDSA" => {
            known("ecdsa_curve")?;
            match fields::text(value, "ecdsa_curve").unwrap_or("P224") {
                "P256" => Ok(KeyAlgorithm::EcdsaP256),
                "P384" => Ok(KeyAlgorithm::EcdsaP384),
                "P521" => Ok(KeyAlgorithm::EcdsaP521),
                "P224" => Err((
                    "ecdsa_curve",
                    PkiError::Unsupported(
                        "keys on the curve P224 (the default of Terraform's provider) are not made here: TLS 1.3 and most \
                         programs refuse them; say ecdsa_curve = \"P256\""
                            .to_owned(),
                    ),
                )),
                other => Err((
                    "ecdsa_curve",
                    PkiError::Unsupported(format!("there is no curve {other:?}; there are P256, P384, P521")),
                )),
            }
        }
        "ED25519" => Ok(KeyAlgorithm::Ed25519),
        other => Err((
            "algorithm",
            PkiError::Unsupported(format!("{other:?} is none of RSA, ECDSA and ED25519")),
        )),
    })
}

/// All forms of a public key.
pub(crate) fn public_forms(key: &PrivateKey) -> [(&'static str, Value); 5] {
    let public = key.public_key();
    let pem = public.to_pem();
    let id = crate::digest::sha1_hex(pem.as_bytes());
    [
        ("id", Value::string(id)),
        ("public_key_pem", Value::string(pem)),
        ("public_key_openssh", Value::string(public.to_openssh())),
        ("public_key_fingerprint_md5", Value::string(public.fingerprint_md5())),
        ("public_key_fingerprint_sha256", Value::string(public.fingerprint_sha256())),
    ]
}

impl StateOnly for TlsPrivateKey {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        validate(config)
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        Ok(with_attributes(planned, generate(host, planned)?))
    }
}
