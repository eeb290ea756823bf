//! Strings by what they hold: JSON structurally, texts line by line, encoded texts decoded, long
//! lines by the stretch that differs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kprov_core::value::{from_json, implied_type, render_hcl};
use kprov_core::{Str, Value};

use super::super::text::{columns, visible};
use super::build::{Nulls, compare_json, lay_out};
use super::sequence::{Edit, line_edits};
use super::{Body, Line, Node, Sign};

/// Unchanged lines kept in sight on each side of a change.
const CONTEXT_LINES: usize = 3;

/// Strings longer than this are shown by the stretch that differs.
const LONG: usize = 60;

/// Characters kept in sight on each side of that stretch.
const CONTEXT_CHARS: usize = 16;

const WHITESPACE: &str = "# whitespace changes";
const WRITTEN_OTHERWISE: &str = "# same content, written differently";

/// In quotes, with escapes for what a terminal must not get.
pub(super) fn quoted(text: &str) -> String {
    if !text.contains('\n') {
        return render_hcl(&Value::string(text), 0);
    }
    // render_hcl would write a heredoc.
    let lines = text.split('\n').map(|line| {
        let line = render_hcl(&Value::string(line), 0);
        line[1..line.len() - 1].to_owned()
    });
    format!("\"{}\"", lines.collect::<Vec<_>>().join("\\n"))
}

/// A string that comes, goes or stays.
pub(super) fn whole(text: &Str, sign: Sign, name: &str) -> Node {
    if let Some(json) = as_json(text) {
        return encoded("jsonencode", lay_out(&json, sign, "", Nulls::Content), None);
    }
    if let Some(plain) = as_base64(text, name) {
        return encoded("base64encode", whole(&plain, sign, ""), None);
    }
    if !text.contains('\n') {
        return Node::new(sign, Body::Text(quoted(text)));
    }
    let lines = lines_of(text).into_iter();
    // One sign before the name says enough.
    let shown = lines.map(|line| Line::Shown(Sign::Same, visible(line).into_owned())).collect();
    Node::new(sign, Body::Lines(shown, None))
}

/// Two strings that differ.
pub(super) fn compare(before: &Str, after: &Str, name: &str) -> Node {
    if let (Some(old), Some(new)) = (as_json(before), as_json(after)) {
        let mut inner = compare_json(&old, &new);
        let remark = (inner.sign == Sign::Same).then(|| same_json_remark(before, after));
        if let Body::Unchanged(value, nulls) = &inner.body {
            inner = lay_out(value, Sign::Same, "", *nulls);
        }
        return Node { sign: Sign::Change, ..encoded("jsonencode", inner, remark) };
    }
    if let (Some(old), Some(new)) = (as_base64(before, name), as_base64(after, name))
        && old != new
    {
        return encoded("base64encode", compare(&old, &new, ""), None);
    }
    if before.contains('\n') || after.contains('\n') {
        return lines(before, after);
    }
    let (old, new) = shortened(before, after);
    Node::new(Sign::Change, Body::Pair(old, new))
}

fn encoded(function: &'static str, inner: Node, remark: Option<&'static str>) -> Node {
    let sign = inner.sign;
    Node::new(sign, Body::Encoded { function, inner: Box::new(inner), remark })
}

fn same_json_remark(before: &str, after: &str) -> &'static str {
    let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    if bare(before) == bare(after) { WHITESPACE } else { WRITTEN_OTHERWISE }
}

/// The value of a string that is a JSON object or array with something in it.
fn as_json(text: &str) -> Option<Value> {
    let trimmed = text.trim_start();
    if !trimmed.starts_with(['{', '[']) {
        return None;
    }
    let json: serde_json::Value = serde_json::from_str(trimmed).ok()?;
    let empty = match &json {
        serde_json::Value::Array(items) => items.is_empty(),
        serde_json::Value::Object(entries) => entries.is_empty(),
        _ => true,
    };
    if empty {
        return None;
    }
    from_json(&json, &implied_type(&json)).ok()
}

/// The text of a string that holds text in Base64, as user data does. Only where the attribute's
/// name says so: short words are valid Base64 by chance.
fn as_base64(text: &str, name: &str) -> Option<Str> {
    if !(name.contains("base64") || name.contains("user_data")) || text.len() < 8 {
        return None;
    }
    let bytes = STANDARD.decode(text.trim_end()).ok()?;
    let plain = String::from_utf8(bytes).ok()?;
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    (!plain.is_empty() && !plain.contains(odd)).then(|| plain.into())
}

/// Lines of a text; the newline at the end ends the last one and begins no other.
fn lines_of(text: &str) -> Vec<&str> {
    text.strip_suffix('\n').unwrap_or(text).split('\n').collect()
}

fn lines(before: &str, after: &str) -> Node {
    let (old, new) = (lines_of(before), lines_of(after));
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let remark = (squeezed(before) == squeezed(after)).then_some(WHITESPACE);
    let mut out = Vec::new();
    let steps = line_edits(&old, &new);
    let last = steps.len().saturating_sub(1);
    for (at, edit) in steps.into_iter().enumerate() {
        match edit {
            Edit::Keep(range) => keep(&mut out, &new[range], at == 0, at == last),
            Edit::Swap(gone, come) => {
                let show = |sign: Sign, line: &str| {
                    let line = if remark.is_some() { with_trail(line) } else { line.to_owned() };
                    Line::Shown(sign, visible(&line).into_owned())
                };
                out.extend(old[gone].iter().map(|line| show(Sign::Remove, line)));
                out.extend(new[come].iter().map(|line| show(Sign::Add, line)));
            }
        }
    }
    if old == new {
        // Only the newline at the end differs.
        let end = |sign: Sign, text: &str| {
            let said = if text.ends_with('\n') {
                "# (newline at the end)"
            } else {
                "# (no newline at the end)"
            };
            Line::Shown(sign, said.to_owned())
        };
        out.extend([end(Sign::Remove, before), end(Sign::Add, after)]);
    }
    Node::new(Sign::Change, Body::Lines(out, remark))
}

/// Makes spaces at the end of a line visible, where nothing else differs.
fn with_trail(line: &str) -> String {
    let bare = line.trim_end_matches([' ', '\t']);
    let trail = line[bare.len()..].chars().map(|c| if c == '\t' { "\\t" } else { "\\s" });
    format!("{bare}{}", trail.collect::<String>())
}

/// Unchanged lines; those far from a change are counted only.
fn keep(out: &mut Vec<Line>, lines: &[&str], first: bool, last: bool) {
    let show = |line: &&str| Line::Shown(Sign::Same, visible(line).into_owned());
    let head = if first { 0 } else { CONTEXT_LINES };
    let tail = if last { 0 } else { CONTEXT_LINES };
    if lines.len() <= head + tail + 1 {
        out.extend(lines.iter().map(show));
        return;
    }
    out.extend(lines[..head].iter().map(show));
    out.push(Line::Hidden(lines.len() - head - tail));
    out.extend(lines[lines.len() - tail..].iter().map(show));
}

/// Both in quotes; of long strings with a common beginning or end only the rest, with "..." where
/// something was left out.
fn shortened(before: &str, after: &str) -> (String, String) {
    if columns(before).max(columns(after)) <= LONG {
        return (quoted(before), quoted(after));
    }
    let (old, new): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let room = old.len().min(new.len()) - head;
    let ends = old.iter().rev().zip(new.iter().rev()).take(room);
    let tail = ends.take_while(|(a, b)| a == b).count();
    let cut = |kept: usize| if kept > CONTEXT_CHARS + 8 { kept - CONTEXT_CHARS } else { 0 };
    let (from, behind) = (cut(head), cut(tail));
    let show = |chars: &[char]| {
        let middle: String = chars[from..chars.len() - behind].iter().collect();
        let dots = |cut: usize| if cut > 0 { "..." } else { "" };
        format!("{}{}{}", dots(from), quoted(&middle), dots(behind))
    };
    (show(&old), show(&new))
}
