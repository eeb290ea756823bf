//! What `terraform console` 1.11.4 prints, value by value.

use super::*;
use crate::{Marks, Type, Value};

fn check(value: &Value, expect: &str) {
    assert_eq!(render_hcl(value, 0), expect);
}

fn list(items: Vec<Value>) -> Value {
    Value::list(items.first().map_or(Type::Dynamic, Value::ty), items)
}

#[test]
fn primitives() {
    check(&Value::int(5), "5");
    check(&Value::from(true), "true");
    check(&Value::from("a"), "\"a\"");
    check(&Value::from("q\"uote \\ ${x} \t tab \r"), r#""q\"uote \\ ${x} \t tab \r""#);
    check(&Value::from("\u{1}\u{7f}\u{200b}\u{7}\u{a0}"), r#""\x01\x7f\u200b\a\u00a0""#);
    check(
        &Value::from("\u{e9} x\u{337} \u{1f44d} \u{e0001}"),
        "\"\u{e9} x\u{337} \u{1f44d} \\U000e0001\"",
    );
}

#[test]
fn nulls_tell_their_type() {
    for (ty, expect) in [
        (Type::Dynamic, "null"),
        (Type::String, "tostring(null)"),
        (Type::Number, "tonumber(null)"),
        (Type::Bool, "tobool(null)"),
        (Type::list(Type::Dynamic), "tolist(null) /* of dynamic */"),
        (Type::set(Type::Bool), "toset(null) /* of bool */"),
        (Type::map(Type::list(Type::String)), "tomap(null) /* of list of string */"),
        (Type::tuple([]), "null /* tuple */"),
        (Type::object([("a", Type::Bool)]), "null /* object */"),
    ] {
        check(&Value::Null(ty), expect);
    }
}

#[test]
fn compounds() {
    check(&Value::tuple([]), "[]");
    check(&Value::tuple([Value::int(1), Value::from("a")]), "[\n  1,\n  \"a\",\n]");
    check(&list(vec![]), "tolist([])");
    check(&list(vec![Value::int(1)]), "tolist([\n  1,\n])");
    check(&Value::set(Type::Dynamic, vec![]), "toset([])");
    check(&Value::object::<&str>([]), "{}");
    check(&Value::map(Type::Dynamic, Entries::default()), "tomap({})");
    check(
        &Value::object([("b c", Value::int(2)), ("a", Value::map(Type::Bool, Entries::default()))]),
        "{\n  \"a\" = tomap({})\n  \"b c\" = 2\n}",
    );
    check(
        &Value::tuple([list(vec![Value::object([("a", Value::int(1))])])]),
        "[\n  tolist([\n    {\n      \"a\" = 1\n    },\n  ]),\n]",
    );
}

#[test]
fn several_lines() {
    check(&Value::from("a\nb"), "<<EOT\na\nb\nEOT");
    check(&Value::from("a\n"), "<<EOT\na\n\nEOT");
    check(&Value::from("EOT\n EOT_ \nx"), "<<EOT__\nEOT\n EOT_ \nx\nEOT__");
    check(
        &Value::tuple([Value::from("a\nb"), Value::object([("x", Value::from("c\n"))])]),
        "[\n  <<-EOT\n  a\n  b\n  EOT,\n  {\n    \"x\" = <<-EOT\n    c\n    \n    EOT\n  },\n]",
    );
    assert_eq!(render_hcl(&Value::from("a\nb"), 4), "<<-EOT\n    a\n    b\n    EOT");
}

#[test]
fn secrets_and_unknowns_do_not_show() {
    let secret = Value::from("hunter2").with_marks(Marks::SENSITIVE);
    check(&secret, "(sensitive value)");
    check(&Value::from("x").with_marks(Marks::EPHEMERAL), "(ephemeral value)");
    check(&Value::unknown(Type::String), "(known after apply)");
    check(
        &Value::object([("a", secret), ("b", Value::unknown(Type::Dynamic))]),
        "{\n  \"a\" = (sensitive value)\n  \"b\" = (known after apply)\n}",
    );
}
