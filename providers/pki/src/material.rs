//! [`Material`]: what was made for each generation, kept in two attributes of the object, a sensitive one and
//! one that is not.
//!
//! Names are `RING/NUMBER/PART` (`/1/key`, `etcd-ca/2/cert`). A part that is to be made at apply is not there. What is trusted is
//! never dropped; private parts of what is distrusted are.

use std::collections::BTreeMap;

use kprov_core::{Str, Type, Value};
use kprov_provider::{Attribute, ProviderError};

use crate::fields;
use crate::generations::Steps;

/// Parts that are secret, and dropped with distrust; the others say what there was.
const PRIVATE: [&str; 3] = ["key", "secret", "token"];

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

/// The attribute of private parts.
pub(crate) fn private_attribute() -> (&'static str, Attribute) {
    let text = "Private keys of all generations: the provider's own; use the other results.";
    ("material", fields::computed(Type::map(Type::String), text).sensitive())
}

/// The attribute of all other parts. Not in one with the private ones: what stands in a sensitive value is hidden elsewhere, too.
pub(crate) fn public_attribute() -> (&'static str, Attribute) {
    let text = "Certificates and public keys of all generations: the provider's own; use the other results.";
    ("public_material", fields::computed(Type::map(Type::String), text))
}

fn name(ring: &str, number: i64, part: &str) -> String {
    format!("{ring}/{number}/{part}")
}

impl Material {
    /// Of an object.
    pub(crate) fn of(object: &Value) -> Material {
        let maps = ["material", "public_material"].into_iter().filter_map(|name| object.get(name));
        let entries = maps.filter_map(Value::as_entries).flatten();
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

    /// The attributes' values; unknown where a part is still to be made.
    pub(crate) fn values(&self, rings: &[Ring<'_>]) -> [(&'static str, Value); 2] {
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
        let is_private =
            |key: &Str| key.rsplit('/').next().is_some_and(|part| PRIVATE.contains(&part));
        let (private, public): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(key, _)| is_private(key));
        let map =
            |entries: Vec<(Str, Value)>| Value::map(Type::String, entries.into_iter().collect());
        [("material", map(private)), ("public_material", map(public))]
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
