//! `kubernetes_config_map`.

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::value::raw_equal;
use kprov_core::{Path, PathStep, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, ResourceSchema, Schema, attribute,
};
use serde_json::{Map, Value as Json};

use crate::kind::Kind;
use crate::metadata::{self, Shape, map_patch};
use crate::namespace::id;
use crate::typed::{Special, fields};

/// The type.
#[derive(Debug)]
pub(crate) struct ConfigMap;

static SCHEMA: LazyLock<ResourceSchema> = LazyLock::new(schema);

fn schema() -> ResourceSchema {
    let map = || Attribute::new(Type::map(Type::String)).optional();
    let mut block = Block::of(
        "A map of configuration texts.",
        [
            ("id", id("NAMESPACE/NAME")),
            ("data", map().describe("Texts by key.")),
            ("binary_data", map().describe("Bytes by key, in base64.")),
            (
                "immutable",
                Attribute::new(Type::Bool)
                    .optional()
                    .describe("Never to be changed: changes replace it."),
            ),
        ],
    );
    let shape = Shape { namespaced: true, generates: true };
    block.blocks.insert("metadata".into(), metadata::block(shape));
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Tag }
}

/// An immutable object is replaced.
pub(crate) fn immutable(prior: &Value, planned: &Value, names: &[&str]) -> Vec<Path> {
    if attribute(prior, "immutable").as_bool() != Some(true) {
        return Vec::new();
    }
    let changed =
        names.iter().filter(|name| !raw_equal(&attribute(prior, name), &attribute(planned, name)));
    changed.map(|name| Path::attribute(*name)).collect()
}

/// Keys must be file names, and bytes base64.
pub(crate) fn validate_data(config: &Value, texts: &[&str], bytes: &[&str]) -> Vec<AttributeError> {
    let mut problems = Vec::new();
    for name in texts.iter().chain(bytes) {
        let map = attribute(config, name);
        for (key, value) in map.as_entries().into_iter().flatten() {
            let path = Path::attribute(*name).then(PathStep::Key(key.clone()));
            let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if key.is_empty()
                || key.len() > 253
                || !key.chars().all(fine)
                || matches!(key.as_str(), "." | "..")
            {
                let message =
                    format!("{:?} is no key: letters, digits, '-', '_' and '.'.", key.as_str());
                problems.push(AttributeError::new(path.clone(), "Invalid key", message));
            }
            if bytes.contains(name) && value.as_str().is_some_and(|text| decoded(text).is_none()) {
                problems.push(AttributeError::new(
                    path,
                    "Not base64",
                    "The value must be base64 of the bytes.",
                ));
            }
        }
    }
    problems
}

/// Bytes of base64.
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

#[async_trait]
impl Special for ConfigMap {
    fn kind(&self) -> Kind {
        Kind::new("v1", "ConfigMap", "configmaps", true)
    }

    fn schema(&self) -> &ResourceSchema {
        &SCHEMA
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        validate_data(config, &["data"], &["binary_data"])
    }

    fn patch(&self, prior: &Value, planned: &Value, _config: &Value) -> Map<String, Json> {
        let mut patch = fields(planned);
        patch.entry("immutable").or_insert(Json::Null);
        for (name, field) in [("data", "data"), ("binary_data", "binaryData")] {
            patch.insert(
                field.to_owned(),
                map_patch(&attribute(prior, name), &attribute(planned, name)),
            );
        }
        patch
    }

    fn replaces(&self, prior: &Value, planned: &Value) -> Vec<Path> {
        immutable(prior, planned, &["data", "binary_data", "immutable"])
    }
}
