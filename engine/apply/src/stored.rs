//! Objects between the engine's form (a [`Value`] with marks) and the state's (Terraform v4
//! attribute JSON, sensitive paths apart).
//!
//! The schema gives the type. Ephemeral values never get here: `encode` refuses them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use kprov_core::value::JsonReader;
use kprov_core::{
    Marks, ObjectAddr, ObjectType, Path, PathStep, ProviderAddr, ProviderConfigAddr, ResourceMode,
    ResourceName, Str, Type, Value, value,
};
use kprov_plan::{PriorObject, PriorState};
use kprov_provider::{Block, Provider, Registry, Schema};
use kprov_state::{ObjectStatus, State, StoredObject};
use serde_json::value::RawValue;

/// Why an object of the state could not be understood, or could not be stored.
#[derive(Debug, thiserror::Error)]
#[error("{address}: {message}")]
pub struct StoredError {
    /// Which object.
    pub address: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// The attributes as JSON and the sensitive paths in them.
///
/// # Errors
/// When the value is not wholly known, is ephemeral, or is not of type `ty`, which a schema implies.
pub fn encode(value: &Value, ty: &Type) -> Result<(Box<RawValue>, Option<Box<RawValue>>), String> {
    let sensitive = value::paths_where(value, |part| part.marks().contains(Marks::SENSITIVE));
    let (bare, marks) = value.clone().unmark_deep();
    if marks.contains(Marks::EPHEMERAL) {
        return Err("an ephemeral value cannot be stored".to_owned());
    }
    let json = value::to_json(&bare, ty).map_err(|error| error.to_string())?;
    let attributes = raw(&json)?;
    if sensitive.is_empty() {
        return Ok((attributes, None));
    }
    let paths: Vec<_> = sensitive.iter().map(path_to_json).collect();
    Ok((attributes, Some(raw(&serde_json::Value::Array(paths))?)))
}

/// All objects of a state, decoded. Those whose provider or type this program does not have are
/// left out and reported.
pub fn decode_state(state: &State, registry: &Registry) -> (PriorState, Vec<StoredError>) {
    let mut prior = PriorState::default();
    let mut errors = Vec::new();
    let mut decoding = Decoding::default();
    for (address, stored) in &state.objects {
        match decoding.decode(address, stored, registry) {
            Ok(object) => {
                prior.objects.insert(address.clone(), object);
            }
            Err(message) => errors.push(StoredError { address: address.to_string(), message }),
        }
    }
    for (name, output) in &state.outputs {
        match decode_output(output) {
            Ok(value) => {
                prior.outputs.insert(name.clone(), value);
            }
            Err(message) => errors.push(StoredError { address: format!("output.{name}"), message }),
        }
    }
    (prior, errors)
}

fn provider_of<'r>(
    registry: &'r Registry,
    config: &ProviderConfigAddr,
) -> Result<&'r Arc<dyn Provider>, String> {
    let provider = registry.get(&config.provider);
    provider.ok_or_else(|| format!("this program has no provider {}", config.provider))
}

fn schema_of<'p>(
    provider: &'p Arc<dyn Provider>,
    resource: &ResourceName,
) -> Result<&'p Schema, String> {
    let schemas = provider.schema();
    match resource.mode {
        ResourceMode::Managed => schemas.resources.get(&resource.ty).map(|r| &r.schema),
        ResourceMode::Data => schemas.data_sources.get(&resource.ty),
        ResourceMode::Ephemeral => None,
    }
    .ok_or_else(|| format!("provider {} has no type {}", provider.addr(), resource.ty))
}

/// The schema by which objects of a type are stored.
///
/// # Errors
/// When this program does not have the provider or the type.
pub fn stored_schema<'r>(
    registry: &'r Registry,
    config: &ProviderConfigAddr,
    resource: &ResourceName,
) -> Result<&'r Schema, String> {
    schema_of(provider_of(registry, config)?, resource)
}

/// One object, decoded by the schema of its type.
///
/// # Errors
/// When the type is not known here, or the attributes do not follow its schema.
pub fn decode(
    address: &ObjectAddr,
    stored: &StoredObject,
    registry: &Registry,
) -> Result<PriorObject, String> {
    Decoding::default().decode(address, stored, registry)
}

/// The types that schemas imply, each made once: that is dear, and objects are many.
#[derive(Debug, Default)]
pub(crate) struct StoredTypes {
    managed: HashMap<ProviderAddr, HashMap<Str, Type>>,
    data: HashMap<ProviderAddr, HashMap<Str, Type>>,
}

impl StoredTypes {
    /// The type of a resource's objects; `block` is that resource's.
    pub(crate) fn of(
        &mut self,
        provider: &ProviderAddr,
        resource: &ResourceName,
        block: &Block,
    ) -> &Type {
        let all = match resource.mode {
            ResourceMode::Managed => &mut self.managed,
            // Ephemeral ones have no schema to be stored by, so they never come here.
            ResourceMode::Data | ResourceMode::Ephemeral => &mut self.data,
        };
        // Clones of addresses and names are cheap: their texts are shared.
        let types = all.entry(provider.clone()).or_default();
        types.entry(resource.ty.clone()).or_insert_with(|| block.implied_type())
    }
}

/// What many objects have in common.
#[derive(Default)]
struct Decoding {
    reader: JsonReader,
    types: StoredTypes,
}

impl Decoding {
    fn decode(
        &mut self,
        address: &ObjectAddr,
        stored: &StoredObject,
        registry: &Registry,
    ) -> Result<PriorObject, String> {
        let provider = provider_of(registry, &stored.provider)?;
        let resource = &address.instance.resource;
        let schema = schema_of(provider, resource)?;
        let mut text = Cow::Borrowed(stored.attributes.get());
        if stored.schema_version > schema.version {
            return Err(format!(
                "stored with schema version {}, this program knows up to {}; use a newer kprov",
                stored.schema_version, schema.version
            ));
        }
        if stored.schema_version < schema.version
            && let Some(resource) = provider.resource(&resource.ty)
        {
            let upgraded = resource.upgrade(stored.schema_version, &text);
            text = upgraded.map_err(|error| error.to_string())?.into();
        }
        let ty = self.types.of(&stored.provider.provider, resource, &schema.block);
        let Type::Object(ty) = ty else {
            return Err("the schema is not an object".to_owned());
        };
        let value = match self.reader.object(&text, ty) {
            Some(value) => value,
            None => decode_attributes(&text, ty)?,
        };
        let value = mark(value, stored.sensitive_paths.as_deref())?;
        Ok(PriorObject {
            provider: stored.provider.clone(),
            value,
            private: stored.private.clone(),
            tainted: stored.status == ObjectStatus::Tainted,
            dependencies: stored.dependencies.clone(),
            create_before_destroy: stored.create_before_destroy,
        })
    }
}

/// Attributes that the JSON lacks are null, those that the schema lacks are dropped: both happen
/// when a schema grew or shrank without a new version.
fn decode_attributes(text: &str, ty: &ObjectType) -> Result<Value, String> {
    let json: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let serde_json::Value::Object(mut members) = json else {
        return Err("the stored attributes are not an object".to_owned());
    };
    let mut entries: Vec<(Str, Value)> = Vec::with_capacity(ty.attributes().len());
    for (name, ty) in ty.attributes() {
        let member = members.remove(name.as_str()).unwrap_or(serde_json::Value::Null);
        let value =
            value::from_json(&member, ty).map_err(|error| format!("attribute {name}: {error}"))?;
        entries.push((name.clone(), value));
    }
    Ok(Value::object(entries))
}

fn decode_output(output: &kprov_state::OutputRecord) -> Result<Value, String> {
    let ty: serde_json::Value =
        serde_json::from_str(output.ty.get()).map_err(|error| error.to_string())?;
    let ty = value::type_from_json(&ty).ok_or("the stored type is not a type")?;
    let json: serde_json::Value =
        serde_json::from_str(output.value.get()).map_err(|error| error.to_string())?;
    let value = value::from_json(&json, &ty).map_err(|error| error.to_string())?;
    Ok(if output.sensitive { value.with_marks(Marks::SENSITIVE) } else { value })
}

/// Puts sensitive marks where the stored paths say; paths that lead nowhere any more are ignored.
pub(crate) fn mark(value: Value, paths: Option<&RawValue>) -> Result<Value, String> {
    let Some(paths) = paths else { return Ok(value) };
    let json: serde_json::Value =
        serde_json::from_str(paths.get()).map_err(|error| format!("sensitive paths: {error}"))?;
    let paths: Vec<Path> =
        json.as_array().into_iter().flatten().filter_map(path_from_json).collect();
    Ok(mark_paths(value, &paths))
}

/// Marks the parts that `paths` lead to as sensitive.
pub fn mark_paths(value: Value, paths: &[Path]) -> Value {
    if paths.is_empty() {
        return value;
    }
    value::transform(&value, &mut |path, part| {
        if paths.contains(path) { part.with_marks(Marks::SENSITIVE) } else { part }
    })
}

pub(crate) fn path_to_json(path: &Path) -> serde_json::Value {
    let steps = path.0.iter().map(|step| match step {
        PathStep::Attribute(name) => {
            serde_json::json!({"type": "get_attr", "value": name.as_str()})
        }
        PathStep::Key(key) => {
            serde_json::json!({"type": "index", "value": {"value": key.as_str(), "type": "string"}})
        }
        PathStep::Index(index) => {
            serde_json::json!({"type": "index", "value": {"value": index, "type": "number"}})
        }
        // Sets carry their items' marks themselves, so no path ends below one.
        PathStep::Item(_) => serde_json::json!({"type": "index", "value": null}),
    });
    serde_json::Value::Array(steps.collect())
}

fn path_from_json(json: &serde_json::Value) -> Option<Path> {
    let step = |step: &serde_json::Value| {
        let value = step.get("value")?;
        match step.get("type")?.as_str()? {
            "get_attr" => Some(PathStep::Attribute(value.as_str()?.into())),
            "index" => match value.get("value")? {
                serde_json::Value::String(key) => Some(PathStep::Key(key.as_str().into())),
                serde_json::Value::Number(index) => Some(PathStep::Index(index.as_u64()?)),
                _ => None,
            },
            _ => None,
        }
    };
    json.as_array()?.iter().map(step).collect::<Option<Vec<_>>>().map(Path)
}

pub(crate) fn raw(json: &serde_json::Value) -> Result<Box<RawValue>, String> {
    serde_json::value::to_raw_value(json).map_err(|error| error.to_string())
}
