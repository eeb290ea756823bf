//! `kubernetes_labels`: labels of an object that others make. Only these labels are owned, by server-side apply; deleting
//! takes them off.

use std::sync::LazyLock;

use async_trait::async_trait;
use http::Method;
use kprov_core::{Path, Str, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, CallContext, CreateRequest, Creation, DeleteRequest,
    ErrorClass, Imported, Object, PlanRequest, PlannedObject, ProviderError, ReadRequest, Resource,
    ResourceSchema, Schema, SettleRequest, Settled, UpdateRequest, attribute, with_attributes,
};
use serde_json::{Value as Json, json};

use crate::cluster::{Call, Cluster};
use crate::codec;
use crate::failure::ApiError;
use crate::kind::Kind;
use crate::metadata::{self, nested};
use crate::namespace::id;
use crate::objects::{Name, borrowed};

/// The type.
#[derive(Debug)]
pub(crate) struct Labels;

pub(crate) static SCHEMA: LazyLock<ResourceSchema> = LazyLock::new(schema);

fn schema() -> ResourceSchema {
    let text = |description: &str| Attribute::new(Type::String).describe(description);
    let mut block = Block::of(
        "Labels of an object that is made by somebody else.",
        [
            ("id", id("apiVersion=..,kind=..,namespace=..,name=..")),
            ("api_version", text("v1").required().force_new()),
            ("kind", text("Namespace").required().force_new()),
            ("labels", Attribute::new(Type::map(Type::String)).required().describe("The labels.")),
            (
                "field_manager",
                text("Who owns the labels.").default("kprov-labels".into()).force_new(),
            ),
            (
                "force",
                Attribute::new(Type::Bool).optional().describe("Take over labels that others own."),
            ),
        ],
    );
    let metadata = nested(
        vec![
            ("name", text("The object's name.").required().force_new()),
            ("namespace", text("Its namespace.").optional().force_new()),
        ],
        1,
    );
    block.blocks.insert("metadata".into(), metadata);
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Name }
}

fn target(value: &Value) -> Option<(String, String, Name)> {
    let text = |value: &Value, name: &str| attribute(value, name).as_str().map(str::to_owned);
    let metadata = metadata::of(value);
    Some((
        text(value, "api_version")?,
        text(value, "kind")?,
        (text(&metadata, "namespace"), text(&metadata, "name")?),
    ))
}

impl Labels {
    async fn kind(cluster: &Cluster, value: &Value) -> Result<(Kind, Name), ProviderError> {
        let (version, kind, name) = target(value).ok_or_else(|| {
            ProviderError::rejected(
                "Object without a name",
                "api_version, kind and metadata.name must be texts.",
            )
        })?;
        let kind =
            cluster.kind(&version, &kind, false).await.map_err(|error| failed(&name, error))?;
        let namespace = name.0.unwrap_or_else(|| "default".to_owned());
        let name = (kind.namespaced.then_some(namespace), name.1);
        Ok((kind, name))
    }

    async fn apply(
        cluster: &Cluster,
        value: &Value,
        labels: Json,
    ) -> Result<Object, ProviderError> {
        let (kind, name) = Labels::kind(cluster, value).await?;
        let error = |error| failed(&name, error);
        // An apply would make the object.
        if cluster.object(&kind, &name).await.map_err(error)?.is_none() {
            let (namespace, own) = borrowed(&name);
            return Err(ProviderError::rejected(
                "No object to label",
                format!("{} does not exist.", kind.named(namespace, own)),
            )
            .at(metadata::path("name")));
        }
        let mut body = json!({"apiVersion": kind.api_version, "kind": kind.kind,
            "metadata": {"name": name.1}});
        // An empty map would be owned as well.
        if labels.as_object().is_some_and(|labels| !labels.is_empty()) {
            body["metadata"]["labels"] = labels;
        }
        if let Some(namespace) = &name.0 {
            body["metadata"]["namespace"] = json!(namespace);
        }
        let manager =
            attribute(value, "field_manager").as_str().unwrap_or("kprov-labels").to_owned();
        let manager =
            manager.replace(|c: char| !c.is_ascii_alphanumeric() && !"-._".contains(c), "_");
        let force = attribute(value, "force").as_bool() == Some(true);
        let (namespace, own) = borrowed(&name);
        let path = format!("{}?fieldManager={manager}&force={force}", kind.object(namespace, own));
        let call = Call::with(Method::PATCH, path, "application/apply-patch+yaml", body);
        let live = cluster.call(&call).await.map_err(error)?;
        Ok(seen(&kind, &name, &live, value))
    }
}

fn seen(kind: &Kind, name: &Name, live: &Json, reference: &Value) -> Object {
    let wanted = attribute(reference, "labels");
    let there = wanted.as_entries().into_iter().flatten().filter_map(|(key, _)| {
        let value = live["metadata"]["labels"][key.as_str()].as_str()?;
        Some((Str::from(key.as_str()), Value::string(value)))
    });
    let labels = Value::map(Type::String, there.collect());
    let namespace =
        name.0.as_ref().map(|namespace| format!("namespace={namespace},")).unwrap_or_default();
    let id =
        format!("apiVersion={},kind={},{namespace}name={}", kind.api_version, kind.kind, name.1);
    with_attributes(reference, [("labels", labels), ("id", Value::string(id))]).into()
}

fn has_labels(value: &Value) -> bool {
    attribute(value, "labels").as_entries().is_some_and(|labels| !labels.is_empty())
}

fn failed(name: &Name, error: ApiError) -> ProviderError {
    error.told(format!("Failed to label \"{}\"", metadata::id(name)), |_| {
        Some(Path::attribute("labels"))
    })
}

#[async_trait]
impl Resource for Labels {
    fn validate(&self, _config: &Value) -> Vec<AttributeError> {
        Vec::new()
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        Ok(request.proposed.clone().into())
    }

    async fn read_many(
        &self,
        context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        let cluster = context.client::<Cluster>();
        let mut answers = Vec::new();
        for request in requests {
            let prior = &request.prior.value;
            let answer = async {
                let (kind, name) = Labels::kind(cluster, prior).await?;
                let live =
                    cluster.object(&kind, &name).await.map_err(|error| failed(&name, error))?;
                let seen = live.map(|live| seen(&kind, &name, &live, prior));
                // Without any of the labels nothing of this is there.
                Ok(seen.filter(|seen| has_labels(&seen.value) || !has_labels(prior)))
            };
            answers.push(answer.await);
        }
        answers
    }

    async fn create(
        &self,
        context: &CallContext,
        request: CreateRequest,
    ) -> Result<Object, ProviderError> {
        let labels =
            codec::write("", &attribute(&request.planned, "labels")).unwrap_or_else(|| json!({}));
        Labels::apply(context.client::<Cluster>(), &request.planned, labels).await
    }

    async fn update(
        &self,
        context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError> {
        let labels =
            codec::write("", &attribute(&request.planned, "labels")).unwrap_or_else(|| json!({}));
        Labels::apply(context.client::<Cluster>(), &request.planned, labels).await
    }

    async fn delete(
        &self,
        context: &CallContext,
        request: DeleteRequest,
    ) -> Result<(), ProviderError> {
        let cluster = context.client::<Cluster>();
        let prior = &request.prior.value;
        let (kind, name) = match Labels::kind(cluster, prior).await {
            Ok(found) => found,
            Err(error) if error.class == ErrorClass::Rejected => return Ok(()),
            Err(error) => return Err(error),
        };
        if cluster.object(&kind, &name).await.map_err(|error| failed(&name, error))?.is_none() {
            return Ok(());
        }
        Labels::apply(cluster, prior, json!({})).await.map(|_| ())
    }

    async fn settle(
        &self,
        context: &CallContext,
        request: SettleRequest,
    ) -> Result<Settled, ProviderError> {
        let cluster = context.client::<Cluster>();
        let (kind, name) = Labels::kind(cluster, &request.planned).await?;
        let live = cluster.object(&kind, &name).await.map_err(|error| failed(&name, error))?;
        let Some(live) = live else { return Ok(Settled::Absent) };
        if let Some(prior) = request.prior {
            let before = seen(&kind, &name, &live, &prior.value);
            if before.value == prior.value {
                return Ok(Settled::Exists(before));
            }
        }
        let manager = attribute(&request.planned, "field_manager");
        let ours = live["metadata"]["managedFields"].as_array().into_iter().flatten();
        let mut ours = ours.filter(|entry| {
            entry["operation"] == "Apply" && entry["manager"].as_str() == manager.as_str()
        });
        Ok(match ours.next() {
            Some(_) => Settled::Exists(seen(&kind, &name, &live, &request.planned)),
            None => Settled::Absent,
        })
    }

    async fn import(&self, _context: &CallContext, _id: &str) -> Result<Imported, ProviderError> {
        let message = "Labels need no import: create takes over those that are there already with the same values.";
        Err(ProviderError::rejected("Import not supported", message))
    }
}
