//! References as the plan format lists them: the whole one first, then shorter and shorter down to
//! the object it refers to.

use kprov_lang::ast::{ExprKind, Reference, StepKind};

/// `aws_x.y[0].a.b` gives `aws_x.y[0].a.b`, `aws_x.y[0].a`, `aws_x.y[0]`, `aws_x.y`. A step whose
/// index is not constant ends what can be said.
pub(super) fn reference_texts(reference: &Reference) -> Vec<String> {
    let mut prefixes = vec![reference.root.to_string()];
    for step in &reference.steps {
        let text = match &step.kind {
            StepKind::Attribute(name) => format!(".{name}"),
            StepKind::LegacyIndex(index) => format!("[{index}]"),
            StepKind::Index(key) => match &key.kind {
                ExprKind::Literal(value) => match (value.as_str(), value.as_number()) {
                    (Some(key), _) => format!("[{}]", kprov_core::addr::quote(key)),
                    (None, Some(number)) => format!("[{number}]"),
                    (None, None) => break,
                },
                _ => break,
            },
            StepKind::Splat(_) => break,
        };
        let longer = format!("{}{text}", prefixes[prefixes.len() - 1]);
        prefixes.push(longer);
    }
    let shortest = subject_steps(&reference.root).min(prefixes.len() - 1);
    prefixes.drain(..shortest);
    prefixes.reverse();
    prefixes
}

/// How many steps belong to the thing referred to.
fn subject_steps(root: &str) -> usize {
    match root {
        "data" | "ephemeral" => 2,
        "self" => 0,
        // var.x, local.x, each.key, count.index, path.module, terraform.workspace, module.m, type.name
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_grow_shorter_down_to_their_object() {
        let sources = kprov_lang::SourceMap::new();
        let check = |text: &str, expected: &[&str]| {
            let file = sources.add("t", text);
            let expr = kprov_lang::syntax::parse_expr(&sources, file).expect("parses");
            let found = kprov_lang::eval::references(&expr);
            assert_eq!(reference_texts(found[0]), expected, "{text}");
        };
        check("var.x", &["var.x"]);
        check("aws_x.y[0].a.b", &["aws_x.y[0].a.b", "aws_x.y[0].a", "aws_x.y[0]", "aws_x.y"]);
        check("data.a.b.c", &["data.a.b.c", "data.a.b"]);
        check("module.m.out", &["module.m.out", "module.m"]);
        check("a.b[c.d].e", &["a.b"]);
    }
}
