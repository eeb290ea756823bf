//! What expressions evaluate to, unknown and marked values above all: known values are covered by
//! the cases recorded from terraform (`tests/conformance.rs`).

use kprov_core::value::Bound;
use kprov_core::{Diagnostics, Marks, Refinements, Type, Value};

use super::{Evaluator, Resolved, Scope, evaluate_constant, references, references_in_body};
use crate::ast::{Expr, Reference, StepKind};
use crate::functions::FunctionContext;
use crate::{FileError, FileKind, Files, SourceMap, syntax};

/// Names: `u.string`, `u.bool`, `u.any` ... are unknown, `s.string` ... sensitive.
struct Names;

impl Scope for Names {
    fn resolve(
        &self,
        reference: &Reference,
        _key: &mut dyn FnMut(&Expr) -> Result<Value, Diagnostics>,
    ) -> Result<Resolved, Diagnostics> {
        let name = match reference.steps.first().map(|step| &step.kind) {
            Some(StepKind::Attribute(name)) => name.as_str(),
            _ => "",
        };
        let unknown = Value::unknown;
        let secret = |value: Value| value.with_marks(Marks::SENSITIVE);
        let object = || Value::object([("a", Value::int(1))]);
        let items = || Value::tuple([Value::from("a"), Value::from("a")]);
        let value = match (reference.root.as_str(), name) {
            ("u", "string") => unknown(Type::String),
            ("u", "bool") => unknown(Type::Bool),
            ("u", "number") => unknown(Type::Number),
            ("u", "any") => unknown(Type::Dynamic),
            ("u", "list") => unknown(Type::list(Type::String)),
            ("u", "set") => unknown(Type::set(Type::String)),
            ("u", "map") => unknown(Type::map(Type::String)),
            ("u", "object") => unknown(object().ty()),
            ("u", "tuple") => unknown(items().ty()),
            ("u", "objects") => unknown(Type::list(object().ty())),
            ("u", "there") => Value::refined(Type::String, Refinements::not_null()),
            ("s", "string") => secret(Value::from("a")),
            ("s", "bool") => secret(Value::from(true)),
            ("s", "number") => secret(Value::int(1)),
            ("s", "object") => secret(object()),
            ("s", "items") => secret(items()),
            ("s", "inside") => Value::tuple([secret(Value::int(1))]),
            ("s", "null") => secret(Value::NULL),
            ("k", "list") => Value::list(Type::String, vec![Value::from("a"), Value::from("b")]),
            ("k", "one") => Value::list(Type::String, vec![Value::from("a")]),
            ("k", "null_list") => Value::Null(Type::list(Type::String)),
            ("k", "empty") => Value::list(object().ty(), Vec::new()),
            ("k", "number") => Value::int(5),
            _ => return Err(kprov_core::Diagnostic::error("undeclared", name).into()),
        };
        Ok(Resolved { value, consumed: 1 })
    }
}

/// No files, and a host that stands still.
#[derive(Debug)]
struct Nothing;

impl kprov_core::Host for Nothing {
    fn now(&self) -> std::time::SystemTime {
        std::time::SystemTime::UNIX_EPOCH
    }
    fn elapsed(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
    fn env(&self, _: &str) -> Option<String> {
        None
    }
}

impl Files for Nothing {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        Err(FileError::NotFound { path: path.to_owned() })
    }
    fn kind(&self, _: &str) -> Result<Option<FileKind>, FileError> {
        Ok(None)
    }
    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        Err(FileError::NotFound { path: path.to_owned() })
    }
    fn current_dir(&self) -> String {
        "/work".to_owned()
    }
    fn home_dir(&self) -> Option<String> {
        None
    }
}

fn evaluate(text: &str) -> Result<Value, Diagnostics> {
    let sources = SourceMap::new();
    let file = sources.add("main.tf", text);
    let expr = syntax::parse_expr(&sources, file)?;
    let functions = FunctionContext {
        host: &Nothing,
        files: &Nothing,
        base_dir: ".",
        pure_only: false,
        plan_timestamp: None,
    };
    Evaluator { scope: &Names, functions: &functions, sources: &sources }.evaluate(&expr)
}

/// Types, refinements and marks in full.
fn show(value: &Value) -> String {
    let list = |items: &[Value]| items.iter().map(show).collect::<Vec<_>>().join(",");
    match value {
        Value::Null(Type::Dynamic) => "null".to_owned(),
        Value::Null(ty) => format!("null({ty})"),
        Value::Unknown(unknown) => {
            let refined = unknown.refinements();
            let mut text = format!("?{}", unknown.ty());
            if refined.not_null {
                text.push('!');
            }
            if let Some(prefix) = &refined.prefix {
                text.push_str(&format!(" {:?}", prefix.as_str()));
            }
            if refined.number_min.is_some() || refined.number_max.is_some() {
                let end = |bound: &Option<Bound>| {
                    bound.as_ref().map_or(String::new(), |bound| {
                        format!("{}{}", bound.value, if bound.inclusive { "" } else { "!" })
                    })
                };
                let (least, most) = (end(&refined.number_min), end(&refined.number_max));
                text.push_str(&format!(" {least}..{most}"));
            }
            if refined.length_min.is_some() || refined.length_max.is_some() {
                text.push_str(&format!(" {:?}..{:?}", refined.length_min, refined.length_max));
            }
            text
        }
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("{:?}", text.as_str()),
        Value::List(items) => format!("list[{}]", list(items.items())),
        Value::Set(items) => format!("set[{}]", list(items.items())),
        Value::Tuple(items) => format!("[{}]", list(items)),
        Value::Map(_) | Value::Object(_) => {
            let entries = value.as_entries().into_iter().flatten();
            let pairs: Vec<_> = entries.map(|(k, v)| format!("{k}={}", show(v))).collect();
            format!("{{{}}}", pairs.join(","))
        }
        Value::Marked(marked) => format!("secret({})", show(marked.value())),
    }
}

#[track_caller]
fn check(text: &str, expect: &str) {
    let got = match evaluate(text) {
        Ok(value) => show(&value),
        Err(problems) => problems
            .iter()
            .map(|problem| format!("{}: {}", problem.summary, problem.detail))
            .collect::<Vec<_>>()
            .join(" | "),
    };
    assert_eq!(got, expect, "{text}");
}

/// Recorded from terraform 1.11.4, which takes both ends of a range as if outside of it in `<`, not
/// in `==`.
#[test]
fn ranges_of_unknown_numbers_decide() {
    check("length(u.string)", "?number! 0..");
    check("length(\"ab${u.string}\")", "?number! 1..");
    check("length(\"abc${u.string}\") > 0", "true");
    check("length(\"abc${u.string}\") >= 2", "?bool!");
    check("length(\"abc${u.string}\") <= 1", "false");
    check("length(\"abc${u.string}\") == 0", "false");
    check("length(\"abc${u.string}\") != 0", "true");
    check("length(u.string) > -1", "true");
    check("length(u.string) + 1 > 0", "?bool!");
    check("u.bool ? 3 : 7", "?number! 3..7");
    check("(u.bool ? 3 : 7) > 2", "true");
    check("(u.bool ? 3 : 7) < 8", "true");
    check("(u.bool ? 3 : 7) < 7", "?bool!");
    check("(u.bool ? 3 : 7) == 9", "false");
    check("(u.bool ? 3 : 7) == 5", "?bool!");
    check("(u.bool ? 3 : null) == 4", "?bool!");
    check("(u.bool ? length(u.string) : 5) > -1", "true");
    check("length(u.bool ? tolist([1]) : tolist([1, 2, 3])) < 4", "true");
    check("length(toset([\"a\", u.string])) == 3", "false");
    check("length(toset([\"a\", u.string])) > 0", "true");
}

#[test]
fn the_beginning_of_an_unknown_string_may_be_enough() {
    check("startswith(\"pre-${u.string}\", \"pre-\")", "true");
    check("startswith(\"pre-${u.string}\", \"pre-x\")", "?bool!");
    check("startswith(\"pre-${u.string}\", \"pry-long\")", "?bool!");
    check("startswith(\"pre-${u.string}\", \"xx\")", "false");
    check("startswith(u.string, \"\")", "true");
    check("startswith(\"pre\", u.string)", "?bool!");
}

#[test]
fn unknown_operands() {
    check("u.number + 1", "?number!");
    check("u.any < 1", "?bool!");
    check("false && u.bool", "?bool!");
    check("!u.bool", "?bool!");
    check("-u.number", "?number!");
    check("u.string == \"x\"", "?bool!");
    check("u.there == null", "false");
    check("u.string == null", "?bool!");
    check("u.string == 1", "false");
    check("[1, u.string] == [2, u.string]", "false");
    check("[u.string, 1] == [u.string, 2]", "?bool!");
    check("{a = u.string} == {b = 1}", "false");
    check("[1] == [u.any]", "?bool!");
    check("1 + null", "Operation failed: Error during operation: argument must not be null.");
}

#[test]
fn unknown_templates() {
    check("\"abc-${u.string}\"", "?string! \"abc-\"");
    check("\"abc${u.string}\"", "?string! \"ab\"");
    check("\"${u.string}-x\"", "?string!");
    check("\"abc-${u.string}\" == \"xyz\"", "false");
    check("\"a-%{ if u.bool }x%{ else }y%{ endif }\"", "?string! \"a-\"");
    check("\"a-%{ for x in u.list }${x}%{ endfor }\"", "?string! \"a-\"");
    check("\"${u.list}\"", "?list(string)");
}

#[test]
fn unknown_conditions() {
    check("u.bool ? \"a\" : \"b\"", "?string!");
    check("u.bool ? null : \"b\"", "?string");
    check("u.bool ? null : null", "null");
    check("u.bool ? 1 : \"b\"", "?string!");
    check("u.bool ? k.list : k.one", "?list(string)! Some(1)..Some(2)");
    check("u.bool ? 1 : [].x", "?any");
    check("true ? 1 : [].x", "1");
    check("true ? 1 : \"x${[]}\"", "\"1\"");
    check("true ? null : 1 + []", "null(number)");
}

#[test]
fn unknown_loops_and_splats() {
    check("[for x in u.list : x]", "?any");
    check("[for x in [1, 2] : x if u.bool]", "?any");
    check("{for x in [1, 2] : u.string => x}", "?any");
    check("{for x in [u.string] : \"a\" => x}", "{a=?string}");
    check("u.list[*]", "?list(string)!");
    check("u.set[*]", "?list(string)!");
    check("u.objects[*].a", "?list(number)!");
    check("u.tuple[*]", "?tuple([string,string])!");
    check("u.string[*]", "?any");
    check("u.there[*]", "[?string!]");
    check("u.any[*].x", "?any");
    check("k.empty[*].a", "list[]");
    check(
        "k.null_list[*]",
        "Splat of null value: Splat expressions (with the * symbol) cannot be applied to null sequences.",
    );
    check("null[*]", "[]");
    check("[u.string][*]", "[?string]");
}

#[test]
fn unknown_access() {
    check("u.object.a", "?number");
    check("u.object[\"a\"]", "?number");
    check("u.map.x", "?string");
    check("u.list[0]", "?string");
    check("u.tuple[1]", "?string");
    check("[1, 2][u.number]", "?any");
    check("k.list[u.number]", "?string");
    check("{a = 1}[u.string]", "?any");
    check("{(u.string) = 1}", "?any");
    check("u.any.x[0].y", "?any");
    check(
        "u.object.b",
        "Unsupported attribute: This object does not have an attribute named \"b\".",
    );
    check("max(u.any...)", "?any");
    check("try(null.x, u.any.y, 2)", "?any");
    check("can(u.string)", "?bool!");
}

#[test]
fn marks() {
    check("s.number + 1", "secret(2)");
    check("s.bool ? [1] : [2]", "secret([1])");
    check("\"${s.string}-x\"", "secret(\"a-x\")");
    check("\"%{ if s.bool }x%{ endif }\"", "secret(\"x\")");
    check("[for x in s.items : x]", "secret([\"a\",\"a\"])");
    check("[for x in [1] : x if s.bool]", "secret([1])");
    check("{for x in [s.string] : x => 1}", "secret({a=1})");
    check("{(s.string) = 1}", "secret({a=1})");
    check("{a = 1}[s.string]", "1");
    check("[1, 2][s.number]", "secret(2)");
    check("s.object.a", "secret(1)");
    check("s.items[*]", "secret([\"a\",\"a\"])");
    check("s.inside[*]", "[secret(1)]");
    check("s.string[*]", "secret([\"a\"])");
    check("s.null[*]", "secret([])");
    check("[s.string] == [\"b\"]", "secret(false)");
    check("false && s.bool", "secret(false)");
    check("can(s.string)", "true");
    check("try(null.x, s.string)", "secret(\"a\")");
}

#[test]
fn secrets_stay_out_of_messages() {
    let all = "The given key does not identify an element in this collection value.";
    check("s.items[5]", &format!("Invalid index: {all}"));
    let problems = evaluate("{for x in s.items : x => 1}").expect_err("two equal keys");
    let text = format!("{problems:?}");
    assert!(!text.contains("key \\\"a\\\""), "{text}");
    let problems = evaluate("s.string + k.number").expect_err("not a number");
    let values = &problems.iter().next().expect("a problem").values;
    let expect = [("s.string", "has a sensitive value"), ("k.number", "is 5")];
    assert_eq!(*values, expect.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn all_problems_are_found() {
    let left = "Invalid operand: Unsuitable value for left operand: a number is required.";
    let right = "Invalid operand: Unsuitable value for right operand: a number is required.";
    check("\"a\" + \"b\"", &format!("{left} | {right}"));
    let null = "Attempt to get attribute from null value: This value is null, so it does not have \
                any attributes.";
    check("[null.a, {b = null.c}]", &format!("{null} | {null}"));
    check(
        "{aname = 1}.anme",
        "Unsupported attribute: This object does not have an attribute named \"anme\". Did you mean \"aname\"?",
    );
}

#[test]
fn depth_is_limited() {
    let deep = format!("{}1{}", "(".repeat(60), ")".repeat(60));
    check(&deep, "1");
    let mut expr = syntax_of("1");
    for _ in 0..10_000 {
        let span = expr.span;
        expr = Expr { kind: crate::ast::ExprKind::Parens(Box::new(expr)), span };
    }
    let problems = evaluate_constant(&expr, &SourceMap::new()).expect_err("too deep");
    assert_eq!(problems.iter().next().expect("a problem").summary, "Expression too deeply nested");
    // Taken apart from the outside in, because dropping it at once would recurse.
    while let crate::ast::ExprKind::Parens(inner) = expr.kind {
        expr = *inner;
    }
}

/// The deepest that is accepted must fit the small stack of a test's thread, whatever it is made of.
#[test]
fn deepest_accepted_fits_the_stack() {
    let names = Names;
    let functions = FunctionContext {
        host: &Nothing,
        files: &Nothing,
        base_dir: ".",
        pure_only: false,
        plan_timestamp: None,
    };
    let sources = SourceMap::new();
    let evaluator = Evaluator { scope: &names, functions: &functions, sources: &sources };
    for pattern in [
        "try(INNER)",
        "[for x in [1] : INNER]",
        "true ? INNER : 1",
        "\"a${INNER}\"",
        "k.list[INNER]",
        "{for x in [1] : x => INNER}",
        "max([INNER]...)",
    ] {
        let mut expr = syntax_of("1");
        for _ in 0..60 {
            let mut outer = syntax_of(pattern);
            plant(&mut outer, &mut Some(expr));
            expr = outer;
        }
        // Too deep or not: it must not crash.
        drop(evaluator.evaluate(&expr));
    }
}

/// Puts `inner` where `INNER` stands.
fn plant(expr: &mut Expr, inner: &mut Option<Expr>) {
    use crate::ast::{ExprKind, TemplatePart};
    match &mut expr.kind {
        ExprKind::Reference(reference) if reference.root == "INNER" => {
            *expr = inner.take().expect("one place");
        }
        ExprKind::Reference(reference) => {
            if let Some(StepKind::Index(key)) = reference.steps.last_mut().map(|it| &mut it.kind) {
                plant(key, inner);
            }
        }
        ExprKind::Call(call) => plant(&mut call.arguments[0], inner),
        ExprKind::Tuple(items) => plant(&mut items[0], inner),
        ExprKind::For(parts) => plant(&mut parts.result, inner),
        ExprKind::Conditional { truthy, .. } => plant(truthy, inner),
        ExprKind::Template(parts) => {
            if let Some(TemplatePart::Interpolation(part)) = parts.last_mut() {
                plant(part, inner);
            }
        }
        _ => {}
    }
}

fn syntax_of(text: &str) -> Expr {
    let sources = SourceMap::new();
    let file = sources.add("main.tf", text);
    syntax::parse_expr(&sources, file).expect("an expression")
}

#[test]
fn constants() {
    let constant = |text: &str| evaluate_constant(&syntax_of(text), &SourceMap::new());
    assert_eq!(constant("[1, {a = 2}]").map(|value| show(&value)), Ok("[1,{a=2}]".to_owned()));
    for (text, summary) in
        [("var.x", "Variables not allowed"), ("upper(\"x\")", "Function calls not allowed")]
    {
        let problems = constant(text).expect_err(text);
        assert_eq!(problems.iter().next().expect("a problem").summary, summary);
    }
}

fn names(found: &[&Reference]) -> String {
    let step = |kind: &StepKind| match kind {
        StepKind::Attribute(name) => format!(".{name}"),
        _ => "[]".to_owned(),
    };
    let name = |reference: &&Reference| {
        let steps: String = reference.steps.iter().map(|part| step(&part.kind)).collect();
        format!("{}{steps}", reference.root)
    };
    found.iter().map(name).collect::<Vec<_>>().join(" ")
}

#[test]
fn references_of_expressions() {
    for (text, expect) in [
        ("1 + 2", ""),
        ("var.a + var.b * local.c", "var.a var.b local.c"),
        ("aws_x.y[var.i].id", "aws_x.y[].id var.i"),
        ("[for k, v in var.m : k == v.a ? var.x : k]", "var.m var.x"),
        ("{for v in v.list : v.k => v}", "v.list"),
        ("[for x in [for x in x.a : x.b] : x]", "x.a"),
        ("\"${a.b}%{ for x in c.d }${x.y}${e.f}%{ endfor }\"", "a.b c.d e.f"),
        ("a.b[*].c[d.e]", "a.b d.e"),
        ("{a = b.c, (d.e) = f.g}", "b.c d.e f.g"),
        ("f(a.b, c.d...)[e.f].g", "a.b c.d e.f"),
    ] {
        assert_eq!(names(&references(&syntax_of(text))), expect, "{text}");
    }
}

#[test]
fn references_of_bodies() {
    let text = r#"
        a = var.a
        dynamic "x" {
          for_each = x.list
          content {
            b = x.value + y.value
            dynamic "z" {
              for_each = x.value.inner
              iterator = it
              content { c = [it.key, z.key, x.key] }
            }
          }
        }
        plain { d = x.e }
    "#;
    let sources = SourceMap::new();
    let file = sources.add("main.tf", text);
    let (body, problems) = syntax::parse_body(&sources, file);
    assert!(!problems.has_errors(), "{problems:?}");
    assert_eq!(names(&references_in_body(&body)), "var.a x.list y.value z.key x.e");
}
