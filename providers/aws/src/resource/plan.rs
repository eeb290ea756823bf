//! [`Plan`]: a plan in the making, as a type sees it.

use std::collections::BTreeMap;

use kprov_core::{Path, Str, Value};
use kprov_provider::{Block, PlanRequest, PlannedObject};

use super::Tagging;
use crate::fields::{Fields, same};
use crate::row::same_document;
use crate::tags::TagRules;

/// A plan in the making.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// The object as it is; `None`: a new one.
    pub(crate) prior: Option<Fields<'a>>,
    /// What the user wrote.
    pub(crate) config: Fields<'a>,
    /// What the engine proposes.
    pub(crate) proposed: Fields<'a>,
    block: &'a Block,
    changed: BTreeMap<Str, Value>,
    replaces: Vec<Path>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(block: &'a Block, request: &PlanRequest<'a>) -> Plan<'a> {
        Plan {
            prior: request.prior.map(Fields),
            config: Fields(request.config),
            proposed: Fields(request.proposed),
            block,
            changed: BTreeMap::new(),
            replaces: Vec::new(),
        }
    }

    /// The attribute as planned so far.
    pub(crate) fn get(&self, name: &str) -> &Value {
        self.changed.get(name).unwrap_or_else(|| self.proposed.get(name))
    }

    /// It will be this.
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.changed.insert(name.into(), value);
    }

    /// Only apply can tell. Says nothing of what the configuration sets.
    pub(crate) fn unknown(&mut self, name: &str) {
        if let Some(attribute) = self.block.attributes.get(name)
            && !self.config.is_set(name)
        {
            self.set(name, Value::unknown(attribute.ty.clone()));
        }
    }

    /// It will be as it is: the configuration only spells it differently.
    pub(crate) fn keep(&mut self, name: &str) {
        if let Some(prior) = self.prior {
            self.set(name, prior.get(name).clone());
        }
    }

    /// Keeps a JSON document that is only spelt differently.
    pub(crate) fn keep_same_document(&mut self, name: &str) {
        let old = self.prior.and_then(|prior| prior.text(name));
        if let (Some(old), Some(new)) = (old, self.get(name).as_str())
            && same_document(old, new)
        {
            self.keep(name);
        }
    }

    /// A change of it cannot be made in place.
    pub(crate) fn replace(&mut self, name: &str) {
        self.replaces.push(Path::attribute(name));
    }

    /// Names of all attributes and blocks.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let block = self.block;
        block.attributes.keys().chain(block.blocks.keys()).map(Str::as_str)
    }

    /// Does it differ from what is?
    pub(crate) fn changes(&self, name: &str) -> bool {
        self.prior.is_some_and(|prior| prior.get(name) != self.get(name))
    }

    /// region, tags and tags_all.
    pub(super) fn plan_common(&mut self, provider: &Value, tagging: Tagging) {
        let ours = |name: &str| self.block.attributes.contains_key(name);
        let (regional, tagged) = (ours("region"), ours("tags_all") && tagging != Tagging::None);
        if regional && !self.config.is_set("region") {
            let wanted = Fields(provider).get("region");
            match self.prior {
                // A state of 5.x has no regions; the next read fills it in.
                Some(_) => self.keep("region"),
                None if wanted.as_str().is_some() => self.set("region", wanted.clone()),
                None => {}
            }
        }
        if tagged {
            let rules = TagRules::of(Fields(provider));
            let all = rules.planned(provider, self.get("tags"));
            self.set("tags_all", all);
        }
    }

    pub(super) fn finish(self) -> PlannedObject {
        let entries = self.proposed.0.as_entries().into_iter().flatten().cloned();
        let value = Value::object(entries.chain(self.changed));
        PlannedObject { requires_replace: self.replaces, ..PlannedObject::from(value) }
    }
}

/// Names of attributes and blocks that differ, but for those that the adapter sees to.
pub(super) fn differing(block: &Block, a: Fields<'_>, b: Fields<'_>) -> Vec<Str> {
    let names = block.attributes.keys().chain(block.blocks.keys());
    names
        .filter(|name| !matches!(name.as_str(), "tags" | "tags_all" | "timeouts" | "region"))
        .filter(|name| b.get(name).is_wholly_known() && !same(a, b, name))
        .cloned()
        .collect()
}
