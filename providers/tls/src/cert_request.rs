//! `tls_cert_request`

use kprov_core::{Host, Type, Value};
use kprov_pki::CertificateRequest;
use kprov_provider::{
    AttributeError, Block, Creation, PlanRequest, PlannedObject, Private, ProviderError,
    ResourceSchema, Schema, StateOnly, with_attributes,
};

use crate::fields::{self, computed};
use crate::key_argument::OWN;
use crate::{digest, issued, subject};

/// The resource type.
#[derive(Debug)]
pub(crate) struct TlsCertRequest;

pub(crate) fn schema() -> ResourceSchema {
    let own = [
        ("key_algorithm", computed(Type::String, "RSA, ECDSA or ED25519.")),
        ("cert_request_pem", computed(Type::String, "The request in PEM.")),
        ("id", computed(Type::String, "SHA-1 of the request's PEM.")),
    ];
    let key = OWN.attributes("The key that the certificate will belong to, in PEM.");
    let all = own.into_iter().chain(key).chain(subject::name_attributes());
    let block = Block {
        attributes: all.map(|(name, attribute)| (name.into(), attribute)).collect(),
        blocks: [("subject".into(), subject::block())].into(),
        description: "A request for a certificate (PKCS#10).".into(),
    };
    ResourceSchema { schema: Schema { version: 1, block }, creation: Creation::Local }
}

impl StateOnly for TlsCertRequest {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems = subject::validate(config);
        problems.extend(subject::validate_key(config));
        problems
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let requires_replace = subject::names_changed(&request);
        let value = request.proposed.clone();
        Ok(PlannedObject { value, requires_replace, private: Private::new() })
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        self.make_with(host, planned, planned)
    }

    fn make_with(
        &self,
        _host: &dyn Host,
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
        let request = CertificateRequest::new(&subject::subject(planned), &names, &key);
        let request = request.map_err(|why| fields::rejected("subject", why))?;
        let pem = request.to_pem();
        Ok(with_attributes(
            planned,
            [
                ("id", Value::string(digest::sha1_hex(pem.as_bytes()))),
                ("cert_request_pem", Value::string(pem)),
                ("key_algorithm", issued::family(request.public_key())),
            ],
        ))
    }
}
