//! `c ? a : b`: both branches are evaluated and unified; problems of the branch that is not taken
//! do not count.

use kprov_core::value::{convert, unify};
use kprov_core::{Marks, Refinements, Type, Value};

use super::frame::Env;
use super::mismatch::mismatch;
use super::operators::result_type as operator_type;
use super::range;
use super::run::{Evaluated, Run, to_primitive};
use crate::ast::{Expr, ExprKind, UnaryOperator};

const INCONSISTENT: &str = "Inconsistent conditional result types";

impl Run<'_> {
    /// A conditional expression.
    pub(super) fn conditional(
        &self,
        expr: &Expr,
        condition: &Expr,
        truthy: &Expr,
        falsy: &Expr,
        env: Env<'_>,
    ) -> Evaluated {
        let if_true = self.eval(truthy, env);
        let if_false = self.eval(falsy, env);
        let types = (type_of(truthy, &if_true), type_of(falsy, &if_false));
        let Some(result_type) = result_type(types.0.clone(), types.1.clone()) else {
            let detail = format!(
                "The true and false result expressions must have consistent types. {}.",
                mismatch(&types.0.into_type(), &types.1.into_type())
            );
            let place = truthy.span.to(falsy.span);
            return Err(self.problem(INCONSISTENT, detail, place, expr, env).into());
        };
        let given = self.eval(condition, env)?;
        let marks = given.marks();
        if given.is_null() {
            let detail = "The condition value is null. Conditions must either be true or false.";
            return Err(self.problem("Null condition", detail, condition.span, expr, env).into());
        }
        if !given.is_known() {
            let (Ok(a), Ok(b)) = (if_true, if_false) else {
                return Ok(Value::unknown(Type::Dynamic).with_marks(marks));
            };
            return Ok(either(&a, &b, result_type).with_marks(marks | a.marks() | b.marks()));
        }
        let Some(truth) = to_primitive(given.bare(), &Type::Bool).ok().and_then(|c| c.as_bool())
        else {
            let detail = "The condition expression must be of type bool.";
            let summary = "Incorrect condition type";
            return Err(self.problem(summary, detail, condition.span, expr, env).into());
        };
        let (taken, place, word) =
            if truth { (if_true, truthy, "true") } else { (if_false, falsy, "false") };
        let taken = taken?;
        if result_type == Type::Dynamic || taken.ty() == result_type {
            return Ok(taken.with_marks(marks));
        }
        let converted = convert(&taken, &result_type).map_err(|error| {
            let detail = format!("The {word} result value has the wrong type: {}.", error.message);
            self.problem(INCONSISTENT, detail, place.span, expr, env)
        })?;
        Ok(converted.with_marks(marks))
    }
}

/// What a branch is, for the question of the result's type.
#[derive(Clone)]
enum Branch {
    UntypedNull,
    Typed(Type),
}

impl Branch {
    fn into_type(self) -> Type {
        match self {
            Branch::UntypedNull => Type::Dynamic,
            Branch::Typed(ty) => ty,
        }
    }
}

/// The type of a branch, even if it failed: an operator's or a template's type is known all the
/// same, and HCL lets it count.
fn type_of(expr: &Expr, result: &Evaluated) -> Branch {
    match result {
        Ok(Value::Null(Type::Dynamic)) => Branch::UntypedNull,
        Ok(value) => Branch::Typed(value.ty()),
        Err(_) => Branch::Typed(type_of_failed(expr)),
    }
}

fn type_of_failed(expr: &Expr) -> Type {
    match &expr.kind {
        ExprKind::Parens(inner) => type_of_failed(inner),
        ExprKind::Template(_) => Type::String,
        ExprKind::Unary { operator: UnaryOperator::Not, .. } => Type::Bool,
        ExprKind::Unary { operator: UnaryOperator::Negate, .. } => Type::Number,
        ExprKind::Binary { operator, .. } => operator_type(*operator),
        _ => Type::Dynamic,
    }
}

/// The type of the result; `Dynamic` leaves the taken branch as it is, `None` if there is none.
fn result_type(a: Branch, b: Branch) -> Option<Type> {
    let (a, b) = match (a, b) {
        (Branch::UntypedNull, b) => return Some(b.into_type()),
        (Branch::Typed(a), Branch::UntypedNull) => return Some(a),
        (Branch::Typed(a), Branch::Typed(b)) => (a, b),
    };
    if a == Type::Dynamic || b == Type::Dynamic {
        return Some(Type::Dynamic);
    }
    if a == b {
        return Some(a);
    }
    unify(&[a, b])
}

/// What is known of the result while the condition is not.
fn either(a: &Value, b: &Value, ty: Type) -> Value {
    let (a, b) = (a.bare(), b.bare());
    if a.is_null() && b.is_null() {
        return Value::Null(ty);
    }
    let mut refined = Refinements {
        not_null: certainly_not_null(a) && certainly_not_null(b),
        ..Refinements::default()
    };
    let (a_type, b_type) = (a.ty(), b.ty());
    if a_type == Type::Number && b_type == Type::Number {
        (refined.number_min, refined.number_max) = range::either(a, b);
    }
    if a_type.is_collection() && a_type == b_type {
        let (a, b) = (length(a), length(b));
        refined.length_min = Some(a.0.min(b.0)).filter(|least| *least > 0);
        refined.length_max = a.1.zip(b.1).map(|(a, b)| a.max(b));
    }
    Value::refined(ty, refined)
}

/// Known and not null, or unknown and refined so.
pub(super) fn certainly_not_null(value: &Value) -> bool {
    match value {
        Value::Null(_) => false,
        Value::Unknown(unknown) => unknown.refinements().not_null,
        _ => true,
    }
}

/// Least and greatest number of items.
fn length(value: &Value) -> (u64, Option<u64>) {
    match value {
        Value::Unknown(unknown) => {
            let refined = unknown.refinements();
            (refined.length_min.unwrap_or(0), refined.length_max)
        }
        known => {
            let items = known.as_items().map(<[Value]>::len);
            let count = items.or_else(|| known.as_entries().map(|entries| entries.len()));
            (count.unwrap_or(0) as u64, count.map(|count| count as u64))
        }
    }
}

/// The truth of an already converted condition with its marks; `None` while unknown.
pub(super) fn truth_of(value: &Value) -> (Option<bool>, Marks) {
    (value.bare().as_bool(), value.marks())
}
