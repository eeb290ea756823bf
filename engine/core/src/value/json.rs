//! JSON as Terraform writes it: values by type (state files, `output -json`), and types themselves
//! (`["object",{"a":"string"}]`).
//!
//! What is read comes from outside: nothing here panics, whatever it holds.

use serde_json::{Map, Value as Json};

use crate::{Entries, Number, ObjectType, Path, PathStep, Str, Type, Value};

/// Why JSON does not hold a value of the wanted type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JsonError {
    /// Which part is at fault.
    pub path: Path,
    /// What is wrong.
    pub message: String,
}

type Result<T> = std::result::Result<T, JsonError>;

/// A known value as JSON. Where `ty` is `Dynamic`, wraps in `{"value": ..., "type": ...}` as go-cty
/// does, but for a null without a type; pass the value's own type for plain JSON. Marks are
/// dropped: the caller must have dealt with them. Unknown values are an error.
///
/// # Errors
/// The first part that is unknown or infinite.
pub fn to_json(value: &Value, ty: &Type) -> Result<Json> {
    write(value, Some(ty), &mut Path::root())
}

/// Without a type, the value is written plainly.
fn write(value: &Value, ty: Option<&Type>, path: &mut Path) -> Result<Json> {
    let value = value.bare();
    if matches!(ty, Some(Type::Dynamic)) && value.is_known() && value.ty() != Type::Dynamic {
        let mut wrapped = Map::new();
        wrapped.insert("value".to_owned(), write(value, None, path)?);
        wrapped.insert("type".to_owned(), type_to_json(&value.ty()));
        return Ok(Json::Object(wrapped));
    }
    let element = |index: usize| match ty {
        Some(Type::Tuple(types)) => types.get(index),
        Some(ty) => ty.element(),
        None => None,
    };
    Ok(match value {
        Value::Null(_) => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::String(text) => Json::String(text.as_str().to_owned()),
        Value::Number(number) => match number.to_json() {
            Some(number) => Json::Number(number),
            None => return fail(path, "cannot serialize infinity as JSON"),
        },
        Value::Unknown(_) => return fail(path, "value is not known"),
        Value::List(list) => write_items(list.items(), element, path)?,
        Value::Set(set) => write_items(set.items(), element, path)?,
        Value::Tuple(items) => write_items(items, element, path)?,
        Value::Map(map) => {
            let mut object = Map::new();
            for (key, item) in map.entries() {
                let item = at(path, PathStep::Key(key.clone()), |p| write(item, element(0), p))?;
                object.insert(key.as_str().to_owned(), item);
            }
            Json::Object(object)
        }
        Value::Object(entries) => {
            let mut object = Map::new();
            for (name, item) in entries.iter() {
                let item_type = match ty {
                    Some(Type::Object(attributes)) => attributes.get(name),
                    other => other.and_then(Type::element),
                };
                let step = PathStep::Attribute(name.clone());
                let item = at(path, step, |path| write(item, item_type, path))?;
                object.insert(name.as_str().to_owned(), item);
            }
            Json::Object(object)
        }
        Value::Marked(marked) => write(marked.value(), ty, path)?,
    })
}

fn write_items<'t>(
    items: &[Value],
    element: impl Fn(usize) -> Option<&'t Type>,
    path: &mut Path,
) -> Result<Json> {
    let mut array = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        array.push(at(path, PathStep::Index(i as u64), |path| write(item, element(i), path))?);
    }
    Ok(Json::Array(array))
}

/// The reverse of [`to_json`]. As in go-cty, strings that hold a number or bool are read as such
/// and the reverse; attributes that are missing are null; optional attributes are no different.
///
/// # Errors
/// The first part that does not fit.
pub fn from_json(json: &Json, ty: &Type) -> Result<Value> {
    read(json, ty, &mut Path::root())
}

fn read(json: &Json, ty: &Type, path: &mut Path) -> Result<Value> {
    if json.is_null() {
        return Ok(Value::Null(ty.without_optional()));
    }
    match ty {
        Type::Dynamic => read_dynamic(json, path),
        Type::Bool => match json {
            Json::Bool(truth) => Ok(Value::Bool(*truth)),
            Json::String(text) if text == "true" || text == "1" => Ok(Value::Bool(true)),
            Json::String(text) if text == "false" || text == "0" => Ok(Value::Bool(false)),
            _ => fail(path, "a bool is required"),
        },
        Type::Number => match json {
            Json::Number(number) => read_number(number.as_str(), path),
            Json::String(text) => read_number(text, path),
            _ => fail(path, "a number is required"),
        },
        Type::String => match json {
            Json::String(text) => Ok(Value::string(text.as_str())),
            Json::Number(number) => Ok(Value::string(number.as_str())),
            Json::Bool(truth) => Ok(Value::string(if *truth { "true" } else { "false" })),
            _ => fail(path, "a string is required"),
        },
        Type::List(element) => {
            let items = read_items(json, |_| Some(element), "a list is required", path)?;
            Ok(Value::list(element_type(element, items.first(), items.iter()), items))
        }
        Type::Set(element) => {
            let items = read_items(json, |_| Some(element), "a set is required", path)?;
            Ok(Value::set(element_type(element, items.first(), items.iter()), items))
        }
        Type::Map(element) => {
            let Json::Object(object) = json else { return fail(path, "a map is required") };
            let mut entries = Vec::with_capacity(object.len());
            for (key, item) in object {
                let key = Str::from(key);
                let item = at(path, PathStep::Key(key.clone()), |path| read(item, element, path))?;
                entries.push((key, item));
            }
            let entries: Entries = entries.into_iter().collect();
            let first = entries.values().next();
            Ok(Value::map(element_type(element, first, entries.values()), entries))
        }
        Type::Tuple(types) => {
            if json.as_array().is_some_and(|items| items.len() != types.len()) {
                return fail(path, &format!("a tuple of {} elements is required", types.len()));
            }
            read_items(json, |i| types.get(i), "a tuple is required", path).map(Value::tuple)
        }
        Type::Object(attributes) => read_object(json, attributes, path),
    }
}

fn read_number(text: &str, path: &Path) -> Result<Value> {
    match text.parse::<Number>() {
        Ok(number) => Ok(Value::Number(number)),
        Err(_) => fail(path, "a number is required"),
    }
}

fn read_items<'t>(
    json: &Json,
    element: impl Fn(usize) -> Option<&'t Type>,
    required: &str,
    path: &mut Path,
) -> Result<Vec<Value>> {
    let Json::Array(array) = json else { return fail(path, required) };
    let mut items = Vec::with_capacity(array.len());
    for (i, item) in array.iter().enumerate() {
        let Some(ty) = element(i) else { return fail(path, required) };
        items.push(at(path, PathStep::Index(i as u64), |path| read(item, ty, path))?);
    }
    Ok(items)
}

fn read_object(json: &Json, attributes: &ObjectType, path: &mut Path) -> Result<Value> {
    let Json::Object(object) = json else { return fail(path, "an object is required") };
    let mut given = std::collections::BTreeMap::new();
    for (name, item) in object {
        let name = Str::from(name);
        if attributes.get(&name).is_none() {
            return fail(path, &format!("unsupported attribute {:?}", name.as_str()));
        }
        given.insert(name, item);
    }
    let mut entries = Vec::with_capacity(attributes.attributes().len());
    for (name, ty) in attributes.attributes() {
        let item = given.get(name).copied().unwrap_or(&Json::Null);
        let step = PathStep::Attribute(name.clone());
        entries.push((name.clone(), at(path, step, |path| read(item, ty, path))?));
    }
    Ok(Value::object(entries))
}

fn read_dynamic(json: &Json, path: &mut Path) -> Result<Value> {
    let Json::Object(object) = json else {
        return fail(path, "an object with \"value\" and \"type\" is required");
    };
    if let Some(extra) = object.keys().find(|key| *key != "value" && *key != "type") {
        return fail(path, &format!("invalid key {extra:?} in dynamically-typed value"));
    }
    let Some(ty) = object.get("type") else {
        return fail(path, "missing type in dynamically-typed value");
    };
    let Some(ty) = type_from_json(ty) else {
        return fail(path, "invalid type in dynamically-typed value");
    };
    match object.get("value") {
        Some(value) => read(value, &ty, path),
        None => fail(path, "missing value in dynamically-typed value"),
    }
}

/// What a collection declared with `wanted` holds: with `Dynamic` inside, the type that all items
/// turned out to have.
pub(super) fn element_type<'v>(
    wanted: &Type,
    first: Option<&Value>,
    mut all: impl Iterator<Item = &'v Value>,
) -> Type {
    match first.map(Value::ty) {
        Some(found) if wanted.has_dynamic() => {
            if all.all(|item| item.ty() == found) {
                found
            } else {
                Type::Dynamic
            }
        }
        _ => wanted.without_optional(),
    }
}

/// The type that `jsondecode` gives: objects and tuples, never maps and lists.
pub fn implied_type(json: &Json) -> Type {
    match json {
        Json::Null => Type::Dynamic,
        Json::Bool(_) => Type::Bool,
        Json::Number(_) => Type::Number,
        Json::String(_) => Type::String,
        Json::Array(items) => Type::tuple(items.iter().map(implied_type)),
        Json::Object(entries) => {
            Type::object(entries.iter().map(|(name, item)| (Str::from(name), implied_type(item))))
        }
    }
}

/// A type in go-cty's JSON form: `"string"`, `["list","string"]`, `["object",{...},["optional"]]`.
pub fn type_to_json(ty: &Type) -> Json {
    let pair = |kind: &str, inner: Json| Json::Array(vec![Json::from(kind), inner]);
    match ty {
        Type::Dynamic => Json::from("dynamic"),
        Type::Bool => Json::from("bool"),
        Type::Number => Json::from("number"),
        Type::String => Json::from("string"),
        Type::List(element) => pair("list", type_to_json(element)),
        Type::Set(element) => pair("set", type_to_json(element)),
        Type::Map(element) => pair("map", type_to_json(element)),
        Type::Tuple(elements) => {
            pair("tuple", Json::Array(elements.iter().map(type_to_json).collect()))
        }
        Type::Object(object) => {
            let attributes: Map<String, Json> = object
                .attributes()
                .iter()
                .map(|(name, ty)| (name.as_str().to_owned(), type_to_json(ty)))
                .collect();
            let mut parts = vec![Json::from("object"), Json::Object(attributes)];
            if !object.optional().is_empty() {
                parts
                    .push(object.optional().iter().map(|name| Json::from(name.as_str())).collect());
            }
            Json::Array(parts)
        }
    }
}

/// The reverse of [`type_to_json`]; `None` if it is not a type.
pub fn type_from_json(json: &Json) -> Option<Type> {
    if let Json::String(name) = json {
        return match name.as_str() {
            "dynamic" => Some(Type::Dynamic),
            "bool" => Some(Type::Bool),
            "number" => Some(Type::Number),
            "string" => Some(Type::String),
            _ => None,
        };
    }
    let parts = json.as_array()?;
    let kind = parts.first()?.as_str()?;
    if kind == "object" {
        return object_from_json(&parts[1..]);
    }
    let [_, inner] = parts.as_slice() else { return None };
    match kind {
        "list" => type_from_json(inner).map(Type::list),
        "set" => type_from_json(inner).map(Type::set),
        "map" => type_from_json(inner).map(Type::map),
        "tuple" => {
            let elements: Option<Vec<Type>> =
                inner.as_array()?.iter().map(type_from_json).collect();
            elements.map(Type::tuple)
        }
        _ => None,
    }
}

fn object_from_json(parts: &[Json]) -> Option<Type> {
    let (attributes, optional) = match parts {
        [attributes] => (attributes, [].as_slice()),
        [attributes, optional] => (attributes, optional.as_array()?.as_slice()),
        _ => return None,
    };
    let attributes: Option<Vec<(Str, Type)>> = attributes
        .as_object()?
        .iter()
        .map(|(name, ty)| Some((Str::from(name), type_from_json(ty)?)))
        .collect();
    let optional: Option<Vec<Str>> =
        optional.iter().map(|name| name.as_str().map(Str::from)).collect();
    let object = ObjectType::with_optional(attributes?, optional?);
    let known = object.optional().iter().all(|name| object.get(name).is_some());
    known.then(|| Type::Object(std::sync::Arc::new(object)))
}

/// Does `work` one step further down.
fn at<T>(path: &mut Path, step: PathStep, work: impl FnOnce(&mut Path) -> Result<T>) -> Result<T> {
    path.0.push(step);
    let result = work(path);
    path.0.pop();
    result
}

fn fail<T>(path: &Path, message: &str) -> Result<T> {
    Err(JsonError { path: path.clone(), message: message.to_owned() })
}
