//! `data "tls_certificate"`: certificates of a text or of a server, taken apart.

use async_trait::async_trait;
use kprov_core::{Type, Value};
use kprov_pki::{Bundle, Certificate};
use kprov_provider::{
    Attribute, AttributeError, Block, CallContext, DataSource, ProviderError, Schema, attribute,
    with_attributes,
};

use crate::fields::{self, bad, computed};
use crate::peer::{self, Endpoint};
use crate::proxy::Proxies;
use crate::{digest, issued};

/// The data source type.
#[derive(Debug)]
pub(crate) struct TlsCertificate;

/// What is told of each certificate, by name.
const PARTS: [(&str, Type); 12] = [
    ("cert_pem", Type::String),
    ("is_ca", Type::Bool),
    ("issuer", Type::String),
    ("max_path_length", Type::Number),
    ("not_after", Type::String),
    ("not_before", Type::String),
    ("public_key_algorithm", Type::String),
    ("serial_number", Type::String),
    ("sha1_fingerprint", Type::String),
    ("signature_algorithm", Type::String),
    ("subject", Type::String),
    ("version", Type::Number),
];

fn parts_type() -> Type {
    Type::object(PARTS)
}

pub(crate) fn schema() -> Schema {
    let text = |text: &str| Attribute::new(Type::String).optional().describe(text);
    let verify = Attribute::new(Type::Bool).optional();
    let attributes = [
        ("content", text("The certificates, in PEM; or url.").sensitive()),
        (
            "url",
            text(
                "https://HOST[:PORT] or tls://HOST:PORT, whose certificates are asked for; or content. https:// goes through a proxy if there is one.",
            ),
        ),
        (
            "verify_chain",
            verify.describe("Must the server's chain be trusted by this machine? (default: true)"),
        ),
        (
            "certificates",
            computed(
                Type::list(parts_type()),
                "The certificates; a server's with the root of the chain first.",
            ),
        ),
        ("id", computed(Type::String, "SHA-1 of the certificates.")),
    ];
    Schema { version: 0, block: Block::of("Certificates, taken apart.", attributes) }
}

fn told(certificate: &Certificate) -> Value {
    // Absent is -1, and 0 is 0, as in Go.
    let below = certificate.max_path_length().map_or(-1, i64::from);
    let below = if certificate.is_authority() { below } else { 0 };
    let values = [
        Value::string(certificate.to_pem()),
        Value::Bool(certificate.is_authority()),
        Value::string(certificate.issuer().to_string()),
        Value::int(below),
        Value::string(certificate.not_after().to_string()),
        Value::string(certificate.not_before().to_string()),
        Value::string(certificate.key_family()),
        Value::string(issued::decimal(certificate.serial())),
        Value::string(certificate.sha1()),
        Value::string(certificate.signature_algorithm()),
        Value::string(certificate.subject().to_string()),
        Value::int(i64::from(certificate.version())),
    ];
    Value::object(PARTS.into_iter().map(|(name, _)| name).zip(values))
}

#[async_trait]
impl DataSource for TlsCertificate {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let given = |name: &str| config.get(name).is_some_and(|value| !value.is_null());
        if given("content") == given("url") {
            let why = "Exactly one of content and url must be set.";
            return vec![bad("url", "Invalid combination of arguments", why)];
        }
        match fields::text(config, "url").map(Endpoint::parse) {
            Some(Err(why)) => vec![bad("url", "Invalid URL", why)],
            _ => Vec::new(),
        }
    }

    async fn read(&self, context: &CallContext, config: &Value) -> Result<Value, ProviderError> {
        let certificates = match fields::text(config, "url") {
            Some(url) => {
                let verify = attribute(config, "verify_chain").as_bool() != Some(false);
                let endpoint = Endpoint::parse(url);
                let endpoint = endpoint.map_err(|why| fields::rejected("url", why))?;
                let direct = Proxies::default();
                let proxies = context.client.downcast_ref::<Proxies>().unwrap_or(&direct);
                let host = context.host.as_ref();
                let mut chain = peer::chain(&endpoint, verify, proxies, host).await?;
                chain.reverse();
                chain
            }
            None => {
                let text = fields::text(config, "content").unwrap_or("");
                let bundle = Bundle::from_pem(text);
                bundle.map_err(|why| fields::rejected("content", why))?.certificates().to_vec()
            }
        };
        let all: String = certificates.iter().map(Certificate::to_pem).collect();
        let told = certificates.iter().map(told).collect();
        let results = [
            ("certificates", Value::list(parts_type(), told)),
            ("id", Value::string(digest::sha1_hex(all.as_bytes()))),
        ];
        Ok(with_attributes(config, results))
    }
}
