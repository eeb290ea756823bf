//! The end: outputs, checks, and how it went.

use kprov_core::{Diagnostic, Value};
use kprov_plan::Action;
use kprov_state::{Entry, RunOutcome};

use super::{Batch, Effect, Ending, ExecuteOutcome, Executor, Pace};
use crate::conform::without_unknowns;
use crate::record;

impl Executor<'_> {
    /// Nothing under way, nothing that may start: closes, and then finishes when that is durable.
    pub(super) fn try_finish(&mut self, effects: &mut Vec<Effect>) {
        if !self.active.is_empty() || !self.outstanding.is_empty() {
            return;
        }
        if self.ending == Ending::NotYet {
            let mut batch = Batch::default();
            self.record_outputs(&mut batch);
            self.record_checks(&mut batch);
            self.ending = Ending::Closing;
            if !self.run_open() {
                batch.entries.push(Entry::RunFinished { outcome: self.outcome() });
            }
            self.submit(batch, effects);
        }
        if self.ending == Ending::Closing && self.outstanding.is_empty() {
            self.ending = Ending::Finished;
            let mut diagnostics = std::mem::take(&mut self.diagnostics);
            let outcome = match self.outcome() {
                RunOutcome::Succeeded if diagnostics.has_errors() => RunOutcome::Failed,
                outcome => outcome,
            };
            if outcome == RunOutcome::Interrupted {
                diagnostics.push(Diagnostic::error(
                    "Apply interrupted",
                    "The run was stopped on request. What was under way is done and recorded; \
                     apply again to go on.",
                ));
            }
            effects.push(Effect::Finish(Box::new(ExecuteOutcome {
                run_open: self.run_open_after(outcome),
                diagnostics,
                counts: self.counts,
                outcome,
            })));
        }
    }

    /// After a success with something left to a later phase the run goes on.
    fn run_open(&self) -> bool {
        self.run_open_after(self.outcome())
    }

    fn run_open_after(&self, outcome: RunOutcome) -> bool {
        outcome == RunOutcome::Succeeded && !self.inputs.plan.deferred.is_empty()
    }

    fn outcome(&self) -> RunOutcome {
        let stopped = self.pace == Pace::Stopping
            && (self.counts.skipped > 0 || !self.inputs.plan.deferred.is_empty());
        if stopped {
            RunOutcome::Interrupted
        } else if self.counts.failed > 0 || self.diagnostics.has_errors() {
            RunOutcome::Failed
        } else {
            RunOutcome::Succeeded
        }
    }

    fn record_outputs(&mut self, batch: &mut Batch) {
        let (values, problems) = self.resolver.outputs();
        self.diagnostics.extend(problems);
        let complete = self.outcome() == RunOutcome::Succeeded && !self.run_open();
        for (name, value) in values {
            let stored = self.inputs.state.outputs.get(&name);
            let value = match value {
                null if null.is_null() => {
                    if stored.is_some() {
                        batch.entries.push(Entry::OutputSet { name, output: None });
                    }
                    continue;
                }
                known if known.is_wholly_known() => known,
                // Nobody will ever know more: Terraform stores what it cannot tell as null.
                unknown if complete => settled(unknown),
                _ => continue,
            };
            match record::output(&value) {
                Ok(output) if stored == Some(&output) => {}
                Ok(output) => {
                    batch.entries.push(Entry::OutputSet { name, output: Some(output) });
                }
                Err(message) => self.diagnostics.push(
                    Diagnostic::error(
                        "Failed to save output",
                        format!("The output {name:?} cannot be stored: {message}."),
                    )
                    .of(format!("output.{name}")),
                ),
            }
        }
        for (name, change) in &self.inputs.plan.outputs {
            if change.action == Action::Delete && self.inputs.state.outputs.contains_key(name) {
                batch.entries.push(Entry::OutputSet { name: name.clone(), output: None });
            }
        }
    }

    fn record_checks(&mut self, batch: &mut Batch) {
        let (reports, problems) = self.resolver.checks();
        self.diagnostics.extend(problems);
        let checks: Result<Vec<_>, String> = reports.iter().map(record::check).collect();
        match checks {
            Ok(checks) if same(&checks, &self.inputs.state.checks) => {}
            Ok(checks) => batch.entries.push(Entry::ChecksSet { checks }),
            Err(message) => self
                .diagnostics
                .push(Diagnostic::error("Failed to save check results", format!("{message}."))),
        }
    }
}

/// Null in place of unknowns.
fn settled(unknown: Value) -> Value {
    let (bare, marks) = unknown.unmark_deep();
    without_unknowns(&bare).with_marks(marks)
}

fn same(a: &[kprov_state::CheckRecord], b: &[kprov_state::CheckRecord]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.get() == b.get())
}
