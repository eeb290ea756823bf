//! Checks that do not hold, for a plan that is shown later: when it was made, the problems were told
//! as diagnostics, which a plan file does not keep.

use kprov_plan::{CheckKind, CheckStatus, Plan};

use super::super::text::{visible, wrap};
use super::super::{Style, Tint};

/// A warning for each check that failed or could not be evaluated. Empty if all is well.
pub(crate) fn checks(plan: &Plan, style: Style) -> String {
    let mut out = String::new();
    for report in plan.checks.iter().filter(|report| report.kind == CheckKind::Check) {
        for object in &report.objects {
            if !matches!(object.status, CheckStatus::Fail | CheckStatus::Error) {
                continue;
            }
            let warning = style.paint(Tint::Warning, "Warning:");
            let summary = style.paint(Tint::Strong, "Check block assertion failed");
            let at = if object.module.is_root() {
                String::new()
            } else {
                format!("{}.", visible(&object.module.to_string()))
            };
            out.push_str(&format!("\n{warning} {summary}\n\n  with {at}check.{}\n", report.name));
            for problem in &object.problems {
                out.push('\n');
                for line in wrap(problem, style.width()) {
                    out.push_str(&line);
                    out.push('\n');
                }
            }
        }
    }
    out
}
