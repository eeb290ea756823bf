//! [`Configuration`]: a configuration with the modules of the repository, planned and applied on
//! paper.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kprov_apply::SilentReporter;
use kprov_apply::settle::SettledIntent;
use kprov_core::{Host, Value};
use kprov_lang::Files;
use kprov_lang::config::EmbeddedModules;
use kprov_lang::tfvars::VariableArgument;
use kprov_ops::{
    ApplyRequest, ApplyWatcher, Disk, Interrupts, OpsError, PlanRequest, Planned, Project, Watch,
};
use kprov_plan::{Action, Change, PlanMode};
use kprov_provider::Registry;
use kprov_state::{MemoryStore, Store};
use kprov_tests::files::MemoryFiles;
use kprov_tests::host::CountingHost;

use crate::paper::PaperAws;

/// The top of the repository.
pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The modules as they are in the repository.
#[derive(Debug)]
struct Modules;

impl EmbeddedModules for Modules {
    fn files(&self, name: &str) -> Option<Vec<(String, String)>> {
        let entries = std::fs::read_dir(repository().join("modules").join(name)).ok()?.flatten();
        let texts = entries.map(|entry| entry.path()).filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            name.ends_with(".tf").then_some((name, std::fs::read_to_string(path).ok()?))
        });
        let files: Vec<_> = texts.collect();
        (!files.is_empty()).then_some(files)
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Configuration {
    files: Arc<dyn Files>,
    store: Arc<dyn Store>,
    host: Arc<dyn Host>,
    variables: Vec<VariableArgument>,
}

/// Approves every plan.
#[derive(Debug)]
struct Approve;

impl ApplyWatcher for Approve {
    fn settled(&self, _: &[SettledIntent]) {}
    fn approve(&self, planned: &Planned, _phase: usize) -> bool {
        planned.plan.applyable
    }
}

impl Configuration {
    fn of(files: Arc<dyn Files>) -> Configuration {
        let host: Arc<dyn Host> = Arc::new(CountingHost::new(1));
        let store = Arc::new(MemoryStore::new(host.clone()));
        Configuration { files, store, host, variables: Vec::new() }
    }

    /// What is in a directory of the repository.
    pub(crate) fn at(dir: impl AsRef<Path>) -> Configuration {
        Configuration::of(Arc::new(Disk::new(repository().join(dir), None)))
    }

    /// This `main.tf`.
    pub(crate) fn new(main: &str) -> Configuration {
        Configuration::of(Arc::new(MemoryFiles::main(main)))
    }

    /// The same state with another `main.tf`.
    pub(crate) fn changed(self, main: &str) -> Configuration {
        Configuration { files: Arc::new(MemoryFiles::main(main)), ..self }
    }

    /// `-var-file`
    pub(crate) fn with_file(mut self, name: &str) -> Configuration {
        self.variables.push(VariableArgument::File(name.to_owned()));
        self
    }

    /// `-var`
    pub(crate) fn with(mut self, variable: &str) -> Configuration {
        self.variables.push(VariableArgument::Var(variable.to_owned()));
        self
    }

    fn project(&self) -> Project {
        let registry = Registry::new()
            .with(Arc::new(PaperAws::new()))
            .with(Arc::new(kprov_provider_node::Node))
            .with(Arc::new(kprov_provider_pki::Pki));
        let mut project =
            Project::new(self.files.clone(), self.host.clone(), registry, self.store.clone());
        project.embedded = Arc::new(Modules);
        project
    }

    fn request(&self, mode: PlanMode) -> PlanRequest {
        PlanRequest { mode, variables: self.variables.clone(), ..PlanRequest::default() }
    }

    /// The plan, or every problem in one text.
    pub(crate) fn plan(&self) -> Result<Vec<Change>, String> {
        self.plan_for(PlanMode::Normal)
    }

    fn plan_for(&self, mode: PlanMode) -> Result<Vec<Change>, String> {
        let planned = kprov_ops::plan(&self.project(), &self.request(mode)).map_err(failed)?;
        match planned.plan.errored {
            true => Err(told(&planned.problems)),
            false => Ok(planned.plan.changes),
        }
    }

    /// What a plan would do: addresses that change, and how.
    pub(crate) fn steps(&self) -> Vec<String> {
        let changes = self.plan().unwrap_or_else(|problems| panic!("{problems}"));
        changes.iter().filter(|it| it.action != Action::NoOp).map(step).collect()
    }

    /// Applies, and wants success.
    pub(crate) fn apply(&self) {
        self.apply_for(PlanMode::Normal);
    }

    /// Destroys, and wants success.
    pub(crate) fn destroy(&self) {
        self.apply_for(PlanMode::Destroy);
    }

    /// Everything that a destroy deletes.
    pub(crate) fn doomed(&self) -> Vec<String> {
        let changes = self.plan_for(PlanMode::Destroy).unwrap_or_else(|it| panic!("{it}"));
        changes
            .iter()
            .filter(|it| it.action == Action::Delete)
            .map(|it| it.addr.to_string())
            .collect()
    }

    /// Objects in the state, data sources left out.
    pub(crate) fn objects(&self) -> Vec<String> {
        let state = self.store.read("default").expect("a state");
        state.objects.keys().map(ToString::to_string).filter(|it| !it.contains("data.")).collect()
    }

    fn apply_for(&self, mode: PlanMode) {
        let interrupts = Interrupts::new();
        let reporter = Arc::new(SilentReporter);
        let watch = Watch { watcher: &Approve, reporter, interrupts: &interrupts };
        let request = ApplyRequest { plan: self.request(mode), ..ApplyRequest::default() };
        let applied = kprov_ops::apply(&self.project(), &request, &watch);
        let applied = applied.unwrap_or_else(|error| panic!("{}", failed(error)));
        assert!(!applied.problems.has_errors(), "{}", told(&applied.problems));
    }
}

fn failed(error: OpsError) -> String {
    match error {
        OpsError::Problems(problems) => told(&problems),
        error => error.to_string(),
    }
}

fn told(problems: &kprov_core::Diagnostics) -> String {
    let all = problems.iter().map(|it| {
        let place = it.subject.as_ref().map(|at| format!("{}:{}", at.filename, at.start.line));
        format!("{}: {}: {} {:?}", place.unwrap_or_default(), it.summary, it.detail, it.values)
    });
    all.collect::<Vec<_>>().join("\n")
}

fn step(change: &Change) -> String {
    format!("{:?} {}", change.action, change.addr)
}

/// Of all changes the one at this address.
pub(crate) fn after<'c>(changes: &'c [Change], addr: &str) -> &'c Value {
    let found = changes.iter().find(|it| it.addr.to_string() == addr);
    &found.unwrap_or_else(|| panic!("{addr} is not planned")).after
}
