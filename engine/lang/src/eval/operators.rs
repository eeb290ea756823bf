//! Operators: operands are converted to what the operator wants, both sides' problems are
//! reported, unknown operands give unknown results that are not null. Nothing short-circuits.

use kprov_core::{Diagnostics, Refinements, Type, Value};

use super::arithmetic;
use super::equality::equal;
use super::frame::Env;
use super::range;
use super::run::{Evaluated, Run, to_primitive};
use crate::ast::{BinaryOperator, Expr, ExprKind, UnaryOperator};

const NULL_OPERAND: &str = "Error during operation: argument must not be null.";

impl Run<'_> {
    /// `!a`, `-a`
    pub(super) fn unary(
        &self,
        expr: &Expr,
        operator: UnaryOperator,
        operand: &Expr,
        env: Env<'_>,
    ) -> Evaluated {
        let given = self.eval(operand, env)?;
        let wanted = match operator {
            UnaryOperator::Not => Type::Bool,
            UnaryOperator::Negate => Type::Number,
        };
        let marks = given.marks();
        let value = to_primitive(given.bare(), &wanted).map_err(|error| {
            let detail = format!("Unsuitable value for unary operand: {}.", error.message);
            self.problem("Invalid operand", detail, operand.span, expr, env)
        })?;
        let result = match value {
            Value::Bool(truth) => Value::Bool(!truth),
            Value::Number(number) => Value::Number(arithmetic::negate(&number)),
            Value::Null(_) => {
                let problem = self.problem("Operation failed", NULL_OPERAND, expr.span, expr, env);
                return Err(problem.into());
            }
            _ => Value::refined(wanted, Refinements::not_null()),
        };
        Ok(result.with_marks(marks))
    }

    /// `a + b`. Chains lean to the left and may be long, so they are walked, not recursed into.
    pub(super) fn binary(&self, expr: &Expr, env: Env<'_>) -> Evaluated {
        let mut chain = Vec::new();
        let mut innermost = expr;
        while let ExprKind::Binary { operator, left, right } = &innermost.kind {
            chain.push((innermost, *operator, &**left, &**right));
            innermost = left;
        }
        let mut value = self.eval(innermost, env);
        while let Some((node, operator, left, right)) = chain.pop() {
            let other = self.eval(right, env);
            value = self.combine(node, operator, (left, value), (right, other), env);
        }
        value
    }

    fn combine(
        &self,
        expr: &Expr,
        operator: BinaryOperator,
        (left_expr, left): (&Expr, Evaluated),
        (right_expr, right): (&Expr, Evaluated),
        env: Env<'_>,
    ) -> Evaluated {
        let mut problems = Diagnostics::new();
        let left = problems.collect(left);
        let right = problems.collect(right);
        if matches!(operator, BinaryOperator::Equal | BinaryOperator::NotEqual) {
            let (Some(left), Some(right)) = (left, right) else { return Err(problems) };
            return Ok(equal(&left, &right, operator == BinaryOperator::Equal));
        }
        let wanted = operand_type(operator);
        let mut convert = |value: Option<Value>, operand: &Expr, side: &str| {
            let value = value?;
            let converted = to_primitive(value.bare(), &wanted).map_err(|error| {
                let detail = format!("Unsuitable value for {side} operand: {}.", error.message);
                let problem = self.problem("Invalid operand", detail, operand.span, expr, env);
                Diagnostics::from(problem)
            });
            Some((problems.collect(converted)?, value.marks()))
        };
        let left = convert(left, left_expr, "left");
        let right = convert(right, right_expr, "right");
        let (Some((left, left_marks)), Some((right, right_marks))) = (left, right) else {
            return Err(problems);
        };
        let result = match (&left, &right) {
            (Value::Null(_), _) | (_, Value::Null(_)) => Err(NULL_OPERAND.to_owned()),
            (Value::Bool(a), Value::Bool(b)) if operator == BinaryOperator::And => {
                Ok(Value::Bool(*a && *b))
            }
            (Value::Bool(a), Value::Bool(b)) => Ok(Value::Bool(*a || *b)),
            (Value::Number(a), Value::Number(b)) => arithmetic::apply(operator, a, b)
                .map_err(|why| format!("Error during operation: {why}.")),
            (a, b) => Ok(match range::compare(operator, a, b) {
                Some(answer) => Value::Bool(answer),
                None => Value::refined(result_type(operator), Refinements::not_null()),
            }),
        };
        match result {
            Ok(value) => Ok(value.with_marks(left_marks | right_marks)),
            Err(detail) => {
                Err(self.problem("Operation failed", detail, expr.span, expr, env).into())
            }
        }
    }
}

fn operand_type(operator: BinaryOperator) -> Type {
    match operator {
        BinaryOperator::And | BinaryOperator::Or => Type::Bool,
        _ => Type::Number,
    }
}

/// The type of what the operator gives.
pub(super) fn result_type(operator: BinaryOperator) -> Type {
    match operator {
        BinaryOperator::Add
        | BinaryOperator::Subtract
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::Modulo => Type::Number,
        _ => Type::Bool,
    }
}
