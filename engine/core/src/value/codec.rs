//! serde for [`Value`], keeping everything: types, unknowns with refinements, marks. This is what
//! saved plans and journal entries hold. The form is our own and may only grow.
//!
//! # Form
//! `true`, `"text"`, `12` and `null` (untyped) are themselves; everything else is an array whose
//! first item is a tag:
//!
//! | value | form |
//! |---|---|
//! | other number | `["n", "0.5"]`, see [`crate::Number`]'s serde |
//! | typed null | `["0", TYPE]` |
//! | unknown | `["?", TYPE]`, `["?", TYPE, {refinements}]` |
//! | list, set | `["l", TYPE of elements, items...]`, `["s", ...]` |
//! | map | `["m", TYPE of elements, "key", item, ...]` |
//! | tuple | `["t", items...]` |
//! | object | `["o", "name", item, ...]` |
//! | deep value | `["x", "JSON text of the value"]` |
//!
//! A marked value has the marks as a number behind the tag: `["o1", ...]`; marked scalars become
//! `["v1", scalar]`. `TYPE` is the text of [`super::type_text`].
//!
//! A level of nesting is one JSON array, and every so many levels a value goes into a string of
//! its own, so that JSON readers with a limit on nesting read whatever we write.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::type_text::{read_type, write_type};
use super::{Entries, UnknownValue};
use crate::{Marks, Number, Refinements, Str, Type, Value};

/// After so many levels a value becomes text; serde_json reads 128 levels.
const LEVELS_PER_TEXT: usize = 60;

/// Deeper values are refused: they would not fit the stack of who reads them.
const LEVELS_MAX: usize = 300;

/// The name under which serde_json hands over a number with all its digits.
const NUMBER_TOKEN: &str = "$serde_json::private::Number";

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Level { value: self, depth: 0 }.serialize(serializer)
    }
}

/// A part of a value and how deep it lies.
struct Level<'v> {
    value: &'v Value,
    depth: usize,
}

impl Serialize for Level<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let marks = self.value.marks();
        let bare = self.value.bare();
        if marks.is_empty() {
            match bare {
                Value::Null(Type::Dynamic) => return serializer.serialize_unit(),
                Value::Bool(truth) => return serializer.serialize_bool(*truth),
                Value::String(text) => return serializer.serialize_str(text),
                Value::Number(number) => {
                    if let Some(n) = number.as_plain_i64() {
                        return serializer.serialize_i64(n);
                    }
                }
                _ => {}
            }
        }
        if self.depth > LEVELS_MAX {
            return Err(S::Error::custom("the value is nested too deeply to be stored"));
        }
        if self.depth > 0 && self.depth.is_multiple_of(LEVELS_PER_TEXT) && has_parts(bare) {
            return self.serialize_as_text(serializer);
        }
        self.serialize_tagged(bare, marks, serializer)
    }
}

impl Level<'_> {
    fn serialize_as_text<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let below = Level { value: self.value, depth: self.depth + 1 };
        let text = serde_json::to_string(&below).map_err(S::Error::custom)?;
        let mut seq = serializer.serialize_seq(Some(2))?;
        seq.serialize_element("x")?;
        seq.serialize_element(&text)?;
        seq.end()
    }

    fn serialize_tagged<S: Serializer>(
        &self,
        bare: &Value,
        marks: Marks,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        let tag = |letter: &str| match marks.bits() {
            0 => letter.to_owned(),
            bits => format!("{letter}{bits}"),
        };
        let level = |value| Level { value, depth: self.depth + 1 };
        match bare {
            Value::Null(Type::Dynamic) | Value::Bool(_) | Value::String(_) | Value::Marked(_) => {
                seq.serialize_element(&tag("v"))?;
                seq.serialize_element(&level(bare))?;
            }
            Value::Null(ty) => {
                seq.serialize_element(&tag("0"))?;
                seq.serialize_element(&write_type(ty))?;
            }
            Value::Number(number) => {
                seq.serialize_element(&tag("n"))?;
                seq.serialize_element(&number.to_serial_text().0)?;
            }
            Value::Unknown(unknown) => {
                seq.serialize_element(&tag("?"))?;
                serialize_unknown(unknown, &mut seq)?;
            }
            Value::List(items) | Value::Set(items) => {
                let letter = if matches!(bare, Value::List(_)) { "l" } else { "s" };
                seq.serialize_element(&tag(letter))?;
                seq.serialize_element(&write_type(items.element()))?;
                items.items().iter().try_for_each(|item| seq.serialize_element(&level(item)))?;
            }
            Value::Tuple(items) => {
                seq.serialize_element(&tag("t"))?;
                items.iter().try_for_each(|item| seq.serialize_element(&level(item)))?;
            }
            Value::Map(map) => {
                seq.serialize_element(&tag("m"))?;
                seq.serialize_element(&write_type(map.element()))?;
                serialize_entries(map.entries(), self.depth, &mut seq)?;
            }
            Value::Object(entries) => {
                seq.serialize_element(&tag("o"))?;
                serialize_entries(entries, self.depth, &mut seq)?;
            }
        }
        seq.end()
    }
}

fn serialize_entries<S: SerializeSeq>(
    entries: &Entries,
    depth: usize,
    seq: &mut S,
) -> Result<(), S::Error> {
    for (name, value) in entries {
        seq.serialize_element(name)?;
        seq.serialize_element(&Level { value, depth: depth + 1 })?;
    }
    Ok(())
}

fn serialize_unknown<S: SerializeSeq>(unknown: &UnknownValue, seq: &mut S) -> Result<(), S::Error> {
    seq.serialize_element(&write_type(unknown.ty()))?;
    if *unknown.refinements() != Refinements::default() {
        seq.serialize_element(unknown.refinements())?;
    }
    Ok(())
}

/// Does the value nest others?
fn has_parts(value: &Value) -> bool {
    matches!(
        value,
        Value::List(_) | Value::Set(_) | Value::Map(_) | Value::Tuple(_) | Value::Object(_)
    )
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        AtDepth(0).deserialize(deserializer)
    }
}

/// Reads a part of a value that lies so deep.
#[derive(Clone, Copy)]
struct AtDepth(usize);

impl<'de> DeserializeSeed<'de> for AtDepth {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AtDepth {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value as kprov stores it")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::NULL)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::NULL)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
        Ok(Value::int(n))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Value, E> {
        Ok(Value::Number(Number::from(n)))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        number(&value.to_string())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::string(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::string(text))
    }

    /// The only map is a number with all its digits.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let name: Option<String> = map.next_key()?;
        if name.as_deref() != Some(NUMBER_TOKEN) {
            return Err(A::Error::custom("a map is not a value"));
        }
        number(&map.next_value::<String>()?)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        if self.0 > LEVELS_MAX {
            return Err(A::Error::custom("the value is nested too deeply"));
        }
        let tag: String = required(&mut seq)?;
        let letter = tag.get(..1).unwrap_or_default();
        let marks = match tag.get(1..).unwrap_or_default() {
            "" => Marks::NONE,
            bits => bits
                .parse()
                .map(Marks::from_bits)
                .map_err(|_| A::Error::custom("the marks of a value are not a number"))?,
        };
        let value = self.read_tagged(letter, &mut seq)?;
        if seq.next_element::<serde::de::IgnoredAny>()?.is_some() {
            return Err(A::Error::custom("a value has more parts than it should"));
        }
        Ok(value.with_marks(marks))
    }
}

impl AtDepth {
    fn read_tagged<'de, A: SeqAccess<'de>>(
        self,
        letter: &str,
        seq: &mut A,
    ) -> Result<Value, A::Error> {
        let below = AtDepth(self.0 + 1);
        Ok(match letter {
            "v" => seq.next_element_seed(below)?.ok_or_else(missing)?,
            "0" => Value::Null(element_type(seq)?),
            "n" => number(&required::<A, String>(seq)?)?,
            "?" => {
                let ty = element_type(seq)?;
                let refinements: Option<Refinements> = seq.next_element()?;
                Value::refined(ty, refinements.unwrap_or_default())
            }
            "l" => {
                let element = element_type(seq)?;
                Value::list(element, below.items(seq)?)
            }
            "s" => {
                let element = element_type(seq)?;
                Value::set(element, below.items(seq)?)
            }
            "m" => {
                let element = element_type(seq)?;
                Value::map(element, below.entries(seq)?)
            }
            "t" => Value::tuple(below.items(seq)?),
            "o" => Value::Object(below.entries(seq)?.into()),
            "x" => {
                let text: String = required(seq)?;
                let mut inner = serde_json::Deserializer::from_str(&text);
                let value = below.deserialize(&mut inner).map_err(A::Error::custom)?;
                inner.end().map_err(A::Error::custom)?;
                value
            }
            _ => return Err(A::Error::custom("a value of an unknown kind")),
        })
    }

    fn items<'de, A: SeqAccess<'de>>(self, seq: &mut A) -> Result<Vec<Value>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(items)
    }

    fn entries<'de, A: SeqAccess<'de>>(self, seq: &mut A) -> Result<Entries, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = seq.next_element::<Str>()? {
            entries.push((name, seq.next_element_seed(self)?.ok_or_else(missing)?));
        }
        Ok(entries.into_iter().collect())
    }
}

fn required<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(seq: &mut A) -> Result<T, A::Error> {
    seq.next_element()?.ok_or_else(missing)
}

fn missing<E: serde::de::Error>() -> E {
    E::custom("a part of a value is missing")
}

fn element_type<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<Type, A::Error> {
    let text: String = required(seq)?;
    read_type(&text).ok_or_else(|| A::Error::custom("the type of a value is not a type"))
}

fn number<E: serde::de::Error>(text: &str) -> Result<Value, E> {
    Number::from_serial_text(text)
        .map(Value::Number)
        .ok_or_else(|| E::custom("a number of a value is not a number"))
}
