//! Cases recorded from Terraform 1.11.4.

use kprov_core::{Type, Value};

use crate::functions::testing::{call_named, check_error, check_text};

#[test]
fn first_match() {
    for (pattern, string, expect) in [
        (
            "(\\d\\d\\d\\d)-(\\d\\d)-(\\d\\d)",
            "2024-02-09",
            Value::tuple([Value::from("2024"), Value::from("02"), Value::from("09")]),
        ),
        (
            "(?P<y>\\d{4})-(?P<m>\\d\\d)",
            "on 2024-02-09",
            Value::object([("m", Value::from("02")), ("y", Value::from("2024"))]),
        ),
        ("(?<y>\\d{4})", "2024", Value::object([("y", Value::from("2024"))])),
        (
            "^(?:(?P<scheme>[^:/?#]+):)?(?://(?P<host>[^/?#]*))?",
            "path/only",
            Value::object([
                ("host", Value::Null(Type::String)),
                ("scheme", Value::Null(Type::String)),
            ]),
        ),
        ("(a)|(b)", "b", Value::tuple([Value::Null(Type::String), Value::from("b")])),
        ("a*", "baaa", Value::from("")),
        ("a*?", "aaa", Value::from("")),
        (".", "\u{e9}", Value::from("\u{e9}")),
        ("(?m)^b$", "a\nb\nc", Value::from("b")),
        ("\\bfoo\\b", "a foo b", Value::from("foo")),
        ("\\p{L}+", "123\u{e9}\u{fc}", Value::from("\u{e9}\u{fc}")),
        ("\\p{Greek}+", "abc \u{3b1}\u{3b2}\u{3b3}", Value::from("\u{3b1}\u{3b2}\u{3b3}")),
        ("[[:alpha:]]+", "12abc", Value::from("abc")),
        ("\\s", "a b", Value::from(" ")),
        ("\\x41", "A", Value::from("A")),
        ("a{2,}?", "aaaa", Value::from("aa")),
        ("a{,2}", "a{,2}", Value::from("a{,2}")),
        ("(?P<1n>a)", "a", Value::object([("1n", Value::from("a"))])),
        ("\\z", "x", Value::from("")),
        ("\\Ax", "x", Value::from("x")),
        (
            "(.)(.)(.)",
            "\u{1f44d}\u{1f3fd}\u{e9}",
            Value::tuple([
                Value::from("\u{1f44d}"),
                Value::from("\u{1f3fd}"),
                Value::from("\u{e9}"),
            ]),
        ),
        ("^.$", "e\u{301}", Value::from("\u{e9}")),
        ("v(\\d+)\\.(\\d+)", "v1.22", Value::tuple([Value::from("1"), Value::from("22")])),
        (
            "(a(b(c)))",
            "abc",
            Value::tuple([Value::from("abc"), Value::from("bc"), Value::from("c")]),
        ),
        ("(?:ab)+", "ababx", Value::from("abab")),
        ("(ab)+", "ababx", Value::tuple([Value::from("ab")])),
        ("(?P<x>)", "abc", Value::object([("x", Value::from(""))])),
        ("[\\]\\[]", "]", Value::from("]")),
        ("\\n", "\n", Value::from("\n")),
        ("\u{e9}", "cafe\u{301}", Value::from("\u{e9}")),
        (
            "(?i)(?P<Key>[a-z]+)=(?P<val>.*)",
            "FOO=bar",
            Value::object([("Key", Value::from("FOO")), ("val", Value::from("bar"))]),
        ),
    ] {
        let result = call_named("regex", &[pattern.into(), string.into()]);
        assert_eq!(result, Ok(expect), "{pattern:?} {string:?}");
    }
}

#[test]
fn all_matches() {
    let pair = || Type::tuple([Type::String, Type::String]);
    for (pattern, string, ty, expect) in [
        (
            "",
            "abc",
            Type::String,
            vec![Value::from(""), Value::from(""), Value::from(""), Value::from("")],
        ),
        ("", "", Type::String, vec![Value::from("")]),
        ("a*", "baac", Type::String, vec![Value::from(""), Value::from("aa"), Value::from("")]),
        (
            "(\\w)(\\d)",
            "a1 b2 c3",
            pair(),
            vec![
                Value::tuple([Value::from("a"), Value::from("1")]),
                Value::tuple([Value::from("b"), Value::from("2")]),
                Value::tuple([Value::from("c"), Value::from("3")]),
            ],
        ),
        (
            "(?P<l>\\w)(?P<d>\\d)",
            "none",
            Type::object([("d", Type::String), ("l", Type::String)]),
            vec![],
        ),
        ("(\\w)(\\d)", "none", pair(), vec![]),
        (
            "(a)|(b)",
            "ab",
            pair(),
            vec![
                Value::tuple([Value::from("a"), Value::Null(Type::String)]),
                Value::tuple([Value::Null(Type::String), Value::from("b")]),
            ],
        ),
        (
            "\\b",
            "a b",
            Type::String,
            vec![Value::from(""), Value::from(""), Value::from(""), Value::from("")],
        ),
        ("^", "a\nb", Type::String, vec![Value::from("")]),
        ("(?m)^", "a\nb", Type::String, vec![Value::from(""), Value::from("")]),
        ("(?m)^\\w+", "ab\ncd", Type::String, vec![Value::from("ab"), Value::from("cd")]),
        (
            "\\S+",
            "  the  quick\u{9}fox ",
            Type::String,
            vec![Value::from("the"), Value::from("quick"), Value::from("fox")],
        ),
        ("(?i)A", "aAbB", Type::String, vec![Value::from("a"), Value::from("A")]),
    ] {
        let result = call_named("regexall", &[pattern.into(), string.into()]);
        assert_eq!(result, Ok(Value::list(ty, expect)), "{pattern:?} {string:?}");
    }
}

#[test]
fn replacements() {
    for (string, wanted, by, expect) in [
        ("ab", "/(a)(b)/", "$2$1", "ba"),
        ("ab", "/(?P<x>a)(?P<y>b)/", "$y$x", "ba"),
        ("a.b", "/\\./", "\\", "a\\b"),
        ("path/to", "///", "-", "path-to"),
        ("abc", "/b", "x", "abc"),
        ("x", "/x/", "$name", ""),
        ("x", "/x/", "a$$b", "a$b"),
        ("\u{e9}t\u{e9}", "/t/", "T", "\u{e9}T\u{e9}"),
        ("aXbXc", "/X.*X/", "-", "a-c"),
        ("aXbXc", "/X.*?X/", "-", "a-c"),
        ("hello", "/(?i)L/", "_", "he__o"),
        ("", "/^$/", "empty", "empty"),
        ("abc", "//", "-", "-a-b-c-"),
    ] {
        check_text("replace", &[string, wanted, by], expect);
    }
}

#[test]
fn says_what_is_wrong() {
    for (pattern, expect) in [
        ("[", "invalid regexp pattern: missing closing ] in ["),
        (")", "invalid regexp pattern: unexpected ) in )"),
        ("*", "invalid regexp pattern: missing argument to repetition operator in *"),
        ("(?=x)", "invalid regexp pattern: invalid or unsupported Perl syntax in (?="),
        ("(?!x)", "invalid regexp pattern: invalid or unsupported Perl syntax in (?!"),
        ("(?<=x)y", "invalid regexp pattern: invalid named capture in (?<=x)y"),
        ("(a)\\1", "invalid regexp pattern: invalid escape sequence in \\1"),
        ("\\d++", "invalid regexp pattern: invalid nested repetition operator in ++"),
        ("\\C", "invalid regexp pattern: invalid escape sequence in \\C"),
        ("[z-a]", "invalid regexp pattern: invalid character class range in z-a"),
        ("a**", "invalid regexp pattern: invalid nested repetition operator in **"),
        ("a{1001}", "invalid regexp pattern: invalid repeat count in {1001}"),
        ("\\", "invalid regexp pattern: trailing backslash at end of expression in "),
        ("(?x)a", "invalid regexp pattern: invalid or unsupported Perl syntax in (?x"),
        ("a{2}{3}", "invalid regexp pattern: invalid nested repetition operator in {2}{3}"),
        ("(?P<n", "invalid regexp pattern: invalid named capture in (?P<n"),
        ("[[:foo:]]", "invalid regexp pattern: invalid character class range in [:foo:]"),
        ("\\p{Foo}", "invalid regexp pattern: invalid character class range in \\p{Foo}"),
        ("a|*", "invalid regexp pattern: missing argument to repetition operator in *"),
    ] {
        check_error("regex", &[pattern.into(), "x".into()], expect);
    }
    check_error(
        "regex",
        &["[a-z]+".into(), "ABC".into()],
        "pattern did not match any part of the given string",
    );
    check_error(
        "replace",
        &["abc".into(), "/(/".into(), "x".into()],
        "error parsing regexp: missing closing ): `(`",
    );
}

#[test]
fn go_only_syntax() {
    check_text("regex", &["\\Qa.b\\E", "xa.b"], "a.b");
    check_text("regex", &["[a[b&&]+", "za[b&"], "a[b&");
    check_text("regex", &["\\w+", "\u{e9}abc"], "abc");
    check_text("regex", &["\\<b\\>", "a<b>"], "<b>");
}

#[test]
fn unknown_string_has_the_type_of_the_pattern() {
    let result = call_named("regex", &["(a)".into(), Value::unknown(Type::String)]);
    let Ok(Value::Unknown(unknown)) = result else { panic!("unknown") };
    assert_eq!(unknown.ty(), &Type::tuple([Type::String]));
}

#[test]
fn a_sensitive_pattern_stays_secret() {
    let secret = Value::from("hunter2(").with_marks(kprov_core::Marks::SENSITIVE);
    check_error(
        "regex",
        &[secret, "x".into()],
        "invalid regexp pattern: missing closing ) in (sensitive value)",
    );
}
