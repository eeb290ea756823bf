//! The patterns of `fileset`: `*`, `?`, `[a-z]`, `{a,b}` and `\` before a character that is meant
//! itself, all within one part of a path, and `**` for any number of directories. Only directories
//! that can hold a match are read.

use std::collections::BTreeSet;

use regex::Regex;

use super::path::clean;
use crate::{FileKind, Files};

/// How deep `**` goes, so that a loop of links ends.
const DEPTH_MAX: usize = 64;

const SYNTAX: &str = "syntax error in pattern";

/// One part of a pattern, between slashes.
enum Part {
    /// `**`
    Any,
    /// A name without wildcards, or `..`.
    Name(String),
    Wild(Regex),
}

/// Files below `root` that match, relative to it.
pub(super) fn files(
    files: &dyn Files,
    root: &str,
    pattern: &str,
) -> Result<BTreeSet<String>, &'static str> {
    let cleaned = clean(pattern.trim_start_matches('/'));
    let parts: Vec<Part> =
        cleaned.split('/').filter(|part| *part != ".").map(part).collect::<Result<_, _>>()?;
    let mut walk = Walk { files, root, found: BTreeSet::new() };
    walk.enter("", &parts, 0);
    Ok(walk.found)
}

fn part(text: &str) -> Result<Part, &'static str> {
    if text == "**" {
        return Ok(Part::Any);
    }
    if !text.contains(['*', '?', '[', ']', '{', '}', '\\']) {
        return Ok(Part::Name(text.to_owned()));
    }
    let mut pattern = String::from("(?s)^");
    let mut rest = text;
    let mut braces = 0;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            '[' => rest = class(rest, &mut pattern)?,
            '{' => {
                braces += 1;
                pattern.push_str("(?:");
            }
            '}' if braces > 0 => {
                braces -= 1;
                pattern.push(')');
            }
            ',' if braces > 0 => pattern.push('|'),
            '\\' => {
                let escaped = rest.chars().next().ok_or(SYNTAX)?;
                rest = &rest[escaped.len_utf8()..];
                pattern.push_str(&regex::escape(&escaped.to_string()));
            }
            c => pattern.push_str(&regex::escape(&c.to_string())),
        }
    }
    pattern.push('$');
    if braces > 0 {
        return Err(SYNTAX);
    }
    Regex::new(&pattern).map(Part::Wild).map_err(|_| SYNTAX)
}

/// Translates what follows a `[`; gives what follows the `]`.
fn class<'t>(text: &'t str, pattern: &mut String) -> Result<&'t str, &'static str> {
    pattern.push('[');
    let mut rest = text;
    if let Some(after) = rest.strip_prefix('^') {
        pattern.push('^');
        rest = after;
    }
    let mut empty = true;
    loop {
        let mut c = rest.chars().next().ok_or(SYNTAX)?;
        rest = &rest[c.len_utf8()..];
        match c {
            ']' if empty => return Err(SYNTAX),
            ']' => break,
            '-' if !empty && !rest.starts_with(']') => {
                pattern.push('-');
                continue;
            }
            '\\' => {
                c = rest.chars().next().ok_or(SYNTAX)?;
                rest = &rest[c.len_utf8()..];
            }
            _ => {}
        }
        empty = false;
        pattern.push_str(&format!(r"\x{{{:x}}}", u32::from(c)));
    }
    pattern.push(']');
    Ok(rest)
}

struct Walk<'a> {
    files: &'a dyn Files,
    root: &'a str,
    found: BTreeSet<String>,
}

impl Walk<'_> {
    /// Looks for what matches `parts` in a directory.
    fn enter(&mut self, directory: &str, parts: &[Part], depth: usize) {
        let Some((first, rest)) = parts.split_first() else { return };
        if depth > DEPTH_MAX {
            return;
        }
        match first {
            Part::Name(name) => self.visit(&below(directory, name), rest, depth),
            Part::Wild(wanted) => {
                for name in self.names(directory) {
                    if wanted.is_match(&name) {
                        self.visit(&below(directory, &name), rest, depth);
                    }
                }
            }
            Part::Any => {
                self.enter(directory, rest, depth + 1);
                for name in self.names(directory) {
                    let path = below(directory, &name);
                    match self.kind(&path) {
                        Some(FileKind::Directory) => self.enter(&path, parts, depth + 1),
                        Some(FileKind::File) if rest.is_empty() => {
                            self.found.insert(path);
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// Something that matched so far: the last part must be a file, the others directories.
    fn visit(&mut self, path: &str, rest: &[Part], depth: usize) {
        match self.kind(path) {
            Some(FileKind::File) if rest.iter().all(|part| matches!(part, Part::Any)) => {
                self.found.insert(path.to_owned());
            }
            Some(FileKind::Directory) => self.enter(path, rest, depth + 1),
            _ => {}
        }
    }

    /// A directory that is not there, or cannot be read, holds no match.
    fn names(&self, directory: &str) -> Vec<String> {
        self.files.list(&self.full(directory)).unwrap_or_default()
    }

    fn kind(&self, path: &str) -> Option<FileKind> {
        self.files.kind(&self.full(path)).unwrap_or_default()
    }

    fn full(&self, relative: &str) -> String {
        match (self.root, relative) {
            (root, "") => root.to_owned(),
            (".", relative) => relative.to_owned(),
            (root, relative) => format!("{}/{relative}", root.trim_end_matches('/')),
        }
    }
}

fn below(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}
