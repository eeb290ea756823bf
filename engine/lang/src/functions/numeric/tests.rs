//! Numbers, as Terraform 1.11.4 answers (recorded).

use kprov_core::Value;

use crate::functions::checks::{fails, gives, number, text};

#[test]
fn one_number() {
    for (name, given, expect) in [
        ("abs", "-3.5", "3.5"),
        ("ceil", "5.1", "6"),
        ("ceil", "-5.1", "-5"),
        ("ceil", "-0.5", "0"),
        ("ceil", "123456789012345678901234567890.5", "123456789012345678901234567891"),
        ("floor", "-0.5", "-1"),
        ("floor", "1e30", "1000000000000000000000000000000"),
        ("signum", "-5", "-1"),
        ("signum", "0", "0"),
    ] {
        gives(name, &[number(given)], number(expect));
    }
    let whole = "value must be a whole number, between -9223372036854775808 and \
                 9223372036854775807";
    fails("signum", &[number("0.25")], None, whole);
    fails("abs", &[text("x")], Some(0), "a number is required");
}

#[test]
fn logarithms_and_powers() {
    for (name, a, b, expect) in [
        ("log", "8", "2", "3"),
        ("log", "50", "10", "1.6989700043360185"),
        ("log", "1000", "10", "2.9999999999999996"),
        ("pow", "2", "10", "1024"),
        ("pow", "-2", "3", "-8"),
        ("pow", "10", "-2", "0.01"),
        ("pow", "2", "0.5", "1.4142135623730951"),
    ] {
        let result = super::super::checks::call(name, &[number(a), number(b)]);
        let shown = result.ok().and_then(|value| value.as_number().map(ToString::to_string));
        assert_eq!(shown.as_deref(), Some(expect), "{name}({a}, {b})");
    }
    fails("log", &[number("-1"), number("10")], None, "the result is not a real number");
    fails("pow", &[number("-1"), number("0.5")], None, "the result is not a real number");
}

#[test]
fn extremes() {
    let numbers =
        |texts: &[&str]| -> Vec<Value> { texts.iter().map(|text| number(text)).collect() };
    gives("max", &numbers(&["1.5", "2.5", "2"]), number("2.5"));
    gives("min", &numbers(&["0.1", "0.10000000000000000000000000000001"]), number("0.1"));
    fails("min", &[], None, "must pass at least one number");
    fails("max", &[Value::NULL, number("1")], Some(0), "argument must not be null");
}

#[test]
fn parsed_integers() {
    let parse = |given: &str, base: &str, expect: &str| {
        gives("parseint", &[text(given), number(base)], number(expect));
    };
    parse("FF", "16", "255");
    parse("-ff", "16", "-255");
    parse("+10", "10", "10");
    parse("Zz9", "62", "236663");
    parse("ffffffffffffffffffffffffffffffff", "16", "340282366920938463463374607431768211455");
    let refused = |given: Value, base: &str, argument: usize, expect: &str| {
        fails("parseint", &[given, number(base)], Some(argument), expect);
    };
    refused(text("12"), "2", 0, "cannot parse \"12\" as a base 2 integer");
    refused(text(""), "10", 0, "cannot parse \"\" as a base 10 integer");
    refused(text("1_0"), "10", 0, "cannot parse \"1_0\" as a base 10 integer");
    refused(number("10"), "10", 0, "first argument must be a string, not number");
    refused(text("10"), "63", 1, "base must be a whole number between 2 and 62 inclusive");
}
