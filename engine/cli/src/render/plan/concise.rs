//! `-concise`: one line for each change.

use kprov_core::value::raw_equal;
use kprov_core::{PathStep, Value};
use kprov_plan::{Action, Change, Plan};

use super::super::text::truncate;
use super::super::text::visible;
use super::super::{Style, Tint};
use super::{legend, order, outputs, summary};

/// The plan with one line a change. Ends with a newline.
pub(crate) fn concise(plan: &Plan, style: Style) -> String {
    let shown = order::shown(plan);
    let outputs = outputs::changed(plan);
    if shown.is_empty() && outputs.is_empty() && plan.deferred.is_empty() {
        return summary::nothing(plan, style);
    }
    let mut out = String::new();
    for change in shown {
        let (sign, tint, _) = legend::sign(change.action);
        let (sign, tint) = match change.action {
            Action::NoOp if change.importing.is_some() => ("  =", Tint::Add),
            Action::NoOp => (" ->", Tint::Dim),
            _ => (sign, tint),
        };
        let line = truncate_line(&told(change), style);
        out.push_str(&format!("{} {line}\n", style.paint(tint, sign)));
    }
    for item in &plan.deferred {
        out.push_str(&format!("  ? {} (later)\n", visible(&item.addr.to_string())));
    }
    for (name, output) in outputs {
        let (sign, tint, _) = legend::sign(output.action);
        out.push_str(&format!("{} output.{name}\n", style.paint(tint, sign)));
    }
    out.push_str(&summary(plan, style));
    out.push('\n');
    out
}

fn truncate_line(text: &str, style: Style) -> String {
    truncate(text, style.width().saturating_sub(4)).into_owned()
}

fn told(change: &Change) -> String {
    let mut text = visible(&change.addr.to_string()).into_owned();
    if let Some(key) = &change.deposed {
        text.push_str(&format!(" (deposed {key})"));
    }
    if let Some(from) = &change.previous_addr {
        text.push_str(&format!(" (from {})", visible(&from.to_string())));
    }
    let names = match change.action {
        Action::Replace(_) if change.tainted => vec!["tainted".to_owned()],
        Action::Replace(_) => forcing(change),
        Action::Update => differing(change),
        _ => Vec::new(),
    };
    if !names.is_empty() {
        text.push_str(&format!(" ({})", names.join(", ")));
    }
    text
}

/// Names of attributes that force the replacement.
fn forcing(change: &Change) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for path in &change.replace_paths {
        if let Some(PathStep::Attribute(name)) = path.0.first() {
            let name = name.to_string();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// Names of attributes that will be different.
fn differing(change: &Change) -> Vec<String> {
    let Some(after) = change.after.bare().as_entries() else { return Vec::new() };
    let differs = |name: &str, value: &Value| {
        !raw_equal(change.before.get(name).unwrap_or(&Value::NULL), value)
    };
    let names = after.iter().filter(|(name, value)| differs(name, value));
    names.map(|(name, _)| name.to_string()).collect()
}
