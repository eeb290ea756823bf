//! Cases recorded from Terraform 1.11.4.

use kprov_core::Value;

use crate::functions::testing::call_named;

fn number(text: &str) -> Value {
    Value::Number(text.parse().expect("a number"))
}

#[track_caller]
fn check_encode(rows: Vec<(Value, &str)>) {
    for (value, expect) in rows {
        let result = call_named("yamlencode", std::slice::from_ref(&value));
        assert_eq!(result, Ok(Value::from(expect)), "{value:?}");
    }
}

#[track_caller]
fn check_decode(rows: Vec<(&str, Value)>) {
    for (text, expect) in rows {
        assert_eq!(call_named("yamldecode", &[text.into()]), Ok(expect), "{text:?}");
    }
}

#[test]
fn encodes_1() {
    check_encode(vec![
        (Value::from(""), "\"\"\n"),
        (Value::from("true"), "\"true\"\n"),
        (Value::from("null"), "\"null\"\n"),
        (Value::from("# hash"), "\"# hash\"\n"),
        (Value::from("line1\nline2"), "|-\n  line1\n  line2\n"),
        (Value::from("trailing space "), "\"trailing space \"\n"),
        (Value::from("quote \" and ' and \\"), "\"quote \\\" and ' and \\\\\"\n"),
        (Value::from("\u{0}\u{7}"), "\"\\0\\a\"\n"),
        (Value::from("<&>"), "\"<&>\"\n"),
        (number("0.1"), "0.1\n...\n"),
        (Value::Bool(true), "true\n...\n"),
        (Value::Bool(false), "false\n...\n"),
        (Value::NULL, "null\n...\n"),
        (Value::tuple([]), "[]\n"),
        (Value::tuple([number("1"), number("2")]), "- 1\n- 2\n"),
        (
            Value::tuple([Value::from("a"), Value::Bool(true), Value::NULL, number("1.5")]),
            "- \"a\"\n- true\n- null\n- 1.5\n",
        ),
        (Value::tuple([Value::tuple([])]), "- []\n"),
        (
            Value::tuple([
                Value::object([("a", number("1")), ("b", number("2"))]),
                Value::object([("c", number("3"))]),
            ]),
            "- \"a\": 1\n  \"b\": 2\n- \"c\": 3\n",
        ),
        (Value::object([("a", number("1"))]), "\"a\": 1\n"),
        (Value::object([("b", Value::from("x")), ("a", number("1"))]), "\"a\": 1\n\"b\": \"x\"\n"),
    ]);
}

#[test]
fn encodes_2() {
    check_encode(vec![
        (
            Value::object([(
                "a",
                Value::object([("b", Value::object([("c", Value::from("d"))]))]),
            )]),
            "\"a\":\n  \"b\":\n    \"c\": \"d\"\n",
        ),
        (
            Value::object([(
                "a",
                Value::tuple([Value::object([
                    ("b", number("1")),
                    ("c", Value::tuple([number("2")])),
                ])]),
            )]),
            "\"a\":\n- \"b\": 1\n  \"c\":\n  - 2\n",
        ),
        (Value::object([("a", Value::NULL)]), "\"a\": null\n"),
        (
            Value::object([
                ("key: odd", number("1")),
                ("with space", number("2")),
                ("\u{e9}", number("3")),
            ]),
            "\"key: odd\": 1\n\"with space\": 2\n\"\u{e9}\": 3\n",
        ),
        (
            Value::object([("a", Value::from("multi\nline")), ("b", Value::from("x"))]),
            "\"a\": |-\n  multi\n  line\n\"b\": \"x\"\n",
        ),
        (
            Value::object([("a", Value::from("  leading\nspaces"))]),
            "\"a\": |2-\n    leading\n  spaces\n",
        ),
        (Value::object([("a", Value::from("trail  \nx"))]), "\"a\": \"trail  \\nx\"\n"),
        (Value::object([("a", Value::from("\n"))]), "\"a\": |2+\n\n"),
        (Value::object([("a", Value::from("\n\nx"))]), "\"a\": |2-\n\n\n  x\n"),
        (Value::object([("a", Value::from("cr\u{d}\nlf"))]), "\"a\": \"cr\\r\\nlf\"\n"),
        (
            Value::object([
                ("yes", Value::from("no")),
                ("on", Value::from("off")),
                ("y", Value::from("n")),
                ("~", Value::from("~")),
            ]),
            "\"on\": \"off\"\n\"y\": \"n\"\n\"yes\": \"no\"\n\"~\": \"~\"\n",
        ),
        (
            Value::object([
                ("d", Value::from("2024-01-01")),
                ("t", Value::from("12:30:45")),
                ("f", Value::from("1.0")),
                ("h", Value::from("0x1f")),
                ("o", Value::from("010")),
                ("e", Value::from("1e3")),
            ]),
            "\"d\": \"2024-01-01\"\n\"e\": \"1e3\"\n\"f\": \"1.0\"\n\"h\": \"0x1f\"\n\"o\": \"010\"\n\"t\": \"12:30:45\"\n",
        ),
    ]);
}

#[test]
fn encodes_signs_and_long_lines() {
    check_encode(vec![
        (Value::from("- dash"), "\"- dash\"\n"),
        (Value::from("{braces}"), "\"{braces}\"\n"),
        (Value::from("%percent"), "\"%percent\"\n"),
        (Value::from("@at"), "\"@at\"\n"),
        (Value::from("`tick`"), "\"`tick`\"\n"),
        (Value::from("&anchor *ref"), "\"&anchor *ref\"\n"),
        (
            Value::from(
                "a very long string that goes on and on well past the usual eighty column limit so that a folding emitter would wrap it",
            ),
            "\"a very long string that goes on and on well past the usual eighty column limit so\n  that a folding emitter would wrap it\"\n",
        ),
        (
            Value::object([(
                "a",
                Value::from(
                    "a very long string that goes on and on well past the usual eighty column limit so that a folding emitter would wrap it",
                ),
            )]),
            "\"a\": \"a very long string that goes on and on well past the usual eighty column limit\n  so that a folding emitter would wrap it\"\n",
        ),
    ]);
}

#[test]
fn encodes_3() {
    check_encode(vec![
        (Value::from("\u{2028}\u{85}\u{feff}"), "\"\\L\\N\\uFEFF\"\n"),
        (
            Value::object([("a", Value::tuple([Value::NULL, Value::Bool(true)]))]),
            "\"a\":\n- null\n- true\n",
        ),
        (Value::object([("a\nb", number("1"))]), "? |-\n  a\n  b\n: 1\n"),
        (
            Value::object([("ab", number("1")), ("ab ", number("2")), (" ab", number("3"))]),
            "\" ab\": 3\n\"ab\": 1\n\"ab \": 2\n",
        ),
        (
            Value::object([
                ("[x]", number("1")),
                ("{y}", number("2")),
                ("a,b", number("3")),
                ("*", number("4")),
                ("&", number("5")),
                ("!", number("6")),
                ("|", number("7")),
                (">", number("8")),
                ("'", number("9")),
                ("\"", number("10")),
                ("%", number("11")),
                ("@", number("12")),
                ("`", number("13")),
            ]),
            "\"!\": 6\n\"\\\"\": 10\n\"%\": 11\n\"&\": 5\n\"'\": 9\n\"*\": 4\n\">\": 8\n\"@\": 12\n\"[x]\": 1\n\"`\": 13\n\"a,b\": 3\n\"{y}\": 2\n\"|\": 7\n",
        ),
        (
            Value::object([
                ("True", number("1")),
                ("NO", number("2")),
                ("Null", number("3")),
                ("off", number("4")),
                ("n", number("5")),
                ("Y", number("6")),
            ]),
            "\"NO\": 2\n\"Null\": 3\n\"True\": 1\n\"Y\": 6\n\"n\": 5\n\"off\": 4\n",
        ),
        (Value::from("\u{1f44d}\n\u{e9}"), "\"\\U0001F44D\\n\u{e9}\"\n"),
        (Value::from("a\n\n"), "|+\n  a\n\n"),
        (
            Value::tuple([
                Value::tuple([
                    number("1"),
                    Value::tuple([
                        number("2"),
                        Value::object([("a", Value::tuple([number("3")]))]),
                    ]),
                ]),
                Value::from("x\ny\n"),
            ]),
            "- - 1\n  - - 2\n    - \"a\":\n      - 3\n- |\n  x\n  y\n",
        ),
        (
            Value::object([
                ("a\nb", Value::object([("c", Value::tuple([number("1")]))])),
                ("d\ne", Value::tuple([Value::from("x")])),
            ]),
            "? |-\n  a\n  b\n: \"c\":\n  - 1\n? |-\n  d\n  e\n: - \"x\"\n",
        ),
        (Value::from("\u{a0}\u{200b}\u{7f}\u{1b}"), "\"\u{a0}\u{200b}\\x7F\\e\"\n"),
        (Value::from("a\u{9}b\nc"), "\"a\\tb\\nc\"\n"),
    ]);
}

#[test]
fn decodes_1() {
    check_decode(vec![
        ("a: 1", Value::object([("a", number("1"))])),
        ("a: 1\nb: x\n", Value::object([("a", number("1")), ("b", Value::from("x"))])),
        (
            "{a: 1, b: [x, y]}",
            Value::object([
                ("a", number("1")),
                ("b", Value::tuple([Value::from("x"), Value::Bool(true)])),
            ]),
        ),
        ("5", number("5")),
        ("true", Value::Bool(true)),
        ("yes", Value::Bool(true)),
        ("on", Value::Bool(true)),
        ("y", Value::Bool(true)),
        ("null", Value::NULL),
        ("---\na: 1", Value::object([("a", number("1"))])),
        ("---\n", Value::NULL),
        (
            "a: ~\nb: null\nc: ''",
            Value::object([("a", Value::NULL), ("b", Value::NULL), ("c", Value::from(""))]),
        ),
        ("a: \"x\\ty\\u00e9\"", Value::object([("a", Value::from("x\u{9}y\u{e9}"))])),
        ("a: 'it''s'", Value::object([("a", Value::from("it's"))])),
        ("a: |\n  line1\n  line2\n", Value::object([("a", Value::from("line1\nline2\n"))])),
        ("a: |-\n  line1\n  line2\n", Value::object([("a", Value::from("line1\nline2"))])),
        (
            "a: >\n  folded\n  text\n\n  para\n",
            Value::object([("a", Value::from("folded text\npara\n"))]),
        ),
        ("a: >-\n  folded\n  text\n", Value::object([("a", Value::from("folded text"))])),
        ("a: \"double\n  continued\"", Value::object([("a", Value::from("double continued"))])),
        ("a: &x 1\nb: *x", Value::object([("a", number("1")), ("b", number("1"))])),
        ("a: 0x1f", Value::object([("a", number("31"))])),
        ("a: 0o17", Value::object([("a", number("15"))])),
    ]);
}

#[test]
fn decodes_2() {
    check_decode(vec![
        ("a: 1_000", Value::object([("a", Value::from("1_000"))])),
        ("a: 1.5e-3", Value::object([("a", number("0.0015"))])),
        ("a: -5", Value::object([("a", number("-5"))])),
        ("a: 1.", Value::object([("a", number("1"))])),
        ("a: 2024-01-15", Value::object([("a", Value::from("2024-01-15T00:00:00Z"))])),
        ("a: !!int \"5\"", Value::object([("a", Value::from("5"))])),
        ("a: !!binary aGVsbG8=", Value::object([("a", Value::from("aGVsbG8="))])),
        ("1: a\n2: b", Value::object([("1", Value::from("a")), ("2", Value::from("b"))])),
        ("true: a", Value::object([("true", Value::from("a"))])),
        ("? a\n: b", Value::object([("a", Value::from("b"))])),
        ("a: 1\na: 2", Value::object([("a", number("2"))])),
        (
            "- - 1\n  - 2\n- - 3",
            Value::tuple([Value::tuple([number("1"), number("2")]), Value::tuple([number("3")])]),
        ),
        (
            "- a: 1\n  b: 2\n- a: 3",
            Value::tuple([
                Value::object([("a", number("1")), ("b", number("2"))]),
                Value::object([("a", number("3"))]),
            ]),
        ),
        ("a:\n- 1\n- 2", Value::object([("a", Value::tuple([number("1"), number("2")]))])),
        (
            "a:\n  b:\n    c: [1, {d: e}]",
            Value::object([(
                "a",
                Value::object([(
                    "b",
                    Value::object([(
                        "c",
                        Value::tuple([number("1"), Value::object([("d", Value::from("e"))])]),
                    )]),
                )]),
            )]),
        ),
        ("a: x # comment", Value::object([("a", Value::from("x"))])),
        ("\u{e9}: \u{fc}", Value::object([("\u{e9}", Value::from("\u{fc}"))])),
        ("{a, b: 1}", Value::object([("a", Value::NULL), ("b", number("1"))])),
        ("[a: 1, b]", Value::tuple([Value::object([("a", number("1"))]), Value::from("b")])),
        ("[]", Value::tuple([])),
        ("- ", Value::tuple([Value::NULL])),
        ("\"quoted: string\"", Value::from("quoted: string")),
    ]);
}

#[test]
fn decodes_3() {
    check_decode(vec![
        ("'1'", Value::from("1")),
        (
            "b: &b [1]\nc: [*b, *b]",
            Value::object([
                ("b", Value::tuple([number("1")])),
                ("c", Value::tuple([Value::tuple([number("1")]), Value::tuple([number("1")])])),
            ]),
        ),
        ("<<: {a: 1}\nb: 2", Value::object([("a", number("1")), ("b", number("2"))])),
        ("a: 1\n<<: {a: 2, b: 3}\nb: 4", Value::object([("a", number("2")), ("b", number("4"))])),
        (
            "[1_0, 0b11, -0x1f, 010, +5, .5, 2024-1-5 1:2:3, 2024-13-01, 1.5.2]",
            Value::tuple([
                Value::from("1_0"),
                Value::from("0b11"),
                Value::from("-0x1f"),
                number("10"),
                number("5"),
                number("0.5"),
                Value::from("2024-01-05T01:02:03Z"),
                Value::from("2024-13-01"),
                Value::from("1.5.2"),
            ]),
        ),
    ]);
}

#[test]
fn refuses_what_is_wrong() {
    for text in [
        "",
        "# only a comment",
        "a: 1\n---\nb: 2",
        "%YAML 1.2\n---\na: 1",
        "b: *nope",
        "a: .nan",
        "a: !!set {x, y}",
        "null: a",
        "a: [1, 2",
        "a: b: c",
        "a: @x",
        "a: %x",
        "a: &a {x: 1}\nb: &b {y: 2}\nc:\n  <<: [*a, *b]\n  z: 3",
    ] {
        assert!(call_named("yamldecode", &[text.into()]).is_err(), "{text:?}");
    }
}

#[test]
fn says_what_is_wrong() {
    for (text, expect) in [
        ("", "on line 1, column 1: missing start of document"),
        ("a: 1\n---\nb: 2", "on line 1, column 1: unexpected extra content after value"),
        ("null: a", "on line 1, column 1: mapping key cannot be null"),
        ("a: .nan", "on line 1, column 4: floating point NaN is not supported"),
    ] {
        let result = call_named("yamldecode", &[text.into()]).map_err(|error| error.message);
        assert_eq!(result, Err(expect.to_owned()), "{text:?}");
    }
}

#[test]
fn few_lines_do_not_become_a_huge_value() {
    let mut text = String::from("a0: &a0 [x]\n");
    for level in 1..40 {
        let below = level - 1;
        text.push_str(&format!("a{level}: &a{level} [*a{below}, *a{below}, *a{below}]\n"));
    }
    let error = call_named("yamldecode", &[text.as_str().into()]).expect_err("too large");
    assert!(error.message.contains("too large"), "{error}");
    let deep = call_named("yamldecode", &["[".repeat(10_000).as_str().into()]);
    assert!(deep.is_err());
}
