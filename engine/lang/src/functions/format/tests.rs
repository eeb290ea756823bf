//! Cases recorded from Terraform 1.11.4.

use kprov_core::{Marks, Refinements, Type, Value};

use crate::functions::testing::call_named;

type Row = (Vec<Value>, Result<&'static str, &'static str>);

type ListRow = (Vec<Value>, Result<&'static [&'static str], &'static str>);

fn number(text: &str) -> Value {
    Value::Number(text.parse().expect("a number"))
}

#[track_caller]
fn check(rows: Vec<Row>) {
    for (arguments, expect) in rows {
        let result = call_named("format", &arguments).map_err(|error| error.message);
        let expect = expect.map(Value::from).map_err(str::to_owned);
        assert_eq!(result, expect, "{arguments:?}");
    }
}

#[test]
fn formats_1() {
    check(vec![
        (vec![Value::from("plain")], Ok("plain")),
        (vec![Value::from("")], Ok("")),
        (vec![Value::from("%s"), Value::from("x")], Ok("x")),
        (
            vec![Value::from("%s")],
            Err("not enough arguments for \"%s\" at 0: need index 1 but have 0 total"),
        ),
        (
            vec![Value::from("%s"), Value::from("x"), Value::from("y")],
            Err("too many arguments; only 1 used by format string"),
        ),
        (
            vec![Value::from("%s %s"), Value::from("x")],
            Err("not enough arguments for \"%s\" at 3: need index 2 but have 1 total"),
        ),
        (vec![Value::from("100%%")], Ok("100%")),
        (vec![Value::from("%")], Err("invalid format string starting at offset 1")),
        (
            vec![Value::from("%z"), number("1")],
            Err("unsupported format verb 'z' in \"%z\" at offset 0"),
        ),
        (vec![Value::from("50% off"), number("1")], Ok("50 1ff")),
        (vec![Value::from("%s"), number("5")], Ok("5")),
        (vec![Value::from("%s"), Value::Bool(true)], Ok("true")),
        (
            vec![Value::from("%s"), Value::object::<&str>([])],
            Err("unsupported value for \"%s\" at 0: string required"),
        ),
        (
            vec![Value::from("%s"), Value::tuple([Value::from("a")])],
            Err("unsupported value for \"%s\" at 0: string required"),
        ),
        (vec![Value::from("%10s|"), Value::from("abc")], Ok("       abc|")),
        (vec![Value::from("%2s|"), Value::from("abcdef")], Ok("abcdef|")),
        (vec![Value::from("%.2s|"), Value::from("abcdef")], Ok("ab|")),
        (vec![Value::from("%10.2s|"), Value::from("abcdef")], Ok("        ab|")),
        (vec![Value::from("%-10.2s|"), Value::from("abcdef")], Ok("ab        |")),
        (vec![Value::from("%5s|"), Value::from("\u{e9}")], Ok("    \u{e9}|")),
        (vec![Value::from("%3s|"), Value::from("\u{1f44d}")], Ok("  \u{1f44d}|")),
        (vec![Value::from("%.1s"), Value::from("e\u{301}x")], Ok("\u{e9}")),
        (
            vec![Value::from("%q"), Value::from("uni \u{e9} \u{1f44d}")],
            Ok("\"uni \u{e9} \u{1f44d}\""),
        ),
        (vec![Value::from("%q"), Value::from("")], Ok("\"\"")),
        (vec![Value::from("%q"), number("5")], Ok("\"5\"")),
        (vec![Value::from("%-10q|"), Value::from("ab")], Ok("\"ab\"      |")),
        (vec![Value::from("%d"), number("5")], Ok("5")),
        (vec![Value::from("%d"), number("5.0")], Ok("5")),
        (
            vec![Value::from("%d"), number("5.5")],
            Err("unsupported value for \"%d\" at 0: an integer is required"),
        ),
        (
            vec![Value::from("%d"), Value::from("abc")],
            Err("unsupported value for \"%d\" at 0: a number is required"),
        ),
        (
            vec![Value::from("%d"), Value::tuple([])],
            Err("unsupported value for \"%d\" at 0: number required"),
        ),
        (vec![Value::from("%5d|"), number("42")], Ok("   42|")),
    ]);
}

#[test]
fn formats_2() {
    check(vec![
        (vec![Value::from("%05d|"), number("42")], Ok("00042|")),
        (vec![Value::from("%05d|"), number("-42")], Ok("-0042|")),
        (vec![Value::from("%+d"), number("-42")], Ok("-42")),
        (vec![Value::from("% d"), number("42")], Ok(" 42")),
        (vec![Value::from("%+5d|"), number("42")], Ok("  +42|")),
        (vec![Value::from("%-05d|"), number("42")], Ok("42   |")),
        (
            vec![Value::from("%,d"), number("42")],
            Err("unrecognized format character ',' at offset 1"),
        ),
        (vec![Value::from("%.3d"), number("42")], Ok("042")),
        (vec![Value::from("%8.3d|"), number("42")], Ok("     042|")),
        (vec![Value::from("%08b"), number("10")], Ok("00001010")),
        (vec![Value::from("%#b"), number("10")], Ok("0b1010")),
        (vec![Value::from("%o"), number("64")], Ok("100")),
        (vec![Value::from("%#o"), number("64")], Ok("0100")),
        (
            vec![Value::from("%O"), number("64")],
            Err("unsupported format verb 'O' in \"%O\" at offset 0"),
        ),
        (vec![Value::from("%#x"), number("255")], Ok("0xff")),
        (vec![Value::from("%x"), number("-255")], Ok("-ff")),
        (
            vec![Value::from("%X"), Value::from("hello")],
            Err("unsupported value for \"%X\" at 0: a number is required"),
        ),
        (
            vec![Value::from("% x"), Value::from("hello")],
            Err("unsupported value for \"% x\" at 0: a number is required"),
        ),
        (
            vec![Value::from("%x"), number("1.5")],
            Err("unsupported value for \"%x\" at 0: an integer is required"),
        ),
        (
            vec![Value::from("%x"), Value::tuple([number("1")])],
            Err("unsupported value for \"%x\" at 0: number required"),
        ),
        (
            vec![Value::from("%c"), number("65")],
            Err("unsupported format verb 'c' in \"%c\" at offset 0"),
        ),
        (
            vec![Value::from("%U"), number("65")],
            Err("unsupported format verb 'U' in \"%U\" at offset 0"),
        ),
        (
            vec![Value::from("%T"), Value::from("x")],
            Err("unsupported format verb 'T' in \"%T\" at offset 0"),
        ),
        (vec![Value::from("%e"), number("12345.678")], Ok("1.234568e+04")),
        (vec![Value::from("%E"), number("12345.678")], Ok("1.234568E+04")),
        (vec![Value::from("%e"), number("0")], Ok("0.000000e+00")),
        (vec![Value::from("%f"), number("1.5")], Ok("1.500000")),
        (vec![Value::from("%f"), Value::from("2.25")], Ok("2.250000")),
        (
            vec![Value::from("%F"), number("2.25")],
            Err("unsupported format verb 'F' in \"%F\" at offset 0"),
        ),
        (vec![Value::from("%.0f"), number("2.5")], Ok("2")),
        (vec![Value::from("%.0f"), number("0.5")], Ok("0")),
        (vec![Value::from("%.1f"), number("0.35")], Ok("0.3")),
    ]);
}

#[test]
fn formats_3() {
    check(vec![
        (vec![Value::from("%.2f"), number("1.005")], Ok("1.00")),
        (vec![Value::from("%-8.2f|"), number("3.14159")], Ok("3.14    |")),
        (vec![Value::from("%08.2f|"), number("3.14159")], Ok("00003.14|")),
        (vec![Value::from("%08.2f|"), number("-3.14159")], Ok("-0003.14|")),
        (vec![Value::from("%+.2f"), number("3.14159")], Ok("+3.14")),
        (vec![Value::from("% .2f"), number("3.14159")], Ok(" 3.14")),
        (
            vec![Value::from("%f"), Value::from("x")],
            Err("unsupported value for \"%f\" at 0: a number is required"),
        ),
        (vec![Value::from("%g"), number("100000")], Ok("100000")),
        (vec![Value::from("%g"), number("1000000")], Ok("1e+06")),
        (vec![Value::from("%g"), number("12345678")], Ok("1.2345678e+07")),
        (vec![Value::from("%g"), number("1e21")], Ok("1e+21")),
        (vec![Value::from("%g"), number("1e-4")], Ok("0.0001")),
        (vec![Value::from("%G"), number("1e-10")], Ok("1E-10")),
        (vec![Value::from("%.3g"), number("12345.678")], Ok("1.23e+04")),
        (vec![Value::from("%t"), Value::from("true")], Ok("true")),
        (
            vec![Value::from("%t"), number("1")],
            Err("unsupported value for \"%t\" at 0: bool required"),
        ),
        (vec![Value::from("%6t|"), Value::Bool(true)], Ok("true|")),
        (vec![Value::from("%v"), Value::from("x")], Ok("x")),
        (vec![Value::from("%v"), number("5")], Ok("5")),
        (vec![Value::from("%v"), number("5.25")], Ok("5.25")),
        (
            vec![
                Value::from("%v"),
                Value::tuple([Value::from("a"), number("1"), Value::Bool(true)]),
            ],
            Ok("[\"a\",1,true]"),
        ),
        (vec![Value::from("%v"), Value::object::<&str>([])], Ok("{}")),
        (
            vec![
                Value::from("%v"),
                Value::tuple([
                    Value::tuple([number("1")]),
                    Value::tuple([number("2"), Value::object([("a", Value::from("<b>"))])]),
                ]),
            ],
            Ok("[[1],[2,{\"a\":\"\\u003cb\\u003e\"}]]"),
        ),
        (vec![Value::from("%#v"), Value::from("x")], Ok("\"x\"")),
        (vec![Value::from("%#v"), number("5")], Ok("5")),
        (vec![Value::from("%#v"), Value::Bool(true)], Ok("true")),
        (vec![Value::from("%#v"), Value::tuple([Value::from("a"), number("1")])], Ok("[\"a\",1]")),
        (
            vec![
                Value::from("%#v"),
                Value::object([
                    ("b", number("1")),
                    ("a", Value::tuple([Value::Bool(true), Value::NULL])),
                ]),
            ],
            Ok("{\"a\":[true,null],\"b\":1}"),
        ),
        (vec![Value::from("%10v|"), Value::from("ab")], Ok("        ab|")),
        (vec![Value::from("%-10v|"), Value::from("ab")], Ok("ab        |")),
        (vec![Value::from("%10v|"), number("5")], Ok("         5|")),
        (vec![Value::from("%10v|"), Value::Bool(true)], Ok("      true|")),
    ]);
}

#[test]
fn formats_4() {
    check(vec![
        (vec![Value::from("%10v|"), Value::tuple([number("1")])], Ok("       [1]|")),
        (vec![Value::from("%-10v|"), Value::tuple([number("1")])], Ok("[1]       |")),
        (vec![Value::from("%.1v|"), Value::from("abc")], Ok("abc|")),
        (vec![Value::from("%[2]s %[1]s"), Value::from("x"), Value::from("y")], Ok("y x")),
        (vec![Value::from("%[2]s"), Value::from("x"), Value::from("y")], Ok("y")),
        (
            vec![Value::from("%[2]s %s"), Value::from("x"), Value::from("y")],
            Err("not enough arguments for \"%s\" at 6: need index 3 but have 2 total"),
        ),
        (vec![Value::from("%[1]s %s"), Value::from("x"), Value::from("y")], Ok("x y")),
        (
            vec![Value::from("%[1]"), Value::from("x")],
            Err("invalid format string starting at offset 4"),
        ),
        (
            vec![Value::from("%[x]s"), Value::from("x")],
            Err("unrecognized format character 'x' at offset 2"),
        ),
        (vec![Value::from("%10[1]s|"), Value::from("x")], Ok("         x|")),
        (
            vec![Value::from("%[1]*d"), number("5"), number("42")],
            Err("unrecognized format character '*' at offset 4"),
        ),
        (
            vec![
                Value::from("%s is %d years and %.1f%% done, %t"),
                Value::from("Ann"),
                number("30"),
                number("99.5"),
                Value::Bool(true),
            ],
            Ok("Ann is 30 years and 99.5% done, true"),
        ),
        (vec![Value::from("%s"), number("0.1")], Ok("0.1")),
        (vec![Value::from("%s"), number("-0")], Ok("-0")),
        (vec![Value::from("%d"), number("-0")], Ok("0")),
        (vec![Value::from("%d"), number("1e10")], Ok("10000000000")),
        (vec![Value::from("%d"), number("1e20")], Ok("100000000000000000000")),
        (
            vec![Value::from("%\u{e9}"), number("1")],
            Err("unrecognized format character '\u{e9}' at offset 1"),
        ),
        (vec![Value::from("\u{e9}%s"), Value::from("\u{e9}")], Ok("\u{e9}\u{e9}")),
        (
            vec![Value::from("%"), Value::from("a")],
            Err("invalid format string starting at offset 1"),
        ),
        (vec![Value::from("% %")], Err("unrecognized format character '%' at offset 2")),
        (
            vec![Value::from("%s%s%s"), Value::from("a"), Value::from("b"), Value::from("c")],
            Ok("abc"),
        ),
        (vec![number("5")], Ok("5")),
        (vec![Value::Bool(true)], Ok("true")),
    ]);
}

#[test]
fn lists() {
    let rows: Vec<ListRow> = vec![
        (vec![Value::from("%s"), Value::from("a")], Ok(&["a"])),
        (
            vec![Value::from("%s-%s"), Value::tuple([]), Value::tuple([Value::from("a")])],
            Err("argument 2 has length 1, which is inconsistent with argument 1 of length 0"),
        ),
        (
            vec![Value::from("%d"), Value::tuple([number("1"), number("2"), number("3")])],
            Ok(&["1", "2", "3"]),
        ),
        (
            vec![
                Value::from("%v"),
                Value::tuple([Value::tuple([Value::from("a")]), Value::tuple([Value::from("b")])]),
            ],
            Ok(&["[\"a\"]", "[\"b\"]"]),
        ),
        (
            vec![Value::from("%s"), Value::object([("a", number("1"))])],
            Err("error on format iteration 0: unsupported value for \"%s\" at 0: string required"),
        ),
        (vec![Value::from("%v"), Value::object([("a", number("1"))])], Ok(&["{\"a\":1}"])),
        (vec![Value::from("fixed"), Value::tuple([])], Ok(&[])),
        (
            vec![Value::from("%s")],
            Err("not enough arguments for \"%s\" at 0: need index 1 but have 0 total"),
        ),
        (
            vec![Value::from("%[1]s-%[1]s"), Value::tuple([Value::from("a"), Value::from("b")])],
            Ok(&["a-a", "b-b"]),
        ),
        (
            vec![Value::from("%q"), Value::tuple([Value::from("a\"b"), Value::from("c")])],
            Ok(&["\"a\\\"b\"", "\"c\""]),
        ),
        (
            vec![
                Value::from("%s:%d"),
                Value::tuple([Value::from("a"), Value::from("b")]),
                number("80"),
            ],
            Ok(&["a:80", "b:80"]),
        ),
        (
            vec![Value::from("%s"), Value::tuple([Value::tuple([])])],
            Err("error on format iteration 0: unsupported value for \"%s\" at 0: string required"),
        ),
        (
            vec![Value::from("%s%%"), Value::tuple([number("10"), number("20")])],
            Ok(&["10%", "20%"]),
        ),
        (
            vec![
                Value::from("Hello, %s!"),
                Value::tuple([Value::from("Zo\u{eb}"), Value::from("Jos\u{e9}")]),
            ],
            Ok(&["Hello, Zo\u{eb}!", "Hello, Jos\u{e9}!"]),
        ),
        (
            vec![
                Value::from("%-4s|%4s"),
                Value::tuple([Value::from("a"), Value::from("b")]),
                Value::from("z"),
            ],
            Ok(&["a   |   z", "b   |   z"]),
        ),
    ];
    check_lists(rows);
}

fn check_lists(rows: Vec<ListRow>) {
    for (arguments, expect) in rows {
        let result = call_named("formatlist", &arguments).map_err(|error| error.message);
        let list = |items: &[&str]| {
            Value::list(Type::String, items.iter().map(|item| Value::from(*item)).collect())
        };
        assert_eq!(result, expect.map(list).map_err(str::to_owned), "{arguments:?}");
    }
}

#[test]
fn what_is_not_known_yet() {
    let unknown = || Value::unknown(Type::String);
    let known = |prefix: &str| {
        let prefix = Some(prefix.into());
        Value::refined(
            Type::String,
            Refinements { not_null: true, prefix, ..Refinements::default() },
        )
    };
    let result = call_named("format", &["arn:aws:%s".into(), unknown()]);
    assert_eq!(result, Ok(known("arn:aws:")));
    assert_eq!(call_named("format", &["ab%s".into(), unknown()]), Ok(known("a")));
    let untyped = call_named("format", &["%s".into(), Value::NULL]);
    assert_eq!(untyped, Ok(Value::unknown(Type::Dynamic)));
    let list = call_named("formatlist", &["%s".into(), Value::tuple([unknown(), "a".into()])]);
    let some = Value::refined(Type::String, Refinements::not_null());
    assert_eq!(list, Ok(Value::list(Type::String, vec![some, "a".into()])));
    let secret = Value::from("s").with_marks(Marks::SENSITIVE);
    let result = call_named("format", &["%s".into(), secret]);
    assert_eq!(result, Ok(Value::from("s").with_marks(Marks::SENSITIVE)));
}
