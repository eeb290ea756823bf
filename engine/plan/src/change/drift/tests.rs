//! Drift and its relevance (scenario moved-refresh-only).

use super::*;
use crate::change::testing::{disk, object, sensitive};
use kprov_core::addr::{parse_instance, parse_resource};

fn state(objects: &[(&str, Value)]) -> PriorState {
    let objects = objects.iter().map(|(addr, name)| {
        (parse_instance(addr).unwrap().current(), object(disk(&[("name", name.clone())])))
    });
    PriorState { objects: objects.collect(), ..PriorState::default() }
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
    let drift =
        |mode, relevant: Relevant| lines(&drift(mode, &previous, &prior, &moved, || relevant));
    let normal = |relevant| drift(PlanMode::Normal, relevant);
    assert_eq!(normal(Relevant::default()), ["x.changed Update", "x.gone Delete"]);
    let again = Relevant {
        changed: [resource("x.gone"), resource("x.changed")].into(),
        ..Relevant::default()
    };
    assert_eq!(normal(again), ["x.changed Update", "x.gone* Delete"]);
    for (attributes, whole, relevant) in
        [(&["name"][..], false, true), (&["other"], false, false), (&[], true, true)]
    {
        let used = Used { whole, attributes: attributes.iter().map(|it| Str::new(it)).collect() };
        let used = [(resource("x.changed"), used.clone()), (resource("x.gone"), used)].into();
        let mark = if relevant { "x.changed* Update" } else { "x.changed Update" };
        assert_eq!(normal(Relevant { used, ..Relevant::default() }), [mark, "x.gone* Delete"]);
    }
    assert_eq!(
        drift(PlanMode::RefreshOnly, Relevant::default()),
        ["x.changed* Update", "x.gone* Delete", "x.moved* NoOp"]
    );
}

fn resource(addr: &str) -> ResourceAddr {
    parse_resource(addr).unwrap()
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
    let relevant = Relevant { changed: [resource("x.a")].into(), ..Relevant::default() };
    for mode in [PlanMode::Normal, PlanMode::Destroy, PlanMode::RefreshOnly] {
        let (previous, prior) = (of(&["gone", "here"]), of(&["here"]));
        let drift = drift(mode, &previous, &prior, &BTreeMap::new(), || relevant.clone());
        assert_eq!(lines(&drift), ["x.a Delete"], "{mode:?}");
        assert_eq!(drift[0].change.deposed, addr("gone").deposed);
    }
}
