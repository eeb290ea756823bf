//! What becomes of root outputs.

use kprov_core::{Marks, Str};
use kprov_plan::{Action, OutputChange, Plan, PlanMode};

use super::super::Style;
use super::super::diff::{Body, Entry, Group, Node, Printer, Sign, compare, whole};

/// Outputs that will be different.
pub(super) fn changed(plan: &Plan) -> Vec<(&Str, &OutputChange)> {
    plan.outputs.iter().filter(|(_, output)| output.action != Action::NoOp).collect()
}

/// "Changes to Outputs:", if there are any.
pub(super) fn outputs(out: &mut String, plan: &Plan, style: Style) {
    let changed = changed(plan);
    if changed.is_empty() {
        return;
    }
    if out.ends_with(|c| c != '\n') {
        out.push('\n');
    }
    if !out.is_empty() && !out.ends_with("\n\n") {
        out.push('\n');
    }
    out.push_str("Changes to Outputs:\n");
    let entries = changed
        .into_iter()
        .map(|(name, output)| Entry {
            key: Some(name.to_string()),
            important: true,
            node: node(output),
        })
        .collect();
    let group = Group {
        open: '{',
        close: '}',
        noun: "output",
        context: false,
        entries,
        blocks: Vec::new(),
    };
    Printer { out, style }.entries(&group, 2, false);
    let only_outputs = super::order::shown(plan).is_empty() && plan.deferred.is_empty();
    if only_outputs && plan.mode != PlanMode::RefreshOnly {
        out.push('\n');
        super::prose(
            out,
            "Applying this plan saves these output values and does nothing to any object.",
            style,
        );
    }
}

fn node(output: &OutputChange) -> Node {
    let marks = if output.sensitive { Marks::SENSITIVE } else { Marks::NONE };
    let before = output.before.clone().with_marks(marks);
    let after = output.after.clone().with_marks(marks);
    match output.action {
        Action::Create => whole(&after, Sign::Add, None),
        Action::Delete => whole(&before, Sign::Remove, None),
        _ => {
            let mut node = compare(&before, &after, &[], None);
            if let Body::Unchanged(value, _) = &node.body {
                node = whole(value, Sign::Same, None);
            }
            node
        }
    }
}
