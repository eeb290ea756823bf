//! Data sources: objects that are there, by name; nodes by label; any object.

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::value::{from_json, implied_type};
use kprov_core::{Str, Type, Value};
use kprov_provider::{
    Attribute, Block, CallContext, DataSource, ProviderError, Schema, attribute, with_attributes,
};
use serde_json::Value as Json;

use crate::cluster::Cluster;
use crate::codec;
use crate::data_nodes::{nodes, service_spec, service_status};
use crate::kind::Kind;
use crate::metadata::{self, nested};
use crate::namespace::id;
use crate::objects::{Name, borrowed};
use crate::secret::Secret;
use crate::typed::Special;

/// A kind with a data source of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookUp {
    /// `kubernetes_namespace`
    Namespace,
    /// `kubernetes_secret`
    Secret,
    /// `kubernetes_config_map`
    ConfigMap,
    /// `kubernetes_service`
    Service,
}

/// `kubernetes_nodes`
#[derive(Debug)]
pub(crate) struct Nodes;

/// `kubernetes_resource`
#[derive(Debug)]
pub(crate) struct AnyObject;

/// All data sources that have a name of a version as well.
pub(crate) static LOOK_UPS: [(&str, LookUp); 4] = [
    ("kubernetes_config_map", LookUp::ConfigMap),
    ("kubernetes_namespace", LookUp::Namespace),
    ("kubernetes_secret", LookUp::Secret),
    ("kubernetes_service", LookUp::Service),
];

fn computed(ty: Type, text: &str) -> Attribute {
    Attribute::new(ty).computed().describe(text)
}

impl LookUp {
    fn kind(self) -> Kind {
        match self {
            LookUp::Namespace => Kind::new("v1", "Namespace", "namespaces", false),
            LookUp::Secret => Kind::new("v1", "Secret", "secrets", true),
            LookUp::ConfigMap => Kind::new("v1", "ConfigMap", "configmaps", true),
            LookUp::Service => Kind::new("v1", "Service", "services", true),
        }
    }

    pub(crate) fn schema(self) -> Schema {
        let map = || Type::map(Type::String);
        let mut block =
            Block::of("An object that is there.", [("id", id("NAMESPACE/NAME, or NAME"))]);
        let finalizers = Type::list(Type::object([("finalizers", Type::list(Type::String))]));
        let own: Vec<(&str, Attribute)> = match self {
            LookUp::Namespace => vec![("spec", computed(finalizers, "Its finalizers."))],
            LookUp::Secret => vec![
                ("data", computed(map(), "Texts by key.").sensitive()),
                (
                    "binary_data",
                    computed(map(), "Name the keys that are wanted in base64.")
                        .optional()
                        .sensitive(),
                ),
                ("type", computed(Type::String, "What it is for.")),
                ("immutable", computed(Type::Bool, "Can it not be changed?")),
            ],
            LookUp::ConfigMap => vec![
                ("data", computed(map(), "Texts by key.")),
                ("binary_data", computed(map(), "Bytes by key, in base64.")),
                ("immutable", computed(Type::Bool, "Can it not be changed?").optional()),
            ],
            LookUp::Service => vec![
                ("spec", computed(service_spec(), "As it is wanted.")),
                ("status", computed(service_status(), "As it is.")),
            ],
        };
        block
            .attributes
            .extend(own.into_iter().map(|(name, attribute)| (Str::from(name), attribute)));
        block.blocks.insert("metadata".into(), metadata::looked_up(self.kind().namespaced));
        Schema { version: 0, block }
    }
}

fn missing(kind: &Kind, name: &Name) -> ProviderError {
    let (namespace, own) = borrowed(name);
    let message = format!("{} does not exist.", kind.named(namespace, own));
    ProviderError::rejected("Object not found", message).at(metadata::path("name"))
}

async fn find(cluster: &Cluster, kind: &Kind, name: &Name) -> Result<Json, ProviderError> {
    let (namespace, own) = borrowed(name);
    let failed = format!("Failed to read {}", kind.named(namespace, own));
    let live =
        cluster.object(kind, name).await.map_err(|error| error.told(failed, metadata::place))?;
    live.ok_or_else(|| missing(kind, name))
}

#[async_trait]
impl DataSource for LookUp {
    async fn read(&self, context: &CallContext, config: &Value) -> Result<Value, ProviderError> {
        let cluster = context.client::<Cluster>();
        let (kind, schema) = (self.kind(), self.schema());
        let name = metadata::name_of(config, kind.namespaced).ok_or_else(|| {
            ProviderError::rejected("Object without a name", "Set metadata.name.")
        })?;
        let live = find(cluster, &kind, &name).await?;
        let ty = schema.block.implied_type();
        let mut value = codec::read(&live, &ty);
        if *self == LookUp::Secret {
            let named = with_attributes(config, [("data", Value::NULL)]);
            let secret = Secret.read(&live, &named);
            let data = ["data", "binary_data"].map(|name| (name, attribute(&secret, name)));
            value = with_attributes(&value, data);
        }
        let Type::Object(object) = &ty else { return Ok(value) };
        let metadata_ty = object.get("metadata").cloned().unwrap_or(Type::Dynamic);
        let metadata = metadata::read(&live, config, &metadata_ty, &cluster.ignored);
        Ok(with_attributes(
            &value,
            [("metadata", metadata), ("id", Value::string(metadata::id(&name)))],
        ))
    }
}

static NODES: LazyLock<Schema> = LazyLock::new(|| {
    let mut block = Block::of(
        "Nodes of the cluster.",
        [("id", id("Of the answer.")), ("nodes", computed(nodes(), "The nodes, by name."))],
    );
    let labels =
        Attribute::new(Type::map(Type::String)).required().describe("Labels that they have.");
    block.blocks.insert("metadata".into(), nested(vec![("labels", labels)], 0));
    Schema { version: 0, block }
});

impl Nodes {
    pub(crate) fn schema() -> Schema {
        NODES.clone()
    }
}

#[async_trait]
impl DataSource for Nodes {
    async fn read(&self, context: &CallContext, config: &Value) -> Result<Value, ProviderError> {
        let cluster = context.client::<Cluster>();
        let labels = attribute(&metadata::of(config), "labels");
        let labels = labels.as_entries().into_iter().flatten();
        let labels = labels.filter_map(|(key, value)| {
            Some(format!("{}%3D{}", key.as_str().replace('/', "%2F"), value.as_str()?))
        });
        let labels: Vec<String> = labels.collect();
        let selector = if labels.is_empty() {
            String::new()
        } else {
            format!("&labelSelector={}", labels.join("%2C"))
        };
        let kind = Kind::new("v1", "Node", "nodes", false);
        let found = cluster
            .list(&kind, None, &selector)
            .await
            .map_err(|error| error.plain("Failed to read nodes"))?;
        let nodes = codec::read(&Json::Array(found), &nodes());
        Ok(with_attributes(config, [("nodes", nodes), ("id", Value::string(cluster.url.as_str()))]))
    }
}

static ANY: LazyLock<Schema> = LazyLock::new(|| {
    let text = |text: &str| Attribute::new(Type::String).describe(text);
    let mut block = Block::of(
        "Any object that is there.",
        [
            ("api_version", text("v1").required()),
            ("kind", text("Namespace").required()),
            ("object", Attribute::new(Type::Dynamic).optional().computed().describe("The object.")),
        ],
    );
    let metadata = nested(
        vec![
            ("name", text("The object's name.").required()),
            ("namespace", text("Its namespace.").optional()),
        ],
        1,
    );
    block.blocks.insert("metadata".into(), metadata);
    Schema { version: 0, block }
});

impl AnyObject {
    pub(crate) fn schema() -> Schema {
        ANY.clone()
    }
}

#[async_trait]
impl DataSource for AnyObject {
    async fn read(&self, context: &CallContext, config: &Value) -> Result<Value, ProviderError> {
        let cluster = context.client::<Cluster>();
        let text = |name: &str| attribute(config, name).as_str().unwrap_or_default().to_owned();
        let failed = format!("Failed to read {}", text("kind"));
        let kind = cluster
            .kind(&text("api_version"), &text("kind"), false)
            .await
            .map_err(|error| error.plain(failed))?;
        let name = metadata::name_of(config, kind.namespaced).ok_or_else(|| {
            ProviderError::rejected("Object without a name", "Set metadata.name.")
        })?;
        let mut live = find(cluster, &kind, &name).await?;
        if let Some(metadata) = live["metadata"].as_object_mut() {
            metadata.remove("managedFields");
        }
        let object = from_json(&live, &implied_type(&live)).unwrap_or(Value::NULL);
        Ok(with_attributes(config, [("object", object)]))
    }
}
