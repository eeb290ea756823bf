//! The tree of differences as lines: a sign, a name, a value.
//!
//! Columns are Terraform's: a line at indent N has its sign at N, its name at N + 2, its children at
//! N + 4, and closes at N + 2.

use std::fmt::{Display, Write};

use super::super::text::{columns, count};
use super::super::{Style, Tint};
use super::build::lay_out;
use super::{Body, Entry, Group, Line, Node, Sign};

/// Writes nodes.
#[derive(Debug)]
pub(in super::super) struct Printer<'o> {
    pub(in super::super) out: &'o mut String,
    pub(in super::super) style: Style,
}

/// So many spaces.
pub(super) fn indent(out: &mut String, columns: usize) {
    out.extend(std::iter::repeat_n(' ', columns));
}

impl Printer<'_> {
    /// Writing to a string cannot fail.
    pub(super) fn put(&mut self, text: impl Display) {
        let _ = write!(self.out, "{text}");
    }

    pub(in super::super) fn sign(&mut self, sign: Sign) {
        let style = self.style;
        match sign {
            Sign::Same => self.put("  "),
            Sign::Add => self.put(format_args!("{} ", style.paint(Tint::Add, "+"))),
            Sign::Remove => self.put(format_args!("{} ", style.paint(Tint::Remove, "-"))),
            Sign::Change => self.put(format_args!("{} ", style.paint(Tint::Change, "~"))),
        }
    }

    /// A comment on a line of its own, where names stand.
    pub(in super::super) fn comment(&mut self, at: usize, text: &str) {
        indent(self.out, at + 2);
        let painted = self.style.paint(Tint::Dim, text);
        self.put(format_args!("{painted}\n"));
    }

    /// The parts of an object, each on lines of its own.
    pub(in super::super) fn entries(&mut self, group: &Group, at: usize, nested: bool) {
        let shown = shown(group);
        let width = key_width(group);
        let mut hidden = 0;
        for (entry, shown) in group.entries.iter().zip(shown) {
            if !shown {
                hidden += 1;
                continue;
            }
            if group.context {
                self.hidden(&mut hidden, group.noun, at);
            }
            self.entry(entry, width, at, nested);
        }
        self.hidden(&mut hidden, group.noun, at);
        self.blocks(group, at);
    }

    pub(super) fn hidden(&mut self, hidden: &mut usize, noun: &str, at: usize) {
        if *hidden > 0 {
            let said = count(*hidden, &format!("unchanged {noun}"));
            self.comment(at, &format!("# ({said} hidden)"));
            *hidden = 0;
        }
    }

    fn entry(&mut self, entry: &Entry, width: usize, at: usize, nested: bool) {
        for note in &entry.node.notes {
            self.comment(at, note);
        }
        indent(self.out, at);
        self.sign(entry.node.sign);
        if let Some(key) = &entry.key {
            self.put(key);
            indent(self.out, width - columns(key));
            self.put(" = ");
        }
        let small = entry.key.is_none();
        self.node(&entry.node, at, nested || small, small);
        self.put(if small { ",\n" } else { "\n" });
    }

    /// What stands behind the name. `nested`: inside something that comes or goes as a whole, where
    /// no "-> null" is needed. `brief`: an unchanged collection is only hinted at.
    pub(in super::super) fn node(&mut self, node: &Node, at: usize, nested: bool, brief: bool) {
        self.body(node, at, brief);
        if node.sign == Sign::Remove && !nested {
            let arrow = self.style.paint(Tint::Change, "->");
            let null = self.style.paint(Tint::Dim, "null");
            self.put(format_args!(" {arrow} {null}"));
        }
        if node.forces
            && !matches!(node.body, Body::Group(_) | Body::Lines(..) | Body::Encoded { .. })
        {
            self.forces();
        }
    }

    pub(super) fn forces(&mut self) {
        let said = self.style.paint(Tint::Remove, "# forces replacement");
        self.put(format_args!(" {said}"));
    }

    fn arrow(&mut self) {
        let arrow = self.style.paint(Tint::Change, "->");
        self.put(format_args!(" {arrow} "));
    }

    fn body(&mut self, node: &Node, at: usize, brief: bool) {
        match &node.body {
            Body::Text(text) => self.put(text),
            Body::Hidden(said) => self.put(said),
            Body::Pair(old, new) => {
                self.put(old);
                self.arrow();
                self.put(new);
            }
            Body::Unchanged(value, nulls) => {
                let mut laid_out = lay_out(value, Sign::Same, "", *nulls);
                if brief && let Body::Group(group) = &mut laid_out.body {
                    let said = count(group.entries.len(), &format!("unchanged {}", group.noun));
                    let text = if group.entries.is_empty() {
                        format!("{}{}", group.open, group.close)
                    } else {
                        format!("{} # ({said} hidden) {}", group.open, group.close)
                    };
                    return self.put(text);
                }
                self.everything(&laid_out, at);
            }
            Body::Group(group) => self.group(group, node, at),
            Body::Lines(lines, remark) => self.lines(lines, *remark, node, at),
            Body::Encoded { function, inner, remark } => {
                self.put(format_args!("{function}("));
                if let Some(remark) = remark {
                    let remark = self.style.paint(Tint::Dim, remark);
                    self.put(format_args!(" {remark}"));
                }
                if node.forces {
                    self.forces();
                }
                self.put("\n");
                indent(self.out, at + 4);
                self.sign(inner.sign);
                self.node(inner, at + 4, true, false);
                self.put("\n");
                indent(self.out, at + 2);
                self.put(")");
            }
            Body::Reshaped(old, new) => {
                self.node(old, at, true, false);
                self.arrow();
                self.node(new, at, true, false);
            }
        }
    }

    /// A value without differences, all of it.
    pub(super) fn everything(&mut self, node: &Node, at: usize) {
        let group = match &node.body {
            Body::Group(group) => group,
            Body::Encoded { function, inner, .. } => {
                self.put(format_args!("{function}(\n"));
                indent(self.out, at + 6);
                self.everything(inner, at + 4);
                self.put("\n");
                indent(self.out, at + 2);
                return self.put(")");
            }
            _ => return self.body(node, at, false),
        };
        if group.entries.is_empty() {
            return self.put(format_args!("{}{}", group.open, group.close));
        }
        self.put(format_args!("{}\n", group.open));
        self.everything_in(group, at + 4);
        indent(self.out, at + 2);
        self.put(group.close);
    }

    /// All parts of a group without signs; their signs would stand at `at`.
    pub(in super::super) fn everything_in(&mut self, group: &Group, at: usize) {
        let width = key_width(group);
        for entry in &group.entries {
            indent(self.out, at + 2);
            if let Some(key) = &entry.key {
                self.put(key);
                indent(self.out, width - columns(key));
                self.put(" = ");
            }
            self.everything(&entry.node, at);
            self.put(if entry.key.is_none() { ",\n" } else { "\n" });
        }
        self.all_blocks(group, at);
    }

    fn group(&mut self, group: &Group, node: &Node, at: usize) {
        self.put(group.open);
        if node.forces {
            self.forces();
        }
        if group.entries.is_empty() && !node.forces {
            return self.put(group.close);
        }
        self.put("\n");
        if node.sign == Sign::Same {
            let said = count(group.entries.len(), &format!("unchanged {}", group.noun));
            self.comment(at + 4, &format!("# ({said} hidden)"));
        } else {
            let whole = matches!(node.sign, Sign::Add | Sign::Remove);
            self.entries(group, at + 4, whole);
        }
        indent(self.out, at + 2);
        self.put(group.close);
    }

    fn lines(&mut self, lines: &[Line], remark: Option<&str>, node: &Node, at: usize) {
        let marker = marker(lines);
        self.put(format_args!("<<-{marker}"));
        if let Some(remark) = remark {
            let remark = self.style.paint(Tint::Dim, remark);
            self.put(format_args!(" {remark}"));
        }
        if node.forces {
            self.forces();
        }
        self.put("\n");
        for line in lines {
            match line {
                Line::Shown(sign, text) if text.is_empty() && *sign == Sign::Same => {}
                Line::Shown(sign, text) => {
                    indent(self.out, at + 4);
                    self.sign(*sign);
                    match sign {
                        Sign::Add => self.put(self.style.paint(Tint::Add, text)),
                        Sign::Remove => self.put(self.style.paint(Tint::Remove, text)),
                        Sign::Same | Sign::Change => self.put(text),
                    }
                }
                Line::Hidden(number) => {
                    indent(self.out, at + 6);
                    let said = format!("# ({} hidden)", count(*number, "unchanged line"));
                    let said = self.style.paint(Tint::Dim, said);
                    self.put(said);
                }
            }
            self.put("\n");
        }
        indent(self.out, at + 2);
        self.put(marker);
    }
}

/// Columns of the widest name.
fn key_width(group: &Group) -> usize {
    let widths = group.entries.iter().filter_map(|entry| entry.key.as_deref().map(columns));
    widths.max().unwrap_or(0)
}

/// Which entries are shown: what differs, what names the object, and in lists the neighbours.
fn shown(group: &Group) -> Vec<bool> {
    let differs = |entry: &Entry| entry.node.sign != Sign::Same;
    let entries = &group.entries;
    let near = |at: usize| {
        group.context
            && (at.checked_sub(1).is_some_and(|before| differs(&entries[before]))
                || entries.get(at + 1).is_some_and(differs))
    };
    (0..entries.len())
        .map(|at| differs(&entries[at]) || entries[at].important || near(at))
        .collect()
}

/// A marker that is no line of the text.
fn marker(lines: &[Line]) -> String {
    let mut marker = "EOT".to_owned();
    while lines.iter().any(|line| matches!(line, Line::Shown(_, text) if text.trim() == marker)) {
        marker.push('_');
    }
    marker
}
