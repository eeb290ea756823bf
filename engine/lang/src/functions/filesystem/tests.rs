//! Cases recorded from Terraform 1.11.4.

use kprov_core::{Type, Value};

use crate::functions::FunctionError;
use crate::functions::testing::{TestFiles, call_with, check_text};

fn files() -> TestFiles {
    let mut files = TestFiles::of(&[
        ("hello.txt", "Hello, World!\n"),
        ("sub/one.txt", "1"),
        ("sub/two.txt", "22"),
        ("sub/deep/three.txt", "333"),
        ("sub/deep/.hidden", "h"),
        ("data.csv", ""),
        ("data.json", ""),
        ("a b.txt", "space"),
        ("glob[1].txt", "g"),
        ("uni.txt", "e\u{301}"),
    ]);
    files.0.insert("bin.dat".to_owned(), vec![0, 0xff, 0xfe, 1, 0x80]);
    files
}

fn call(name: &str, arguments: &[&str]) -> Result<Value, FunctionError> {
    let arguments: Vec<Value> = arguments.iter().map(|text| Value::from(*text)).collect();
    call_with(&files(), name, &arguments)
}

#[test]
fn reads() {
    for (name, path, expect) in [
        ("file", "hello.txt", "Hello, World!\n"),
        ("file", "sub/../hello.txt", "Hello, World!\n"),
        ("file", "/work/sub/one.txt", "1"),
        ("file", "uni.txt", "\u{e9}"),
        ("filebase64", "bin.dat", "AP/+AYA="),
    ] {
        assert_eq!(call(name, &[path]), Ok(Value::from(expect)), "{name} {path}");
    }
    for (path, expect) in [("hello.txt", true), ("missing.txt", false), ("sub/nothere/x", false)] {
        assert_eq!(call("fileexists", &[path]), Ok(Value::Bool(expect)), "{path}");
    }
}

#[test]
fn says_what_is_wrong() {
    let missing = "no file exists at \"missing.txt\"; this function works only with files that are \
                   distributed as part of the configuration source code, so if this file will be \
                   created by a resource in this configuration you must instead obtain this result \
                   from an attribute of that resource";
    for (name, path, argument, expect) in [
        ("file", "missing.txt", Some(0), missing),
        ("file", "", Some(0), "failed to read file: read .: is a directory"),
        ("filebase64", "sub", Some(0), "failed to read file: read sub: is a directory"),
        (
            "file",
            "bin.dat",
            None,
            "contents of \"bin.dat\" are not valid UTF-8; use the filebase64 function to obtain \
             the Base64 encoded contents or the other file functions (e.g. filemd5, filesha256) to \
             obtain file hashing results instead",
        ),
        ("fileexists", "sub", None, "\"sub\" is a directory, not a file"),
        ("fileexists", "", None, "\".\" is a directory, not a file"),
        ("pathexpand", "~~/x", None, "cannot expand user-specific home dir"),
    ] {
        let expect = FunctionError { argument, message: expect.to_owned() };
        assert_eq!(call(name, &[path]), Err(expect), "{name} {path}");
    }
    let secret = Value::from("missing.txt").with_marks(kprov_core::Marks::SENSITIVE);
    let error = call_with(&files(), "file", &[secret]).expect_err("there is no such file");
    assert!(error.message.starts_with("no file exists at (sensitive value);"), "{error}");
}

#[test]
fn sets_of_files() {
    for (path, pattern, expect) in [
        (".", "*.txt", &["a b.txt", "glob[1].txt", "hello.txt", "uni.txt"][..]),
        ("sub", "*", &["one.txt", "two.txt"]),
        ("sub", "deep/*", &["deep/.hidden", "deep/three.txt"]),
        ("sub", "*.md", &[]),
        ("sub", "**", &["deep/.hidden", "deep/three.txt", "one.txt", "two.txt"]),
        (".", "**.csv", &["data.csv"]),
        (".", "s*/**/*.txt", &["sub/deep/three.txt", "sub/one.txt", "sub/two.txt"]),
        (".", "[ab]*.*", &["a b.txt", "bin.dat"]),
        (".", "[!a-t]*.txt", &["a b.txt", "glob[1].txt", "hello.txt"]),
        (".", "data.{csv,json}", &["data.csv", "data.json"]),
        (".", "?ub/*.txt", &["sub/one.txt", "sub/two.txt"]),
        (".", "sub", &[]),
        (".", "", &[]),
        ("", "./*.json", &["data.json"]),
        (".", "glob\\[1\\].txt", &["glob[1].txt"]),
        ("sub/deep", ".*", &[".hidden"]),
        ("hello.txt", "*", &[]),
    ] {
        let expect = expect.iter().map(|name| Value::from(*name)).collect();
        let expect = Value::set(Type::String, expect);
        assert_eq!(call("fileset", &[path, pattern]), Ok(expect), "{path} {pattern}");
    }
    for pattern in ["[", "{a", "{a,sub/one}.txt", "[]a].txt"] {
        let message = format!("failed to glob pattern {pattern:?}: syntax error in pattern");
        assert_eq!(call("fileset", &[".", pattern]), Err(FunctionError::new(message)));
    }
}

#[test]
fn paths() {
    for (name, path, expect) in [
        ("basename", "a/b/c.txt", "c.txt"),
        ("basename", "/a/b/", "b"),
        ("basename", "/", "/"),
        ("basename", "", "."),
        ("dirname", "a/b/c.txt", "a/b"),
        ("dirname", "/a/b/", "/a/b"),
        ("dirname", "/a", "/"),
        ("dirname", "/", "/"),
        ("dirname", "", "."),
        ("dirname", "a//b//c", "a/b"),
        ("dirname", "../x", ".."),
        ("abspath", "a/../b", "/work/b"),
        ("abspath", "", "/work"),
        ("abspath", "/\u{e9}/../\u{fc}", "/\u{fc}"),
        ("pathexpand", "~", "/home/ann"),
        ("pathexpand", "~/x", "/home/ann/x"),
        ("pathexpand", "a/~/b", "a/~/b"),
        ("pathexpand", "", ""),
    ] {
        check_text(name, &[path], expect);
    }
}
