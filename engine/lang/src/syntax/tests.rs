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
    check("a.01.b", "a.1.b");
    check("a.00", "a.0");
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
    check("[<<-EOT\n  EOT\n, <<EOT\r\nEOT\r\n]", r#"["", ""]"#);
    check("[<<A\n<<EOT\nEOT\nA\n, <<-EOT\n  EOT\n]", r#"["<<EOT\nEOT\n", ""]"#);
    check("[<<EOT\n<<EOT\nEOT\n, <<EOT\n\nEOT\n]", r#"["<<EOT\n", "\n"]"#);
    check(
        "<<-EOT\n      %{ if true ~}\n        x\n      %{ endif ~}\n        y\n    EOT",
        r#"T["", if(true; "        x\n"; ), "        y\n"]"#,
    );
}

/// Summaries and places of all problems of a file.
fn problems(text: &str) -> Vec<String> {
    let sources = SourceMap::new();
    let file = sources.add("t", text);
    let (_, problems) = parse_body(&sources, file);
    let show = |problem: &kprov_core::Diagnostic| {
        let at = problem.subject.as_ref().map(|range| range.start).unwrap_or_default();
        format!("{}:{} {}", at.line, at.column, problem.summary)
    };
    problems.iter().map(show).collect()
}

#[test]
fn syntax_errors_are_told_as_terraform_does() {
    let check = |text: &str, expected: &[&str]| assert_eq!(problems(text), expected, "{text}");
    check("a = [1 2]\n", &["1:8 Missing item separator"]);
    check("a = {b 1}\n", &["1:8 Missing key/value separator"]);
    check("a = {b = 1 c = 2}\n", &["1:12 Missing attribute separator"]);
    check("a = foo(1 2)\n", &["1:11 Missing argument separator"]);
    check("a = max(x..., 3)\n", &["1:10 Missing closing parenthesis"]);
    check("a = x.\n", &["1:7 Invalid attribute name"]);
    check("a = x ? 1\n", &["1:10 Missing false expression in conditional"]);
    check("a = x[*\n", &["2:1 Missing close bracket on splat index"]);
    check("a = x[1 2]\n", &["1:9 Missing close bracket on index"]);
    check("a = (1 2)\n", &["1:8 Unbalanced parentheses"]);
    check("a = {for x in y : z}\n", &["1:19 Invalid 'for' expression"]);
    check("a = [for x y : x]\n", &["1:12 Invalid 'for' expression"]);
    check("a = [for]\n", &["1:9 Invalid 'for' expression"]);
    check("a = \"%{ foo }\"\n", &["1:9 Invalid template directive"]);
    check("a = \"%{ if x }abc\"\n", &["1:18 Unexpected end of template"]);
    check("a = \"${ }\"\n", &["1:9 Invalid expression"]);
    check("a = \"${ 1 2 }\"\n", &["1:11 Extra characters after interpolation expression"]);
    check("a = 1 +\n", &["1:8 Invalid expression"]);
    check("a = 1 & 2\n", &["1:7 Unsupported operator", "1:7 Missing newline after argument"]);
    check("a = \n", &["1:5 Invalid expression"]);
    check("a = x y\n", &["1:7 Missing newline after argument"]);
    check("a = foo::\n", &["1:10 Missing function name"]);
    check("a = foo::bar\n", &["1:13 Missing open parenthesis"]);
    check("a = \"\\q\"\n", &["1:6 Invalid escape sequence"]);
    check("a = \"\\u12\"\n", &["1:6 Invalid escape sequence"]);
    check("a = \"x\ny\"\n", &["1:7 Invalid multi-line string"]);
    check("a = <<EOT\nabc\n", &["3:1 Unterminated template string"]);
    check("a = 1.2.3\n", &["1:5 Invalid number literal"]);
    check("a = 'x'\n", &["1:5 Invalid character", "1:5 Invalid expression"]);
    check("a {\n b = 1\n", &["1:3 Unclosed configuration block"]);
    check("a \"b\" c = 1\n", &["1:9 Invalid block definition"]);
    check("a { b = 1 c = 2 }\n", &["1:11 Invalid single-argument block definition"]);
    check("a { b { } }\n", &["1:5 Argument definition required"]);
    check("a {} b {}\n", &["1:6 Missing newline after block definition"]);
    check("a 1\n", &["1:1 Argument or block definition required"]);
    check("\"x\" = 2\n", &["1:1 Invalid argument name"]);
    check("a = x.0.1\n", &["1:6 Invalid legacy index syntax"]);
    check("a = x.*.b.*.c\n", &["1:10 Nested splat expression not allowed"]);
    check("a = 1 /* x\n", &["1:7 Unclosed comment"]);
    check("a = \"%{ if x }\\q%{ endif }\"\n", &["1:15 Invalid escape sequence"]);
    check("a = \"%{ if x }b\"c%{ endif }\"\n", &["1:16 Unexpected end of template"]);
    check("a = f(<<EOT\nx\nEOT)\n", &["3:4 Unterminated template string"]);
}

#[test]
fn all_errors_of_a_file_are_told_and_the_rest_is_read() {
    let text = "locals {\n  a = [1 2]\n  b = 1\n}\nresource \"x\" \"y\" {\n  c = )\n  d = 2\n  \
                d = 3\n  n {\n    e = 1 1\n  }\n}\ngood {\n  f = 1\n}\n";
    let expected = [
        "8:3 Attribute redefined",
        "2:10 Missing item separator",
        "6:7 Invalid expression",
        "10:11 Missing newline after argument",
    ];
    assert_eq!(problems(text), expected);
    let sources = SourceMap::new();
    let file = sources.add("t", text);
    let (body, _) = parse_body(&sources, file);
    let names: Vec<_> = body.blocks.iter().map(|block| block.ty.as_str()).collect();
    assert_eq!(names, ["locals", "resource", "good"]);
    assert!(body.blocks[0].body.attribute("b").is_some());
    assert_eq!(body.blocks[1].labels[1].0, "y");
    assert_eq!(sources.snippet(body.blocks[1].body.attribute("d").unwrap().expr.span), "2");
    assert_eq!(sources.snippet(body.blocks[2].header), "good");
}

#[test]
fn equal_keys_and_great_numbers_are_read() {
    let check = |text: &str, expected: &str| match expr(text) {
        Ok(expr) => assert_eq!(show(&expr), expected, "{text}"),
        Err(problems) => panic!("{text}: {problems:?}"),
    };
    check("{a = 1, a = 2, a = 3}", "{a=1, a=2, a=3}");
    check("{\"a\" = 1, \"a\" = 2}", "{<\"a\">=1, <\"a\">=2}");
    check(
        "{(x) = 1, (x) = 2, \"${x}\" = 3, \"${x}\" = 4}",
        "{<(x)>=1, <(x)>=2, <W(x)>=3, <W(x)>=4}",
    );
    check("[{a = {b = 1, b = 2}}, {a = 1}]", "[{a={b=1, b=2}}, {a=1}]");
    assert!(expr("1e400").is_ok());
    assert!(expr(&format!("1{}", "0".repeat(500))).is_ok());
}

#[test]
fn byte_order_mark_and_carriage_returns_are_read() {
    assert!(problems("\u{feff}a = 1\r\nb {\r\n  c = <<EOT\r\nx\r\nEOT\r\n}\r\n").is_empty());
    assert_eq!(problems("a = 1\r\nb = \"x\\q\"\r\n"), ["2:7 Invalid escape sequence"]);
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    let deep = |open: &str, close: &str, count: usize| {
        format!("a = {}1{}\n", open.repeat(count), close.repeat(count))
    };
    for (open, close) in [("[", "]"), ("(", ")"), ("{a=", "}"), ("f(", ")"), ("\"${", "}\"")] {
        assert_eq!(problems(&deep(open, close, 20)), Vec::<String>::new(), "{open}");
        for count in [100, 5_000] {
            let found = problems(&deep(open, close, count));
            assert_eq!(found.len(), 1, "{open} {count} {found:?}");
            assert!(found[0].contains(TOO_DEEP), "{open} {found:?}");
        }
    }
    let chain = format!("a = 1{}\n", " + 1".repeat(3_000));
    assert!(problems(&chain)[0].contains(TOO_DEEP));
    assert!(!problems(&deep("[", "", 5_000)).is_empty());
    assert!(!problems(&"a {\n".repeat(5_000)).is_empty());
    assert!(!problems(&deep("!", "", 5_000)).is_empty());
}
