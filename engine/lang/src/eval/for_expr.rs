//! `[for ...]`, `{for ...}`, and the loop that template directives share with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use kprov_core::{Diagnostic, Diagnostics, Marks, Number, Str, Type, Value};

use super::conditional::truth_of;
use super::frame::{Env, Frame};
use super::run::{Evaluated, Run, to_primitive};
use crate::Span;
use crate::ast::{Expr, For};

/// What a loop goes over.
pub(super) enum Items {
    /// Known: the collection, unmarked, and its marks.
    Known(Value, Marks),
    /// Not known yet; the marks it has.
    Unknown(Marks),
}

/// What a round contributes.
enum Round<T> {
    Value(T),
    /// `if` said no.
    Skip,
    /// Key or condition are unknown, so the whole is.
    Unknown,
}

/// The names a loop binds.
#[derive(Clone, Copy)]
pub(super) struct Names<'e> {
    pub(super) key: Option<&'e Str>,
    pub(super) value: &'e Str,
}

impl Run<'_> {
    /// A for expression.
    pub(super) fn for_expr(&self, expr: &Expr, parts: &For, env: Env<'_>) -> Evaluated {
        let names = Names { key: parts.key.as_ref(), value: &parts.value };
        let (collection, mut marks) = match self.items(&parts.collection, expr, env)? {
            Items::Known(collection, marks) => (collection, marks),
            Items::Unknown(marks) => return Ok(Value::unknown(Type::Dynamic).with_marks(marks)),
        };
        self.check_condition(expr, parts, names, env)?;
        match &parts.result_key {
            None => self.for_tuple(expr, parts, names, &collection, &mut marks, env),
            Some(key) if parts.group => {
                let mut groups: BTreeMap<Str, Vec<Value>> = BTreeMap::new();
                let mut take = |key, value, _shown: bool| {
                    groups.entry(key).or_default().push(value);
                    None
                };
                let known =
                    self.for_pairs(expr, parts, key, &collection, &mut marks, env, &mut take)?;
                let groups = groups.into_iter().map(|(key, items)| (key, Value::tuple(items)));
                let result = Value::Object(Arc::new(groups.collect()));
                Ok(if known { result } else { Value::unknown(Type::Dynamic) }.with_marks(marks))
            }
            Some(key) => {
                let mut pairs: BTreeMap<Str, Value> = BTreeMap::new();
                let mut take = |name: Str, value, shown| {
                    let double = pairs.contains_key(&name);
                    let problem = double.then(|| duplicate(&name, shown));
                    pairs.insert(name, value);
                    problem
                };
                let known =
                    self.for_pairs(expr, parts, key, &collection, &mut marks, env, &mut take)?;
                let result = Value::Object(Arc::new(pairs.into_iter().collect()));
                Ok(if known { result } else { Value::unknown(Type::Dynamic) }.with_marks(marks))
            }
        }
    }

    /// The collection of a loop, checked.
    pub(super) fn items(
        &self,
        collection: &Expr,
        cause: &Expr,
        env: Env<'_>,
    ) -> Result<Items, Diagnostics> {
        let (value, marks) = self.eval(collection, env)?.unmark();
        let refuse = |summary, detail: String| {
            Err(self.problem(summary, detail, collection.span, cause, env).into())
        };
        match &value {
            Value::Null(_) => refuse(
                "Iteration over null value",
                "A null value cannot be used as the collection in a 'for' expression.".to_owned(),
            ),
            Value::List(_) | Value::Set(_) | Value::Map(_) | Value::Tuple(_) | Value::Object(_) => {
                Ok(Items::Known(value, marks))
            }
            Value::Unknown(unknown)
                if *unknown.ty() == Type::Dynamic
                    || unknown.ty().is_collection()
                    || matches!(unknown.ty(), Type::Tuple(_) | Type::Object(_)) =>
            {
                Ok(Items::Unknown(marks))
            }
            other => refuse(
                "Iteration over non-iterable value",
                format!(
                    "A value of type {} cannot be used as the collection in a 'for' expression.",
                    other.ty().friendly_name()
                ),
            ),
        }
    }

    /// The condition must be a bool whatever the items are; said once, before the first round.
    fn check_condition(
        &self,
        expr: &Expr,
        parts: &For,
        names: Names<'_>,
        env: Env<'_>,
    ) -> Result<(), Diagnostics> {
        let Some(condition) = &parts.condition else { return Ok(()) };
        let anything = Value::unknown(Type::Dynamic);
        let frame = Frame {
            outer: env,
            key: names.key.map(|key| (key, &anything)),
            value: (names.value, &anything),
        };
        let env = Env::within(&frame);
        let given = self.eval(condition, env)?;
        if given.is_null() {
            let detail = "The value of the 'if' clause must not be null.";
            return Err(self
                .problem("Condition is null", detail, condition.span, expr, env)
                .into());
        }
        self.condition_value(expr, condition, &given, env).map(|_| ())
    }

    fn condition_value(
        &self,
        expr: &Expr,
        condition: &Expr,
        given: &Value,
        env: Env<'_>,
    ) -> Result<Value, Diagnostics> {
        let refuse = |detail: String| {
            self.problem("Invalid 'for' condition", detail, condition.span, expr, env)
        };
        if given.is_null() {
            return Err(refuse("The value of the 'if' clause must not be null.".to_owned()).into());
        }
        let truth = to_primitive(given.bare(), &Type::Bool).map_err(|error| {
            refuse(format!("The 'if' clause value is invalid: {}.", error.message))
        })?;
        Ok(truth.with_marks(given.marks()))
    }

    /// Is this round wanted? The condition's marks are added to `marks`.
    fn wanted(
        &self,
        expr: &Expr,
        parts: &For,
        marks: &mut Marks,
        env: Env<'_>,
    ) -> Result<Round<()>, Diagnostics> {
        let Some(condition) = &parts.condition else { return Ok(Round::Value(())) };
        let given = self.eval(condition, env)?;
        let truth = self.condition_value(expr, condition, &given, env)?;
        let (truth, own) = truth_of(&truth);
        *marks = *marks | own;
        Ok(match truth {
            None => Round::Unknown,
            Some(true) => Round::Value(()),
            Some(false) => Round::Skip,
        })
    }

    fn for_tuple(
        &self,
        expr: &Expr,
        parts: &For,
        names: Names<'_>,
        collection: &Value,
        marks: &mut Marks,
        env: Env<'_>,
    ) -> Evaluated {
        let mut problems = Diagnostics::new();
        let mut known = true;
        let mut values = Vec::with_capacity(count(collection));
        each(collection, names, env, &mut |env| {
            let round = self.wanted(expr, parts, marks, env);
            match problems.collect(round) {
                Some(Round::Value(())) => {
                    values.extend(problems.collect(self.eval(&parts.result, env)));
                }
                Some(Round::Skip) => {}
                Some(Round::Unknown) | None => known = false,
            }
        });
        if problems.has_errors() {
            return Err(problems);
        }
        let result = if known { Value::tuple(values) } else { Value::unknown(Type::Dynamic) };
        Ok(result.with_marks(*marks))
    }

    /// The rounds of the object form; `take` gets key, value and whether the key may be shown.
    /// Returns whether all keys are known.
    #[expect(clippy::too_many_arguments, reason = "one loop for both object forms")]
    fn for_pairs(
        &self,
        expr: &Expr,
        parts: &For,
        key: &Expr,
        collection: &Value,
        marks: &mut Marks,
        env: Env<'_>,
        take: &mut dyn FnMut(Str, Value, bool) -> Option<String>,
    ) -> Result<bool, Diagnostics> {
        let names = Names { key: parts.key.as_ref(), value: &parts.value };
        let mut problems = Diagnostics::new();
        let mut known = true;
        each(collection, names, env, &mut |env| match problems
            .collect(self.pair(expr, parts, key, marks, env))
        {
            Some(Round::Value((name, value, shown))) => {
                if let Some(detail) = take(name, value, shown) {
                    let summary = "Duplicate object key";
                    problems.push(self.problem(summary, detail, key.span, expr, env));
                }
            }
            Some(Round::Skip) => {}
            Some(Round::Unknown) | None => known = false,
        });
        if problems.has_errors() { Err(problems) } else { Ok(known) }
    }

    fn pair(
        &self,
        expr: &Expr,
        parts: &For,
        key: &Expr,
        marks: &mut Marks,
        env: Env<'_>,
    ) -> Result<Round<(Str, Value, bool)>, Diagnostics> {
        match self.wanted(expr, parts, marks, env)? {
            Round::Value(()) => {}
            Round::Skip => return Ok(Round::Skip),
            Round::Unknown => return Ok(Round::Unknown),
        }
        let given = self.eval(key, env)?;
        let own = given.marks();
        *marks = *marks | own;
        let name = self.pair_key(expr, key.span, &given, env)?;
        let value = self.eval(&parts.result, env)?;
        Ok(match name {
            Some(name) => Round::Value((name, value, marks.is_empty())),
            None => Round::Unknown,
        })
    }

    /// The key as text; `None` while unknown.
    fn pair_key(
        &self,
        expr: &Expr,
        place: Span,
        given: &Value,
        env: Env<'_>,
    ) -> Result<Option<Str>, Diagnostic> {
        let refuse = |detail: String| self.problem("Invalid object key", detail, place, expr, env);
        match to_primitive(given.bare(), &Type::String) {
            Ok(Value::String(name)) => Ok(Some(name)),
            Ok(Value::Null(_)) => Err(refuse(
                "Key expression in 'for' expression must not produce a null value.".to_owned(),
            )),
            Ok(_) => Ok(None),
            Err(error) => Err(refuse(format!(
                "The key expression produced an invalid result: {}.",
                error.message
            ))),
        }
    }
}

fn duplicate(name: &str, shown: bool) -> String {
    let key = if shown { format!("{name:?}") } else { "(sensitive value)".to_owned() };
    format!(
        "Two different items produced the key {key} in this 'for' expression. If duplicates are \
         expected, use the ellipsis (...) after the value expression to enable grouping by key."
    )
}

fn count(collection: &Value) -> usize {
    match collection.as_items() {
        Some(items) => items.len(),
        None => collection.as_entries().map_or(0, |entries| entries.len()),
    }
}

/// Calls `round` for each item of a known, unmarked collection with a frame that binds `names`.
pub(super) fn each(
    collection: &Value,
    names: Names<'_>,
    env: Env<'_>,
    round: &mut dyn FnMut(Env<'_>),
) {
    let mut go = |key: Value, value: &Value| {
        let frame = Frame {
            outer: env,
            key: names.key.map(|name| (name, &key)),
            value: (names.value, value),
        };
        round(Env::within(&frame));
    };
    match collection {
        Value::Set(set) => set.items().iter().for_each(|item| go(item.clone(), item)),
        Value::Map(_) | Value::Object(_) => {
            for (key, value) in collection.as_entries().into_iter().flatten() {
                go(Value::String(key.clone()), value);
            }
        }
        sequence => {
            for (at, item) in sequence.as_items().unwrap_or_default().iter().enumerate() {
                go(Value::Number(Number::from(at)), item);
            }
        }
    }
}
