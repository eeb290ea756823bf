//! Reads variables files, `.tfvars` and `.tfvars.json`.

use kprov_core::value::{from_json, implied_type};
use kprov_core::{Diagnostic, SourceRange, Str};

use super::{Collector, Given, Origin};
use crate::{FileError, Span};

/// How many undeclared names are told one by one.
const TOLD: usize = 2;

impl Collector<'_> {
    /// A file that the command line names: it must be there.
    pub(super) fn named_file(&mut self, path: &str) {
        match self.files.kind(path) {
            Ok(Some(_)) => self.file(path),
            Ok(None) => self.problems.push(Diagnostic::error(
                "Failed to read variables file",
                format!("Given variables file {path} does not exist."),
            )),
            Err(error) => self.unreadable(path, &error),
        }
    }

    pub(super) fn file(&mut self, path: &str) {
        let bytes = match self.files.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.unreadable(path, &error);
                return;
            }
        };
        if path.ends_with(".json") {
            self.json(path, &bytes);
        } else {
            self.native(path, bytes);
        }
    }

    fn unreadable(&mut self, path: &str, error: &FileError) {
        self.problems.push(Diagnostic::error(
            "Failed to read variables file",
            format!("The variables file {path} cannot be read: {error}."),
        ));
    }

    fn native(&mut self, path: &str, bytes: Vec<u8>) {
        let (body, problems) = crate::syntax::parse_bytes(self.sources, path, bytes);
        self.problems.extend(problems);
        for block in &body.blocks {
            let range = self.sources.range(block.ty_span);
            let hint = if block.ty == "variable" {
                format!(
                    "Blocks are not allowed here: {path} only assigns values. Put the declaration \
                     into a .tf file."
                )
            } else {
                "Blocks are not allowed here: to set a variable, write NAME = VALUE.".to_owned()
            };
            self.problems.push(Diagnostic::error("Unexpected block", hint).at(range));
        }
        for attribute in body.attributes {
            let range = self.sources.range(attribute.name_span);
            self.give(attribute.name, Given::Expr(attribute.expr), path, range);
        }
    }

    fn json(&mut self, path: &str, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let file = self.sources.add(path, text.as_str());
        let whole = self.sources.range(Span { file, start: 0, end: 0 });
        let object = match serde_json::from_slice::<serde_json::Value>(bytes) {
            Ok(serde_json::Value::Object(object)) => object,
            Ok(_) => {
                let detail = "The root of a variables file must be a JSON object.";
                let problem = Diagnostic::error("Incorrect JSON value type", detail);
                self.problems.push(problem.at(whole));
                return;
            }
            Err(error) => {
                let at = self.sources.range(place(file, &text, error.line(), error.column()));
                let detail = format!("{path} is not valid JSON: {error}.");
                self.problems.push(Diagnostic::error("Invalid JSON", detail).at(at));
                return;
            }
        };
        for (name, json) in object {
            // By the convention of JSON syntax this is a comment.
            if name == "//" {
                continue;
            }
            match from_json(&json, &implied_type(&json)) {
                Ok(value) => {
                    self.give(Str::from(name), Given::Value(value), path, whole.clone());
                }
                Err(error) => {
                    let detail = format!("The value of \"{name}\" cannot be read: {error}.");
                    let problem = Diagnostic::error("Incorrect JSON value type", detail);
                    self.problems.push(problem.at(whole.clone()));
                }
            }
        }
    }

    fn give(&mut self, name: Str, given: Given, path: &str, at: SourceRange) {
        if self.root.variables.contains_key(&name) {
            self.given.insert(name, (given, Origin::File(path.to_owned())));
            return;
        }
        self.undeclared += 1;
        if self.undeclared <= TOLD {
            self.problems.push(
                Diagnostic::warning(
                    "Value for undeclared variable",
                    format!(
                        "The root module does not declare a variable named \"{name}\" but a value \
                         was found in file {path:?}. If you meant to use this value, add a \
                         \"variable\" block to the configuration.\n\nTo silence these warnings, \
                         use TF_VAR_... environment variables to provide certain \"global\" \
                         settings to all configurations in your organization."
                    ),
                )
                .at(at),
            );
        }
    }

    pub(super) fn summarise_undeclared(&mut self) {
        if self.undeclared > TOLD {
            self.problems.push(Diagnostic::warning(
                "Values for undeclared variables",
                format!(
                    "In addition to the other similar warnings shown, {} other variable(s) defined \
                     without being declared.",
                    self.undeclared - TOLD
                ),
            ));
        }
    }
}

/// Line and column, from 1, as a place.
fn place(file: crate::FileId, text: &str, line: usize, column: usize) -> Span {
    let line_start: usize =
        text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let start = (line_start + column.saturating_sub(1)).min(text.len()) as u32;
    Span { file, start, end: start }
}
