//! Cases recorded from Terraform 1.11.4.

use kprov_core::{Type, Value};

use crate::functions::testing::{call_named, check_error};

#[track_caller]
fn check(text: &str, header: &[&str], rows: &[&[&str]]) {
    let ty = Type::object(header.iter().map(|name| (*name, Type::String)));
    let row = |row: &&[&str]| {
        Value::object(header.iter().copied().zip(row.iter().map(|field| Value::from(*field))))
    };
    let expect = Value::list(ty, rows.iter().map(row).collect());
    assert_eq!(call_named("csvdecode", &[text.into()]), Ok(expect), "{text:?}");
}

#[test]
fn reads_rows() {
    check("a,b\n1,2\n3,4\n", &["a", "b"], &[&["1", "2"], &["3", "4"]]);
    check("a,b\r\n1,2\r\n", &["a", "b"], &[&["1", "2"]]);
    check("b,a\n\n1,2", &["b", "a"], &[&["1", "2"]]);
    check("a,\n1,2", &["a", ""], &[&["1", "2"]]);
    check("a,b\n\"x,\"\"y\",z", &["a", "b"], &[&["x,\"y", "z"]]);
    check("a,b\n\"multi\r\nline\",z", &["a", "b"], &[&["multi\nline", "z"]]);
    check("a\n\"\"\n", &["a"], &[&[""]]);
    check("a\n \n", &["a"], &[&[" "]]);
    check("a\r1\r2", &["a\r1\r2"], &[]);
    check("a,b,c\n1,,3", &["a", "b", "c"], &[&["1", "", "3"]]);
}

#[test]
fn says_what_is_wrong() {
    for (text, expect) in [
        ("", "missing header line"),
        ("a,a\n1,2", "duplicate column name \"a\""),
        ("a,b\n1,2,3", "CSV parse error on line 2: wrong number of fields"),
        ("a,b\n1,2\n3", "CSV parse error on line 3: wrong number of fields"),
        ("a,b\nx\"y,z", "CSV parse error on line 2: bare \" in non-quoted-field"),
        ("a,b\n\"x\"y,z", "CSV parse error on line 2: extraneous or missing \" in quoted-field"),
    ] {
        check_error("csvdecode", &[text.into()], expect);
    }
}
