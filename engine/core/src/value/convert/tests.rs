//! Rules of conversion one by one. Values are compared as text, which shows types too.

use proptest::prelude::*;

use super::*;
use crate::Type::{Bool, Dynamic, Number, String};
use crate::value::render_hcl;
use crate::{Marks, ObjectType, Str};

fn show(value: &Value) -> std::string::String {
    render_hcl(value, 0).split_whitespace().collect::<Vec<_>>().join("")
}

fn check(value: Value, wanted: Type, expect: &str) {
    match convert(&value, &wanted) {
        Ok(converted) => {
            assert_eq!(show(&converted), expect, "{wanted}");
            assert!(conforms(&converted.ty(), &wanted) || wanted.has_dynamic(), "{wanted}");
        }
        Err(error) => panic!("{wanted}: {error}"),
    }
}

fn fail(value: Value, wanted: Type, expect: &str) {
    let error = convert(&value, &wanted).expect_err(expect);
    assert_eq!(error.format_with_path(), expect);
}

fn tuple<const N: usize>(items: [Value; N]) -> Value {
    Value::tuple(items)
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::object(entries)
}

fn int(number: i64) -> Value {
    Value::int(number)
}

fn secret(text: &str) -> Value {
    Value::from(text).with_marks(Marks::SENSITIVE)
}

fn with_optional(attributes: &[(&str, Type)], optional: &[&str]) -> Type {
    Type::Object(std::sync::Arc::new(ObjectType::with_optional(
        attributes.iter().map(|(name, ty)| (Str::from(*name), ty.clone())),
        optional.iter().map(|name| Str::from(*name)),
    )))
}

#[test]
fn primitives() {
    check(int(5), String, "\"5\"");
    check(Value::Bool(true), String, "\"true\"");
    check(Value::from("5"), Number, "5");
    for (text, expect) in [("true", "true"), ("1", "true"), ("false", "false"), ("0", "false")] {
        check(Value::from(text), Bool, expect);
    }
    fail(Value::from("yes"), Bool, "a bool is required");
    fail(
        Value::from("TRUE"),
        Bool,
        "a bool is required; to convert from string, use lowercase \"true\"",
    );
    fail(Value::from("x"), Number, "a number is required");
    fail(int(1), Bool, "bool required");
    fail(tuple([]), String, "string required");
}

#[test]
fn tuples() {
    check(tuple([int(1), Value::from("a")]), Type::list(Dynamic), "tolist([\"1\",\"a\",])");
    check(tuple([]), Type::list(Dynamic), "tolist([])");
    check(tuple([tuple([])]), Type::list(Type::list(Dynamic)), "tolist([tolist([]),])");
    check(tuple([int(1), Value::NULL]), Type::list(Dynamic), "tolist([1,tonumber(null),])");
    check(tuple([int(1)]), Type::set(String), "toset([\"1\",])");
    check(tuple([int(1)]), Type::tuple([String]), "[\"1\",]");
    check(tuple([int(1)]), Type::tuple([Dynamic]), "[1,]");
    fail(tuple([int(1), tuple([])]), Type::list(String), "element 1: string required");
    fail(
        tuple([int(1), tuple([])]),
        Type::list(Dynamic),
        "all list elements must have the same type",
    );
    fail(tuple([int(1), Value::from("x")]), Type::list(Number), "[1]: a number is required");
    fail(tuple([]), Type::map(Dynamic), "map of any single type required");
    fail(tuple([]), Type::tuple([Bool]), "tuple required");
}

#[test]
fn objects() {
    let both = object([("a", int(1)), ("b", Value::from("x"))]);
    check(both.clone(), Type::map(Dynamic), "tomap({\"a\"=\"1\"\"b\"=\"x\"})");
    check(both.clone(), Type::object([("a", String)]), "{\"a\"=\"1\"}");
    fail(both.clone(), Type::map(Number), "[\"b\"]: a number is required");
    fail(both.clone(), Type::object([("b", Number)]), ".b: a number is required");
    fail(both.clone(), Type::object([("c", Bool)]), "attribute \"c\" is required");
    fail(
        both.clone(),
        Type::object([("c", Bool), ("d", Bool), ("e", Bool)]),
        "attributes \"c\", \"d\", and \"e\" are required",
    );
    fail(
        both.clone(),
        Type::object([("c", Bool), ("d", Bool)]),
        "attributes \"c\" and \"d\" are required",
    );
    fail(both, Type::object([("a", Type::list(Bool))]), "attribute \"a\": list of bool required");
    let wanted = with_optional(&[("a", String), ("c", Type::list(Bool))], &["c"]);
    check(object([("a", int(1))]), wanted, "{\"a\"=\"1\"\"c\"=tolist(null)/*ofbool*/}");
}

#[test]
fn maps() {
    let map = Value::map(Number, [(Str::from("a"), int(1))].into_iter().collect());
    check(map.clone(), Type::map(String), "tomap({\"a\"=\"1\"})");
    check(map.clone(), Type::object([("a", String)]), "{\"a\"=\"1\"}");
    fail(
        map.clone(),
        Type::object([("b", Number)]),
        "map has no element for required attribute \"b\"",
    );
    check(
        map.clone(),
        with_optional(&[("a", Number), ("b", Type::list(Bool))], &["b"]),
        "{\"a\"=1\"b\"=tolist(null)/*ofbool*/}",
    );
    fail(
        map.clone(),
        with_optional(&[("a", Type::list(Bool))], &["a"]),
        "map element type is incompatible with attribute \"a\": list of bool required",
    );
    fail(map, Type::map(Bool), "incorrect map element type: bool required");
}

#[test]
fn marks_pass_through() {
    check(secret("1"), Number, "(sensitivevalue)");
    check(tuple([secret("1"), int(2)]), Type::list(Number), "tolist([(sensitivevalue),2,])");
    check(tuple([secret("1")]), Type::set(Number), "(sensitivevalue)");
    check(object([("a", secret("1"))]), Type::map(Number), "tomap({\"a\"=(sensitivevalue)})");
    let error = convert(&secret("hunter2"), &Number).expect_err("no number");
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn unknowns_and_nulls_take_the_type() {
    let known = |value: &Value| match value {
        Value::Unknown(unknown) => (unknown.ty().clone(), unknown.refinements().clone()),
        other => panic!("{other:?}"),
    };
    let of = |ty: Type, known: Refinements| Value::refined(ty, known);
    let lengths =
        Refinements { length_min: Some(2), length_max: Some(5), ..Refinements::not_null() };
    let list = of(Type::list(Number), lengths.clone());
    let (ty, kept) = known(&convert(&list, &Type::list(String)).expect("list"));
    assert_eq!((ty, kept), (Type::list(String), lengths.clone()));
    let (_, kept) = known(&convert(&list, &Type::set(String)).expect("set"));
    assert_eq!(kept, Refinements { length_min: Some(1), ..lengths });
    let (ty, kept) = known(&convert(&Value::unknown(Dynamic), &Type::list(Dynamic)).expect("any"));
    assert_eq!((ty, kept), (Type::list(Dynamic), Refinements::default()));
    let (_, kept) = known(&convert(&of(Number, Refinements::not_null()), &String).expect("string"));
    assert_eq!(kept, Refinements::not_null());
    check(Value::NULL, Type::list(Dynamic), "tolist(null)/*ofdynamic*/");
    check(Value::Null(Type::tuple([Number])), Type::list(Dynamic), "tolist(null)/*ofnumber*/");
    let pair = Value::set(Number, vec![Value::unknown(Number)]);
    check(pair, Type::list(String), "tolist([(knownafterapply),])");
}

fn any_type() -> impl Strategy<Value = Type> {
    let leaf = prop::sample::select(vec![Dynamic, Bool, Number, String]);
    leaf.prop_recursive(3, 12, 3, |inner| {
        let name = prop::sample::select(vec!["a", "b", "c"]);
        let attribute = (name, inner.clone(), any::<bool>());
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::map),
            prop::collection::vec(inner, 0..3).prop_map(Type::tuple),
            prop::collection::vec(attribute, 0..3).prop_map(|attributes| {
                let optional: Vec<&str> =
                    attributes.iter().filter(|a| a.2).map(|(name, ..)| *name).collect();
                let attributes: Vec<(&str, Type)> =
                    attributes.iter().map(|(name, ty, _)| (*name, ty.clone())).collect();
                with_optional(&attributes, &optional)
            }),
        ]
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    let text = prop::sample::select(vec!["a", "1", "true", "TRUE", ""]);
    let leaf = prop_oneof![
        text.prop_map(Value::from),
        (0i64..3).prop_map(Value::int),
        any::<bool>().prop_map(Value::from),
        any_type().prop_map(|ty| Value::Null(ty.without_optional())),
        any_type().prop_map(|ty| Value::unknown(ty.without_optional())),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let name = prop::sample::select(vec!["a", "b", "c"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::tuple),
            prop::collection::vec((name, inner.clone()), 0..3).prop_map(Value::object),
            inner.clone().prop_map(|item| Value::list(item.ty(), vec![item])),
            inner.clone().prop_map(|item| Value::set(item.ty(), vec![item])),
            inner.clone().prop_map(|v| Value::map(v.ty(), [("k".into(), v)].into_iter().collect())),
            inner.prop_map(|value| value.with_marks(Marks::SENSITIVE)),
        ]
    })
}

/// Everything of a value that matters here: its look, its type and its marks.
fn facts(value: &Value) -> (std::string::String, Type, Marks) {
    (render_hcl(value, 0), value.ty(), value.marks_deep())
}

proptest! {
    #[test]
    fn conversion_never_panics_and_is_idempotent(value in any_value(), wanted in any_type()) {
        let marks = value.marks_deep();
        if let Ok(once) = convert(&value, &wanted) {
            let twice = convert(&once, &wanted).expect("converted values fit");
            prop_assert_eq!(facts(&twice), facts(&once));
            prop_assert!(marks.contains(once.marks_deep()), "marks come from nowhere");
            prop_assert!(can_convert(&value.ty(), &wanted));
        }
    }

    #[test]
    fn what_types_unify_to_they_convert_to(types in prop::collection::vec(any_type(), 1..4)) {
        let types: Vec<Type> = types.iter().map(Type::without_optional).collect();
        // Of a part that may be anything nobody can promise that it converts: go-cty neither.
        prop_assume!(!types.iter().any(Type::has_dynamic));
        if let Some(unified) = crate::value::unify(&types) {
            for ty in &types {
                prop_assert!(can_convert(ty, &unified), "{ty} to {unified}");
            }
        }
    }
}
