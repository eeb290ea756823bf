//! Nested blocks, `dynamic` ones included.

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
    /// A dynamic block's for_each is not known.
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
        let (value, problems) = self.block(&block.body, &schema.block, scope, block.header);
        found.extend(problems);
        if items.values.len() == 1 {
            items.second = Some(block.header);
        }
        items.values.push((block.labels.first().map(|label| label.0.clone()), value));
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
            let label = self.label(block, &inner, found);
            let (value, problems) =
                self.block(&content.body, &schema.block, &inner, content.header);
            found.extend(problems);
            if items.values.len() == 1 {
                items.second = Some(block.header);
            }
            items.values.push((label, value));
        }
    }

    fn label(
        &self,
        block: &SourceBlock,
        scope: &dyn Scope,
        found: &mut Diagnostics,
    ) -> Option<Str> {
        let labels = block.body.attribute("labels")?;
        let value = found.collect(self.evaluate(&labels.expr, scope))?;
        match value.bare().as_items()?.first()?.bare() {
            Value::String(label) => Some(label.clone()),
            _ => None,
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
