//! `pki_authority`: a certificate authority whose key has generations.

use jiff::SignedDuration;
use kprov_core::{Host, Type, Value};
use kprov_pki::{Authority, AuthorityRequest, Certificate, DistinguishedName, PkiError};
use kprov_provider::{
    Attribute, AttributeError, Block, CertificateChange, Creation, PlannedCertificate,
    ProviderError, ResourceSchema, Schema,
};

use crate::fields::{computed, now, random, text_or_unknown};
use crate::material::{Material, Ring};
use crate::rotating::Kind;
use crate::{arguments, generations, material, told};

/// The resource type.
#[derive(Debug)]
pub(crate) struct PkiAuthority;

/// 3652 days.
pub(crate) const TEN_YEARS_HOURS: i64 = 24 * 3652;

pub(crate) fn schema() -> ResourceSchema {
    let life = Attribute::new(Type::Number).default(Value::int(TEN_YEARS_HOURS));
    let own = [
        (
            "algorithm",
            arguments::algorithm_attribute(
                "Of the keys of generations that are made from now on: ECDSA-P256, ECDSA-P384, ED25519, RSA-2048, RSA-3072 or RSA-4096.",
            ),
        ),
        (
            "validity_hours",
            life.describe(
                "How long generations that are made from now on are valid (default: ten years).",
            ),
        ),
        material::private_attribute(),
        material::public_attribute(),
        ("certificate_pem", computed(Type::String, "The primary's certificate.")),
        ("private_key_pem", computed(Type::String, "The primary's private key.").sensitive()),
        (
            "bundle_pem",
            computed(
                Type::String,
                "Certificates of all generations that are trusted, the primary's first.",
            ),
        ),
        (
            "generations",
            computed(
                Type::list(generation_type()),
                "All generations: number, state (next, primary, trusted, distrusted), not_after, sha256.",
            ),
        ),
        ("expires_at", computed(Type::String, "The end of the primary's certificate, RFC 3339.")),
        ("rotation", computed(Type::String, "Where the rotation stands and what comes next.")),
    ];
    let all = own.into_iter().chain(generations::computed_attributes());
    let block = Block {
        attributes: all.map(|(name, attribute)| (name.into(), attribute)).collect(),
        blocks: [("subject".into(), arguments::subject_block())].into(),
        description:
            "A certificate authority with generations: rotated by plain changes, one apply each."
                .into(),
    };
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Local }
}

fn generation_type() -> Type {
    Type::object([
        ("not_after", Type::String),
        ("number", Type::Number),
        ("sha256", Type::String),
        ("state", Type::String),
    ])
}

/// A new authority of that name: its certificate and its key.
pub(crate) fn generate(
    host: &dyn Host,
    subject: DistinguishedName,
    object: &Value,
) -> Result<Vec<(&'static str, String)>, PkiError> {
    let from = now(host);
    let life = arguments::hours(object, "validity_hours");
    let life = life.unwrap_or(SignedDuration::from_hours(TEN_YEARS_HOURS));
    let request = AuthorityRequest {
        algorithm: arguments::algorithm(object)?,
        not_after: from.saturating_add(life).unwrap_or(from),
        ..AuthorityRequest::new(subject, from)
    };
    let authority = Authority::generate(&request, &mut random(host))?;
    let key = authority.key_pem().as_str().to_owned();
    Ok(vec![("cert", authority.certificate().to_pem()), ("key", key)])
}

/// The list of all generations of a ring of authorities.
pub(crate) fn listed(ring: &Ring<'_>, material: &Material) -> Value {
    let numbers = material.numbers(ring);
    let items = numbers.into_iter().map(|number| {
        let certificate = material.part(ring.name, number, "cert").map(Certificate::from_pem);
        let certificate = certificate.and_then(Result::ok);
        Value::object([
            (
                "not_after",
                text_or_unknown(certificate.as_ref().map(|it| it.not_after().to_string())),
            ),
            ("number", Value::int(number)),
            ("sha256", text_or_unknown(certificate.as_ref().map(Certificate::sha256))),
            ("state", ring.steps.state(number).into()),
        ])
    });
    Value::list(generation_type(), items.collect())
}

/// When the certificate of that generation ends.
pub(crate) fn expires(ring: &Ring<'_>, material: &Material, number: i64) -> Option<String> {
    let certificate = Certificate::from_pem(material.part(ring.name, number, "cert")?).ok()?;
    Some(certificate.not_after().to_string())
}

impl Kind for PkiAuthority {
    const PARTS: &'static [&'static str] = &["cert", "key"];

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let problems = [
            arguments::validate_subject(config),
            arguments::validate_certifiable(config),
            arguments::validate_hours(config, "validity_hours"),
        ];
        problems.into_iter().flatten().collect()
    }

    fn make(
        &self,
        host: &dyn Host,
        object: &Value,
        _number: i64,
    ) -> Result<Vec<(&'static str, String)>, ProviderError> {
        generate(host, arguments::subject(object), object)
            .map_err(|why| ProviderError::rejected("Failed to make authority", why.to_string()))
    }

    fn results(&self) -> &'static [&'static str] {
        &["certificate_pem", "private_key_pem", "bundle_pem", "generations", "expires_at"]
    }

    fn show(&self, _: &Value, ring: &Ring<'_>, material: &Material) -> Vec<(&'static str, Value)> {
        let primary = ring.steps.primary;
        let bundle = material.joined(ring.name, &ring.steps.trusted(), "cert");
        vec![
            ("certificate_pem", text_or_unknown(material.part(ring.name, primary, "cert"))),
            ("private_key_pem", text_or_unknown(material.part(ring.name, primary, "key"))),
            ("bundle_pem", text_or_unknown(bundle)),
            ("generations", listed(ring, material)),
            ("expires_at", text_or_unknown(expires(ring, material, primary))),
        ]
    }

    fn certificates(
        &self,
        change: &CertificateChange<'_>,
        before: Option<(Ring<'_>, &Material)>,
        after: Option<(Ring<'_>, &Material)>,
    ) -> Vec<PlannedCertificate> {
        told::generations(change, arguments::told_subject(change.after), before, after)
    }
}
