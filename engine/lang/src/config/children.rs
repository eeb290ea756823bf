//! Walks the direct parts of an expression.

use crate::ast::{Expr, ExprKind, ObjectKey, Step, StepKind, TemplatePart};

/// Calls `visit` with each expression that stands directly inside `expr`.
pub(super) fn for_each_child(expr: &Expr, visit: &mut dyn FnMut(&Expr)) {
    match &expr.kind {
        ExprKind::Literal(_) => {}
        ExprKind::Template(parts) => in_parts(parts, visit),
        ExprKind::TemplateWrap(inner) | ExprKind::Parens(inner) => visit(inner),
        ExprKind::Tuple(items) => items.iter().for_each(visit),
        ExprKind::Object(items) => {
            for item in items {
                if let ObjectKey::Expr(key) = &item.key {
                    visit(key);
                }
                visit(&item.value);
            }
        }
        ExprKind::Reference(reference) => in_steps(&reference.steps, visit),
        ExprKind::Access { base, steps } => {
            visit(base);
            in_steps(steps, visit);
        }
        ExprKind::Splat { source, each, .. } => {
            visit(source);
            in_steps(each, visit);
        }
        ExprKind::Call(call) => call.arguments.iter().for_each(visit),
        ExprKind::Conditional { condition, truthy, falsy } => {
            visit(condition);
            visit(truthy);
            visit(falsy);
        }
        ExprKind::Unary { operand, .. } => visit(operand),
        ExprKind::Binary { left, right, .. } => {
            visit(left);
            visit(right);
        }
        ExprKind::For(source) => {
            visit(&source.collection);
            source.result_key.iter().for_each(&mut *visit);
            visit(&source.result);
            source.condition.iter().for_each(visit);
        }
    }
}

fn in_steps(steps: &[Step], visit: &mut dyn FnMut(&Expr)) {
    for step in steps {
        match &step.kind {
            StepKind::Index(index) => visit(index),
            StepKind::Splat(each) => in_steps(each, visit),
            StepKind::Attribute(_) | StepKind::LegacyIndex(_) => {}
        }
    }
}

fn in_parts(parts: &[TemplatePart], visit: &mut dyn FnMut(&Expr)) {
    for part in parts {
        match part {
            TemplatePart::Literal(..) => {}
            TemplatePart::Interpolation(expr) => visit(expr),
            TemplatePart::If { condition, truthy, falsy, .. } => {
                visit(condition);
                in_parts(truthy, visit);
                in_parts(falsy, visit);
            }
            TemplatePart::For { collection, body, .. } => {
                visit(collection);
                in_parts(body, visit);
            }
        }
    }
}
