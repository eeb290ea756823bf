//! [`lint`]: what every finished plan must satisfy, whatever made it. Tests call it on each plan
//! they make; it explains itself and decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use kprov_core::{Marks, ResourceAddr, ResourceMode};

use crate::{Action, ActionReason, Change, Operation, OperationKind, Plan, ReplaceOrder};

/// Everything that is wrong with the plan, a sentence each. Empty: nothing.
pub fn lint(plan: &Plan) -> Vec<String> {
    let mut findings = Vec::new();
    for change in &plan.changes {
        lint_change(change, &mut findings);
    }
    lint_sequence(&plan.changes, &mut findings);
    if plan.errored {
        return findings;
    }
    lint_operations(plan, &mut findings);
    lint_deletes(plan, &mut findings);
    findings
}

fn lint_change(change: &Change, findings: &mut Vec<String>) {
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            findings.push(format!("{} ({:?}): {what}", change.addr, change.action));
        }
    };
    let (before, after) = (!change.before.is_null(), !change.after.is_null());
    let stays = matches!(change.action, Action::NoOp | Action::Update | Action::Replace(_));
    let goes = matches!(change.action, Action::Delete | Action::Forget);
    let comes = matches!(change.action, Action::Create | Action::Read);
    expect(!stays || (before && after), "an object that stays has both sides");
    expect(!goes || (before && !after), "an object that goes has only a before");
    expect(change.action != Action::Create || !before, "a new object has no before");
    expect(!comes || after, "an object that comes has an after");
    expect(change.before.is_wholly_known(), "what is there is known");
    let marks = change.before.marks_deep() | change.after.marks_deep();
    expect(!marks.contains(Marks::EPHEMERAL), "nothing ephemeral is stored");
    if change.action == Action::NoOp {
        let bare = |value: &kprov_core::Value| value.clone().unmark_deep().0;
        expect(bare(&change.before) == bare(&change.after), "a no-op changes nothing");
    }
    let replaces = matches!(change.action, Action::Replace(_));
    expect(replaces || change.replace_paths.is_empty(), "only replacements have reasons in paths");
    let fits = change.reason.is_none_or(|reason| fits(reason, change.action));
    expect(fits, "the reason belongs to another action");
    expect(!replaces || change.reason.is_some(), "a replacement has a reason");
    let deposed = change.deposed.is_some();
    expect(!deposed || goes, "a deposed object can only go");
    expect(change.previous_addr.as_ref() != Some(&change.addr), "a move leads elsewhere");
}

fn fits(reason: ActionReason, action: Action) -> bool {
    use ActionReason::*;
    match reason {
        ReplaceBecauseTainted | ReplaceBecauseCannotUpdate | ReplaceByRequest => {
            matches!(action, Action::Replace(_))
        }
        ReplaceByTriggers => matches!(action, Action::Replace(_) | Action::Create),
        DeleteBecauseNoResourceConfig
        | DeleteBecauseNoModule
        | DeleteBecauseWrongRepetition
        | DeleteBecauseCountIndex
        | DeleteBecauseEachKey
        | DeleteBecauseNoMoveTarget => matches!(action, Action::Delete | Action::Forget),
        ReadBecauseConfigUnknown | ReadBecauseDependencyPending | ReadBecauseCheckNested => {
            action == Action::Read
        }
    }
}

fn lint_sequence(changes: &[Change], findings: &mut Vec<String>) {
    // A destroy may read a data source for a provider's configuration, and forgets the one that is
    // stored: two changes of one address, in that order.
    let forgets = |change: &Change| {
        change.addr.resource.mode == ResourceMode::Data && change.action == Action::Forget
    };
    let key = |change: &Change| (change.addr.clone(), change.deposed.clone(), forgets(change));
    for pair in changes.windows(2) {
        if key(&pair[0]) >= key(&pair[1]) {
            findings.push(format!(
                "{} and {} are not in canonical order, or one is there twice",
                pair[0].addr, pair[1].addr
            ));
        }
    }
}

/// Which steps a change must have, in this order, imports, records and gates aside.
fn steps(index: u32, action: Action) -> Vec<OperationKind> {
    use OperationKind::{Create, Delete, Forget, Read, Update};
    match action {
        Action::NoOp => vec![],
        Action::Create => vec![Create(index)],
        Action::Read => vec![Read(index)],
        Action::Update => vec![Update(index)],
        Action::Replace(ReplaceOrder::DeleteFirst) => vec![Delete(index), Create(index)],
        Action::Replace(ReplaceOrder::CreateFirst) => vec![Create(index), Delete(index)],
        Action::Delete => vec![Delete(index)],
        Action::Forget => vec![Forget(index)],
    }
}

fn change_of(kind: OperationKind) -> Option<u32> {
    match kind {
        OperationKind::Gate => None,
        OperationKind::Create(change)
        | OperationKind::Update(change)
        | OperationKind::Delete(change)
        | OperationKind::Read(change)
        | OperationKind::Forget(change)
        | OperationKind::Import(change)
        | OperationKind::Record(change) => Some(change),
    }
}

fn lint_operations(plan: &Plan, findings: &mut Vec<String>) {
    let mut of_change: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (at, operation) in plan.operations.iter().enumerate() {
        if operation.after.iter().any(|on| on.0 as usize >= at) {
            findings.push(format!("operation {at} waits for itself or a later one"));
            return;
        }
        match change_of(operation.kind) {
            Some(change) if change as usize >= plan.changes.len() => {
                findings.push(format!("operation {at} is about a change that does not exist"));
                return;
            }
            Some(change) => of_change.entry(change).or_default().push(at),
            None => {}
        }
    }
    for (index, change) in (0u32..).zip(&plan.changes) {
        let all = of_change.get(&index).map_or(&[][..], Vec::as_slice);
        let kind = |at: &usize| plan.operations[*at].kind;
        let own: Vec<usize> = all
            .iter()
            .filter(|at| !matches!(kind(at), OperationKind::Import(_) | OperationKind::Record(_)))
            .copied()
            .collect();
        let kinds: Vec<OperationKind> = own.iter().map(kind).collect();
        // With something left to a later phase, deleting what was replaced may be left to it, too.
        let kept = !plan.deferred.is_empty()
            && change.action == Action::Replace(ReplaceOrder::CreateFirst)
            && kinds == [OperationKind::Create(index)];
        if !kept && kinds != steps(index, change.action) {
            findings.push(format!("{} ({:?}) has the steps {kinds:?}", change.addr, change.action));
        }
        if let [first, second] = own[..]
            && !behind(&plan.operations, second).contains(&first)
        {
            findings.push(format!("{}: its second half does not wait for the first", change.addr));
        }
        let imports = all.iter().any(|at| matches!(kind(at), OperationKind::Import(_)));
        if imports != change.importing.is_some() {
            findings.push(format!("{}: import and its step do not agree", change.addr));
        }
    }
}

/// All operations that `at` waits for, in one or more steps.
fn behind(operations: &[Operation], at: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![at];
    while let Some(at) = open.pop() {
        for on in operations[at].after.iter().map(|on| on.0 as usize) {
            if found.insert(on) {
                open.push(on);
            }
        }
    }
    found
}

/// A resource is deleted after its recorded dependents, and not written before they are deleted
/// where these do not wait for anything new.
fn lint_deletes(plan: &Plan, findings: &mut Vec<String>) {
    let mut deletes: BTreeMap<ResourceAddr, Vec<(usize, &Change)>> = BTreeMap::new();
    for (at, operation) in plan.operations.iter().enumerate() {
        if let OperationKind::Delete(change) = operation.kind
            && let Some(change) = plan.changes.get(change as usize)
        {
            deletes.entry(change.addr.config()).or_default().push((at, change));
        }
    }
    for (at, change) in deletes.values().flatten() {
        let waits = behind(&plan.operations, *at);
        for (other_at, other) in deletes.values().flatten() {
            let depends = other.action == Action::Delete
                && other.addr.config() != change.addr.config()
                && other.dependencies.contains(&change.addr.config())
                && !apart(change, other);
            // Records that go in a circle cannot be followed both ways.
            let mutual = change.dependencies.contains(&other.addr.config());
            if depends && !mutual && !waits.contains(other_at) {
                findings.push(format!(
                    "{} is deleted without waiting for the delete of {}",
                    change.addr, other.addr
                ));
            }
        }
    }
}

/// Do they stand in different instances of one module?
fn apart(a: &Change, b: &Change) -> bool {
    let steps = a.addr.module.0.iter().zip(b.addr.module.0.iter());
    steps.take_while(|((a, _), (b, _))| a == b).any(|((_, a), (_, b))| a != b)
}

#[cfg(test)]
mod tests;
