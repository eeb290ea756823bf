//! Tests of order, JSON and storage of values; expectations were recorded from Terraform 1.11.

use std::cmp::Ordering;

use proptest::prelude::any;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::ObjectType;

fn number(text: &str) -> Value {
    Value::Number(text.parse().expect("a number"))
}

fn items_of(set: &Value) -> &[Value] {
    set.as_items().expect("a set")
}

/// The set of `items` must come out in the order given here, whatever order they went in.
fn check_order(element: Type, items: &[Value]) {
    let mut shuffled: Vec<Value> = items.iter().rev().cloned().collect();
    shuffled.extend(items.iter().cloned());
    let set = Value::set(element, shuffled);
    assert_eq!(items_of(&set), items);
}

#[test]
fn sets_iterate_in_terraforms_order() {
    let ordered = ["-Inf", "-3", "-0", "0.5", "1", "1e30"].map(|text| match text {
        "-Inf" => number("-1e999999999"),
        text => number(text),
    });
    check_order(Type::Number, &ordered);
    check_order(Type::String, &["", "B", "a", "a~", "b", "é"].map(Value::from));
    check_order(Type::Bool, &[false.into(), true.into(), Value::Null(Type::Bool)]);
    let wrap = |text: &str| Value::tuple([Value::from(text)]);
    check_order(Type::tuple([Type::String]), &["b", "b\"", "b\u{7}", "b\n", "bé", "b😀"].map(wrap));
    let object = |text: &str| Value::object([("a", number(text))]);
    check_order(
        Type::object([("a", Type::Number)]),
        &["-1", "0.5", "123456789012345", "10", "1e30", "1e-06", "2"].map(object),
    );
    let list = |items: &[&str]| {
        Value::list(Type::String, items.iter().map(|item| Value::from(*item)).collect())
    };
    check_order(
        Type::list(Type::String),
        &[list(&["a", "c"]), list(&["a"]), list(&["b"]), list(&[])],
    );
    let map = |entries: &[(&str, &str)]| {
        let entries = entries.iter().map(|(k, v)| (Str::from(*k), Value::from(*v))).collect();
        Value::map(Type::String, entries)
    };
    check_order(
        Type::map(Type::String),
        &[map(&[("a", "x"), ("b", "z")]), map(&[("a", "x")]), map(&[("b", "y")]), map(&[])],
    );
    let nullable = |value: Value| Value::tuple([value]);
    check_order(
        Type::tuple([Type::String]),
        &[
            nullable("".into()),
            nullable("z".into()),
            nullable("~".into()),
            nullable("é".into()),
            nullable(Value::Null(Type::String)),
        ],
    );
}

#[test]
fn unknown_comes_after_known_and_before_null() {
    let unknown = Value::unknown(Type::Bool);
    assert_eq!(set_order(&true.into(), &unknown), Ordering::Less);
    assert_eq!(set_order(&unknown, &Value::Null(Type::Bool)), Ordering::Less);
}

#[test]
fn numbers_alike_in_ten_digits_stay_apart_in_a_set() {
    let wrap = |text: &str| Value::tuple([number(text)]);
    let items = ["1.00000000001", "1.00000000002"].map(wrap);
    check_order(Type::tuple([Type::Number]), &items);
}

#[test]
fn raw_equality_sees_types_and_marks() {
    let list = |element| Value::list(element, vec![]);
    assert_eq!(list(Type::String), list(Type::String));
    assert_ne!(list(Type::String), list(Type::Number));
    assert_ne!(list(Type::String), Value::tuple([]));
    assert_ne!(Value::Null(Type::String), Value::NULL);
    assert_ne!(Value::int(1), Value::int(1).with_marks(Marks::SENSITIVE));
    assert_ne!(Value::unknown(Type::String), Value::refined(Type::String, Refinements::not_null()));
    assert_eq!(number("0"), number("-0"));
}

/// `value` as `ty` is `json`, and reads back the same.
fn check_json(value: &Value, ty: &Type, expect: serde_json::Value) {
    let json = to_json(value, ty).expect("has JSON");
    assert_eq!(json.to_string(), expect.to_string());
    assert_eq!(&from_json(&json, ty).expect("reads back"), value);
}

#[test]
fn json_of_values() {
    let numbers = Value::list(Type::Number, vec![Value::int(1), number("0.1")]);
    let tenth: serde_json::Value = serde_json::from_str("[1,0.1]").expect("JSON");
    check_json(&numbers, &Type::list(Type::Number), tenth.clone());
    check_json(&numbers, &Type::Dynamic, json!({"value": tenth, "type": ["list", "number"]}));
    check_json(&Value::Null(Type::String), &Type::String, json!(null));
    check_json(&Value::NULL, &Type::Dynamic, json!(null));
    let typed = json!({"value": null, "type": "string"});
    check_json(&Value::Null(Type::String), &Type::Dynamic, typed);
    let tuple = Value::tuple([Value::NULL, Value::int(1)]);
    check_json(&tuple, &tuple.ty(), json!([null, 1]));
    let big = "123456789012345678901234567890.5";
    check_json(&number(big), &Type::Number, serde_json::from_str(big).expect("JSON"));
    let set = Value::set(Type::String, vec!["b".into(), "a".into()]);
    check_json(&set, &Type::set(Type::String), json!(["a", "b"]));
    let object = Value::object([
        ("b", Value::tuple([Value::Bool(true), "x".into()])),
        ("a", Value::map(Type::Bool, [(Str::from("k"), true.into())].into_iter().collect())),
    ]);
    check_json(&object, &object.ty(), json!({"a": {"k": true}, "b": [true, "x"]}));
    let with_any = Type::object([("a", Type::Dynamic)]);
    check_json(
        &Value::object([("a", Value::int(1))]),
        &with_any,
        json!({"a": {"value": 1, "type": "number"}}),
    );
    let zero = to_json(&number("-0"), &Type::Number).expect("has JSON");
    assert_eq!(zero.to_string(), "-0");
}

#[test]
fn values_without_json() {
    let check = |value: Value, path: &str, message: &str| {
        let error = to_json(&value, &value.ty()).expect_err("has no JSON");
        assert_eq!((error.path.to_string().as_str(), error.to_string().as_str()), (path, message));
    };
    check(Value::unknown(Type::String), "", "value is not known");
    check(number("1e999999999"), "", "cannot serialize infinity as JSON");
    check(
        Value::object([("a", Value::tuple([Value::unknown(Type::String)]))]),
        ".a[0]",
        "value is not known",
    );
}

#[test]
fn json_that_does_not_fit() {
    let check = |json: serde_json::Value, ty: Type, path: &str, message: &str| {
        let error = from_json(&json, &ty).expect_err("does not fit");
        assert_eq!((error.path.to_string().as_str(), error.to_string().as_str()), (path, message));
    };
    check(json!("x"), Type::Number, "", "a number is required");
    check(json!([1, []]), Type::list(Type::Number), "[1]", "a number is required");
    check(json!({"b": 1}), Type::object([("a", Type::Bool)]), "", "unsupported attribute \"b\"");
    check(json!([1]), Type::tuple([]), "", "a tuple of 0 elements is required");
    check(json!({"value": 1}), Type::Dynamic, "", "missing type in dynamically-typed value");
    let missing = from_json(&json!({}), &Type::object([("a", Type::Bool)])).expect("fits");
    assert_eq!(missing, Value::object([("a", Value::Null(Type::Bool))]));
}

#[test]
fn json_of_types() {
    let optional = ObjectType::with_optional([("a".into(), Type::Dynamic)], [Str::from("a")]);
    let ty = Type::tuple([
        Type::set(Type::map(Type::Bool)),
        Type::list(Type::Number),
        Type::Object(Arc::new(optional)),
    ]);
    let json = type_to_json(&ty);
    let expect = json!(["tuple", [
        ["set", ["map", "bool"]], ["list", "number"], ["object", {"a": "dynamic"}, ["a"]]
    ]]);
    assert_eq!(json, expect);
    assert_eq!(type_from_json(&json), Some(ty.clone()));
    assert_eq!(type_text::read_type(&type_text::write_type(&ty)), Some(ty));
    for bad in [
        json!("any"),
        json!([]),
        json!(["list"]),
        json!(["list", "string", 1]),
        json!(1),
        json!(["object", []]),
        json!(["object", {"a": "string"}, ["b"]]),
        json!(["tuple", "string"]),
    ] {
        assert_eq!(type_from_json(&bad), None, "{bad}");
    }
}

#[test]
fn stored_form() {
    let check = |value: Value, expect: &str| {
        let text = serde_json::to_string(&value).expect("stores");
        assert_eq!(text, expect);
        let back: Value = serde_json::from_str(&text).expect("reads back");
        assert_eq!(back, value, "{text}");
    };
    check(Value::NULL, "null");
    check("é".into(), "\"é\"");
    check(Value::int(-5), "-5");
    check(number("0.5"), r#"["n","0.5"]"#);
    check(number("-0"), r#"["n","-0"]"#);
    check(Value::Null(Type::String), r#"["0","s"]"#);
    check(Value::list(Type::list(Type::Bool), vec![]), r#"["l","lb"]"#);
    check(Value::object([("a", Value::int(1))]), r#"["o","a",1]"#);
    check(Value::string("x").with_marks(Marks::SENSITIVE), r#"["v1","x"]"#);
    check(
        Value::tuple([Value::NULL]).with_marks(Marks::SENSITIVE | Marks::EPHEMERAL),
        r#"["t3",null]"#,
    );
    check(
        Value::object([("$serde_json::private::Number", Value::int(1))]),
        r#"["o","$serde_json::private::Number",1]"#,
    );
    check(Value::unknown(Type::object([("a", Type::Dynamic)])), r#"["?","o1:1:ad"]"#);
}

#[test]
fn deep_values_are_stored_or_refused() {
    let nest = |levels| (0..levels).fold(Value::int(1), |inner, _| Value::tuple([inner]));
    for levels in [1, 59, 60, 61, 127, 200, 250] {
        let text = serde_json::to_string(&nest(levels)).expect("stores");
        let back: Value = serde_json::from_str(&text).expect("reads back");
        assert_eq!(back, nest(levels), "{levels} levels");
    }
    assert!(serde_json::to_string(&nest(400)).is_err());
}

#[test]
fn garbage_is_refused() {
    for text in [
        "[]",
        "{}",
        "[1]",
        r#"["o","a"]"#,
        r#"["l","q"]"#,
        r#"["?","s",7]"#,
        r#"["n","x"]"#,
        r#"["n","1/99999999999"]"#,
        r#"["ox"]"#,
        r#"["é"]"#,
        r#"["0","s",1]"#,
        r#"["x","["]"#,
        r#"["t999999"]"#,
        r#"["l","t99999999999999:"]"#,
        r#"["l","o1:99999999999:a"]"#,
    ] {
        assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
    }
}

fn any_type() -> impl Strategy<Value = Type> {
    let leaf =
        prop_oneof![Just(Type::Dynamic), Just(Type::Bool), Just(Type::Number), Just(Type::String)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Type::tuple),
            prop::collection::vec((".{0,4}", inner), 0..3).prop_map(Type::object),
        ]
    })
}

fn any_leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::int),
        any::<f64>().prop_filter_map("NaN", Number::from_f64).prop_map(Value::Number),
        "[0-9]{1,30}\\.[0-9]{1,30}".prop_map(|text| number(&text)),
        ".{0,8}".prop_map(Value::string),
        any_type().prop_map(Value::Null),
        (any_type(), any::<bool>(), prop::option::of(".{0,4}"), prop::option::of(any::<u64>()))
            .prop_map(|(ty, not_null, prefix, length_min)| {
                let prefix = prefix.map(Str::from);
                let number_min =
                    length_min.map(|min| Bound { value: min.into(), inclusive: not_null });
                let refinements = Refinements {
                    not_null,
                    prefix,
                    length_min,
                    number_min,
                    ..Refinements::default()
                };
                Value::refined(ty, refinements)
            }),
    ]
}

/// Items of one type: the same item several times, with null and unknown beside it.
fn alike(item: &Value, count: usize) -> Vec<Value> {
    let ty = item.ty();
    let mut items = vec![item.clone(); count];
    items.push(Value::Null(ty.clone()));
    items.push(Value::unknown(ty));
    items
}

fn any_value() -> impl Strategy<Value = Value> {
    any_leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0..3usize)
                .prop_map(|(item, count)| Value::list(item.ty(), alike(&item, count))),
            (inner.clone(), 0..3usize)
                .prop_map(|(item, count)| Value::set(item.ty(), alike(&item, count))),
            (inner.clone(), ".{0,4}").prop_map(|(item, key)| {
                Value::map(item.ty(), [(Str::from(key), item)].into_iter().collect())
            }),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::tuple),
            prop::collection::vec((".{0,4}", inner.clone()), 0..4).prop_map(Value::object),
            (inner, 1..4u8).prop_map(|(value, bits)| value.with_marks(Marks::from_bits(bits))),
        ]
    })
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|truth| json!(truth)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        Just(serde_json::from_str("1e999999999999").expect("JSON")),
        "[a-z0-9?:]{0,6}".prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::Array),
            ("[lsmtonx?0v!]1?", prop::collection::vec(inner.clone(), 0..4)).prop_map(
                |(tag, mut items)| {
                    items.insert(0, json!(tag));
                    serde_json::Value::Array(items)
                }
            ),
            prop::collection::vec(("value|type|a|b", inner), 0..4)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn stored_values_read_back(value in any_value()) {
        let text = serde_json::to_string(&value).expect("stores");
        let back: Value = serde_json::from_str(&text).expect("reads back");
        prop_assert_eq!(&back, &value);
        prop_assert_eq!(back.ty(), value.ty());
        prop_assert_eq!(format!("{back:?}"), format!("{value:?}"));
        let tree = serde_json::to_value(&value).expect("stores");
        let back: Value = serde_json::from_value(tree).expect("reads back");
        prop_assert_eq!(back, value);
    }

    #[test]
    fn json_reads_back(json in any_json()) {
        let ty = implied_type(&json);
        if let Ok(value) = from_json(&json, &ty) {
            if let Ok(again) = to_json(&value, &ty) {
                prop_assert_eq!(from_json(&again, &ty).expect("reads back"), value.clone());
            }
            if let Ok(wrapped) = to_json(&value, &Type::Dynamic) {
                prop_assert_eq!(from_json(&wrapped, &Type::Dynamic).expect("reads back"), value);
            }
        }
    }

    #[test]
    fn no_json_panics(json in any_json(), ty in any_type()) {
        let _ = from_json(&json, &ty);
        let _ = type_from_json(&json);
        let _ = serde_json::from_value::<Value>(json.clone());
        let _ = serde_json::from_str::<Value>(&json.to_string());
    }

    #[test]
    fn no_type_text_panics(text in "[dbnslemto0-9:?a]{0,20}") {
        if let Some(ty) = type_text::read_type(&text) {
            prop_assert_eq!(type_text::read_type(&type_text::write_type(&ty)), Some(ty));
        }
    }

    #[test]
    fn set_order_is_total(a in any_value(), b in any_value(), c in any_value()) {
        prop_assert_eq!(set_order(&a, &b), set_order(&b, &a).reverse());
        prop_assert_eq!(set_order(&a, &b) == Ordering::Equal, raw_equal(&a, &b));
        prop_assert_eq!(set_order(&a, &a), Ordering::Equal);
        if set_order(&a, &b).is_le() && set_order(&b, &c).is_le() {
            prop_assert!(set_order(&a, &c).is_le());
        }
    }
}
