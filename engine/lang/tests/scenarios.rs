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

/// Steps whose errors are not (all) found by loading, and why.
const ELSEWHERE: &[(&str, &str)] = &[
    ("conditions-bad/self", "references are resolved by the planner"),
    ("for-each-each-outside/v", "references are resolved by the planner"),
    ("ignore-changes-bad/unknown", "needs a provider's schema"),
    ("module-cycle-through-outputs/v", "cycles are found by the planner"),
    ("module-missing-argument/output", "references are resolved by the planner"),
    ("module-missing-argument/undeclared", "references are resolved by the planner"),
    ("module-missing-argument/type", "arguments are evaluated by the planner"),
    ("prov-bad/type", "needs the list of provisioners"),
    ("prov-bad/cmd", "needs a provisioner's schema"),
    ("prov-bad/unk", "needs a provisioner's schema"),
    ("provfn-undeclared/without", "functions are found by the evaluator"),
    ("provfn-undeclared/unknown", "functions are found by the evaluator"),
    ("ref-attribute-unknown/validate", "needs a provider's schema"),
    ("ref-depends-on-cycle/validate", "cycles are found by the planner"),
    ("ref-local-cycle/validate", "cycles are found by the planner"),
    ("ref-local-self/validate", "cycles are found by the planner"),
    ("ref-static-type-errors/validate", "found by evaluation"),
    ("ref-undeclared/validate", "references are resolved by the planner"),
    ("ref-unknown-function/validate", "functions are found by the evaluator"),
    ("struct-dynamic-block/validate", "needs a provider's schema"),
    ("struct-provider-block/validate", "providers are matched by the planner"),
    ("syntax-json-syntax/validate", "JSON configuration is not read yet"),
    ("syntax-json-template/validate", "JSON configuration is not read yet"),
    ("syntax-not-utf8/validate", "terraform adds an error that follows from the first"),
];

/// Every recorded `validate`, with the scenario's and the step's name and its directory.
fn steps(root: &Path) -> Vec<(String, PathBuf, Vec<String>)> {
    let mut steps = Vec::new();
    for scenario in std::fs::read_dir(root).expect("the recorded scenarios").flatten() {
        let scenario = scenario.path();
        let text = std::fs::read(scenario.join("scenario.json")).expect("a scenario");
        let json: serde_json::Value = serde_json::from_slice(&text).expect("a scenario as JSON");
        let name = scenario.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for step in json["steps"].as_array().into_iter().flatten() {
            let (Some(dir), Some(step)) = (step["dir"].as_str(), step["name"].as_str()) else {
                continue;
            };
            if let Some(places) = expected(&scenario, step) {
                steps.push((format!("{name}/{step}"), scenario.join(dir), places));
            }
        }
    }
    steps
}

#[test]
fn errors_stand_where_terraform_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/scenarios");
    let steps = steps(&root);
    assert!(steps.len() > 80, "only {} steps found", steps.len());
    let mut wrong = Vec::new();
    for (name, dir, theirs) in steps {
        let (ours, details) = errors_of(&dir);
        let elsewhere = ELSEWHERE.iter().any(|(known, _)| *known == name);
        if (ours == theirs) == elsewhere {
            wrong.push(format!("{name}: ours {details:?} theirs {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
