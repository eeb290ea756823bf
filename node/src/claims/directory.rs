//! Claims in a directory that all nodes share. A claim appears whole: it is written beside and then linked, and a link
//! never replaces what is there.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::Claims;
use crate::problem::Problem;

/// Claims in a directory.
#[derive(Clone, Debug)]
pub(crate) struct InDirectory(pub(crate) PathBuf);

fn failed(path: &Path, error: &std::io::Error) -> Problem {
    Problem::file("A claim cannot be read or written", path, error)
}

#[async_trait]
impl Claims for InDirectory {
    async fn all(&self) -> Result<BTreeMap<String, String>, Problem> {
        let mut all = BTreeMap::new();
        for (below, prefix) in [(self.0.clone(), ""), (self.0.join("members"), "members/")] {
            let entries = match std::fs::read_dir(&below) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(&below, &error)),
            };
            for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()) {
                let name = path
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default();
                if name.starts_with('.') {
                    continue;
                }
                match std::fs::read_to_string(&path) {
                    Ok(text) => drop(all.insert(format!("{prefix}{name}"), text.trim().to_owned())),
                    // Deleted just now.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(failed(&path, &error)),
                }
            }
        }
        Ok(all)
    }

    async fn write_once(&self, name: &str, value: &str) -> Result<bool, Problem> {
        let path = self.0.join(name);
        let parent = path.parent().unwrap_or(&self.0);
        std::fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
        let mut beside = tempfile_beside(parent)?;
        let written = beside.0.write_all(value.as_bytes()).and_then(|()| beside.0.sync_all());
        let linked = written.and_then(|()| std::fs::hard_link(&beside.1, &path));
        let _ = std::fs::remove_file(&beside.1);
        match linked {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(failed(&path, &error)),
        }
    }

    async fn overwrite(&self, name: &str, value: &str) -> Result<(), Problem> {
        let path = self.0.join(name);
        let parent = path.parent().unwrap_or(&self.0);
        std::fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
        crate::files::write(&path, value.as_bytes(), 0o600)
    }

    async fn delete(&self, name: &str, value: &str) -> Result<(), Problem> {
        let path = self.0.join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) if text.trim() == value => {
                std::fs::remove_file(&path).map_err(|error| failed(&path, &error))
            }
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed(&path, &error)),
        }
    }
}

fn tempfile_beside(parent: &Path) -> Result<(std::fs::File, PathBuf), Problem> {
    for number in 0..1000 {
        let path = parent.join(format!(".{}.{number}", std::process::id()));
        match std::fs::File::options().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(&path, &error)),
        }
    }
    let detail = format!(
        "{} is full of files of unfinished claims. Delete those whose names begin with a dot.",
        parent.display()
    );
    Err(Problem::new("A claim cannot be written", detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::{ClaimSet, read};

    #[tokio::test]
    async fn the_first_one_wins_and_only_its_value_is_deleted() {
        let dir = tempfile::tempdir().unwrap();
        let claims = InDirectory(dir.path().join("claims"));
        assert_eq!(read(&claims).await.unwrap(), ClaimSet::default());
        assert!(claims.write_once("founder", "a").await.unwrap());
        assert!(!claims.write_once("founder", "b").await.unwrap());
        claims.delete("founder", "b").await.unwrap();
        assert_eq!(read(&claims).await.unwrap().founder.as_deref(), Some("a"));
        claims.delete("founder", "a").await.unwrap();
        assert!(claims.write_once("founder", "b").await.unwrap());
        claims.write_once("cluster", "ff").await.unwrap();
        claims.overwrite("members/x", "1f").await.unwrap();
        claims.overwrite("members/x", "2f").await.unwrap();
        let set = read(&claims).await.unwrap();
        assert_eq!((set.cluster, set.members["x"]), (Some(255), 0x2f));
        assert_eq!(
            std::fs::read_dir(dir.path().join("claims")).unwrap().count(),
            3,
            "nothing is left beside"
        );
        claims.write_once("members/y", "what").await.unwrap();
        assert!(read(&claims).await.is_err());
    }
}
