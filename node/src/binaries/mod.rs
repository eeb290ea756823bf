//! The programs that a node runs: from a directory, or fetched by URL and checked by SHA-256 on every start. What is not
//! whole is never executable.

mod fetch;

pub(crate) use fetch::hex;
#[cfg(test)]
mod http_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::document::Binaries;
use crate::problem::Problem;

/// Where each program is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Programs {
    directory: PathBuf,
    fetched: BTreeMap<String, PathBuf>,
}

impl Programs {
    pub(crate) fn in_directory(directory: &Path) -> Programs {
        Programs { directory: directory.to_owned(), fetched: BTreeMap::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.fetched.get(name).cloned().unwrap_or_else(|| self.directory.join(name))
    }
}

/// Has everything at hand, or says what is missing.
pub(crate) async fn at_hand(
    binaries: &Binaries,
    needed: &[&str],
    cache: &Path,
) -> Result<Programs, Problem> {
    match binaries {
        Binaries::Directory(directory) => {
            for name in needed {
                let path = directory.join(name);
                if !path.is_file() {
                    return Err(Problem::new(
                        "A program is missing",
                        format!(
                            "There is no {}. Put it there, or give \"artifacts\" in the document.",
                            path.display()
                        ),
                    ));
                }
            }
            Ok(Programs::in_directory(directory))
        }
        Binaries::Artifacts(artifacts) => {
            std::fs::create_dir_all(cache)
                .map_err(|e| Problem::file("The cache cannot be made", cache, &e))?;
            let missing = |name: &&&str| !artifacts.iter().any(|artifact| artifact.name == **name);
            if let Some(name) = needed.iter().find(missing) {
                let detail = format!(
                    "{name} is not among the \"artifacts\" of the document. Add it, with its SHA-256 and URLs."
                );
                return Err(Problem::new("A program is missing", detail));
            }
            let mut programs = Programs::in_directory(cache);
            for artifact in artifacts {
                let path = fetch::artifact(artifact, cache).await?;
                programs.fetched.insert(artifact.name.clone(), path);
            }
            Ok(programs)
        }
    }
}
