//! Calls functions in tests: a host with a fixed clock, and files in a map.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use kprov_core::{Host, Value};

use super::{FunctionContext, FunctionError, call, lookup};
use crate::{FileError, FileKind, Files};

/// A clock that stands at 2024-02-09T13:04:05Z, and bytes that count up.
#[derive(Debug)]
pub(super) struct TestHost;

impl Host for TestHost {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_707_483_845)
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
    fn random(&self, buffer: &mut [u8]) {
        (0u8..=255).cycle().zip(buffer).for_each(|(n, byte)| *byte = n);
    }
    fn env(&self, _: &str) -> Option<String> {
        None
    }
}

/// Files by path relative to the working directory, `/work`.
#[derive(Debug, Default)]
pub(super) struct TestFiles(pub(super) BTreeMap<String, Vec<u8>>);

impl TestFiles {
    /// Of text files.
    pub(super) fn of(files: &[(&str, &str)]) -> TestFiles {
        let bytes = |(path, text): &(&str, &str)| ((*path).to_owned(), text.as_bytes().to_vec());
        TestFiles(files.iter().map(bytes).collect())
    }

    fn key(path: &str) -> String {
        let path = path.strip_prefix("/work/").unwrap_or(path);
        path.split('/').filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/")
    }
}

impl Files for TestFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        match self.kind(path)? {
            Some(FileKind::File) => Ok(self.0[&TestFiles::key(path)].clone()),
            None => Err(FileError::NotFound { path: path.to_owned() }),
            Some(_) => Err(FileError::Failed {
                path: path.to_owned(),
                reason: "is a directory".to_owned(),
            }),
        }
    }
    fn kind(&self, path: &str) -> Result<Option<FileKind>, FileError> {
        let key = TestFiles::key(path);
        if self.0.contains_key(&key) {
            return Ok(Some(FileKind::File));
        }
        let inside = format!("{key}/");
        let is_directory = key.is_empty() || self.0.keys().any(|file| file.starts_with(&inside));
        Ok(is_directory.then_some(FileKind::Directory))
    }
    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let key = TestFiles::key(path);
        let inside = if key.is_empty() { key } else { format!("{key}/") };
        let mut names: Vec<String> = self
            .0
            .keys()
            .filter_map(|file| file.strip_prefix(&inside)?.split('/').next().map(str::to_owned))
            .collect();
        names.dedup();
        Ok(names)
    }
    fn current_dir(&self) -> String {
        "/work".to_owned()
    }
    fn home_dir(&self) -> Option<String> {
        Some("/home/ann".to_owned())
    }
}

/// Calls a function with a test host and these files.
pub(super) fn call_with(
    files: &TestFiles,
    name: &str,
    arguments: &[Value],
) -> Result<Value, FunctionError> {
    let context = FunctionContext {
        host: &TestHost,
        files,
        base_dir: ".",
        pure_only: false,
        plan_timestamp: Some("2024-02-09T13:04:05Z"),
    };
    call(lookup(name).expect("a known function"), &context, arguments)
}

/// Calls a function without files.
pub(super) fn call_named(name: &str, arguments: &[Value]) -> Result<Value, FunctionError> {
    call_with(&TestFiles::default(), name, arguments)
}

/// Asserts the text that a function of strings gives.
#[track_caller]
pub(super) fn check_text(name: &str, arguments: &[&str], expect: &str) {
    let values: Vec<Value> = arguments.iter().map(|text| Value::from(*text)).collect();
    let result = call_named(name, &values);
    assert_eq!(result, Ok(Value::from(expect)), "{name}({arguments:?})");
}

/// Asserts the message with which a function of strings fails.
#[track_caller]
pub(super) fn check_error(name: &str, arguments: &[Value], expect: &str) {
    let message = call_named(name, arguments).map_err(|error| error.message);
    assert_eq!(message, Err(expect.to_owned()), "{name}({arguments:?})");
}
