//! [`JsonReader`]: objects from JSON text straight to values, for states of thousands of objects. It
//! reads what kprov writes; for everything else it gives up, and the caller takes the careful way
//! ([`from_json`](super::from_json)), which says what is wrong. What it gives is the same.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::json::{element_type, type_from_json};
use crate::{Entries, Number, ObjectType, Str, Type, Value};

/// Values of type `Dynamic` inside each other: more is left to the careful way, whose depth is
/// bounded by the parser.
const NESTED_MAX: u8 = 4;

/// So many types are remembered at most.
const TYPES_MAX: usize = 1024;

/// See the module. Remembers the types that stand in the texts.
#[derive(Debug, Default)]
pub struct JsonReader {
    types: RefCell<HashMap<Box<str>, Type>>,
}

impl JsonReader {
    /// An object of type `ty`. Attributes that the text lacks are null, those that the type lacks
    /// are left out. `None`: read it the careful way.
    pub fn object(&self, text: &str, ty: &ObjectType) -> Option<Value> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let members = Members { reader: self, attributes: ty, all_known: false, nested: 0 };
        let value = deserializer.deserialize_map(members).ok()?;
        deserializer.end().ok()?;
        Some(value)
    }

    fn type_of(&self, text: &str) -> Option<Type> {
        if let Some(known) = self.types.borrow().get(text) {
            return Some(known.clone());
        }
        let ty = type_from_json(&serde_json::from_str(text).ok()?)?;
        let mut types = self.types.borrow_mut();
        if types.len() < TYPES_MAX {
            types.insert(text.into(), ty.clone());
        }
        Some(ty)
    }

    /// A value with its type beside it.
    fn dynamic(&self, value: &str, ty: &str, nested: u8) -> Option<Value> {
        let ty = self.type_of(ty).filter(|_| nested < NESTED_MAX)?;
        let mut deserializer = serde_json::Deserializer::from_str(value);
        let seed = Seed { reader: self, ty: &ty, nested: nested + 1 };
        let value = seed.deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        Some(value)
    }
}

fn give_up<T, E: Error>() -> Result<T, E> {
    Err(E::custom("to be read the careful way"))
}

/// Reads a value of a type.
#[derive(Clone, Copy)]
struct Seed<'r, 't> {
    reader: &'r JsonReader,
    ty: &'t Type,
    nested: u8,
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.ty {
            Type::Bool | Type::Number | Type::String => {
                let raw = <&RawValue>::deserialize(deserializer)?;
                scalar(raw.get(), self.ty).map_or_else(give_up, Ok)
            }
            _ => deserializer.deserialize_option(self),
        }
    }
}

fn scalar(text: &str, ty: &Type) -> Option<Value> {
    match (text.as_bytes().first()?, ty) {
        (b'n', _) => Some(Value::Null(ty.clone())),
        (b't', Type::Bool) => Some(Value::Bool(true)),
        (b'f', Type::Bool) => Some(Value::Bool(false)),
        (b'"', Type::String) => {
            let plain = text.get(1..text.len() - 1)?;
            if plain.contains('\\') {
                let text: Cow<'_, str> = serde_json::from_str(text).ok()?;
                return Some(Value::string(&*text));
            }
            Some(Value::string(plain))
        }
        (b'-' | b'0'..=b'9', Type::Number) => text.parse::<Number>().ok().map(Value::Number),
        _ => None,
    }
}

/// Whatever is not a scalar, or null.
impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null(self.ty.without_optional()))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Seed { reader, nested, .. } = self;
        match self.ty {
            Type::List(_) | Type::Set(_) | Type::Tuple(_) => {
                deserializer.deserialize_seq(Items(self))
            }
            Type::Object(attributes) => {
                let members = Members { reader, attributes, all_known: true, nested };
                deserializer.deserialize_map(members)
            }
            Type::Map(element) => {
                deserializer.deserialize_map(Pairs(Seed { reader, ty: element, nested }))
            }
            Type::Dynamic => deserializer.deserialize_map(Typed { reader, nested }),
            Type::Bool | Type::Number | Type::String => give_up(),
        }
    }
}

/// The items of a list, set or tuple.
struct Items<'r, 't>(Seed<'r, 't>);

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let Items(seed) = self;
        let mut items = Vec::new();
        if let Type::Tuple(types) = seed.ty {
            for ty in types.iter() {
                let Some(item) = sequence.next_element_seed(Seed { ty, ..seed })? else {
                    return give_up();
                };
                items.push(item);
            }
            return match sequence.next_element::<IgnoredAny>()? {
                None => Ok(Value::tuple(items)),
                Some(_) => give_up(),
            };
        }
        let Some(element) = seed.ty.element() else { return give_up() };
        while let Some(item) = sequence.next_element_seed(Seed { ty: element, ..seed })? {
            items.push(item);
        }
        let ty = element_type(element, items.first(), items.iter());
        Ok(match seed.ty {
            Type::Set(_) => Value::set(ty, items),
            _ => Value::list(ty, items),
        })
    }
}

/// The entries of a map.
struct Pairs<'r, 't>(Seed<'r, 't>);

impl<'de> Visitor<'de> for Pairs<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            entries.push((Str::from(&*key), map.next_value_seed(self.0)?));
        }
        let entries: Entries = entries.into_iter().collect();
        let ty = element_type(self.0.ty, entries.values().next(), entries.values());
        Ok(Value::map(ty, entries))
    }
}

/// The attributes of an object.
struct Members<'r, 't> {
    reader: &'r JsonReader,
    attributes: &'t ObjectType,
    /// Is an attribute that the type lacks an error?
    all_known: bool,
    nested: u8,
}

impl<'de> Visitor<'de> for Members<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let attributes = self.attributes.attributes();
        let mut found: Vec<Option<Value>> = vec![None; attributes.len()];
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let Ok(at) = attributes.binary_search_by(|(name, _)| name.as_str().cmp(&*key)) else {
                // A name that is another one only before normalisation is left to others, too.
                if self.all_known || !key.is_ascii() {
                    return give_up();
                }
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let seed = Seed { reader: self.reader, ty: &attributes[at].1, nested: self.nested };
            found[at] = Some(map.next_value_seed(seed)?);
        }
        let entries = attributes.iter().zip(found).map(|((name, ty), value)| {
            (name.clone(), value.unwrap_or_else(|| Value::Null(ty.without_optional())))
        });
        Ok(Value::object(entries))
    }
}

/// `{"value": ..., "type": ...}`
struct Typed<'r> {
    reader: &'r JsonReader,
    nested: u8,
}

impl<'de> Visitor<'de> for Typed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its type")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let (mut value, mut ty) = (None, None);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let place = match &*key {
                "value" => &mut value,
                "type" => &mut ty,
                _ => return give_up(),
            };
            *place = Some(map.next_value::<&RawValue>()?);
        }
        let (Some(value), Some(ty)) = (value, ty) else { return give_up() };
        self.reader.dynamic(value.get(), ty.get(), self.nested).map_or_else(give_up, Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it reads is what the careful way reads.
    fn check(ty: &Type, text: &str) {
        let Type::Object(attributes) = ty else { panic!("an object type is wanted") };
        let json = serde_json::from_str(text).expect("JSON");
        let careful = super::super::from_json(&json, ty).expect("a value");
        let reader = JsonReader::default();
        for _ in 0..2 {
            let quick =
                reader.object(text, attributes).unwrap_or_else(|| panic!("gave up: {text}"));
            assert_eq!(quick.ty(), careful.ty(), "{text}");
            assert_eq!(format!("{quick:?}"), format!("{careful:?}"), "{text}");
        }
    }

    fn object(ty: Type) -> Type {
        Type::object([("a", ty), ("b", Type::String)])
    }

    #[test]
    fn reads_what_the_careful_way_reads() {
        let inner = Type::object([("x", Type::Number)]);
        check(&object(Type::String), r#"{"a": "eins\né\u0301"}"#);
        check(&object(Type::String), r#"{"a": null, "b": "e\u0301"}"#);
        check(&object(Type::Bool), r#"{"a": true, "b": ""}"#);
        check(&object(Type::Number), r#"{"a": 123456789012345678901234567890.5, "b": null}"#);
        check(&object(Type::list(Type::Number)), r#"{"a": [1, -2e3, null]}"#);
        check(&object(Type::set(Type::String)), r#"{"a": ["b", "a", "b"]}"#);
        check(&object(Type::map(inner.clone())), r#"{"a": {"k": {"x": 1}, "j": {"x": null}}}"#);
        check(&object(Type::tuple([Type::Bool, inner])), r#"{"a": [false, {"x": 2}]}"#);
        check(&object(Type::list(Type::Bool)), r#"{"a": null}"#);
        check(&object(Type::Dynamic), r#"{"a": null}"#);
        let typed =
            r#"{"a": {"value": {"x": ["1"]}, "type": ["object", {"x": ["list", "string"]}]}}"#;
        check(&object(Type::Dynamic), typed);
        let first = r#"{"a": {"type": "number", "value": 3}}"#;
        check(&object(Type::Dynamic), first);
    }

    #[test]
    fn gives_up_on_everything_else() {
        let reader = JsonReader::default();
        let nested = |levels: usize| {
            let mut text = r#"{"value": 1, "type": "number"}"#.to_owned();
            for _ in 0..levels {
                text = format!(r#"{{"value": {text}, "type": "dynamic"}}"#);
            }
            format!(r#"{{"a": {text}}}"#)
        };
        let cases = [
            (Type::String, "[]".to_owned()),
            (Type::String, r#"{"a": 1}"#.to_owned()),
            (Type::Number, r#"{"a": "1"}"#.to_owned()),
            (Type::Bool, r#"{"a": "true"}"#.to_owned()),
            (Type::Number, r#"{"a": 1} x"#.to_owned()),
            (Type::list(Type::Bool), r#"{"a": {}}"#.to_owned()),
            (Type::map(Type::String), r#"{"a": 1}"#.to_owned()),
            (Type::tuple([Type::Bool]), r#"{"a": [true, true]}"#.to_owned()),
            (Type::tuple([Type::Bool]), r#"{"a": []}"#.to_owned()),
            (Type::object([("x", Type::Bool)]), r#"{"a": {"y": true}}"#.to_owned()),
            (Type::Dynamic, r#"{"a": {"value": 1}}"#.to_owned()),
            (Type::Dynamic, r#"{"a": {"value": 1, "type": "none"}}"#.to_owned()),
            (Type::Dynamic, nested(1000)),
        ];
        for (ty, text) in cases {
            let Type::Object(attributes) = object(ty) else { panic!("an object type is wanted") };
            assert!(reader.object(&text, &attributes).is_none(), "{text}");
        }
    }
}
