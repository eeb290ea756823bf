//! Nested blocks side by side: what the schema calls a block is told as one, `ingress { ... }`.
//!
//! Blocks of a list are compared by their place, those of a map by their label, those of a set by
//! what they are. A value that has not the shape its schema says is told as an attribute: it comes
//! from another version of the schema, and nothing of it may be lost.

use std::collections::BTreeSet;

use kprov_core::{Entries, Marks, PathStep, Str, Value};
use kprov_provider::{Block, NestedBlock, Nesting};

use super::build::{
    Comparison, Nulls, UNKNOWN, attribute_entries, group, hidden, lay_out, merged, set_steps,
};
use super::{Body, Nested, Node, Sign};

/// An object that comes, goes or stays as a whole.
pub(super) fn lay_out_block(value: &Value, sign: Sign, block: &Block) -> Node {
    if hidden(value).is_some() {
        return lay_out(value, sign, "", Nulls::Unset);
    }
    let Value::Object(parts) = value.bare() else {
        return lay_out(value, sign, "", Nulls::Unset);
    };
    let plain = |name: &Str| is_attribute(block, name, [Some(parts), None]);
    let mut all = group(true, attribute_entries(parts, sign, &plain));
    for (name, nested) in &block.blocks {
        let Some(value) = parts.get(name).filter(|_| !plain(name)) else { continue };
        for item in items(nested.nesting, value) {
            let node = match item.value.bare() {
                Value::Unknown(_) => Node::new(sign, Body::Text(UNKNOWN.to_owned())),
                _ => lay_out_block(&item.value, sign, &nested.block),
            };
            all.blocks.push(Nested { name: name.clone(), label: item.label(), node });
        }
    }
    Node::new(sign, Body::Group(all))
}

/// Is it to be told as `name = value`?
fn is_attribute(block: &Block, name: &Str, sides: [Option<&Entries>; 2]) -> bool {
    let Some(nested) = block.blocks.get(name) else { return true };
    let odd = |parts: &Entries| parts.get(name).is_some_and(|it| !fits(nested.nesting, it));
    sides.into_iter().flatten().any(odd)
}

fn fits(nesting: Nesting, value: &Value) -> bool {
    let is_object = |value: &Value| {
        matches!(value.bare(), Value::Object(_) | Value::Null(_) | Value::Unknown(_))
    };
    match (nesting, value.bare()) {
        (_, Value::Null(_) | Value::Unknown(_)) => true,
        (Nesting::Single | Nesting::Group, Value::Object(_)) => true,
        (Nesting::List | Nesting::Set, bare) => {
            bare.as_items().is_some_and(|items| items.iter().all(is_object))
        }
        (Nesting::Map, bare) => {
            bare.as_entries().is_some_and(|items| items.iter().all(|(_, item)| is_object(item)))
        }
        _ => false,
    }
}

/// One block of a name.
#[derive(Debug)]
struct Item {
    /// From the attribute to the block; `None` where it is the attribute itself.
    step: Option<PathStep>,
    value: Value,
}

impl Item {
    /// ` "label"`
    fn label(&self) -> Option<Str> {
        match &self.step {
            Some(PathStep::Key(label)) => Some(label.clone()),
            _ => None,
        }
    }
}

/// The blocks in a value that [`fits`]. Marks of the whole are those of each: how many there are
/// is told, what is in them is not. A value that is unknown is one block that is unknown.
fn items(nesting: Nesting, value: &Value) -> Vec<Item> {
    let marks = value.marks();
    let item = |step: Option<PathStep>, value: &Value| Item {
        step,
        value: value.clone().with_marks(marks),
    };
    match (nesting, value.bare()) {
        (_, Value::Null(_)) => Vec::new(),
        (_, bare @ Value::Unknown(_)) => vec![Item { step: None, value: bare.clone() }],
        (Nesting::Group, bare) if is_unset(bare) => Vec::new(),
        (Nesting::Single | Nesting::Group, bare) => vec![item(None, bare)],
        (Nesting::Map, bare) => {
            let entries = bare.as_entries().into_iter().flatten();
            entries.map(|(label, it)| item(Some(PathStep::Key(label.clone())), it)).collect()
        }
        (Nesting::List | Nesting::Set, bare) => {
            let numbered = (0..).zip(bare.as_items().unwrap_or_default());
            numbered.map(|(at, it)| item(Some(PathStep::Index(at)), it)).collect()
        }
    }
}

/// The object of nulls that an absent block of [`Nesting::Group`] is.
fn is_unset(value: &Value) -> bool {
    match value.bare() {
        Value::Null(_) => true,
        Value::Object(parts) => parts.iter().all(|(_, part)| is_unset(part)),
        bare => {
            bare.as_items().is_some_and(<[Value]>::is_empty)
                || bare.as_entries().is_some_and(|entries| entries.iter().next().is_none())
        }
    }
}

impl Comparison<'_> {
    /// Two objects of a schema.
    pub(super) fn objects(&mut self, before: &Value, after: &Value, block: &Block) -> Node {
        let same = kprov_core::value::raw_equal(before, after);
        let (Value::Object(old), Value::Object(new)) = (before.bare(), after.bare()) else {
            return self.values(before, after, "");
        };
        if same || hidden(before).is_some() || hidden(after).is_some() {
            return self.values(before, after, "");
        }
        let plain = |name: &Str| is_attribute(block, name, [Some(old), Some(new)]);
        let mut all = group(true, self.parts(old, new, true, &plain));
        for name in merged(old, new) {
            if let Some(nested) = block.blocks.get(name).filter(|_| !plain(name)) {
                self.at.0.push(PathStep::Attribute(name.clone()));
                let found = [old, new].map(|parts| {
                    parts.get(name).map(|it| items(nested.nesting, it)).unwrap_or_default()
                });
                self.nested(name, nested, found, &mut all.blocks);
                self.at.0.pop();
            }
        }
        let mut node = Node::new(Sign::Change, Body::Group(all));
        node.forces = self.replacing.contains(&self.at);
        node
    }

    /// All blocks of a name; `self.at` is the attribute that holds them.
    fn nested(
        &mut self,
        name: &Str,
        nested: &NestedBlock,
        [before, after]: [Vec<Item>; 2],
        out: &mut Vec<Nested>,
    ) {
        let all_force = self.replacing.contains(&self.at);
        let from = out.len();
        let mut told = |label: Option<Str>, node: Node| {
            out.push(Nested { name: name.clone(), label, node });
        };
        let unknown =
            |items: &[Item]| items.iter().any(|it| !it.value.is_known() && it.step.is_none());
        if unknown(&before) || unknown(&after) {
            // What there was is told apart: it may be what comes again.
            let sign = if before.is_empty() { Sign::Add } else { Sign::Change };
            told(None, Node::new(sign, Body::Text(UNKNOWN.to_owned())));
            for item in before.iter().filter(|item| item.value.is_known()) {
                told(item.label(), lay_out_block(&item.value, Sign::Remove, &nested.block));
            }
        } else if nested.nesting == Nesting::Set {
            let bare = |items: Vec<Item>| items.into_iter().map(|it| it.value).collect::<Vec<_>>();
            for node in set_blocks(&bare(before), &bare(after), &nested.block) {
                told(None, node);
            }
        } else {
            for (step, old, new) in pairs(&before, &after) {
                let label = old.or(new).and_then(Item::label);
                let pushed = step.is_some();
                self.at.0.extend(step);
                told(label, self.pair(old, new, &nested.block));
                if pushed {
                    self.at.0.pop();
                }
            }
        }
        for block in &mut out[from..] {
            block.node.forces |= all_force && block.node.sign != Sign::Same;
        }
    }

    fn pair(&self, old: Option<&Item>, new: Option<&Item>, block: &Block) -> Node {
        let (sign, item) = match (old, new) {
            (Some(old), Some(new)) => {
                let mut inner = Comparison {
                    replacing: self.replacing,
                    at: self.at.clone(),
                    nulls: self.nulls,
                };
                return inner.objects(&old.value, &new.value, block);
            }
            (Some(old), None) => (Sign::Remove, old),
            (None, Some(new)) => (Sign::Add, new),
            (None, None) => return Node::new(Sign::Same, Body::Text(String::new())),
        };
        let mut node = lay_out_block(&item.value, sign, block);
        node.forces = self.replacing.iter().any(|path| self.at.is_prefix_of(path));
        node
    }
}

/// Those of one place or label side by side.
fn pairs<'i>(
    before: &'i [Item],
    after: &'i [Item],
) -> Vec<(Option<PathStep>, Option<&'i Item>, Option<&'i Item>)> {
    let by_label = before.iter().chain(after).any(|item| item.label().is_some());
    if !by_label {
        let count = before.len().max(after.len());
        let step = |item: Option<&Item>| item.and_then(|item| item.step.clone());
        return (0..count)
            .map(|at| (before.get(at), after.get(at)))
            .map(|(old, new)| (step(new.or(old)), old, new))
            .collect();
    }
    let labels: BTreeSet<Str> = before.iter().chain(after).filter_map(Item::label).collect();
    let of = |items: &'i [Item]| {
        items
            .iter()
            .filter_map(|it| Some((it.label()?, it)))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let (old, new) = (of(before), of(after));
    let beside = |label: Str| {
        let sides = (old.get(&label).copied(), new.get(&label).copied());
        (Some(PathStep::Key(label)), sides.0, sides.1)
    };
    labels.into_iter().map(beside).collect()
}

/// Blocks of a set have no place: each stays, comes or goes. A set with a secret in it keeps the
/// contents of all its blocks to itself, and so does the one that it was before.
fn set_blocks(before: &[Value], after: &[Value], block: &Block) -> Vec<Node> {
    let marks = |items: &[Value]| items.iter().fold(Marks::NONE, |all, item| all | item.marks());
    let all = marks(before) | marks(after);
    let bare = |items: &[Value]| items.iter().map(|it| it.bare().clone()).collect::<Vec<_>>();
    let told = |(sign, item): (Sign, &Value)| match sign {
        Sign::Same => {
            Node::new(Sign::Same, Body::Unchanged(item.clone().with_marks(all), Nulls::Unset))
        }
        _ => lay_out_block(&item.clone().with_marks(all), sign, block),
    };
    set_steps(&bare(before), &bare(after)).into_iter().map(told).collect()
}
