//! Which workspace is selected: one line in `.kprov/environment` (`TF_DATA_DIR` moves the folder).

use std::path::{Path, PathBuf};

use kprov_core::Diagnostic;

/// The folder's name beside the configuration.
const DATA_DIR: &str = ".kprov";

/// The file.
pub(crate) fn path(data_dir: Option<&str>) -> PathBuf {
    let dir = data_dir.filter(|dir| !dir.is_empty()).unwrap_or(DATA_DIR);
    Path::new(dir).join("environment")
}

/// The selected workspace; "default" where none was ever selected.
pub(crate) fn read(path: &Path) -> Result<String, Diagnostic> {
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => Ok("default".to_owned()),
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok("default".to_owned()),
        Err(error) => Err(Diagnostic::error(
            "Failed to read selected workspace",
            format!("The file {path:?} cannot be read: {error}. Set TF_WORKSPACE, or repair it."),
        )),
    }
}

/// Selects a workspace.
pub(crate) fn write(path: &Path, name: &str) -> Result<(), Diagnostic> {
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| std::fs::write(path, name)).map_err(|error| {
        Diagnostic::error(
            "Failed to select workspace",
            format!("The file {path:?} cannot be written: {error}."),
        )
    })
}

/// May a workspace have that name? It has to be fit for a file name, as Terraform wants it.
pub(crate) fn is_valid(name: &str) -> bool {
    let fine = |c: char| c.is_alphanumeric() || "-_.~".contains(c);
    !name.is_empty() && name != "." && name != ".." && name.chars().all(fine)
}
