//! Cases recorded from Terraform 1.11.4.

use kprov_core::Value;

use crate::functions::testing::{TestFiles, TestHost, call_named, check_error, check_text};
use crate::functions::{FunctionContext, call, lookup};

#[test]
fn formats() {
    for (format, time, expect) in [
        ("YY", "2024-02-09T13:04:05Z", "24"),
        ("MM", "2024-02-09T13:04:05Z", "02"),
        ("D", "2024-02-09T13:04:05Z", "9"),
        ("EEEE", "2024-02-09T13:04:05Z", "Friday"),
        ("EEE", "2024-02-09T13:04:05Z", "Fri"),
        ("HH", "2024-02-09T13:04:05Z", "01"),
        ("h", "2024-02-09T13:04:05Z", "13"),
        ("m", "2024-02-09T13:04:05Z", "4"),
        ("s", "2024-02-09T13:04:05Z", "5"),
        ("aa", "2024-02-09T13:04:05Z", "pm"),
        ("ZZZZZ", "2024-02-09T13:04:05Z", "+00:00"),
        ("ZZZZ", "2024-02-09T13:04:05Z", "+0000"),
        ("", "2024-02-09T13:04:05Z", ""),
        ("''", "2024-02-09T13:04:05Z", "'"),
        ("'lit'", "2024-02-09T13:04:05Z", "lit"),
        ("'it''s'", "2024-02-09T13:04:05Z", "it's"),
        ("YYYY-MM-DD'T'hh:mm:ssZ", "2024-02-09T13:04:05Z", "2024-02-09T13:04:05Z"),
        ("EEEE, DD-MMM-YY hh:mm:ss ZZZ", "2024-02-09T13:04:05Z", "Friday, 09-Feb-24 13:04:05 UTC"),
        ("EEE, DD MMM YYYY hh:mm:ss ZZZ", "2024-02-09T13:04:05Z", "Fri, 09 Feb 2024 13:04:05 UTC"),
        ("h:mmaa", "2024-02-09T13:04:05Z", "13:04pm"),
        ("HH:mm AA", "2024-02-09T13:04:05Z", "01:04 PM"),
        ("H 'o''clock' aa", "2024-02-09T13:04:05Z", "1 o'clock pm"),
        ("-/:., _()[]", "2024-02-09T13:04:05Z", "-/:., _()[]"),
        ("\u{e9}", "2024-02-09T13:04:05Z", "\u{e9}"),
        ("\n", "2024-02-09T13:04:05Z", "\n"),
        ("hh'h'mm'm'", "2024-02-09T13:04:05Z", "13h04m"),
        (
            "YYYY-MM-DD hh:mm:ss HH h aa ZZZZZ ZZZZ ZZZ Z EEEE MMM D",
            "2024-02-09T13:04:05+05:30",
            "2024-02-09 13:04:05 01 13 pm +05:30 +0530 +0530 +05:30 Friday Feb 9",
        ),
        (
            "YYYY-MM-DD hh:mm:ss HH h aa ZZZZZ ZZZZ ZZZ Z EEEE MMM D",
            "2024-02-29T01:02:03+00:00",
            "2024-02-29 01:02:03 01 1 am +00:00 +0000 UTC Z Thursday Feb 29",
        ),
        (
            "YYYY-MM-DD hh:mm:ss HH h aa ZZZZZ ZZZZ ZZZ Z EEEE MMM D",
            "2024-02-09T13:04:05-00:00",
            "2024-02-09 13:04:05 01 13 pm +00:00 +0000 UTC Z Friday Feb 9",
        ),
        ("EEE", "2024-01-01T00:00:00Z", "Mon"),
        ("EEE D", "2024-12-25T00:00:00Z", "Wed 25"),
        ("MMMM", "2024-09-01T00:00:00Z", "September"),
        ("", "2024-01-01T00:00:00Z", ""),
    ] {
        check_text("formatdate", &[format, time], expect);
    }
}

#[test]
fn adds() {
    for (time, duration, expect) in [
        ("2024-02-28T23:30:00Z", "1h", "2024-02-29T00:30:00Z"),
        ("2024-02-28T23:30:00Z", "10m", "2024-02-28T23:40:00Z"),
        ("2024-02-28T23:30:00Z", "0s", "2024-02-28T23:30:00Z"),
        ("2024-02-28T23:30:00Z", "90s", "2024-02-28T23:31:30Z"),
        ("2024-02-28T23:30:00Z", "1ms", "2024-02-28T23:30:00Z"),
        ("2024-02-28T23:30:00Z", "1us", "2024-02-28T23:30:00Z"),
        ("2024-02-28T23:30:00Z", "1\u{b5}s", "2024-02-28T23:30:00Z"),
        ("2024-02-28T23:30:00Z", "24h", "2024-02-29T23:30:00Z"),
        ("2024-02-28T23:30:00Z", "-24h", "2024-02-27T23:30:00Z"),
        ("2024-02-28T23:30:00Z", "720h", "2024-03-29T23:30:00Z"),
        ("2024-02-28T23:30:00Z", ".5h", "2024-02-29T00:00:00Z"),
        ("2024-02-28T23:30:00Z", "-876000h", "1924-03-24T23:30:00Z"),
        ("2024-02-28T23:30:00+02:00", "1h", "2024-02-29T00:30:00+02:00"),
        ("2024-02-28T23:30:00-08:00", "24h", "2024-02-29T23:30:00-08:00"),
        ("2024-02-28T23:30:00.5Z", "500ms", "2024-02-28T23:30:01Z"),
        ("2024-02-28T23:30:00.5Z", "1s", "2024-02-28T23:30:01Z"),
        ("2023-12-31T23:59:59Z", "1s", "2024-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "-1s", "0000-12-31T23:59:59Z"),
        ("2024-03-10T01:59:59-05:00", "1s", "2024-03-10T02:00:00-05:00"),
        ("2024-01-01T00:00:00-00:00", "0s", "2024-01-01T00:00:00Z"),
    ] {
        check_text("timeadd", &[time, duration], expect);
    }
}

#[test]
fn compares() {
    for (first, second, expect) in [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z", -1),
        ("2024-01-01T00:00:01Z", "2024-01-01T00:00:00Z", 1),
        ("2024-01-01T05:30:00+05:30", "2024-01-01T00:00:00Z", 0),
        ("2024-01-01T00:00:00.001Z", "2024-01-01T00:00:00Z", 1),
        ("2024-01-01T1:00:00Z", "2024-01-01T00:00:00Z", 1),
        ("2024-01-01T00:00:00,5Z", "2024-01-01T00:00:00Z", 1),
    ] {
        assert_eq!(
            call_named("timecmp", &[first.into(), second.into()]),
            Ok(Value::int(expect)),
            "{first} {second}"
        );
    }
}

/// Function, its two arguments, and what is said.
const WRONG: &[(&str, &str, &str, &str)] = &[
    (
        "formatdate",
        "Y",
        "2024-02-09T13:04:05Z",
        "invalid date format verb \"Y\": year must either be \"YY\" or \"YYYY\"",
    ),
    (
        "formatdate",
        "YYY",
        "2024-02-09T13:04:05Z",
        "invalid date format verb \"YYY\": year must either be \"YY\" or \"YYYY\"",
    ),
    (
        "formatdate",
        "YYYYY",
        "2024-02-09T13:04:05Z",
        "invalid date format verb \"YYYYY\": year must either be \"YY\" or \"YYYY\"",
    ),
    (
        "formatdate",
        "MMMMM",
        "2024-02-09T13:04:05Z",
        "invalid date format verb \"MMMMM\": month must be \"M\", \"MM\", \"MMM\", or \"MMMM\"",
    ),
    (
        "formatdate",
        "DDD",
        "2024-02-09T13:04:05Z",
        "invalid date format verb \"DDD\": day of month must either be \"D\" or \"DD\"",
    ),
    (
        "formatdate",
        "E",
        "2024-02-09T13:04:05Z",
        "invalid date format verb \"E\": day of week must either be \"EEE\" or \"EEEE\"",
    ),
    (
        "formatdate",
        "hhh",
        "2024-02-09T13:04:05Z",
        "invalid date format verb \"hhh\": 24-hour must either be \"h\" or \"hh\"",
    ),
    (
        "formatdate",
        "mmm",
        "2024-02-09T13:04:05Z",
        "invalid date format verb \"mmm\": minute must either be \"m\" or \"mm\"",
    ),
    (
        "formatdate",
        "sss",
        "2024-02-09T13:04:05Z",
        "invalid date format verb \"sss\": second must either be \"s\" or \"ss\"",
    ),
    ("formatdate", "a", "2024-02-09T13:04:05Z", "invalid date format verb \"a\": must be \"aa\""),
    (
        "formatdate",
        "AAA",
        "2024-02-09T13:04:05Z",
        "invalid date format verb \"AAA\": must be \"AA\"",
    ),
    (
        "formatdate",
        "ZZ",
        "2024-02-09T13:04:05Z",
        "invalid date format verb \"ZZ\": timezone must be Z, ZZZZ, or ZZZZZ",
    ),
    (
        "formatdate",
        "ZZZZZZ",
        "2024-02-09T13:04:05Z",
        "invalid date format verb \"ZZZZZZ\": timezone must be Z, ZZZZ, or ZZZZZ",
    ),
    ("formatdate", "'unterminated", "2024-02-09T13:04:05Z", "unterminated literal '"),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        "2023-02-29T00:00:00Z",
        "not a valid RFC3339 timestamp: day out of range",
    ),
    (
        "timecmp",
        "2023-02-29T00:00:00Z",
        "2024-01-01T00:00:00Z",
        "not a valid RFC3339 timestamp: day out of range",
    ),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        "2024-13-01T00:00:00Z",
        "not a valid RFC3339 timestamp: cannot use \"-01T00:00:00Z\" as month",
    ),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        "2024-00-01T00:00:00Z",
        "not a valid RFC3339 timestamp: cannot use \"-01T00:00:00Z\" as month",
    ),
    (
        "timecmp",
        "2024-00-01T00:00:00Z",
        "2024-01-01T00:00:00Z",
        "not a valid RFC3339 timestamp: cannot use \"-01T00:00:00Z\" as month",
    ),
    (
        "timecmp",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:00:00Z",
        "not a valid RFC3339 timestamp: cannot use \":00:00Z\" as hour",
    ),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        "2024-01-01T23:60:00Z",
        "not a valid RFC3339 timestamp: minute must have exactly two digits",
    ),
    (
        "timecmp",
        "2024-01-01T23:59:60Z",
        "2024-01-01T00:00:00Z",
        "not a valid RFC3339 timestamp: cannot use \"Z\" as second",
    ),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        "2024-01-01",
        "not a valid RFC3339 timestamp: missing required time introducer 'T'",
    ),
    (
        "timecmp",
        "2024-01-01",
        "2024-01-01T00:00:00Z",
        "not a valid RFC3339 timestamp: missing required time introducer 'T'",
    ),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        "2024-01-01T00:00Z",
        "not a valid RFC3339 timestamp: found \"Z\" where \":\" is expected",
    ),
    (
        "timeadd",
        "2024-01-01T00:00Z",
        "1h",
        "not a valid RFC3339 timestamp: found \"Z\" where \":\" is expected",
    ),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        "2024-01-01T00:00:00",
        "not a valid RFC3339 timestamp: end of string before UTC offset",
    ),
    (
        "timeadd",
        "2024-01-01T00:00:00",
        "1h",
        "not a valid RFC3339 timestamp: end of string before UTC offset",
    ),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        "2024-01-01 00:00:00Z",
        "not a valid RFC3339 timestamp: missing required time introducer 'T'",
    ),
    (
        "timecmp",
        "2024-01-01 00:00:00Z",
        "2024-01-01T00:00:00Z",
        "not a valid RFC3339 timestamp: missing required time introducer 'T'",
    ),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        "2024-1-1T00:00:00Z",
        "not a valid RFC3339 timestamp: cannot use \"1-1T00:00:00Z\" as month",
    ),
    (
        "timecmp",
        "2024-1-1T00:00:00Z",
        "2024-01-01T00:00:00Z",
        "not a valid RFC3339 timestamp: cannot use \"1-1T00:00:00Z\" as month",
    ),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        "2024-01-01t00:00:00z",
        "not a valid RFC3339 timestamp: missing required time introducer 'T'",
    ),
    (
        "timecmp",
        "2024-01-01t00:00:00z",
        "2024-01-01T00:00:00Z",
        "not a valid RFC3339 timestamp: missing required time introducer 'T'",
    ),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        "2024-01-01T00:00:00+24:00",
        "not a valid RFC3339 timestamp: cannot use \"+24:00\" as UTC offset",
    ),
    (
        "timeadd",
        "2024-01-01T00:00:00+24:00",
        "1h",
        "not a valid RFC3339 timestamp: cannot use \"+24:00\" as UTC offset",
    ),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        "2024-01-01T00:00:00+5:30",
        "not a valid RFC3339 timestamp: cannot use \"+5:30\" as UTC offset",
    ),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        "2024-01-01T00:00:00.Z",
        "not a valid RFC3339 timestamp: cannot use \".Z\" as UTC offset",
    ),
    (
        "timecmp",
        "",
        "2024-01-01T00:00:00Z",
        "not a valid RFC3339 timestamp: end of string before year",
    ),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        "1704067200",
        "not a valid RFC3339 timestamp: found \"067200\" where \"-\" is expected",
    ),
    (
        "timecmp",
        "1704067200",
        "2024-01-01T00:00:00Z",
        "not a valid RFC3339 timestamp: found \"067200\" where \"-\" is expected",
    ),
    (
        "formatdate",
        "YYYY-MM-DD hh:mm:ssZ",
        " 2024-01-01T00:00:00Z",
        "not a valid RFC3339 timestamp: cannot use \" 2024-01-01T00:00:00Z\" as year",
    ),
    (
        "timeadd",
        " 2024-01-01T00:00:00Z",
        "1h",
        "not a valid RFC3339 timestamp: cannot use \" 2024-01-01T00:00:00Z\" as year",
    ),
    (
        "timeadd",
        "2024-02-28T23:30:00Z",
        "1h-30m",
        "time: unknown unit \"h-\" in duration \"1h-30m\"",
    ),
    ("timeadd", "2024-02-28T23:30:00Z", "1", "time: missing unit in duration \"1\""),
    ("timeadd", "2024-02-28T23:30:00Z", "", "time: invalid duration \"\""),
    ("timeadd", "2024-02-28T23:30:00Z", "h", "time: invalid duration \"h\""),
    ("timeadd", "2024-02-28T23:30:00Z", "1 h", "time: unknown unit \" h\" in duration \"1 h\""),
    ("timeadd", "2024-02-28T23:30:00Z", "1h30", "time: missing unit in duration \"1h30\""),
    ("timeadd", "2024-02-28T23:30:00Z", "1e3s", "time: unknown unit \"e\" in duration \"1e3s\""),
    (
        "timeadd",
        "2024-02-28T23:30:00Z",
        "100000000000h",
        "time: invalid duration \"100000000000h\"",
    ),
    (
        "timecmp",
        "2024-01-01T00:00:00Z",
        "",
        "not a valid RFC3339 timestamp: end of string before year",
    ),
    (
        "timeadd",
        "2024-01-01T24:00:00Z",
        "1h",
        "not a valid RFC3339 timestamp: hour must be between 0 and 23 inclusive",
    ),
    (
        "formatdate",
        "hh",
        "2024-01-01T1:00:00Z",
        "not a valid RFC3339 timestamp: hour must have exactly two digits",
    ),
    (
        "formatdate",
        "hh",
        "2024-01-01T00:00:00Zx",
        "not a valid RFC3339 timestamp: cannot use \"x\" as timestamp segment",
    ),
];

#[test]
fn says_what_is_wrong() {
    for (name, first, second, expect) in WRONG.iter().copied() {
        check_error(name, &[first.into(), second.into()], expect);
    }
}

#[test]
fn clocks() {
    check_text("timestamp", &[], "2024-02-09T13:04:05Z");
    check_text("plantimestamp", &[], "2024-02-09T13:04:05Z");
    let files = TestFiles::default();
    let context = FunctionContext {
        host: &TestHost,
        files: &files,
        base_dir: ".",
        pure_only: true,
        plan_timestamp: None,
    };
    for name in ["timestamp", "plantimestamp", "uuid"] {
        let result = call(lookup(name).expect("known"), &context, &[]).expect("no error");
        assert!(
            matches!(&result, Value::Unknown(unknown) if unknown.refinements().not_null),
            "{name} is not known during a plan"
        );
    }
}
