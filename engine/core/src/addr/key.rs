//! Reading an [`InstanceKey`] back. Written by hand: serde's `untagged` buffers the value, and a
//! number that was buffered under serde_json's `arbitrary_precision` is no `u64` any more.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::InstanceKey;
use crate::Str;

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = InstanceKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, a whole number or a string")
    }

    fn visit_unit<E: Error>(self) -> Result<InstanceKey, E> {
        Ok(InstanceKey::None)
    }

    fn visit_none<E: Error>(self) -> Result<InstanceKey, E> {
        Ok(InstanceKey::None)
    }

    fn visit_u64<E: Error>(self, index: u64) -> Result<InstanceKey, E> {
        Ok(InstanceKey::Int(index))
    }

    fn visit_i64<E: Error>(self, index: i64) -> Result<InstanceKey, E> {
        u64::try_from(index).map(InstanceKey::Int).map_err(|_| E::custom("a negative index"))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<InstanceKey, E> {
        Ok(InstanceKey::String(Str::new(key)))
    }

    /// How serde_json hands over a number under `arbitrary_precision`.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<InstanceKey, A::Error> {
        let number = serde_json::Number::deserialize(MapAccessDeserializer::new(map))?;
        number.as_u64().map(InstanceKey::Int).ok_or_else(|| A::Error::custom("not an index"))
    }
}

impl<'de> Deserialize<'de> for InstanceKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<InstanceKey, D::Error> {
        deserializer.deserialize_any(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_json() {
        for key in [
            InstanceKey::None,
            InstanceKey::Int(0),
            InstanceKey::Int(u64::MAX),
            InstanceKey::String("a".into()),
            InstanceKey::String("0".into()),
        ] {
            let text = serde_json::to_string(&key).unwrap();
            assert_eq!(serde_json::from_str::<InstanceKey>(&text).unwrap(), key, "{text}");
        }
    }

    #[test]
    fn other_json_is_no_key() {
        for text in ["-1", "1.5", "true", "[]", "{}", "18446744073709551616"] {
            assert!(serde_json::from_str::<InstanceKey>(text).is_err(), "{text}");
        }
    }
}
