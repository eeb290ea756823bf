//! Rotations of a group's members: what a block says of an instance, which members are outdated, and what of the
//! configuration `-rotate-only` is about.

use kprov_core::addr::Target;
use kprov_core::{
    Diagnostic, Diagnostics, InstanceAddr, InstanceKey, ModuleAddr, ResourceAddr, Value,
};

use kprov_provider::rotation::MemberGroups;

use super::managed::with_address;
use super::{Planner, Site};
use crate::change::target::selects_block;
use crate::evaluation::BlockScope;
use crate::graph::{Graph, NodeKind};
use crate::validate::attribute_problems;
use crate::{Action, OutdatedMember, PlanMode, PlanOptions, rotation};

impl<'a> Planner<'a, '_> {
    /// What the block says of instance `index`.
    pub(super) fn rotation(
        &mut self,
        site: &Site<'a>,
        index: usize,
        addr: &InstanceAddr,
    ) -> Result<Option<Value>, Diagnostics> {
        let evaluation = self.evaluation.clone();
        let repeated = site.resource.expansion.repeated(index);
        let scope = BlockScope::of(&evaluation, &site.module, repeated);
        let (value, found) = rotation::decode(&scope, site.code, site.resource.config);
        let found: Diagnostics = found.into_iter().map(|it| with_address(it, addr)).collect();
        if value.is_none() && site.resource.config.lifecycle.rotation.is_some() {
            // There may be no problem here: then it was told elsewhere.
            return Err(found);
        }
        self.found.extend(found);
        Ok(value.filter(|value| *value != Value::NULL))
    }

    /// What keeps a group from being rotated.
    pub(super) fn refuse_unfit(
        &mut self,
        site: &Site<'a>,
        addr: &InstanceAddr,
        groups: &dyn MemberGroups,
        planned: &Value,
    ) -> Result<(), Diagnostics> {
        let errors = groups.problems(&planned.clone().unmark_deep().0);
        if errors.is_empty() {
            return Ok(());
        }
        let place = self.input.sources.range(site.resource.config.span);
        Err(attribute_problems(errors, Some(addr), place))
    }

    /// Members that must be replaced although nothing of the group's object changes, whoever made them so: a run that was
    /// killed, somebody by hand, a crash. They were looked at under the address that the state has.
    pub(super) fn outdated(&self, addr: &InstanceAddr) -> Vec<OutdatedMember> {
        let before = self.moves.previous.get(addr).unwrap_or(addr);
        self.input.outdated.get(before).cloned().unwrap_or_default()
    }
}

/// A group that is made, made anew or deleted has nothing that could be rotated.
pub(super) fn is_rotated(action: Action) -> bool {
    matches!(action, Action::NoOp | Action::Update)
}

/// The targets of a plan: what the user said, or with `-rotate-only` each resource that has a rotation, as far as the user's
/// targets have it.
///
/// # Errors
/// When there would be nothing to rotate: no target means everything.
pub(super) fn targets(graph: &Graph<'_>, options: &PlanOptions) -> Result<Vec<Target>, Diagnostic> {
    if !options.rotate_only {
        return Ok(options.targets.clone());
    }
    if options.mode != PlanMode::Normal {
        let detail = "-rotate-only replaces members of groups that stay, so it goes neither with -destroy nor with \
                      -refresh-only.";
        return Err(Diagnostic::error("Incompatible plan options", detail));
    }
    let rotated = graph.nodes.iter().filter_map(|node| {
        let NodeKind::Resource(name) = &node.kind else { return None };
        let module = &graph.modules[node.module];
        module.config.resources.get(name)?.lifecycle.rotation.as_ref()?;
        Some(ResourceAddr { module: module.path.clone(), resource: name.clone() })
    });
    let targets: Vec<Target> = match &options.targets[..] {
        [] => rotated.map(|block| whole(&block, &ModuleAddr::root())).collect(),
        given => rotated
            .flat_map(|block| {
                let meant = given.iter().filter(|target| selects_block(target, &block));
                meant.map(|target| within(&block, target)).collect::<Vec<_>>()
            })
            .collect(),
    };
    if targets.is_empty() {
        let detail = match options.targets.is_empty() {
            true => {
                "No resource has a rotation block in its lifecycle, so -rotate-only leaves nothing to plan."
            }
            false => {
                "None of the targets has a rotation block, so -rotate-only leaves nothing to plan."
            }
        };
        return Err(Diagnostic::error("Nothing to rotate", detail));
    }
    Ok(targets)
}

/// The instances of a block that a target means.
fn within(block: &ResourceAddr, target: &Target) -> Target {
    match target {
        Target::Module(module) => whole(block, module),
        Target::Resource(_) => target.clone(),
    }
}

/// All instances of a block below `around`, which is a module around it.
fn whole(block: &ResourceAddr, around: &ModuleAddr) -> Target {
    let inner = block.module.0.iter().skip(around.0.len());
    let inner = inner.map(|name| (name.clone(), InstanceKey::None));
    let module = ModuleAddr(around.0.iter().cloned().chain(inner).collect());
    let key = InstanceKey::None;
    Target::Resource(InstanceAddr { module, resource: block.resource.clone(), key })
}
