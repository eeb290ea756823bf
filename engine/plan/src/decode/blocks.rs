//! Nested blocks, `dynamic` ones included.

use std::collections::BTreeSet;

use kprov_core::value::convert;
use kprov_core::{Diagnostic, Diagnostics, Entries, Marks, Str, Type, Value};
use kprov_lang::Span;
use kprov_lang::ast::{Block as SourceBlock, Body, Expr, Reference};
use kprov_lang::eval::{Resolved, Scope};
use kprov_provider::{NestedBlock, Nesting};

use super::Decoder;

/// What the blocks of one type became.
#[derive(Default)]
struct Items {
    values: Vec<(Option<Str>, Value)>,
    /// Of a map.
    keys: BTreeSet<Str>,
    /// A dynamic block's for_each, or a key, is not known.
    unknown: bool,
    marks: Marks,
    /// Where the second one stands.
    second: Option<Span>,
}

/// A scope with the iterator of a dynamic block.
struct IteratorScope<'s> {
    outer: &'s dyn Scope,
    name: &'s Str,
    value: Value,
}

impl Scope for IteratorScope<'_> {
    fn resolve(
        &self,
        reference: &Reference,
        key: &mut dyn FnMut(&Expr) -> Result<Value, Diagnostics>,
    ) -> Result<Resolved, Diagnostics> {
        if reference.root == *self.name {
            return Ok(Resolved { value: self.value.clone(), consumed: 0 });
        }
        self.outer.resolve(reference, key)
    }

    fn call_provider_function(
        &self,
        name: &str,
        arguments: &[Value],
    ) -> Option<Result<Value, String>> {
        self.outer.call_provider_function(name, arguments)
    }
}

impl Decoder<'_> {
    /// The value of all blocks of type `name`.
    pub(super) fn nested(
        &self,
        name: &Str,
        schema: &NestedBlock,
        body: &Body,
        scope: &dyn Scope,
        header: Span,
        found: &mut Diagnostics,
    ) -> Value {
        let mut items = Items::default();
        for block in &body.blocks {
            if block.ty == *name {
                self.plain(block, schema, scope, &mut items, found);
            } else if block.ty == "dynamic" && block.labels.first().is_some_and(|l| l.0 == *name) {
                self.dynamic(block, schema, scope, &mut items, found);
            }
        }
        self.limits(name, schema, &items, header, found);
        let inner = schema.block.implied_type();
        collect(schema.nesting, inner, items)
    }

    fn plain(
        &self,
        block: &SourceBlock,
        schema: &NestedBlock,
        scope: &dyn Scope,
        items: &mut Items,
        found: &mut Diagnostics,
    ) {
        let ty = &block.ty;
        let wanted = usize::from(schema.nesting == Nesting::Map);
        if block.labels.len() < wanted {
            found.push(self.missing_key(ty, block.header));
        } else if let Some((_, span)) = block.labels.get(wanted) {
            let problem = Diagnostic::error(
                format!("Extraneous label for {ty}"),
                match wanted {
                    0 => format!("No labels are expected for {ty} blocks."),
                    _ => format!("Only one label (the key) is expected for {ty} blocks."),
                },
            );
            found.push(problem.at(self.sources.range(*span)));
        }
        let (value, problems) = self.block(&block.body, &schema.block, scope, block.header);
        found.extend(problems);
        let label = block.labels.first().map(|label| label.0.clone());
        self.add(ty, (label, value), block.header, items, found);
    }

    /// One more block. In a map each has a key of its own.
    fn add(
        &self,
        ty: &Str,
        item: (Option<Str>, Value),
        header: Span,
        items: &mut Items,
        found: &mut Diagnostics,
    ) {
        if items.values.len() == 1 {
            items.second = Some(header);
        }
        if let Some(key) = &item.0
            && !items.keys.insert(key.clone())
        {
            let detail = format!("There is another \"{ty}\" block with the key {key:?}.");
            let problem = Diagnostic::error(format!("Duplicate {ty} block"), detail);
            found.push(problem.at(self.sources.range(header)));
        }
        items.values.push(item);
    }

    fn missing_key(&self, ty: &Str, at: Span) -> Diagnostic {
        let detail = format!("All {ty} blocks must have one label, their key.");
        let problem = Diagnostic::error(format!("Missing key for {ty}"), detail);
        problem.at(self.sources.range(at))
    }

    fn dynamic(
        &self,
        block: &SourceBlock,
        schema: &NestedBlock,
        scope: &dyn Scope,
        items: &mut Items,
        found: &mut Diagnostics,
    ) {
        let Some((ty, _)) = block.labels.first() else { return };
        if let (Some(labels), false) =
            (block.body.attribute("labels"), schema.nesting == Nesting::Map)
        {
            let detail = format!("No labels are expected for {ty} blocks.");
            let problem = Diagnostic::error(format!("Extraneous label for {ty}"), detail);
            found.push(problem.at(self.sources.range(labels.expr.span)));
        }
        let mut error = |summary: &'static str, detail: String, span: Span| {
            found.push(Diagnostic::error(summary, detail).at(self.sources.range(span)));
        };
        let Some(for_each) = block.body.attribute("for_each") else {
            let detail =
                "The argument \"for_each\" is required, but no definition was found.".to_owned();
            return error("Missing required argument", detail, block.header);
        };
        let Some(content) = block.body.blocks.iter().find(|inner| inner.ty == "content") else {
            let detail = format!("A dynamic \"{ty}\" block must have one \"content\" block.");
            return error("Insufficient content blocks", detail, block.header);
        };
        let iterator = match block.body.attribute("iterator").map(|iterator| &iterator.expr.kind) {
            Some(kprov_lang::ast::ExprKind::Reference(name)) if name.steps.is_empty() => &name.root,
            Some(_) => {
                let detail = "The iterator of a dynamic block must be a single name.".to_owned();
                return error("Invalid expression", detail, block.header);
            }
            None => ty,
        };
        let Some(collection) = found.collect(self.evaluate(&for_each.expr, scope)) else {
            items.unknown = true;
            return self.poisoned.set(true);
        };
        let (collection, marks) = collection.unmark();
        items.marks = items.marks | marks;
        let range = self.sources.range(for_each.expr.span);
        let pairs = match pairs(&collection) {
            Ok(Some(pairs)) => pairs,
            Ok(None) => {
                items.unknown = true;
                // Looked into once, for the errors that are certain whatever the items are.
                vec![(Value::unknown(Type::Dynamic), Value::unknown(Type::Dynamic))]
            }
            Err(detail) => {
                let problem = Diagnostic::error("Invalid dynamic for_each value", detail);
                return found.push(problem.at(range));
            }
        };
        for (key, value) in pairs {
            let value = Value::object([("key", key), ("value", value)]);
            let inner = IteratorScope { outer: scope, name: iterator, value };
            let label = match schema.nesting {
                Nesting::Map => self.key(block, &inner, items, found),
                _ => None,
            };
            let (value, problems) =
                self.block(&content.body, &schema.block, &inner, content.header);
            found.extend(problems);
            self.add(ty, (label, value), block.header, items, found);
        }
    }

    /// The key of a block in a map. One that is not known leaves the whole map unknown.
    fn key(
        &self,
        block: &SourceBlock,
        scope: &dyn Scope,
        items: &mut Items,
        found: &mut Diagnostics,
    ) -> Option<Str> {
        let (ty, _) = block.labels.first()?;
        let Some(labels) = block.body.attribute("labels") else {
            found.push(self.missing_key(ty, block.header));
            return None;
        };
        let Some(value) = found.collect(self.evaluate(&labels.expr, scope)) else {
            items.unknown = true;
            self.poisoned.set(true);
            return None;
        };
        items.marks = items.marks | value.marks_deep();
        let value = value.unmark_deep().0;
        let one = match value.as_items() {
            None if !value.is_known() => {
                items.unknown = true;
                return None;
            }
            Some([one]) => convert(one, &Type::String).ok(),
            _ => None,
        };
        match one {
            Some(Value::String(key)) => Some(key),
            Some(key) if !key.is_known() => {
                items.unknown = true;
                None
            }
            _ => {
                let detail =
                    format!("The labels of \"{ty}\" blocks are a list of one text, their key.");
                let problem = Diagnostic::error("Invalid dynamic block label", detail);
                found.push(problem.at(self.sources.range(labels.expr.span)));
                None
            }
        }
    }

    fn limits(
        &self,
        name: &Str,
        schema: &NestedBlock,
        items: &Items,
        header: Span,
        found: &mut Diagnostics,
    ) {
        if items.unknown {
            return;
        }
        let count = items.values.len() as u64;
        let single = matches!(schema.nesting, Nesting::Single | Nesting::Group);
        let most = if single { 1 } else { schema.max_items };
        if count < schema.min_items {
            let (summary, detail) = if single {
                (format!("Missing {name} block"), format!("A {name} block is required here."))
            } else {
                (
                    format!("Insufficient {name} blocks"),
                    format!("At least {} \"{name}\" blocks are required.", schema.min_items),
                )
            };
            found.push(Diagnostic::error(summary, detail).at(self.sources.range(header)));
        }
        if most > 0 && count > most {
            let (summary, detail) = if single {
                (
                    format!("Duplicate {name} block"),
                    format!("Only one \"{name}\" block is allowed."),
                )
            } else {
                (
                    format!("Too many {name} blocks"),
                    format!("No more than {most} \"{name}\" blocks are allowed"),
                )
            };
            let at = items.second.unwrap_or(header);
            found.push(Diagnostic::error(summary, detail).at(self.sources.range(at)));
        }
    }
}

/// Keys and values that a dynamic block iterates over; `None` if not known yet.
fn pairs(collection: &Value) -> Result<Option<Vec<(Value, Value)>>, String> {
    match collection {
        Value::Unknown(_) => Ok(None),
        Value::Null(_) => Err("Cannot use a null value in for_each.".to_owned()),
        Value::Set(set) => {
            if set.items().iter().any(|item| !item.is_known()) {
                return Ok(None);
            }
            Ok(Some(set.items().iter().map(|item| (item.clone(), item.clone())).collect()))
        }
        Value::List(_) | Value::Tuple(_) => {
            let items = collection.as_items().unwrap_or_default();
            let keyed = (0u64..).zip(items);
            Ok(Some(keyed.map(|(i, item)| (Value::Number(i.into()), item.clone())).collect()))
        }
        Value::Map(_) | Value::Object(_) => {
            let entries = collection.as_entries().into_iter().flatten();
            Ok(Some(entries.map(|(k, v)| (Value::String(k.clone()), v.clone())).collect()))
        }
        other => Err(format!(
            "Cannot use a {} value in for_each. An iterable collection is required.",
            other.ty().friendly_name()
        )),
    }
}

fn collect(nesting: Nesting, inner: Type, items: Items) -> Value {
    let Items { values, unknown, marks, .. } = items;
    let value = match nesting {
        Nesting::Single => match values.into_iter().next() {
            Some(_) if unknown => Value::unknown(inner),
            Some((_, value)) => value,
            None => Value::Null(inner),
        },
        Nesting::Group => match values.into_iter().next() {
            Some((_, value)) => value,
            None => nulls(&inner),
        },
        Nesting::List if unknown => Value::unknown(Type::list(inner)),
        Nesting::Set if unknown => Value::unknown(Type::set(inner)),
        Nesting::Map if unknown => Value::unknown(Type::map(inner)),
        Nesting::List if inner.has_dynamic() => Value::tuple(values.into_iter().map(|item| item.1)),
        Nesting::List => Value::list(inner, values.into_iter().map(|item| item.1).collect()),
        Nesting::Set => Value::set(inner, values.into_iter().map(|item| item.1).collect()),
        Nesting::Map => {
            let entries: Entries = values
                .into_iter()
                .filter_map(|(label, value)| label.map(|label| (label, value)))
                .collect();
            if inner.has_dynamic() { Value::object(entries) } else { Value::map(inner, entries) }
        }
    };
    value.with_marks(marks)
}

/// An object of nulls.
fn nulls(ty: &Type) -> Value {
    match ty {
        Type::Object(object) => Value::object(
            object.attributes().iter().map(|(name, ty)| (name.clone(), Value::Null(ty.clone()))),
        ),
        other => Value::Null(other.clone()),
    }
}
