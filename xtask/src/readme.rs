//! `cargo xtask readme`: writes the README.md of every module below `modules/` from the module: the
//! comment at the top of `main.tf`, variables, outputs, the examples that use it.
//!
//! A README says what the module says and nothing else, so it is never edited; a test fails when
//! one is stale.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use kprov_lang::ast::{Block, Body, Expr, ExprKind};
use kprov_lang::{SourceMap, syntax};

use crate::shell::root;

/// How much a line of code in a comment is moved right: Markdown's own sign for code.
const CODE: &str = "    ";

/// Writes all of them.
pub fn write() -> Result<(), String> {
    for (path, text) in all()? {
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// Each README and what it must say.
fn all() -> Result<Vec<(PathBuf, String)>, String> {
    let modules = root().join("modules");
    let examples = examples();
    directories(&modules)
        .into_iter()
        .map(|dir| {
            let name = dir.strip_prefix(&modules).map(Path::to_owned).unwrap_or_default();
            Ok((dir.join("README.md"), readme(&name.display().to_string(), &dir, &examples)?))
        })
        .collect()
}

/// Directories with a `main.tf`, sorted.
fn directories(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![below.to_owned()];
    while let Some(dir) = open.pop() {
        if dir.join("main.tf").is_file() {
            found.push(dir.clone());
        }
        let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
        open.extend(entries.map(|entry| entry.path()).filter(|path| path.is_dir()));
    }
    found.sort();
    found
}

/// Texts of all configuration files of a directory, sorted by name.
fn texts(dir: &Path) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "tf"))
        .filter_map(|path| fs::read_to_string(&path).ok().map(|text| (path, text)))
        .collect();
    files.sort();
    files
}

/// Names of the examples, and all their text.
fn examples() -> Vec<(String, String)> {
    let name = |dir: &Path| dir.file_name().map(|name| name.to_string_lossy().into_owned());
    let all = directories(&root().join("examples"));
    let named = all.iter().filter_map(|dir| {
        let text: String = texts(dir).into_iter().map(|(_, text)| text).collect();
        Some((name(dir)?, text))
    });
    named.collect()
}

/// The README of the module `name` in `dir`.
fn readme(name: &str, dir: &Path, examples: &[(String, String)]) -> Result<String, String> {
    let sources = SourceMap::new();
    let (mut variables, mut outputs) = (Vec::new(), Vec::new());
    let mut about = String::new();
    for (path, text) in texts(dir) {
        if path.ends_with("main.tf") {
            about = comment(&text);
        }
        let file = sources.add(path.display().to_string(), text);
        let (body, problems) = syntax::parse_body(&sources, file);
        if problems.has_errors() {
            return Err(format!("{} is not valid", path.display()));
        }
        let Body { blocks, .. } = body;
        for block in blocks {
            match block.ty.as_str() {
                "variable" => variables.push(block),
                "output" => outputs.push(block),
                _ => {}
            }
        }
    }
    let mut out = format!("# {name}\n\n{about}\n");
    let mut say = |text: &str| out.push_str(text);
    say("\n## Variables\n\n");
    for block in &variables {
        say(&variable(&sources, block));
    }
    say("\n## Outputs\n\n");
    for block in &outputs {
        say(&format!("- `{}`: {}\n", label(block), description(block)));
    }
    let using = format!("\"kprov//{name}\"");
    let up = "../".repeat(name.split('/').count() + 1);
    let links: String = examples
        .iter()
        .filter(|(_, text)| text.contains(&using))
        .map(|(example, _)| format!("- [examples/{example}]({up}examples/{example})\n"))
        .collect();
    if !links.is_empty() {
        say(&format!("\n## Examples\n\n{links}"));
    }
    say("\n<!-- Written by `cargo xtask readme` from the module: change that. -->\n");
    Ok(out)
}

/// The comment at the top of a file as Markdown, code fenced.
fn comment(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix('#'));
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let mut out = String::new();
    let mut in_code = false;
    for (at, line) in lines.iter().enumerate() {
        // An empty line belongs to the code that goes on behind it.
        let goes_on = lines[at..].iter().find(|line| !line.is_empty());
        let code = line.starts_with(CODE)
            || (in_code && line.is_empty() && goes_on.is_some_and(|it| it.starts_with(CODE)));
        if code != in_code {
            out.push_str(if code { "```hcl\n" } else { "```\n" });
            in_code = code;
        }
        out.push_str(line.strip_prefix(CODE).unwrap_or(line));
        out.push('\n');
    }
    if in_code {
        out.push_str("```\n");
    }
    out.trim_end().to_owned()
}

fn label(block: &Block) -> &str {
    block.labels.first().map_or("", |(label, _)| label.as_str())
}

fn description(block: &Block) -> String {
    let expr = block.body.attribute("description").map(|attribute| &attribute.expr);
    match expr {
        Some(Expr { kind: ExprKind::Literal(value), .. }) => {
            value.as_str().unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

/// Name, type, default and meaning; a long type or default as code below.
fn variable(sources: &SourceMap, block: &Block) -> String {
    let code = |name: &str| {
        let attribute = block.body.attribute(name);
        attribute.map(|it| dedent(&sources.snippet(it.expr.span)))
    };
    let ty = code("type").unwrap_or_else(|| "any".to_owned());
    let default = code("default");
    let mut short = Vec::new();
    let mut long = String::new();
    let mut say = |word: &str, text: &str| {
        if text.contains('\n') {
            let text = text.replace('\n', "\n  ");
            write!(long, "\n  ```hcl\n  {word} = {text}\n  ```\n").is_ok()
        } else {
            short.push(if word == "type" { text.to_owned() } else { format!("{word} `{text}`") });
            true
        }
    };
    say("type", &ty);
    match &default {
        Some(default) => say("default", default),
        None => true,
    };
    if default.is_none() {
        short.push("required".to_owned());
    }
    let short = if short.is_empty() { String::new() } else { format!(" ({})", short.join(", ")) };
    format!("- `{}`{short}: {}\n{long}", label(block), description(block))
}

/// Code as it would stand at the beginning of a line: all lines but the first moved left.
fn dedent(code: &str) -> String {
    let indent = code.lines().last().map_or(0, |line| line.len() - line.trim_start().len());
    let moved = code.lines().enumerate().map(|(at, line)| match at {
        0 => line,
        _ => line.get(indent..).unwrap_or_else(|| line.trim_start()),
    });
    moved.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readmes_say_what_the_modules_say() {
        let stale: Vec<_> = all()
            .expect("modules that can be read")
            .into_iter()
            .filter(|(path, text)| fs::read_to_string(path).ok().as_ref() != Some(text))
            .map(|(path, _)| path)
            .collect();
        assert!(stale.is_empty(), "run `cargo xtask readme`: stale are {stale:#?}");
    }

    #[test]
    fn every_variable_and_output_is_described_and_typed() {
        for dir in directories(&root().join("modules")) {
            let sources = SourceMap::new();
            for (path, text) in texts(&dir) {
                let (body, _) = syntax::parse_body(&sources, sources.add("module", text));
                for block in
                    body.blocks.iter().filter(|it| it.ty == "variable" || it.ty == "output")
                {
                    let place = format!("{}: {}", path.display(), label(block));
                    assert!(!description(block).is_empty(), "{place} has no description");
                    let typed = block.ty == "output" || block.body.attribute("type").is_some();
                    assert!(typed, "{place} has no type");
                }
            }
        }
    }

    #[test]
    fn comments_become_markdown() {
        let text = "# A.\n#\n#     x = 1\n#\n#     y = 2\n#\n# B.\n\nlocals {}\n# C.\n";
        assert_eq!(comment(text), "A.\n\n```hcl\nx = 1\n\ny = 2\n```\n\nB.");
    }
}
