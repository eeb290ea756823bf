//! `rotation status`: how rotations stand.

use kprov_ops::rotation::{GroupStatus, RotationStatus};

use super::text::{length, table, visible, wrap};
use super::{Style, Tint};

/// All of them, as given.
pub(crate) fn rotation_status(all: &[RotationStatus], style: Style) -> String {
    let told: Vec<String> = all.iter().map(|status| one(status, style)).collect();
    told.join("\n")
}

fn one(status: &RotationStatus, style: Style) -> String {
    let title = format!("Rotation {} of {}", visible(&status.rotation), visible(&status.cluster));
    let mut out = format!(
        "{}\nBegan:     {}\nLast word: {}\n",
        style.paint(Tint::Strong, title),
        status.started_at,
        status.updated_at
    );
    let by = status.run.as_deref().map_or_else(
        || "nobody; the next \"kprov apply\" goes on".to_owned(),
        |run| format!("{}, if that is alive; else the next \"kprov apply\"", visible(run)),
    );
    out.push_str(&format!("By:        {by}\n"));
    if let Some(paused) = &status.paused {
        let title = format!("Paused ({}) for {}:", paused.code, length(paused.seconds));
        out.push_str(&format!("\n{} ", style.paint(Tint::Warning, title)));
        let text = format!("{}\n{}", paused.says, paused.advice);
        let lines = wrap(&text, style.width().saturating_sub(2));
        out.push_str(&lines.join("\n  "));
        out.push_str("\n  Go on with \"kprov rotation resume\" or the next apply; go back with \"kprov rotation rollback\".\n");
    }
    if !status.groups.is_empty() {
        let head = ["GROUP", "FROM", "TO", "REPLACED", "STANDS"].map(str::to_owned).to_vec();
        let rows = status.groups.iter().map(row);
        section(&mut out, &table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()));
    }
    if !status.steps.is_empty() {
        let head = ["MEMBER", "STEP", "FOR", "WAITS FOR"].map(str::to_owned).to_vec();
        let rows = status.steps.iter().map(|step| {
            let waits = if step.answered { "its effect" } else { "an answer" };
            let member = step.member.as_ref().map_or("-".to_owned(), ToString::to_string);
            let cells = [member, step.says.clone(), length(step.seconds), waits.to_owned()];
            cells.map(|cell| visible(&cell).into_owned()).to_vec()
        });
        section(&mut out, &table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()));
    }
    list(&mut out, "Waits:", &status.waits);
    list(&mut out, "Has failed:", &status.failures);
    list(&mut out, "Said, and not taken yet:", &status.words);
    out
}

fn row(group: &GroupStatus) -> Vec<String> {
    let stands = match (group.finished, group.back) {
        (true, false) => "done",
        (true, true) => "back on the template before",
        (false, true) => "going back",
        (false, false) => "not done",
    };
    let template = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".to_owned());
    let cells = [
        group.group.to_string(),
        template(&group.template_before),
        template(&group.template_after),
        format!("{} of {}", group.done, group.total),
        stands.to_owned(),
    ];
    cells.map(|cell| visible(&cell).into_owned()).to_vec()
}

fn section(out: &mut String, table: &str) {
    out.push('\n');
    for line in table.lines() {
        out.push_str(&format!("  {line}\n"));
    }
}

fn list(out: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    out.push_str(&format!("\n  {title}\n"));
    for item in items {
        out.push_str(&format!("    {}\n", visible(item).replace('\n', " ")));
    }
}
