//! Import blocks (scenarios import-*). Expressions are literals; names stand for values.

use super::*;
use crate::change::testing::{disk, object, sensitive};
use kprov_core::addr::parse_instance;

fn literal(value: Value) -> Expr {
    Expr { kind: ExprKind::Literal(value), span: Span::default() }
}

fn name(text: &str) -> Expr {
    let kind = ExprKind::Reference(Reference {
        root: text.into(),
        root_span: Span::default(),
        steps: Vec::new(),
    });
    Expr { kind, span: Span::default() }
}

/// `x.a`, `module.m.x.a`, then the keys behind the names given.
fn to(names: &[(&str, Option<Expr>)]) -> Expr {
    let step = |kind| Step { kind, span: Span::default() };
    let mut steps = Vec::new();
    for (at, (name, key)) in names.iter().enumerate() {
        if at > 0 {
            steps.push(step(StepKind::Attribute((*name).into())));
        }
        steps.extend(key.clone().map(|key| step(StepKind::Index(Box::new(key)))));
    }
    let root = names[0].0.into();
    let kind = ExprKind::Reference(Reference { root, root_span: Span::default(), steps });
    Expr { kind, span: Span::default() }
}

fn import(to: Expr, id: Expr, for_each: Option<Expr>) -> Import {
    Import { to, id, for_each, provider: None, span: Span::default() }
}

/// Literals mean themselves; `key` and `value` what each has.
fn evaluate(expr: &Expr, each: Option<&Each>) -> Result<Value, Diagnostics> {
    match (&expr.kind, each) {
        (ExprKind::Literal(value), _) => Ok(value.clone()),
        (ExprKind::Reference(reference), Some(each)) => {
            Ok(if reference.root == "key" { each.key.clone() } else { each.value.clone() })
        }
        _ => Err(Diagnostic::error("No each", "").into()),
    }
}

fn run(imports: &[Import]) -> (Vec<String>, Vec<String>) {
    let (targets, problems) = import_targets(imports, &SourceMap::new(), &mut evaluate);
    let targets = targets.iter().map(|target| format!("{} {}", target.addr, target.id));
    let summaries = problems.iter().map(|problem| problem.summary.to_string());
    (targets.collect(), summaries.collect())
}

#[test]
fn addresses_and_ids() {
    let id = || literal("i".into());
    let key = |value: Value| Some(literal(value));
    let map = Value::object([("p", Value::string("1")), ("q", Value::string("2"))]);
    let set = Value::set(Type::String, vec!["s".into()]);
    let list = Value::tuple([Value::string("l")]);
    let each = |value: Value| {
        import(to(&[("x", None), ("a", Some(name("key")))]), name("value"), Some(literal(value)))
    };
    let cases: [(Import, &[&str]); 9] = [
        (import(to(&[("x", None), ("a", None)]), id(), None), &["x.a i"]),
        (import(to(&[("x", None), ("a", key(Value::int(1)))]), id(), None), &["x.a[1] i"]),
        (
            import(
                to(&[("module", None), ("m", key("k".into())), ("x", None), ("a", None)]),
                id(),
                None,
            ),
            &["module.m[\"k\"].x.a i"],
        ),
        (import(to(&[("x", None), ("a", None)]), literal(Value::int(5)), None), &["x.a 5"]),
        (each(map), &["x.a[\"p\"] 1", "x.a[\"q\"] 2"]),
        (each(set), &["x.a[\"s\"] s"]),
        (each(list), &["x.a[0] l"]),
        (each(Value::object::<Str>([])), &[]),
        (each(Value::NULL), &[]),
    ];
    for (import, expect) in cases {
        let (targets, problems) = run(&[import]);
        assert_eq!((targets, problems), (expect.iter().map(ToString::to_string).collect(), vec![]));
    }
}

#[test]
fn what_cannot_be_imported() {
    let plain = || to(&[("x", None), ("a", None)]);
    let with_id = |id: Value| import(plain(), literal(id), None);
    let with_key = |key: Value| {
        import(to(&[("x", None), ("a", Some(literal(key)))]), literal("i".into()), None)
    };
    let with_each = |value: Value| import(plain(), literal("i".into()), Some(literal(value)));
    let unknown = || Value::unknown(Type::String);
    let cases = [
        (with_id("".into()), "Invalid import id argument"),
        (with_id(Value::NULL), "Invalid import id argument"),
        (with_id(unknown()), "Invalid import id argument"),
        (with_id(sensitive("s")), "Invalid import id argument"),
        (with_id(Value::tuple([])), "Incorrect value type"),
        (with_key(unknown()), "Import block 'to' address contains an invalid key"),
        (with_key(Value::int(-1)), "Import block 'to' address contains an invalid key"),
        (with_key(Value::NULL), "Import block 'to' address contains an invalid key"),
        (with_each(unknown()), "Invalid for_each argument"),
        (with_each(Value::int(5)), "Invalid for_each argument"),
        (with_each(sensitive(Value::tuple([]))), "Invalid for_each argument"),
        (
            import(to(&[("data", None), ("x", None), ("a", None)]), literal("i".into()), None),
            "Invalid import address",
        ),
        (
            import(to(&[("module", None), ("m", None)]), literal("i".into()), None),
            "Invalid import address",
        ),
    ];
    for (import, summary) in cases {
        assert_eq!(run(&[import]), (vec![], vec![summary.to_owned()]));
    }
    let twice = [with_id("i".into()), with_id("j".into())];
    let expect = (vec!["x.a i".to_owned()], vec!["Duplicate import configuration".to_owned()]);
    assert_eq!(run(&twice), expect);
}

#[test]
fn targets_must_be_declared_and_missing() {
    let imports = [
        import(to(&[("x", None), ("a", None)]), literal("i".into()), None),
        import(to(&[("x", None), ("b", None)]), literal("j".into()), None),
    ];
    let (targets, _) = import_targets(&imports, &SourceMap::new(), &mut evaluate);
    let a = parse_instance("x.a").unwrap();
    let problems = check_declared(&targets, &SourceMap::new(), |addr| *addr == a);
    let addresses: Vec<_> = problems.iter().filter_map(|it| it.address.as_deref()).collect();
    assert_eq!(addresses, ["x.b"]);
    let mut state = PriorState::default();
    state.objects.insert(a.current(), object(disk(&[])));
    let left = pending(targets, &state);
    assert_eq!(left.iter().map(|it| it.addr.to_string()).collect::<Vec<_>>(), ["x.b"]);
}
