//! The kit for both types, and what is special of files: permissions, binary content, links, what
//! cannot be written, and what others do to them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kprov_core::{Type, Value};
use kprov_provider::testing::{FakeHost, block_on, complete, kit, proposed};
use kprov_provider::{
    CallContext, CreateRequest, DeleteRequest, ErrorClass, Intent, Object, Provider, ProviderError,
    ReadRequest, Resource, SettleRequest, Settled, attribute,
};
use tempfile::TempDir;

use super::Local;

fn object(entries: &[(&str, &str)]) -> Value {
    Value::object(entries.iter().map(|&(name, value)| (name, Value::string(value))))
}

fn context() -> CallContext {
    CallContext { client: Arc::new(()), host: Arc::new(FakeHost::new(1)) }
}

fn resource(ty: &str) -> &'static dyn Resource {
    static LOCAL: Local = Local;
    LOCAL.resource(ty).expect("a known type")
}

fn planned(ty: &str, config: &Value) -> Value {
    let block = &Local.schema().resources[ty].schema.block;
    proposed(block, None, &complete(block, config))
}

fn create(ty: &str, config: &Value) -> Result<Object, ProviderError> {
    let planned = planned(ty, config);
    let intent = Intent { op: 1, token: "5f8d7a4e".into() };
    let request =
        CreateRequest { intent, planned: planned.clone(), config: planned, private: Vec::new() };
    block_on(resource(ty).create(&context(), request))
}

fn read(object: &Object) -> Result<Option<Object>, ProviderError> {
    let requests = vec![ReadRequest { prior: object.clone() }];
    block_on(resource("local_file").read_many(&context(), requests)).pop().expect("an answer")
}

fn delete(object: Object) -> Result<(), ProviderError> {
    let intent = Intent { op: 2, token: "6a".into() };
    block_on(resource("local_file").delete(&context(), DeleteRequest { intent, prior: object }))
}

fn in_dir(dir: &TempDir, name: &str) -> (PathBuf, String) {
    let path = dir.path().join(name);
    let text = path.to_str().expect("a Unicode path").to_owned();
    (path, text)
}

fn path_of(value: &Value) -> PathBuf {
    PathBuf::from(attribute(value, "filename").as_str().expect("a file name"))
}

fn files_in(dir: &Path) -> usize {
    fs::read_dir(dir).expect("a directory").count()
}

/// All ways to give content, and all ways to be wrong.
fn cases(dir: &TempDir) -> kit::Cases {
    let (_, path) = in_dir(dir, "f");
    let (_, other) = in_dir(dir, "g");
    let root = dir.path().to_owned();
    kit::Cases::new(object(&[("filename", &path), ("content", "secret-a")]))
        .replace(object(&[("filename", &other), ("content", "secret-a")]), "filename")
        .replace(object(&[("filename", &path), ("content", "b")]), "content")
        .replace(object(&[("filename", &path), ("content_base64", "Yg==")]), "content_base64")
        .replace(object(&[("filename", &path), ("source", &other)]), "source")
        .replace(
            object(&[("filename", &path), ("content", "a"), ("file_permission", "0600")]),
            "file_permission",
        )
        .bad(object(&[("filename", &path)]), "content")
        .bad(object(&[("filename", &path), ("content", "xyz1"), ("source", "/s")]), "source")
        .bad(object(&[("filename", &path), ("content_base64", "n*t")]), "content_base64")
        .bad(object(&[("filename", ""), ("content", "xyz1")]), "filename")
        .bad(
            object(&[("filename", &path), ("content", "hunter2"), ("file_permission", "888")]),
            "file_permission",
        )
        .bad(
            object(&[
                ("filename", &path),
                ("content", "hunter2"),
                ("directory_permission", "07777"),
            ]),
            "directory_permission",
        )
        .drift(|value| fs::write(path_of(value), "changed").expect("writable"))
        .drift(|value| fs::remove_file(path_of(value)).expect("removable"))
        .objects(move || files_in(&root))
}

#[test]
fn both_types_conform() {
    for ty in ["local_file", "local_sensitive_file"] {
        let dir = TempDir::new().expect("a directory");
        kit::check(&Local, ty, &cases(&dir));
        // A drifted file is left where it is; anything else must be gone.
        assert!(files_in(dir.path()) <= 1);
    }
}

#[test]
fn content_is_what_was_given() {
    let dir = TempDir::new().expect("a directory");
    let (binary, binary_text) = in_dir(&dir, "binary");
    fs::write(&binary, [0, 255, 128, 10]).expect("writable");
    let check = |argument: &str, value: &str, expect: &[u8]| {
        let (path, text) = in_dir(&dir, "out");
        let object = create("local_file", &object(&[("filename", &text), (argument, value)]));
        let object = object.expect("a file");
        assert_eq!(fs::read(&path).expect("readable"), expect, "{argument}");
        assert!(object.value.is_wholly_known());
        assert_eq!(read(&object).expect("readable"), Some(object.clone()));
        delete(object).expect("removable");
        assert!(!path.exists());
    };
    check("content", "text\n", b"text\n");
    check("content", "", b"");
    check("sensitive_content", "s", b"s");
    check("content_base64", "AP+ACg==", &[0, 255, 128, 10]);
    check("source", &binary_text, &[0, 255, 128, 10]);
}

#[test]
fn checksums_are_the_usual_ones() {
    let dir = TempDir::new().expect("a directory");
    let (_, path) = in_dir(&dir, "f");
    let made = create("local_file", &object(&[("filename", &path), ("content", "hello")]));
    let made = made.expect("a file").value;
    let check = |name: &str, expect: &str| assert_eq!(attribute(&made, name), expect.into());
    check("content_md5", "5d41402abc4b2a76b9719d911017c592");
    check("content_sha1", "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d");
    check("id", "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d");
    check("content_base64sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
    check("content_sha256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
}

#[test]
fn permissions_and_directories_are_made() {
    let dir = TempDir::new().expect("a directory");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o700;
    let (path, text) = in_dir(&dir, "a/b/f");
    let config = object(&[
        ("filename", &text),
        ("content", "x"),
        ("file_permission", "0400"),
        ("directory_permission", "700"),
    ]);
    create("local_file", &config).expect("a file");
    assert_eq!(mode(&path), 0o400);
    assert_eq!(mode(&dir.path().join("a")), 0o700);
    // A file that is there already gets the permissions too.
    let (path, text) = in_dir(&dir, "old");
    fs::write(&path, "old").expect("writable");
    let config = object(&[("filename", &text), ("content", "x"), ("file_permission", "0500")]);
    create("local_file", &config).expect("a file");
    assert_eq!(mode(&path), 0o500);
    let (path, text) = in_dir(&dir, "secret");
    let made = create("local_sensitive_file", &object(&[("filename", &text), ("content", "x")]));
    let made = made.expect("a file");
    assert_eq!(attribute(&made.value, "file_permission"), "0700".into());
    assert_eq!(mode(&path), 0o700);
}

#[test]
fn links_are_followed_and_stay() {
    let dir = TempDir::new().expect("a directory");
    let (target, _) = in_dir(&dir, "target");
    let (link, text) = in_dir(&dir, "link");
    fs::write(&target, "old").expect("writable");
    symlink(&target, &link).expect("a link");
    create("local_file", &object(&[("filename", &text), ("content", "new")])).expect("a file");
    assert_eq!(fs::read(&target).expect("readable"), b"new");
    assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
}

#[test]
fn what_cannot_be_written_is_said_without_the_content() {
    let dir = TempDir::new().expect("a directory");
    let (plain, _) = in_dir(&dir, "plain");
    fs::write(&plain, "x").expect("writable");
    let check = |filename: &str| {
        let config = object(&[("filename", filename), ("content", "hunter2")]);
        let error = create("local_file", &config).expect_err("it cannot be written");
        assert_eq!(error.class, ErrorClass::Rejected, "{error}");
        assert!(error.message.contains(filename), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    };
    // As root nothing is forbidden by permissions, so these fail for other reasons.
    check(dir.path().to_str().expect("Unicode"));
    check(plain.join("below-a-file").to_str().expect("Unicode"));
    check("/dev/null");
    check("/proc/kprov-no-such-file");
    assert_eq!(files_in(dir.path()), 1, "no temporary file is left");
}

#[test]
fn a_missing_source_is_named() {
    let dir = TempDir::new().expect("a directory");
    let (_, path) = in_dir(&dir, "f");
    let config = object(&[("filename", &path), ("source", "/no/such/source")]);
    let error = create("local_file", &config).expect_err("no source");
    assert_eq!(error.attribute, Some(kprov_core::Path::attribute("source")));
    assert!(error.message.contains("/no/such/source"), "{error}");
}

#[test]
fn only_our_own_content_is_removed() {
    let dir = TempDir::new().expect("a directory");
    let (path, text) = in_dir(&dir, "f");
    let make = |content: &str| {
        create("local_file", &object(&[("filename", &text), ("content", content)])).expect("a file")
    };
    let first = make("first");
    // As when a replacement is made before the old object goes.
    let second = make("second");
    delete(first).expect("nothing to do");
    assert_eq!(fs::read(&path).expect("still there"), b"second");
    delete(second.clone()).expect("removed");
    assert!(!path.exists());
    delete(second).expect("gone already");
}

#[test]
fn settling_removes_what_a_killed_write_left() {
    let dir = TempDir::new().expect("a directory");
    let (_, text) = in_dir(&dir, "f");
    fs::write(dir.path().join(".kprov-tok"), "hal").expect("writable");
    let planned = planned("local_file", &object(&[("filename", &text), ("content", "half")]));
    let intent = Intent { op: 1, token: "tok".into() };
    let request = SettleRequest { intent, prior: None, planned, private: Vec::new(), age: None };
    let settled = block_on(resource("local_file").settle(&context(), request));
    assert_eq!(settled, Ok(Settled::Absent));
    assert_eq!(files_in(dir.path()), 0);
}

#[test]
fn data_sources_read_files() {
    let dir = TempDir::new().expect("a directory");
    let (path, text) = in_dir(&dir, "f");
    fs::write(&path, b"a\xffb").expect("writable");
    for ty in ["local_file", "local_sensitive_file"] {
        let block = &Local.schema().data_sources[ty].block;
        let source = Local.data_source(ty).expect("a known type");
        let config = complete(block, &object(&[("filename", &text)]));
        let value = block_on(source.read(&context(), &config)).expect("a value");
        assert_eq!(value.ty(), block.implied_type());
        assert_eq!(attribute(&value, "content"), "a\u{fffd}b".into());
        assert_eq!(attribute(&value, "content_base64"), "Yf9i".into());
        assert!(attribute(&value, "id").as_str().is_some_and(|id| id.len() == 40));
        assert_eq!(block.attributes["content"].sensitive, ty == "local_sensitive_file");
        for wrong in ["/no/such/file", dir.path().to_str().expect("Unicode")] {
            let config = complete(block, &object(&[("filename", wrong)]));
            let error = block_on(source.read(&context(), &config)).expect_err("no file");
            assert!(error.message.contains(wrong), "{error}");
        }
    }
}

#[test]
fn direxists_answers() {
    let dir = TempDir::new().expect("a directory");
    let (file, file_text) = in_dir(&dir, "f");
    fs::write(&file, "").expect("writable");
    let call = |argument: Value| Local.function("direxists", &[argument]).expect("a function");
    assert_eq!(call(Value::string(dir.path().to_str().expect("Unicode"))), Ok(true.into()));
    assert_eq!(call("/no/such/directory".into()), Ok(false.into()));
    assert!(call(Value::string(file_text)).is_err());
    assert!(call(Value::Null(Type::String)).is_err());
    assert!(Local.function("other", &[]).is_none());
}
