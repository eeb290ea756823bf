//! Drift and its relevance (scenario moved-refresh-only).

use super::*;
use crate::change::delete::{Removal, removal};
use crate::change::testing::{disk, object, sensitive};
use kprov_core::addr::{parse_instance, parse_resource};

fn state(objects: &[(&str, Value)]) -> PriorState {
    let objects = objects.iter().map(|(addr, name)| {
        (parse_instance(addr).unwrap().current(), object(disk(&[("name", name.clone())])))
    });
    PriorState { objects: objects.collect(), ..PriorState::default() }
}

fn planned(addr: &str, action: Action, on: &[&str]) -> Change {
    let prior = object(disk(&[]));
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
    Change { action, dependencies, ..removal(&plain) }
}

/// What drifted, with `*` where it is relevant.
fn lines(drift: &[DriftChange]) -> Vec<String> {
    let line = |drift: &DriftChange| {
        let mark = if drift.relevant { "*" } else { "" };
        format!("{}{mark} {:?}", drift.change.addr, drift.change.action)
    };
    drift.iter().map(line).collect()
}

#[test]
fn what_changed_outside() {
    let previous = state(&[
        ("x.changed", "1".into()),
        ("x.gone", "1".into()),
        ("x.marked", "1".into()),
        ("x.moved", "1".into()),
        ("x.same", "1".into()),
    ]);
    let prior = state(&[
        ("x.changed", "2".into()),
        ("x.marked", sensitive("1")),
        ("x.moved", "1".into()),
        ("x.same", "1".into()),
    ]);
    let moved = [(parse_instance("x.moved").unwrap(), parse_instance("x.old").unwrap())].into();
    let drift = |mode, changes: &[Change], shown: &[ResourceAddr]| {
        lines(&drift(mode, &previous, &prior, &moved, changes, shown))
    };
    assert_eq!(drift(PlanMode::Normal, &[], &[]), ["x.changed Update", "x.gone Delete"]);
    let again = planned("x.gone", Action::Create, &[]);
    assert_eq!(drift(PlanMode::Normal, &[again], &[]), ["x.changed Update", "x.gone* Delete"]);
    let through = [
        planned("x.top", Action::Update, &["x.between"]),
        planned("x.between", Action::NoOp, &["x.changed"]),
        planned("x.other", Action::NoOp, &["x.gone"]),
    ];
    assert_eq!(drift(PlanMode::Normal, &through, &[]), ["x.changed* Update", "x.gone Delete"]);
    let shown = [parse_resource("x.other").unwrap()];
    assert_eq!(
        drift(PlanMode::Normal, &through[2..], &shown),
        ["x.changed Update", "x.gone* Delete"]
    );
    assert_eq!(
        drift(PlanMode::RefreshOnly, &[], &[]),
        ["x.changed* Update", "x.gone* Delete", "x.moved* NoOp"]
    );
}

#[test]
fn a_deposed_object_that_is_gone_is_to_be_forgotten() {
    let addr = |key: &str| ObjectAddr {
        instance: parse_instance("x.a").unwrap(),
        deposed: Some(kprov_core::DeposedKey(key.into())),
    };
    let of = |keys: &[&str]| PriorState {
        objects: keys.iter().map(|key| (addr(key), object(disk(&[])))).collect(),
        ..PriorState::default()
    };
    let replaced = [planned("x.a", Action::Update, &[])];
    for mode in [PlanMode::Normal, PlanMode::Destroy, PlanMode::RefreshOnly] {
        let (previous, prior) = (of(&["gone", "here"]), of(&["here"]));
        let drift = drift(mode, &previous, &prior, &BTreeMap::new(), &replaced, &[]);
        assert_eq!(lines(&drift), ["x.a Delete"], "{mode:?}");
        assert_eq!(drift[0].change.deposed, addr("gone").deposed);
    }
}
