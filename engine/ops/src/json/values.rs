//! `values` of the state format, which the plan format uses too: outputs, and resources in a tree of
//! modules.

use std::collections::BTreeMap;

use kprov_core::{
    DeposedKey, InstanceAddr, InstanceKey, ModuleAddr, ProviderAddr, ResourceMode, Str, Type,
    Value, value,
};
use serde_json::{Map, Value as Json, json};

use super::bools::{known_part, sensitive_shadow};

/// One object to be shown.
pub(super) struct Shown<'a> {
    pub(super) addr: &'a InstanceAddr,
    pub(super) deposed: Option<&'a DeposedKey>,
    pub(super) provider: &'a ProviderAddr,
    pub(super) schema_version: u64,
    pub(super) value: &'a Value,
    pub(super) depends_on: Vec<String>,
    pub(super) tainted: bool,
}

#[derive(Default)]
struct Module {
    resources: Vec<Json>,
    children: BTreeMap<ModuleAddr, Module>,
}

/// `{"outputs": ..., "root_module": ...}`; empty parts are left out.
pub(super) fn values(outputs: Option<Json>, objects: &[Shown<'_>]) -> Map<String, Json> {
    let mut root = Module::default();
    for object in objects {
        let mut module = &mut root;
        for depth in 1..=object.addr.module.0.len() {
            let addr = ModuleAddr(object.addr.module.0[..depth].into());
            module = module.children.entry(addr).or_default();
        }
        module.resources.push(resource(object));
    }
    let mut values = Map::new();
    if let Some(outputs) = outputs {
        values.insert("outputs".to_owned(), outputs);
    }
    values.insert("root_module".to_owned(), Json::Object(render(root, None)));
    values
}

fn render(module: Module, addr: Option<&ModuleAddr>) -> Map<String, Json> {
    let mut out = Map::new();
    if !module.resources.is_empty() {
        out.insert("resources".to_owned(), Json::Array(module.resources));
    }
    if let Some(addr) = addr {
        out.insert("address".to_owned(), json!(addr.to_string()));
    }
    if !module.children.is_empty() {
        let children = module.children.into_iter();
        let children = children.map(|(addr, child)| Json::Object(render(child, Some(&addr))));
        out.insert("child_modules".to_owned(), Json::Array(children.collect()));
    }
    out
}

fn resource(object: &Shown<'_>) -> Json {
    let mut out = Map::new();
    identify(&mut out, object.addr);
    out.insert("provider_name".to_owned(), json!(object.provider.to_string()));
    out.insert("schema_version".to_owned(), json!(object.schema_version));
    // What the state only forgets is shown in a plan without content.
    if !object.value.is_null() {
        out.insert("values".to_owned(), known_part(object.value).unwrap_or(Json::Null));
    }
    out.insert("sensitive_values".to_owned(), sensitive_shadow(object.value));
    if !object.depends_on.is_empty() {
        out.insert("depends_on".to_owned(), json!(object.depends_on));
    }
    if object.tainted {
        out.insert("tainted".to_owned(), json!(true));
    }
    if let Some(key) = object.deposed {
        out.insert("deposed_key".to_owned(), json!(key.to_string()));
    }
    Json::Object(out)
}

/// `address`, `mode`, `type`, `name`, `index`.
pub(super) fn identify(out: &mut Map<String, Json>, addr: &InstanceAddr) {
    out.insert("address".to_owned(), json!(addr.to_string()));
    out.insert("mode".to_owned(), json!(mode(addr.resource.mode)));
    out.insert("type".to_owned(), json!(addr.resource.ty.as_str()));
    out.insert("name".to_owned(), json!(addr.resource.name.as_str()));
    match &addr.key {
        InstanceKey::None => {}
        InstanceKey::Int(index) => {
            out.insert("index".to_owned(), json!(index));
        }
        InstanceKey::String(key) => {
            out.insert("index".to_owned(), json!(key.as_str()));
        }
    }
}

pub(super) fn mode(mode: ResourceMode) -> &'static str {
    match mode {
        ResourceMode::Managed => "managed",
        ResourceMode::Data => "data",
        ResourceMode::Ephemeral => "ephemeral",
    }
}

/// `{"name": {"sensitive", "type", "value"}}`; without the value of what is not known.
pub(super) fn outputs<'a>(outputs: impl Iterator<Item = (&'a Str, &'a Value, bool)>) -> Json {
    let mut out = Map::new();
    for (name, value, sensitive) in outputs {
        let mut entry = Map::new();
        entry.insert("sensitive".to_owned(), json!(sensitive));
        if value.is_wholly_known() {
            // A null has no type once it was stored.
            let ty = if value.is_null() { Type::Dynamic } else { value.ty() };
            entry.insert("type".to_owned(), value::type_to_json(&ty));
            entry.insert("value".to_owned(), known_part(value).unwrap_or(Json::Null));
        }
        out.insert(name.to_string(), Json::Object(entry));
    }
    Json::Object(out)
}
