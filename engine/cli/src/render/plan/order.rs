//! Which changes are shown, in the order in which they will run.

use kprov_core::ResourceMode;
use kprov_plan::{Action, Change, OperationKind, Plan};

/// Is there anything to say of it? Something that stays is shown if it moves or is imported.
fn speaks(change: &Change) -> bool {
    match change.action {
        Action::NoOp => change.previous_addr.is_some() || change.importing.is_some(),
        // Reading of a data source that is gone changes nothing.
        Action::Delete => change.addr.resource.mode == ResourceMode::Managed,
        _ => true,
    }
}

/// Changes to be shown: by their first step, those without one in canonical order behind.
pub(super) fn shown(plan: &Plan) -> Vec<&Change> {
    let mut first = vec![usize::MAX; plan.changes.len()];
    for (at, operation) in plan.operations.iter().enumerate() {
        let index = match operation.kind {
            OperationKind::Gate => continue,
            OperationKind::Create(index)
            | OperationKind::Update(index)
            | OperationKind::Delete(index)
            | OperationKind::Read(index)
            | OperationKind::Forget(index)
            | OperationKind::Import(index)
            | OperationKind::Record(index) => index as usize,
        };
        if let Some(place) = first.get_mut(index) {
            *place = at.min(*place);
        }
    }
    let numbered = plan.changes.iter().zip(first).filter(|(change, _)| speaks(change));
    let mut shown: Vec<(&Change, usize)> = numbered.collect();
    shown.sort_by_key(|(_, place)| *place);
    shown.into_iter().map(|(change, _)| change).collect()
}
