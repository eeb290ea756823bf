//! Data sources and ephemeral resources: read now where that can be, in one batch per level.

use kprov_core::{Diagnostic, Diagnostics, InstanceAddr, InstanceKey, Marks, ResourceMode, Value};
use kprov_lang::ast::Reference;
use kprov_provider::ProviderError;

use super::{Configured, NodeIndex, Planner, Site};
use crate::change::proposed::proposed_new;
use crate::decode::mark_like;
use crate::graph::{NodeKind, Subject, subject};
use crate::{Action, ActionReason, Change, DataRead, PlanMode};

/// A read that waits for the end of its level.
pub(super) struct PendingRead<'a> {
    site: std::rc::Rc<Site<'a>>,
    index: usize,
    addr: InstanceAddr,
    config: Value,
}

impl<'a> Planner<'a, '_> {
    /// Evaluates a data source; it is read at the end of the level, or during apply.
    pub(super) fn data(
        &mut self,
        site: &std::rc::Rc<Site<'a>>,
        index: usize,
        configured: Configured,
    ) -> Result<(), Diagnostics> {
        let addr = site.addr(index);
        let evaluation = self.evaluation.clone();
        let (config, touched) =
            evaluation.recorder.record(|| self.configuration(site, index, &addr));
        self.order_instance(site, index, touched);
        let config = config?;
        let bare = config.clone().unmark_deep().0;
        let unknown = mark_like(&proposed_new(site.block, None, &bare), &config);
        if self.deferred_nodes[site.node] || configured == Configured::Unknown {
            self.deferred_nodes[site.node] = true;
            site.resource.set(index, unknown);
            return Ok(());
        }
        let reason = if !bare.is_wholly_known() {
            Some(ActionReason::ReadBecauseConfigUnknown)
        } else if self.waits_for_change(site) {
            Some(ActionReason::ReadBecauseDependencyPending)
        } else {
            None
        };
        match reason {
            Some(reason) if self.input.options.mode == PlanMode::Normal => {
                self.read_later(site, index, addr, unknown, reason);
            }
            Some(_) => site.resource.set(index, unknown),
            None => {
                let site = site.clone();
                self.reads.push(PendingRead { site, index, addr, config });
            }
        }
        Ok(())
    }

    fn read_later(
        &mut self,
        site: &Site<'a>,
        index: usize,
        addr: InstanceAddr,
        after: Value,
        reason: ActionReason,
    ) {
        site.resource.set(index, after.clone());
        self.pending[site.node] = true;
        let change = self.data_change(site, addr, Action::Read, Some(reason), Value::NULL, after);
        self.push(change, Some(site.resource.vertex(index)));
    }

    fn data_change(
        &self,
        site: &Site<'a>,
        addr: InstanceAddr,
        action: Action,
        reason: Option<ActionReason>,
        before: Value,
        after: Value,
    ) -> Change {
        Change {
            addr,
            deposed: None,
            previous_addr: None,
            provider: site.provider.clone(),
            action,
            reason,
            before,
            after,
            replace_paths: Vec::new(),
            importing: None,
            prior_private: Vec::new(),
            planned_private: Vec::new(),
            dependencies: site.dependencies.clone(),
            create_before_destroy: false,
            tainted: false,
            rotation: None,
            outdated: Vec::new(),
        }
    }

    /// Evaluates an ephemeral resource; it is opened at the end of the level.
    pub(super) fn ephemeral(
        &mut self,
        site: &std::rc::Rc<Site<'a>>,
        index: usize,
        configured: Configured,
    ) -> Result<(), Diagnostics> {
        let addr = site.addr(index);
        let evaluation = self.evaluation.clone();
        let (config, touched) =
            evaluation.recorder.record(|| self.configuration(site, index, &addr));
        self.order_instance(site, index, touched);
        let config = config?;
        let bare = config.clone().unmark_deep().0;
        if !bare.is_wholly_known()
            || configured == Configured::Unknown
            || self.waits_for_change(site)
        {
            let unknown = proposed_new(site.block, None, &bare).with_marks(Marks::EPHEMERAL);
            site.resource.set(index, unknown);
            return Ok(());
        }
        self.reads.push(PendingRead { site: site.clone(), index, addr, config });
        Ok(())
    }

    /// Reads and opens what the level's blocks asked for.
    pub(super) fn read_level(&mut self) {
        let (data, ephemeral): (Vec<_>, Vec<_>) = std::mem::take(&mut self.reads)
            .into_iter()
            .partition(|read| read.site.name.mode == ResourceMode::Data);
        if !data.is_empty() {
            let answers = self.host.read_data(data.iter().map(PendingRead::question).collect());
            for (read, answer) in data.into_iter().zip(answers) {
                self.was_read(read, answer);
            }
        }
        if !ephemeral.is_empty() {
            let questions = ephemeral.iter().map(PendingRead::question).collect();
            let answers = self.host.open_ephemeral(questions);
            for (read, answer) in ephemeral.into_iter().zip(answers) {
                match answer {
                    Ok(value) => {
                        let value = mark_like(&value, &read.config).with_marks(Marks::EPHEMERAL);
                        read.site.resource.set(read.index, value.clone());
                        self.after_read(&read, value);
                    }
                    Err(error) => self.read_failed(&read, error),
                }
            }
        }
    }

    fn was_read(&mut self, read: PendingRead<'a>, answer: Result<Value, ProviderError>) {
        match answer {
            Ok(value) => {
                let value = mark_like(&value, &read.config);
                let value = crate::change::diff::mark_by_schema(read.site.block, &value);
                read.site.resource.set(read.index, value.clone());
                let site = read.site.clone();
                let addr = read.addr.clone();
                if site.resource.config.in_check.is_none() {
                    let (before, after) = (value.clone(), value.clone());
                    let change = self.data_change(&site, addr, Action::NoOp, None, before, after);
                    self.push(change, Some(site.resource.vertex(read.index)));
                } else if self.input.options.mode == PlanMode::Normal {
                    let reason = Some(ActionReason::ReadBecauseCheckNested);
                    let after = value.clone();
                    let change =
                        self.data_change(&site, addr, Action::Read, reason, Value::NULL, after);
                    self.push(change, Some(site.resource.vertex(read.index)));
                }
                self.after_read(&read, value);
            }
            Err(error) => self.read_failed(&read, error),
        }
    }

    fn after_read(&mut self, read: &PendingRead<'a>, value: Value) {
        if let Err(problems) = self.postconditions(&read.site, read.index, &read.addr, value) {
            self.found.extend(problems);
            self.failed[read.site.node] = true;
        }
    }

    fn read_failed(&mut self, read: &PendingRead<'a>, error: ProviderError) {
        let config = read.site.resource.config;
        let told = error.to_string();
        let mut problem = Diagnostic::error(error.summary, error.message)
            .at(self.input.sources.range(config.span))
            .of(&read.addr);
        if let Some(check) = &config.in_check {
            // A check tells; it does not stop anything.
            problem.severity = kprov_core::Severity::Warning;
            let block = super::conditions::check_of(&read.site.module, check);
            let (module, status) = (&read.addr.module, crate::CheckStatus::Fail);
            self.checks.add(&block, module, &InstanceKey::None, status, vec![told]);
            let bare = read.config.clone().unmark_deep().0;
            let unknown = mark_like(&proposed_new(read.site.block, None, &bare), &read.config);
            if self.input.options.mode == PlanMode::Normal {
                let reason = ActionReason::ReadBecauseCheckNested;
                self.read_later(&read.site, read.index, read.addr.clone(), unknown, reason);
            } else {
                read.site.resource.set(read.index, unknown);
            }
        } else {
            self.failed[read.site.node] = true;
        }
        self.found.push(problem);
    }

    /// Does the block's `depends_on`, or that of a module it is in, name something that will change?
    fn waits_for_change(&self, site: &Site<'a>) -> bool {
        if self.input.options.mode != PlanMode::Normal {
            return false;
        }
        let module = site.module.module;
        let own = &site.resource.config.depends_on;
        if own.iter().any(|reference| self.changes_in(module, reference)) {
            return true;
        }
        let mut here = &site.module;
        while let Some((caller, call)) = &here.caller {
            if call.depends_on.iter().any(|reference| self.changes_in(caller.module, reference)) {
                return true;
            }
            here = caller;
        }
        false
    }

    /// Will anything change of what a `depends_on` entry in `module` names?
    fn changes_in(&self, module: usize, reference: &Reference) -> bool {
        let graph = &self.evaluation.graph;
        match subject(reference, self.input.sources) {
            Ok((Subject::Resource(name), _)) => graph
                .find(module, NodeKind::Resource(name))
                .is_some_and(|node| self.changes_at(node)),
            Ok((Subject::Module(name), _)) => graph.modules[module]
                .children
                .get(&name)
                .and_then(|child| graph.find(*child, NodeKind::Close))
                .is_some_and(|node| self.changes_below(node)),
            _ => false,
        }
    }

    fn changes_at(&self, node: NodeIndex) -> bool {
        self.pending[node] || self.deferred_nodes[node]
    }

    /// The same for everything in a module, by its closing node.
    fn changes_below(&self, close: NodeIndex) -> bool {
        let graph = &self.evaluation.graph;
        graph.dependencies[close].iter().any(|&node| match graph.nodes[node].kind {
            NodeKind::Resource(_) => self.changes_at(node),
            NodeKind::Close => self.changes_below(node),
            _ => false,
        })
    }
}

impl PendingRead<'_> {
    fn question(&self) -> DataRead {
        DataRead {
            addr: self.addr.clone(),
            provider: self.site.provider.clone(),
            config: self.config.clone().unmark_deep().0,
        }
    }
}
