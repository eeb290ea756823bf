//! `x[*].a` and `x.*.a`: of a list or set a list, of a tuple a tuple, of anything else a tuple of
//! one item, or of none for null.

use kprov_core::{Diagnostics, Refinements, Type, Value};

use super::conditional::certainly_not_null;
use super::frame::Env;
use super::run::{Evaluated, Run};
use crate::Span;
use crate::ast::{Expr, Step};

impl Run<'_> {
    /// A splat; `each` is taken of every item.
    pub(super) fn splat(
        &self,
        expr: &Expr,
        source: &Expr,
        each: &[Step],
        marker: Span,
        env: Env<'_>,
    ) -> Evaluated {
        let given = self.eval(source, env)?;
        self.splat_of(expr, given, each, marker, env)
    }

    /// Takes `each` of every item of `given`; also for a splat inside a splat.
    pub(super) fn splat_of(
        &self,
        expr: &Expr,
        given: Value,
        each: &[Step],
        marker: Span,
        env: Env<'_>,
    ) -> Evaluated {
        let (source, marks) = given.unmark();
        let of_each = |item: Value| self.follow(expr, item, each, env);
        let ty = source.ty();
        let is_sequence = matches!(ty, Type::Tuple(_) | Type::List(_) | Type::Set(_));
        if source.is_null() {
            if !is_sequence {
                return Ok(Value::tuple([]).with_marks(marks));
            }
            let detail =
                "Splat expressions (with the * symbol) cannot be applied to null sequences.";
            return Err(self.problem("Splat of null value", detail, marker, expr, env).into());
        }
        if ty == Type::Dynamic {
            return Ok(source.with_marks(marks));
        }
        let result = match &source {
            Value::Unknown(unknown) => match unknown.ty() {
                Type::List(element) | Type::Set(element) => {
                    let item = of_each(Value::unknown((**element).clone()))?;
                    let refined = Refinements { not_null: true, ..unknown.refinements().clone() };
                    Value::refined(Type::list(item.ty()), refined)
                }
                Type::Tuple(elements) => {
                    let unknowns = elements.iter().map(|ty| Value::unknown(ty.clone()));
                    let items = collect(unknowns.map(of_each))?;
                    let ty = Type::tuple(items.iter().map(Value::ty));
                    Value::refined(ty, Refinements::not_null())
                }
                _ => {
                    let item = of_each(source.clone())?;
                    if certainly_not_null(&source) {
                        Value::tuple([item])
                    } else {
                        Value::unknown(Type::Dynamic)
                    }
                }
            },
            Value::List(list) => {
                list_of(collect(list.items().iter().cloned().map(of_each))?, || {
                    Ok(of_each(Value::unknown(list.element().clone()))?.ty())
                })?
            }
            Value::Set(set) => list_of(collect(set.items().iter().cloned().map(of_each))?, || {
                Ok(of_each(Value::unknown(set.element().clone()))?.ty())
            })?,
            Value::Tuple(items) => Value::tuple(collect(items.iter().cloned().map(of_each))?),
            single => Value::tuple([of_each(single.clone())?]),
        };
        Ok(result.with_marks(marks))
    }
}

/// All values, or all problems.
fn collect(results: impl Iterator<Item = Evaluated>) -> Result<Vec<Value>, Diagnostics> {
    let mut problems = Diagnostics::new();
    let mut values = Vec::with_capacity(results.size_hint().0);
    for result in results {
        values.extend(problems.collect(result));
    }
    if problems.has_errors() { Err(problems) } else { Ok(values) }
}

/// A list of the items' type; `element` gives it for an empty list.
fn list_of(items: Vec<Value>, element: impl Fn() -> Result<Type, Diagnostics>) -> Evaluated {
    let Some(first) = items.first().map(Value::ty) else {
        return Ok(Value::list(element()?, items));
    };
    if items.iter().all(|item| item.ty() == first) {
        return Ok(Value::list(first, items));
    }
    // Only where the items had no common type already (a list of any): keep what they are.
    Ok(Value::tuple(items))
}
