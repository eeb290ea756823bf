//! Why something is done, as a sentence's end.

use kprov_core::InstanceKey;
use kprov_core::addr::quote;
use kprov_plan::{Action, ActionReason, Change, ReplaceOrder};

/// "will be created": what becomes of the object.
pub(super) fn fate(change: &Change) -> &'static str {
    match (change.action, change.reason) {
        (Action::Create, _) => "will be created",
        (Action::Read, _) => "will be read during apply",
        (Action::Update, _) => "will be updated in-place",
        (Action::Replace(_), _) if change.tainted => "is tainted, so must be replaced",
        (Action::Replace(_), Some(ActionReason::ReplaceBecauseTainted)) => {
            "is tainted, so must be replaced"
        }
        (Action::Replace(_), Some(ActionReason::ReplaceByRequest)) => {
            "will be replaced, as requested"
        }
        (Action::Replace(_), Some(ActionReason::ReplaceByTriggers)) => {
            "will be replaced due to changes in replace_triggered_by"
        }
        (Action::Replace(ReplaceOrder::DeleteFirst | ReplaceOrder::CreateFirst), _) => {
            "must be replaced"
        }
        (Action::Delete, _) => "will be destroyed",
        (Action::Forget, _) => "will no longer be managed by kprov, but will not be destroyed",
        (Action::NoOp, _) if change.importing.is_some() => "will be imported",
        (Action::NoOp, _) => "stays as it is",
    }
}

/// "because ...", where the fate alone does not say it.
pub(super) fn because(change: &Change) -> Option<String> {
    if change.deposed.is_some() && change.action == Action::Delete {
        return Some("left over from a replacement that was not finished".to_owned());
    }
    let addr = &change.addr;
    let told = match change.reason? {
        // The fate and "# forces replacement" say these.
        ActionReason::ReplaceBecauseTainted
        | ActionReason::ReplaceBecauseCannotUpdate
        | ActionReason::ReplaceByRequest
        | ActionReason::ReplaceByTriggers => return None,
        ActionReason::DeleteBecauseNoResourceConfig => {
            format!("because {} is not in configuration", addr.config())
        }
        ActionReason::DeleteBecauseNoModule => {
            format!("because {} is not in configuration", addr.module)
        }
        ActionReason::DeleteBecauseWrongRepetition => match addr.key {
            InstanceKey::None => "because resource uses count or for_each".to_owned(),
            InstanceKey::Int(_) => "because resource does not use count".to_owned(),
            InstanceKey::String(_) => "because resource does not use for_each".to_owned(),
        },
        ActionReason::DeleteBecauseCountIndex => {
            format!("because index {} is out of range for count", addr.key)
        }
        ActionReason::DeleteBecauseEachKey => match &addr.key {
            InstanceKey::String(key) => {
                format!("because key [{}] is not in for_each map", quote(key))
            }
            InstanceKey::None | InstanceKey::Int(_) => {
                format!("because key {} is not in for_each map", addr.key)
            }
        },
        ActionReason::DeleteBecauseNoMoveTarget => match &change.previous_addr {
            Some(from) => {
                format!("because {from} was moved to {addr}, which is not in configuration")
            }
            None => format!("because {addr} is not in configuration"),
        },
        ActionReason::ReadBecauseConfigUnknown => {
            "config refers to values not yet known".to_owned()
        }
        ActionReason::ReadBecauseDependencyPending => {
            "depends on a resource or a module with changes pending".to_owned()
        }
        ActionReason::ReadBecauseCheckNested => {
            "config will be reloaded to verify a check block".to_owned()
        }
    };
    Some(told)
}
