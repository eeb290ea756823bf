//! `tls_locally_signed_cert`: a request, signed by an authority whose key is at hand.

use kprov_core::{Host, Type, Value};
use kprov_pki::{Certificate, CertificateRequest, Issuer, PkiError, PrivateKey, serial_number};
use kprov_provider::{
    Attribute, AttributeError, Block, CertificateChange, Creation, PlanRequest, PlannedCertificate,
    PlannedObject, ProviderError, ResourceSchema, Schema, StateOnly, with_attributes,
};

use crate::fields::{self, bad, computed};
use crate::key_argument::AUTHORITY;
use crate::{issued, told};

/// The resource type.
#[derive(Debug)]
pub(crate) struct TlsLocallySignedCert;

pub(crate) fn schema() -> ResourceSchema {
    let given = || Attribute::new(Type::String).required().force_new();
    let own = [
        ("ca_cert_pem", given().describe("The authority's certificate, in PEM.")),
        ("cert_request_pem", given().describe("The request, in PEM.")),
        ("ca_key_algorithm", computed(Type::String, "RSA, ECDSA or ED25519: the authority's key.")),
    ];
    let key = AUTHORITY.attributes("The authority's key, in PEM.");
    let all = issued::attributes().into_iter().chain(own).chain(key);
    let block = Block {
        attributes: all.map(|(name, attribute)| (name.into(), attribute)).collect(),
        description: "A certificate signed by a local authority.".into(),
        ..Block::default()
    };
    ResourceSchema { schema: Schema { version: 1, block }, creation: Creation::Local }
}

/// What was given.
struct Given {
    authority: Certificate,
    key: PrivateKey,
    request: CertificateRequest,
}

/// Reads the arguments; says which one is wrong.
fn given(config: &Value) -> Result<Given, (&'static str, PkiError)> {
    let text = |name| fields::text(config, name).unwrap_or("");
    let authority = Certificate::from_pem(text("ca_cert_pem"));
    let (name, key) = AUTHORITY.given(config).unwrap_or((AUTHORITY.name(config), ""));
    let key = PrivateKey::from_pem(key);
    let request = CertificateRequest::from_pem(text("cert_request_pem"));
    let given = Given {
        authority: authority.map_err(|why| ("ca_cert_pem", why))?,
        key: key.map_err(|why| (name, why))?,
        request: request.map_err(|why| ("cert_request_pem", why))?,
    };
    given.authority.matches(&given.key).map_err(|why| (name, why))?;
    given.key.algorithm().certifiable().map_err(|why| (name, why))?;
    let issuer = Issuer { certificate: Some(&given.authority), key: &given.key };
    issuer.check().map_err(|why| ("ca_cert_pem", why))?;
    let (algorithm, subject) = (given.request.public_key().algorithm(), given.request.subject());
    issued::check(("cert_request_pem", algorithm), ("cert_request_pem", subject))?;
    Ok(given)
}

impl StateOnly for TlsLocallySignedCert {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems = issued::validate(config);
        let combination = AUTHORITY.validate(config);
        let names = ["ca_cert_pem", AUTHORITY.name(config), "cert_request_pem"];
        let all_known = names.iter().all(|name| issued::known(config, name));
        // One that is not stored may be another one in each plan, and is asked for where a certificate is issued only.
        let fits = |why: &PkiError| {
            !AUTHORITY.is_unstored(config) || !matches!(why, PkiError::KeyMismatch { .. })
        };
        match given(config) {
            Err((name, why)) if all_known && combination.is_empty() && fits(&why) => {
                problems.push(bad(name, "Invalid argument", format!("{why}.")));
            }
            _ => {}
        }
        problems.extend(combination);
        problems
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        Ok(issued::plan(&request, Vec::new()))
    }

    fn read(&self, host: &dyn Host, prior: &Value) -> Value {
        issued::read(host, prior)
    }

    fn renewal_requested(&self, prior: &Value) -> Option<Value> {
        Some(issued::requested(prior))
    }

    fn certificates(&self, change: &CertificateChange<'_>) -> Vec<PlannedCertificate> {
        told::locally_signed(change)
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        self.make_with(host, planned, planned)
    }

    fn make_with(
        &self,
        host: &dyn Host,
        planned: &Value,
        config: &Value,
    ) -> Result<Value, ProviderError> {
        let given = given(config).map_err(|(name, why)| fields::rejected(name, why))?;
        // Nobody would trust what one that has ended issues; one that begins later may be meant.
        if let Err(why @ PkiError::Expired { .. }) =
            given.authority.check_valid_at(fields::now(host))
        {
            return Err(fields::rejected("ca_cert_pem", why));
        }
        let serial = serial_number(&mut fields::random(host));
        let mut template = issued::template(planned, serial, fields::now(host));
        template.subject = given.request.subject().clone();
        template.names = given.request.names().to_vec();
        let issuer = Issuer { certificate: Some(&given.authority), key: &given.key };
        let certificate = template.sign(given.request.public_key(), &issuer);
        let certificate =
            certificate.map_err(|why| fields::rejected("validity_period_hours", why))?;
        let more = [("ca_key_algorithm", issued::family(&given.key.public_key()))];
        Ok(with_attributes(planned, issued::results(&certificate).into_iter().chain(more)))
    }
}
