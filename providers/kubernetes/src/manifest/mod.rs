//! `kubernetes_manifest`: any object, applied by the server.
//!
//! A plan needs no cluster: it compares the manifest with the one that was last applied, as the live object has it now
//! (see [`shape`]). Who changes a field of ours is overruled only with `force_conflicts`.

mod schema;
mod shape;
mod wait;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use http::Method;
use kprov_core::value::{raw_equal, to_json};
use kprov_core::{Path, PathStep, Type, Value};
use kprov_provider::{
    AttributeError, CallContext, CreateRequest, DeleteRequest, Imported, Object, PlanRequest,
    PlannedObject, ProviderError, ReadRequest, Resource, SettleRequest, Settled, UpdateRequest,
    attribute, with_attributes,
};
use serde_json::{Value as Json, json};

use crate::cluster::{Call, Cluster};
use crate::failure::ApiError;
use crate::kind::Kind;
use crate::objects::{MADE_BY, Name, borrowed, made_by};
use crate::pace::duration;
use crate::typed::{FIELD_MANAGER, taken};

pub(crate) use schema::SCHEMA;
use schema::{one, place};
use shape::Live;

const LIMIT: Duration = Duration::from_secs(600);

/// The type.
#[derive(Debug)]
pub(crate) struct Manifest;

/// Attributes whose change is another object.
const IDENTITY: [&[&str]; 4] =
    [&["apiVersion"], &["kind"], &["metadata", "name"], &["metadata", "namespace"]];

/// A part of a manifest as text.
fn text(manifest: &Value, names: &[&str]) -> Option<String> {
    let mut here = manifest.clone();
    for name in names {
        here = attribute(&here, name);
    }
    here.as_str().map(str::to_owned)
}

fn limit(value: &Value, action: &str) -> Duration {
    one(value, "timeouts", action).as_str().and_then(duration).unwrap_or(LIMIT)
}

/// Plain JSON without what is null: in a manifest null is as good as nothing.
fn plain(value: &Value) -> Json {
    fn prune(json: &mut Json) {
        match json {
            Json::Object(entries) => {
                entries.retain(|_, value| !value.is_null());
                entries.values_mut().for_each(prune);
            }
            Json::Array(items) => items.iter_mut().for_each(prune),
            _ => {}
        }
    }
    let mut json = to_json(value, &value.ty()).unwrap_or(Json::Null);
    prune(&mut json);
    json
}

/// Kind and name of what a value stands for. A generated name stands in `object`, or comes from the token.
struct Target {
    api_version: String,
    kind: String,
    namespace: String,
    name: String,
}

impl Target {
    fn of(value: &Value, token: Option<&str>) -> Option<Target> {
        let (manifest, object) = (attribute(value, "manifest"), attribute(value, "object"));
        let generated = || {
            let prefix = text(&manifest, &["metadata", "generateName"])?;
            let suffix: String = token?.chars().filter(char::is_ascii_hexdigit).take(8).collect();
            Some(format!("{prefix}{suffix}"))
        };
        let name =
            text(&manifest, &["metadata", "name"]).or_else(|| text(&object, &["metadata", "name"]));
        Some(Target {
            api_version: text(&manifest, &["apiVersion"])?,
            kind: text(&manifest, &["kind"])?,
            namespace: text(&manifest, &["metadata", "namespace"])
                .unwrap_or_else(|| "default".to_owned()),
            name: name.or_else(generated)?,
        })
    }

    fn name(&self, kind: &Kind) -> Name {
        (kind.namespaced.then(|| self.namespace.clone()), self.name.clone())
    }

    fn failed(&self, verb: &str, value: &Value, error: ApiError) -> ProviderError {
        let summary = format!("Failed to {verb} {} \"{}\"", self.kind, self.name);
        let manifest = attribute(value, "manifest");
        let secret = self.kind == "Secret";
        let secrets = ["data", "stringData"].map(|name| attribute(&manifest, name));
        let error = if secret { error.without(&secrets) } else { error };
        error.told(summary, |steps| {
            let path = Path(
                [PathStep::Attribute("manifest".into())]
                    .into_iter()
                    .chain(steps.iter().cloned())
                    .collect(),
            );
            Some(if path.get(value).is_some() { path } else { Path::attribute("manifest") })
        })
    }
}

fn nameless() -> ProviderError {
    ProviderError::rejected("Invalid manifest", "apiVersion, kind and metadata.name must be texts.")
        .at(Path::attribute("manifest"))
}

/// What is there, of the prior or wanted value `reference`.
fn seen(live: &Live, reference: &Value) -> Object {
    let applied = attribute(reference, "object");
    let applied =
        applied.is_wholly_known().then(|| to_json(&applied, &applied.ty()).ok()).flatten();
    let applied = applied.filter(|applied| !applied.is_null());
    let ignored = attribute(reference, "computed_fields");
    let ignored: Vec<String> = ignored
        .as_items()
        .into_iter()
        .flatten()
        .filter_map(|item| Some(item.as_str()?.to_owned()))
        .collect();
    let manifest = live.as_manifest(&attribute(reference, "manifest"), applied.as_ref(), &ignored);
    with_attributes(reference, [("manifest", manifest), ("object", live.value())]).into()
}

/// Just applied: the manifest is as planned.
fn applied(live: Json, planned: &Value) -> Object {
    with_attributes(planned, [("object", Live::new(live).value())]).into()
}

/// Is an apply of `planned` in effect? The server says what it would make of it.
async fn is_in_effect(
    cluster: &Cluster,
    kind: &Kind,
    target: &Target,
    planned: &Value,
    live: &Json,
) -> bool {
    let would = apply(cluster, kind, target, planned, None, "&dryRun=All").await;
    would.is_ok_and(|would| Live::new(would).object == Live::new(live.clone()).object)
}

async fn apply(
    cluster: &Cluster,
    kind: &Kind,
    target: &Target,
    value: &Value,
    token: Option<&str>,
    how: &str,
) -> Result<Json, ApiError> {
    let name = target.name(kind);
    let mut body = plain(&attribute(value, "manifest"));
    body["metadata"]["name"] = json!(name.1);
    if let Some(metadata) = body["metadata"].as_object_mut() {
        metadata.remove("generateName");
        if let Some(namespace) = &name.0 {
            metadata.insert("namespace".to_owned(), json!(namespace));
        }
    }
    if let Some(token) = token {
        if body["metadata"]["annotations"].is_null() {
            body["metadata"]["annotations"] = json!({});
        }
        body["metadata"]["annotations"][MADE_BY] = json!(token);
    }
    let manager = one(value, "field_manager", "name");
    let manager = manager.as_str().unwrap_or(FIELD_MANAGER);
    let force = one(value, "field_manager", "force_conflicts").as_bool() == Some(true);
    let manager: String = manager
        .chars()
        .map(|c| if c.is_ascii_graphic() && !"&#%+?".contains(c) { c } else { '_' })
        .collect();
    let (namespace, own) = borrowed(&name);
    let path = format!("{}?fieldManager={manager}&force={force}{how}", kind.object(namespace, own));
    cluster.call(&Call::with(Method::PATCH, path, "application/apply-patch+yaml", body)).await
}

#[async_trait]
impl Resource for Manifest {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        schema::validate(config)
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let mut planned = PlannedObject::from(request.proposed.clone());
        let Some(prior) = request.prior else { return Ok(planned) };
        let same =
            |name: &str| raw_equal(&attribute(prior, name), &attribute(&planned.value, name));
        if same("manifest") && same("field_manager") {
            return Ok(planned);
        }
        for names in IDENTITY {
            let path = place(names);
            let (before, after) = (path.get(prior), path.get(&planned.value));
            if before != after
                && before.is_none_or(|value| value.is_null())
                    != after.is_none_or(|value| value.is_null())
                || matches!((before, after), (Some(before), Some(after)) if !raw_equal(before, after))
            {
                planned.requires_replace.push(path);
            }
        }
        planned.value =
            with_attributes(&planned.value, [("object", Value::unknown(Type::Dynamic))]);
        Ok(planned)
    }

    async fn read_many(
        &self,
        context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        let cluster = context.client::<Cluster>();
        let targets: Vec<Option<Target>> =
            requests.iter().map(|request| Target::of(&request.prior.value, None)).collect();
        let mut by_kind = BTreeMap::<(&str, &str), Vec<&Target>>::new();
        for target in targets.iter().flatten() {
            by_kind.entry((&target.api_version, &target.kind)).or_default().push(target);
        }
        let found = join_all(by_kind.into_iter().map(|((version, name), targets)| async move {
            let objects = match cluster.kind(version, name, false).await {
                Ok(kind) => {
                    let names = targets.iter().map(|target| target.name(&kind));
                    let objects = cluster.objects(&kind, names).await;
                    Ok(Some((kind, objects)))
                }
                // Objects of a kind that is not served are gone with its definition.
                Err(error) if error.is_not_found() => Ok(None),
                Err(error) => Err(error),
            };
            ((version, name), objects)
        }));
        let found: BTreeMap<_, _> = found.await.into_iter().collect();
        let answers = requests.iter().zip(&targets).map(|(request, target)| {
            let (prior, Some(target)) = (&request.prior.value, target) else { return Ok(None) };
            let failed = |error: &ApiError| target.failed("read", prior, error.clone());
            let of_kind = found.get(&(target.api_version.as_str(), target.kind.as_str()));
            let Some((kind, objects)) =
                of_kind.map_or(Ok(&None), Result::as_ref).map_err(failed)?
            else {
                return Ok(None);
            };
            let live = objects
                .get(&target.name(kind))
                .map_or(Ok(&None), Result::as_ref)
                .map_err(failed)?;
            Ok(live.clone().map(|live| Object {
                private: request.prior.private.clone(),
                ..seen(&Live::new(live), prior)
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
        let (planned, token) = (&request.planned, request.intent.token.as_str());
        let target = Target::of(planned, Some(token)).ok_or_else(nameless)?;
        let failed = |error: ApiError| target.failed("create", planned, error);
        let kind = cluster.kind(&target.api_version, &target.kind, true).await.map_err(failed)?;
        let name = target.name(&kind);
        let there = cluster.object(&kind, &name).await.map_err(failed)?;
        if there.is_some_and(|there| made_by(&there) != Some(token)) {
            let id = import_id(&kind, &name);
            return Err(taken(failed(ApiError { code: 409, ..rejected("") }), &id));
        }
        let live =
            apply(cluster, &kind, &target, planned, Some(token), "").await.map_err(failed)?;
        let live =
            wait::wait(cluster, &kind, &name, planned, live, limit(planned, "create")).await?;
        Ok(Object { private: request.private, ..applied(live, planned) })
    }

    async fn update(
        &self,
        context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError> {
        let cluster = context.client::<Cluster>();
        let planned = &request.planned;
        let prior =
            with_attributes(planned, [("object", attribute(&request.prior.value, "object"))]);
        let target = Target::of(&prior, None).ok_or_else(nameless)?;
        let failed = |error: ApiError| target.failed("update", planned, error);
        let kind = cluster.kind(&target.api_version, &target.kind, true).await.map_err(failed)?;
        let live = apply(cluster, &kind, &target, planned, None, "").await.map_err(failed)?;
        let limit = limit(planned, "update");
        let live = wait::wait(cluster, &kind, &target.name(&kind), planned, live, limit).await?;
        Ok(Object { private: request.private, ..applied(live, planned) })
    }

    async fn delete(
        &self,
        context: &CallContext,
        request: DeleteRequest,
    ) -> Result<(), ProviderError> {
        let cluster = context.client::<Cluster>();
        let prior = &request.prior.value;
        let Some(target) = Target::of(prior, None) else { return Ok(()) };
        let kind = match cluster.kind(&target.api_version, &target.kind, false).await {
            Ok(kind) => kind,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(target.failed("delete", prior, error)),
        };
        cluster.remove(&kind, &target.name(&kind), None, limit(prior, "delete")).await
    }

    async fn settle(
        &self,
        context: &CallContext,
        request: SettleRequest,
    ) -> Result<Settled, ProviderError> {
        let cluster = context.client::<Cluster>();
        let (planned, token) = (&request.planned, request.intent.token.as_str());
        let Some(target) =
            Target::of(request.prior.as_ref().map_or(planned, |prior| &prior.value), Some(token))
        else {
            return Ok(Settled::Absent);
        };
        let failed = |error: ApiError| target.failed("read", planned, error);
        let kind = match cluster.kind(&target.api_version, &target.kind, false).await {
            Ok(kind) => kind,
            Err(error) if error.is_not_found() => return Ok(Settled::Absent),
            Err(error) => return Err(failed(error)),
        };
        let name = target.name(&kind);
        let Some(live) = cluster.object(&kind, &name).await.map_err(failed)? else {
            return Ok(Settled::Absent);
        };
        if let Some(prior) = &request.prior {
            let before = Object {
                private: prior.private.clone(),
                ..seen(&Live::new(live.clone()), &prior.value)
            };
            if before.value == prior.value {
                return Ok(Settled::Exists(before));
            }
        } else if made_by(&live) != Some(token) {
            return Ok(Settled::Absent);
        }
        let in_effect = is_in_effect(cluster, &kind, &target, planned, &live).await;
        let whole = |live: &Json| {
            let seen = if in_effect {
                applied(live.clone(), planned)
            } else {
                seen(&Live::new(live.clone()), planned)
            };
            Object { private: request.private.clone(), ..seen }
        };
        let limit = limit(planned, "create");
        let ready = wait::wait(cluster, &kind, &name, planned, live.clone(), limit).await;
        Ok(match ready {
            Ok(live) => Settled::Exists(whole(&live)),
            Err(error) => Settled::Unfinished(whole(&live), error),
        })
    }

    async fn import(&self, context: &CallContext, id: &str) -> Result<Imported, ProviderError> {
        let cluster = context.client::<Cluster>();
        let target = parse_import_id(id).ok_or_else(|| {
            let message = format!("{id:?} is not of the form apiVersion=V,kind=K,namespace=NS,name=N (namespace where it has one).");
            ProviderError::rejected("Invalid import id", message)
        })?;
        let failed = |error: ApiError| target.failed("read", &Value::NULL, error);
        let kind = cluster.kind(&target.api_version, &target.kind, false).await.map_err(failed)?;
        let live = cluster.object(&kind, &target.name(&kind)).await.map_err(failed)?;
        let live = live.ok_or_else(|| {
            ProviderError::rejected("Object not found", format!("{id} does not exist."))
        })?;
        let live = Live::new(live);
        let block = &SCHEMA.schema.block;
        let none = block
            .attributes
            .iter()
            .map(|(name, attribute)| (name.clone(), Value::Null(attribute.ty.clone())));
        let none = none.chain(block.blocks.iter().map(|(name, nested)| {
            (name.clone(), Value::list(nested.block.implied_type(), Vec::new()))
        }));
        let value = Value::object(none.collect::<Vec<_>>());
        let manifest = live.adopted(&[FIELD_MANAGER, "Terraform"]);
        let value = with_attributes(&value, [("manifest", manifest), ("object", live.value())]);
        Ok(Imported { object: value.into() })
    }
}

fn rejected(message: &str) -> ApiError {
    ApiError::unanswered(kprov_provider::ErrorClass::Rejected, message.to_owned())
}

fn import_id(kind: &Kind, name: &Name) -> String {
    let namespace =
        name.0.as_ref().map(|namespace| format!("namespace={namespace},")).unwrap_or_default();
    format!("apiVersion={},kind={},{namespace}name={}", kind.api_version, kind.kind, name.1)
}

fn parse_import_id(id: &str) -> Option<Target> {
    let mut parts = BTreeMap::new();
    for part in id.split(',') {
        let (key, value) = part.split_once('=')?;
        let known = ["apiVersion", "kind", "namespace", "name"].contains(&key.trim());
        if !known || value.is_empty() || parts.insert(key.trim(), value.trim().to_owned()).is_some()
        {
            return None;
        }
    }
    Some(Target {
        api_version: parts.remove("apiVersion")?,
        kind: parts.remove("kind")?,
        namespace: parts.remove("namespace").unwrap_or_else(|| "default".to_owned()),
        name: parts.remove("name")?,
    })
}
