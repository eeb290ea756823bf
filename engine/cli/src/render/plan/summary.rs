//! One line that sums a plan up, and what is said when there is nothing to do.

use kprov_plan::{Action, Plan, PlanMode};

use super::super::{Style, Tint};

/// "Plan: 1 to add, 2 to change, 0 to destroy." Without a newline.
pub(crate) fn summary(plan: &Plan, style: Style) -> String {
    let (mut import, mut add, mut change, mut destroy, mut forget) = (0, 0, 0, 0, 0);
    for item in &plan.changes {
        import += u64::from(item.importing.is_some());
        if item.addr.resource.mode != kprov_core::ResourceMode::Managed {
            continue;
        }
        match item.action {
            Action::Create => add += 1,
            Action::Update => change += 1,
            Action::Delete => destroy += 1,
            Action::Replace(_) => {
                add += 1;
                destroy += 1;
            }
            Action::Forget => forget += 1,
            Action::NoOp | Action::Read => {}
        }
    }
    let title = style.paint(Tint::Strong, "Plan:");
    let mut text = format!("{title} ");
    if import > 0 {
        text.push_str(&format!("{import} to import, "));
    }
    text.push_str(&format!("{add} to add, {change} to change, {destroy} to destroy"));
    if forget > 0 {
        text.push_str(&format!(", {forget} to forget"));
    }
    if !plan.deferred.is_empty() {
        text.push_str(&format!(", {} deferred to a later phase", plan.deferred.len()));
    }
    text.push('.');
    text
}

/// Nothing to do: what that means in this mode.
pub(super) fn nothing(plan: &Plan, style: Style) -> String {
    if plan.errored {
        return "Planning failed before any action was planned.\n".to_owned();
    }
    let (said, detail) = match plan.mode {
        PlanMode::Normal => (
            "Your infrastructure matches the configuration.",
            "kprov compared the real objects with the configuration and found no differences.",
        ),
        PlanMode::RefreshOnly => (
            "Your infrastructure still matches the configuration.",
            "kprov found the real objects as the last apply left them.",
        ),
        PlanMode::Destroy => (
            "No objects need to be destroyed.",
            "There is nothing in the state that could be destroyed.",
        ),
    };
    let title = style.paint(Tint::Good, "No changes.");
    let said = style.paint(Tint::Strong, said);
    let mut text = format!("{title} {said}\n\n");
    super::prose(&mut text, detail, style);
    text.pop();
    text
}
