//! [`Project`]: a configuration, its state and everything an operation needs to work on them.

use std::sync::{Arc, OnceLock};

use kprov_core::{Diagnostics, Host};
use kprov_lang::config::{EmbeddedModules, ModuleTree, load_tree};
use kprov_lang::functions::FunctionContext;
use kprov_lang::{Files, SourceMap};
use kprov_provider::Registry;
use kprov_state::{Store, Vault};
use tokio::runtime::Runtime;

/// What operations work on. Cheap to make: nothing is read before an operation asks for it.
#[derive(Debug)]
pub struct Project {
    /// The root module's directory, relative to the working directory; "." usually.
    pub dir: String,
    /// Where files come from.
    pub files: Arc<dyn Files>,
    /// Clock, randomness, environment.
    pub host: Arc<dyn Host>,
    /// Modules that come with the program.
    pub embedded: Arc<dyn EmbeddedModules>,
    /// Providers that come with the program.
    pub registry: Registry,
    /// State and journal.
    pub store: Arc<dyn Store>,
    /// What seals saved plans; that of the store, usually.
    pub vault: Vault,
    /// The selected workspace.
    pub workspace: String,
    /// At most so many provider calls at a time.
    pub parallelism: usize,
    /// user@host, for locks and the operation log.
    pub who: String,
    /// This machine's name, to tell a dead holder of a lock.
    pub machine: String,
    /// Texts of everything parsed.
    pub sources: SourceMap,
    runtime: OnceLock<Runtime>,
}

impl Project {
    /// A project in the working directory with the default workspace; change fields as needed.
    pub fn new(
        files: Arc<dyn Files>,
        host: Arc<dyn Host>,
        registry: Registry,
        store: Arc<dyn Store>,
    ) -> Project {
        Project {
            dir: ".".to_owned(),
            files,
            host,
            embedded: Arc::new(NoModules),
            registry,
            store,
            vault: Vault::none(),
            workspace: "default".to_owned(),
            parallelism: 10,
            who: String::new(),
            machine: String::new(),
            sources: SourceMap::new(),
            runtime: OnceLock::new(),
        }
    }

    /// Reads the configuration: all that could be read, and every problem.
    pub fn load(&self) -> (ModuleTree, Diagnostics) {
        load_tree(&*self.files, &self.sources, &*self.embedded, &self.dir)
    }

    /// What functions may reach. `pure_only` while planning: a time or a UUID is not known then.
    pub(crate) fn functions<'p>(
        &'p self,
        pure_only: bool,
        plan_timestamp: Option<&'p str>,
    ) -> FunctionContext<'p> {
        FunctionContext {
            host: &*self.host,
            files: &*self.files,
            base_dir: ".",
            pure_only,
            plan_timestamp,
        }
    }

    /// The runtime of the asynchronous parts, started when first needed.
    ///
    /// # Panics
    /// When the operating system refuses the threads of a runtime: nothing can be done then.
    pub(crate) fn runtime(&self) -> &Runtime {
        self.runtime.get_or_init(|| {
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .expect("invariant: the operating system gives a process two threads")
        })
    }
}

/// No embedded modules.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoModules;

impl EmbeddedModules for NoModules {
    fn files(&self, _name: &str) -> Option<Vec<(String, String)>> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}
