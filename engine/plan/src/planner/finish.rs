//! The end of the walk: what the state has and the configuration has not, outputs, the plan itself.

use std::collections::BTreeMap;

use kprov_core::{Diagnostics, ObjectAddr, ResourceMode, Str, Value};

use super::Planner;
use crate::change::drift::drift;
use crate::change::moved::validate_moves;
use crate::change::order::{DependencyGraph, Recorded, VertexKind, order};
use crate::change::outputs::{PlannedOutput, output_changes};
use crate::change::removed::forget_warning;
use crate::change::rotation_order::order_rotations;
use crate::graph::NodeKind;
use crate::{
    Action, Change, DriftChange, Operation, OutputChange, Plan, PlanInput, PlanMode,
    PlannedVariable,
};

/// A plan of which nothing came.
pub(super) fn errored(input: &PlanInput<'_>) -> Plan {
    Plan {
        mode: input.options.mode,
        variables: BTreeMap::new(),
        changes: Vec::new(),
        drift: Vec::new(),
        outputs: BTreeMap::new(),
        checks: Vec::new(),
        deferred: Vec::new(),
        operations: Vec::new(),
        timestamp: input.options.timestamp.clone(),
        workspace: input.options.workspace.clone(),
        applyable: false,
        complete: false,
        errored: true,
        targets: input.options.targets.iter().map(ToString::to_string).collect(),
        excludes: input.options.excludes.iter().map(ToString::to_string).collect(),
        replace: input.options.replace.iter().map(ToString::to_string).collect(),
        rotate_only: input.options.rotate_only,
    }
}

impl Planner<'_, '_> {
    /// Puts the plan together.
    pub(super) fn finish(mut self) -> (Plan, Diagnostics) {
        self.check_moves();
        self.check_imports();
        self.orphans();
        self.hold_back();
        self.declare_checks();
        let outputs = self.outputs();
        let mut plan = errored(self.input);
        plan.errored = self.found.has_errors();
        plan.variables = self.variables();
        plan.outputs = outputs;
        plan.checks = self.checks.reports();
        plan.deferred = std::mem::take(&mut self.deferred);
        let mut graph = self.sorted_changes();
        self.check_together(&graph);
        order_rotations(&self.changes, &mut graph);
        plan.operations = self.order(&graph);
        plan.drift = self.drift(&plan.outputs);
        self.found.extend(forget_warning(&managed(&self.changes)));
        plan.errored |= self.found.has_errors();
        plan.changes = std::mem::take(&mut self.changes);
        let changes = plan.changes.iter().any(is_change);
        let outputs = plan.outputs.values().any(|output| output.action != Action::NoOp);
        let options = self.input.options;
        // What a refresh-only plan does is to take over what changed outside.
        let drift = options.mode == PlanMode::RefreshOnly
            && plan.drift.iter().any(|drift| drift.change.action != Action::NoOp);
        plan.applyable = !plan.errored && (changes || outputs || drift);
        plan.complete = !plan.errored
            && plan.deferred.is_empty()
            && options.targets.is_empty()
            && options.excludes.is_empty()
            && !options.rotate_only;
        self.found.sort();
        debug_assert_eq!(crate::change::lint::lint(&plan), Vec::<String>::new());
        (plan, self.found)
    }

    /// Statements of moves that make no sense now that instances are known.
    fn check_moves(&mut self) {
        let problems = validate_moves(&self.statements, &*self.evaluation, self.input.sources);
        self.found.extend(problems);
    }

    /// What changed outside.
    fn drift(&self, outputs: &BTreeMap<Str, OutputChange>) -> Vec<DriftChange> {
        let options = self.input.options;
        let nothing = !options.refreshed
            || (std::ptr::eq(self.input.previous, self.input.prior)
                && self.moves.previous.is_empty());
        if nothing {
            return Vec::new();
        }
        let relocated;
        let previous = if self.moves.previous.is_empty() {
            self.input.previous
        } else {
            relocated = self.moves.relocate(self.input.previous.clone());
            &relocated
        };
        let moved = &self.moves.previous;
        drift(options.mode, previous, self.prior, moved, || self.relevant(outputs))
    }

    /// The changes as steps.
    fn order(&mut self, graph: &DependencyGraph) -> Vec<Operation> {
        let recorded: Vec<Recorded<'_>> =
            self.changes.iter().map(|change| self.recorded_of(change)).collect();
        match order(&self.changes, &recorded, graph) {
            Ok(operations) => operations,
            Err(problems) => {
                self.found.extend(problems);
                Vec::new()
            }
        }
    }

    /// What the state knows of a change's object, and whether it must be told anew.
    fn recorded_of(&self, change: &Change) -> Recorded<'_> {
        let addr = ObjectAddr { instance: change.addr.clone(), deposed: change.deposed.clone() };
        let Some(object) = self.prior.objects.get(&addr) else {
            // A destroy reads data sources for provider configurations; it records none.
            let stale = change.addr.resource.mode == ResourceMode::Data
                && self.input.options.mode != PlanMode::Destroy;
            return Recorded { stale, ..Recorded::default() };
        };
        let mut stale = false;
        if change.action == Action::NoOp {
            stale = match change.addr.resource.mode {
                ResourceMode::Managed => {
                    object.dependencies != change.dependencies
                        || object.create_before_destroy != change.create_before_destroy
                        || self.recheck.contains(&change.addr)
                        || self.was_refreshed(change, &object.value)
                }
                _ => object.value != change.after,
            };
        }
        Recorded {
            dependencies: &object.dependencies,
            create_before_destroy: object.create_before_destroy,
            stale,
            kept: change.deposed.is_none() && self.kept.contains(&change.addr),
        }
    }

    /// Did the refresh find other content than the last run left?
    fn was_refreshed(&self, change: &Change, now: &Value) -> bool {
        if !self.input.options.refreshed {
            return false;
        }
        let before = change.previous_addr.as_ref().unwrap_or(&change.addr).clone();
        match self.input.previous.objects.get(&before.current()) {
            Some(object) => object.value != *now,
            None => true,
        }
    }

    /// Brings the changes into canonical order; the dependency graph refers to them by that.
    fn sorted_changes(&mut self) -> DependencyGraph {
        let mut all: Vec<_> = std::mem::take(&mut self.changes)
            .into_iter()
            .zip(std::mem::take(&mut self.vertices))
            .collect();
        // Terraform lists outer modules before inner ones.
        let depth = |change: &Change| change.addr.module.0.len();
        all.sort_by(|(a, _), (b, _)| {
            (depth(a), &a.addr, &a.deposed).cmp(&(depth(b), &b.addr, &b.deposed))
        });
        let mut graph = DependencyGraph::default();
        let after = self.evaluation.recorder.finish();
        for _ in 0..after.len() {
            graph.add(VertexKind::Gate);
        }
        for (vertex, before) in after.into_iter().enumerate() {
            graph.vertices[vertex].after = before.into_iter().map(|vertex| vertex.0).collect();
        }
        for (index, (change, vertex)) in all.into_iter().enumerate() {
            if let Some(vertex) = vertex {
                let change = u32::try_from(index).unwrap_or(u32::MAX);
                graph.vertices[vertex.0 as usize].kind = VertexKind::Change(change);
            }
            self.changes.push(change);
            self.vertices.push(vertex);
        }
        graph
    }

    fn variables(&self) -> BTreeMap<Str, PlannedVariable> {
        let Some(root) = self.evaluation.modules(0).into_iter().next() else {
            return BTreeMap::new();
        };
        root.config
            .variables
            .values()
            .filter_map(|variable| {
                let value = self.evaluation.variable(&root, &variable.name).ok()?.value?;
                let value = (!variable.ephemeral).then_some(value);
                Some((variable.name.clone(), PlannedVariable { value }))
            })
            .collect()
    }

    fn outputs(&self) -> BTreeMap<Str, OutputChange> {
        let mut planned = BTreeMap::new();
        let destroy = self.input.options.mode == PlanMode::Destroy;
        let root = self.evaluation.modules(0).into_iter().next();
        for (name, output) in root.iter().flat_map(|root| &root.config.outputs) {
            let Some(root) = root.as_ref().filter(|_| !destroy) else { continue };
            let node = self.evaluation.graph.find(0, NodeKind::Output(name.clone()));
            let selected = node.is_some_and(|node| self.selection.block(node));
            let slot = selected.then(|| self.evaluation.output(root, name).ok()).flatten();
            let value = slot.and_then(|slot| slot.value);
            let sensitive = output.sensitive;
            let change = value.map(|value| PlannedOutput { value, sensitive });
            planned.insert(name.clone(), change);
        }
        output_changes(&self.input.previous.outputs, &planned)
    }
}

/// Something to apply? Data sources that were read are only recorded.
fn is_change(change: &Change) -> bool {
    match change.action {
        Action::NoOp => change.previous_addr.is_some() || change.importing.is_some(),
        Action::Forget | Action::Delete => change.addr.resource.mode == ResourceMode::Managed,
        Action::Create | Action::Read | Action::Update | Action::Replace(_) => true,
    }
}

/// Those of resources; data sources come and go without notice.
fn managed(changes: &[Change]) -> Vec<Change> {
    let mut found = changes.iter().filter(|change| change.action == Action::Forget);
    let managed = found.by_ref().filter(|it| it.addr.resource.mode == ResourceMode::Managed);
    managed.cloned().collect()
}
