//! The common type of several types, as recorded from go-cty 1.16.2.

use super::*;
use crate::Type::{Bool, Dynamic, Number, String};

fn obj<const N: usize>(attributes: [(&str, Type); N]) -> Type {
    Type::object(attributes)
}

fn tup<const N: usize>(items: [Type; N]) -> Type {
    Type::tuple(items)
}

fn check<const N: usize>(types: [Type; N], expect: Option<Type>) {
    assert_eq!(unify(&types), expect, "{types:?}");
    // Which comes first never matters for these.
    let reversed: Vec<Type> = types.into_iter().rev().collect();
    assert_eq!(unify(&reversed), expect, "{reversed:?}");
}

#[test]
fn primitives() {
    check([], None);
    check([Number], Some(Number));
    check([Number, Number, Number], Some(Number));
    check([Number, String], Some(String));
    check([Bool, String, Number], Some(String));
    check([Bool, Number], None);
    check([Dynamic, Dynamic], Some(Dynamic));
    check([Number, Dynamic], Some(Number));
    check([Number, Dynamic, String], Some(String));
}

#[test]
fn collections_of_one_kind() {
    check([Type::list(Number), Type::list(String)], Some(Type::list(String)));
    check([Type::set(Number), Type::set(String)], Some(Type::set(String)));
    check([Type::map(Bool), Type::map(String)], Some(Type::map(String)));
    check([Type::list(Bool), Type::list(Number)], None);
    check([Type::list(Dynamic), Type::list(String)], Some(Type::list(String)));
    check([Type::list(String), Dynamic], Some(Dynamic));
}

#[test]
fn collections_of_different_kinds() {
    check([Type::list(String), Type::set(String)], Some(Type::list(String)));
    check([Type::list(Number), Type::set(String)], Some(Type::list(Number)));
    check([Type::list(String), Type::map(String)], None);
    check([Type::list(String), String], None);
}

#[test]
fn tuples_and_lists() {
    check([tup([Number]), tup([String])], Some(tup([String])));
    check([tup([Number, Number]), tup([String])], Some(Type::list(String)));
    check([tup([Number]), tup([])], Some(Type::list(Number)));
    check([tup([Number]), tup([tup([])])], None);
    check([tup([Number]), Type::list(String)], Some(Type::list(String)));
    check([tup([]), Type::list(String)], Some(Type::list(String)));
    check([tup([Number, String]), Type::list(Number)], Some(Type::list(String)));
    check([tup([Number]), Dynamic], Some(Dynamic));
    check([tup([Dynamic]), tup([String])], Some(tup([String])));
}

#[test]
fn objects_and_maps() {
    check([obj([("a", Number)]), obj([("a", String)])], Some(obj([("a", String)])));
    check([obj([("a", Number)]), obj([("b", Number)])], Some(Type::map(Number)));
    check([obj([("a", Number)]), obj([])], Some(Type::map(Number)));
    check([obj([("a", Number), ("b", tup([]))]), obj([("a", Number)])], None);
    check([obj([("a", Number)]), obj([("a", tup([]))])], None);
    check([obj([("a", Number)]), Type::map(String)], Some(Type::map(String)));
    check([obj([]), Type::map(String)], Some(Type::map(String)));
    check([obj([("a", Number)]), Dynamic], Some(Dynamic));
    check([obj([]), tup([])], None);
    check([obj([]), String], None);
    check(
        [obj([("a", tup([Number]))]), obj([("a", tup([]))])],
        Some(obj([("a", Type::list(Number))])),
    );
}

#[test]
fn many_types_are_fast() {
    let types: Vec<Type> = (0..100_000).map(|i| if i % 2 == 0 { Number } else { String }).collect();
    assert_eq!(unify(&types), Some(String));
}
