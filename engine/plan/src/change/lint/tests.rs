//! Lint finds what is wrong, and nothing in a sound plan.

use super::*;
use crate::change::delete::{Removal, removal};
use crate::change::testing::{disk, object, unknown};
use crate::{OperationIndex, PlanMode};
use kprov_core::Value;
use kprov_core::addr::{parse_instance, parse_resource};

fn change(addr: &str, action: Action, on: &[&str]) -> Change {
    let prior = object(disk(&[("id", "1".into())]));
    let addr = parse_instance(addr).unwrap();
    let plain = Removal {
        addr: &addr,
        deposed: None,
        previous_addr: None,
        prior: &prior,
        schema: None,
        reason: None,
        forget: false,
    };
    let dependencies = on.iter().map(|on| parse_resource(on).unwrap()).collect();
    let mut change = Change { action, dependencies, ..removal(&plain) };
    match action {
        Action::Create => change.after = std::mem::replace(&mut change.before, Value::NULL),
        Action::Delete | Action::Forget => {}
        _ => change.after = change.before.clone(),
    }
    if matches!(action, Action::Replace(_)) {
        change.reason = Some(ActionReason::ReplaceByRequest);
    }
    change
}

fn plan(changes: Vec<Change>, operations: &[(OperationKind, &[u32])]) -> Plan {
    let operations = operations.iter().map(|(kind, after)| Operation {
        kind: *kind,
        after: after.iter().map(|on| OperationIndex(*on)).collect(),
    });
    Plan {
        mode: PlanMode::Normal,
        variables: BTreeMap::new(),
        changes,
        drift: Vec::new(),
        outputs: BTreeMap::new(),
        checks: Vec::new(),
        deferred: Vec::new(),
        operations: operations.collect(),
        timestamp: String::new(),
        workspace: "default".into(),
        applyable: true,
        complete: true,
        errored: false,
        targets: Vec::new(),
        excludes: Vec::new(),
        replace: Vec::new(),
        rotate_only: false,
    }
}

fn sound() -> Plan {
    use OperationKind::{Create, Delete, Gate};
    plan(
        vec![
            change("x.a", Action::Delete, &[]),
            change("x.b", Action::Delete, &["x.a"]),
            change("x.c", Action::Replace(ReplaceOrder::DeleteFirst), &[]),
            change("x.d", Action::NoOp, &[]),
        ],
        &[(Delete(1), &[]), (Gate, &[0]), (Delete(0), &[1]), (Delete(2), &[]), (Create(2), &[3])],
    )
}

#[test]
fn a_sound_plan_is_clean() {
    assert_eq!(lint(&sound()), Vec::<String>::new());
}

#[test]
fn each_fault_is_found() {
    type Damage = fn(&mut Plan);
    let cases: [(Damage, &str); 12] = [
        (|plan| plan.operations[2].after.clear(), "without waiting for the delete of x.b"),
        (|plan| plan.operations[4].after.clear(), "does not wait for the first"),
        (|plan| plan.operations[0].after.push(OperationIndex(4)), "waits for itself or a later"),
        (|plan| plan.operations[0].kind = OperationKind::Delete(9), "does not exist"),
        (|plan| plan.operations[0].kind = OperationKind::Update(1), "has the steps"),
        (|plan| plan.changes.swap(0, 1), "canonical order"),
        (|plan| plan.changes[0].after = Value::from(true), "has only a before"),
        (|plan| plan.changes[3].after = disk(&[("id", unknown())]), "changes nothing"),
        (|plan| plan.changes[2].reason = None, "has a reason"),
        (
            |plan| plan.changes[0].reason = Some(ActionReason::ReplaceByRequest),
            "belongs to another action",
        ),
        (
            |plan| {
                let value = plan.changes[3].after.clone().with_marks(Marks::EPHEMERAL);
                plan.changes[3].after = value;
            },
            "nothing ephemeral",
        ),
        (
            |plan| plan.changes[3].importing = Some(crate::Importing { id: "i".into() }),
            "import and its step",
        ),
    ];
    for (damage, expect) in cases {
        let mut plan = sound();
        damage(&mut plan);
        let findings = lint(&plan);
        assert!(findings.iter().any(|finding| finding.contains(expect)), "{expect}: {findings:?}");
    }
}
