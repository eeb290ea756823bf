//! `kubernetes_secret`.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kprov_core::{Path, Str, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, ProviderError, ResourceSchema, Schema, attribute,
    with_attributes,
};
use serde_json::{Map, Value as Json};

use crate::cluster::Cluster;
use crate::codec;
use crate::config_map::{decoded, immutable, validate_data};
use crate::kind::Kind;
use crate::metadata::{self, Shape};
use crate::namespace::{id, timeouts};
use crate::objects::Name;
use crate::pace::Pace;
use crate::typed::{Special, timeout};

/// The type.
#[derive(Debug)]
pub(crate) struct Secret;

static SCHEMA: LazyLock<ResourceSchema> = LazyLock::new(schema);

const TOKEN: &str = "kubernetes.io/service-account-token";
const MAPS: [&str; 4] = ["data", "binary_data", "data_wo", "binary_data_wo"];

fn schema() -> ResourceSchema {
    let map = || Attribute::new(Type::map(Type::String)).optional().sensitive();
    let unstored = || Attribute { write_only: true, ..map() };
    let revision = || Attribute::new(Type::Number).optional();
    let mut block = Block::of(
        "A secret.",
        [
            ("id", id("NAMESPACE/NAME")),
            ("data", map().computed().describe("Texts by key.")),
            ("binary_data", map().describe("Bytes by key, in base64.")),
            ("data_wo", unstored().describe("Texts by key that are not stored in the state.")),
            ("data_wo_revision", revision().describe("Change it to have data_wo written again.")),
            (
                "binary_data_wo",
                unstored().describe("Bytes by key, in base64, that are not stored in the state."),
            ),
            (
                "binary_data_wo_revision",
                revision().describe("Change it to have binary_data_wo written again."),
            ),
            (
                "immutable",
                Attribute::new(Type::Bool)
                    .optional()
                    .describe("Never to be changed: changes replace it."),
            ),
            (
                "type",
                Attribute::new(Type::String)
                    .default("Opaque".into())
                    .force_new()
                    .describe("What it is for; says which keys it needs."),
            ),
            (
                "wait_for_service_account_token",
                Attribute::new(Type::Bool)
                    .default(true.into())
                    .describe("Is a token made only once it is filled in?"),
            ),
        ],
    );
    block.blocks = [
        ("metadata".into(), metadata::block(Shape { namespaced: true, generates: true })),
        ("timeouts".into(), timeouts(&["create"])),
    ]
    .into();
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Tag }
}

fn entries(value: &Value, name: &str) -> Vec<(String, String)> {
    let map = attribute(value, name);
    let entries = map.as_entries().into_iter().flatten();
    entries
        .filter_map(|(key, value)| Some((key.as_str().to_owned(), value.as_str()?.to_owned())))
        .collect()
}

fn is_token(value: &Value) -> bool {
    attribute(value, "type").as_str() == Some(TOKEN)
}

#[async_trait]
impl Special for Secret {
    fn kind(&self) -> Kind {
        Kind::new("v1", "Secret", "secrets", true)
    }

    fn schema(&self) -> &ResourceSchema {
        &SCHEMA
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems =
            validate_data(config, &["data", "data_wo"], &["binary_data", "binary_data_wo"]);
        for name in ["data_wo", "binary_data_wo"] {
            let revision = format!("{name}_revision");
            if !attribute(config, name).is_null() && attribute(config, &revision).is_null() {
                let message = format!(
                    "What is not stored cannot be compared: {revision} says when it has changed."
                );
                problems.push(AttributeError::new(
                    Path::attribute(name),
                    "Revision missing",
                    message,
                ));
            }
        }
        problems
    }

    fn planned(&self, config: &Value, proposed: &Value) -> Value {
        // Only data of tokens is filled in by the cluster.
        if attribute(config, "data").is_null() && !is_token(proposed) {
            return with_attributes(proposed, [("data", Value::Null(Type::map(Type::String)))]);
        }
        proposed.clone()
    }

    fn write(&self, value: &Value, config: &Value) -> Map<String, Json> {
        let mut data = Map::new();
        for (source, name) in [(value, "data"), (config, "data_wo")] {
            let encoded = |(key, text): (String, String)| (key, Json::from(STANDARD.encode(text)));
            data.extend(entries(source, name).into_iter().map(encoded));
        }
        for (source, name) in [(value, "binary_data"), (config, "binary_data_wo")] {
            data.extend(
                entries(source, name).into_iter().map(|(key, text)| (key, Json::from(text))),
            );
        }
        let mut body = Map::new();
        body.insert("data".to_owned(), Json::Object(data));
        for name in ["type", "immutable"] {
            body.extend(
                codec::write(name, &attribute(value, name)).map(|json| (name.to_owned(), json)),
            );
        }
        body
    }

    fn patch(&self, prior: &Value, planned: &Value, config: &Value) -> Map<String, Json> {
        let mut body = self.write(planned, config);
        body.remove("type");
        body.entry("immutable").or_insert(Json::Null);
        if let Some(data) = body.get_mut("data").and_then(Json::as_object_mut) {
            for (key, _) in entries(prior, "data").into_iter().chain(entries(prior, "binary_data"))
            {
                data.entry(key).or_insert(Json::Null);
            }
            if data.values().all(Json::is_null) && attribute(planned, "data_wo_revision").is_null()
            {
                body.insert("data".to_owned(), Json::Null);
            }
        }
        body
    }

    fn read(&self, live: &Json, reference: &Value) -> Value {
        let mut value = codec::read(live, &SCHEMA.schema.block.implied_type());
        let known = |name: &str, key: &str| attribute(reference, name).get(key).is_some();
        let unstored = ["data_wo_revision", "binary_data_wo_revision"];
        let unstored = unstored.iter().any(|name| attribute(reference, name).as_number().is_some());
        let (mut texts, mut bytes) = (Vec::new(), Vec::new());
        for (key, encoded) in live["data"].as_object().into_iter().flatten() {
            let encoded = encoded.as_str().unwrap_or_default();
            let text = decoded(encoded).and_then(|bytes| String::from_utf8(bytes).ok());
            if unstored && !known("data", key) && !known("binary_data", key) {
                continue;
            }
            // Texts are kept normalised; what would not come back as it is counts as bytes.
            let text = text.map(Str::from).filter(|text| STANDARD.encode(text.as_str()) == encoded);
            match text.filter(|_| !known("binary_data", key)) {
                Some(text) => texts.push((Str::from(key), Value::String(text))),
                None => bytes.push((Str::from(key), Value::string(encoded))),
            }
        }
        let map = |name: &str, all: Vec<(Str, Value)>| match attribute(reference, name) {
            Value::Map(_) => Value::map(Type::String, all.into_iter().collect()),
            _ if all.is_empty() => Value::Null(Type::map(Type::String)),
            _ => Value::map(Type::String, all.into_iter().collect()),
        };
        let (texts, bytes) = (map("data", texts), map("binary_data", bytes));
        value = with_attributes(&value, [("data", texts), ("binary_data", bytes)]);
        value
    }

    fn replaces(&self, prior: &Value, planned: &Value) -> Vec<Path> {
        immutable(
            prior,
            planned,
            &["data", "binary_data", "data_wo_revision", "binary_data_wo_revision", "immutable"],
        )
    }

    async fn wait(
        &self,
        cluster: &Cluster,
        value: &Value,
        live: Json,
    ) -> Result<Json, ProviderError> {
        let wanted = attribute(value, "wait_for_service_account_token").as_bool() != Some(false);
        if !is_token(value) || !wanted {
            return Ok(live);
        }
        let text = |name: &str| live["metadata"][name].as_str().unwrap_or_default().to_owned();
        let name: Name = (Some(text("namespace")), text("name"));
        let mut pace =
            Pace::looks(&cluster.host, timeout(value, "create", Duration::from_secs(60)));
        let summary = || format!("Secret \"{}\" has no token", metadata::id(&name));
        let mut live = live;
        while live["data"]["token"].as_str().is_none_or(str::is_empty) {
            if !pace.pause().await {
                let message = "The controller manager fills it in, if the service account of its annotation exists.";
                return Err(ProviderError::ambiguous(summary(), message));
            }
            let found = cluster
                .object(&self.kind(), &name)
                .await
                .map_err(|error| error.plain(summary()))?;
            live = found.ok_or_else(|| {
                ProviderError::ambiguous(
                    summary(),
                    "It was deleted: its service account does not exist.",
                )
            })?;
        }
        Ok(live)
    }

    fn secrets(&self, value: &Value) -> Vec<Value> {
        MAPS.iter().map(|name| attribute(value, name)).filter(|map| !map.is_null()).collect()
    }
}
