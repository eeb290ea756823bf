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
        "{}\nBegan:   {}\nUpdated: {}\n",
        style.paint(Tint::Strong, title),
        status.started_at,
        status.updated_at
    );
    let by = status.run.as_deref().map_or_else(
        || "nobody; the next \"kprov apply\" goes on".to_owned(),
        |run| format!("{}, if that is alive; else the next \"kprov apply\"", visible(run)),
    );
    out.push_str(&format!("By:      {by}\n"));
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

#[cfg(test)]
mod tests {
    use kprov_ops::rotation::{OpenStep, PausedRotation};
    use kprov_provider::rotation::{GroupId, MachineId};

    use super::*;

    fn status() -> RotationStatus {
        let group = |name: &str, done: u32, finished: bool, back: bool| GroupStatus {
            group: GroupId::new(name),
            template_before: Some("lt-0abc/3".to_owned()),
            template_after: finished.then(|| "lt-0abc/4".to_owned()),
            back,
            done,
            total: 3,
            finished,
        };
        RotationStatus {
            cluster: "production.example".to_owned(),
            rotation: "r-7".to_owned(),
            started_at: "2027-01-15T08:00:00.000Z".to_owned(),
            updated_at: "2027-01-15T08:10:00.000Z".to_owned(),
            run: Some("run 7 (apply by me@here)".to_owned()),
            paused: None,
            groups: vec![group("masters", 3, true, false), group("workers", 1, false, false)],
            steps: vec![OpenStep {
                group: Some(GroupId::new("workers")),
                member: Some(MachineId::new("i-001")),
                says: "drain i-001".to_owned(),
                seconds: 65,
                answered: true,
            }],
            waits: vec!["i-100: is not well yet, for 12s".to_owned()],
            failures: Vec::new(),
            words: vec!["pause, said by me@here at 2027-01-15T08:09:59.000Z".to_owned()],
        }
    }

    #[test]
    fn a_rotation_under_way() {
        insta::assert_snapshot!(rotation_status(&[status()], Style::plain()));
    }

    #[test]
    fn a_rotation_that_waits_for_a_person() {
        let paused = PausedRotation {
            code: "failed".to_owned(),
            seconds: 400,
            says: "i-001 of workers does not drain: the budget shop/web lets no pod go.".to_owned(),
            advice: "Look at the member; apply again to try anew, or roll back.".to_owned(),
        };
        let failures = vec!["drain i-001: took longer\nthan 15m0s".to_owned()];
        let mut left = RotationStatus { paused: Some(paused), failures, run: None, ..status() };
        left.waits.clear();
        left.words.clear();
        left.groups[1].back = true;
        insta::assert_snapshot!(rotation_status(&[left], Style::plain()));
    }
}
