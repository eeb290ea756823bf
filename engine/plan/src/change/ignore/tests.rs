//! Ignored changes, as recorded from Terraform (scenarios ignore-changes-*).

use super::*;
use crate::change::testing::*;

fn at(name: &str, steps: &[PathStep]) -> Path {
    let mut path = Path::attribute(name);
    path.0.extend(steps.iter().cloned());
    path
}

fn key(name: &str) -> PathStep {
    PathStep::Key(name.into())
}

#[track_caller]
fn check(
    ignore: &[Path],
    prior: &[(&str, Value)],
    config: &[(&str, Value)],
    expect: &[(&str, Value)],
) {
    let config = disk(config);
    let ignore = Ignore::Paths(ignore.to_vec());
    let result = ignore_changes(&ignore, &schema(), &disk(prior), &config);
    assert_eq!(*result, disk(expect));
}

#[test]
fn whole_attributes() {
    check(
        &[at("name", &[])],
        &[("name", "a".into()), ("kind", "x".into())],
        &[("name", "b".into()), ("kind", "y".into())],
        &[("name", "a".into()), ("kind", "y".into())],
    );
    // One that was never set stays unset.
    check(&[at("name", &[])], &[], &[("name", "b".into())], &[]);
}

#[test]
fn map_keys_changed_come_and_gone() {
    let a = at("tags", &[key("a")]);
    let tags_are = |entries: &[(&str, &str)]| [("tags", tags(entries))];
    check(
        std::slice::from_ref(&a),
        &tags_are(&[("a", "1"), ("b", "1")]),
        &tags_are(&[("a", "2"), ("b", "2")]),
        &tags_are(&[("a", "1"), ("b", "2")]),
    );
    check(
        std::slice::from_ref(&a),
        &tags_are(&[("b", "1")]),
        &tags_are(&[("a", "2"), ("b", "2")]),
        &tags_are(&[("b", "2")]),
    );
    check(
        std::slice::from_ref(&a),
        &tags_are(&[("a", "1")]),
        &tags_are(&[("b", "2")]),
        &tags_are(&[("a", "1"), ("b", "2")]),
    );
}

#[test]
fn parts_of_blocks() {
    let path = at("mount", &[PathStep::Index(1), PathStep::Attribute("path".into())]);
    check(
        &[path],
        &[("mount", mounts(vec![item("/a", nothing()), item("/b", nothing())]))],
        &[("mount", mounts(vec![item("/x", nothing()), item("/y", nothing())]))],
        &[("mount", mounts(vec![item("/x", nothing()), item("/b", nothing())]))],
    );
}

#[test]
fn all_is_the_prior_object_without_what_nobody_can_configure() {
    let prior = disk(&[("id", "1".into()), ("name", "a".into()), ("zone", "z".into())]);
    let config = disk(&[("name", "b".into())]);
    let result = ignore_changes(&Ignore::All, &schema(), &prior, &config).into_owned();
    assert_eq!(result, disk(&[("name", "a".into()), ("zone", "z".into())]));
}

#[test]
fn nothing_to_ignore_costs_nothing() {
    let same = disk(&[("name", "a".into())]);
    let ignore = Ignore::Paths(vec![at("name", &[]), at("tags", &[key("a")])]);
    assert!(matches!(ignore_changes(&ignore, &schema(), &same, &same), Cow::Borrowed(_)));
}
