//! Encoding and decoding, as Terraform 1.11.4 does (recorded).

use kprov_core::{Type, Value};

use super::builtin_provider_function;
use crate::functions::checks::{number, text};

#[track_caller]
fn check(name: &str, argument: Value, expect: &str) {
    let result = builtin_provider_function(name, &[argument]).expect("a known function");
    let shown = match &result {
        Ok(value) => value.as_str().unwrap_or("no string"),
        Err(error) => &error.message,
    };
    assert_eq!(shown, expect);
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::object(entries)
}

#[test]
fn expressions() {
    check("encode_expr", text("a\"b\\c\n\t${d} %{e} $x"), r#""a\"b\\c\n\t$${d} %%{e} $x""#);
    check("encode_expr", text("é👍\0\u{7f}\u{2028}"), "\"é👍\\u0000\\u007f\\u2028\"");
    check("encode_expr", number("1e30"), "1000000000000000000000000000000");
    check("encode_expr", Value::tuple([]), "[]");
    check("encode_expr", object([]), "{}");
    check(
        "encode_expr",
        object([
            ("odd key", number("1")),
            ("é", number("2")),
            ("1", number("3")),
            ("ok-key", number("4")),
        ]),
        "{\n  \"1\"       = 3\n  \"odd key\" = 1\n  ok-key    = 4\n  é         = 2\n}",
    );
    check(
        "encode_expr",
        Value::tuple([
            Value::tuple([object([("a", number("1"))]), object([("bb", number("2"))])]),
            object([]),
        ]),
        "[[{\n  a = 1\n  }, {\n  bb = 2\n}], {}]",
    );
}

#[test]
fn variables() {
    let inner = object([("yyy", object([("q", number("1")), ("ww", number("2"))]))]);
    check(
        "encode_tfvars",
        object([
            ("a", number("1")),
            ("bbb", text("x")),
            ("cc", object([("k", Value::tuple([number("1"), inner])), ("long", number("1"))])),
            ("dddd", Value::tuple([])),
            ("e", Value::Null(Type::String)),
        ]),
        "a   = 1\nbbb = \"x\"\ncc = {\n  k = [1, {\n    yyy = {\n      q  = 1\n      ww = 2\n    \
         }\n  }]\n  long = 1\n}\ndddd = []\ne    = null\n",
    );
    check("encode_tfvars", object([]), "");
    check(
        "encode_tfvars",
        object([("bad key", number("1"))]),
        "invalid variable name \"bad key\": must be a valid identifier, per Terraform's rules for \
         input variable declarations",
    );
    check("encode_tfvars", Value::NULL, "argument must not be null");
}

#[test]
fn decoding() {
    let decoded = builtin_provider_function("decode_tfvars", &[text("# c\na = 1 // d\nb = \"x\"")]);
    let expect = object([("a", number("1")), ("b", text("x"))]);
    assert_eq!(decoded, Some(Ok(expect)));
    check(
        "decode_tfvars",
        text("a = var.x"),
        "invalid expression for variable \"a\": <decode_tfvars argument>:1,5-8: Variables not \
         allowed; Variables may not be used here.",
    );
    check(
        "decode_tfvars",
        text("a {}"),
        "invalid tfvars content: <decode_tfvars argument>:1,1-2: Unexpected \"a\" block; Blocks \
         are not allowed here.",
    );
    assert_eq!(builtin_provider_function("nope", &[]), None);
}
