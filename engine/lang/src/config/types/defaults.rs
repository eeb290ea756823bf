//! [`Defaults`]: what stands in for optional attributes that are missing or null.

use std::collections::BTreeMap;

use kprov_core::value::{convert, unify};
use kprov_core::{Entries, Str, Type, Value};

/// Defaults of optional attributes, shaped like the type (HCL `typeexpr.Defaults`).
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// Defaults of this object's attributes.
    pub values: BTreeMap<Str, Value>,
    /// Defaults inside an attribute (object) or an item (tuple, key is its index), or inside each
    /// element (collections, key "").
    pub children: BTreeMap<Str, Defaults>,
}

impl Defaults {
    /// Puts defaults where `value` has null or nothing, depth first; before conversion.
    pub fn apply(&self, value: &Value) -> Value {
        let marks = value.marks();
        let changed = match value.bare() {
            Value::Null(_) | Value::Unknown(_) => return value.clone(),
            Value::List(list) => {
                let items = self.apply_to_items(list.items());
                match unified(&items) {
                    Some((element, items)) => Value::list(element, items),
                    None if items.is_empty() => Value::list(list.element().clone(), items),
                    None => Value::tuple(items),
                }
            }
            Value::Set(set) => {
                let items = self.apply_to_items(set.items());
                match unified(&items) {
                    Some((element, items)) => Value::set(element, items),
                    None if items.is_empty() => Value::set(set.element().clone(), items),
                    None => Value::tuple(items),
                }
            }
            Value::Tuple(items) => Value::tuple(self.apply_to_items(items)),
            Value::Object(entries) => Value::object(self.apply_to_entries(entries)),
            Value::Map(map) => {
                let entries = self.apply_to_entries(map.entries());
                let (names, values): (Vec<Str>, Vec<Value>) = entries.into_iter().unzip();
                match unified(&values) {
                    Some((element, values)) => {
                        Value::map(element, names.into_iter().zip(values).collect())
                    }
                    None if values.is_empty() => {
                        Value::map(map.element().clone(), Entries::default())
                    }
                    None => Value::object(names.into_iter().zip(values)),
                }
            }
            primitive => primitive.clone(),
        };
        changed.with_marks(marks)
    }

    /// Of a collection the child for each element is "", of an object or tuple its own.
    fn child(&self, key: &str) -> Option<&Defaults> {
        self.children.get("").or_else(|| self.children.get(key))
    }

    fn apply_to_items(&self, items: &[Value]) -> Vec<Value> {
        let apply = |(at, item): (usize, &Value)| match self.child(&at.to_string()) {
            Some(child) => child.apply(item),
            None => item.clone(),
        };
        items.iter().enumerate().map(apply).collect()
    }

    fn apply_to_entries(&self, entries: &Entries) -> BTreeMap<Str, Value> {
        let mut result: BTreeMap<Str, Value> = BTreeMap::new();
        for (name, value) in entries {
            let value = match self.child(name) {
                Some(child) => child.apply(value),
                None => value.clone(),
            };
            result.insert(name.clone(), value);
        }
        for (name, default) in &self.values {
            if result.get(name).is_none_or(Value::is_null) {
                let default = match self.child(name) {
                    Some(child) => child.apply(default),
                    None => default.clone(),
                };
                result.insert(name.clone(), default);
            }
        }
        result
    }
}

/// The values converted to the one type that they all convert to; `None` if there is none.
fn unified(values: &[Value]) -> Option<(Type, Vec<Value>)> {
    if values.is_empty() {
        return None;
    }
    let types: Vec<Type> = values.iter().map(Value::ty).collect();
    let element = unify(&types)?;
    let values = values.iter().map(|value| convert(value, &element).ok());
    Some((element.clone(), values.collect::<Option<Vec<Value>>>()?))
}
