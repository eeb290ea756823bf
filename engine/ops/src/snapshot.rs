//! [`Snapshot`]: the configuration that a saved plan was made from, as files.
//!
//! Holds the text of every configuration file of every module on disk. Reading modules from it gives
//! the tree that was planned, whatever became of the files since.

use std::collections::{BTreeMap, BTreeSet};

use kprov_lang::config::ModuleTree;
use kprov_lang::{FileError, FileKind, Files, SourceMap};
use serde::{Deserialize, Serialize};

/// Configuration files by path, and the directories that are modules.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Snapshot {
    files: BTreeMap<String, String>,
    dirs: BTreeSet<String>,
}

impl Snapshot {
    /// What `tree` was read from. Files that are not configuration (variables) are left out.
    pub fn of(tree: &ModuleTree, sources: &SourceMap) -> Snapshot {
        let dirs: BTreeSet<String> =
            tree.modules.values().map(|module| module.dir.clone()).collect();
        let mut files = BTreeMap::new();
        for (name, text) in sources.files() {
            let (dir, base) = name.rsplit_once('/').unwrap_or((".", &name));
            if base.ends_with(".tf") && dirs.contains(dir) {
                files.insert(name.to_string(), text.to_string());
            }
        }
        Snapshot { files, dirs }
    }

    fn split(path: &str) -> (&str, &str) {
        path.rsplit_once('/').unwrap_or((".", path))
    }
}

impl Files for Snapshot {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let text = self.files.get(path);
        text.map(|text| text.clone().into_bytes())
            .ok_or_else(|| FileError::NotFound { path: path.to_owned() })
    }

    fn kind(&self, path: &str) -> Result<Option<FileKind>, FileError> {
        if self.files.contains_key(path) {
            return Ok(Some(FileKind::File));
        }
        Ok(self.dirs.contains(path).then_some(FileKind::Directory))
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        if !self.dirs.contains(path) {
            return Err(FileError::NotFound { path: path.to_owned() });
        }
        let inside = self.files.keys().filter(|name| Snapshot::split(name).0 == path);
        Ok(inside.map(|name| Snapshot::split(name).1.to_owned()).collect())
    }

    fn current_dir(&self) -> String {
        "/".to_owned()
    }

    fn home_dir(&self) -> Option<String> {
        None
    }
}
