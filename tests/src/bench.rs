//! [`Bench`]: a world, a store and configurations: plans, and applies as a program would, but with
//! each effect in the hands of the test.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use kprov_apply::machine::{ExecuteOutcome, Executor, Inputs, ops_max};
use kprov_apply::settle::{Settling, settle_open};
use kprov_apply::stored::{decode_state, mark_paths};
use kprov_apply::{Clients, Execution, Reporter};
use kprov_core::{Diagnostics, Host, Marks, ObjectAddr, ProviderConfigAddr, Str, Value, value};
use kprov_lang::SourceMap;
use kprov_lang::config::{ModuleTree, load_tree};
use kprov_lang::functions::FunctionContext;
use kprov_plan::{
    ApplyInput, ApplyResolver, DataRead, ImportRead, Plan, PlanHost, PlanInput, PlanMode,
    PlanOptions, PriorState,
};
use kprov_provider::{CallContext, Object, Provider, ProviderError, ReadRequest, Registry};
use kprov_state::{Entry, MemoryStore, RunId, RunOutcome, State, Store};

use tokio::sync::mpsc::UnboundedReceiver;

use crate::files::{MemoryFiles, NoModules};
use crate::host::CountingHost;
use crate::steps::{Script, Stopped, at_once, perform};
use crate::world::{World, WorldProvider};

const AT: &str = "2026-01-01T00:00:00Z";

/// How a run ended.
#[derive(Debug)]
pub enum Ended {
    /// By itself.
    Finished(Box<ExecuteOutcome>),
    /// It was killed before or after this effect.
    Died(String),
}

/// See the module.
#[derive(Debug)]
pub struct Bench {
    /// What exists.
    pub world: World,
    /// What is recorded.
    pub store: Arc<dyn Store>,
    /// The same, where it is in memory and can be restarted.
    memory: Option<Arc<MemoryStore>>,
    /// Commands of provisioners that ran.
    pub provisioned: Vec<String>,
    host: Arc<dyn Host>,
    registry: Registry,
    clients: Arc<dyn Clients>,
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

/// A configuration and how it is planned.
#[derive(Debug)]
pub struct Wanted {
    tree: ModuleTree,
    sources: SourceMap,
    files: MemoryFiles,
    mode: PlanMode,
}

impl Wanted {
    /// What `main` says.
    ///
    /// # Panics
    /// When it is not a valid configuration.
    pub fn new(main: &str) -> Wanted {
        let files = MemoryFiles::main(main);
        let sources = SourceMap::new();
        let (tree, problems) = load_tree(&files, &sources, &NoModules, ".");
        assert!(!problems.has_errors(), "{}", told(&problems));
        Wanted { tree, sources, files, mode: PlanMode::Normal }
    }

    /// Is everything to be destroyed?
    pub fn is_destroy(&self) -> bool {
        self.mode == PlanMode::Destroy
    }

    /// Everything destroyed.
    #[must_use]
    pub fn destroy(self) -> Wanted {
        Wanted { mode: PlanMode::Destroy, ..self }
    }
}

impl Bench {
    /// An empty world and an empty store.
    pub fn new(seed: u64) -> Bench {
        let host: Arc<dyn Host> = Arc::new(CountingHost::new(seed));
        let world = World::new();
        let registry = Registry::new().with(Arc::new(WorldProvider::new(world.clone())));
        let clients = Arc::new(Connected { registry: registry.clone(), host: host.clone() });
        let memory = Arc::new(MemoryStore::new(host.clone()));
        let store = memory.clone();
        let memory = Some(memory);
        Bench { world, store, memory, provisioned: Vec::new(), host, registry, clients }
    }

    /// The same with another store.
    #[must_use]
    pub fn with_store(self, store: Arc<dyn Store>) -> Bench {
        Bench { store, memory: None, ..self }
    }

    /// The same with other providers: of a cloud that the test looks after itself.
    #[must_use]
    pub fn with_providers(self, registry: Registry, clients: Arc<dyn Clients>) -> Bench {
        Bench { registry, clients, ..self }
    }

    /// Clock and randomness.
    pub fn host(&self) -> &Arc<dyn Host> {
        &self.host
    }

    /// The process dies: what is durable stays.
    ///
    /// # Panics
    /// When the store is another than its own.
    pub fn restart(&mut self) {
        let memory = self.memory.as_ref().expect("a store in memory").clone_durable();
        let memory = Arc::new(memory);
        self.store = memory.clone();
        self.memory = Some(memory);
    }

    /// The state in the store.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn state(&self) -> State {
        self.store.read("default").expect("a readable store")
    }

    /// Plans without writing.
    ///
    /// # Panics
    /// When planning fails.
    pub fn plan(&self, wanted: &Wanted) -> Plan {
        let state = self.state();
        assert!(state.open.is_empty(), "planned with open intents");
        let (previous, errors) = decode_state(&state, &self.registry);
        assert!(errors.is_empty(), "{errors:?}");
        let prior = self.refresh(&previous);
        let functions = self.functions(wanted, true);
        let options = PlanOptions {
            mode: wanted.mode,
            refreshed: true,
            workspace: "default".into(),
            timestamp: AT.to_owned(),
            ..PlanOptions::default()
        };
        let variables = BTreeMap::new();
        let input = PlanInput {
            tree: &wanted.tree,
            sources: &wanted.sources,
            functions: &functions,
            providers: &self.registry,
            variables: &variables,
            previous: &previous,
            prior: &prior,
            options: &options,
            earlier: &[],
            outdated: &BTreeMap::new(),
        };
        let (plan, problems) = kprov_plan::plan(&input, &mut self.answers());
        assert!(!problems.has_errors() && !plan.errored, "{}", told(&problems));
        plan
    }

    /// Settles, plans and applies, effect by effect as `script` says.
    ///
    /// # Panics
    /// When something fails that no scenario makes fail: settling, planning.
    pub fn apply(&mut self, wanted: &Wanted, script: &mut Script) -> Ended {
        let run = self.begin();
        self.settle(run);
        let plan = Arc::new(self.plan(wanted));
        self.execute(wanted, plan, run, script)
    }

    /// Applies without disturbance, and wants success.
    ///
    /// # Panics
    /// When it does not succeed.
    pub fn applied(&mut self, wanted: &Wanted) -> ExecuteOutcome {
        match self.apply(wanted, &mut Script::default()) {
            Ended::Finished(outcome) => {
                assert_eq!(
                    outcome.outcome,
                    RunOutcome::Succeeded,
                    "{}",
                    told(&outcome.diagnostics)
                );
                *outcome
            }
            Ended::Died(what) => panic!("died at {what} without being killed"),
        }
    }

    /// Plans, and applies with the real driver.
    ///
    /// # Panics
    /// When planning fails.
    pub async fn driven(
        &mut self,
        wanted: &Wanted,
        reporter: Arc<dyn Reporter>,
        interrupts: UnboundedReceiver<()>,
    ) -> ExecuteOutcome {
        let run = self.begin();
        let plan = Arc::new(tokio::task::block_in_place(|| self.plan(wanted)));
        let functions = self.functions(wanted, false);
        let variables = BTreeMap::new();
        let input = ApplyInput {
            tree: &wanted.tree,
            sources: &wanted.sources,
            functions: &functions,
            providers: &self.registry,
            variables: &variables,
        };
        let mut answers = self.answers();
        let mut resolver =
            ApplyResolver::new(&plan, input, Some(&mut answers)).expect("a graph as planned");
        let execution = Execution {
            plan: plan.clone(),
            state: Arc::new(self.state()),
            registry: self.registry.clone(),
            host: self.host.clone(),
            store: self.store.clone(),
            workspace: "default".to_owned(),
            run,
            parallelism: 10,
            clients: self.clients.clone(),
            reporter,
        };
        kprov_apply::execute(execution, &mut resolver, interrupts).await
    }

    fn begin(&self) -> RunId {
        let started = Entry::RunStarted {
            command: "apply".to_owned(),
            plan_digest: String::new(),
            who: "test@here".to_owned(),
            pid: 1,
        };
        self.store.begin_run("default", started, AT).expect("a run")
    }

    fn settle(&self, run: RunId) {
        let settling = Settling {
            store: self.store.clone(),
            workspace: "default".to_owned(),
            run,
            registry: self.registry.clone(),
            clients: self.clients.clone(),
            parallelism: 10,
            host: self.host.clone(),
        };
        let (_, problems) = at_once(settle_open(&settling, &self.state()));
        assert!(!problems.has_errors(), "{}", told(&problems));
    }

    fn execute(
        &mut self,
        wanted: &Wanted,
        plan: Arc<Plan>,
        run: RunId,
        script: &mut Script,
    ) -> Ended {
        let functions = self.functions(wanted, false);
        let variables = BTreeMap::new();
        let input = ApplyInput {
            tree: &wanted.tree,
            sources: &wanted.sources,
            functions: &functions,
            providers: &self.registry,
            variables: &variables,
        };
        let mut answers = self.answers();
        let mut resolver =
            ApplyResolver::new(&plan, input, Some(&mut answers)).expect("a graph as planned");
        let first_op = self.store.reserve_ops(ops_max(&plan)).expect("operation ids");
        let inputs = Inputs {
            plan: plan.clone(),
            state: Arc::new(self.state()),
            registry: self.registry.clone(),
            host: self.host.clone(),
            parallelism: script.parallelism(),
            first_op,
        };
        let mut machine = Executor::new(inputs, &mut resolver);
        let mut provisioned = Vec::new();
        let place = crate::steps::Place {
            store: self.store.as_ref(),
            run,
            clients: self.clients.as_ref(),
            provisioned: &mut provisioned,
        };
        let ended = match perform(&mut machine, place, script) {
            Stopped::Finished(outcome) => Ended::Finished(outcome),
            Stopped::Killed(what) => Ended::Died(what),
        };
        self.provisioned.append(&mut provisioned);
        ended
    }

    fn functions<'f>(&'f self, wanted: &'f Wanted, pure_only: bool) -> FunctionContext<'f> {
        FunctionContext {
            host: self.host.as_ref(),
            files: &wanted.files,
            base_dir: ".",
            pure_only,
            plan_timestamp: Some(AT),
        }
    }

    fn answers(&self) -> Answers {
        Answers { clients: self.clients.clone() }
    }

    fn refresh(&self, previous: &PriorState) -> PriorState {
        let mut prior = previous.clone();
        let read = |address: &ObjectAddr| {
            let object = &previous.objects[address];
            let provider = self.clients.provider(&object.provider).ok()?;
            let resource = provider.resource(&address.instance.resource.ty)?;
            let context = at_once(self.clients.context(&object.provider)).ok()?;
            let bare = object.value.clone().unmark_deep().0;
            let requests = vec![ReadRequest {
                prior: Object { value: bare, private: object.private.clone() },
            }];
            at_once(resource.read_many(&context, requests)).pop()?.ok()
        };
        for (address, object) in &previous.objects {
            match read(address) {
                Some(Some(now)) => {
                    let marks = value::paths_where(&object.value, |part| {
                        part.marks().contains(Marks::SENSITIVE)
                    });
                    let value = mark_paths(now.value, &marks);
                    let object =
                        kprov_plan::PriorObject { value, private: now.private, ..object.clone() };
                    prior.objects.insert(address.clone(), object);
                }
                Some(None) => {
                    prior.objects.remove(address);
                }
                // Not a managed object.
                None => {}
            }
        }
        prior
    }
}

/// Answers the planner from the same providers.
#[derive(Debug)]
struct Answers {
    clients: Arc<dyn Clients>,
}

impl PlanHost for Answers {
    fn configure(
        &mut self,
        _provider: &ProviderConfigAddr,
        _config: Option<&Value>,
    ) -> Result<(), Diagnostics> {
        Ok(())
    }

    fn read_data(&mut self, reads: Vec<DataRead>) -> Vec<Result<Value, ProviderError>> {
        let read = |read: DataRead| {
            let provider = self.clients.provider(&read.provider)?;
            let context = at_once(self.clients.context(&read.provider))?;
            let ty = &read.addr.resource.ty;
            let source = provider
                .data_source(ty)
                .ok_or_else(|| ProviderError::rejected("No data source", ty.to_string()))?;
            at_once(source.read(&context, &read.config))
        };
        reads.into_iter().map(read).collect()
    }

    fn import(&mut self, reads: Vec<ImportRead>) -> Vec<Result<Option<Object>, ProviderError>> {
        reads.iter().map(|_| Ok(None)).collect()
    }

    fn open_ephemeral(&mut self, reads: Vec<DataRead>) -> Vec<Result<Value, ProviderError>> {
        // As a real host does: it waits for the runtime.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.block_on(async {});
        }
        let open = |read: &DataRead| {
            let input = read.config.get("input").cloned().unwrap_or(Value::NULL);
            Ok(Value::object([("input", input.clone()), ("output", input)]))
        };
        reads.iter().map(open).collect()
    }
}

/// Problems, one a line.
pub fn told(problems: &Diagnostics) -> String {
    let line = |it: &kprov_core::Diagnostic| {
        let address = it.address.clone().unwrap_or_default();
        format!("{:?}: {}: {}: {}", it.severity, Str::as_str(&it.summary), address, it.detail)
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}
