//! The `metadata` block of all types.
//!
//! Labels and annotations that Kubernetes writes itself (`*.kubernetes.io/*`), that the provider's configuration ignores
//! or that this provider needs are not shown, unless the configuration names them.

use kprov_core::{Path, PathStep, Str, Type, Value};
use kprov_provider::{Attribute, AttributeError, Block, NestedBlock, Nesting, attribute};
use regex::Regex;
use serde_json::{Map, Value as Json, json};

use crate::objects::{MADE_BY, Name};

/// Which labels and annotations not to look at: `ignore_labels`, `ignore_annotations`.
#[derive(Debug, Default)]
pub(crate) struct Ignored {
    pub(crate) labels: Vec<Regex>,
    pub(crate) annotations: Vec<Regex>,
}

/// What a kind's `metadata` block has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) namespaced: bool,
    pub(crate) generates: bool,
}

/// Of a resource.
pub(crate) fn block(shape: Shape) -> NestedBlock {
    let map = || Attribute::new(Type::map(Type::String)).optional();
    let mut all = vec![
        ("annotations", map().describe("Annotations.")),
        ("labels", map().describe("Labels.")),
        (
            "generation",
            Attribute::new(Type::Number)
                .computed()
                .describe("Counts changes of the wish; 0 where the kind does not count."),
        ),
        (
            "resource_version",
            Attribute::new(Type::String)
                .computed()
                .describe("Changes with every change of the object."),
        ),
        (
            "uid",
            Attribute::new(Type::String).computed().describe("Of this object, never used again."),
        ),
        (
            "name",
            Attribute::new(Type::String)
                .optional()
                .computed()
                .force_new()
                .describe("The name, unique in its namespace."),
        ),
    ];
    if shape.generates {
        let generate = Attribute::new(Type::String).optional().force_new();
        all.push(("generate_name", generate.describe("Instead of a name: how it begins.")));
    }
    if shape.namespaced {
        let namespace = Attribute::new(Type::String).default("default".into()).force_new();
        all.push(("namespace", namespace.describe("The namespace.")));
    }
    nested(all.into_iter().collect(), 1)
}

/// Of a data source: looked up by name.
pub(crate) fn looked_up(namespaced: bool) -> NestedBlock {
    let mut block = block(Shape { namespaced, generates: false });
    for name in ["annotations", "labels"] {
        let map = Attribute::new(Type::map(Type::String)).optional().computed();
        block.block.attributes.insert(name.into(), map.describe("As they are."));
    }
    let name = Attribute::new(Type::String).required().describe("The name.");
    block.block.attributes.insert("name".into(), name);
    block
}

/// A block that stands at most once.
pub(crate) fn nested(attributes: Vec<(&str, Attribute)>, min_items: u64) -> NestedBlock {
    let attributes = attributes.into_iter().map(|(name, attribute)| (Str::from(name), attribute));
    let block = Block { attributes: attributes.collect(), ..Block::default() };
    NestedBlock { nesting: Nesting::List, block, min_items, max_items: 1, force_new: false }
}

/// The one item of the block.
pub(crate) fn of(value: &Value) -> Value {
    attribute(value, "metadata")
        .as_items()
        .and_then(<[Value]>::first)
        .cloned()
        .unwrap_or(Value::NULL)
}

/// `metadata[0].NAME`
pub(crate) fn path(name: &str) -> Path {
    Path::attribute("metadata").then(PathStep::Index(0)).then(PathStep::Attribute(name.into()))
}

/// A field that the API names, as an attribute.
pub(crate) fn place(steps: &[PathStep]) -> Option<Path> {
    let [PathStep::Attribute(metadata), PathStep::Attribute(name), ..] = steps else { return None };
    let known = ["name", "namespace", "labels", "annotations"].contains(&name.as_str());
    (metadata == "metadata" && known).then(|| path(name))
}

/// Namespace and name of a known object.
pub(crate) fn name_of(value: &Value, namespaced: bool) -> Option<Name> {
    let metadata = of(value);
    let name = attribute(&metadata, "name").as_str()?.to_owned();
    let namespace = attribute(&metadata, "namespace").as_str().unwrap_or("default").to_owned();
    Some((namespaced.then_some(namespace), name))
}

/// Namespace and name of a new object; a generated name comes from the operation's token, so that a second try makes no
/// second object.
pub(crate) fn new_name(value: &Value, namespaced: bool, token: &str) -> Option<Name> {
    if let Some(named) = name_of(value, namespaced) {
        return Some(named);
    }
    let metadata = of(value);
    let prefix = attribute(&metadata, "generate_name").as_str()?.to_owned();
    let suffix: String = token.chars().filter(char::is_ascii_hexdigit).take(8).collect();
    let namespace = attribute(&metadata, "namespace").as_str().unwrap_or("default").to_owned();
    Some((namespaced.then_some(namespace), format!("{prefix}{suffix}")))
}

/// `NAMESPACE/NAME` or `NAME`
pub(crate) fn id(name: &Name) -> String {
    match &name.0 {
        Some(namespace) => format!("{namespace}/{}", name.1),
        None => name.1.clone(),
    }
}

/// The reverse of [`id`].
pub(crate) fn parse_id(id: &str, namespaced: bool) -> Option<Name> {
    let fine =
        |part: &str| !part.is_empty() && !part.contains('/') && !part.contains(char::is_whitespace);
    match (namespaced, id.split_once('/')) {
        (true, Some((namespace, name))) if fine(namespace) && fine(name) => {
            Some((Some(namespace.to_owned()), name.to_owned()))
        }
        (false, None) if fine(id) => Some((None, id.to_owned())),
        _ => None,
    }
}

/// For the API; a new object also says which operation makes it.
pub(crate) fn write(value: &Value, name: &Name, token: Option<&str>) -> Json {
    let metadata = of(value);
    let mut json = json!({"name": name.1});
    if let Some(namespace) = &name.0 {
        json["namespace"] = json!(namespace);
    }
    for key in ["labels", "annotations"] {
        let map = crate::codec::write(key, &attribute(&metadata, key));
        json[key] = map.unwrap_or_else(|| json!({}));
    }
    if let Some(token) = token {
        json["annotations"][MADE_BY] = json!(token);
    }
    json
}

/// A merge patch from what is there to what is planned.
pub(crate) fn patch(prior: &Value, planned: &Value) -> Json {
    let (prior, planned) = (of(prior), of(planned));
    let mut json = json!({});
    for key in ["labels", "annotations"] {
        json[key] = map_patch(&attribute(&prior, key), &attribute(&planned, key));
    }
    json
}

/// What makes one map of the other: null for what goes, or for all of it.
pub(crate) fn map_patch(prior: &Value, planned: &Value) -> Json {
    if planned.as_entries().is_none_or(|entries| entries.is_empty()) {
        return Json::Null;
    }
    let mut changes = Map::new();
    for (key, _) in prior.as_entries().into_iter().flatten() {
        changes.insert(key.as_str().to_owned(), Json::Null);
    }
    for (key, value) in planned.as_entries().into_iter().flatten() {
        changes.insert(key.as_str().to_owned(), value.as_str().map_or(Json::Null, Json::from));
    }
    Json::Object(changes)
}

/// The block as it is there; `reference` is what is known of it or wanted.
pub(crate) fn read(live: &Json, reference: &Value, ty: &Type, ignored: &Ignored) -> Value {
    let Some(Type::Object(object)) = ty.element() else { return Value::Null(ty.clone()) };
    let (metadata, known) = (&live["metadata"], of(reference));
    let attributes = object.attributes().iter().map(|(name, ty)| {
        let value = match name.as_str() {
            "generation" => Value::int(metadata["generation"].as_i64().unwrap_or(0)),
            "generate_name" => attribute(&known, "generate_name"),
            "labels" => shown(&metadata["labels"], &attribute(&known, "labels"), &ignored.labels),
            "annotations" => shown(
                &metadata["annotations"],
                &attribute(&known, "annotations"),
                &ignored.annotations,
            ),
            name => crate::codec::read(&metadata[crate::codec::json_name(name, ty).as_str()], ty),
        };
        let value = if value.is_null() { Value::Null(ty.clone()) } else { value };
        (name.clone(), value)
    });
    let item = Value::object(attributes);
    Value::list(item.ty(), vec![item])
}

fn shown(live: &Json, known: &Value, ignored: &[Regex]) -> Value {
    let entries = live.as_object().into_iter().flatten().filter(|(key, _)| {
        known.get(key).is_some()
            || !(is_kubernetes(key)
                || *key == MADE_BY
                || ignored.iter().any(|regex| regex.is_match(key)))
    });
    let entries =
        entries.filter_map(|(key, value)| Some((Str::from(key), Value::string(value.as_str()?))));
    let map = Value::map(Type::String, entries.collect());
    let empty = map.as_entries().is_some_and(|entries| entries.is_empty());
    match known {
        Value::Map(_) if empty => map,
        _ if empty => Value::Null(Type::map(Type::String)),
        _ => map,
    }
}

fn is_kubernetes(key: &str) -> bool {
    let Some((domain, _)) = key.split_once('/') else { return false };
    domain == "kubernetes.io" || domain.ends_with(".kubernetes.io")
}

/// Problems of the block that can be told without a cluster.
pub(crate) fn validate(config: &Value, is_name: fn(&str) -> bool) -> Vec<AttributeError> {
    let all = attribute(config, "metadata");
    let Some([metadata]) = all.as_items() else { return Vec::new() };
    if !metadata.is_known() {
        return Vec::new();
    }
    let get = |name: &str| attribute(metadata, name);
    let mut problems = Vec::new();
    let mut wrong = |name: &str, message: String| {
        problems.push(AttributeError::new(path(name), "Invalid metadata", message));
    };
    match (get("name"), get("generate_name")) {
        (name, prefix) if name.is_null() && prefix.is_null() => {
            wrong("name", "One of name and generate_name is needed.".to_owned());
        }
        (name, prefix) if !name.is_null() && !prefix.is_null() => {
            wrong("generate_name", "Only one of name and generate_name can be set.".to_owned());
        }
        (name, _) => {
            if let Some(name) = name.as_str().filter(|name| !is_name(name)) {
                wrong("name", format!("{name:?} is no name that Kubernetes allows for this kind."));
            }
        }
    }
    for kind in ["labels", "annotations"] {
        for (key, value) in get(kind).as_entries().into_iter().flatten() {
            if !is_key(key) {
                wrong(
                    kind,
                    format!(
                        "{:?} is no key: PREFIX/NAME or NAME, of letters, digits, '-', '_' and '.'.",
                        key.as_str()
                    ),
                );
            } else if let Some(text) =
                value.as_str().filter(|text| kind == "labels" && !is_label(text))
            {
                wrong(
                    kind,
                    format!(
                        "{text:?} is no value of a label: at most 63 letters, digits, '-', '_' and '.'."
                    ),
                );
            }
        }
    }
    problems
}

fn is_word(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && edge(text.chars().next())
        && edge(text.chars().last())
        && text.chars().all(inner)
}

fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_word(name),
        None => is_word(key),
    }
}

fn is_label(text: &str) -> bool {
    text.is_empty() || is_word(text)
}

/// RFC 1123 subdomain: what most kinds want.
pub(crate) fn is_subdomain(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.chars().all(inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// RFC 1123 label: namespaces.
pub(crate) fn is_dns_label(name: &str) -> bool {
    is_subdomain(name) && !name.contains('.') && name.len() <= 63
}

/// What can stand in a path: roles and bindings (`system:nodes`).
pub(crate) fn is_path_part(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '%'])
}
