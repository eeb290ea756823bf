//! One object of a plan: what becomes of it and why, then its attributes.

use kprov_core::addr::quote;
use kprov_core::value::{Secrets, raw_equal};
use kprov_core::{InstanceAddr, ResourceMode, Value};
use kprov_plan::{Action, Change};

use super::super::diff::{Body, Node, Printer, Sign, compare, whole};
use super::super::text::{count, visible};
use super::super::{Schemas, Style, Tint};
use super::{legend, reason};

/// A change that will be made.
pub(super) fn change(out: &mut String, change: &Change, schemas: Schemas<'_>, style: Style) {
    title(out, change, reason::fate(change), style);
    if let Some(told) = reason::because(change) {
        out.push_str(&format!("  # ({told})\n"));
    }
    if change.action == Action::Forget {
        out.push_str("  # (its removed block says destroy = false)\n");
    }
    moved(out, change);
    if let (Some(import), true) = (&change.importing, change.action != Action::NoOp) {
        out.push_str(&format!("  # (imported from {})\n", visible(&quote(&import.id))));
        if matches!(change.action, Action::Replace(_)) {
            let said = style.paint(Tint::Warning, "Warning: this will destroy the imported object");
            out.push_str(&format!("  # {said}\n"));
        }
    }
    if let Some(rotated) = rotated(change) {
        out.push_str(&format!("  # ({rotated})\n"));
        if raw_equal(&change.before, &change.after) {
            out.push('\n');
            return;
        }
    }
    let node = differences(change, schemas);
    let (sign, tint, _) = legend::sign(change.action);
    block(&mut Printer { out, style }, sign, tint, &change.addr, &node);
    out.push('\n');
}

/// Why it is an update though nothing of the object may change.
fn rotated(change: &Change) -> Option<String> {
    let members = change.outdated.len();
    (change.action == Action::Update && members > 0)
        .then(|| format!("{} to be replaced, see its rotation below", count(members, "member")))
}

/// A change that happened outside.
pub(super) fn drift(out: &mut String, change: &Change, schemas: Schemas<'_>, style: Style) {
    let fate = if change.action == Action::Delete { "has been deleted" } else { "has changed" };
    title(out, change, fate, style);
    moved(out, change);
    let node = differences(change, schemas);
    let (sign, tint, _) = legend::sign(change.action);
    block(&mut Printer { out, style }, sign, tint, &change.addr, &node);
    out.push('\n');
}

fn title(out: &mut String, change: &Change, fate: &str, style: Style) {
    let addr = visible(&change.addr.to_string()).into_owned();
    let said = match (&change.deposed, &change.previous_addr, change.action) {
        (Some(key), _, _) => format!("{addr} (deposed object {key}) {fate}"),
        (None, Some(from), Action::NoOp) if change.importing.is_none() => {
            format!("{} has moved to {addr}", visible(&from.to_string()))
        }
        _ => format!("{addr} {fate}"),
    };
    out.push_str(&format!("  # {}\n", style.paint(Tint::Strong, said)));
}

fn moved(out: &mut String, change: &Change) {
    let Some(from) = &change.previous_addr else { return };
    if change.action == Action::NoOp && change.importing.is_none() {
        return;
    }
    out.push_str(&format!("  # (moved from {})\n", visible(&from.to_string())));
}

fn differences(change: &Change, schemas: Schemas<'_>) -> Node {
    let schema = schemas.block(&change.provider.provider, &change.addr.resource);
    // Each side by its own secrets: one that is no longer a secret may be shown afterwards.
    let conceal = |value: &Value| Secrets::of([value]).conceal(value);
    let (before, after) = (conceal(&change.before), conceal(&change.after));
    match change.action {
        Action::Create | Action::Read if before.is_null() => whole(&after, Sign::Add, schema),
        Action::Delete => whole(&before, Sign::Remove, schema),
        Action::Forget => whole(&before, Sign::Same, schema),
        Action::NoOp => whole(&after, Sign::Same, schema),
        _ => {
            let mut node = compare(&before, &after, &change.replace_paths, schema);
            // An object that is replaced by request may be the same in every attribute.
            if let Body::Unchanged(value, _) = &node.body {
                node = whole(value, Sign::Same, schema);
            }
            node
        }
    }
}

/// `resource "type" "name" { ... }`
pub(super) fn block(
    printer: &mut Printer<'_>,
    sign: &str,
    tint: Tint,
    addr: &InstanceAddr,
    node: &Node,
) {
    let keyword = match addr.resource.mode {
        ResourceMode::Managed => "resource",
        ResourceMode::Data => "data",
        ResourceMode::Ephemeral => "ephemeral",
    };
    let painted = printer.style.paint(tint, sign);
    let resource = &addr.resource;
    printer.out.push_str(&format!(
        "{painted} {keyword} {} {} {{",
        quote(&resource.ty),
        quote(&resource.name)
    ));
    match &node.body {
        Body::Group(group) => {
            printer.out.push('\n');
            printer.entries(group, 6, false);
        }
        _ => {
            printer.out.push(' ');
            printer.node(node, 2, false, true);
            printer.out.push('\n');
        }
    }
    printer.out.push_str("    }\n");
}
