//! Small operations on object values that every resource needs. Values have no marks here.

use kprov_core::{Str, Value};

/// The attribute of that name; untyped null where there is none.
pub fn attribute(value: &Value, name: &str) -> Value {
    value.get(name).cloned().unwrap_or(Value::NULL)
}

/// `value` with some of its attributes replaced. A name that `value` does not have is added.
pub fn with_attributes<K: Into<Str>>(
    value: &Value,
    changed: impl IntoIterator<Item = (K, Value)>,
) -> Value {
    let old = value.as_entries().into_iter().flatten().cloned();
    Value::object(old.chain(changed.into_iter().map(|(name, new)| (name.into(), new))))
}
