//! Plain rendering.

use std::collections::BTreeMap;
use std::fmt::Write;

use kprov_apply::{Counts, ProgressEvent, Reporter, Verb};
use kprov_core::{Diagnostics, Marks, ObjectAddr, Str, Value, value as core_value};
use kprov_lang::SourceMap;
use kprov_plan::{Action, Plan, PriorObject};

/// How text looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// No escape sequences?
    pub(crate) no_color: bool,
}

impl Style {
    pub(crate) fn new(no_color: bool) -> Style {
        Style { no_color }
    }
}

/// All problems, one after the other.
pub(crate) fn diagnostics(problems: &Diagnostics, _sources: &SourceMap, _style: Style) -> String {
    let mut out = String::new();
    for problem in problems.iter() {
        let word = if problem.is_error() { "Error" } else { "Warning" };
        let _ = writeln!(out, "\n{word}: {}\n", problem.summary);
        if let Some(subject) = &problem.subject {
            let _ = writeln!(out, "  on {} line {}:", subject.filename, subject.start.line);
        }
        if let Some(address) = &problem.address {
            let _ = writeln!(out, "  with {address},");
        }
        for (name, told) in &problem.values {
            let _ = writeln!(out, "    {name} {told}");
        }
        let _ = writeln!(out, "{}", problem.detail);
        for hint in &problem.hints {
            let _ = writeln!(out, "{hint}");
        }
    }
    out
}

/// Added, changed, destroyed.
pub(crate) fn counts(plan: &Plan) -> (usize, usize, usize) {
    let mut counts = (0, 0, 0);
    for change in &plan.changes {
        match change.action {
            Action::Create => counts.0 += 1,
            Action::Update => counts.1 += 1,
            Action::Delete => counts.2 += 1,
            Action::Replace(_) => {
                counts.0 += 1;
                counts.2 += 1;
            }
            Action::NoOp | Action::Read | Action::Forget => {}
        }
    }
    counts
}

/// The plan.
pub(crate) fn plan(plan: &Plan, _style: Style) -> String {
    let mut out = String::new();
    for change in &plan.changes {
        let sign = match change.action {
            Action::NoOp => continue,
            Action::Create => "+",
            Action::Read => "<=",
            Action::Update => "~",
            Action::Replace(_) => "-/+",
            Action::Delete => "-",
            Action::Forget => ".",
        };
        let _ = writeln!(out, "  {sign} {}", change.addr);
    }
    for (name, output) in plan.outputs.iter().filter(|(_, output)| output.action != Action::NoOp) {
        let _ = writeln!(out, "  output {name}: {:?}", output.action);
    }
    let (added, changed, destroyed) = counts(plan);
    if plan.applyable {
        let _ =
            writeln!(out, "\nPlan: {added} to add, {changed} to change, {destroyed} to destroy.");
    } else {
        out.push_str("\nNo changes. Your infrastructure matches the configuration.\n");
    }
    out
}

/// A value in the language; sensitive ones hidden.
pub(crate) fn value(value: &Value) -> String {
    if value.marks().contains(Marks::SENSITIVE) {
        return "(sensitive value)".to_owned();
    }
    core_value::render_hcl(value, 0)
}

/// `name = value`, line by line.
pub(crate) fn outputs(outputs: &BTreeMap<Str, Value>) -> String {
    let mut out = String::new();
    for (name, found) in outputs {
        let text = match found.marks().contains(Marks::SENSITIVE) {
            true => "<sensitive>".to_owned(),
            false => value(found),
        };
        let _ = writeln!(out, "{name} = {text}");
    }
    out
}

/// An object of the state as a block.
pub(crate) fn object(address: &ObjectAddr, object: &PriorObject) -> String {
    let name = &address.instance.resource;
    let kind = match name.mode {
        kprov_core::ResourceMode::Data => "data",
        _ => "resource",
    };
    let mut out = format!("# {address}:");
    if object.tainted {
        out.push_str(" (tainted)");
    }
    let _ = write!(out, "\n{kind} {:?} {:?} {{\n", name.ty.as_str(), name.name.as_str());
    for (attribute, found) in object.value.as_entries().into_iter().flat_map(|all| all.iter()) {
        if !found.is_null() {
            let _ = writeln!(out, "    {attribute} = {}", value(found));
        }
    }
    out.push_str("}\n");
    out
}

/// The last line of an apply.
pub(crate) fn applied(counts: &Counts, destroying: bool) -> String {
    let Counts { added, changed, destroyed, imported, .. } = *counts;
    if destroying {
        return format!("\nDestroy complete! Resources: {destroyed} destroyed.");
    }
    let imported = if imported > 0 { format!("{imported} imported, ") } else { String::new() };
    format!(
        "\nApply complete! Resources: {imported}{added} added, {changed} changed, {destroyed} destroyed."
    )
}

/// Progress as plain lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProgressLines;

impl Reporter for ProgressLines {
    fn report(&self, event: &ProgressEvent) {
        if let Some(line) = progress(event) {
            crate::output::line(&line);
        }
    }
}

fn progress(event: &ProgressEvent) -> Option<String> {
    let words = |verb: &Verb| match verb {
        Verb::Create => ("Creating", "Creation"),
        Verb::Update => ("Modifying", "Modifications"),
        Verb::Delete => ("Destroying", "Destruction"),
        Verb::Read => ("Reading", "Read"),
        Verb::Import => ("Importing", "Import"),
    };
    let named = |id: &Option<(Str, Str)>| {
        id.as_ref().map_or_else(String::new, |(name, value)| format!(" [{name}={value}]"))
    };
    Some(match event {
        ProgressEvent::Started { address, verb, id } => {
            format!("{address}: {}...{}", words(verb).0, named(id))
        }
        ProgressEvent::Running { address, verb, id, elapsed } => format!(
            "{address}: Still {}... [{}s elapsed]{}",
            words(verb).0.to_lowercase(),
            elapsed.as_secs(),
            named(id)
        ),
        ProgressEvent::Finished { address, verb, id, elapsed } => format!(
            "{address}: {} complete after {}s{}",
            words(verb).1,
            elapsed.as_secs(),
            named(id)
        ),
        ProgressEvent::Output { address, provisioner, line } => {
            format!("{address} ({provisioner}): {line}")
        }
        ProgressEvent::Provisioning { address, provisioner } => {
            format!("{address}: Provisioning with '{provisioner}'...")
        }
        ProgressEvent::Failed { .. }
        | ProgressEvent::Provisioned { .. }
        | ProgressEvent::Stopping { .. } => return None,
    })
}
