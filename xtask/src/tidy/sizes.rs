//! Every Rust file begins with `//!`, no file is over 800 lines, no function over 70 unless listed
//! with a reason.

use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 70;

/// `file::function` and why it is long. Tests and their tables are not exempt.
const LONG_FUNCTIONS: &[(&str, &str)] = &[(
    "providers/aws/src/tests/rotation/life.rs::a_master_is_replaced_and_the_group_is_as_it_was",
    "one life, step by step",
)];

fn rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let root = crate::shell::root();
    for room in ["airplane", "engine", "providers", "state", "tests", "examples", "xtask"] {
        collect(&root.join(room), &mut found);
    }
    assert!(found.len() > 50, "the tidy test looks in the wrong place: {}", root.display());
    found.sort();
    found
}

fn collect(dir: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && entry.file_name() != "target" {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Name and length of each function: from its `fn` line to the `}` at the same indentation. rustfmt
/// makes that exact.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
        let mut words = words.skip_while(|word| {
            matches!(*word, "pub" | "crate" | "super" | "in" | "async" | "const" | "")
        });
        if words.next() != Some("fn") {
            continue;
        }
        let name = words.next().unwrap_or_default().to_owned();
        let close = format!("{}}}", " ".repeat(indent));
        let length = lines[at..].iter().position(|line| *line == close);
        let ends_at_once =
            lines[at..].iter().take_while(|l| !l.contains('{')).any(|l| l.ends_with(';'));
        if let (Some(length), false) = (length, ends_at_once) {
            found.push((name, length + 1));
        }
    }
    found
}

#[test]
fn every_file_says_what_it_owns() {
    let silent: Vec<_> = rust_files()
        .into_iter()
        .filter(|path| !fs::read_to_string(path).expect("readable").starts_with("//!"))
        .collect();
    assert!(silent.is_empty(), "these files do not begin with //!: {silent:#?}");
}

#[test]
fn files_are_small() {
    let large: Vec<_> = rust_files()
        .into_iter()
        .map(|path| (fs::read_to_string(&path).expect("readable").lines().count(), path))
        .filter(|(lines, _)| *lines > FILE_LINES_MAX)
        .collect();
    assert!(
        large.is_empty(),
        "files over {FILE_LINES_MAX} lines, find the second idea: {large:#?}"
    );
}

#[test]
fn functions_are_small() {
    let root = crate::shell::root();
    let mut large = Vec::new();
    for path in rust_files() {
        let text = fs::read_to_string(&path).expect("readable");
        let file = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
        for (name, lines) in functions(&text) {
            let place = format!("{file}::{name}");
            let listed = LONG_FUNCTIONS.iter().any(|(listed, _)| *listed == place);
            if lines > FUNCTION_LINES_MAX && !listed {
                large.push(format!("{place}: {lines} lines"));
            }
        }
    }
    assert!(large.is_empty(), "over {FUNCTION_LINES_MAX} lines:\n{}", large.join("\n"));
}

#[test]
fn function_lengths_are_measured() {
    let text = "fn a() {\n    b();\n}\n\nimpl X {\n    pub async fn c(\n    ) -> u8 {\n        1\n    }\n}\n";
    assert_eq!(functions(text), [("a".to_owned(), 3), ("c".to_owned(), 4)]);
}
