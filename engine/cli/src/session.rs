//! [`Session`]: what every command has: the machine, the files, the texts that were read; and the way
//! to a [`Project`].

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use kprov_core::{Diagnostic, Host};
use kprov_lang::SourceMap;
use kprov_ops::{Disk, Machine, Project};
use kprov_provider::Registry;
use kprov_state::{MemoryStore, SqliteOptions, SqliteStore, Store, Vault};

use crate::failure::Failure;
use crate::modules::Bundled;
use crate::providers::registry;
use crate::render::Style;
use crate::{keys, output, render, workspace_file};

/// The state's file beside the configuration.
const STATE_FILE: &str = "kprov.db";

/// One execution of the program.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) sources: SourceMap,
    pub(crate) style: Style,
    /// Does a program call us? Then no hints about what to run next.
    pub(crate) in_automation: bool,
    files: Arc<Disk>,
    /// Made with the first project, shared by all: what they asked of their APIs is told at the end.
    providers: OnceLock<Registry>,
}

impl Session {
    /// In the present working directory; `original` is where the user was before `-chdir`.
    pub(crate) fn new(no_color: bool, original: Option<PathBuf>) -> Result<Session, Diagnostic> {
        let host: Arc<dyn Host> = Arc::new(Machine::new());
        let here = std::env::current_dir().map_err(|error| {
            Diagnostic::error(
                "No working directory",
                format!("The current directory cannot be used: {error}."),
            )
        })?;
        let home = host.env("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        let set = |name: &str| host.env(name).is_some_and(|value| !value.is_empty());
        let style = Style::new(no_color || set("NO_COLOR"));
        let in_automation = set("TF_IN_AUTOMATION");
        Ok(Session {
            sources: SourceMap::new(),
            style,
            in_automation,
            files: Arc::new(Disk::new(here.clone(), home).called_from(original.unwrap_or(here))),
            host,
            providers: OnceLock::new(),
        })
    }

    /// May questions be asked? `-input=false` and `TF_INPUT=0` say no.
    pub(crate) fn may_ask(&self, flag: bool) -> bool {
        let variable = self.host.env("TF_INPUT");
        flag && !variable.is_some_and(|value| matches!(value.as_str(), "0" | "false" | "f" | "F"))
    }

    /// The state's path.
    pub(crate) fn state_path(&self, flag: Option<&str>) -> PathBuf {
        let flag = flag.filter(|path| !path.is_empty()).map(str::to_owned);
        let variable = || self.host.env("KPROV_STATE").filter(|path| !path.is_empty());
        PathBuf::from(flag.or_else(variable).unwrap_or_else(|| STATE_FILE.to_owned()))
    }

    /// Where the selected workspace is written down.
    pub(crate) fn workspace_path(&self) -> PathBuf {
        workspace_file::path(self.host.env("TF_DATA_DIR").as_deref())
    }

    /// `TF_WORKSPACE`
    pub(crate) fn workspace_override(&self) -> Option<String> {
        self.host.env("TF_WORKSPACE").filter(|name| !name.is_empty())
    }

    /// The selected workspace.
    pub(crate) fn workspace(&self) -> Result<String, Diagnostic> {
        let (name, place) = match self.workspace_override() {
            Some(name) => (name, "TF_WORKSPACE".to_owned()),
            None => {
                let path = self.workspace_path();
                (workspace_file::read(&path)?, format!("The selected workspace in {path:?}"))
            }
        };
        if workspace_file::is_valid(&name) {
            return Ok(name);
        }
        Err(Diagnostic::error(
            "Invalid workspace name",
            format!(
                "{place} is {name:?}, which is no name of a workspace. Select one with \"kprov \
                 workspace select\", or with TF_WORKSPACE."
            ),
        ))
    }

    /// The state's store; nothing is made on disk before the first write.
    pub(crate) fn store(&self, state: Option<&str>) -> Result<Arc<dyn Store>, Failure> {
        let options = self.store_options();
        let store = SqliteStore::open(self.state_path(state), self.host.clone(), options)?;
        Ok(Arc::new(store))
    }

    /// The store without a look at the file: for `fsck`.
    pub(crate) fn unopened_store(&self, state: Option<&str>) -> SqliteStore {
        let options = self.store_options();
        SqliteStore::unopened(self.state_path(state), self.host.clone(), options)
    }

    fn store_options(&self) -> SqliteOptions {
        SqliteOptions { vault: self.vault(), ..SqliteOptions::default() }
    }

    /// What seals secrets at rest. No key is looked for before there is something to open or to seal.
    pub(crate) fn vault(&self) -> Vault {
        keys::vault(&self.host).secret_types(kprov_ops::secret_types(self.registry()))
    }

    fn registry(&self) -> Registry {
        self.providers.get_or_init(|| registry(&self.host)).clone()
    }

    /// The project in the working directory with its state.
    pub(crate) fn project(&self, state: Option<&str>) -> Result<Project, Failure> {
        let workspace = self.workspace()?;
        let mut project = self.with_store(self.store(state)?);
        project.workspace = workspace;
        Ok(project)
    }

    /// The project for commands that do not look at the state.
    pub(crate) fn stateless_project(&self) -> Project {
        self.with_store(Arc::new(MemoryStore::new(self.host.clone())))
    }

    /// What providers asked of their APIs, on standard error; nothing if that was nothing.
    pub(crate) fn tell_calls(&self) {
        if let Some(told) = self.providers.get().and_then(render::calls) {
            output::complain(&format!("{told}\n"));
        }
    }

    fn with_store(&self, store: Arc<dyn Store>) -> Project {
        let (files, host) = (self.files.clone(), self.host.clone());
        let mut project = Project::new(files, host, self.registry(), store);
        project.vault = self.vault();
        project.sources = self.sources.clone();
        project.embedded = Arc::new(Bundled);
        project.machine = host_name();
        project.who = self.who(&project.machine);
        project
    }

    /// user@host
    fn who(&self, machine: &str) -> String {
        let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| self.host.env(name));
        format!("{}@{machine}", user.unwrap_or_else(|| "unknown".to_owned()))
    }

    /// Names of variables of the environment that may give values.
    pub(crate) fn variable_names(&self) -> Vec<String> {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let mut names: Vec<String> = names.filter(|name| name.starts_with("TF_VAR_")).collect();
        names.sort();
        names
    }
}

/// This machine's name; empty where it cannot be told.
fn host_name() -> String {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let name = read("/proc/sys/kernel/hostname").or_else(|| read("/etc/hostname"));
    name.map(|name| name.trim().to_owned()).unwrap_or_default()
}
