//! The rules of the proposed value, one per line of a table.

use super::*;
use crate::change::testing::*;

#[track_caller]
fn check(prior: Option<&[(&str, Value)]>, config: &[(&str, Value)], expect: &[(&str, Value)]) {
    let schema = schema();
    let prior = prior.map(disk);
    let proposed = proposed_new(&schema, prior.as_ref(), &disk(config));
    assert_eq!(proposed, disk(expect));
}

#[test]
fn a_new_object_has_defaults_and_unknowns() {
    check(
        None,
        &[("name", "a".into())],
        &[("name", "a".into()), ("id", unknown()), ("zone", unknown()), ("kind", "ssd".into())],
    );
}

#[test]
fn config_wins_over_prior_and_prior_over_nothing() {
    let prior = [("id", "1".into()), ("zone", "z".into()), ("name", "a".into())];
    let kept = [("id", "1".into()), ("kind", Value::from("ssd"))];
    let with = |more: &[(&'static str, Value)]| {
        kept.iter().cloned().chain(more.iter().cloned()).collect::<Vec<_>>()
    };
    // Computed and optional: taken over. Optional only: gone.
    check(Some(&prior), &[], &with(&[("zone", "z".into())]));
    check(Some(&prior), &[("zone", "y".into())], &with(&[("zone", "y".into())]));
    check(
        Some(&prior),
        &[("name", "b".into()), ("kind", "hdd".into())],
        &[("id", "1".into()), ("zone", "z".into()), ("name", "b".into()), ("kind", "hdd".into())],
    );
    // A write-only value is never planned.
    check(Some(&prior), &[("token", "t".into())], &with(&[("zone", "z".into())]));
}

#[test]
fn blocks_of_a_list_match_by_place() {
    let prior = [
        ("id", "1".into()),
        ("zone", "z".into()),
        ("mount", mounts(vec![item("/a", "d1".into()), item("/b", "d2".into())])),
    ];
    let config =
        mounts(vec![item("/c", nothing()), item("/b", nothing()), item("/new", nothing())]);
    let expect =
        mounts(vec![item("/c", "d1".into()), item("/b", "d2".into()), item("/new", unknown())]);
    check(
        Some(&prior),
        &[("mount", config)],
        &[("id", "1".into()), ("zone", "z".into()), ("kind", "ssd".into()), ("mount", expect)],
    );
}

#[test]
fn blocks_of_a_set_match_by_what_is_configured() {
    let prior = [
        ("id", "1".into()),
        ("zone", "z".into()),
        ("rule", rules(vec![item("/a", "d1".into()), item("/b", "d2".into())])),
    ];
    let config = rules(vec![item("/b", nothing()), item("/new", nothing())]);
    let expect = rules(vec![item("/b", "d2".into()), item("/new", unknown())]);
    check(
        Some(&prior),
        &[("rule", config)],
        &[("id", "1".into()), ("zone", "z".into()), ("kind", "ssd".into()), ("rule", expect)],
    );
}

#[test]
fn unknown_blocks_stay_unknown() {
    let blocks = Value::unknown(Type::list(schema().blocks["mount"].block.implied_type()));
    check(
        None,
        &[("mount", blocks.clone())],
        &[("id", unknown()), ("zone", unknown()), ("kind", "ssd".into()), ("mount", blocks)],
    );
}

#[test]
fn an_unchanged_object_is_shared() {
    let prior = disk(&[
        ("id", "1".into()),
        ("name", "a".into()),
        ("zone", "z".into()),
        ("kind", "ssd".into()),
        ("mount", mounts(vec![item("/a", "d1".into())])),
        ("rule", rules(vec![item("/a", "d1".into())])),
    ]);
    let config = disk(&[
        ("name", "a".into()),
        ("mount", mounts(vec![item("/a", nothing())])),
        ("rule", rules(vec![item("/a", nothing())])),
    ]);
    match (proposed_new(&schema(), Some(&prior), &config), prior) {
        (Value::Object(proposed), Value::Object(prior)) => {
            assert!(std::sync::Arc::ptr_eq(&proposed, &prior));
        }
        (proposed, _) => panic!("{proposed:?}"),
    }
}
