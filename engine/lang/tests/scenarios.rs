//! Loads the configurations of the recorded scenarios and compares the places of errors with what
//! `terraform validate -json` said.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kprov_core::Severity;
use kprov_lang::config::{EmbeddedModules, load_tree};
use kprov_lang::{FileError, FileKind, Files, SourceMap};

/// The file system below a directory.
#[derive(Debug)]
struct Disk(PathBuf);

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        std::fs::read(self.0.join(path)).map_err(|error| failed(path, &error))
    }
    fn kind(&self, path: &str) -> Result<Option<FileKind>, FileError> {
        let full = self.0.join(path);
        Ok(if full.is_dir() {
            Some(FileKind::Directory)
        } else {
            full.exists().then_some(FileKind::File)
        })
    }
    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let entries = std::fs::read_dir(self.0.join(path)).map_err(|error| failed(path, &error))?;
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into()).collect();
        names.sort();
        Ok(names)
    }
    fn current_dir(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
    fn home_dir(&self) -> Option<String> {
        None
    }
}

fn failed(path: &str, error: &std::io::Error) -> FileError {
    FileError::Failed { path: path.to_owned(), reason: error.to_string() }
}

#[derive(Debug)]
struct NoModules;

impl EmbeddedModules for NoModules {
    fn files(&self, _name: &str) -> Option<Vec<(String, String)>> {
        None
    }
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Errors as `file:line`, sorted.
fn errors_of(dir: &Path) -> (Vec<String>, BTreeMap<String, Vec<String>>) {
    let sources = SourceMap::new();
    let (_, problems) = load_tree(&Disk(dir.to_owned()), &sources, &NoModules, ".");
    let mut places = Vec::new();
    let mut details: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for problem in problems.iter().filter(|problem| problem.severity == Severity::Error) {
        let place = match &problem.subject {
            Some(range) => format!("{}:{}", range.filename, range.start.line),
            None => "nowhere".to_owned(),
        };
        details.entry(place.clone()).or_default().push(problem.summary.to_string());
        places.push(place);
    }
    places.sort();
    (places, details)
}

/// What terraform said: `None` for a step that is not `validate`.
fn expected(scenario: &Path, step: &str) -> Option<Vec<String>> {
    let text = std::fs::read(scenario.join("expected").join(format!("{step}.json"))).ok()?;
    let json: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let errors = json["result"]["errors"].as_array();
    if json["result"]["valid"].is_null() {
        return None;
    }
    let place = |error: &serde_json::Value| match error[1].as_str() {
        Some(file) => format!("{file}:{}", error[2]),
        None => "nowhere".to_owned(),
    };
    let mut places: Vec<String> =
        errors.map(|errors| errors.iter().map(place).collect()).unwrap_or_default();
    places.sort();
    Some(places)
}

#[test]
fn explore() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/scenarios");
    let mut names: Vec<_> = std::fs::read_dir(&root).unwrap().flatten().map(|e| e.path()).collect();
    names.sort();
    let (mut same, mut differ) = (0, 0);
    for scenario in names {
        let text = std::fs::read(scenario.join("scenario.json")).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let name = scenario.file_name().unwrap().to_string_lossy().into_owned();
        for step in json["steps"].as_array().unwrap() {
            let Some(dir) = step["dir"].as_str() else { continue };
            let step = step["name"].as_str().unwrap();
            let (ours, details) = errors_of(&scenario.join(dir));
            match expected(&scenario, step) {
                Some(theirs) if theirs == ours => same += 1,
                Some(theirs) => {
                    differ += 1;
                    println!("{name}/{step}: ours {details:?} theirs {theirs:?}");
                }
                None if !ours.is_empty() => println!("{name}/{step}: UNEXPECTED {details:?}"),
                None => {}
            }
        }
    }
    println!("{same} same, {differ} differ");
}
