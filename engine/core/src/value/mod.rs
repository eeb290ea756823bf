//! [`Value`]: what an expression evaluates to, an attribute holds and a plan compares.
//!
//! # Invariants
//! - Strings and names are NFC ([`Str`]); numbers behave like 512-bit floats ([`Number`]).
//! - A set's items are sorted by [`order`] and distinct, and carry no marks (they rise to the set).
//! - Every item of a list, set or map has the collection's element type (or that is `Dynamic`).
//! - `Marked` never holds another `Marked`, and never the empty marks.
//! - An unknown's type and refinements are in one place; a `Dynamic` unknown has no refinements.
//!
//! Cloning copies a pointer; nothing here is ever mutated in place.

mod codec;
mod convert;
mod entries;
mod json;
mod json_quick;
mod mark_scan;
mod marks;
mod order;
mod path;
mod render;
mod secrets;
#[cfg(test)]
mod tests;
mod type_text;
mod unify;
mod unknown;
mod walk;

pub use convert::{ConvertError, can_convert, conforms, convert, mismatch_message};
pub use entries::Entries;
pub use json::{JsonError, from_json, implied_type, to_json, type_from_json, type_to_json};
pub use json_quick::JsonReader;
pub use mark_scan::text_may_have_marks;
pub use marks::{MarkedValue, Marks};
pub use order::{raw_equal, set_order};
pub use path::{Path, PathStep};
pub use render::render_hcl;
pub use secrets::Secrets;
pub use unify::unify;
pub use unknown::{Bound, Refinements, UnknownValue};
pub use walk::{paths_where, transform, walk};

use std::sync::Arc;

use crate::{Number, Str, Type};

/// A value of the language: known, null or unknown, with marks.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null` of a type; untyped `null` has type `Dynamic`.
    Null(Type),
    /// Known only after apply.
    Unknown(Arc<UnknownValue>),
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(Str),
    /// `list(T)`
    List(Arc<Collection>),
    /// `set(T)`
    Set(Arc<Collection>),
    /// `map(T)`
    Map(Arc<MapValue>),
    /// `tuple([...])`
    Tuple(Arc<[Value]>),
    /// `object({...})`
    Object(Arc<Entries>),
    /// A sensitive or ephemeral value.
    Marked(Arc<MarkedValue>),
}

/// The content of a list or set.
#[derive(Debug)]
pub struct Collection {
    element: Type,
    items: Vec<Value>,
}

impl Collection {
    /// The element type.
    pub fn element(&self) -> &Type {
        &self.element
    }

    /// The items, in order.
    pub fn items(&self) -> &[Value] {
        &self.items
    }
}

/// The content of a map.
#[derive(Debug)]
pub struct MapValue {
    element: Type,
    entries: Entries,
}

impl MapValue {
    /// The element type.
    pub fn element(&self) -> &Type {
        &self.element
    }

    /// The entries, in key order.
    pub fn entries(&self) -> &Entries {
        &self.entries
    }
}

/// Constructors.
impl Value {
    /// Untyped `null`.
    pub const NULL: Value = Value::Null(Type::Dynamic);

    /// A string, normalised.
    pub fn string(text: impl Into<Str>) -> Value {
        Value::String(text.into())
    }

    /// A whole number.
    pub fn int(number: i64) -> Value {
        Value::Number(Number::from(number))
    }

    /// An unknown value of which only the type is known.
    pub fn unknown(ty: Type) -> Value {
        Value::refined(ty, Refinements::default())
    }

    /// An unknown value with refinements. Where they leave one possible value (null only, or an
    /// empty collection), callers should make that value instead.
    pub fn refined(ty: Type, refinements: Refinements) -> Value {
        Value::Unknown(Arc::new(UnknownValue::new(ty, refinements)))
    }

    /// A list; the items must already have type `element`.
    pub fn list(element: Type, items: Vec<Value>) -> Value {
        Value::List(Arc::new(Collection { element, items }))
    }

    /// A set; the items must already have type `element`. Sorts, removes doubles, and lifts the
    /// items' marks to the set. An item that is not wholly known makes the whole set unknown only
    /// where the caller asks for that; here it is kept.
    pub fn set(element: Type, items: Vec<Value>) -> Value {
        let mut marks = Marks::NONE;
        let mut bare: Vec<Value> = items
            .into_iter()
            .map(|item| {
                let (item, inner) = item.unmark_deep();
                marks = marks | inner;
                item
            })
            .collect();
        bare.sort_by(set_order);
        // Two unknowns may turn out different, so both stay.
        bare.dedup_by(|a, b| raw_equal(a, b) && a.is_wholly_known());
        Value::Set(Arc::new(Collection { element, items: bare })).with_marks(marks)
    }

    /// A map; the entries must already have type `element`.
    pub fn map(element: Type, entries: Entries) -> Value {
        Value::Map(Arc::new(MapValue { element, entries }))
    }

    /// A tuple.
    pub fn tuple(items: impl IntoIterator<Item = Value>) -> Value {
        Value::Tuple(items.into_iter().collect())
    }

    /// An object; of two entries with one name the last wins.
    pub fn object<K: Into<Str>>(entries: impl IntoIterator<Item = (K, Value)>) -> Value {
        Value::Object(Arc::new(entries.into_iter().map(|(k, v)| (k.into(), v)).collect()))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::string(text)
    }
}

/// Questions.
impl Value {
    /// The value's type; walks tuples and objects.
    pub fn ty(&self) -> Type {
        match self {
            Value::Null(ty) => ty.clone(),
            Value::Unknown(unknown) => unknown.ty().clone(),
            Value::Bool(_) => Type::Bool,
            Value::Number(_) => Type::Number,
            Value::String(_) => Type::String,
            Value::List(list) => Type::list(list.element.clone()),
            Value::Set(set) => Type::set(set.element.clone()),
            Value::Map(map) => Type::map(map.element.clone()),
            Value::Tuple(items) => Type::tuple(items.iter().map(Value::ty)),
            Value::Object(entries) => {
                Type::object(entries.iter().map(|(name, value)| (name.clone(), value.ty())))
            }
            Value::Marked(marked) => marked.value().ty(),
        }
    }

    /// Null, marked or not?
    pub fn is_null(&self) -> bool {
        matches!(self.bare(), Value::Null(_))
    }

    /// Is the value itself known (its parts may not be)?
    pub fn is_known(&self) -> bool {
        !matches!(self.bare(), Value::Unknown(_))
    }

    /// Is the value known all the way down?
    pub fn is_wholly_known(&self) -> bool {
        !any(self, &|value| matches!(value, Value::Unknown(_)))
    }

    /// The value's own marks, not those inside.
    pub fn marks(&self) -> Marks {
        match self {
            Value::Marked(marked) => marked.marks(),
            _ => Marks::NONE,
        }
    }

    /// All marks, at any depth.
    pub fn marks_deep(&self) -> Marks {
        let mut marks = Marks::NONE;
        walk(self, &mut |_, value| marks = marks | value.marks());
        marks
    }

    /// The value without its own marks (those inside stay).
    pub fn bare(&self) -> &Value {
        match self {
            Value::Marked(marked) => marked.value(),
            value => value,
        }
    }

    /// The text of a known, unmarked, non-null string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth of a known, unmarked, non-null bool.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The number of a known, unmarked, non-null number.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Items of a known list, set or tuple, without marks of the whole.
    pub fn as_items(&self) -> Option<&[Value]> {
        match self {
            Value::List(collection) | Value::Set(collection) => Some(&collection.items),
            Value::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// Entries of a known map or object, without marks of the whole.
    pub fn as_entries(&self) -> Option<&Entries> {
        match self {
            Value::Map(map) => Some(&map.entries),
            Value::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// The attribute or map entry of that name, looking through the whole's own marks without
    /// passing them on.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.bare().as_entries()?.get(name)
    }
}

/// Marks.
impl Value {
    /// Adds marks to this value.
    pub fn with_marks(self, marks: Marks) -> Value {
        if marks.is_empty() {
            return self;
        }
        match self {
            Value::Marked(marked) => {
                let all = marked.marks() | marks;
                Value::Marked(Arc::new(MarkedValue::new(marked.value().clone(), all)))
            }
            value => Value::Marked(Arc::new(MarkedValue::new(value, marks))),
        }
    }

    /// The value and its own marks, apart.
    pub fn unmark(self) -> (Value, Marks) {
        match self {
            Value::Marked(marked) => (marked.value().clone(), marked.marks()),
            value => (value, Marks::NONE),
        }
    }

    /// The value without any marks at any depth, and the union of all that were there. Shares the
    /// value where it has none.
    pub fn unmark_deep(self) -> (Value, Marks) {
        let marks = self.marks_deep();
        if marks.is_empty() {
            return (self, marks);
        }
        let bare = transform(&self, &mut |_, value| value.unmark().0);
        (bare, marks)
    }
}

/// Equality of everything, marks and types included; unknowns equal unknowns of the same type and
/// refinements. This is Go's `RawEquals`, not the language's `==`.
impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        raw_equal(self, other)
    }
}

impl Eq for Value {}

/// Does `test` hold for the value or anything inside?
fn any(value: &Value, test: &impl Fn(&Value) -> bool) -> bool {
    if test(value) {
        return true;
    }
    match value {
        Value::List(collection) | Value::Set(collection) => {
            collection.items.iter().any(|item| any(item, test))
        }
        Value::Map(map) => map.entries.iter().any(|(_, item)| any(item, test)),
        Value::Tuple(items) => items.iter().any(|item| any(item, test)),
        Value::Object(entries) => entries.iter().any(|(_, item)| any(item, test)),
        Value::Marked(marked) => any(marked.value(), test),
        Value::Null(_)
        | Value::Unknown(_)
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => false,
    }
}
