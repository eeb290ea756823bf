//! The tree in a directory.

use std::collections::BTreeMap;
use std::path::Path;

use crate::problem::Problem;

pub(super) fn fetch(root: &Path, paths: &[String]) -> Result<BTreeMap<String, String>, Problem> {
    let mut texts = BTreeMap::new();
    for path in paths {
        let file = root.join(path);
        match std::fs::read_to_string(&file) {
            Ok(text) => drop(texts.insert(path.clone(), text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Problem::file("The PKI tree cannot be read", &file, &error)),
        }
    }
    Ok(texts)
}
