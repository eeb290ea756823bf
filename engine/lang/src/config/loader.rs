//! Loads the module tree: the files of a directory, overrides merged, calls followed.

use std::fmt;

use kprov_core::Diagnostics;

use super::ModuleTree;
use crate::{Files, SourceMap};

/// Modules that come with the binary: `source = "kprov//NAME"`.
pub trait EmbeddedModules: Send + Sync + fmt::Debug {
    /// File names and texts of the module, or `None` if there is none of that name.
    fn files(&self, name: &str) -> Option<Vec<(String, String)>>;

    /// All names, for "did you mean".
    fn names(&self) -> Vec<String>;
}

/// Loads the module in `dir` and all that it calls. Every problem of every file is reported; what
/// could be read is returned.
pub fn load_tree(
    _files: &dyn Files,
    _sources: &SourceMap,
    _embedded: &dyn EmbeddedModules,
    _dir: &str,
) -> (ModuleTree, Diagnostics) {
    todo!()
}
