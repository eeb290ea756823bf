//! Selections (scenarios target-*, destroy-target, moved-pending-not-targeted).

use super::*;
use crate::change::testing::{disk, object};
use kprov_core::addr::{parse_instance, parse_resource, parse_target};

fn targets(texts: &[&str]) -> Vec<Target> {
    texts.iter().map(|text| parse_target(text).unwrap()).collect()
}

#[test]
fn targets_and_instances() {
    let cases = [
        ("x.a", "x.a[0]", true),
        ("x.a[0]", "x.a[0]", true),
        ("x.a[0]", "x.a[1]", false),
        ("x.a", "x.b", false),
        ("x.a", "module.m.x.a", false),
        ("module.m", "module.m[\"k\"].module.n.x.a", true),
        ("module.m[\"k\"]", "module.m[\"k\"].x.a", true),
        ("module.m[\"k\"]", "module.m[\"j\"].x.a", false),
        ("module.m.module.n", "module.m[1].module.n[2].x.a", true),
        ("module.m.x.a", "module.m[1].x.a", true),
        ("module.m.module.n", "module.m.x.a", false),
    ];
    for (target, addr, expect) in cases {
        let target = parse_target(target).unwrap();
        let addr = parse_instance(addr).unwrap();
        assert_eq!(selects(&target, &addr), expect, "{target} {addr}");
    }
}

/// Blocks `x.a <- x.b <- local <- x.c`, `x.d`, and outputs of `x.a`, of the local, of both `x.a` and
/// `x.d`, and of nothing.
fn blocks() -> (Vec<Block>, Vec<Vec<u32>>) {
    let resource = |addr| Block::Resource(parse_resource(addr).unwrap());
    let (output, other) = (Block::Output, Block::Other);
    (
        vec![
            resource("x.a"),
            resource("x.b"),
            other,
            resource("x.c"),
            resource("x.d"),
            output.clone(),
            output.clone(),
            output.clone(),
            output,
        ],
        vec![vec![], vec![0], vec![1], vec![2], vec![], vec![0], vec![2], vec![0, 4], vec![]],
    )
}

#[track_caller]
fn check(with: &[&str], without: &[&str], expect: &[usize]) {
    let (blocks, dependencies) = blocks();
    let (with, without) = (targets(with), targets(without));
    let selection = select(&blocks, &dependencies, &with, &without);
    let kept: Vec<usize> = (0..blocks.len()).filter(|block| selection.block(*block)).collect();
    assert_eq!(kept, expect);
}

#[test]
fn blocks_with_what_they_need() {
    check(&[], &[], &[0, 1, 2, 3, 4, 5, 6, 7, 8]);
    check(&["x.a"], &[], &[0, 5]);
    check(&["x.b"], &[], &[0, 1, 2, 5, 6]);
    check(&["x.c"], &[], &[0, 1, 2, 3, 5, 6]);
    check(&["x.a", "x.d"], &[], &[0, 4, 5, 7]);
    check(&["x.nowhere"], &[], &[]);
    check(&[], &["x.b"], &[0, 2, 4, 5, 7, 8]);
    check(&[], &["x.a[0]"], &[0, 2, 4, 8]);
    check(&["x.b"], &["x.b"], &[0, 2, 5]);
}

#[test]
fn instances() {
    let (blocks, dependencies) = blocks();
    let at = |addr| parse_instance(addr).unwrap();
    let only = targets(&["x.a[0]"]);
    let selection = select(&blocks, &dependencies, &only, &[]);
    assert!(selection.instance(0, &at("x.a[0]")) && !selection.instance(0, &at("x.a[1]")));
    assert!(selection.orphan(&at("x.a[0]")) && !selection.orphan(&at("x.gone")));
    // A dependency comes whole.
    let both = targets(&["x.a[0]", "x.b"]);
    let selection = select(&blocks, &dependencies, &both, &[]);
    assert!(selection.instance(0, &at("x.a[1]")));
    let but = targets(&["x.a[0]"]);
    let selection = select(&blocks, &dependencies, &[], &but);
    assert!(!selection.instance(0, &at("x.a[0]")) && selection.instance(0, &at("x.a[1]")));
    assert!(selection.orphan(&at("x.gone")));
}

#[test]
fn destroying() {
    let mut state = PriorState::default();
    for (addr, on) in
        [("x.a", None), ("x.b[0]", Some("x.a")), ("x.b[1]", Some("x.a")), ("x.c", Some("x.b"))]
    {
        let mut object = object(disk(&[]));
        object.dependencies = on.map(|on| parse_resource(on).unwrap()).into_iter().collect();
        state.objects.insert(parse_instance(addr).unwrap().current(), object);
    }
    let cases: [(&[&str], &[&str], &[&str]); 6] = [
        (&[], &[], &["x.a", "x.b[0]", "x.b[1]", "x.c"]),
        (&["x.c"], &[], &["x.c"]),
        (&["x.b[0]"], &[], &["x.b[0]", "x.c"]),
        (&["x.a"], &[], &["x.a", "x.b[0]", "x.b[1]", "x.c"]),
        (&[], &["x.b[1]"], &["x.b[0]", "x.c"]),
        (&["x.b"], &["x.c"], &[]),
    ];
    for (with, without, expect) in cases {
        let selected = select_for_destroy(&state, &targets(with), &targets(without));
        let names: Vec<String> = selected.iter().map(ToString::to_string).collect();
        assert_eq!(names, expect, "{with:?} {without:?}");
    }
}

#[test]
fn moves_must_be_targeted_on_both_sides() {
    let mut moves = Moves::default();
    moves.previous.insert(parse_instance("x.b").unwrap(), parse_instance("x.a[\"k\"]").unwrap());
    assert_eq!(check_moves(&moves, &[]), None);
    assert_eq!(check_moves(&moves, &targets(&["x.a", "x.b"])), None);
    let problem = check_moves(&moves, &targets(&["x.b"])).unwrap();
    assert!(problem.detail.contains("-target='x.a[\"k\"]'") && !problem.detail.contains("=x.b"));
}
