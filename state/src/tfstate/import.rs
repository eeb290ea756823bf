//! Terraform's state file as ours. Anything that is not understood is an error that says where:
//! a state that was half read would make the next plan create things twice.

use std::collections::BTreeMap;

use kprov_core::addr::{is_identifier, parse_module, parse_provider_config, parse_resource};
use kprov_core::{
    DeposedKey, InstanceAddr, InstanceKey, ModuleAddr, ObjectAddr, ProviderConfigAddr,
    ResourceAddr, ResourceMode, ResourceName, Str,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Number, Value};

use crate::{ObjectStatus, OutputRecord, State, StateError, StoredObject};

/// Only this much is read of every version.
#[derive(Deserialize)]
struct Header {
    version: Option<Number>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    serial: u64,
    #[serde(default)]
    lineage: String,
    #[serde(default)]
    outputs: Option<BTreeMap<String, Output>>,
    #[serde(default)]
    resources: Option<Vec<Resource>>,
    #[serde(default)]
    check_results: Option<Vec<Box<RawValue>>>,
}

#[derive(Deserialize)]
struct Output {
    value: Box<RawValue>,
    #[serde(rename = "type")]
    ty: Box<RawValue>,
    #[serde(default)]
    sensitive: bool,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    module: String,
    mode: String,
    #[serde(rename = "type")]
    ty: String,
    name: String,
    provider: String,
    #[serde(default)]
    instances: Vec<Instance>,
}

#[derive(Deserialize)]
struct Instance {
    #[serde(default)]
    index_key: InstanceKey,
    #[serde(default)]
    status: String,
    #[serde(default)]
    deposed: String,
    #[serde(default)]
    schema_version: u64,
    attributes: Option<Box<RawValue>>,
    attributes_flat: Option<Box<RawValue>>,
    #[serde(default)]
    sensitive_attributes: Option<Box<RawValue>>,
    #[serde(default)]
    private: String,
    #[serde(default)]
    dependencies: Vec<String>,
    #[serde(default)]
    create_before_destroy: bool,
}

/// Reads a version 4 file. `dependencies` are kept as they stand there, transitive ones included.
///
/// # Errors
/// [`StateError::NotTerraformState`] says what is wrong and where.
pub fn import(text: &str) -> Result<State, StateError> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return refuse("it is empty");
    }
    check_version(text)?;
    let file: File = serde_json::from_str(text).or_else(|error| refuse(at(&error)))?;
    let mut state = State { lineage: file.lineage, serial: file.serial, ..State::default() };
    for (name, output) in file.outputs.into_iter().flatten() {
        let subject = format!("output {name:?}");
        let record = OutputRecord {
            value: compact(&subject, &output.value)?,
            ty: compact(&subject, &output.ty)?,
            sensitive: output.sensitive,
        };
        state.outputs.insert(Str::from(name), record);
    }
    let mut addresses = Addresses::default();
    for resource in file.resources.into_iter().flatten() {
        addresses.take(resource, &mut state)?;
    }
    for check in file.check_results.into_iter().flatten() {
        state.checks.push(compact("check_results", &check)?);
    }
    Ok(state)
}

fn refuse<T>(what: impl Into<String>) -> Result<T, StateError> {
    Err(StateError::NotTerraformState(what.into()))
}

fn check_version(text: &str) -> Result<(), StateError> {
    let header: Header = serde_json::from_str(text).or_else(|error| refuse(at(&error)))?;
    match header.version.as_ref().and_then(Number::as_u64) {
        Some(4) => Ok(()),
        Some(old @ 1..=3) => refuse(format!(
            "its version is {old}, that of Terraform before 0.12; let Terraform 0.13 write it anew"
        )),
        Some(new @ 5..) => refuse(format!("its version is {new}; this kprov knows version 4 only")),
        Some(0) | None => refuse("it has no version; a state file begins with \"version\": 4"),
    }
}

/// Where and what, without quoting the text: it may hold secrets.
fn at(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let place = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        Category::Eof => format!("it ends in the middle ({place}); is it cut off?"),
        Category::Syntax => format!("it is not JSON ({place})"),
        Category::Data | Category::Io => {
            let message = error.to_string();
            // "missing field `x`" and the like name our fields; others quote the file's values.
            match message.split(" at line ").next() {
                Some(known) if known.starts_with("missing field") => format!("{known} ({place})"),
                _ => format!("a value has the wrong type ({place})"),
            }
        }
    }
}

/// JSON without blanks. Through a value, which has a limit of depth.
fn compact(subject: &str, raw: &RawValue) -> Result<Box<RawValue>, StateError> {
    let value: Value = serde_json::from_str(raw.get())
        .or_else(|_| refuse(format!("{subject} is nested too deeply")))?;
    serde_json::value::to_raw_value(&value).or_else(|error| refuse(format!("{subject}: {error}")))
}

/// Parses what repeats once.
#[derive(Default)]
struct Addresses {
    modules: BTreeMap<String, ModuleAddr>,
    providers: BTreeMap<String, ProviderConfigAddr>,
    resources: BTreeMap<String, ResourceAddr>,
}

impl Addresses {
    fn take(&mut self, resource: Resource, state: &mut State) -> Result<(), StateError> {
        let subject = |what: &dyn std::fmt::Display| {
            let dot = if resource.module.is_empty() { "" } else { "." };
            let (module, ty, name) = (&resource.module, &resource.ty, &resource.name);
            format!("resource {module}{dot}{ty}.{name}: {what}")
        };
        let mode = match resource.mode.as_str() {
            "managed" => ResourceMode::Managed,
            "data" => ResourceMode::Data,
            other => return refuse(subject(&format!("unknown mode {other:?}"))),
        };
        for name in [&resource.ty, &resource.name] {
            if !is_identifier(name) {
                return refuse(subject(&format!("{name:?} is not a name")));
            }
        }
        let module = match resource.module.as_str() {
            "" => ModuleAddr::root(),
            text => once(&mut self.modules, text, parse_module)
                .or_else(|error| refuse(subject(&error)))?,
        };
        let provider = once(&mut self.providers, &resource.provider, parse_provider_config)
            .or_else(|error| refuse(subject(&error)))?;
        let (ty, name) = (Str::new(&resource.ty), Str::new(&resource.name));
        let resource_name = ResourceName { mode, ty, name };
        for instance in resource.instances {
            let (module, resource) = (module.clone(), resource_name.clone());
            let key = instance.index_key.clone();
            let deposed = match instance.deposed.as_str() {
                "" => None,
                key => Some(DeposedKey(Str::new(key))),
            };
            let address = ObjectAddr { instance: InstanceAddr { module, resource, key }, deposed };
            let object = self.object(&address, instance, &provider)?;
            if state.objects.contains_key(&address) {
                return refuse(format!("{address} is there twice"));
            }
            state.objects.insert(address, object);
        }
        Ok(())
    }

    fn object(
        &mut self,
        address: &ObjectAddr,
        instance: Instance,
        provider: &ProviderConfigAddr,
    ) -> Result<StoredObject, StateError> {
        let subject = address.to_string();
        let status = match instance.status.as_str() {
            "" => ObjectStatus::Ready,
            "tainted" => ObjectStatus::Tainted,
            other => return refuse(format!("{subject}: unknown status {other:?}")),
        };
        let attributes = match (&instance.attributes, &instance.attributes_flat) {
            (Some(attributes), _) => compact(&subject, attributes)?,
            (None, Some(_)) => {
                return refuse(format!(
                    "{subject} has attributes as Terraform before 0.12 wrote them; let a newer \
                     Terraform write it anew"
                ));
            }
            (None, None) => return refuse(format!("{subject} has no attributes")),
        };
        if !attributes.get().starts_with('{') {
            return refuse(format!("{subject}: its attributes are not an object"));
        }
        let sensitive = match &instance.sensitive_attributes {
            Some(paths) => Some(compact(&subject, paths)?),
            None => None,
        };
        let mut dependencies = Vec::with_capacity(instance.dependencies.len());
        for text in &instance.dependencies {
            let dependency = once(&mut self.resources, text, parse_resource)
                .or_else(|error| refuse(format!("{subject}: dependencies: {error}")))?;
            dependencies.push(dependency);
        }
        let Some(private) = crate::bytes::decode(&instance.private) else {
            return refuse(format!("{subject}: its private data is not base64"));
        };
        Ok(StoredObject {
            provider: provider.clone(),
            schema_version: instance.schema_version,
            attributes,
            sensitive_paths: sensitive.filter(|paths| !matches!(paths.get(), "[]" | "null")),
            status,
            dependencies,
            create_before_destroy: instance.create_before_destroy,
            private,
        })
    }
}

fn once<T: Clone, E>(
    known: &mut BTreeMap<String, T>,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, E> {
    if let Some(value) = known.get(text) {
        return Ok(value.clone());
    }
    let value = parse(text)?;
    known.insert(text.to_owned(), value.clone());
    Ok(value)
}
