//! The tree of differences between two values.
//!
//! Objects and maps are compared key by key, lists by their longest common subsequence, sets as sets,
//! strings by what they hold ([`super::strings`]).

use std::ops::Range;

use kprov_core::value::{raw_equal, render_hcl, set_order};
use kprov_core::{Entries, Marks, Path, PathStep, Str, Value};

use kprov_provider::Block;

use super::blocks::lay_out_block;
use super::sequence::{Edit, edits};
use super::strings;
use super::{Body, Entry, Group, Node, Sign};

pub(super) const UNKNOWN: &str = "(known after apply)";

/// Attributes that tell which object this is.
const IMPORTANT: [&str; 3] = ["id", "name", "tags"];

const NOW_SENSITIVE: &str =
    "# Warning: this value will be marked as sensitive, and hidden from then on.";
const NO_LONGER_SENSITIVE: &str =
    "# Warning: this value will no longer be marked as sensitive, and shown from then on.";

/// What a null in an object says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Nulls {
    /// The attribute is not set: not worth a line.
    Unset,
    /// It is content, as in JSON.
    Content,
}

/// What differs. `replacing`: the paths whose change replaces the object; `block`: what its schema
/// says, where there is one.
pub(in super::super) fn compare(
    before: &Value,
    after: &Value,
    replacing: &[Path],
    block: Option<&Block>,
) -> Node {
    let mut comparison = Comparison { replacing, at: Path::root(), nulls: Nulls::Unset };
    match block {
        Some(block) => comparison.objects(before, after, block),
        None => comparison.values(before, after, ""),
    }
}

/// What differs between two values that were read from JSON.
pub(super) fn compare_json(before: &Value, after: &Value) -> Node {
    Comparison { replacing: &[], at: Path::root(), nulls: Nulls::Content }.values(before, after, "")
}

/// A value that comes, goes or stays as a whole.
pub(in super::super) fn whole(value: &Value, sign: Sign, block: Option<&Block>) -> Node {
    match block {
        Some(block) => lay_out_block(value, sign, block),
        None => lay_out(value, sign, "", Nulls::Unset),
    }
}

pub(super) fn hidden(value: &Value) -> Option<&'static str> {
    let marks = value.marks();
    if marks.contains(Marks::SENSITIVE) {
        Some("(sensitive value)")
    } else if marks.contains(Marks::EPHEMERAL) {
        Some("(ephemeral value)")
    } else {
        None
    }
}

/// The same for the attribute `name`.
pub(super) fn lay_out(value: &Value, sign: Sign, name: &str, nulls: Nulls) -> Node {
    if let Some(said) = hidden(value) {
        return Node::new(sign, Body::Hidden(said));
    }
    let body = match value.bare() {
        Value::Unknown(_) => Body::Text(UNKNOWN.to_owned()),
        Value::Null(_) => Body::Text("null".to_owned()),
        Value::String(text) => return strings::whole(text, sign, name),
        Value::List(list) => items(list.items(), sign, nulls),
        Value::Set(set) => items(set.items(), sign, nulls),
        Value::Tuple(parts) => items(parts, sign, nulls),
        Value::Map(map) => entries(map.entries(), false, sign, nulls),
        Value::Object(parts) => entries(parts, true, sign, nulls),
        scalar => Body::Text(render_hcl(scalar, 0)),
    };
    Node::new(sign, body)
}

fn items(items: &[Value], sign: Sign, nulls: Nulls) -> Body {
    let entries = items.iter().map(|item| unnamed(lay_out(item, sign, "", nulls))).collect();
    Body::Group(list(true, entries))
}

fn list(context: bool, entries: Vec<Entry>) -> Group {
    Group { open: '[', close: ']', noun: "element", context, entries, blocks: Vec::new() }
}

fn entries(parts: &Entries, object: bool, sign: Sign, nulls: Nulls) -> Body {
    let shown = parts.iter().filter(|(_, part)| !(object && is_unset(part, nulls)));
    let entries =
        shown.map(|(name, part)| named(name, object, lay_out(part, sign, name, nulls))).collect();
    Body::Group(group(object, entries))
}

/// Those attributes of an object that are set and `wanted`.
pub(super) fn attribute_entries(
    parts: &Entries,
    sign: Sign,
    wanted: &dyn Fn(&Str) -> bool,
) -> Vec<Entry> {
    let shown = parts.iter().filter(|(name, part)| !is_unset(part, Nulls::Unset) && wanted(name));
    shown.map(|(name, part)| named(name, true, lay_out(part, sign, name, Nulls::Unset))).collect()
}

pub(super) fn group(object: bool, entries: Vec<Entry>) -> Group {
    let noun = if object { "attribute" } else { "element" };
    Group { open: '{', close: '}', noun, context: false, entries, blocks: Vec::new() }
}

fn unnamed(node: Node) -> Entry {
    Entry { key: None, important: false, node }
}

fn named(name: &Str, object: bool, node: Node) -> Entry {
    let bare = object && kprov_core::addr::is_identifier(name);
    let key = if bare { name.to_string() } else { strings::quoted(name) };
    Entry { key: Some(key), important: object && IMPORTANT.contains(&name.as_str()), node }
}

/// A sensitive attribute that is not set has no secret to hide, and is not worth a line either.
fn is_unset(value: &Value, nulls: Nulls) -> bool {
    nulls == Nulls::Unset && value.is_null()
}

/// Two items that can be shown as one that changes.
fn alike(before: &Value, after: &Value) -> bool {
    hidden(before).is_none()
        && hidden(after).is_none()
        && matches!(
            (before.bare(), after.bare()),
            (Value::Map(_) | Value::Object(_), Value::Map(_) | Value::Object(_))
                | (Value::List(_) | Value::Tuple(_), Value::List(_) | Value::Tuple(_))
        )
}

/// A walk through two values at once.
pub(super) struct Comparison<'p> {
    pub(super) replacing: &'p [Path],
    /// Where it is.
    pub(super) at: Path,
    pub(super) nulls: Nulls,
}

impl Comparison<'_> {
    pub(super) fn values(&mut self, before: &Value, after: &Value, name: &str) -> Node {
        let mut node = if raw_equal(before, after) {
            Node::new(Sign::Same, Body::Unchanged(after.clone(), self.nulls))
        } else {
            self.different(before, after, name)
        };
        let inner = matches!(node.body, Body::Group(_));
        node.forces = self
            .replacing
            .iter()
            .any(|path| *path == self.at || (!inner && self.at.is_prefix_of(path)));
        node
    }

    fn different(&mut self, before: &Value, after: &Value, name: &str) -> Node {
        if let Some(said) = hidden(after).or_else(|| hidden(before)) {
            let mut node = Node::new(Sign::Change, Body::Hidden(said));
            let secret = |value: &Value| value.marks().contains(Marks::SENSITIVE);
            match (secret(before), secret(after), after.is_null()) {
                (false, true, _) if !before.is_null() => node.notes.push(NOW_SENSITIVE),
                (true, false, false) => node.notes.push(NO_LONGER_SENSITIVE),
                _ => {}
            }
            return node;
        }
        let body = match (before.bare(), after.bare()) {
            (Value::Map(a), Value::Map(b)) => self.entries(a.entries(), b.entries(), false),
            (Value::Object(a), Value::Object(b)) => self.entries(a, b, true),
            (Value::Map(a), Value::Object(b)) => self.entries(a.entries(), b, true),
            (Value::Object(a), Value::Map(b)) => self.entries(a, b.entries(), false),
            (Value::Set(a), Value::Set(b)) => set(a.items(), b.items()),
            (Value::List(_) | Value::Tuple(_), Value::List(_) | Value::Tuple(_)) => {
                let of = |value: &Value| value.bare().as_items().unwrap_or_default().to_vec();
                self.sequence(&of(before), &of(after))
            }
            (Value::String(a), Value::String(b)) => return strings::compare(a, b, name),
            _ => self.reshaped(before, after, name),
        };
        Node::new(Sign::Change, body)
    }

    fn inside(&mut self, step: PathStep, before: &Value, after: &Value, name: &str) -> Node {
        self.at.0.push(step);
        let node = self.values(before, after, name);
        self.at.0.pop();
        node
    }

    /// A part that only one side has; its coming or going may be what replaces the object.
    fn one_sided(&mut self, step: PathStep, value: &Value, sign: Sign, name: &str) -> Node {
        self.at.0.push(step);
        let mut node = lay_out(value, sign, name, self.nulls);
        node.forces = self.replacing.iter().any(|path| self.at.is_prefix_of(path));
        self.at.0.pop();
        node
    }

    fn entries(&mut self, before: &Entries, after: &Entries, object: bool) -> Body {
        Body::Group(group(object, self.parts(before, after, object, &|_| true)))
    }

    /// Those parts of an object or a map that are `wanted`.
    pub(super) fn parts(
        &mut self,
        before: &Entries,
        after: &Entries,
        object: bool,
        wanted: &dyn Fn(&Str) -> bool,
    ) -> Vec<Entry> {
        let nulls = self.nulls;
        let present = |found: Option<&Value>| -> Option<Value> {
            found.filter(|value| !(object && is_unset(value, nulls))).cloned()
        };
        let mut parts = Vec::with_capacity(after.len());
        for name in merged(before, after).into_iter().filter(|name| wanted(name)) {
            let step = || {
                if object { PathStep::Attribute(name.clone()) } else { PathStep::Key(name.clone()) }
            };
            let node = match (present(before.get(name)), present(after.get(name))) {
                (None, None) => continue,
                (None, Some(value)) => self.one_sided(step(), &value, Sign::Add, name),
                (Some(value), None) => self.one_sided(step(), &value, Sign::Remove, name),
                (Some(before), Some(after)) => self.inside(step(), &before, &after, name),
            };
            parts.push(named(name, object, node));
        }
        parts
    }

    fn sequence(&mut self, before: &[Value], after: &[Value]) -> Body {
        let mut parts = Vec::new();
        for edit in edits(before, after) {
            match edit {
                Edit::Keep(range) => parts.extend(after[range].iter().map(|item| {
                    unnamed(Node::new(Sign::Same, Body::Unchanged(item.clone(), self.nulls)))
                })),
                Edit::Swap(old, new) => {
                    let indexed = |items: &[Value], range: Range<usize>| -> Vec<(u64, Value)> {
                        (range.start as u64..).zip(items[range].iter().cloned()).collect()
                    };
                    self.swap(&indexed(before, old), &indexed(after, new), &mut parts);
                }
            }
        }
        Body::Group(list(true, parts))
    }

    /// Items that go and items that come in one place. Those that can be paired change; the others
    /// are told apart.
    fn swap(&mut self, old: &[(u64, Value)], new: &[(u64, Value)], parts: &mut Vec<Entry>) {
        let pairs = old.iter().zip(new).take_while(|((_, old), (_, new))| alike(old, new));
        let paired = pairs.count();
        for ((_, before), (index, after)) in old.iter().zip(new).take(paired) {
            parts.push(unnamed(self.inside(PathStep::Index(*index), before, after, "")));
        }
        for (rest, sign) in [(old, Sign::Remove), (new, Sign::Add)] {
            for (index, item) in &rest[paired..] {
                parts.push(unnamed(self.one_sided(PathStep::Index(*index), item, sign, "")));
            }
        }
    }

    fn reshaped(&self, before: &Value, after: &Value, name: &str) -> Body {
        let old = lay_out(before, Sign::Remove, name, self.nulls);
        let new = lay_out(after, Sign::Add, name, self.nulls);
        match (&old.body, &new.body) {
            (Body::Text(a), Body::Text(b)) => Body::Pair(a.clone(), b.clone()),
            _ => Body::Reshaped(Box::new(old), Box::new(new)),
        }
    }
}

/// Names of both, in order, each once.
pub(super) fn merged<'e>(before: &'e Entries, after: &'e Entries) -> Vec<&'e Str> {
    let mut names: Vec<&Str> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    names
}

/// Items of sets have no place: each stays, comes or goes.
fn set(before: &[Value], after: &[Value]) -> Body {
    let told = |(sign, item): (Sign, &Value)| match sign {
        Sign::Same => Node::new(Sign::Same, Body::Unchanged(item.clone(), Nulls::Unset)),
        _ => lay_out(item, sign, "", Nulls::Unset),
    };
    let parts = set_steps(before, after).into_iter().map(|step| unnamed(told(step))).collect();
    Body::Group(list(false, parts))
}

/// Each item of two sets once, in the order of sets.
pub(super) fn set_steps<'v>(before: &'v [Value], after: &'v [Value]) -> Vec<(Sign, &'v Value)> {
    use std::cmp::Ordering;
    let mut steps = Vec::new();
    let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => set_order(a, b),
        };
        let item = if order == Ordering::Greater { new.next() } else { old.next() };
        let Some(item) = item else { break };
        steps.push(match order {
            Ordering::Less => (Sign::Remove, item),
            Ordering::Greater => (Sign::Add, item),
            Ordering::Equal => {
                new.next();
                (Sign::Same, item)
            }
        });
    }
    steps
}
