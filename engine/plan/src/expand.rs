//! count and for_each: a value to instance keys. Evaluated once per block and module instance;
//! everything per instance is looked up in the result.

use indexmap::IndexMap;
use kprov_core::value::convert;
use kprov_core::{Diagnostic, InstanceKey, Marks, Number, Refinements, Str, Type, Value};

/// The instances of a block.
#[derive(Clone, Debug)]
pub(crate) enum Expansion {
    /// Neither count nor for_each.
    Once,
    /// `count`
    Count(u64),
    /// `for_each`: values by key, in key order.
    ForEach(IndexMap<Str, Value>),
    /// Not known yet.
    Unknown,
}

/// What `count.index` and `each` are for one instance.
#[derive(Clone, Debug, Default)]
pub(crate) enum Repeated {
    /// Neither may be used.
    #[default]
    No,
    /// `count.index`
    Count(Value),
    /// `each.key`, `each.value`
    Each(Value, Value),
}

impl Expansion {
    /// How many instances; none where that is unknown.
    pub(crate) fn len(&self) -> usize {
        match self {
            Expansion::Once => 1,
            Expansion::Count(count) => usize::try_from(*count).unwrap_or(usize::MAX),
            Expansion::ForEach(items) => items.len(),
            Expansion::Unknown => 0,
        }
    }

    /// The key of instance `index`.
    pub(crate) fn key(&self, index: usize) -> InstanceKey {
        match self {
            Expansion::Once | Expansion::Unknown => InstanceKey::None,
            Expansion::Count(_) => InstanceKey::Int(index as u64),
            Expansion::ForEach(items) => items
                .get_index(index)
                .map_or(InstanceKey::None, |(key, _)| InstanceKey::String(key.clone())),
        }
    }

    /// `count.index` and `each` of instance `index`.
    pub(crate) fn repeated(&self, index: usize) -> Repeated {
        match self {
            Expansion::Once | Expansion::Unknown => Repeated::No,
            Expansion::Count(_) => Repeated::Count(Value::Number(Number::from(index as u64))),
            Expansion::ForEach(items) => match items.get_index(index) {
                Some((key, value)) => Repeated::Each(Value::String(key.clone()), value.clone()),
                None => Repeated::No,
            },
        }
    }
}

/// `count.index` where it is not known.
pub(crate) fn unknown_count() -> Repeated {
    Repeated::Count(Value::refined(Type::Number, Refinements::not_null()))
}

/// `each` where it is not known.
pub(crate) fn unknown_each() -> Repeated {
    Repeated::Each(
        Value::refined(Type::String, Refinements::not_null()),
        Value::unknown(Type::Dynamic),
    )
}

/// What a `count` evaluated to, as instances.
pub(crate) fn count(value: Value) -> Result<Expansion, Diagnostic> {
    let unsuitable = |why: &str| {
        let detail = format!("The given \"count\" argument value is unsuitable: {why}.");
        Diagnostic::error("Invalid count argument", detail)
    };
    let (value, marks) = value.unmark();
    if marks.contains(Marks::EPHEMERAL) {
        return Err(Diagnostic::error(
            "Invalid count argument",
            "The given \"count\" value is derived from an ephemeral value, which means that it \
             cannot persist between the plan and its apply. Use only values that do.",
        ));
    }
    if value.is_null() {
        return Err(Diagnostic::error(
            "Invalid count argument",
            "The given \"count\" argument value is null. An integer is required.",
        ));
    }
    let value = convert(&value, &Type::Number).map_err(|error| unsuitable(&error.message))?;
    match value {
        Value::Unknown(_) => Ok(Expansion::Unknown),
        Value::Number(number) => match number.to_i64() {
            Some(count) => match u64::try_from(count) {
                Ok(count) => Ok(Expansion::Count(count)),
                Err(_) => Err(unsuitable("must be greater than or equal to zero")),
            },
            None => Err(unsuitable("a whole number is required")),
        },
        _ => Err(unsuitable("number required")),
    }
}

/// The message for a count that is not known, where that is an error.
pub(crate) fn unknown_count_error() -> Diagnostic {
    Diagnostic::error(
        "Invalid count argument",
        "The \"count\" value depends on resource attributes that cannot be determined until apply, \
         so it cannot be predicted how many instances will be created. Apply what the count depends \
         on first with -target, or leave out -no-defer to have it done within one apply.",
    )
}

/// The message for a for_each that is not known, where that is an error.
pub(crate) fn unknown_for_each_error() -> Diagnostic {
    Diagnostic::error(
        "Invalid for_each argument",
        "The \"for_each\" keys include values derived from resource attributes that cannot be \
         determined until apply, so the full set of keys that will identify the instances cannot be \
         determined. Define the map keys statically and put what is known only after apply into the \
         values, apply what it depends on first with -target, or leave out -no-defer.",
    )
}

/// What a `for_each` evaluated to, as instances.
pub(crate) fn for_each(value: Value) -> Result<Expansion, Diagnostic> {
    let marks = value.marks();
    if marks.contains(Marks::SENSITIVE) || set_marks(&value).contains(Marks::SENSITIVE) {
        return Err(invalid(
            "Sensitive values, or values derived from sensitive values, cannot be used as for_each \
             arguments. If used, the sensitive value could be exposed as a resource instance key.",
        ));
    }
    if marks.contains(Marks::EPHEMERAL) {
        return Err(invalid(
            "The given \"for_each\" value is derived from an ephemeral value, which means that it \
             cannot persist between the plan and its apply. Use only values that do.",
        ));
    }
    match &value {
        Value::Null(_) => Err(invalid(
            "The given \"for_each\" argument value is null. A map, or set of strings is allowed.",
        )),
        Value::Unknown(unknown) => match unknown.ty() {
            Type::Dynamic | Type::Map(_) | Type::Object(_) => Ok(Expansion::Unknown),
            Type::Set(element) if matches!(**element, Type::String | Type::Dynamic) => {
                Ok(Expansion::Unknown)
            }
            ty => Err(wrong_type(ty)),
        },
        Value::Map(map) => Ok(Expansion::ForEach(map.entries().iter().cloned().collect())),
        Value::Object(entries) => Ok(Expansion::ForEach(entries.iter().cloned().collect())),
        Value::Set(set) => from_set(set.element(), set.items()),
        other => Err(wrong_type(&other.ty())),
    }
}

fn set_marks(value: &Value) -> Marks {
    match value {
        Value::Set(_) => value.marks_deep(),
        _ => Marks::NONE,
    }
}

fn from_set(element: &Type, items: &[Value]) -> Result<Expansion, Diagnostic> {
    if items.is_empty() {
        return Ok(Expansion::ForEach(IndexMap::new()));
    }
    if items.iter().any(|item| !item.is_known()) {
        return Ok(Expansion::Unknown);
    }
    if *element != Type::String {
        return Err(Diagnostic::error(
            "Invalid for_each set argument",
            format!(
                "The given \"for_each\" argument value is unsuitable: \"for_each\" supports maps and \
                 sets of strings, but you have provided a set containing type {}.",
                element.friendly_name()
            ),
        ));
    }
    let mut keys = IndexMap::with_capacity(items.len());
    for item in items {
        let Value::String(key) = item else {
            return Err(Diagnostic::error(
                "Invalid for_each set argument",
                "The given \"for_each\" argument value is unsuitable: \"for_each\" sets must not \
                 contain null values.",
            ));
        };
        keys.insert(key.clone(), item.clone());
    }
    Ok(Expansion::ForEach(keys))
}

fn wrong_type(ty: &Type) -> Diagnostic {
    invalid(format!(
        "The given \"for_each\" argument value is unsuitable: the \"for_each\" argument must be a \
         map, or set of strings, and you have provided a value of type {}.",
        ty.friendly_name()
    ))
}

fn invalid(detail: impl Into<String>) -> Diagnostic {
    Diagnostic::error("Invalid for_each argument", detail)
}
