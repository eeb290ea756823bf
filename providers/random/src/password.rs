//! `random_password`: secret characters, and their bcrypt hash.

use bcrypt::Version;
use kprov_core::{Host, Type, Value};
use kprov_provider::{
    AttributeError, Creation, PlanRequest, PlannedObject, ProviderError, ResourceSchema, Schema,
    StateOnly, with_attributes,
};
use serde_json::Value as Json;

use crate::keepers::chosen;
use crate::{text, text_upgrade};

/// The resource type.
#[derive(Debug)]
pub(crate) struct RandomPassword;

/// Version 1 has `bcrypt_hash`, 2 has `numeric`, 3 hashes the right thing.
const VERSION: u64 = 3;
/// Go's default, which Terraform's provider takes.
const COST: u32 = 10;
/// bcrypt looks at no more.
const HASHED_MAX: usize = 72;

pub(crate) fn schema() -> ResourceSchema {
    let mut block = text::block("Random characters that are a secret.");
    let (result, characters) = text::result();
    let hash = "A bcrypt hash of the characters, of the first 72 bytes if there are more.";
    let attributes = [
        (result, characters.sensitive()),
        ("bcrypt_hash", chosen(Type::String, hash).sensitive()),
        ("id", chosen(Type::String, "Always \"none\".")),
    ];
    text::extend(&mut block, attributes);
    ResourceSchema { schema: Schema { version: VERSION, block }, creation: Creation::Local }
}

fn hashed(password: &str) -> &[u8] {
    &password.as_bytes()[..password.len().min(HASHED_MAX)]
}

fn hash(host: &dyn Host, password: &str) -> Result<String, ProviderError> {
    let mut salt = [0; 16];
    host.random(&mut salt);
    let hash = bcrypt::hash_with_salt(hashed(password), COST, salt).map_err(|_| {
        ProviderError::rejected(
            "Hash Generation Error",
            "The password cannot be hashed; it must not have zero bytes (override_special).",
        )
    })?;
    Ok(hash.format_for_version(Version::TwoA))
}

impl StateOnly for RandomPassword {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        text::validate(config)
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        Ok(text::plan(&request))
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        let result = text::make(host, planned)?;
        let chosen = [
            ("bcrypt_hash", Value::string(hash(host, &result)?)),
            ("result", Value::string(result)),
            ("id", Value::string("none")),
        ];
        Ok(with_attributes(planned, chosen))
    }

    fn import(&self, host: &dyn Host, id: &str) -> Result<Value, ProviderError> {
        let known = text::import(id)?;
        let chosen =
            [("bcrypt_hash", Value::string(hash(host, id)?)), ("id", Value::string("none"))];
        Ok(Value::object(known.into_iter().chain(chosen)))
    }

    /// A hash that is missing or wrong becomes null: an upgrade has no randomness for a salt.
    fn upgrade(&self, version: u64, stored: &str) -> Result<String, ProviderError> {
        if version >= VERSION {
            return Ok(stored.to_owned());
        }
        let mut object = text_upgrade::upgrade(stored)?;
        let text = |name: &str| object.get(name).and_then(Json::as_str);
        let right = match (text("result"), text("bcrypt_hash")) {
            (Some(result), Some(hash)) => bcrypt::verify(hashed(result), hash).unwrap_or(false),
            _ => false,
        };
        if !right {
            object.insert("bcrypt_hash".to_owned(), Json::Null);
        }
        Ok(text_upgrade::to_text(object))
    }
}
