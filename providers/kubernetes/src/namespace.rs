//! `kubernetes_namespace`.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use kprov_core::{Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, NestedBlock, Nesting, ProviderError,
    ResourceSchema, Schema, attribute,
};
use serde_json::{Map, Value as Json};

use crate::cluster::Cluster;
use crate::kind::Kind;
use crate::metadata::{self, Shape};
use crate::objects::Name;
use crate::pace::Pace;
use crate::typed::Special;

/// The type.
#[derive(Debug)]
pub(crate) struct Namespace;

static SCHEMA: LazyLock<ResourceSchema> = LazyLock::new(schema);

/// The `id` of all types.
pub(crate) fn id(form: &str) -> Attribute {
    Attribute::new(Type::String).computed().describe(form)
}

/// `timeouts { ... }`
pub(crate) fn timeouts(actions: &[&str]) -> NestedBlock {
    let attributes = actions.iter().map(|action| {
        let duration = Attribute::new(Type::String).optional();
        ((*action).into(), duration.describe("How long it may take: \"10m\"."))
    });
    let block = Block { attributes: attributes.collect(), ..Block::default() };
    NestedBlock { nesting: Nesting::Single, block, min_items: 0, max_items: 0, force_new: false }
}

fn schema() -> ResourceSchema {
    let mut block = Block::of(
        "A namespace. Deleting it deletes all that is in it.",
        [
            ("id", id("The name.")),
            (
                "wait_for_default_service_account",
                Attribute::new(Type::Bool)
                    .default(false.into())
                    .describe("Is it made only once its default service account is there?"),
            ),
        ],
    );
    block.blocks = [
        ("metadata".into(), metadata::block(Shape { namespaced: false, generates: true })),
        ("timeouts".into(), timeouts(&["delete"])),
    ]
    .into();
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Tag }
}

#[async_trait]
impl Special for Namespace {
    fn kind(&self) -> Kind {
        Kind::new("v1", "Namespace", "namespaces", false)
    }

    fn schema(&self) -> &ResourceSchema {
        &SCHEMA
    }

    fn is_name(&self) -> fn(&str) -> bool {
        metadata::is_dns_label
    }

    fn validate(&self, _config: &Value) -> Vec<AttributeError> {
        Vec::new()
    }

    fn write(&self, _value: &Value, _config: &Value) -> Map<String, Json> {
        Map::new()
    }

    fn patch(&self, _prior: &Value, _planned: &Value, _config: &Value) -> Map<String, Json> {
        Map::new()
    }

    async fn wait(
        &self,
        cluster: &Cluster,
        value: &Value,
        live: Json,
    ) -> Result<Json, ProviderError> {
        if attribute(value, "wait_for_default_service_account").as_bool() != Some(true) {
            return Ok(live);
        }
        let namespace = live["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let account: Name = (Some(namespace.clone()), "default".to_owned());
        let kind = Kind::new("v1", "ServiceAccount", "serviceaccounts", true);
        let mut pace = Pace::looks(&cluster.host, Duration::from_secs(60));
        let summary = || format!("Namespace \"{namespace}\" has no default service account");
        loop {
            let found =
                cluster.object(&kind, &account).await.map_err(|error| error.plain(summary()))?;
            if found.is_some() {
                return Ok(live);
            }
            if !pace.pause().await {
                let message = "It is made by the controller manager, which may not be running.";
                return Err(ProviderError::ambiguous(summary(), message));
            }
        }
    }
}
