//! Which references an expression makes, found without evaluating it.

use kprov_core::Str;

use crate::ast::{Block, Body, Expr, ExprKind, ObjectKey, Reference, Step, StepKind, TemplatePart};

/// All references of `expr` to names from outside it (names bound by its own `for`s left out), in
/// source order. Index expressions inside a reference's steps are looked into as well.
pub fn references(expr: &Expr) -> Vec<&Reference> {
    let mut found = Vec::new();
    in_expr(expr, Bound::NONE, &mut found);
    found
}

/// All references of all attributes and nested blocks, `dynamic` blocks' iterators left out.
pub fn references_in_body(body: &Body) -> Vec<&Reference> {
    let mut found = Vec::new();
    in_body(body, Bound::NONE, &mut found);
    found
}

/// Names that are bound here, linked on the stack.
#[derive(Clone, Copy)]
struct Bound<'n> {
    names: [Option<&'n Str>; 2],
    outer: Option<&'n Bound<'n>>,
}

impl<'n> Bound<'n> {
    const NONE: Bound<'static> = Bound { names: [None, None], outer: None };

    fn has(&self, name: &str) -> bool {
        self.names.iter().flatten().any(|bound| *bound == name)
            || self.outer.is_some_and(|outer| outer.has(name))
    }
}

fn in_expr<'e>(expr: &'e Expr, bound: Bound<'_>, found: &mut Vec<&'e Reference>) {
    match &expr.kind {
        ExprKind::Literal(_) => {}
        ExprKind::Reference(reference) => {
            if !bound.has(&reference.root) {
                found.push(reference);
            }
            in_steps(&reference.steps, bound, found);
        }
        ExprKind::Template(parts) => in_parts(parts, bound, found),
        ExprKind::TemplateWrap(inner) | ExprKind::Parens(inner) => in_expr(inner, bound, found),
        ExprKind::Tuple(items) => items.iter().for_each(|item| in_expr(item, bound, found)),
        ExprKind::Object(items) => {
            for item in items {
                if let ObjectKey::Expr(key) = &item.key {
                    in_expr(key, bound, found);
                }
                in_expr(&item.value, bound, found);
            }
        }
        ExprKind::Access { base, steps } => {
            in_expr(base, bound, found);
            in_steps(steps, bound, found);
        }
        ExprKind::Splat { source, each, .. } => {
            in_expr(source, bound, found);
            in_steps(each, bound, found);
        }
        ExprKind::Call(call) => {
            call.arguments.iter().for_each(|argument| in_expr(argument, bound, found));
        }
        ExprKind::Conditional { condition, truthy, falsy } => {
            in_expr(condition, bound, found);
            in_expr(truthy, bound, found);
            in_expr(falsy, bound, found);
        }
        ExprKind::Unary { operand, .. } => in_expr(operand, bound, found),
        ExprKind::Binary { .. } => in_binary(expr, bound, found),
        ExprKind::For(parts) => {
            in_expr(&parts.collection, bound, found);
            let inner =
                Bound { names: [parts.key.as_ref(), Some(&parts.value)], outer: Some(&bound) };
            let inside = parts.result_key.iter().chain([&parts.result]).chain(&parts.condition);
            inside.for_each(|part| in_expr(part, inner, found));
        }
    }
}

/// Long chains lean to the left: walk them, do not recurse.
fn in_binary<'e>(expr: &'e Expr, bound: Bound<'_>, found: &mut Vec<&'e Reference>) {
    let mut rights = Vec::new();
    let mut here = expr;
    while let ExprKind::Binary { left, right, .. } = &here.kind {
        rights.push(&**right);
        here = left;
    }
    in_expr(here, bound, found);
    rights.into_iter().rev().for_each(|right| in_expr(right, bound, found));
}

fn in_steps<'e>(steps: &'e [Step], bound: Bound<'_>, found: &mut Vec<&'e Reference>) {
    for step in steps {
        match &step.kind {
            StepKind::Index(key) => in_expr(key, bound, found),
            StepKind::Splat(each) => in_steps(each, bound, found),
            StepKind::Attribute(_) | StepKind::LegacyIndex(_) => {}
        }
    }
}

fn in_parts<'e>(parts: &'e [TemplatePart], bound: Bound<'_>, found: &mut Vec<&'e Reference>) {
    for part in parts {
        match part {
            TemplatePart::Literal(..) => {}
            TemplatePart::Interpolation(inner) => in_expr(inner, bound, found),
            TemplatePart::If { condition, truthy, falsy, .. } => {
                in_expr(condition, bound, found);
                in_parts(truthy, bound, found);
                in_parts(falsy, bound, found);
            }
            TemplatePart::For { key, value, collection, body, .. } => {
                in_expr(collection, bound, found);
                let inner = Bound { names: [key.as_ref(), Some(value)], outer: Some(&bound) };
                in_parts(body, inner, found);
            }
        }
    }
}

fn in_body<'b>(body: &'b Body, bound: Bound<'_>, found: &mut Vec<&'b Reference>) {
    for attribute in &body.attributes {
        in_expr(&attribute.expr, bound, found);
    }
    for block in &body.blocks {
        match block.labels.first() {
            Some((label, _)) if block.ty == "dynamic" => in_dynamic(block, label, bound, found),
            _ => in_body(&block.body, bound, found),
        }
    }
}

/// `dynamic "label" { for_each, iterator, labels, content { ... } }`: the iterator is bound in
/// `labels` and `content`, and is itself a name, not a reference.
fn in_dynamic<'b>(block: &'b Block, label: &Str, bound: Bound<'_>, found: &mut Vec<&'b Reference>) {
    let iterator = match block.body.attribute("iterator").map(|attribute| &attribute.expr.kind) {
        Some(ExprKind::Reference(reference)) if reference.steps.is_empty() => &reference.root,
        _ => label,
    };
    let inner = Bound { names: [Some(iterator), None], outer: Some(&bound) };
    for attribute in &block.body.attributes {
        match attribute.name.as_str() {
            "iterator" => {}
            "labels" => in_expr(&attribute.expr, inner, found),
            _ => in_expr(&attribute.expr, bound, found),
        }
    }
    for nested in &block.body.blocks {
        in_body(&nested.body, inner, found);
    }
}
