//! [`Stalled`]: whether phases of an apply still come nearer to its end. A phase may well change something, and nothing of
//! what was left to a later one be known by it: then the next phase changes the same again, and so on for ever.

use std::collections::BTreeSet;

use kprov_core::{InstanceAddr, ModuleAddr, ResourceName};
use kprov_plan::{Action, Plan};

/// So many phases in a row may leave over the same.
const STALLED_MAX: u32 = 2;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Stalled {
    /// What the phase that is executed leaves over.
    left: BTreeSet<InstanceAddr>,
    phases: u32,
}

impl Stalled {
    /// A phase is about to be executed.
    pub(crate) fn executes(&mut self, plan: &Plan) {
        self.left = plan.deferred.iter().map(|deferred| deferred.addr.clone()).collect();
    }

    /// The next phase would leave over the same once more, and plans nothing of it.
    pub(crate) fn is_stuck(&mut self, next: &Plan) -> bool {
        let left: BTreeSet<InstanceAddr> =
            next.deferred.iter().map(|deferred| deferred.addr.clone()).collect();
        let of = |addr: &InstanceAddr| (addr.module.clone(), addr.resource.clone());
        let blocks: BTreeSet<(ModuleAddr, ResourceName)> = self.left.iter().map(of).collect();
        let mut changes = next.changes.iter().filter(|change| change.action != Action::NoOp);
        let planned = changes.any(|change| blocks.contains(&of(&change.addr)));
        let same = left == self.left && !left.is_empty() && !planned;
        self.phases = if same { self.phases + 1 } else { 0 };
        self.phases > STALLED_MAX
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kprov_core::{InstanceKey, Value};
    use kprov_plan::{Change, Deferred, DeferredReason, PlanMode};

    use super::*;

    fn addr(name: &str) -> InstanceAddr {
        let mode = kprov_core::ResourceMode::Managed;
        let resource = ResourceName { mode, ty: "t".into(), name: name.into() };
        InstanceAddr { module: ModuleAddr::root(), resource, key: InstanceKey::None }
    }

    fn change(name: &str, action: Action) -> Change {
        Change {
            addr: addr(name),
            deposed: None,
            previous_addr: None,
            provider: kprov_core::ProviderConfigAddr {
                module: kprov_core::ModulePath::root(),
                provider: kprov_core::ProviderAddr::hashicorp("null"),
                alias: None,
            },
            action,
            reason: None,
            before: Value::NULL,
            after: Value::NULL,
            replace_paths: Vec::new(),
            importing: None,
            prior_private: Vec::new(),
            planned_private: Vec::new(),
            dependencies: Vec::new(),
            create_before_destroy: false,
            tainted: false,
            rotation: None,
            outdated: Vec::new(),
        }
    }

    fn plan(changes: Vec<Change>, left: &[&str]) -> Plan {
        let deferred = |name: &&str| Deferred {
            reason: DeferredReason::ProviderConfigUnknown,
            addr: addr(name),
            after: Value::NULL,
        };
        Plan {
            mode: PlanMode::Normal,
            variables: BTreeMap::new(),
            changes,
            drift: Vec::new(),
            outputs: BTreeMap::new(),
            checks: Vec::new(),
            deferred: left.iter().map(deferred).collect(),
            operations: Vec::new(),
            timestamp: String::new(),
            workspace: "default".into(),
            applyable: true,
            complete: false,
            errored: false,
            targets: Vec::new(),
            excludes: Vec::new(),
            replace: Vec::new(),
            rotate_only: false,
        }
    }

    /// The phase that is refused, if one is.
    fn stuck_at(phases: &[Plan]) -> Option<usize> {
        let mut stalled = Stalled::default();
        (1..phases.len()).find(|&at| {
            stalled.executes(&phases[at - 1]);
            stalled.is_stuck(&phases[at])
        })
    }

    #[test]
    fn a_change_that_each_phase_repeats_comes_to_an_end() {
        let phase = || plan(vec![change("due", Action::Update)], &["a", "b"]);
        assert_eq!(stuck_at(&[phase(), phase(), phase(), phase(), phase()]), Some(3));
    }

    #[test]
    fn phases_that_come_nearer_may_be_many() {
        let due = || change("due", Action::Update);
        let fewer = [
            plan(vec![due()], &["a", "b", "c"]),
            plan(vec![due()], &["a", "b"]),
            plan(vec![due()], &["a", "b"]),
            plan(vec![due()], &["a"]),
            plan(vec![due()], &["a"]),
            plan(vec![due()], &[]),
        ];
        assert_eq!(stuck_at(&fewer), None);
        // Some instances of a block are planned, though the block is still among what is left.
        let some = || plan(vec![due(), change("a", Action::Create)], &["a"]);
        assert_eq!(stuck_at(&[some(), some(), some(), some(), some()]), None);
    }
}
