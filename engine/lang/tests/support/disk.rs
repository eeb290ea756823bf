//! Files in memory, and a host without surprises.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, SystemTime};

use kprov_core::Host;
use kprov_lang::{FileError, FileKind, Files};

/// Content by path relative to the working directory `/work`.
#[derive(Debug, Default)]
pub(crate) struct Disk(pub(crate) BTreeMap<String, Vec<u8>>);

impl Disk {
    fn relative(path: &str) -> String {
        let path = path.strip_prefix("/work").unwrap_or(path);
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        parts.join("/")
    }

    fn inside(path: &str) -> String {
        if path.is_empty() { String::new() } else { format!("{path}/") }
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let found = self.0.get(&Disk::relative(path)).cloned();
        found.ok_or_else(|| FileError::NotFound { path: path.to_owned() })
    }

    fn kind(&self, path: &str) -> Result<Option<FileKind>, FileError> {
        let path = Disk::relative(path);
        if self.0.contains_key(&path) {
            return Ok(Some(FileKind::File));
        }
        let parent_is_file =
            path.match_indices('/').any(|(at, _)| self.0.contains_key(&path[..at]));
        if parent_is_file {
            return Err(FileError::Failed { path, reason: "not a directory".to_owned() });
        }
        let inside = Disk::inside(&path);
        let is_directory = self.0.keys().any(|name| name.starts_with(&inside));
        Ok(is_directory.then_some(FileKind::Directory))
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let inside = Disk::inside(&Disk::relative(path));
        let names: BTreeSet<String> = self
            .0
            .keys()
            .filter_map(|name| name.strip_prefix(&inside))
            .map(|rest| rest.split('/').next().unwrap_or_default().to_owned())
            .collect();
        Ok(names.into_iter().collect())
    }

    fn current_dir(&self) -> String {
        "/work".to_owned()
    }

    fn home_dir(&self) -> Option<String> {
        Some("/root".to_owned())
    }
}

/// A host that stands still.
#[derive(Debug)]
pub(crate) struct Clock;

impl Host for Clock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045)
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn random(&self, buffer: &mut [u8]) {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        buffer.fill_with(|| NEXT.fetch_add(37, Ordering::Relaxed));
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }
}
