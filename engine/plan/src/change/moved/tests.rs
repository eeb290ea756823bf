//! Moves as recorded (scenarios moved-*), one per line.

use super::*;
use crate::change::testing::{disk, object};
use kprov_core::addr::{parse_instance, parse_target};
use kprov_lang::config::Module;

fn statement(module: &str, from: &str, to: &str) -> Statement {
    let names = module.split('.').filter(|name| !name.is_empty()).map(Str::from);
    let (from, to) = endpoint::unify(&parse_target(from).unwrap(), &parse_target(to).unwrap());
    Statement { module: ModulePath(names.collect()), from, to, place: Some(Span::default()) }
}

fn state(addresses: &[&str]) -> PriorState {
    let objects = addresses
        .iter()
        .map(|addr| (parse_instance(addr).unwrap().current(), object(disk(&[]))))
        .collect();
    PriorState { objects, ..PriorState::default() }
}

/// `new < old` for each move, then `from | to` for each that is blocked.
fn lines(moves: &Moves) -> Vec<String> {
    let done = moves.previous.iter().map(|(new, old)| format!("{new} < {old}"));
    done.chain(moves.blocked.iter().map(|(from, to)| format!("{from} | {to}"))).collect()
}

#[track_caller]
fn check(addresses: &[&str], moved: &[(&str, &str)], expect: &[&str]) {
    let statements: Vec<_> = moved.iter().map(|(from, to)| statement("", from, to)).collect();
    let state = state(addresses);
    let moves = apply_moves(&statements, &state, &SourceMap::new()).unwrap();
    assert_eq!(lines(&moves), expect);
    let after = moves.relocate(state.clone());
    assert_eq!(after.objects.len(), state.objects.len());
    for (new, old) in &moves.previous {
        assert!(after.objects.contains_key(&new.clone().current()), "{old}");
    }
}

#[test]
fn resources_and_instances() {
    check(&["x.a"], &[("x.a", "x.b")], &["x.b < x.a"]);
    check(&["x.a[0]", "x.a[1]"], &[("x.a", "x.b")], &["x.b[0] < x.a[0]", "x.b[1] < x.a[1]"]);
    check(&["x.a[0]", "x.a[1]"], &[("x.a[1]", "x.a[\"k\"]")], &["x.a[\"k\"] < x.a[1]"]);
    check(&["x.a"], &[("x.a", "x.b[\"k\"]")], &["x.b[\"k\"] < x.a"]);
    check(&["x.a[0]"], &[("x.a", "x.b[1]")], &[]);
    check(&["x.a"], &[("x.a", "module.m.x.a")], &["module.m.x.a < x.a"]);
    check(&["x.z"], &[("x.a", "x.b")], &[]);
}

#[test]
fn chains_and_rotations() {
    let chain = [("x.a", "x.b"), ("x.b", "x.c")];
    check(&["x.a"], &chain, &["x.c < x.a"]);
    check(&["x.b"], &chain, &["x.c < x.b"]);
    let reversed = [("x.b", "x.c"), ("x.a", "x.b")];
    check(&["x.a"], &reversed, &["x.c < x.a"]);
    // As Terraform: the chain a to c is finished first, b stays behind.
    check(&["x.a", "x.b"], &reversed, &["x.c < x.b", "x.a | x.b"]);
}

#[test]
fn modules() {
    let both = ["module.m[0].x.a", "module.m[1].module.i.x.a"];
    check(
        &both,
        &[("module.m", "module.n")],
        &[
            "module.n[0].x.a < module.m[0].x.a",
            "module.n[1].module.i.x.a < module.m[1].module.i.x.a",
        ],
    );
    check(&both, &[("module.m[0]", "module.n")], &["module.n.x.a < module.m[0].x.a"]);
    check(&["module.m.x.a", "x.a"], &[("module.m", "module.n")], &["module.n.x.a < module.m.x.a"]);
    // What is inside moves first, whichever way the blocks stand.
    check(
        &["module.m.x.a"],
        &[("module.m", "module.n"), ("module.m.x.a", "module.m.x.b")],
        &["module.n.x.b < module.m.x.a"],
    );
    check(&["module.m.x.a", "module.n.x.c"], &[("module.m", "module.n")], &["module.m | module.n"]);
}

#[test]
fn blocks_in_modules_act_in_each_instance() {
    let statements = [statement("m", "x.a", "x.b"), statement("", "module.l", "module.m")];
    let state = state(&["module.m[\"k\"].x.a", "module.l[\"j\"].x.a", "x.a"]);
    let moves = apply_moves(&statements, &state, &SourceMap::new()).unwrap();
    let expect =
        ["module.m[\"j\"].x.b < module.l[\"j\"].x.a", "module.m[\"k\"].x.b < module.m[\"k\"].x.a"];
    assert_eq!(lines(&moves), expect);
}

#[test]
fn blocks_in_a_module_act_after_it_moved_to_another_key() {
    let statements = [statement("m", "x.a", "x.b"), statement("", "module.m", "module.m[0]")];
    let [inner, outer] = statements;
    for statements in [[inner.clone(), outer.clone()], [outer, inner]] {
        let moves = apply_moves(&statements, &state(&["module.m.x.a"]), &SourceMap::new()).unwrap();
        assert_eq!(lines(&moves), ["module.m[0].x.b < module.m.x.a"]);
    }
}

#[test]
fn taken_addresses_stay() {
    check(&["x.a", "x.b"], &[("x.a", "x.b")], &["x.a | x.b"]);
    check(&["x.a[0]", "x.b"], &[("x.a[0]", "x.b")], &["x.a[0] | x.b"]);
    let moves = Moves { blocked: vec![("x.a".into(), "x.b".into())], ..Moves::default() };
    let warning = moves.warning().unwrap();
    assert_eq!(warning.summary, "Unresolved resource instance address changes");
    assert!(!warning.is_error() && warning.detail.contains("x.a could not move to x.b"));
    assert!(Moves::default().warning().is_none());
}

fn tree(resources: &[(&str, Repetition)]) -> ModuleTree {
    let mut module = Module::default();
    for (name, repetition) in resources {
        let name = parse_instance(name).unwrap().resource;
        let resource = kprov_lang::config::Resource {
            name: name.clone(),
            repetition: repetition.clone(),
            provider: None,
            depends_on: Vec::new(),
            lifecycle: kprov_lang::config::Lifecycle::default(),
            provisioners: Vec::new(),
            connection: None,
            body: kprov_lang::ast::Body::default(),
            in_check: None,
            span: Span::default(),
        };
        module.resources.insert(name, resource);
    }
    ModuleTree { modules: [(ModulePath::root(), module.into())].into() }
}

fn count() -> Repetition {
    let kind = kprov_lang::ast::ExprKind::Literal(kprov_core::Value::int(1));
    Repetition::Count(kprov_lang::ast::Expr { kind, span: Span::default() })
}

#[test]
fn implied_moves() {
    let cases: [(Repetition, &[&str], &[&str]); 5] = [
        (count(), &["x.a"], &["x.a[0] < x.a"]),
        (Repetition::Once, &["x.a[0]", "x.a[1]"], &["x.a < x.a[0]"]),
        (count(), &["x.a", "x.a[0]"], &[]),
        (Repetition::Once, &["x.a"], &[]),
        (count(), &["x.a[1]"], &[]),
    ];
    for (repetition, addresses, expect) in cases {
        let (statements, _) = statements(&tree(&[("x.a", repetition)]), &SourceMap::new());
        let moves = apply_moves(&statements, &state(addresses), &SourceMap::new()).unwrap();
        assert_eq!(lines(&moves), expect, "{addresses:?}");
    }
}

#[test]
fn a_mentioned_resource_has_no_implied_move() {
    let mut tree = tree(&[("x.a", count())]);
    let module = tree.modules.get_mut(&ModulePath::root()).unwrap();
    let moved = |from, to| kprov_lang::config::Moved {
        from: parse_target(from).unwrap(),
        to: parse_target(to).unwrap(),
        span: Span::default(),
    };
    std::sync::Arc::get_mut(module).unwrap().moved =
        vec![moved("x.a", "x.a[1]"), moved("data.x.a", "data.x.b")];
    let (statements, problems) = statements(&tree, &SourceMap::new());
    assert_eq!(
        problems.iter().map(|p| p.summary.as_str()).collect::<Vec<_>>(),
        ["Move without effect"]
    );
    let moves = apply_moves(&statements, &state(&["x.a"]), &SourceMap::new()).unwrap();
    assert_eq!(lines(&moves), ["x.a[1] < x.a"]);
}

#[test]
fn what_no_move_can_do() {
    let cases = [
        (vec![statement("", "x.a", "y.a")], "Unsupported `moved` across resource types"),
        (
            vec![statement("", "x.a", "x.b"), statement("", "x.b", "x.a")],
            "Cyclic dependency in move statements",
        ),
    ];
    for (statements, summary) in cases {
        let problems = apply_moves(&statements, &state(&["x.a"]), &SourceMap::new()).unwrap_err();
        assert_eq!(problems.iter().next().unwrap().summary, summary);
    }
}

struct Declared(&'static [&'static str]);

impl Declarations for Declared {
    fn module_instances(&self, path: &ModulePath) -> Vec<ModuleAddr> {
        let keyless = path.0.iter().map(|name| (name.clone(), InstanceKey::None));
        vec![ModuleAddr(keyless.collect())]
    }

    fn declared(&self, end: &Endpoint) -> Option<Span> {
        self.0.contains(&end.to_string().as_str()).then(Span::default)
    }
}

#[test]
fn validation() {
    type Case<'a> = (&'a [(&'a str, &'a str)], &'static [&'static str], &'a [&'a str]);
    let cases: [Case<'_>; 6] = [
        (&[("x.a", "x.b")], &["x.b"], &[]),
        (&[("x.a", "x.b")], &["x.a", "x.b"], &["Moved object still exists"]),
        (&[("x.a", "x.a")], &[], &["Redundant move statement"]),
        (&[("x.a", "x.b"), ("x.a", "x.c")], &[], &["Ambiguous move statements"]),
        (&[("x.a", "x.c"), ("x.b", "x.c")], &[], &["Ambiguous move statements"]),
        (&[("x.a", "x.b"), ("x.b", "x.a")], &[], &["Cyclic dependency in move statements"]),
    ];
    for (moved, declared, expect) in cases {
        let statements: Vec<_> = moved.iter().map(|(from, to)| statement("", from, to)).collect();
        let problems = validate_moves(&statements, &Declared(declared), &SourceMap::new());
        let summaries: Vec<_> = problems.iter().map(|problem| problem.summary.as_str()).collect();
        assert_eq!(summaries, expect, "{moved:?}");
    }
}

#[test]
fn many_moves_of_one_resource_are_told_apart_by_key() {
    let count = 3_000;
    let addresses: Vec<String> = (0..count).map(|i| format!("x.a[{i}]")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let statements: Vec<Statement> = (0..count)
        .map(|i| statement("", &format!("x.a[{i}]"), &format!("x.a[\"k{i}\"]")))
        .collect();
    let moves = apply_moves(&statements, &state(&addresses), &SourceMap::new()).unwrap();
    assert_eq!(moves.previous.len(), count);
}

#[test]
fn modules_move_with_what_is_inside_and_below() {
    let statements = [statement("", "module.m6", "module.m10"), statement("m10", "x.r9", "x.r11")];
    let state = state(&[
        "module.m6[0].module.m7.x.r8",
        "x.r4",
        "x.r5[\"a\"]",
        "module.m1[0].module.m2[0].x.r3",
    ]);
    let moves = apply_moves(&statements, &state, &SourceMap::new()).unwrap();
    assert_eq!(lines(&moves), ["module.m10[0].module.m7.x.r8 < module.m6[0].module.m7.x.r8"]);
}
