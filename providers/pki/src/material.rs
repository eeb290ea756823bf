//! [`Material`]: what was made for each generation, kept in one sensitive attribute of the object.
//!
//! Names are `RING/NUMBER/PART` (`/1/key`, `etcd-ca/2/cert`). A part that is to be made at apply is not there. What is trusted is
//! never dropped; private parts of what is distrusted are.

use std::collections::BTreeMap;

use kprov_core::{Str, Type, Value};
use kprov_provider::{Attribute, ProviderError};

use crate::fields;
use crate::generations::Steps;

/// Parts that are dropped with distrust; the others say what there was.
const PRIVATE: [&str; 2] = ["key", "secret"];

/// Texts by ring, generation and part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Material(BTreeMap<String, String>);

/// A kind of key with generations of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring<'a> {
    /// Its name within the object.
    pub(crate) name: &'a str,
    /// What each generation is made of.
    pub(crate) parts: &'a [&'a str],
    /// Where its rotation stands.
    pub(crate) steps: Steps,
}

/// The attribute.
pub(crate) fn attribute() -> (&'static str, Attribute) {
    let all = fields::computed(
        Type::map(Type::String),
        "Keys and certificates of all generations: the provider's own; use the other results.",
    );
    ("material", all.sensitive())
}

fn name(ring: &str, number: i64, part: &str) -> String {
    format!("{ring}/{number}/{part}")
}

impl Material {
    /// Of an object.
    pub(crate) fn of(object: &Value) -> Material {
        let entries = object.get("material").and_then(Value::as_entries).into_iter().flatten();
        let known = entries.filter_map(|(k, v)| Some((k.to_string(), v.as_str()?.to_owned())));
        Material(known.collect())
    }

    /// A part that is there.
    pub(crate) fn part(&self, ring: &str, number: i64, part: &str) -> Option<&str> {
        self.0.get(&name(ring, number, part)).map(String::as_str)
    }

    /// Without what is withdrawn, and the private parts of what is distrusted.
    pub(crate) fn kept(&self, rings: &[Ring<'_>]) -> Material {
        let keeps = |key: &str| {
            let mut steps = key.rsplitn(3, '/');
            let (part, number, ring) = (steps.next()?, steps.next()?, steps.next()?);
            let number: i64 = number.parse().ok()?;
            let ring = rings.iter().find(|it| it.name == ring)?;
            let trusted = number >= ring.steps.trusted_from;
            Some(number <= ring.steps.newest && (trusted || !PRIVATE.contains(&part)))
        };
        let kept = self.0.iter().filter(|(key, _)| keeps(key) == Some(true));
        Material(kept.map(|(key, text)| (key.clone(), text.clone())).collect())
    }

    /// Makes what is not there of all that is trusted.
    pub(crate) fn complete(
        mut self,
        rings: &[Ring<'_>],
        mut make: impl FnMut(&Ring<'_>, i64) -> Result<Vec<(&'static str, String)>, ProviderError>,
    ) -> Result<Material, ProviderError> {
        for ring in rings {
            for number in ring.steps.trusted_from..=ring.steps.newest {
                if ring.parts.iter().any(|part| self.part(ring.name, number, part).is_none()) {
                    for (part, text) in make(ring, number)? {
                        self.0.insert(name(ring.name, number, part), text);
                    }
                }
            }
        }
        Ok(self)
    }

    /// The attribute's value; unknown where a part is still to be made.
    pub(crate) fn value(&self, rings: &[Ring<'_>]) -> Value {
        let mut all: BTreeMap<Str, Value> =
            self.0.iter().map(|(k, text)| (k.into(), Value::string(text.as_str()))).collect();
        for ring in rings {
            for number in ring.steps.trusted_from..=ring.steps.newest {
                for part in ring.parts {
                    let part = name(ring.name, number, part);
                    all.entry(part.into()).or_insert_with(|| Value::unknown(Type::String));
                }
            }
        }
        Value::map(Type::String, all.into_iter().collect())
    }

    /// Numbers of a ring of which anything is known or is to be made.
    pub(crate) fn numbers(&self, ring: &Ring<'_>) -> Vec<i64> {
        let prefix = format!("{}/", ring.name);
        let known = self
            .0
            .keys()
            .filter_map(|key| key.strip_prefix(&prefix)?.split('/').next()?.parse().ok());
        let mut all: Vec<i64> = known.chain(ring.steps.trusted_from..=ring.steps.newest).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Texts of a part, one after the other; `None` while one is to be made.
    pub(crate) fn joined(&self, ring: &str, numbers: &[i64], part: &str) -> Option<String> {
        numbers.iter().map(|number| self.part(ring, *number, part)).collect()
    }
}
