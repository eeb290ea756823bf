//! Where the tree in use is: a directory of its generation, to which a link leads that is switched by rename.

use crate::files;
use crate::layout::Layout;
use crate::problem::Problem;

use super::Tree;

/// Puts a checked tree in the place of the one before; does nothing if it is that one.
pub(crate) fn put(tree: &Tree, layout: &Layout) -> Result<(), Problem> {
    let generation = tree.generation();
    if current(layout).as_deref() == Some(&generation) {
        return Ok(());
    }
    let directory = layout.trees().join(&generation);
    let failed = |path: &std::path::Path| {
        let path = path.to_owned();
        move |error: std::io::Error| {
            Problem::file("The PKI tree cannot be put in place", &path, &error)
        }
    };
    // Left by a run that ended in the middle.
    if directory.exists() {
        std::fs::remove_dir_all(&directory).map_err(failed(&directory))?;
    }
    for (path, text) in &tree.0 {
        let file = directory.join(path);
        files::directory(file.parent().unwrap_or(&directory))?;
        files::write(&file, text.as_bytes(), 0o600)?;
    }
    let link = layout.root().join(format!(".tree.{}", std::process::id()));
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(&directory, &link).map_err(failed(&link))?;
    std::fs::rename(&link, layout.tree()).map_err(failed(&layout.tree()))?;
    for old in std::fs::read_dir(layout.trees()).into_iter().flatten().flatten() {
        if old.file_name() != generation.as_str() {
            let _ = std::fs::remove_dir_all(old.path());
        }
    }
    Ok(())
}

/// The generation in use.
pub(super) fn current(layout: &Layout) -> Option<String> {
    let target = std::fs::read_link(layout.tree()).ok()?;
    Some(target.file_name()?.to_string_lossy().into_owned())
}
