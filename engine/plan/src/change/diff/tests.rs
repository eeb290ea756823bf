//! Actions and reasons, one case per line.

use super::*;
use crate::change::testing::*;
use ActionReason::*;

/// What a case sets apart from prior and config.
#[derive(Clone, Copy, Default)]
struct Case {
    tainted: bool,
    requested: bool,
    triggered: bool,
    cbd: bool,
    prevent: bool,
    broken: bool,
}

fn addr() -> InstanceAddr {
    kprov_core::addr::parse_instance("fake_disk.a").unwrap()
}

fn plan(
    case: Case,
    prior: Option<Value>,
    config: &Value,
    ignore: &Ignore,
) -> Result<InstancePlan, Diagnostics> {
    let prior = prior.map(|value| PriorObject { tainted: case.tainted, ..object(value) });
    plan_instance(&InstancePlanRequest {
        addr: &addr(),
        place: None,
        resource: &Disk { broken: case.broken },
        schema: &schema(),
        provider_config: &Value::NULL,
        prior: prior.as_ref(),
        config,
        ignore,
        replace_requested: case.requested,
        replace_triggered: case.triggered,
        create_before_destroy: case.cbd,
        prevent_destroy: case.prevent,
    })
}

/// The object that `config` became.
fn made(given: &[(&str, Value)]) -> Value {
    let made = [("id", "1".into()), ("zone", "z".into()), ("kind", "ssd".into())];
    disk(&given.iter().cloned().chain(made).collect::<Vec<_>>())
}

#[track_caller]
fn check(
    case: Case,
    prior: Option<&[(&str, Value)]>,
    config: &[(&str, Value)],
    action: Action,
    reason: Option<ActionReason>,
    paths: &[&str],
) {
    let plan = plan(case, prior.map(made), &disk(config), &Ignore::None).unwrap();
    let paths: Vec<Path> = paths.iter().map(|name| Path::attribute(*name)).collect();
    assert_eq!((plan.action, plan.reason, plan.replace_paths), (action, reason, paths));
    let id = plan.after.get("id").unwrap();
    let anew = matches!(action, Action::Create | Action::Replace(_));
    assert_eq!(id.is_known(), !anew, "a new object has a new id");
}

const PLAIN: Case = Case {
    tainted: false,
    requested: false,
    triggered: false,
    cbd: false,
    prevent: false,
    broken: false,
};
const REPLACE: Action = Action::Replace(ReplaceOrder::DeleteFirst);
const CREATE_FIRST: Action = Action::Replace(ReplaceOrder::CreateFirst);

#[test]
fn actions() {
    let named = |name: &str| [("name", Value::string(name))];
    let sized = |size: i64| [("size", Value::int(size))];
    let tainted = Case { tainted: true, ..PLAIN };
    let cannot = Some(ReplaceBecauseCannotUpdate);
    check(PLAIN, None, &named("a"), Action::Create, None, &[]);
    check(PLAIN, Some(&named("a")), &named("a"), Action::NoOp, None, &[]);
    check(PLAIN, Some(&sized(1)), &sized(2), Action::Update, None, &[]);
    check(PLAIN, Some(&sized(2)), &sized(1), REPLACE, cannot, &["size"]);
    check(PLAIN, Some(&named("a")), &named("b"), REPLACE, cannot, &["name"]);
    check(PLAIN, Some(&named("a")), &[], REPLACE, cannot, &["name"]);
    check(PLAIN, Some(&named("a")), &[("name", unknown())], REPLACE, cannot, &["name"]);
    let cbd = Case { cbd: true, ..PLAIN };
    check(cbd, Some(&named("a")), &named("b"), CREATE_FIRST, cannot, &["name"]);
    check(tainted, Some(&named("a")), &named("a"), REPLACE, Some(ReplaceBecauseTainted), &[]);
    check(tainted, Some(&named("a")), &named("b"), REPLACE, Some(ReplaceBecauseTainted), &[]);
    let asked = Case { requested: true, ..PLAIN };
    check(asked, Some(&named("a")), &named("a"), REPLACE, Some(ReplaceByRequest), &[]);
    check(asked, Some(&named("a")), &named("b"), REPLACE, Some(ReplaceByRequest), &["name"]);
    check(asked, None, &named("a"), Action::Create, None, &[]);
    let triggered = Case { triggered: true, ..PLAIN };
    check(triggered, Some(&named("a")), &named("a"), REPLACE, Some(ReplaceByTriggers), &[]);
    check(triggered, None, &named("a"), Action::Create, Some(ReplaceByTriggers), &[]);
    let tainted_too = Case { tainted: true, ..triggered };
    check(tainted_too, Some(&named("a")), &named("a"), REPLACE, Some(ReplaceByTriggers), &[]);
    // A replaced object that is tainted as well.
    let both = Case { tainted: true, requested: true, ..PLAIN };
    check(both, Some(&named("a")), &named("a"), REPLACE, Some(ReplaceBecauseTainted), &[]);
}

#[test]
fn ignored_changes_are_no_changes() {
    let ignore = Ignore::Paths(vec![Path::attribute("name")]);
    let prior = || Some(made(&[("name", "a".into())]));
    let config = disk(&[("name", "b".into())]);
    assert_eq!(plan(PLAIN, prior(), &config, &ignore).unwrap().action, Action::NoOp);
    assert_eq!(plan(PLAIN, prior(), &config, &Ignore::All).unwrap().action, Action::NoOp);
    // A tainted object is made as configured.
    let tainted = plan(Case { tainted: true, ..PLAIN }, prior(), &config, &ignore).unwrap();
    assert_eq!(tainted.after.get("name"), Some(&Value::string("b")));
    // Another reason to replace keeps what is ignored.
    let asked = plan(Case { requested: true, ..PLAIN }, prior(), &config, &ignore).unwrap();
    assert_eq!(asked.after.get("name"), Some(&Value::string("a")));
}

#[test]
fn marks_alone_are_an_update_with_equal_values() {
    let plain = made(&[("name", "a".into())]);
    let marked = made(&[("name", sensitive("a"))]);
    let cases = [
        (&plain, Value::string("a"), Action::NoOp),
        (&plain, sensitive("a"), Action::Update),
        (&marked, Value::string("a"), Action::Update),
        (&marked, sensitive("a"), Action::NoOp),
    ];
    for (prior, name, action) in cases {
        let config = disk(&[("name", name.clone())]);
        let plan = plan(PLAIN, Some(prior.clone()), &config, &Ignore::None).unwrap();
        assert_eq!(plan.action, action, "{name:?}");
        assert_eq!(plan.after.get("name"), Some(&name));
        assert_eq!(plan.after.clone().unmark_deep().0, plain);
    }
}

#[test]
fn marks_below_marks_are_none() {
    let prior = made(&[("tags", sensitive(tags(&[("a", "b")])))]);
    let inner =
        Value::map(kprov_core::Type::String, [("a".into(), sensitive("b"))].into_iter().collect());
    let config = disk(&[("tags", sensitive(inner))]);
    let plan = plan(PLAIN, Some(prior.clone()), &config, &Ignore::None).unwrap();
    assert_eq!(plan.action, Action::NoOp);
    assert_eq!(plan.after.get("tags"), prior.get("tags"));
}

#[test]
fn schema_and_config_mark_the_plan() {
    let config = disk(&[("secret", "s".into()), ("tags", sensitive(tags(&[("a", "b")])))]);
    let plan = plan(PLAIN, None, &config, &Ignore::None).unwrap();
    assert_eq!(plan.after.get("secret"), Some(&sensitive("s")));
    assert_eq!(plan.after.get("tags"), Some(&sensitive(tags(&[("a", "b")]))));
    assert_eq!(plan.after.get("name"), Some(&nothing()));
    assert!(plan.before.is_null());
}

#[test]
fn what_cannot_be_planned() {
    let ephemeral = |name| disk(&[(name, Value::string("x").with_marks(Marks::EPHEMERAL))]);
    let cases = [
        (
            Case { broken: true, ..PLAIN },
            disk(&[("name", "a".into())]),
            "Provider produced invalid plan",
        ),
        (PLAIN, disk(&[("size", Value::int(-1))]), "Invalid size"),
        (PLAIN, ephemeral("name"), "Invalid use of ephemeral value"),
        (
            Case { prevent: true, ..PLAIN },
            disk(&[("name", "b".into())]),
            "Instance cannot be destroyed",
        ),
    ];
    for (case, config, summary) in cases {
        let prior = Some(made(&[("name", "a".into())]));
        let problems = plan(case, prior, &config, &Ignore::None).unwrap_err();
        let summaries: Vec<_> = problems.iter().map(|d| d.summary.as_str()).collect();
        assert_eq!(summaries, [summary]);
    }
    let allowed = plan(PLAIN, None, &ephemeral("token"), &Ignore::None).unwrap();
    assert_eq!(allowed.after.get("token"), Some(&nothing()));
    let kept = Case { prevent: true, ..PLAIN };
    let same = disk(&[("name", "a".into())]);
    assert!(plan(kept, Some(made(&[("name", "a".into())])), &same, &Ignore::None).is_ok());
}

#[test]
fn an_unchanged_instance_shares_its_prior_value() {
    let prior = made(&[("name", "a".into()), ("tags", tags(&[("a", "b")]))]);
    let config = disk(&[("name", "a".into()), ("tags", tags(&[("a", "b")]))]);
    let prior_object = object(prior.clone());
    let addr = addr();
    let mut plain = schema();
    // A sensitive attribute marks, and marking rebuilds.
    plain.attributes.get_mut("secret").unwrap().sensitive = false;
    let request = InstancePlanRequest {
        addr: &addr,
        place: None,
        resource: &Disk::default(),
        schema: &plain,
        provider_config: &Value::NULL,
        prior: Some(&prior_object),
        config: &config,
        ignore: &Ignore::None,
        replace_requested: false,
        replace_triggered: false,
        create_before_destroy: false,
        prevent_destroy: true,
    };
    let plan = plan_instance(&request).unwrap();
    assert_eq!(plan.action, Action::NoOp);
    for side in [&plan.before, &plan.after] {
        match (side, &prior) {
            (Value::Object(side), Value::Object(prior)) => {
                assert!(std::sync::Arc::ptr_eq(side, prior));
            }
            _ => panic!("{side:?}"),
        }
    }
}
