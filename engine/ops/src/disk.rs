//! [`Disk`]: the real file system as the language room sees it.

use std::io;
use std::path::PathBuf;

use kprov_lang::{FileError, FileKind, Files};

/// Files of this machine. Relative paths are relative to the working directory.
#[derive(Clone, Debug)]
pub struct Disk {
    current_dir: PathBuf,
    original_dir: PathBuf,
    home_dir: Option<PathBuf>,
}

impl Disk {
    /// The disk as seen from `current_dir`; `home_dir` is what `~` stands for.
    pub fn new(current_dir: PathBuf, home_dir: Option<PathBuf>) -> Disk {
        Disk { original_dir: current_dir.clone(), current_dir, home_dir }
    }

    /// The same where the user was elsewhere before (`-chdir`).
    pub fn called_from(self, original_dir: PathBuf) -> Disk {
        Disk { original_dir, ..self }
    }

    fn full(&self, path: &str) -> PathBuf {
        self.current_dir.join(path)
    }
}

fn failed(path: &str, error: &io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound => FileError::NotFound { path: path.to_owned() },
        _ => FileError::Failed { path: path.to_owned(), reason: error.to_string() },
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        std::fs::read(self.full(path)).map_err(|error| failed(path, &error))
    }

    fn kind(&self, path: &str) -> Result<Option<FileKind>, FileError> {
        match std::fs::metadata(self.full(path)) {
            Ok(meta) if meta.is_file() => Ok(Some(FileKind::File)),
            Ok(meta) if meta.is_dir() => Ok(Some(FileKind::Directory)),
            Ok(_) => Ok(Some(FileKind::Other)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(path, &error)),
        }
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.full(path)).map_err(|error| failed(path, &error))? {
            let entry = entry.map_err(|error| failed(path, &error))?;
            // A name that is not Unicode cannot be written in a configuration: nothing refers to it.
            if let Ok(name) = entry.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn current_dir(&self) -> String {
        self.current_dir.to_string_lossy().into_owned()
    }

    fn original_dir(&self) -> String {
        self.original_dir.to_string_lossy().into_owned()
    }

    fn home_dir(&self) -> Option<String> {
        self.home_dir.as_ref().map(|home| home.to_string_lossy().into_owned())
    }
}
