//! [`Typed`]: resources that have a schema of their own; all but the schema and a few turns are the same.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use kprov_core::value::raw_equal;
use kprov_core::{Path, PathStep, Type, Value};
use kprov_provider::{
    AttributeError, CallContext, CreateRequest, DeleteRequest, ErrorClass, Imported, Object,
    PlanRequest, PlannedObject, ProviderError, ReadRequest, Resource, ResourceSchema,
    SettleRequest, Settled, UpdateRequest, attribute, with_attributes,
};
use serde_json::{Map, Value as Json};

use crate::cluster::{Call, Cluster};
use crate::codec;
use crate::failure::ApiError;
use crate::kind::Kind;
use crate::metadata;
use crate::objects::{Name, borrowed, made_by};
use crate::pace::duration;

/// Who writes fields, in the eyes of the API server.
pub(crate) const FIELD_MANAGER: &str = "kprov";

/// What is special of a type.
#[async_trait]
pub(crate) trait Special: Send + Sync + fmt::Debug {
    fn kind(&self) -> Kind;

    fn schema(&self) -> &ResourceSchema;

    fn is_name(&self) -> fn(&str) -> bool {
        metadata::is_subdomain
    }

    /// Problems besides those of the metadata.
    fn validate(&self, _config: &Value) -> Vec<AttributeError> {
        Vec::new()
    }

    /// What is planned, where that is not just what is proposed.
    fn planned(&self, _config: &Value, proposed: &Value) -> Value {
        proposed.clone()
    }

    /// Fields besides the metadata, of a value that is known where the configuration can say so. `config` has what is
    /// never stored.
    fn write(&self, value: &Value, _config: &Value) -> Map<String, Json> {
        fields(value)
    }

    /// A merge patch of these fields: null for what is not set any more.
    fn patch(&self, _prior: &Value, planned: &Value, config: &Value) -> Map<String, Json> {
        let mut patch: Map<String, Json> = names(planned).map(|name| (name, Json::Null)).collect();
        patch.extend(self.write(planned, config));
        patch
    }

    /// Attributes, as the object is there. `reference` is what is known of it or wanted; null for an import.
    fn read(&self, live: &Json, reference: &Value) -> Value {
        let _ = reference;
        codec::read(live, &self.schema().schema.block.implied_type())
    }

    /// What replaces the object by its values.
    fn replaces(&self, _prior: &Value, _planned: &Value) -> Vec<Path> {
        Vec::new()
    }

    /// Until the object is of use.
    async fn wait(
        &self,
        _cluster: &Cluster,
        _value: &Value,
        live: Json,
    ) -> Result<Json, ProviderError> {
        Ok(live)
    }

    fn delete_limit(&self) -> Duration {
        Duration::from_secs(300)
    }

    /// Values that no message may have.
    fn secrets(&self, _value: &Value) -> Vec<Value> {
        Vec::new()
    }
}

/// Attributes and blocks as the API writes them, by the codec.
pub(crate) fn fields(value: &Value) -> Map<String, Json> {
    let entries = value.as_entries().into_iter().flatten().filter(|(name, _)| is_field(name));
    let written = entries.filter_map(|(name, value)| {
        Some((codec::json_name(name, &value.ty()), codec::write(name, value)?))
    });
    written.collect()
}

/// The API's names of all fields.
fn names(value: &Value) -> impl Iterator<Item = String> {
    let entries = value.as_entries().into_iter().flatten().filter(|(name, _)| is_field(name));
    entries.map(|(name, value)| codec::json_name(name, &value.ty()))
}

/// Is the attribute a field of the object, besides its metadata?
fn is_field(name: &str) -> bool {
    !matches!(name, "metadata" | "timeouts" | "id" | "default_secret_name") && !is_ours(name)
}

/// `timeouts { create = "10m" }`
pub(crate) fn timeout(value: &Value, action: &str, default: Duration) -> Duration {
    let block = attribute(value, "timeouts");
    attribute(&block, action).as_str().and_then(duration).unwrap_or(default)
}

/// Problems of a `timeouts` block.
pub(crate) fn validate_timeouts(config: &Value) -> Vec<AttributeError> {
    let block = attribute(config, "timeouts");
    let entries = block.as_entries().into_iter().flatten();
    let wrong =
        entries.filter(|(_, value)| value.as_str().is_some_and(|text| duration(text).is_none()));
    wrong
        .map(|(name, _)| {
            let path = Path::attribute("timeouts").then(PathStep::Attribute(name.clone()));
            AttributeError::new(
                path,
                "Invalid duration",
                "Durations are written as \"90s\", \"10m\" or \"1h30m\".",
            )
        })
        .collect()
}

/// A [`Special`] type as a [`Resource`].
#[derive(Debug)]
pub(crate) struct Typed<S>(pub(crate) S);

impl<S: Special> Typed<S> {
    fn object(&self, cluster: &Cluster, live: &Json, reference: &Value) -> Object {
        let block = &self.0.schema().schema.block;
        let Some(name) = name_of(live, self.0.kind().namespaced) else { return Value::NULL.into() };
        let mut value = self.0.read(live, reference);
        let metadata_ty = block.blocks["metadata"].block.implied_type();
        let metadata = metadata::read(live, reference, &Type::list(metadata_ty), &cluster.ignored);
        value = with_attributes(
            &value,
            [("metadata", metadata), ("id", Value::string(metadata::id(&name)))],
        );
        // What only the configuration knows.
        let kept =
            block.attributes.iter().filter(|(name, _)| is_ours(name)).map(|(name, attribute)| {
                let known = reference.get(name).cloned();
                let value =
                    known.filter(Value::is_wholly_known).or_else(|| attribute.default.clone());
                (name.clone(), value.unwrap_or(Value::Null(attribute.ty.clone())))
            });
        let mut kept: Vec<_> = kept.collect();
        if let Some(timeouts) = block.blocks.get("timeouts") {
            let none = Value::Null(timeouts.block.implied_type());
            kept.push(("timeouts".into(), reference.get("timeouts").cloned().unwrap_or(none)));
        }
        codec::spelled(&with_attributes(&value, kept), reference).into()
    }

    /// `values`: what the server was given and had.
    fn failed(&self, verb: &str, name: &Name, values: &[&Value], error: ApiError) -> ProviderError {
        let (namespace, own) = borrowed(name);
        let summary = format!("Failed to {verb} {}", self.0.kind().named(namespace, own));
        let secrets: Vec<Value> = values.iter().flat_map(|it| self.0.secrets(it)).collect();
        error.without(&secrets).told(summary, |steps| {
            metadata::place(steps)
                .or_else(|| place(&self.0.schema().schema.block.implied_type(), steps))
        })
    }

    fn body(&self, value: &Value, config: &Value, name: &Name, token: &str) -> Json {
        let kind = self.0.kind();
        let mut body = self.0.write(value, config);
        body.insert("apiVersion".into(), Json::from(kind.api_version));
        body.insert("kind".into(), Json::from(kind.kind));
        body.insert("metadata".into(), metadata::write(value, name, Some(token)));
        Json::Object(body)
    }
}

/// Attributes that are not fields of the object.
fn is_ours(name: &str) -> bool {
    name.starts_with("wait_for_") || name.contains("_wo")
}

/// The attribute of a field of the object.
fn place(ty: &Type, steps: &[PathStep]) -> Option<Path> {
    let Type::Object(object) = ty else { return None };
    let PathStep::Attribute(first) = steps.first()? else { return None };
    let (name, _) = object
        .attributes()
        .iter()
        .find(|(name, ty)| codec::json_name(name, ty) == first.as_str())?;
    Some(Path::attribute(name.clone()))
}

fn name_of(live: &Json, namespaced: bool) -> Option<Name> {
    let namespace = live["metadata"]["namespace"].as_str().filter(|_| namespaced);
    Some((namespace.map(str::to_owned), live["metadata"]["name"].as_str()?.to_owned()))
}

fn nameless() -> ProviderError {
    ProviderError::rejected("Object without a name", "Set metadata.name or metadata.generate_name.")
        .at(metadata::path("name"))
}

#[async_trait]
impl<S: Special> Resource for Typed<S> {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems = metadata::validate(config, self.0.is_name());
        problems.extend(self.0.validate(config));
        problems.extend(validate_timeouts(config));
        problems
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let mut planned = PlannedObject::from(self.0.planned(request.config, request.proposed));
        let Some(prior) = request.prior else { return Ok(planned) };
        planned.requires_replace = self.0.replaces(prior, &planned.value);
        let told = |value: &Value| with_attributes(value, [("timeouts", Value::NULL)]);
        if raw_equal(&told(prior), &told(&planned.value)) {
            return Ok(planned);
        }
        let item = with_attributes(
            &metadata::of(&planned.value),
            [("resource_version", Value::unknown(Type::String))],
        );
        let all = Value::list(item.ty(), vec![item]);
        planned.value = with_attributes(&planned.value, [("metadata", all)]);
        Ok(planned)
    }

    async fn read_many(
        &self,
        context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        let cluster = context.client::<Cluster>();
        let kind = self.0.kind();
        let name = |request: &ReadRequest| metadata::name_of(&request.prior.value, kind.namespaced);
        let found = cluster.objects(&kind, requests.iter().filter_map(name)).await;
        let answers = requests.iter().map(|request| {
            let prior = &request.prior.value;
            let Some(name) = name(request) else { return Ok(None) };
            let live = found.get(&name).cloned().unwrap_or(Ok(None));
            let live = live.map_err(|error| self.failed("read", &name, &[prior], error))?;
            Ok(live.map(|live| Object {
                private: request.prior.private.clone(),
                ..self.object(cluster, &live, prior)
            }))
        });
        answers.collect()
    }

    async fn create(
        &self,
        context: &CallContext,
        request: CreateRequest,
    ) -> Result<Object, ProviderError> {
        let cluster = context.client::<Cluster>();
        let (kind, token) = (self.0.kind(), &request.intent.token);
        let name =
            metadata::new_name(&request.planned, kind.namespaced, token).ok_or_else(nameless)?;
        let given = [&request.planned, &request.config];
        let failed = |error: ApiError| self.failed("create", &name, &given, error);
        let body = self.body(&request.planned, &request.config, &name, token);
        let path = format!("{}?fieldManager={FIELD_MANAGER}", kind.path(name.0.as_deref()));
        let live =
            match cluster.call(&Call::with(Method::POST, path, "application/json", body)).await {
                Ok(live) => live,
                Err(error) if error.is_taken() => {
                    let there = cluster.object(&kind, &name).await.map_err(failed)?;
                    match there.filter(|there| made_by(there) == Some(token.as_str())) {
                        Some(own) => own,
                        None => return Err(taken(failed(error), &metadata::id(&name))),
                    }
                }
                Err(error) => return Err(failed(error)),
            };
        let live = self.0.wait(cluster, &request.planned, live).await?;
        Ok(Object { private: request.private, ..self.object(cluster, &live, &request.planned) })
    }

    async fn update(
        &self,
        context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError> {
        let cluster = context.client::<Cluster>();
        let (kind, prior) = (self.0.kind(), &request.prior.value);
        let name = metadata::name_of(prior, kind.namespaced).ok_or_else(nameless)?;
        let mut patch = self.0.patch(prior, &request.planned, &request.config);
        patch.insert("metadata".into(), metadata::patch(prior, &request.planned));
        let path =
            format!("{}?fieldManager={FIELD_MANAGER}", kind.object(name.0.as_deref(), &name.1));
        let content = "application/merge-patch+json";
        let live =
            cluster.call(&Call::with(Method::PATCH, path, content, Json::Object(patch))).await;
        let given = [prior, &request.planned, &request.config];
        let live = live.map_err(|error| self.failed("update", &name, &given, error))?;
        Ok(Object { private: request.private, ..self.object(cluster, &live, &request.planned) })
    }

    async fn delete(
        &self,
        context: &CallContext,
        request: DeleteRequest,
    ) -> Result<(), ProviderError> {
        let prior = &request.prior.value;
        let kind = self.0.kind();
        let Some(name) = metadata::name_of(prior, kind.namespaced) else { return Ok(()) };
        let uid = attribute(&metadata::of(prior), "uid");
        let limit = timeout(prior, "delete", self.0.delete_limit());
        context.client::<Cluster>().remove(&kind, &name, uid.as_str(), limit).await
    }

    async fn settle(
        &self,
        context: &CallContext,
        request: SettleRequest,
    ) -> Result<Settled, ProviderError> {
        let cluster = context.client::<Cluster>();
        let (kind, token) = (self.0.kind(), request.intent.token.as_str());
        let Some(name) = metadata::new_name(&request.planned, kind.namespaced, token) else {
            return Ok(Settled::Absent);
        };
        let live = cluster.object(&kind, &name).await;
        let live = live.map_err(|error| self.failed("read", &name, &[&request.planned], error))?;
        let Some(live) = live else { return Ok(Settled::Absent) };
        let Some(prior) = &request.prior else {
            if made_by(&live) != Some(token) {
                return Ok(Settled::Absent);
            }
            let made = |live: &Json| Object {
                private: request.private.clone(),
                ..self.object(cluster, live, &request.planned)
            };
            return Ok(match self.0.wait(cluster, &request.planned, live.clone()).await {
                Ok(live) => Settled::Exists(made(&live)),
                Err(error) => Settled::Unfinished(made(&live), error),
            });
        };
        // Spelled as the one of the two that it is.
        let before =
            Object { private: prior.private.clone(), ..self.object(cluster, &live, &prior.value) };
        if before.value == prior.value {
            return Ok(Settled::Exists(before));
        }
        let after = self.object(cluster, &live, &request.planned);
        Ok(Settled::Exists(Object { private: request.private, ..after }))
    }

    async fn import(&self, context: &CallContext, id: &str) -> Result<Imported, ProviderError> {
        let kind = self.0.kind();
        let Some(name) = metadata::parse_id(id, kind.namespaced) else {
            let form = if kind.namespaced { "NAMESPACE/NAME" } else { "NAME" };
            return Err(ProviderError::rejected(
                "Invalid import id",
                format!("{id:?} is not of the form {form}."),
            ));
        };
        let cluster = context.client::<Cluster>();
        let found = cluster.object(&kind, &name).await;
        let found = found.map_err(|error| self.failed("read", &name, &[], error))?;
        match found {
            Some(live) => Ok(Imported { object: self.object(cluster, &live, &Value::NULL) }),
            None => {
                let (namespace, own) = borrowed(&name);
                let message = format!("{} does not exist.", kind.named(namespace, own));
                Err(ProviderError::rejected("Object not found", message))
            }
        }
    }
}

/// Somebody else made an object of this name.
pub(crate) fn taken(mut error: ProviderError, id: &str) -> ProviderError {
    error.class = ErrorClass::Rejected;
    error.message = format!(
        "An object of this name is there already, and was not made by this operation. Choose another name, delete it, \
         or take it over: import {id:?}."
    );
    error
}
