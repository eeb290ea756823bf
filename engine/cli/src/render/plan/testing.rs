//! Plans made by hand, for tests of what is shown of them.

use std::collections::BTreeMap;

use kprov_core::addr::parse_instance;
use kprov_core::{Path, ProviderAddr, ProviderConfigAddr, Value};
use kprov_plan::{
    Action, ActionReason, Change, Operation, OperationKind, OutputChange, Plan, PlanMode,
};
use kprov_provider::Private;

/// A change of `address`, both objects as given.
pub(crate) fn change(address: &str, action: Action, before: Value, after: Value) -> Change {
    Change {
        addr: parse_instance(address).unwrap(),
        deposed: None,
        previous_addr: None,
        provider: ProviderConfigAddr {
            module: kprov_core::ModulePath::root(),
            provider: ProviderAddr::hashicorp("test"),
            alias: None,
        },
        action,
        reason: None,
        before,
        after,
        replace_paths: Vec::new(),
        importing: None,
        prior_private: Private::default(),
        planned_private: Private::default(),
        dependencies: Vec::new(),
        create_before_destroy: false,
        tainted: false,
        rotation: None,
        outdated: Vec::new(),
    }
}

/// The same with a reason.
pub(crate) fn because(mut change: Change, reason: ActionReason) -> Change {
    change.reason = Some(reason);
    change
}

/// The same with attributes that force the replacement.
pub(crate) fn forced(mut change: Change, attributes: &[&str]) -> Change {
    change.replace_paths = attributes.iter().map(|name| Path::attribute(*name)).collect();
    change
}

/// A plan of these changes, run in this order.
pub(crate) fn plan_of(changes: Vec<Change>) -> Plan {
    let operations = changes.iter().enumerate().map(|(index, change)| {
        let index = index as u32;
        let kind = match change.action {
            Action::NoOp => OperationKind::Record(index),
            Action::Create | Action::Replace(_) => OperationKind::Create(index),
            Action::Read => OperationKind::Read(index),
            Action::Update => OperationKind::Update(index),
            Action::Delete => OperationKind::Delete(index),
            Action::Forget => OperationKind::Forget(index),
        };
        Operation { kind, after: Vec::new() }
    });
    Plan {
        mode: PlanMode::Normal,
        variables: BTreeMap::new(),
        drift: Vec::new(),
        outputs: BTreeMap::new(),
        checks: Vec::new(),
        deferred: Vec::new(),
        operations: operations.collect(),
        changes,
        timestamp: "2024-01-01T00:00:00Z".to_owned(),
        workspace: "default".into(),
        applyable: true,
        complete: true,
        errored: false,
        targets: Vec::new(),
        excludes: Vec::new(),
        replace: Vec::new(),
        rotate_only: false,
    }
}

/// An output that changes.
pub(crate) fn output(action: Action, before: Value, after: Value) -> OutputChange {
    OutputChange { action, before, after, sensitive: false }
}
