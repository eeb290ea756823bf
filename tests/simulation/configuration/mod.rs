//! Random configurations: what they are made of ([`Config`]), their text, how they come to be and
//! change, and which objects they want ([`wanted`]), found without the planner.
//!
//! # Invariants
//! - Items refer only to items that stand before them in the same module, or to their module's
//!   arguments: references make a DAG.
//! - Names are never used twice, so that a removed block and a new one are not taken for one.

mod evolve;
mod expect;
mod generate;
mod text;

use std::collections::BTreeSet;

pub(crate) use evolve::{evolve, rename_only};
pub(crate) use expect::{Wanted, wanted};
pub(crate) use generate::generate;
pub(crate) use text::files;

/// How an item repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    One,
    Count(usize),
    /// Sorted keys with their values.
    Each(Vec<(String, i64)>),
}

/// Which of a target's instances are meant, and how that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    All,
    /// All, by way of a local value.
    Local,
    /// The n-th.
    Nth(usize),
    /// The one with the referrer's own key.
    Same,
}

/// A reference to ids. A target named [`ARGUMENT`] is the module's own argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ref {
    pub(crate) to: String,
    pub(crate) pick: Pick,
}

/// See [`Ref`].
pub(crate) const ARGUMENT: &str = "var.ids";

/// Where a size comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Literal(i64),
    /// A local value of the module.
    Local(String),
    /// The module's argument (in the root: a variable with a default).
    Argument,
    /// This plus `count.index`, or `each.value`; of a single object just this.
    Repeated(i64),
}

#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) name: String,
    pub(crate) keys: Keys,
    pub(crate) size: Size,
    /// Forces replacement.
    pub(crate) kind: u8,
    /// May not be missing in the world, and force replacement.
    pub(crate) refs: Vec<Ref>,
    /// Changed in place.
    pub(crate) links: Vec<Ref>,
    /// Of which resource the etags are noted: unknown whenever that one is updated.
    pub(crate) note: Option<String>,
    pub(crate) create_before_destroy: bool,
    pub(crate) depends_on: Vec<String>,
    pub(crate) replaced_with: Option<String>,
    /// A single object whose etag must be known before `count` is: planned in a later phase.
    pub(crate) late: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) keys: Keys,
    pub(crate) size: Size,
    pub(crate) ids: Vec<Ref>,
    pub(crate) depends_on: Vec<String>,
    pub(crate) body: Module,
}

#[derive(Clone, Debug)]
pub(crate) enum Item {
    Resource(Resource),
    Call(Call),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Module {
    pub(crate) items: Vec<Item>,
    pub(crate) locals: Vec<(String, i64)>,
    /// `moved` blocks, endpoints as written.
    pub(crate) moved: Vec<(String, String)>,
}

/// A configuration and the number of the next name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    pub(crate) root: Module,
    pub(crate) next_name: u32,
}

impl Item {
    pub(crate) fn name(&self) -> &str {
        match self {
            Item::Resource(resource) => &resource.name,
            Item::Call(call) => &call.name,
        }
    }

    pub(crate) fn keys(&self) -> &Keys {
        match self {
            Item::Resource(resource) => &resource.keys,
            Item::Call(call) => &call.keys,
        }
    }

    /// `sim_object.r1`, `module.m2`
    pub(crate) fn address(&self) -> String {
        match self {
            Item::Resource(resource) => format!("sim_object.{}", resource.name),
            Item::Call(call) => format!("module.{}", call.name),
        }
    }

    /// Every list of references to ids.
    pub(crate) fn refs_mut(&mut self) -> Vec<&mut Vec<Ref>> {
        match self {
            Item::Resource(resource) => vec![&mut resource.refs, &mut resource.links],
            Item::Call(call) => vec![&mut call.ids],
        }
    }
}

impl Keys {
    pub(crate) fn len(&self) -> usize {
        match self {
            Keys::One => 1,
            Keys::Count(count) => *count,
            Keys::Each(entries) => entries.len(),
        }
    }

    /// `""`, `[0]`, `["k"]`
    pub(crate) fn suffix(&self, nth: usize) -> String {
        match self {
            Keys::One => String::new(),
            Keys::Count(_) => format!("[{nth}]"),
            Keys::Each(entries) => {
                entries.get(nth).map_or_else(String::new, |(key, _)| format!("[\"{key}\"]"))
            }
        }
    }

    /// Where `self` has the key that `other` has at `nth`.
    pub(crate) fn same(&self, other: &Keys, nth: usize) -> Option<usize> {
        match (self, other) {
            (Keys::Count(count), Keys::Count(_)) => (nth < *count).then_some(nth),
            (Keys::Each(mine), Keys::Each(theirs)) => {
                let (key, _) = theirs.get(nth)?;
                mine.iter().position(|(name, _)| name == key)
            }
            _ => None,
        }
    }

    /// Does `self` have every key of `other`?
    pub(crate) fn covers(&self, other: &Keys) -> bool {
        let alike = matches!(
            (self, other),
            (Keys::Count(_), Keys::Count(_)) | (Keys::Each(_), Keys::Each(_))
        );
        alike && (0..other.len()).all(|nth| self.same(other, nth).is_some())
    }
}

impl Module {
    pub(crate) fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.name() == name)
    }

    /// How many blocks, those of modules included.
    pub(crate) fn blocks(&self) -> usize {
        self.items
            .iter()
            .map(|item| match item {
                Item::Resource(_) => 1,
                Item::Call(call) => 1 + call.body.blocks(),
            })
            .sum()
    }

    /// Makes references fit their targets again: gone targets are dropped, keys that are gone mean
    /// all of them.
    pub(crate) fn repair(&mut self) {
        let mut before: Vec<(String, Keys, bool)> = Vec::new();
        // What a count waits for may be replaced although those refer to it that nobody can plan
        // before: only what is created before it is destroyed can be.
        let mut awaited: BTreeSet<String> = BTreeSet::new();
        for item in &mut self.items {
            let own = item.keys().clone();
            let find = |name: &str| before.iter().find(|(known, ..)| known == name);
            for refs in item.refs_mut() {
                refs.retain(|it| it.to == ARGUMENT || find(&it.to).is_some());
                for it in refs {
                    let Some((_, keys, _)) = find(&it.to) else { continue };
                    let fits = match it.pick {
                        Pick::All | Pick::Local => true,
                        Pick::Nth(nth) => nth < keys.len(),
                        Pick::Same => keys.covers(&own),
                    };
                    if !fits {
                        it.pick = Pick::All;
                    }
                }
            }
            let resource = |name: &str| find(name).is_some_and(|(.., is)| *is);
            match item {
                Item::Resource(it) => {
                    it.depends_on.retain(|name| find(name).is_some());
                    it.note = it.note.take().filter(|name| resource(name));
                    it.late = it.late.take().filter(|name| awaited.contains(name));
                    if it.create_before_destroy && it.keys == Keys::One {
                        awaited.insert(it.name.clone());
                    }
                    // Of a resource without instances nothing can be a trigger: an error.
                    let some = |name: &str| find(name).is_some_and(|(_, keys, _)| keys.len() > 0);
                    let trigger = it.replaced_with.take();
                    it.replaced_with = trigger.filter(|name| resource(name) && some(name));
                }
                Item::Call(call) => {
                    call.depends_on.retain(|name| find(name).is_some());
                    call.body.repair();
                }
            }
            let is_resource = matches!(item, Item::Resource(_));
            before.push((item.name().to_owned(), own, is_resource));
        }
    }
}
