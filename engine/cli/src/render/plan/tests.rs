//! What plans look like. The snapshots are read by people before they are taken.

use kprov_core::{Marks, Type, Value};
use kprov_plan::{
    Action, ActionReason, Change, CheckKind, CheckObject, CheckReport, CheckStatus, Deferred,
    DeferredReason, DriftChange, Importing, PlanMode, ReplaceOrder,
};

use super::super::{Schemas, Style};
use super::testing::{because, change, forced, output, plan_of};
use super::{checks, concise, plan};

const DELETE_FIRST: Action = Action::Replace(ReplaceOrder::DeleteFirst);

fn text(items: &[(&str, Value)]) -> Value {
    Value::object(items.iter().map(|(name, value)| (*name, value.clone())))
}

fn unknown() -> Value {
    Value::unknown(Type::String)
}

fn secret(text: &str) -> Value {
    Value::from(text).with_marks(Marks::SENSITIVE)
}

fn strings(items: &[&str]) -> Value {
    Value::list(Type::String, items.iter().map(|item| Value::from(*item)).collect())
}

fn map(items: &[(&str, &str)]) -> Value {
    let entries = items.iter().map(|(key, value)| ((*key).into(), Value::from(*value)));
    Value::map(Type::String, entries.collect())
}

fn shown(changes: Vec<Change>) -> String {
    plan(&plan_of(changes), Schemas::default(), Style::plain())
}

/// An update of one attribute.
fn updated(before: Value, after: Value) -> String {
    let all = shown(vec![change(
        "t.a",
        Action::Update,
        text(&[("id", "i-1".into()), ("x", before)]),
        text(&[("id", "i-1".into()), ("x", after)]),
    )]);
    let start = all.find("  ~ resource").unwrap();
    let end = all.find("\nPlan:").unwrap();
    all[start..end].to_owned()
}

#[test]
fn creation() {
    insta::assert_snapshot!(shown(vec![change(
        "module.m[\"k\"].t.a[0]",
        Action::Create,
        Value::NULL,
        text(&[
            ("id", unknown()),
            ("name", "n".into()),
            ("nothing", Value::Null(Type::String)),
            ("password", secret("p")),
            ("tags", map(&[("Name", "x"), ("a b", "y")])),
            ("list", strings(&["a", "b"])),
            ("empty", strings(&[])),
            ("text", "one\n\ntwo\n".into()),
            ("policy", r#"{"Version":"1","S":[{"a":null}]}"#.into()),
            ("number", Value::int(5)),
            ("truth", true.into()),
        ]),
    )]));
}

#[test]
fn update_hides_what_stays() {
    insta::assert_snapshot!(shown(vec![change(
        "t.a",
        Action::Update,
        text(&[
            ("id", "i-1".into()),
            ("tags", map(&[("Name", "x"), ("keep", "1")])),
            ("long_name", "same".into()),
            ("gone", "g".into()),
            ("count", Value::int(1)),
            ("computed", "c".into()),
            ("pw", secret("a")),
        ]),
        text(&[
            ("id", "i-1".into()),
            ("tags", map(&[("Name", "z"), ("keep", "1"), ("new", "n")])),
            ("long_name", "same".into()),
            ("gone", Value::Null(Type::String)),
            ("count", Value::int(2)),
            ("computed", unknown()),
            ("pw", secret("b")),
        ]),
    )]));
}

#[test]
fn replacement_names_the_attribute_that_forces_it() {
    let object =
        |image: &str, id: Value| text(&[("id", id), ("image", image.into()), ("size", "s".into())]);
    let replaced = |name: &str, order: ReplaceOrder| {
        let action = Action::Replace(order);
        let change = change(name, action, object("a", "1".into()), object("b", unknown()));
        forced(change, &["image"])
    };
    let mut tainted = replaced("t.c", ReplaceOrder::DeleteFirst);
    tainted.tainted = true;
    insta::assert_snapshot!(shown(vec![
        because(
            replaced("t.a", ReplaceOrder::DeleteFirst),
            ActionReason::ReplaceBecauseCannotUpdate
        ),
        replaced("t.b", ReplaceOrder::CreateFirst),
        tainted,
        because(replaced("t.d", ReplaceOrder::DeleteFirst), ActionReason::ReplaceByRequest),
        because(replaced("t.e", ReplaceOrder::DeleteFirst), ActionReason::ReplaceByTriggers),
    ]));
}

#[test]
fn reasons_are_sentences() {
    let gone = |name: &str, reason| {
        because(change(name, Action::Delete, text(&[("id", "1".into())]), Value::NULL), reason)
    };
    let read = |name: &str, reason| {
        because(change(name, Action::Read, Value::NULL, text(&[("id", unknown())])), reason)
    };
    let mut moved = gone("t.to", ActionReason::DeleteBecauseNoMoveTarget);
    moved.previous_addr = Some(kprov_core::addr::parse_instance("t.from").unwrap());
    let mut deposed = change("t.dep", Action::Delete, text(&[("id", "1".into())]), Value::NULL);
    deposed.deposed = Some(kprov_core::DeposedKey("deadbeef".into()));
    let changes = vec![
        gone("t.a", ActionReason::DeleteBecauseNoResourceConfig),
        gone("module.m[1].t.a", ActionReason::DeleteBecauseNoModule),
        gone("t.b", ActionReason::DeleteBecauseWrongRepetition),
        gone("t.b[0]", ActionReason::DeleteBecauseWrongRepetition),
        gone("t.b[\"k\"]", ActionReason::DeleteBecauseWrongRepetition),
        gone("t.c[3]", ActionReason::DeleteBecauseCountIndex),
        gone("t.c[\"k\"]", ActionReason::DeleteBecauseEachKey),
        moved,
        deposed,
        read("data.t.u", ActionReason::ReadBecauseConfigUnknown),
        read("data.t.v", ActionReason::ReadBecauseDependencyPending),
        read("data.t.w", ActionReason::ReadBecauseCheckNested),
        change("t.f", Action::Forget, text(&[("id", "1".into())]), Value::NULL),
    ];
    let all = shown(changes);
    let titles: Vec<&str> = all.lines().filter(|line| line.starts_with("  # ")).collect();
    insta::assert_snapshot!(titles.join("\n"));
}

#[test]
fn moves_and_imports() {
    let object = || text(&[("id", "1".into()), ("x", "y".into())]);
    let mut moved = change("t.new", Action::NoOp, object(), object());
    moved.previous_addr = Some(kprov_core::addr::parse_instance("t.old").unwrap());
    let mut imported = change("t.im", Action::NoOp, object(), object());
    imported.importing = Some(Importing { id: "i-7".to_owned() });
    let mut both =
        change("t.both", Action::Update, object(), text(&[("id", "1".into()), ("x", "z".into())]));
    both.importing = Some(Importing { id: "i-8".to_owned() });
    both.previous_addr = Some(kprov_core::addr::parse_instance("t.was").unwrap());
    insta::assert_snapshot!(shown(vec![moved, imported, both]));
}

#[test]
fn lists_keep_their_neighbours_in_sight() {
    let after = strings(&["a", "b", "X", "d", "e", "f", "g"]);
    insta::assert_snapshot!(updated(strings(&["a", "b", "c", "d", "e", "f", "g"]), after));
}

#[test]
fn objects_in_lists_change_in_place() {
    let rule = |port: i64, note: &str| text(&[("port", Value::int(port)), ("note", note.into())]);
    let before = Value::tuple([rule(1, "a"), rule(2, "b"), rule(3, "c")]);
    let after = Value::tuple([rule(1, "a"), rule(22, "b"), rule(3, "c"), rule(4, "d")]);
    insta::assert_snapshot!(updated(before, after));
}

#[test]
fn sets_have_no_order() {
    let set = |items: &[&str]| {
        Value::set(Type::String, items.iter().map(|item| Value::from(*item)).collect())
    };
    insta::assert_snapshot!(updated(set(&["a", "b", "c"]), set(&["d", "c", "a"])));
}

#[test]
fn json_is_compared_by_structure() {
    insta::assert_snapshot!(updated(
        r#"{"Statement":[{"Effect":"Allow","Action":"a"},{"Effect":"Deny"}],"Version":"1"}"#.into(),
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"b"},{"Effect":"Deny"}]}"#.into(),
    ));
    insta::assert_snapshot!(updated(r#"{"a":1}"#.into(), r#"{ "a": 1 }"#.into()));
    insta::assert_snapshot!(updated(r#"{"a":1,"b":null}"#.into(), r#"{"a":null}"#.into()));
}

#[test]
fn texts_are_compared_line_by_line() {
    let lines = |change: &str| {
        let lines = (1..=20).map(|n| if n == 10 { change.to_owned() } else { format!("line {n}") });
        Value::from(format!("{}\n", lines.collect::<Vec<_>>().join("\n")).as_str())
    };
    insta::assert_snapshot!(updated(lines("old"), lines("new")));
    insta::assert_snapshot!(updated("a\nb\n".into(), "a\nb".into()));
    insta::assert_snapshot!(updated("a\nb\n".into(), "a\nb  \n".into()));
}

#[test]
fn long_strings_show_the_stretch_that_differs() {
    let long = |middle: &str| {
        Value::from(format!("{}{middle}{}", "a".repeat(50), "b".repeat(50)).as_str())
    };
    insta::assert_snapshot!(updated(long("one"), long("two")));
}

#[test]
fn shapes_without_anything_in_common() {
    insta::assert_snapshot!(updated("s".into(), map(&[("a", "b")])));
    insta::assert_snapshot!(updated(map(&[("a", "b")]), Value::unknown(Type::map(Type::String))));
}

#[test]
fn user_data_is_compared_decoded() {
    let change = change(
        "t.a",
        Action::Update,
        text(&[("user_data_base64", "ZWNobyBvbmUKZWNobyBzYW1lCg==".into())]),
        text(&[("user_data_base64", "ZWNobyB0d28KZWNobyBzYW1lCg==".into())]),
    );
    insta::assert_snapshot!(shown(vec![change]));
}

#[test]
fn marks_that_come_and_go_are_told() {
    let come = updated("a".into(), secret("a"));
    assert!(come.contains("will be marked as sensitive"), "{come}");
    let go = updated(secret("a"), "b".into());
    assert!(go.contains("no longer be marked as sensitive"), "{go}");
    assert!(!go.contains("\"b\""), "what was secret is not told by what it becomes:\n{go}");
}

#[test]
fn drift_is_told_apart() {
    let drifted = change(
        "t.a",
        Action::Update,
        text(&[("id", "1".into()), ("x", "a".into())]),
        text(&[("id", "1".into()), ("x", "b".into())]),
    );
    let gone = change("t.b", Action::Delete, text(&[("id", "1".into())]), Value::NULL);
    let mut made =
        plan_of(vec![change("t.b", Action::Create, Value::NULL, text(&[("id", unknown())]))]);
    made.drift = vec![
        DriftChange { change: drifted, relevant: false },
        DriftChange { change: gone, relevant: true },
    ];
    insta::assert_snapshot!(plan(&made, Schemas::default(), Style::plain()));
    made.mode = PlanMode::RefreshOnly;
    made.changes.clear();
    made.operations.clear();
    insta::assert_snapshot!(plan(&made, Schemas::default(), Style::plain()));
}

#[test]
fn outputs_and_deferrals() {
    let mut made = plan_of(Vec::new());
    made.outputs = [
        ("added".into(), output(Action::Create, Value::NULL, unknown())),
        ("changed".into(), output(Action::Update, map(&[("a", "1")]), map(&[("a", "2")]))),
        ("gone".into(), output(Action::Delete, "x".into(), Value::NULL)),
        ("same".into(), output(Action::NoOp, "x".into(), "x".into())),
        ("hidden".into(), {
            let mut hidden = output(Action::Update, "old-secret".into(), "new-secret".into());
            hidden.sensitive = true;
            hidden
        }),
    ]
    .into();
    insta::assert_snapshot!(plan(&made, Schemas::default(), Style::plain()));
    made.outputs.clear();
    made.deferred = vec![Deferred {
        reason: DeferredReason::InstanceCountUnknown,
        addr: kprov_core::addr::parse_instance("t.later").unwrap(),
        after: text(&[("id", unknown()), ("x", "y".into())]),
    }];
    insta::assert_snapshot!(plan(&made, Schemas::default(), Style::plain()));
}

#[test]
fn failed_checks_of_a_shown_plan() {
    let object = |status, problems: &[&str]| CheckObject {
        module: kprov_core::ModuleAddr::root(),
        key: kprov_core::InstanceKey::None,
        status,
        problems: problems.iter().map(|text| (*text).to_owned()).collect(),
    };
    let report = |kind, name: &str, objects| CheckReport {
        kind,
        module: kprov_core::ModulePath::root(),
        name: name.into(),
        resource: None,
        status: CheckStatus::Fail,
        objects,
    };
    let mut made = plan_of(Vec::new());
    made.checks = vec![
        report(
            CheckKind::Check,
            "site",
            vec![object(CheckStatus::Fail, &["It is down.", "Slow."])],
        ),
        report(CheckKind::Check, "good", vec![object(CheckStatus::Pass, &[])]),
        report(CheckKind::OutputValue, "o", vec![object(CheckStatus::Fail, &["told elsewhere"])]),
    ];
    insta::assert_snapshot!(checks(&made, Style::plain()));
}

#[test]
fn nothing_to_do() {
    for (mode, phrase) in [
        (PlanMode::Normal, "No changes. Your infrastructure matches the configuration."),
        (PlanMode::RefreshOnly, "No changes. Your infrastructure still matches the configuration."),
        (PlanMode::Destroy, "No changes. No objects need to be destroyed."),
    ] {
        let mut made = plan_of(vec![change("t.a", Action::NoOp, text(&[]), text(&[]))]);
        made.mode = mode;
        assert!(plan(&made, Schemas::default(), Style::plain()).starts_with(phrase), "{mode:?}");
        assert!(concise(&made, Style::plain()).starts_with(phrase), "{mode:?}");
    }
}

#[test]
fn changes_stand_in_the_order_in_which_they_run() {
    let new = |name: &str| change(name, Action::Create, Value::NULL, text(&[("id", unknown())]));
    let mut made = plan_of(vec![new("t.a"), new("t.b"), new("t.c")]);
    made.operations.reverse();
    let lines = concise(&made, Style::plain());
    assert_eq!(lines, "  + t.c\n  + t.b\n  + t.a\nPlan: 3 to add, 0 to change, 0 to destroy.\n");
}

#[test]
fn concise_has_one_line_a_change() {
    let object = |x: &str| text(&[("id", "1".into()), ("x", x.into())]);
    let mut moved = change("t.new", Action::NoOp, object("a"), object("a"));
    moved.previous_addr = Some(kprov_core::addr::parse_instance("t.old").unwrap());
    insta::assert_snapshot!(concise(
        &plan_of(vec![
            change("t.a", Action::Create, Value::NULL, object("a")),
            change("t.b", Action::Update, object("a"), object("b")),
            forced(change("t.c", DELETE_FIRST, object("a"), object("b")), &["x"]),
            change("t.d", Action::Delete, object("a"), Value::NULL),
            change("t.e", Action::Forget, object("a"), Value::NULL),
            moved,
        ]),
        Style::plain()
    ));
}

#[test]
fn control_characters_reach_no_terminal() {
    let evil = updated("a".into(), "\u{1b}[31m\u{7}".into());
    assert!(!evil.contains('\u{1b}') && !evil.contains('\u{7}'), "{evil:?}");
    let evil = updated("a\nb".into(), "a\n\u{1b}[2J\r".into());
    assert!(!evil.contains('\u{1b}') && !evil.contains('\r'), "{evil:?}");
}

#[test]
fn colour_adds_nothing_but_colour() {
    let made = || {
        plan_of(vec![change(
            "t.a",
            Action::Update,
            text(&[("x", strings(&["a", "b"]))]),
            text(&[("x", strings(&["a", "c"]))]),
        )])
    };
    let coloured = plan(&made(), Schemas::default(), Style::of(true, 80));
    assert!(coloured.contains("\u{1b}["));
    assert_eq!(
        console::strip_ansi_codes(&coloured),
        plan(&made(), Schemas::default(), Style::plain())
    );
}

/// Twice the changes take about twice the time; a quadratic renderer would need minutes here.
#[test]
fn ten_thousand_changes_are_no_work() {
    let changes = (0..10_000).map(|n| {
        let object = text(&[("id", unknown()), ("n", Value::int(n)), ("text", "a\nb\n".into())]);
        change(&format!("t.a[{n}]"), Action::Create, Value::NULL, object)
    });
    let shown = plan(&plan_of(changes.collect()), Schemas::default(), Style::plain());
    assert!(shown.ends_with("Plan: 10000 to add, 0 to change, 0 to destroy.\n"));
}
