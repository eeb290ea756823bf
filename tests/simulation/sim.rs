//! [`Sim`]: a world, a store and a seed; one run of the program after the other in it, as
//! `kprov apply` does: begin, settle, refresh, plan, execute.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use kprov_apply::Clients;
use kprov_apply::machine::{Executor, Inputs, ops_max};
use kprov_apply::settle::{Settling, settle_open};
use kprov_apply::stored::decode_state;
use kprov_core::{Diagnostics, Host, InstanceAddr, ObjectAddr, ProviderConfigAddr, Value};
use kprov_lang::SourceMap;
use kprov_lang::config::{ModuleTree, load_tree};
use kprov_lang::functions::FunctionContext;
use kprov_plan::{
    Action, ApplyInput, ApplyResolver, DataRead, ImportRead, Plan, PlanHost, PlanInput, PlanMode,
    PlanOptions, PriorState,
};
use kprov_provider::{CallContext, Object, Provider, ProviderError, Registry};
use kprov_state::{
    ActionKind, Entry, HowSettled, LogFilter, MemoryStore, ObjectStatus, RunId, RunOutcome, State,
    Store, StoredObject,
};
use kprov_tests::bench::told;
use kprov_tests::files::{MemoryFiles, NoModules};
use kprov_tests::steps::at_once;

use crate::configuration::{Config, files};
use crate::dice::Dice;
use crate::faults::{Faults, Mutant};
use crate::host::SimHost;
use crate::provider::SimProvider;
use crate::run::{Ended, Run};
use crate::watch::{Violation, Watch, lines};
use crate::world::{World, text};

const AT: &str = "2026-01-01T00:00:00Z";

/// How a run ended.
#[derive(Debug)]
pub(crate) enum End {
    /// It did everything; there was nothing to do, or something.
    Done {
        changes: usize,
    },
    /// Something went wrong, and it said so (for the story, by way of `Debug`).
    Failed(#[expect(dead_code, reason = "told by Debug")] String),
    Died,
}

/// What a phase of an apply left.
enum Phase {
    Over(End),
    /// Something was deferred: another phase follows.
    More(usize),
}

/// No configuration of these sizes defers so often.
const PHASES_MAX: usize = 20;

#[derive(Debug)]
pub(crate) struct Sim {
    pub(crate) world: World,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) host: Arc<SimHost>,
    pub(crate) watch: Watch,
    pub(crate) dice: Dice,
    pub(crate) mutant: Option<Mutant>,
    registry: Registry,
    clients: Arc<dyn Clients>,
    /// What happened, where somebody wants to know.
    story: Option<Vec<String>>,
}

/// A configuration, read.
#[derive(Debug)]
pub(crate) struct Loaded {
    tree: ModuleTree,
    sources: SourceMap,
    files: MemoryFiles,
}

impl Loaded {
    pub(crate) fn new(config: &Config) -> Result<Loaded, Violation> {
        let files = MemoryFiles(files(config));
        let sources = SourceMap::new();
        let (tree, problems) = load_tree(&files, &sources, &NoModules, ".");
        match problems.has_errors() {
            true => Err(format!("the configuration is refused: {}", told(&problems))),
            false => Ok(Loaded { tree, sources, files }),
        }
    }
}

impl Sim {
    pub(crate) fn new(seed: u64, mutant: Option<Mutant>, telling: bool) -> Sim {
        let host = Arc::new(SimHost::new(seed));
        let world = World::new(seed);
        let registry = Registry::new().with(Arc::new(SimProvider::new(world.clone())));
        let dyn_host: Arc<dyn Host> = host.clone();
        let clients = Arc::new(Connected { registry: registry.clone(), host: dyn_host.clone() });
        Sim {
            world,
            store: Arc::new(MemoryStore::new(dyn_host)),
            host,
            watch: Watch::default(),
            dice: Dice::new(seed, 1),
            mutant,
            registry,
            clients,
            story: telling.then(Vec::new),
        }
    }

    /// Adds to the story, if there is one.
    pub(crate) fn note(&mut self, what: impl FnOnce() -> String) {
        let now = self.host.now_ms();
        if let Some(story) = &mut self.story {
            story.push(format!("{now:>6} ms  {}", what()));
        }
    }

    pub(crate) fn story(&self) -> String {
        self.story.as_deref().unwrap_or_default().join("\n")
    }

    pub(crate) fn pass(&mut self, until_ms: u64) {
        self.host.advance_to(until_ms);
        self.world.with(|content| content.now_ms = self.host.now_ms());
    }

    /// One run of the program.
    pub(crate) fn run(
        &mut self,
        loaded: &Loaded,
        mode: PlanMode,
        faults: &Faults,
    ) -> Result<End, Violation> {
        self.note(|| format!("a run begins: {faults:?}"));
        self.pass(self.host.now_ms() + 60_000);
        self.world.with(|content| {
            content.reads_fail = faults.reads;
            content.hidden_ms = faults.hidden_ms;
        });
        let end = self.run_with(loaded, mode, faults)?;
        self.note(|| format!("it ends: {end:?}"));
        self.watch.compare(&self.world)?;
        self.check_store()?;
        Ok(end)
    }

    fn run_with(
        &mut self,
        loaded: &Loaded,
        mode: PlanMode,
        faults: &Faults,
    ) -> Result<End, Violation> {
        let run = self.begin()?;
        if let Some(problems) = self.settle(run)? {
            return self.close(run, RunOutcome::Failed, End::Failed(problems));
        }
        let mut changes = 0;
        let chosen = if faults.replaces { self.some_instance() } else { None };
        let mut replace: Vec<InstanceAddr> = chosen.into_iter().collect();
        for _ in 0..PHASES_MAX {
            match self.phase(loaded, mode, faults, run, &mut replace)? {
                Phase::Over(End::Done { changes: last }) => {
                    return Ok(End::Done { changes: changes + last });
                }
                Phase::Over(end) => return Ok(end),
                Phase::More(done) => changes += done,
            }
        }
        Err(format!("an apply has more than {PHASES_MAX} phases"))
    }

    /// Refreshes, plans and executes what can be planned now.
    fn phase(
        &mut self,
        loaded: &Loaded,
        mode: PlanMode,
        faults: &Faults,
        run: RunId,
        replace: &mut Vec<InstanceAddr>,
    ) -> Result<Phase, Violation> {
        let state = Arc::new(self.state()?);
        let (previous, errors) = decode_state(&state, &self.registry);
        if !errors.is_empty() {
            return Err(format!("the state cannot be decoded: {errors:?}"));
        }
        let Some(prior) = self.refresh(&previous) else {
            let end = End::Failed("refresh".to_owned());
            return self.close(run, RunOutcome::Failed, end).map(Phase::Over);
        };
        let options = PlanOptions {
            mode,
            replace: replace.clone(),
            refreshed: true,
            workspace: "default".into(),
            timestamp: AT.to_owned(),
            ..PlanOptions::default()
        };
        let mut plan = self.plan(loaded, &options, &previous, &prior)?;
        *replace = plan.still_to_replace(replace);
        let changes = plan.changes.iter().filter(|it| it.action != Action::NoOp).count();
        self.note(|| planned(&plan));
        // A plan without changes is executed too: the state learns what others did.
        let changes = changes.max(usize::from(plan.applyable)) + plan.drift.len();
        if self.mutant == Some(Mutant::NoOrder) {
            plan.operations.iter_mut().for_each(|operation| operation.after.clear());
        }
        Ok(match self.execute(loaded, Arc::new(plan), state, run, faults)? {
            Ended::Died => Phase::Over(End::Died),
            Ended::Finished(outcome) if outcome.run_open => Phase::More(changes),
            Ended::Finished(outcome) if outcome.outcome == RunOutcome::Succeeded => {
                Phase::Over(End::Done { changes })
            }
            Ended::Finished(outcome) => Phase::Over(End::Failed(told(&outcome.diagnostics))),
        })
    }

    fn some_instance(&mut self) -> Option<InstanceAddr> {
        let ids = self.watch.ids().keys();
        let current: Vec<&ObjectAddr> = ids.filter(|it| it.deposed.is_none()).collect();
        let chosen = self.dice.of(&current).map(|it| it.instance.clone());
        self.note(|| format!("somebody chooses {chosen:?}"));
        chosen
    }

    /// Somebody marks an object as damaged, as `kprov taint` does.
    pub(crate) fn taint(&mut self) -> Result<(), Violation> {
        let state = self.state()?;
        let Some(instance) = self.some_instance().filter(|_| state.open.is_empty()) else {
            return Ok(());
        };
        let address = instance.current();
        let Some(object) = state.objects.get(&address) else { return Ok(()) };
        let tainted = StoredObject { status: ObjectStatus::Tainted, ..object.clone() };
        let run = self.begin()?;
        let entries = [
            Entry::ObjectSet { address, object: Box::new(tainted) },
            Entry::RunFinished { outcome: RunOutcome::Succeeded },
        ];
        let written = self.store.append("default", run, "", &entries);
        written.map_err(|error| error.to_string())?;
        self.watch.durable(run, &entries)
    }

    fn begin(&mut self) -> Result<RunId, Violation> {
        let started = Entry::RunStarted {
            command: "apply".to_owned(),
            plan_digest: String::new(),
            who: "sim@here".to_owned(),
            pid: 1,
        };
        self.store.begin_run("default", started, "").map_err(|error| error.to_string())
    }

    fn close(&self, run: RunId, outcome: RunOutcome, end: End) -> Result<End, Violation> {
        let finished = [Entry::RunFinished { outcome }];
        let written = self.store.append("default", run, "", &finished);
        written.map(|_| end).map_err(|error| error.to_string())
    }

    fn state(&self) -> Result<State, Violation> {
        self.store.read("default").map_err(|error| error.to_string())
    }

    /// Settles what died; says what could not be settled.
    fn settle(&mut self, run: RunId) -> Result<Option<String>, Violation> {
        let state = self.state()?;
        if self.mutant == Some(Mutant::BlindSettling) {
            return self.settle_blindly(run, &state).map(|()| None);
        }
        let settling = Settling {
            store: self.store.clone(),
            workspace: "default".to_owned(),
            run,
            registry: self.registry.clone(),
            clients: self.clients.clone(),
            parallelism: 10,
            host: self.host.clone(),
        };
        let (_, problems) = at_once(settle_open(&settling, &state));
        let written = self
            .store
            .journal("default", LogFilter { run: Some(run), limit: None })
            .map_err(|error| error.to_string())?;
        let entries: Vec<Entry> = written.into_iter().map(|stored| stored.entry).collect();
        self.note(|| format!("settled:{}", lines(&entries)));
        self.watch.durable(run, &entries)?;
        self.watch.compare(&self.world)?;
        if self.state()?.open.is_empty() == problems.has_errors() {
            return Err(format!("settling left intents open and said: {}", told(&problems)));
        }
        Ok(problems.has_errors().then(|| told(&problems)))
    }

    fn settle_blindly(&mut self, run: RunId, state: &State) -> Result<(), Violation> {
        for open in &state.open {
            let Entry::Intended { op, object, action, .. } = &open.entry else { continue };
            let how = match action {
                ActionKind::Create => HowSettled::Absent,
                _ => HowSettled::Unchanged,
            };
            let entry = Entry::Settled { op: *op, address: object.clone(), how, object: None };
            let entries = [entry];
            let written = self.store.append("default", run, "", &entries);
            written.map_err(|error| error.to_string())?;
            self.watch.durable(run, &entries)?;
        }
        self.watch.compare(&self.world)
    }

    /// The state as the world is; `None` where a read failed.
    fn refresh(&self, previous: &PriorState) -> Option<PriorState> {
        let mut prior = previous.clone();
        for address in previous.objects.keys() {
            self.world.reading().ok()?;
            let object = prior.objects.get_mut(address)?;
            let id = text(&object.value, "id").unwrap_or_default();
            match self.world.read(&id) {
                Some(value) => object.value = value,
                None => drop(prior.objects.remove(address)),
            }
        }
        Some(prior)
    }

    fn plan(
        &mut self,
        loaded: &Loaded,
        options: &PlanOptions,
        previous: &PriorState,
        prior: &PriorState,
    ) -> Result<Plan, Violation> {
        let input = PlanInput {
            tree: &loaded.tree,
            sources: &loaded.sources,
            functions: &self.functions(loaded, true),
            providers: &self.registry,
            variables: &BTreeMap::new(),
            previous,
            prior,
            options,
            earlier: &[],
            outdated: &BTreeMap::new(),
        };
        let (plan, problems) = kprov_plan::plan(&input, &mut NoReads);
        if !problems.is_empty() {
            self.note(|| told(&problems));
        }
        match plan.errored || problems.has_errors() {
            true => Err(format!("a valid configuration cannot be planned: {}", told(&problems))),
            false => Ok(plan),
        }
    }

    fn execute(
        &mut self,
        loaded: &Loaded,
        plan: Arc<Plan>,
        state: Arc<State>,
        run: RunId,
        faults: &Faults,
    ) -> Result<Ended, Violation> {
        let host = self.host.clone();
        let functions = FunctionContext {
            host: host.as_ref(),
            files: &loaded.files,
            base_dir: ".",
            pure_only: false,
            plan_timestamp: Some(AT),
        };
        let variables = BTreeMap::new();
        let registry = self.registry.clone();
        let input = ApplyInput {
            tree: &loaded.tree,
            sources: &loaded.sources,
            functions: &functions,
            providers: &registry,
            variables: &variables,
        };
        let mut resolver =
            ApplyResolver::new(&plan, input, None).map_err(|problems| told(&problems))?;
        let greedy = usize::from(self.mutant == Some(Mutant::Greedy));
        let first_op = self.store.reserve_ops(ops_max(&plan)).map_err(|error| error.to_string())?;
        let inputs = Inputs {
            plan: plan.clone(),
            state,
            registry: self.registry.clone(),
            host: self.host.clone(),
            parallelism: faults.parallelism + greedy,
            first_op,
        };
        let machine = Executor::new(inputs, &mut resolver);
        Run::new(self, &plan, run, faults).execute(machine)
    }

    fn functions<'f>(&'f self, loaded: &'f Loaded, pure_only: bool) -> FunctionContext<'f> {
        FunctionContext {
            host: self.host.as_ref(),
            files: &loaded.files,
            base_dir: ".",
            pure_only,
            plan_timestamp: Some(AT),
        }
    }

    /// The store agrees with itself, and with what was seen of it.
    fn check_store(&self) -> Result<(), Violation> {
        let findings = self.store.fsck().map_err(|error| error.to_string())?;
        let known = |finding: &&String| {
            // A dependency may be gone while its dependents wait for their turn.
            finding.contains("has no outcome; the next apply settles it")
                || finding.contains("which is not in the state")
        };
        if let Some(finding) = findings.iter().find(|finding| !known(finding)) {
            return Err(format!("fsck: {finding}"));
        }
        let (read, seen) = (self.state()?, self.watch.state());
        match read.objects == seen.objects && read.open.len() == seen.open.len() {
            true => Ok(()),
            false => Err("the store does not have what it acknowledged".to_owned()),
        }
    }
}

fn planned(plan: &Plan) -> String {
    let changes = plan.changes.iter().filter(|it| it.action != Action::NoOp);
    let lines: Vec<String> = changes
        .map(|it| {
            let deposed = it.deposed.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("  {:?} {} {deposed} ({:?})", it.action, it.addr, it.reason)
        })
        .collect();
    let operations: Vec<String> = plan
        .operations
        .iter()
        .enumerate()
        .map(|(at, operation)| {
            let after: Vec<u32> = operation.after.iter().map(|it| it.0).collect();
            format!("  {at}: {:?} after {after:?}", operation.kind)
        })
        .collect();
    let deferred = plan.deferred.iter().map(|it| format!("  later {} {:?}\n", it.addr, it.reason));
    let deferred: String = deferred.collect();
    format!("planned:\n{}\n{deferred}{}", lines.join("\n"), operations.join("\n"))
}

#[derive(Debug)]
struct Connected {
    registry: Registry,
    host: Arc<dyn Host>,
}

#[async_trait]
impl Clients for Connected {
    fn provider(&self, addr: &ProviderConfigAddr) -> Result<Arc<dyn Provider>, ProviderError> {
        let found = self.registry.get(&addr.provider).cloned();
        found.ok_or_else(|| ProviderError::rejected("No provider", addr.to_string()))
    }

    async fn context(&self, _addr: &ProviderConfigAddr) -> Result<CallContext, ProviderError> {
        Ok(CallContext { client: Arc::new(()), host: self.host.clone() })
    }
}

/// The configurations have nothing to read while planning.
#[derive(Debug)]
struct NoReads;

impl PlanHost for NoReads {
    fn configure(
        &mut self,
        _provider: &ProviderConfigAddr,
        _config: Option<&Value>,
    ) -> Result<(), Diagnostics> {
        Ok(())
    }

    fn read_data(&mut self, _reads: Vec<DataRead>) -> Vec<Result<Value, ProviderError>> {
        Vec::new()
    }

    fn import(&mut self, _reads: Vec<ImportRead>) -> Vec<Result<Option<Object>, ProviderError>> {
        Vec::new()
    }

    fn open_ephemeral(&mut self, _reads: Vec<DataRead>) -> Vec<Result<Value, ProviderError>> {
        Vec::new()
    }
}
