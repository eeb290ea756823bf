//! `tls_self_signed_cert`

use kprov_core::{Host, Type, Value};
use kprov_pki::{Issuer, serial_number};
use kprov_provider::{
    Attribute, AttributeError, Block, CertificateChange, Creation, PlanRequest, PlannedCertificate,
    PlannedObject, ProviderError, ResourceSchema, Schema, StateOnly, with_attributes,
};

use crate::fields::{self, computed};
use crate::key_argument::OWN;
use crate::{issued, subject, told};

/// The resource type.
#[derive(Debug)]
pub(crate) struct TlsSelfSignedCert;

pub(crate) fn schema() -> ResourceSchema {
    let off = Attribute::new(Type::Bool).default(Value::Bool(false)).computed().force_new();
    let own = [
        ("set_authority_key_id", off.describe("Write an authority key id (here the subject's)?")),
        ("key_algorithm", computed(Type::String, "RSA, ECDSA or ED25519.")),
    ];
    let key = OWN.attributes("The key that the certificate belongs to, in PEM.");
    let all = issued::attributes().into_iter().chain(own).chain(key);
    let all = all.chain(subject::name_attributes());
    let block = Block {
        attributes: all.map(|(name, attribute)| (name.into(), attribute)).collect(),
        blocks: [("subject".into(), subject::block())].into(),
        description: "A certificate signed by its own key.".into(),
    };
    ResourceSchema { schema: Schema { version: 1, block }, creation: Creation::Local }
}

impl StateOnly for TlsSelfSignedCert {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems = issued::validate(config);
        problems.extend(subject::validate(config));
        problems.extend(subject::validate_key(config));
        problems
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let names = subject::names_changed(&request);
        Ok(issued::plan(&request, names))
    }

    fn read(&self, host: &dyn Host, prior: &Value) -> Value {
        issued::read(host, prior)
    }

    fn renewal_requested(&self, prior: &Value) -> Option<Value> {
        Some(issued::requested(prior))
    }

    fn certificates(&self, change: &CertificateChange<'_>) -> Vec<PlannedCertificate> {
        told::self_signed(change)
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
        let key = OWN.key(config)?;
        issued::check((OWN.name(config), key.algorithm()), ("subject", &subject::subject(planned)))
            .map_err(|(name, why)| fields::rejected(name, why))?;
        let names = subject::names(planned);
        let names = names.map_err(|(path, why)| {
            ProviderError::rejected("Invalid name", why.to_string()).at(path)
        })?;
        let serial = serial_number(&mut fields::random(host));
        let mut template = issued::template(planned, serial, fields::now(host));
        template.subject = subject::subject(planned);
        template.names = names;
        template.authority_key_id = fields::flag(planned, "set_authority_key_id");
        let public = key.public_key();
        let certificate = template.sign(&public, &Issuer { certificate: None, key: &key });
        let certificate =
            certificate.map_err(|why| fields::rejected("validity_period_hours", why))?;
        let more = [("key_algorithm", issued::family(&public))];
        Ok(with_attributes(planned, issued::results(&certificate).into_iter().chain(more)))
    }
}
