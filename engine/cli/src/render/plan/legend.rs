//! What the signs mean; only those that occur.

use kprov_plan::{Action, Change, ReplaceOrder};

use super::super::{Style, Tint};

/// Sign in three columns, its colour, and what it means.
pub(super) fn sign(action: Action) -> (&'static str, Tint, &'static str) {
    match action {
        Action::NoOp => ("   ", Tint::Dim, "moved or imported"),
        Action::Create => ("  +", Tint::Add, "create"),
        Action::Read => (" <=", Tint::Read, "read (data resources)"),
        Action::Update => ("  ~", Tint::Change, "update in-place"),
        Action::Replace(ReplaceOrder::DeleteFirst) => {
            ("-/+", Tint::Change, "destroy and then create replacement")
        }
        Action::Replace(ReplaceOrder::CreateFirst) => {
            ("+/-", Tint::Change, "create replacement and then destroy")
        }
        Action::Delete => ("  -", Tint::Remove, "destroy"),
        Action::Forget => ("  .", Tint::Dim, "forget (leave it alone)"),
    }
}

const ALL: [Action; 7] = [
    Action::Create,
    Action::Update,
    Action::Delete,
    Action::Replace(ReplaceOrder::DeleteFirst),
    Action::Replace(ReplaceOrder::CreateFirst),
    Action::Forget,
    Action::Read,
];

/// The legend of the signs that `changes` need.
pub(super) fn legend(out: &mut String, changes: &[&Change], style: Style) {
    let used = |action: &Action| changes.iter().any(|change| change.action == *action);
    let signs: Vec<Action> = ALL.into_iter().filter(used).collect();
    if signs.is_empty() {
        return;
    }
    out.push_str("Resource actions are indicated with the following symbols:\n");
    for action in signs {
        let (sign, tint, meaning) = sign(action);
        out.push_str(&format!("{} {meaning}\n", style.paint(tint, sign)));
    }
    out.push('\n');
}
