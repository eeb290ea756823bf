//! Cases recorded from go-cty 1.16.2, the version in Terraform 1.11.4: random values and types in
//! `cases.jsonl`, one a line. `["U", types, unified]`, `["C", value, type, converted, message]`.
//!
//! Where kprov differs on purpose, cases were left out: marks of nulls inside collections, which
//! cty loses, stay; a set of unknown length becomes a list of the wanted element type, not of the
//! old one.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::convert;
use crate::value::unify;
use crate::{Entries, Marks, Refinements, Str, Type, Value};

fn read_type(json: &Json) -> Type {
    Type::deserialize(json).expect("a type")
}

fn read(json: &Json) -> Value {
    let text = |i: usize| json[i].as_str().expect("a text");
    let items = |i: usize| json[i].as_array().expect("items").iter().map(read).collect::<Vec<_>>();
    let entries = |i: usize| {
        let pairs = json[i].as_array().expect("entries").iter();
        pairs.map(|p| (Str::from(p[0].as_str().expect("key")), read(&p[1]))).collect::<Entries>()
    };
    match text(0) {
        "k" => read(&json[1]).with_marks(Marks::SENSITIVE),
        "u" => {
            let refinements = Refinements {
                not_null: json[2] == true,
                prefix: None,
                length_min: json[3].as_u64(),
                length_max: json[4].as_u64(),
                ..Refinements::default()
            };
            Value::refined(read_type(&json[1]), refinements)
        }
        "0" => Value::Null(read_type(&json[1])),
        "s" => Value::from(text(1)),
        "n" => Value::Number(text(1).parse().expect("a number")),
        "b" => Value::Bool(json[1] == true),
        "l" => Value::list(read_type(&json[1]), items(2)),
        "S" => Value::set(read_type(&json[1]), items(2)),
        "m" => Value::map(read_type(&json[1]), entries(2)),
        "t" => Value::tuple(items(1)),
        "o" => Value::object(entries(1)),
        other => panic!("unknown tag {other}"),
    }
}

fn write(value: &Value) -> Json {
    let items = |items: &[Value]| items.iter().map(write).collect::<Vec<Json>>();
    let entries = |entries: &Entries| {
        entries.iter().map(|(key, item)| json!([key, write(item)])).collect::<Vec<Json>>()
    };
    match value {
        Value::Marked(marked) => json!(["k", write(marked.value())]),
        Value::Unknown(unknown) => {
            let known = unknown.refinements();
            let min = known.length_min.filter(|min| *min > 0);
            json!(["u", unknown.ty(), known.not_null, min, known.length_max])
        }
        Value::Null(ty) => json!(["0", ty]),
        Value::String(text) => json!(["s", text]),
        Value::Number(number) => json!(["n", number.to_string()]),
        Value::Bool(truth) => json!(["b", truth]),
        Value::List(list) => json!(["l", list.element(), items(list.items())]),
        Value::Set(set) => json!(["S", set.element(), items(set.items())]),
        Value::Map(map) => json!(["m", map.element(), entries(map.entries())]),
        Value::Tuple(tuple) => json!(["t", items(tuple)]),
        Value::Object(object) => json!(["o", entries(object)]),
    }
}

#[test]
fn recorded_cases_hold() {
    let mut count = 0;
    for line in include_str!("cases.jsonl").lines() {
        let case: Json = serde_json::from_str(line).expect("a case");
        count += 1;
        if case[0] == "U" {
            let types: Vec<Type> =
                case[1].as_array().expect("types").iter().map(read_type).collect();
            assert_eq!(json!(unify(&types)), case[2], "{line}");
            continue;
        }
        let wanted = read_type(&case[2]);
        match convert(&read(&case[1]), &wanted) {
            Ok(converted) => {
                assert_eq!(write(&converted), case[3], "{line}");
                let again = convert(&converted, &wanted).map(|value| write(&value));
                assert_eq!(again, Ok(write(&converted)), "{line}");
            }
            Err(error) => assert_eq!(case[4], error.message, "{line}"),
        }
    }
    assert_eq!(count, 580);
}
