//! `pki_bootstrap_token`: a token by which workers join, as Kubernetes knows them: `ID.SECRET`.

use kprov_core::{Host, Type, Value};
use kprov_provider::{
    Attribute, Block, Creation, ProviderError, ResourceSchema, Schema, StateOnly, with_attributes,
};
use rand::Rng;

use crate::fields::{computed, random};

/// The resource type.
#[derive(Debug)]
pub(crate) struct PkiBootstrapToken;

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

pub(crate) fn schema() -> ResourceSchema {
    let keepers = Attribute::new(Type::map(Type::String)).optional().force_new();
    let attributes = [
        ("keepers", keepers.describe("A change of these values replaces the token.")),
        ("token_id", computed(Type::String, "Six characters: the token's name, no secret.")),
        ("token_secret", computed(Type::String, "Sixteen characters.").sensitive()),
        ("token", computed(Type::String, "token_id.token_secret").sensitive()),
        (
            "secret_name",
            computed(
                Type::String,
                "Name of the Secret in kube-system that makes the API server know the token.",
            ),
        ),
    ];
    let text = "A bootstrap token of Kubernetes.";
    ResourceSchema {
        schema: Schema { version: 0, block: Block::of(text, attributes) },
        creation: Creation::Local,
    }
}

/// A new token: id and secret.
pub(crate) fn generate(host: &dyn Host) -> (String, String) {
    let mut random = random(host);
    let mut draw = |count: usize| -> String {
        (0..count).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect()
    };
    (draw(6), draw(16))
}

impl StateOnly for PkiBootstrapToken {
    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        let (id, secret) = generate(host);
        let results = [
            ("token", Value::string(format!("{id}.{secret}"))),
            ("secret_name", Value::string(format!("bootstrap-token-{id}"))),
            ("token_id", Value::string(id)),
            ("token_secret", Value::string(secret)),
        ];
        Ok(with_attributes(planned, results))
    }
}
