//! What a plan does to the members of groups: who is replaced and why, the steps of the first in full and of the others
//! one line each, what it costs, and what would block it.

use kprov_core::Severity;
use kprov_ops::rotation::{PlannedGroup, PlannedMember, PlannedRotation, PlannedStep};
use kprov_provider::rotation::Step;
use kprov_provider::rotation::world::Kind;

use super::super::text::{columns, count, length, visible, wrap};
use super::super::{Style, Tint};

/// All of them, each with an empty line before it; nothing where nothing is rotated. `concise`: one line for each group.
pub(crate) fn rotations(all: &[PlannedRotation], concise: bool, style: Style) -> String {
    let mut out = String::new();
    for rotation in all {
        let title = format!("Rotation of {}:", visible(&rotation.cluster));
        out.push_str(&format!("\n{}\n", style.paint(Tint::Strong, title)));
        if let Some(left) = rotation.continues.as_ref().filter(|_| !concise) {
            text(
                &mut out,
                2,
                &format!("It goes on with rotation {left}, which is not finished."),
                style,
            );
        }
        for group in &rotation.groups {
            let title = headline(group);
            text(&mut out, 2, &title, style);
            if !concise {
                template(&mut out, group, style);
                members(&mut out, rotation, group, style);
            }
        }
        costs(&mut out, rotation, style);
        for finding in &rotation.findings {
            let (tint, word) = match finding.severity {
                Severity::Error => (Tint::Error, "Error"),
                Severity::Warning => (Tint::Warning, "Warning"),
            };
            let word = style.paint(tint, format!("{word}:"));
            said(
                &mut out,
                &format!("{word} "),
                &format!("({}) {}", finding.code, finding.says),
                style,
            );
        }
        for says in &rotation.unchecked {
            let word = style.paint(Tint::Warning, "Not checked:");
            said(&mut out, &format!("{word} "), says, style);
        }
    }
    out
}

fn headline(group: &PlannedGroup) -> String {
    let role = match group.role {
        Kind::Bastion => "bastion",
        Kind::Master => "master",
        Kind::Worker => "worker",
    };
    let who = format!("{} (group {}, role {role})", group.address, group.group);
    match (group.size, group.members.len()) {
        (0, 0) => who,
        (0, some) => format!("{who}: {} replaced", are(some)),
        (size, some) => format!("{who}: {some} of {} replaced", are(size)),
    }
}

fn are(members: usize) -> String {
    format!("{} {}", count(members, "member"), if members == 1 { "is" } else { "are" })
}

fn template(out: &mut String, group: &PlannedGroup, style: Style) {
    let name =
        |name: &Option<String>| name.clone().unwrap_or_else(|| "(known after apply)".to_owned());
    let (before, after) = (name(&group.template_before), name(&group.template_after));
    if before == after {
        text(out, 4, &format!("template {before}, which stays"), style);
    } else {
        text(out, 4, &format!("template {before} -> {after}"), style);
    }
    if let Some(address) = &group.template_address
        && !group.template_changes.is_empty()
    {
        let changes = group.template_changes.join(", ");
        text(out, 4, &format!("{address} changes: {changes}"), style);
    }
}

/// The first with its steps, the others with their times.
fn members(out: &mut String, rotation: &PlannedRotation, group: &PlannedGroup, style: Style) {
    for (at, member) in group.members.iter().enumerate() {
        let place =
            if member.zone.is_empty() { String::new() } else { format!(" in {}", member.zone) };
        let when = match member.leaves {
            Some((from, until)) if at > 0 => {
                format!("; from {} to {}", length(from), length(until))
            }
            None if !rotation.steps.is_empty() => "; the forecast does not get there".to_owned(),
            _ => String::new(),
        };
        let line = format!("{}. {}{place}: {}{when}", at + 1, member.machine, member.reason);
        text(out, 4, &line, style);
        if at == 0 {
            steps(out, &of_first(rotation, group, member));
        }
    }
    let rest = rotation.steps.iter().filter(|step| {
        let ends = matches!(step.step, Step::RestoreGroup { .. });
        ends && step.of_group.as_ref() == Some(&group.group)
    });
    let rest: Vec<&PlannedStep> = rest.collect();
    if !rest.is_empty() {
        text(out, 4, "and then", style);
        steps(out, &rest);
    }
}

/// What is done to the group and to its first member, and to the machine that comes for it.
fn of_first<'r>(
    rotation: &'r PlannedRotation,
    group: &PlannedGroup,
    member: &PlannedMember,
) -> Vec<&'r PlannedStep> {
    // A member that the forecast does not get to leave has all that is done before it stops.
    let (leaves, gone) = member.leaves.unwrap_or((u64::MAX, u64::MAX));
    let mut new: Option<&str> = None;
    let steps = rotation.steps.iter().filter(|step| match (&step.of_group, step.step.member()) {
        _ if step.at > gone => false,
        (None, None) => group.role == Kind::Master,
        (Some(of), _) if *of != group.group => false,
        (None, Some(_)) => false,
        (Some(_), None) => step.at <= leaves && !matches!(step.step, Step::RestoreGroup { .. }),
        (Some(_), Some(machine)) if machine.as_str().starts_with('~') => {
            *new.get_or_insert(machine.as_str()) == machine.as_str()
        }
        (Some(_), Some(machine)) => *machine == member.machine,
    });
    steps.collect()
}

fn steps(out: &mut String, steps: &[&PlannedStep]) {
    let times: Vec<String> = steps.iter().map(|step| length(step.at)).collect();
    let width = times.iter().map(|time| columns(time)).max().unwrap_or(0);
    for (time, step) in times.iter().zip(steps) {
        let blank = " ".repeat(width - columns(time));
        out.push_str(&format!("         {blank}{time}  {}\n", visible(&step.says)));
    }
}

fn costs(out: &mut String, rotation: &PlannedRotation, style: Style) {
    if rotation.steps.is_empty() {
        return;
    }
    let by = match rotation.estimate.measured_steps {
        0 => "estimated by usual durations: nothing was measured here yet".to_owned(),
        steps => format!("estimated by {} of earlier rotations", count(steps, "step")),
    };
    text(
        out,
        2,
        &format!("Takes about {} where all goes well ({by}).", length(rotation.seconds)),
        style,
    );
    let surge = match rotation.surge_machines {
        0 => "No machine more than usual.".to_owned(),
        machines => format!(
            "At most {} more than usual, for {} summed up over them.",
            count(machines as usize, "machine"),
            length(rotation.surge_machine_seconds)
        ),
    };
    text(out, 2, &surge, style);
    if rotation.confirmations > 0 {
        let checkpoints = count(rotation.confirmations as usize, "checkpoint");
        text(
            out,
            2,
            &format!("Stops at {checkpoints} until somebody says that it goes on."),
            style,
        );
    }
}

/// Wrapped, so far in.
fn text(out: &mut String, indent: usize, text: &str, style: Style) {
    for line in wrap(text, style.width().saturating_sub(indent)) {
        out.push_str(&" ".repeat(indent));
        out.push_str(&line);
        out.push('\n');
    }
}

/// The same behind a word that has its colour already.
fn said(out: &mut String, word: &str, says: &str, style: Style) {
    let lines = wrap(says, style.width().saturating_sub(18));
    out.push_str(&format!("  {word}{}\n", lines.join("\n    ")));
}
