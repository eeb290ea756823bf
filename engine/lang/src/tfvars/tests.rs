//! Precedence, undeclared names, reading of texts by type.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::*;
use crate::config::{EmbeddedModules, load_tree};
use crate::{FileError, FileKind};

/// Files in a map.
#[derive(Debug, Default)]
struct Memory(BTreeMap<String, Vec<u8>>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let missing = || FileError::NotFound { path: path.to_owned() };
        self.0.get(path).cloned().ok_or_else(missing)
    }
    fn kind(&self, path: &str) -> Result<Option<FileKind>, FileError> {
        Ok(self.0.contains_key(path).then_some(FileKind::File))
    }
    fn list(&self, _path: &str) -> Result<Vec<String>, FileError> {
        Ok(self.0.keys().cloned().collect())
    }
    fn current_dir(&self) -> String {
        "/".to_owned()
    }
    fn home_dir(&self) -> Option<String> {
        None
    }
}

#[derive(Debug)]
struct Environment;

impl Host for Environment {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
    fn env(&self, name: &str) -> Option<String> {
        Some(format!("env {name}"))
    }
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

const MAIN: &str = "variable \"a\" {}\nvariable \"n\" {\n  type = number\n}\n\
                    variable \"l\" {\n  type = list(string)\n}\nvariable \"x\" {\n  type = any\n}\n";

/// What `a` is, or the summaries of all problems.
fn run(files: &[(&str, &str)], arguments: &[VariableArgument], env: &[&str], name: &str) -> String {
    let mut memory = Memory::default();
    memory.0.insert("main.tf".into(), MAIN.into());
    for (path, text) in files {
        memory.0.insert((*path).to_owned(), text.as_bytes().to_vec());
    }
    let sources = SourceMap::new();
    let (tree, problems) = load_tree(&memory, &sources, &NoModules, ".");
    assert!(!problems.has_errors(), "{problems:?}");
    let root = &tree.modules[&kprov_core::ModulePath::root()];
    let env: Vec<String> = env.iter().map(|name| (*name).to_owned()).collect();
    let (given, problems) = collect(&memory, &sources, &Environment, ".", root, arguments, &env);
    if !problems.is_empty() {
        return problems.iter().map(|it| it.summary.to_string()).collect::<Vec<_>>().join("; ");
    }
    let Some((given, origin)) = given.get(name) else { return "nothing".to_owned() };
    match value_of(&sources, &root.variables[name], given, origin) {
        Ok(value) => {
            kprov_core::value::to_json(&value, &value.ty()).map_or("?".into(), |it| it.to_string())
        }
        Err(problems) => problems.iter().map(|it| it.summary.to_string()).collect(),
    }
}

fn var(text: &str) -> VariableArgument {
    VariableArgument::Var(text.to_owned())
}

#[test]
fn later_sources_win() {
    let files = [
        ("terraform.tfvars", "a = \"1\""),
        ("terraform.tfvars.json", "{\"a\": \"2\"}"),
        ("a.auto.tfvars", "a = \"3\""),
        ("b.auto.tfvars.json", "{\"a\": \"4\"}"),
        ("f.tfvars", "a = \"5\""),
    ];
    let file = VariableArgument::File("f.tfvars".to_owned());
    let check = |count: usize, arguments: &[VariableArgument], expected: &str| {
        assert_eq!(run(&files[..count], arguments, &["TF_VAR_a"], "a"), expected);
    };
    check(0, &[], "\"env TF_VAR_a\"");
    check(1, &[], "\"1\"");
    check(2, &[], "\"2\"");
    check(3, &[], "\"3\"");
    check(4, &[], "\"4\"");
    check(5, &[var("a=6")], "\"6\"");
    check(5, &[var("a=6"), file.clone()], "\"5\"");
    check(5, &[file, var("a=6")], "\"6\"");
}

#[test]
fn texts_are_read_by_type() {
    let check = |name: &str, text: &str, expected: &str| {
        let argument = var(&format!("{name}={text}"));
        assert_eq!(run(&[], &[argument], &[], name), expected, "{name}={text}");
    };
    check("a", "[1]", "\"[1]\"");
    check("n", "5", "5");
    check("n", "abc", "Invalid value for input variable");
    check("n", "[1]", "Invalid value for input variable");
    check("l", "[\"x\"]", "[\"x\"]");
    check("l", "3", "Invalid value for input variable");
    check("l", "[var.a]", "Variables not allowed");
    check("l", "split(\",\", \"a\")", "Function calls not allowed");
    check("x", "{a = 1 + 2}", "{\"a\":3}");
}

#[test]
fn wrong_sources_are_told() {
    let check = |files: &[(&str, &str)], arguments: &[VariableArgument], expected: &str| {
        assert_eq!(run(files, arguments, &["TF_VAR_zz"], "a"), expected);
    };
    check(&[], &[], "nothing");
    check(&[], &[var("n")], "Invalid -var option");
    check(&[], &[var("zz=1")], "Value for undeclared variable");
    check(&[], &[VariableArgument::File("none".into())], "Failed to read variables file");
    check(&[("terraform.tfvars", "zz = 1")], &[], "Value for undeclared variable");
    check(
        &[("terraform.tfvars", "p = 1\nq = 2\nr = 3\ns = 4")],
        &[],
        "Value for undeclared variable; Value for undeclared variable; \
         Values for undeclared variables",
    );
    check(&[("terraform.tfvars", "a {\n}")], &[], "Unexpected block");
    check(&[("terraform.tfvars", "a = \n")], &[], "Invalid expression");
    check(&[("terraform.tfvars.json", "{")], &[], "Invalid JSON");
    check(&[("terraform.tfvars.json", "[]")], &[], "Incorrect JSON value type");
}
