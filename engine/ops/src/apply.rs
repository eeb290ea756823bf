//! Apply: settles what a dead run left open, plans, asks, executes; and again while anything was left
//! to a later phase.

use std::fmt;
use std::sync::Arc;

use kprov_apply::settle::{SettledIntent, Settling, settle_open};
use kprov_apply::{Counts, Execution, Reporter, execute};
use kprov_core::value::text_may_have_marks;
use kprov_core::{Diagnostic, Diagnostics};
use kprov_plan::{Action, ApplyInput, ApplyResolver, Plan};
use kprov_state::{Entry, RunId, RunOutcome, Vault};
use sha2::{Digest, Sha256};

use crate::configure::configure_from_state;
use crate::plan::{Given, Prepared, plan_prepared, plan_with, prepare};
use crate::saved::{PreparedSaved, planned_before, prepare_saved};
use crate::secrets::is_secret;
use crate::stalled::Stalled;
use crate::writing::LockOptions;
use crate::{Clients, Interrupts, OpsError, PlanFile, PlanRequest, Planned, Project, RunHost};

/// What is to be applied.
#[derive(Clone, Debug, Default)]
pub struct ApplyRequest {
    /// `apply`, `destroy`, `refresh`: what the log says.
    pub command: String,
    /// What to plan; of a saved plan only the variables count.
    pub plan: PlanRequest,
    /// A saved plan.
    pub saved: Option<PlanFile>,
    /// How to lock.
    pub lock: LockOptions,
}

/// Is told what goes on, and asked whether to go on.
pub trait ApplyWatcher: fmt::Debug {
    /// Operations of a run that died were settled.
    fn settled(&self, settled: &[SettledIntent]);

    /// A plan is there; shall it be applied? `phase` counts from 0.
    fn approve(&self, planned: &Planned, phase: usize) -> bool;
}

/// What became of it.
#[derive(Debug)]
pub struct Applied {
    /// `None`: not approved, nothing was done.
    pub outcome: Option<RunOutcome>,
    /// What was done.
    pub counts: Counts,
    /// Problems on the way.
    pub problems: Diagnostics,
}

/// Who is told about an apply, and who may stop it.
#[derive(Clone, Debug)]
pub struct Watch<'w> {
    /// Asked before each phase.
    pub watcher: &'w dyn ApplyWatcher,
    /// Told each step.
    pub reporter: Arc<dyn Reporter>,
    /// Stops it.
    pub interrupts: &'w Interrupts,
}

/// Applies.
///
/// # Errors
/// When nothing could be begun. What failed on the way is in [`Applied::problems`], and everything
/// done is recorded.
pub fn apply(
    project: &Project,
    request: &ApplyRequest,
    watch: &Watch<'_>,
) -> Result<Applied, OpsError> {
    // What is wrong already is refused before anything is written, the lock included.
    let source = match &request.saved {
        // An open intent is younger than the plan, which is stale then; but what was left open
        // is settled all the same.
        Some(file) if !project.state()?.open.is_empty() => Source::Stale(file),
        Some(file) => Source::Saved(file, Box::new(prepare_saved(project, file, &request.plan)?)),
        None => Source::Prepared(Box::new(prepare(project, &request.plan)?)),
    };
    let _lock = project.lock(request.lock, &request.command)?;
    let mut first_problems = match &source {
        Source::Prepared(prepared) => settle(project, prepared, watch)?,
        Source::Saved(..) => Diagnostics::new(),
        Source::Stale(_) => settle(project, &prepare(project, &request.plan)?, watch)?,
    };
    let planned = match source {
        Source::Saved(file, prepared) => planned_before(project, file, *prepared)?,
        Source::Stale(file) => {
            planned_before(project, file, prepare_saved(project, file, &request.plan)?)?
        }
        Source::Prepared(prepared) => plan_prepared(project, &request.plan, *prepared)?,
    };
    let mut applying = Applying {
        project,
        request,
        watch,
        run: None,
        earlier: Vec::new(),
        counts: Counts::default(),
        problems: Diagnostics::new(),
    };
    if planned.plan.errored || planned.problems.has_errors() {
        first_problems.extend(planned.problems);
        return Err(first_problems.into());
    }
    applying.problems.extend(first_problems);
    let outcome = applying.phases(planned);
    applying.close(&outcome);
    Ok(Applied { outcome: outcome?, counts: applying.counts, problems: applying.problems })
}

/// What the first plan comes from.
enum Source<'a> {
    Saved(&'a PlanFile, Box<PreparedSaved>),
    /// A saved plan that is older than what was left open.
    Stale(&'a PlanFile),
    Prepared(Box<Prepared>),
}

/// Finds out what became of operations that a dead run left open.
fn settle(
    project: &Project,
    prepared: &Prepared,
    watch: &Watch<'_>,
) -> Result<Diagnostics, OpsError> {
    let state = project.state()?;
    if state.open.is_empty() {
        return Ok(Diagnostics::new());
    }
    let clients = Clients::new(project.registry.clone(), project.host.clone());
    let used = state.open.iter().filter_map(|intent| match &intent.entry {
        Entry::Intended { provider, .. } => Some(provider.clone()),
        _ => None,
    });
    configure_from_state(project, prepared, &state, used, &clients)?;
    let run = project.begin_run("settle", String::new())?;
    let settling = Settling {
        store: project.store.clone(),
        workspace: project.workspace.clone(),
        run,
        registry: project.registry.clone(),
        clients: Arc::new(clients),
        parallelism: project.parallelism,
        host: project.host.clone(),
    };
    let (settled, problems) = project.runtime().block_on(settle_open(&settling, &state));
    let failed = problems.has_errors();
    let outcome = if failed { RunOutcome::Failed } else { RunOutcome::Succeeded };
    project.finish_run(run, outcome)?;
    watch.watcher.settled(&settled);
    if failed { Err(problems.into()) } else { Ok(problems) }
}

struct Applying<'a> {
    project: &'a Project,
    request: &'a ApplyRequest,
    watch: &'a Watch<'a>,
    /// A run that is begun and not ended in the journal.
    run: Option<RunId>,
    /// The phases that are behind.
    earlier: Vec<Arc<Plan>>,
    counts: Counts,
    problems: Diagnostics,
}

impl Applying<'_> {
    /// Phase by phase until nothing is deferred any more.
    fn phases(&mut self, first: Planned) -> Result<Option<RunOutcome>, OpsError> {
        let mut planned = first;
        let mut stalled = Stalled::default();
        for phase in 0.. {
            self.problems.extend(std::mem::take(&mut planned.problems));
            if !self.watch.watcher.approve(&planned, phase) {
                return Ok((phase > 0).then_some(RunOutcome::Interrupted));
            }
            if self.watch.interrupts.any() {
                return Ok(Some(RunOutcome::Interrupted));
            }
            if phase == 0 && is_empty(&planned) {
                return Ok(Some(RunOutcome::Succeeded));
            }
            let before = self.counts;
            stalled.executes(&planned.plan);
            let (outcome, rest) = self.execute(planned)?;
            if outcome != RunOutcome::Succeeded || rest.deferred == 0 {
                return Ok(Some(outcome));
            }
            let progress = self.counts != before || phase == 0;
            let next = self.plan_again(rest.given)?;
            if next.plan.errored || next.problems.has_errors() {
                self.problems.extend(next.problems);
                return Ok(Some(RunOutcome::Failed));
            }
            // Also where each phase changes again what the one before has changed: a certificate that is always due.
            let again = stalled.is_stuck(&next.plan);
            if again || !progress && next.plan.deferred.len() >= rest.deferred {
                self.problems.push(stuck(&next.plan));
                return Ok(Some(RunOutcome::Failed));
            }
            planned = next;
        }
        Ok(None)
    }

    /// The plan of the next phase. What was just applied need not be read again.
    fn plan_again(&self, given: Given) -> Result<Planned, OpsError> {
        let request = PlanRequest { skip_refresh: true, ..self.request.plan.clone() };
        let given = Given { state: self.project.state()?, earlier: self.earlier.clone(), ..given };
        let (planned, problems) = plan_with(self.project, given, &request)?;
        let mut all = problems;
        all.extend(planned.problems);
        Ok(Planned { problems: all, ..planned })
    }

    fn execute(&mut self, planned: Planned) -> Result<(RunOutcome, Rest), OpsError> {
        let project = self.project;
        let run = match self.run {
            Some(run) => run,
            None => project.begin_run(&self.request.command, digest(&planned, &project.vault))?,
        };
        let Planned { plan, tree, variables, mut options, clients, prior, named, .. } = planned;
        options.replace = plan.still_to_replace(&options.replace);
        let plan = Arc::new(plan);
        self.run = Some(run);
        let execution = Execution {
            plan: plan.clone(),
            state: Arc::new(project.state()?),
            registry: project.registry.clone(),
            host: project.host.clone(),
            store: project.store.clone(),
            workspace: project.workspace.clone(),
            run,
            parallelism: project.parallelism,
            clients: Arc::new(clients.clone()),
            reporter: self.watch.reporter.clone(),
        };
        let functions = project.functions(false, Some(&plan.timestamp));
        let input = ApplyInput {
            tree: &tree,
            sources: &project.sources,
            functions: &functions,
            providers: &project.registry,
            variables: &variables,
        };
        let mut host = RunHost::new(clients.clone(), project.runtime().handle().clone());
        let executed = (|| {
            let resolver = ApplyResolver::new(&plan, input, Some(&mut host))?;
            let mut resolver = resolver.with_state(&prior);
            configure(&plan, &mut resolver, &clients)?;
            let listening = self.watch.interrupts.listen();
            Ok::<_, OpsError>(project.runtime().block_on(execute(
                execution,
                &mut resolver,
                listening,
            )))
        })();
        // What was opened is closed, however it went.
        self.problems.extend(host.close());
        let outcome = executed?;
        self.counts += outcome.counts;
        self.problems.extend(outcome.diagnostics);
        // Who left at once leaves the run open, too: it did not end by itself.
        let left = outcome.run_open && outcome.outcome != RunOutcome::Succeeded;
        if !outcome.run_open || left {
            self.run = None;
        }
        let deferred = plan.deferred.len();
        if deferred > 0 {
            self.earlier.push(plan);
        }
        let state = kprov_state::State::default();
        let earlier = Vec::new();
        let given = Given { tree, variables, options, state, clients, earlier, named };
        Ok((outcome.outcome, Rest { deferred, given }))
    }

    /// Ends the run if that was not done.
    fn close(&mut self, outcome: &Result<Option<RunOutcome>, OpsError>) {
        let Some(run) = self.run.take() else { return };
        let outcome = outcome.as_ref().ok().copied().flatten().unwrap_or(RunOutcome::Failed);
        if let Err(error) = self.project.finish_run(run, outcome) {
            self.problems.extend(error.into_diagnostics());
        }
    }
}

/// Is there nothing to do and nothing to record? A plan without changes may have found objects
/// changed or gone, which the state is to learn. Checks are evaluated again, to be on the safe side.
fn is_empty(planned: &Planned) -> bool {
    let plan = &planned.plan;
    let outputs = plan.outputs.values().all(|output| output.action == Action::NoOp);
    let nothing = plan.operations.is_empty() && plan.deferred.is_empty() && plan.drift.is_empty();
    nothing && outputs && plan.checks.is_empty() && planned.state.checks.is_empty()
}

/// What a later phase is made from.
struct Rest {
    deferred: usize,
    given: Given,
}

/// Tells the clients what their configurations are: a saved plan was made by another process.
fn configure(
    plan: &Plan,
    resolver: &mut ApplyResolver<'_>,
    clients: &Clients,
) -> Result<(), Diagnostics> {
    let mut addresses: Vec<_> = plan.changes.iter().map(|change| &change.provider).collect();
    addresses.sort();
    addresses.dedup();
    for address in addresses {
        if let Some(config) = resolver.provider_configuration(address)? {
            clients.configure(address, config);
        }
    }
    Ok(())
}

/// SHA-256 of a plan; of one with secrets there is none, since whoever guesses them could tell by it
/// whether the guess is right.
fn digest(planned: &Planned, vault: &Vault) -> String {
    // A plan that cannot be written has no digest; it can be applied all the same.
    let Ok(text) = serde_json::to_string(&planned.plan) else { return String::new() };
    if is_secret(planned, vault) || text_may_have_marks(&text) {
        return String::new();
    }
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stuck(plan: &Plan) -> Diagnostic {
    let addresses = plan.deferred.iter().map(|deferred| format!("\n  - {}", deferred.addr));
    Diagnostic::error(
        "Instances cannot be determined",
        format!(
            "Everything else is applied, but the number of instances or the provider configuration \
             of these still depends on values that nobody knows:{}",
            addresses.collect::<String>()
        ),
    )
}
