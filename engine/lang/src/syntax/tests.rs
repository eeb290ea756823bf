//! The parser: forms of expressions, templates, gaps of hcl-edit that are closed.

use super::*;
use crate::ast::{ExprKind, StepKind};
use kprov_core::Value;

fn expr(text: &str) -> Result<Expr, Diagnostics> {
    let sources = SourceMap::new();
    let file = sources.add("test.tf", text);
    parse_expr(&sources, file)
}

/// A short form of an expression, to compare with.
fn show(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Literal(Value::Null(_)) => "null".into(),
        ExprKind::Literal(Value::Bool(value)) => value.to_string(),
        ExprKind::Literal(Value::Number(number)) => number.to_string(),
        ExprKind::Literal(value) => format!("{:?}", value.as_str().unwrap_or("?")),
        ExprKind::Template(parts) => format!("T[{}]", show_parts(parts)),
        ExprKind::TemplateWrap(inner) => format!("W({})", show(inner)),
        ExprKind::Tuple(items) => format!("[{}]", joined(items.iter().map(show))),
        ExprKind::Object(items) => {
            let item = |item: &crate::ast::ObjectItem| {
                let key = match &item.key {
                    crate::ast::ObjectKey::Name(name, _) => name.to_string(),
                    crate::ast::ObjectKey::Expr(expr) => format!("<{}>", show(expr)),
                };
                format!("{key}={}", show(&item.value))
            };
            format!("{{{}}}", joined(items.iter().map(item)))
        }
        ExprKind::Reference(reference) => {
            format!("{}{}", reference.root, show_steps(&reference.steps))
        }
        ExprKind::Access { base, steps } => format!("A({}){}", show(base), show_steps(steps)),
        ExprKind::Splat { source, each, .. } => {
            format!("S({}; {})", show(source), show_steps(each))
        }
        ExprKind::Call(call) => format!(
            "{}({}{})",
            call.name,
            joined(call.arguments.iter().map(show)),
            if call.expand_final { "..." } else { "" }
        ),
        ExprKind::Conditional { condition, truthy, falsy } => {
            format!("C({}, {}, {})", show(condition), show(truthy), show(falsy))
        }
        ExprKind::Unary { operator, operand } => format!("{operator:?}({})", show(operand)),
        ExprKind::Binary { operator, left, right } => {
            format!("{operator:?}({}, {})", show(left), show(right))
        }
        ExprKind::For(source) => format!(
            "For({:?} {} in {}: {:?} {} {} {:?})",
            source.key,
            source.value,
            show(&source.collection),
            source.result_key.as_ref().map(show),
            show(&source.result),
            source.group,
            source.condition.as_ref().map(show)
        ),
        ExprKind::Parens(inner) => format!("({})", show(inner)),
    }
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

fn show_steps(steps: &[crate::ast::Step]) -> String {
    let step = |step: &crate::ast::Step| match &step.kind {
        StepKind::Attribute(name) => format!(".{name}"),
        StepKind::Index(index) => format!("[{}]", show(index)),
        StepKind::LegacyIndex(index) => format!(".{index}"),
        StepKind::Splat(each) => format!("*({})", show_steps(each)),
    };
    steps.iter().map(step).collect()
}

fn show_parts(parts: &[TemplatePart]) -> String {
    joined(parts.iter().map(|part| match part {
        TemplatePart::Literal(text, _) => format!("{:?}", text.as_str()),
        TemplatePart::Interpolation(expr) => show(expr),
        TemplatePart::If { condition, truthy, falsy, .. } => {
            format!("if({}; {}; {})", show(condition), show_parts(truthy), show_parts(falsy))
        }
        TemplatePart::For { key, value, collection, body, .. } => {
            format!("for({key:?} {value} in {}; {})", show(collection), show_parts(body))
        }
    }))
}

#[test]
fn expressions_are_lowered() {
    let check = |text: &str, expected: &str| match expr(text) {
        Ok(expr) => assert_eq!(show(&expr), expected, "{text}"),
        Err(problems) => panic!("{text}: {problems:?}"),
    };
    check("1 + 2 * 3", "Add(1, Multiply(2, 3))");
    check("-1", "Negate(1)");
    check("!a.b", "Not(a.b)");
    check("(a).b", "A((a)).b");
    check("a.b[i].0", "a.b[i].0");
    check("f(x, y...).a[0]", "A(f(x, y...)).a[0]");
    check("core::upper(x)", "core::upper(x)");
    check("a.*.b.c[0]", "A(S(a; .b.c))[0]");
    check("a[*].b[0].c", "S(a; .b[0].c)");
    check("a.x[*].b[*].c", "S(a.x; .b*(.c))");
    check("a.*.b[*].c", "S(S(a; .b); .c)");
    check(r#""a\n\t\u00e9\"$${b}""#, "\"a\\n\\té\\\"${b}\"");
    check(r#""${a}""#, "W(a)");
    check(r#""${a}-${b}""#, r#"T[a, "-", b]"#);
    check(r#""${a ~} x""#, r#"T[a, "x"]"#);
    check(r#""%{if a}x\n%{else}y%{endif}""#, r#"T[if(a; "x\n"; "y")]"#);
    check(r#""%{for k, v in a}${k}%{endfor}""#, r#"T[for(Some("k") v in a; k)]"#);
    check(
        "{null = 1, a : 2, (b) = 3, 1 + 1 = 4, \"c\" = 5}",
        "{null=1, a=2, <(b)>=3, <Add(1, 1)>=4, <\"c\">=5}",
    );
    check("[for x in y : x if x]", "For(None x in y: None x false Some(\"x\"))");
    check("{for k, v in y : k => v...}", "For(Some(\"k\") v in y: Some(\"k\") v true None)");
    check("a ? b : c", "C(a, b, c)");
    check("<<EOT\na\n  b ${c}\nEOT", r#"T["a\n  b ", c, "\n"]"#);
    check("<<-EOT\n    a\n\n      b\n  EOT", r#""a\n\n  b\n""#);
    check("<<EOT\nEOT", r#""""#);
    check(
        "<<-EOT\n      %{ if true ~}\n        x\n      %{ endif ~}\n        y\n    EOT",
        r#"T["", if(true; "        x\n"; ), "        y\n"]"#,
    );
}
