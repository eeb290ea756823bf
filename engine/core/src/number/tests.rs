//! Tests of numbers; the expected texts were recorded from Terraform 1.11.

use proptest::prelude::*;

use super::*;

fn number(text: &str) -> Number {
    text.parse().unwrap_or_else(|_| panic!("{text} is a number"))
}

/// `a op b` as Terraform prints it.
fn check(a: &str, op: &str, b: &str, expect: &str) {
    let (left, right) = (number(a), number(b));
    let result = match op {
        "+" => left.add(&right),
        "-" => left.sub(&right),
        "*" => left.mul(&right),
        "/" => left.div(&right),
        "%" => left.rem(&right),
        "pow" => left.pow(&right),
        "log" => left.log(&right),
        _ => panic!("no operator {op}"),
    };
    let text = result.map_or_else(|error| error.to_string(), |number| number.to_string());
    assert_eq!(text, expect, "{a} {op} {b}");
}

#[test]
fn arithmetic_as_recorded() {
    let third = format!("0.{}5", "3".repeat(154));
    check("0.1", "+", "0.2", "0.3");
    check("1.1", "+", "2.2", &format!("3.3{}2", "0".repeat(152)));
    check("1", "/", "3", &third);
    check("-1", "/", "3", &format!("-{third}"));
    check("2", "/", "3", &format!("0.{}7", "6".repeat(153)));
    check("10", "/", "3", &format!("3.{}2", "3".repeat(153)));
    check("1.15", "+", "2.30", &format!("3.44{}8", "9".repeat(151)));
    check("0.1", "*", "0.1", &format!("0.01{}1", "0".repeat(153)));
    check("9223372036854775807", "+", "1", "9223372036854775808");
    check("-9223372036854775807", "-", "9", "-9223372036854775816");
    check("9223372036854775807", "*", "3", "27670116110564327421");
    check(
        "99999999999999999999",
        "*",
        "99999999999999999999",
        "9999999999999999999800000000000000000001",
    );
    check("123456789012345678901234567890", "/", "7", "17636684144620811271604938270");
    check("100000000000000000000", "*", "1.5", "150000000000000000000");
    check("1e20", "+", "1e-20", "100000000000000000000.00000000000000000001");
    check("1", "+", "1e-155", "1");
    check("4.35", "*", "100", "435");
    check("100", "*", "1.1", "110");
}

#[test]
fn zeros_and_infinities() {
    check("1", "/", "0", "+Inf");
    check("5", "/", "-0", "-Inf");
    check("0", "/", "0", "can't divide zero by zero or infinity by infinity");
    check("0", "*", "-1", "-0");
    check("-0", "+", "-0", "-0");
    check("-0", "-", "0", "-0");
    check("1", "-", "1", "0");
    check("-1", "+", "1", "0");
    check("1e999999999", "*", "0", "can't multiply zero by infinity");
    check("1e999999999", "-", "1e999999999", "can't subtract infinity from itself");
    check("-5", "/", "1e999999999", "-0");
    check("5", "/", "1e999999999", "0");
    check("5", "%", "1e999999999", "can't use modulo with zero and infinity");
    assert_eq!(number("0"), number("-0"));
    assert_eq!(number("-9223372036854775808").neg().to_string(), "9223372036854775808");
    assert_eq!(number("9223372036854775808").neg().to_i64(), Some(i64::MIN));
}

#[test]
fn remainders_as_recorded() {
    check("1", "%", "0", "1");
    check("1.5", "%", "0", "1.5");
    check("-5", "%", "3", "-2");
    check("5", "%", "-3", "2");
    check("-7", "%", "-3", "-1");
    check("5.5", "%", "2", "1.5");
    check("-5.5", "%", "2", "-1.5");
    check("-5", "%", "5", "0");
    check("1.5", "%", "0.5", "0");
    check("-7", "%", "2.5", "-2");
    check("1e30", "%", "7", "1");
    check("1e200", "%", "3", "0");
    check("123456789012345678901234567890", "%", "97", "52");
    check("-0.7", "%", "0.2", &format!("-0.0{}55", "9".repeat(153)));
    check("0.1", "%", "1e30", "0.1");
}

#[test]
fn powers_and_logarithms_go_through_f64() {
    check("2", "pow", "0.5", "1.4142135623730951");
    check("0.1", "pow", "3", "0.0010000000000000002");
    check("10", "pow", "50", "100000000000000000000000000000000000000000000000000");
    check("1.5", "pow", "30", "191751.0592328841");
    check("123456789012", "pow", "2", "15241578753153485000000");
    check("10", "pow", "22", "10000000000000000000000");
    check("10", "pow", "23", "100000000000000000000000");
    check("10", "pow", "309", "+Inf");
    check("0", "pow", "-1", "+Inf");
    check("-2", "pow", "3", "-8");
    check("-1", "pow", "0.5", "the result is not a number");
    check("50", "log", "10", "1.6989700043360185");
    check("1000", "log", "10", "2.9999999999999996");
    check("8", "log", "2", "3");
    check("0.5", "log", "2", "-1");
    check("2", "log", "10", "0.30102999566398114");
    check("1e50", "log", "10", "50");
    check("0", "log", "10", "-Inf");
    check("10", "log", "0", "-0");
    check("-1", "log", "10", "the result is not a number");
    let root = number("2").pow(&number("0.5")).expect("a number");
    assert_eq!(root, number("1.4142135623730951"), "what prints alike is equal");
    assert_eq!(
        root.mul(&number("1")).expect("finite").to_string(),
        "1.4142135623730951454746218587388284504413604736328125"
    );
    assert_eq!(root.add(&root).expect("finite").to_string(), "2.8284271247461903");
    assert_eq!(root.mul(&root).expect("finite").to_string(), "2.00000000000000027343234630647693");
}

#[test]
fn rounding_to_whole() {
    let check = |text: &str, floor: &str, ceil: &str| {
        assert_eq!(number(text).floor().to_string(), floor, "floor {text}");
        assert_eq!(number(text).ceil().to_string(), ceil, "ceil {text}");
    };
    check("5.1", "5", "6");
    check("-5.1", "-6", "-5");
    check("-0.5", "-1", "0");
    check("-0", "0", "0");
    check(
        "123456789012345678901234567890.5",
        "123456789012345678901234567890",
        "123456789012345678901234567891",
    );
    check("-1e-30", "-1", "0");
    check("1e999999999", "+Inf", "+Inf");
}

#[test]
fn text_that_is_a_number() {
    let check = |text: &str, expect: &str| assert_eq!(number(text).to_string(), expect, "{text}");
    check("1.50", "1.5");
    check("-0", "-0");
    check("-0.0", "-0");
    check("017", "17");
    check("+5", "5");
    check("1.", "1");
    check(".5", "0.5");
    check("-.5e-3", "-0.0005");
    check("1E+5", "100000");
    check("1e999999999", "+Inf");
    check("-1e99999999999999999999", "-Inf");
    check("1e-999999999", "0");
    check("0e99999999999999999999", "0");
    check("18446744073709551616", "18446744073709551616");
    check(
        "3.14159265358979323846264338327950288419716939937510582097494459",
        "3.14159265358979323846264338327950288419716939937510582097494459",
    );
    check("1e400", &format!("1{}", "0".repeat(400)));
    check("1e-400", &format!("0.{}1", "0".repeat(399)));
    check("1.7976931348623157e308", &format!("17976931348623157{}", "0".repeat(292)));
    check("1.23e-5", "0.0000123");
    for text in [
        "", "-", "+", ".", "e5", "1e", "1e+", "0x10", "inf", "NaN", "1_000", " 1", "1 ", "--1",
        "1.2.3", "0b1", "１２", "1e5.", "1p",
    ] {
        assert!(text.parse::<Number>().is_err(), "{text:?} is not a number");
    }
}

#[test]
fn strings_that_convert_to_numbers() {
    let check = |text: &str, expect: Option<&str>| {
        let result = Number::from_string_value(text).ok().map(|number| number.to_string());
        assert_eq!(result.as_deref(), expect, "{text}");
    };
    check("1.5", Some("1.5"));
    check("inf", Some("+Inf"));
    check("-Inf", Some("-Inf"));
    check("+inf", Some("+Inf"));
    check("5p3", Some("40"));
    check("5p-1", Some("2.5"));
    check("1.5p1", Some("3"));
    check("1p99999999999", Some("+Inf"));
    check("1p-99999999999", Some("0"));
    for text in ["iNf", "infinity", "NaN", "1p", "p3", "5e3p2", "0x10", ""] {
        check(text, None);
    }
}

#[test]
fn equal_numbers_hash_alike() {
    let hash = |number: &Number| {
        let mut state = std::hash::DefaultHasher::new();
        number.hash(&mut state);
        std::hash::Hasher::finish(&state)
    };
    let tenth = Number::from_f64(0.1).expect("not NaN");
    let large = Number::from_f64(4e18).expect("not NaN");
    for (a, b) in [("0", number("-0")), ("0.1", tenth), ("4000000000000000000", large)] {
        assert_eq!(number(a), b);
        assert_eq!(hash(&number(a)), hash(&b), "{a}");
    }
}

#[test]
fn other_bases() {
    let check = |text: &str, base: u32, expect: Option<&str>| {
        let result = Number::parse_base(text, base).ok().map(|number| number.to_string());
        assert_eq!(result.as_deref(), expect, "{text} base {base}");
    };
    check("FF", 16, Some("255"));
    check("1011", 2, Some("11"));
    check("+10", 10, Some("10"));
    check("-ff", 16, Some("-255"));
    check("-0", 10, Some("0"));
    check("Zz9", 62, Some("236663"));
    check("Aa", 37, Some("1342"));
    check("Aa", 36, Some("370"));
    check("zzzzzzzzzzzzzzzzzzzzzzzz", 36, Some("22452257707354557240087211123792674815"));
    check("-ffffffffffffffffffff", 16, Some("-1208925819614629174706175"));
    for (text, base) in [
        ("12", 2),
        ("", 10),
        ("1.5", 10),
        ("1e3", 10),
        ("1_0", 10),
        ("+", 10),
        ("+-1", 10),
        ("10", 1),
        ("10", 63),
        ("é", 36),
        ("Z", 37),
    ] {
        check(text, base, None);
    }
    assert_eq!(number("-255").to_radix(16).as_deref(), Some("-ff"));
    assert_eq!(number("9223372036854775808").to_radix(2), Some(format!("1{}", "0".repeat(63))));
    assert_eq!(number("1.5").to_radix(10), None);
}

#[test]
fn formats_as_recorded() {
    let fixed = |text: &str, places: usize, expect: &str| {
        assert_eq!(number(text).to_fixed(places), expect, "%.{places}f of {text}");
    };
    fixed("2.5", 0, "2");
    fixed("0.5", 0, "0");
    fixed("1.5", 0, "2");
    fixed("0.35", 1, "0.3");
    fixed("1.005", 2, "1.00");
    fixed("3.14159", 2, "3.14");
    fixed("-0", 6, "-0.000000");
    fixed("1e30", 6, "1000000000000000000000000000000.000000");
    fixed("1e-39", 6, "0.000000");
    fixed("0.1", 20, "0.10000000000000000000");
    fixed("9.99", 1, "10.0");
    fixed("0.96", 1, "1.0");
    fixed("0.06", 1, "0.1");
    fixed("1e999999999", 6, "+Inf");
    let exponent = |text: &str, places: usize, expect: &str| {
        assert_eq!(number(text).to_exponent(places, false), expect, "%.{places}e of {text}");
    };
    exponent("12345.678", 6, "1.234568e+04");
    exponent("0", 6, "0.000000e+00");
    exponent("15", 0, "2e+01");
    exponent("25", 0, "2e+01");
    exponent("9.9999", 3, "1.000e+01");
    exponent("1e100", 6, "1.000000e+100");
    assert_eq!(number("12345.678").to_exponent(6, true), "1.234568E+04");
    let general = |text: &str, expect: &str| {
        assert_eq!(number(text).to_general_string(), expect, "%g of {text}");
    };
    general("100000", "100000");
    general("1000000", "1e+06");
    general("12345678", "1.2345678e+07");
    general("1e-4", "0.0001");
    general("0.00001", "1e-05");
    general("5.25", "5.25");
    general("-0", "-0");
    general("1e50", "1e+50");
    general("123456789012345678901234567890", "1.2345678901234567890123456789e+29");
    assert_eq!(number("1e-10").to_general(6, true), "1E-10");
    assert_eq!(number("12345.678").to_general(3, false), "1.23e+04");
    assert_eq!(number("123").to_general(0, false), "1e+02");
    assert_eq!(number("100000").to_general(10, false), "100000");
    assert_eq!(number("0").to_general(3, false), "0");
}

#[test]
fn machine_numbers() {
    assert_eq!(Number::from_f64(f64::NAN), None);
    for value in [0.1, -2.5, 1e22, 5e-324, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, -1e300] {
        let number = Number::from_f64(value).expect("not NaN");
        assert_eq!(number.to_f64(), value);
    }
    assert!(Number::from_f64(-0.0).is_some_and(|zero| zero.is_zero() && zero.is_negative()));
    assert_eq!(number("1e400").to_f64(), f64::INFINITY);
    assert_eq!(number("1e-400").to_f64(), 0.0);
    assert_eq!(number("3e-324").to_f64(), 5e-324);
    assert_eq!(number("18446744073709551615").to_u64(), Some(u64::MAX));
    assert_eq!(number("18446744073709551616").to_u64(), None);
    assert_eq!(number("-1").to_u64(), None);
    assert_eq!(number("1.5").to_i64(), None);
    assert_eq!(Number::from(u64::MAX).to_string(), "18446744073709551615");
}

fn any_number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("NaN", Number::from_f64),
        "-?[0-9]{1,40}(\\.[0-9]{1,200})?(e-?[0-9]{1,3})?".prop_map(|text| number(&text)),
        (any::<i64>(), 1..i64::MAX)
            .prop_map(|(a, b)| { Number::from(a).div(&Number::from(b)).expect("no zero divisor") }),
    ]
}

proptest! {
    #[test]
    fn text_reads_back(number in any_number()) {
        if !number.is_infinite() {
            let back: Number = number.to_string().parse().expect("a number");
            prop_assert_eq!(&back, &number);
            prop_assert_eq!(back.to_string(), number.to_string());
        }
    }

    #[test]
    fn serde_reads_back(number in any_number()) {
        let json = serde_json::to_string(&number).expect("serialises");
        let back: Number = serde_json::from_str(&json).expect("reads back");
        prop_assert_eq!(format!("{back:?}"), format!("{number:?}"));
    }

    #[test]
    fn f64_prints_as_short_as_rust_does(value in any::<f64>()) {
        prop_assume!(value.is_finite());
        let number = Number::from_f64(value).expect("finite");
        prop_assert_eq!(number.to_string().parse::<f64>().expect("a number"), value);
        prop_assert_eq!(number.to_f64().to_bits(), value.to_bits());
    }

    #[test]
    fn halves_and_eighths_are_exact(a in -1_000_000i64..1_000_000, b in -1_000_000i64..1_000_000) {
        let eighth = |n: i64| Number::from(n).div(&Number::from(8)).expect("no zero divisor");
        prop_assert_eq!(eighth(a).add(&eighth(b)).expect("finite"), eighth(a + b));
        prop_assert_eq!(eighth(a).sub(&eighth(b)).expect("finite"), eighth(a - b));
        let product = eighth(a).mul(&eighth(b)).expect("finite");
        prop_assert_eq!(product, Number::from(a * b).div(&Number::from(64)).expect("no zero"));
    }

    #[test]
    fn the_order_is_total(a in any_number(), b in any_number(), c in any_number()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
    }

    #[test]
    fn no_text_panics(text in "[-+0-9.eEx_a]{0,30}") {
        let _ = text.parse::<Number>();
        let _ = Number::parse_base(&text, 37);
    }
}
