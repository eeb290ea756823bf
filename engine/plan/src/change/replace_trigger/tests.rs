//! Triggers (scenarios replace-triggered-by-*).

use super::*;
use crate::ReplaceOrder;
use crate::change::delete::{Removal, removal};
use crate::change::testing::{disk, object, tags, unknown};
use kprov_core::addr::parse_instance;
use kprov_core::{PathStep, Value};

fn change(action: Action, before: Value, after: Value) -> Change {
    let addr = parse_instance("x.s").unwrap();
    let prior = object(disk(&[]));
    let plain = Removal {
        addr: &addr,
        deposed: None,
        previous_addr: None,
        prior: &prior,
        schema: None,
        reason: None,
        forget: false,
    };
    Change { action, before, after, ..removal(&plain) }
}

#[test]
fn updates_and_replacements_of_what_is_named() {
    let replace = Action::Replace(ReplaceOrder::DeleteFirst);
    let before = disk(&[("id", "1".into()), ("tags", tags(&[("a", "1"), ("b", "1")]))]);
    let after = disk(&[("id", unknown()), ("tags", tags(&[("a", "1"), ("b", "2")]))]);
    let key = |key: &str| Path::attribute("tags").then(PathStep::Key(key.into()));
    let cases = [
        (Action::Update, Path::root(), true),
        (replace, Path::root(), true),
        (Action::NoOp, Path::root(), false),
        (Action::Create, Path::root(), false),
        (Action::Delete, Path::root(), false),
        (Action::Update, Path::attribute("id"), true),
        (Action::Create, Path::attribute("id"), false),
        (Action::Update, Path::attribute("name"), false),
        (Action::Update, Path::attribute("tags"), true),
        (replace, key("a"), false),
        (replace, key("b"), true),
        (replace, key("c"), false),
    ];
    let name = parse_instance("x.s").unwrap().resource;
    for (action, path, expect) in cases {
        let change = change(action, before.clone(), after.clone());
        assert_eq!(triggers([&change], &path, &name, "").unwrap(), expect, "{action:?} {path}");
    }
    let quiet = change(Action::NoOp, Value::NULL, Value::NULL);
    let loud = change(Action::Update, Value::NULL, Value::NULL);
    assert!(triggers([&quiet, &loud], &Path::root(), &name, "").unwrap());
    let outdated = vec![crate::OutdatedMember { machine: "i-1".into(), reason: "dead".into() }];
    let rotating = Change { outdated, ..loud };
    assert!(!triggers([&rotating], &Path::root(), &name, "").unwrap(), "only its members change");
    let changed = Change { before, after, ..rotating };
    assert!(triggers([&changed], &Path::root(), &name, "").unwrap());
    assert!(triggers([], &Path::root(), &name, "").unwrap_err().detail.contains("x.s"));
}
