//! [`MemoryFiles`]: a configuration in memory.

use std::collections::{BTreeMap, BTreeSet};

use kprov_lang::config::EmbeddedModules;
use kprov_lang::{FileError, FileKind, Files};

/// Files by path relative to the working directory.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(pub BTreeMap<String, String>);

impl MemoryFiles {
    /// One file, `main.tf`.
    pub fn main(text: &str) -> MemoryFiles {
        MemoryFiles([("main.tf".to_owned(), text.to_owned())].into())
    }
}

fn clean(path: &str) -> &str {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    if path == "." { "" } else { path }
}

impl Files for MemoryFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        match self.0.get(clean(path)) {
            Some(text) => Ok(text.clone().into_bytes()),
            None => Err(FileError::NotFound { path: path.to_owned() }),
        }
    }

    fn kind(&self, path: &str) -> Result<Option<FileKind>, FileError> {
        let path = clean(path);
        if self.0.contains_key(path) {
            return Ok(Some(FileKind::File));
        }
        let below = format!("{path}/");
        let directory = path.is_empty() || self.0.keys().any(|name| name.starts_with(&below));
        Ok(directory.then_some(FileKind::Directory))
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let path = clean(path);
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        let names: BTreeSet<String> = self
            .0
            .keys()
            .filter_map(|name| name.strip_prefix(&below))
            .filter_map(|rest| rest.split('/').next().map(str::to_owned))
            .collect();
        Ok(names.into_iter().collect())
    }

    fn current_dir(&self) -> String {
        "/work".to_owned()
    }

    fn home_dir(&self) -> Option<String> {
        None
    }
}

/// No modules but those in files.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoModules;

impl EmbeddedModules for NoModules {
    fn files(&self, _name: &str) -> Option<Vec<(String, String)>> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}
