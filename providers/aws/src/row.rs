//! [`Row`]: an object as AWS's answer says it is, and how it becomes the object's value.
//!
//! A resource type writes down what AWS said, by attribute name, in JSON; [`Row::onto`] gives it the
//! schema's types and lays it over what was known before. What the row does not mention stays, so
//! that attributes which only the configuration knows (`force_delete`, `timeouts`) are kept. Two
//! ways to say nothing (null and "", 0, false, empty) are not a difference.

use std::collections::{BTreeMap, BTreeSet};

use kprov_core::value::from_json;
use kprov_core::{Type, Value};
use kprov_provider::{Attribute, Block, Nesting};
use serde_json::Value as Json;

/// What AWS said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    cells: serde_json::Map<String, Json>,
    documents: BTreeSet<String>,
    tags: Option<BTreeMap<String, String>>,
}

impl Row {
    /// Says nothing yet.
    pub(crate) fn new() -> Row {
        Row::default()
    }

    /// The attribute or block is this; null: AWS says that there is none.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Json>) -> &mut Row {
        self.cells.insert(name.to_owned(), value.into());
        self
    }

    /// A list or set of texts.
    pub(crate) fn strings<S: Into<String>>(
        &mut self,
        name: &str,
        texts: impl IntoIterator<Item = S>,
    ) -> &mut Row {
        self.set(name, texts.into_iter().map(|text| Json::String(text.into())).collect::<Vec<_>>())
    }

    /// A JSON document; another spelling of the same document is no difference.
    pub(crate) fn document(&mut self, name: &str, text: Option<&str>) -> &mut Row {
        self.documents.insert(name.to_owned());
        self.set(name, text)
    }

    /// The tags as AWS has them; the adapter sorts out which are shown.
    pub(crate) fn tags<K: Into<String>, V: Into<String>>(
        &mut self,
        tags: impl IntoIterator<Item = (K, V)>,
    ) -> &mut Row {
        self.tags = Some(tags.into_iter().map(|(key, value)| (key.into(), value.into())).collect());
        self
    }

    /// What [`Row::tags`] was given.
    pub(crate) fn all_tags(&self) -> Option<&BTreeMap<String, String>> {
        self.tags.as_ref()
    }

    /// Does it say anything of that attribute or block?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.cells.contains_key(name)
    }

    /// A text that the row has.
    pub(crate) fn str(&self, name: &str) -> Option<&str> {
        self.cells.get(name)?.as_str()
    }

    /// The row over `base` (the object before, or the plan), wholly known.
    ///
    /// # Errors
    /// The attribute whose cell does not fit the schema: a bug of the resource type.
    pub(crate) fn onto(&self, block: &Block, base: &Value) -> Result<Value, String> {
        let mut entries = Vec::new();
        for (name, attribute) in &block.attributes {
            let base = base.get(name).cloned().unwrap_or(Value::Null(attribute.ty.clone()));
            let value = match self.cells.get(name.as_str()) {
                Some(cell) => self
                    .cell(name, cell, attribute, &base)
                    .map_err(|error| format!("{name}: {error}"))?,
                None if base.is_wholly_known() => base,
                None => absent(attribute),
            };
            entries.push((name.clone(), value));
        }
        for (name, nested) in &block.blocks {
            let base = base.get(name).cloned().unwrap_or(Value::NULL);
            let ty = block_type(&nested.block, nested.nesting);
            let value = match self.cells.get(name.as_str()) {
                Some(cell) => {
                    let cell =
                        if cell.is_null() { empty_cell(nested.nesting) } else { cell.clone() };
                    let value =
                        from_json(&cell, &ty).map_err(|error| format!("{name}: {error}"))?;
                    settle_zeroes(&value, &base)
                }
                None if base.is_known() && !base.is_null() => without_unknowns(&base),
                None => from_json(&empty_cell(nested.nesting), &ty).unwrap_or(Value::Null(ty)),
            };
            entries.push((name.clone(), value));
        }
        Ok(Value::object(entries))
    }

    fn cell(
        &self,
        name: &str,
        cell: &Json,
        attribute: &Attribute,
        base: &Value,
    ) -> Result<Value, String> {
        if attribute.write_only {
            return Ok(Value::Null(attribute.ty.clone()));
        }
        let mut value = from_json(cell, &attribute.ty).map_err(|error| error.to_string())?;
        if self.documents.contains(name)
            && let (Some(new), Some(old)) = (value.as_str(), base.as_str())
            && same_document(new, old)
        {
            return Ok(base.clone());
        }
        if value.is_null() && (attribute.computed || attribute.default.is_some()) {
            value = absent(attribute);
        }
        // Null is a choice only where nobody fills it in: an import begins with null everywhere.
        let filled = attribute.computed || attribute.default.is_some();
        if !base.is_known() || (filled && (base.is_null() || !attribute.optional)) {
            return Ok(value);
        }
        Ok(settle_zeroes(&value, base))
    }
}

/// What an attribute is where AWS has nothing: its default, or as in Terraform's state the zero of
/// computed primitives, and null of anything else.
fn absent(attribute: &Attribute) -> Value {
    if let Some(default) = &attribute.default {
        return default.clone();
    }
    match attribute.ty {
        Type::String if attribute.computed => Value::string(""),
        Type::Number if attribute.computed => Value::int(0),
        Type::Bool if attribute.computed => Value::Bool(false),
        _ => Value::Null(attribute.ty.clone()),
    }
}

/// Null where something is unknown, inside of blocks.
fn without_unknowns(value: &Value) -> Value {
    if value.is_wholly_known() {
        return value.clone();
    }
    match value {
        Value::Object(entries) => {
            Value::object(entries.iter().map(|(name, part)| (name.clone(), without_unknowns(part))))
        }
        Value::List(list) => {
            let items = list.items().iter().map(without_unknowns);
            Value::list(list.element().clone(), items.collect())
        }
        Value::Set(set) => {
            let items = set.items().iter().map(without_unknowns);
            Value::set(set.element().clone(), items.collect())
        }
        _ => Value::Null(value.ty()),
    }
}

/// The value type of a nested block.
pub(crate) fn block_type(block: &Block, nesting: Nesting) -> Type {
    let inner = block.implied_type();
    match nesting {
        Nesting::Single | Nesting::Group => inner,
        Nesting::List => Type::list(inner),
        Nesting::Set => Type::set(inner),
        Nesting::Map => Type::map(inner),
    }
}

fn empty_cell(nesting: Nesting) -> Json {
    match nesting {
        Nesting::Single | Nesting::Group => Json::Null,
        Nesting::List | Nesting::Set => Json::Array(Vec::new()),
        Nesting::Map => Json::Object(serde_json::Map::new()),
    }
}

/// An object of the schema in which nothing is set.
pub(crate) fn nothing(block: &Block) -> Value {
    let attributes =
        block.attributes.iter().map(|(name, a)| (name.clone(), Value::Null(a.ty.clone())));
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let ty = block_type(&nested.block, nested.nesting);
        let empty = from_json(&empty_cell(nested.nesting), &ty).unwrap_or(Value::Null(ty));
        (name.clone(), empty)
    });
    Value::object(attributes.chain(blocks).collect::<Vec<_>>())
}

/// [`nothing`], but open where AWS chooses or a default holds: what an import begins with.
pub(crate) fn open(block: &Block) -> Value {
    let chosen = |it: &Attribute| it.computed || it.default.is_some();
    let attributes = block.attributes.iter().filter(|(_, attribute)| chosen(attribute));
    let attributes =
        attributes.map(|(name, attribute)| (name.as_str(), Value::unknown(attribute.ty.clone())));
    kprov_provider::with_attributes(&nothing(block), attributes)
}

/// Null, "", 0, false or empty?
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null(_) => true,
        Value::String(text) => text.is_empty(),
        Value::Bool(truth) => !truth,
        Value::Number(number) => number.is_zero(),
        Value::List(_) | Value::Set(_) => value.as_items().is_some_and(<[Value]>::is_empty),
        Value::Map(_) => value.as_entries().is_some_and(|entries| entries.is_empty()),
        _ => false,
    }
}

/// `new`, but as `old` spells it where both say nothing; inside of objects and lists too, and inside
/// of sets where exactly that makes an item equal to an old one.
fn settle_zeroes(new: &Value, old: &Value) -> Value {
    if is_zero(new) && is_zero(old) && old.is_known() {
        return if old.is_null() { Value::Null(new.ty()) } else { old.clone() };
    }
    match (new, old) {
        (Value::Object(a), Value::Object(_)) => Value::object(a.iter().map(|(name, value)| {
            (name.clone(), old.get(name).map_or_else(|| value.clone(), |o| settle_zeroes(value, o)))
        })),
        (Value::List(list), Value::List(before)) if list.items().len() == before.items().len() => {
            let pairs = list.items().iter().zip(before.items());
            Value::list(list.element().clone(), pairs.map(|(a, b)| settle_zeroes(a, b)).collect())
        }
        (Value::Set(set), Value::Set(before)) => {
            let items = set.items().iter().map(|item| {
                let as_before = before.items().iter().find(|old| settle_zeroes(item, old) == **old);
                as_before.unwrap_or(item).clone()
            });
            Value::set(set.element().clone(), items.collect())
        }
        _ => new.clone(),
    }
}

/// `planned` where it is known, `actual` where it is not: what a plan said is kept.
pub(crate) fn fill(planned: &Value, actual: &Value) -> Value {
    if planned.is_wholly_known() {
        return planned.clone();
    }
    match (planned, actual) {
        (Value::Object(entries), Value::Object(_)) => {
            Value::object(entries.iter().map(|(name, part)| {
                let found = actual.get(name).cloned().unwrap_or(Value::Null(part.ty()));
                (name.clone(), fill(part, &found))
            }))
        }
        (Value::List(list), Value::List(found)) if list.items().len() == found.items().len() => {
            let pairs = list.items().iter().zip(found.items());
            Value::list(list.element().clone(), pairs.map(|(a, b)| fill(a, b)).collect())
        }
        _ => actual.clone(),
    }
}

/// Do two texts hold the same JSON, as IAM sees it: key order, spaces, and a list of one item or the
/// item alone make no difference, nor does the order of a list of texts.
pub(crate) fn same_document(a: &str, b: &str) -> bool {
    let parse = |text: &str| serde_json::from_str::<Json>(text).ok().map(canonical);
    a == b || parse(a).zip(parse(b)).is_some_and(|(a, b)| a == b)
}

fn canonical(json: Json) -> Json {
    match json {
        Json::Array(items) => {
            let mut items: Vec<Json> = items.into_iter().map(canonical).collect();
            if items.iter().all(Json::is_string) {
                items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
                items.dedup();
            }
            match items.len() {
                1 => items.swap_remove(0),
                _ => Json::Array(items),
            }
        }
        Json::Object(entries) => {
            Json::Object(entries.into_iter().map(|(key, value)| (key, canonical(value))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> Block {
        let text = || Attribute::new(Type::String);
        Block::of(
            "",
            [
                ("arn", text().computed()),
                ("force_delete", Attribute::new(Type::Bool).optional()),
                ("name", text().optional()),
                ("policy", text().optional()),
            ],
        )
    }

    fn base(name: Value, policy: &str) -> Value {
        Value::object([
            ("arn", Value::unknown(Type::String)),
            ("force_delete", Value::Bool(true)),
            ("name", name),
            ("policy", Value::string(policy)),
        ])
    }

    #[test]
    fn what_the_answer_does_not_mention_stays_and_nothing_is_unknown() {
        let mut row = Row::new();
        row.set("name", "n");
        let value = row.onto(&block(), &base(Value::string("old"), "{}")).unwrap();
        assert!(value.is_wholly_known());
        assert_eq!(value.get("force_delete"), Some(&Value::Bool(true)));
        assert_eq!(value.get("name"), Some(&Value::string("n")));
        assert_eq!(value.get("arn"), Some(&Value::string("")));
    }

    #[test]
    fn a_block_that_the_answer_does_not_mention_keeps_what_is_known_of_it() {
        let hook = Block::of("", [("name", Attribute::new(Type::String).optional())]);
        let mut outer = block();
        let nested = kprov_provider::NestedBlock {
            nesting: Nesting::Set,
            block: Block::of(
                "",
                [
                    ("name", hook.attributes["name"].clone()),
                    ("result", Attribute::new(Type::String).optional().computed()),
                ],
            ),
            min_items: 0,
            max_items: 0,
            force_new: false,
        };
        let ty = nested.block.implied_type();
        outer.blocks.insert("hook".into(), nested);
        let item =
            Value::object([("name", Value::string("h")), ("result", Value::unknown(Type::String))]);
        let entries = base(Value::string("n"), "{}");
        let entries = entries.as_entries().unwrap().clone().into_iter();
        let whole = Value::object(entries.chain([("hook".into(), Value::set(ty, vec![item]))]));
        let value = Row::new().onto(&outer, &whole).unwrap();
        let hook = &value.get("hook").unwrap().as_items().unwrap()[0];
        assert_eq!(hook.get("name"), Some(&Value::string("h")));
        assert_eq!(hook.get("result"), Some(&Value::Null(Type::String)));
    }

    #[test]
    fn where_aws_says_nothing_an_import_has_the_default() {
        let flag = Attribute::new(Type::Bool).default(Value::Bool(true));
        let block = Block::of("", [("flag", flag)]);
        let mut row = Row::new();
        row.set("flag", serde_json::Value::Null);
        let value = row.onto(&block, &nothing(&block)).unwrap();
        assert_eq!(value.get("flag"), Some(&Value::Bool(true)));
    }

    #[test]
    fn an_empty_answer_is_no_drift_from_null() {
        let mut row = Row::new();
        row.set("name", "");
        let value = row.onto(&block(), &base(Value::Null(Type::String), "{}")).unwrap();
        assert_eq!(value.get("name"), Some(&Value::Null(Type::String)));
    }

    #[test]
    fn a_policy_in_other_words_is_kept_and_another_policy_is_not() {
        let prior = r#"{"Statement": {"Action": ["b", "a"], "Effect": "Allow"}}"#;
        let mut row = Row::new();
        row.document("policy", Some(r#"{"Statement":[{"Effect":"Allow","Action":["a","b"]}]}"#));
        let value = row.onto(&block(), &base(Value::string("n"), prior)).unwrap();
        assert_eq!(value.get("policy"), Some(&Value::string(prior)));
        row.document("policy", Some(r#"{"Statement":[{"Effect":"Deny","Action":["a","b"]}]}"#));
        let value = row.onto(&block(), &base(Value::string("n"), prior)).unwrap();
        assert_ne!(value.get("policy"), Some(&Value::string(prior)));
    }

    #[test]
    fn a_plan_is_kept_where_it_is_known() {
        let planned =
            Value::object([("a", Value::string("p")), ("b", Value::unknown(Type::String))]);
        let actual = Value::object([("a", Value::string("x")), ("b", Value::string("y"))]);
        let filled = fill(&planned, &actual);
        assert_eq!(filled.get("a"), Some(&Value::string("p")));
        assert_eq!(filled.get("b"), Some(&Value::string("y")));
    }
}
