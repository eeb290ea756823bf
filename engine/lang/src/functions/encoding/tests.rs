//! Cases recorded from Terraform 1.11.4.

use crate::functions::testing::{call_named, check_error, check_text};
use kprov_core::Value;

#[test]
fn base64() {
    for (name, input, expect) in [
        ("base64encode", "hello", "aGVsbG8="),
        ("base64encode", "\u{e9}\u{1f44d}", "w6nwn5GN"),
        ("base64encode", "e\u{301}", "w6k="),
        ("base64decode", "aGVs\nbG8=", "hello"),
        ("base64decode", "", ""),
        ("base64decode", "YR==", "a"),
        ("urlencode", "hello world", "hello+world"),
        ("urlencode", "a&b=c/d?e", "a%26b%3Dc%2Fd%3Fe"),
        ("urlencode", ":@[]#$,;~", "%3A%40%5B%5D%23%24%2C%3B~"),
        ("urlencode", "\u{e9}", "%C3%A9"),
    ] {
        check_text(name, &[input], expect);
    }
    check_error("base64decode", &["YQ".into()], "failed to decode base64 data \"YQ\"");
    check_error(
        "base64decode",
        &["1234".into()],
        "the result of decoding the provided string is not valid UTF-8",
    );
    let zipped = call_named("base64gzip", &["a".repeat(500).as_str().into()]);
    assert!(
        matches!(zipped, Ok(Value::String(text)) if text.starts_with("H4sI") && text.len() < 100)
    );
}

#[test]
fn charsets() {
    for (text, charset, encoded) in [
        ("Hello", "UTF-8", "SGVsbG8="),
        ("Hello", "UTF-16LE", "SABlAGwAbABvAA=="),
        ("Hello", "UTF-16", "/v8ASABlAGwAbABv"),
        ("\u{e9}", "latin1", "6Q=="),
        ("\u{20ac}", "windows-1252", "gA=="),
        ("\u{65e5}\u{672c}", "EUC-JP", "xvzL3A=="),
        ("\u{65e5}\u{672c}", "ISO-2022-JP", "GyRCRnxLXBsoQg=="),
        ("\u{4e2d}\u{6587}", "GB18030", "1tDOxA=="),
        ("\u{1f44d}", "UTF-16LE", "PdhN3A=="),
        ("\u{11e}", "ISO-8859-9", "0A=="),
    ] {
        check_text("textencodebase64", &[text, charset], encoded);
        check_text("textdecodebase64", &[encoded, charset], text);
    }
    check_text("textdecodebase64", &["//5IAA==", "UTF-16"], "H");
    check_error(
        "textencodebase64",
        &["\u{20ac}".into(), "ISO-8859-1".into()],
        "the given string contains characters that cannot be represented in ISO_8859-1:1987",
    );
    check_error(
        "textdecodebase64",
        &["AA==".into(), "UTF-16LE".into()],
        "the given string contains symbols that are not defined for UTF-16LE",
    );
    assert!(call_named("textencodebase64", &["x".into(), "ASCII".into()]).is_err());
}
