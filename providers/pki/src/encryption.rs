//! `pki_encryption_config`: Kubernetes' EncryptionConfiguration, whose key has generations.

use kprov_core::{Host, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, ProviderError, ResourceSchema, Schema,
};

use crate::fields::{self, bad, computed, text_or_unknown};
use crate::material::{Material, Ring};
use crate::rotating::Kind;
use crate::{generations, material};

/// The resource type.
#[derive(Debug)]
pub(crate) struct PkiEncryptionConfig;

/// What is encrypted if nothing is said.
pub(crate) const RESOURCES: [&str; 1] = ["secrets"];

pub(crate) fn schema() -> ResourceSchema {
    let default = Value::list(Type::String, RESOURCES.map(Value::from).to_vec());
    let resources = Attribute::new(fields::text_list()).default(default);
    let provider = Attribute::new(Type::String).default("secretbox".into());
    let own = [
        ("resources", resources.describe("What is encrypted: resources as the API server names them (default: secrets).")),
        ("cipher", provider.describe("secretbox (XSalsa20-Poly1305, the default) or aescbc.")),
        material::private_attribute(),
        material::public_attribute(),
        ("content", computed(Type::String, "The EncryptionConfiguration, YAML: the primary key first, then the others, then none, so that what is not encrypted yet is read.").sensitive()),
        ("rotation", computed(Type::String, "Where the rotation stands and what comes next.")),
    ];
    let all = own.into_iter().chain(generations::computed_attributes());
    let block = Block {
        attributes: all.map(|(name, attribute)| (name.into(), attribute)).collect(),
        description: "Kubernetes' EncryptionConfiguration with generations: a new key is read everywhere before it writes. Rewrite all secrets before trusted_from drops the old key.".into(),
        ..Block::default()
    };
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Local }
}

/// A new key: 32 bytes in base64.
pub(crate) fn generate(host: &dyn Host) -> Vec<(&'static str, String)> {
    let mut key = [0; 32];
    host.random(&mut key);
    vec![("secret", kprov_pki::base64(&key))]
}

/// The configuration; `None` while a key is to be made.
pub(crate) fn content(
    ring: &Ring<'_>,
    material: &Material,
    cipher: &str,
    resources: &[String],
) -> Option<String> {
    let mut text = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n  - resources:\n".to_owned();
    for resource in resources {
        text += &format!("      - {}\n", fields::quoted(resource));
    }
    text += &format!("    providers:\n      - {cipher}:\n          keys:\n");
    for number in ring.steps.trusted() {
        let secret = material.part(ring.name, number, "secret")?;
        text += &format!("            - name: key{number}\n              secret: {secret}\n");
    }
    text += "      - identity: {}\n";
    Some(text)
}

impl Kind for PkiEncryptionConfig {
    const PARTS: &'static [&'static str] = &["secret"];

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems = Vec::new();
        match fields::text(config, "cipher") {
            None | Some("secretbox" | "aescbc") => {}
            Some(other) => problems.push(bad(
                "cipher",
                "Unknown cipher",
                format!("{other:?} is neither secretbox nor aescbc."),
            )),
        }
        let resources = config.get("resources").and_then(Value::as_items);
        if resources.is_some_and(<[Value]>::is_empty) {
            let why = "Nothing would be encrypted; name at least \"secrets\".";
            problems.push(bad("resources", "No resources", why));
        }
        problems
    }

    fn make(
        &self,
        host: &dyn Host,
        _object: &Value,
        _number: i64,
    ) -> Result<Vec<(&'static str, String)>, ProviderError> {
        Ok(generate(host))
    }

    fn results(&self) -> &'static [&'static str] {
        &["content"]
    }

    fn show(
        &self,
        object: &Value,
        ring: &Ring<'_>,
        material: &Material,
    ) -> Vec<(&'static str, Value)> {
        let known = fields::all_known(object, &["cipher", "resources"]);
        let cipher = fields::text(object, "cipher").unwrap_or("secretbox");
        let text = content(ring, material, cipher, &fields::texts(object, "resources"));
        vec![("content", text_or_unknown(text.filter(|_| known)))]
    }
}
