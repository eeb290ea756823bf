//! Cases recorded from Terraform 1.11.4, unless a comment says otherwise.

use kprov_core::{Type, Value};

use crate::functions::testing::{call_named, check_error, check_text};

#[test]
fn one_string() {
    for (name, input, expect) in [
        ("chomp", "tea\n\n\n", "tea"),
        ("chomp", "tea\r\n\r\n", "tea"),
        ("chomp", "tea\n\r", "tea"),
        ("chomp", "a\nb", "a\nb"),
        ("upper", "stra\u{df}e \u{e9}", "STRA\u{df}E \u{c9}"),
        ("upper", "\u{1fb3}", "\u{1fbc}"),
        ("lower", "\u{130}\u{c9}X", "i\u{e9}x"),
        ("title", "hello wORLD foo-bar a_b", "Hello WORLD Foo-Bar A_b"),
        ("title", "\u{1c6}ar", "\u{1c5}ar"),
        ("strrev", "ae\u{301}b\u{1f44d}\u{1f3fd}", "\u{1f44d}\u{1f3fd}b\u{e9}a"),
        ("trimspace", "\t\u{a0} x y \u{2003}\n", "x y"),
    ] {
        check_text(name, &[input], expect);
    }
}

#[test]
fn two_strings() {
    for (name, first, second, expect) in [
        ("trim", "?!hello?!", "!?", "hello"),
        ("trim", "aaa", "a", ""),
        ("trim", "abc", "", "abc"),
        ("trimprefix", "helloworld", "hello", "world"),
        ("trimprefix", "hellohello", "hello", "hello"),
        ("trimsuffix", "helloworld", "world", "hello"),
        ("trimsuffix", "abc", "x", "abc"),
    ] {
        check_text(name, &[first, second], expect);
    }
    for (name, first, second, expect) in [
        ("endswith", "riverbank", "bank", true),
        ("endswith", "", "x", false),
        ("endswith", "cafe\u{301}", "\u{e9}", true),
        ("startswith", "\u{e9}clair", "e\u{301}", true),
        ("strcontains", "haystack needle", "Needle", false),
        ("strcontains", "haystack", "", true),
    ] {
        let result = call_named(name, &[first.into(), second.into()]);
        assert_eq!(result, Ok(Value::Bool(expect)), "{name} {first:?} {second:?}");
    }
}

#[test]
fn substr_counts_characters() {
    for (str, offset, length, expect) in [
        ("hello world", 1, 4, "ello"),
        ("hello", 0, -1, "hello"),
        ("hello", -3, 2, "ll"),
        ("hello", -3, 0, "llo"),
        ("hello", 2, 0, ""),
        ("hello", -9, 2, "he"),
        ("hello", 9, 2, ""),
        ("hello", 5, -1, ""),
        ("", 0, 3, ""),
        ("\u{1f44d}\u{1f3fd}e\u{301}x", 1, 1, "\u{e9}"),
    ] {
        let result = call_named("substr", &[str.into(), Value::int(offset), Value::int(length)]);
        assert_eq!(result, Ok(Value::from(expect)), "{str:?} {offset} {length}");
    }
}

#[test]
fn split_and_join() {
    let strings = |items: &[&str]| {
        Value::list(Type::String, items.iter().map(|item| Value::from(*item)).collect())
    };
    for (separator, str, expect) in [
        (",", "a,b,c", &["a", "b", "c"][..]),
        (",", "", &[""]),
        ("", "", &[]),
        ("", "a\u{1f44d}", &["a", "\u{1f44d}"]),
        ("aa", "baaab", &["b", "ab"]),
    ] {
        assert_eq!(call_named("split", &[separator.into(), str.into()]), Ok(strings(expect)));
    }
    let joined = call_named("join", &[",".into(), strings(&["a", "b"]), strings(&["c"])]);
    assert_eq!(joined, Ok(Value::from("a,b,c")));
    // What joins to a composed character is composed.
    let joined = call_named("join", &["".into(), strings(&["e", "\u{301}"])]);
    assert_eq!(joined, Ok(Value::from("\u{e9}")));
    let with_null = Value::list(Type::String, vec!["a".into(), Value::Null(Type::String)]);
    check_error(
        "join",
        &[",".into(), with_null],
        "element 1 is null; cannot concatenate null values",
    );
    check_error("join", &[",".into()], "at least one list is required");
    let half_known = Value::list(Type::String, vec!["a".into(), Value::unknown(Type::String)]);
    let joined = call_named("join", &[",".into(), half_known]);
    assert!(matches!(joined, Ok(Value::Unknown(unknown)) if unknown.refinements().not_null));
}

#[test]
fn indents_all_but_the_first_line() {
    let result = call_named("indent", &[Value::int(2), "a\nb\n\nc".into()]);
    assert_eq!(result, Ok(Value::from("a\n  b\n  \n  c")));
    assert!(call_named("indent", &[Value::int(-1), "x".into()]).is_err());
    assert!(call_named("indent", &[Value::int(i64::MAX), "x\ny".into()]).is_err());
}
