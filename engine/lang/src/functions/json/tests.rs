//! Cases recorded from Terraform 1.11.4.

use kprov_core::{Refinements, Type, Value};

use crate::functions::testing::{call_named, check_error, check_text};

#[test]
fn encodes_as_go_does() {
    for (value, expect) in [
        (Value::from("with \"quotes\" and \\"), r#""with \"quotes\" and \\""#),
        (Value::from("tab\tnl\ncr\r"), r#""tab\tnl\ncr\r""#),
        (Value::from("\0\u{1}\u{1f}\u{7f}"), "\"\\u0000\\u0001\\u001f\u{7f}\""),
        (Value::from("\u{8}\u{c}"), r#""\b\f""#),
        (Value::from("<a>&\u{2028}"), r#""\u003ca\u003e\u0026\u2028""#),
        (Value::int(5), "5"),
        (Value::NULL, "null"),
        (Value::tuple([]), "[]"),
        (
            Value::tuple([Value::int(1), "a".into(), true.into(), Value::NULL]),
            r#"[1,"a",true,null]"#,
        ),
        (Value::object([("b", Value::int(1)), ("a", Value::tuple([]))]), r#"{"a":[],"b":1}"#),
    ] {
        assert_eq!(
            call_named("jsonencode", std::slice::from_ref(&value)),
            Ok(Value::from(expect)),
            "{value:?}"
        );
    }
}

#[test]
fn unknown_documents_keep_their_first_character() {
    let nested = Value::tuple([Value::unknown(Type::String)]);
    let expect = Value::refined(
        Type::String,
        Refinements { not_null: true, prefix: Some("[".into()), ..Refinements::default() },
    );
    assert_eq!(call_named("jsonencode", &[nested]), Ok(expect.clone()));
    assert_eq!(
        call_named("jsonencode", &[Value::unknown(Type::Dynamic)]),
        Ok(Value::refined(Type::String, Refinements::not_null()))
    );
    let quoted = Value::refined(
        Type::String,
        Refinements { prefix: Some("\"a".into()), ..Refinements::default() },
    );
    assert_eq!(call_named("jsondecode", &[quoted]), Ok(Value::unknown(Type::String)));
    assert_eq!(call_named("jsondecode", &[expect]), Ok(Value::unknown(Type::Dynamic)));
}

#[test]
fn decodes_to_objects_and_tuples() {
    let pair = |value| Value::object([("a", value)]);
    for (text, expect) in [
        ("5", Value::int(5)),
        (
            "[1, \"a\", true, null]",
            Value::tuple([Value::int(1), "a".into(), true.into(), Value::NULL]),
        ),
        ("{\"a\": 1, \"a\": \"x\"}", pair("x".into())),
        ("  [ ]  ", Value::tuple([])),
        (r#""\u00e9\n\/\ud83d\udc4d\ud800""#, Value::from("\u{e9}\n/\u{1f44d}\u{fffd}")),
    ] {
        assert_eq!(call_named("jsondecode", &[text.into()]), Ok(expect), "{text}");
    }
}

#[test]
fn says_what_is_wrong() {
    for (text, expect) in [
        ("", "EOF"),
        ("{", "EOF"),
        ("[1", "EOF"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("'x'", "invalid character '\\'' looking for beginning of value"),
        ("01", "extraneous data after JSON object"),
        ("1 2", "extraneous data after JSON object"),
        ("\"a\nb\"", "invalid character '\\n' in string literal"),
        ("{a:1}", "invalid character 'a'"),
        ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
        ("{\"a\":1 \"b\":2}", "invalid character '\"' after object key:value pair"),
        ("{\"a\" 1}", "invalid character '1' after object key"),
        ("[1 2]", "invalid character '2' after array element"),
        ("\"\\x\"", "invalid character 'x' in string escape code"),
        ("tru", "unexpected EOF"),
        ("1.", "unexpected EOF"),
    ] {
        check_error("jsondecode", &[text.into()], expect);
    }
    assert!(call_named("jsondecode", &["[".repeat(100_000).as_str().into()]).is_err());
    check_text("jsondecode", &["\"e\u{301}\""], "\u{e9}");
}
