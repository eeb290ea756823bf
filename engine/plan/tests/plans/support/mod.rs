//! A world for planner tests: files in memory, `terraform_data`, and data sources that answer at
//! once. Plans are compared as text, one line per change.

mod group;
mod provider;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kprov_core::{Diagnostics, Host, InstanceAddr, ProviderConfigAddr, Str, Value};
use kprov_lang::config::{EmbeddedModules, ModuleTree, load_tree};
use kprov_lang::functions::FunctionContext;
use kprov_lang::{FileError, FileKind, Files, SourceMap};
use kprov_plan::{
    Action, ApplyInput, ApplyResolver, Change, DataRead, ImportRead, OperationKind, OutdatedMember,
    Plan, PlanHost, PlanInput, PlanOptions, Prepared, PriorObject, PriorState, ReplaceOrder,
    Resolver,
};
use kprov_provider::{Object, ProviderError, Registry};

/// Files in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(pub(crate) BTreeMap<String, String>);

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let path = path.trim_start_matches("./");
        let found = self.0.get(path).map(|text| text.clone().into_bytes());
        found.ok_or_else(|| FileError::NotFound { path: path.to_owned() })
    }

    fn kind(&self, path: &str) -> Result<Option<FileKind>, FileError> {
        let path = path.trim_start_matches("./").trim_end_matches('/');
        if self.0.contains_key(path) {
            return Ok(Some(FileKind::File));
        }
        let inside = format!("{path}/");
        let directory = path == "." || self.0.keys().any(|name| name.starts_with(&inside));
        Ok(directory.then_some(FileKind::Directory))
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let path = path.trim_start_matches("./").trim_end_matches('/');
        let inside =
            if path == "." || path.is_empty() { String::new() } else { format!("{path}/") };
        let names: std::collections::BTreeSet<String> = self
            .0
            .keys()
            .filter_map(|name| name.strip_prefix(&inside))
            .filter_map(|rest| rest.split('/').next().map(str::to_owned))
            .collect();
        Ok(names.into_iter().collect())
    }

    fn current_dir(&self) -> String {
        "/work".to_owned()
    }

    fn home_dir(&self) -> Option<String> {
        None
    }
}

#[derive(Debug)]
struct NoModules;

impl EmbeddedModules for NoModules {
    fn files(&self, _name: &str) -> Option<Vec<(String, String)>> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

#[derive(Debug)]
pub(crate) struct Still;

impl Host for Still {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }
}

/// Answers data sources from their configuration; keeps what it was asked.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Batches of data reads.
    pub(crate) batches: Vec<Vec<String>>,
    /// Configured providers.
    pub(crate) configured: Vec<String>,
}

impl PlanHost for Answers {
    fn configure(
        &mut self,
        provider: &ProviderConfigAddr,
        config: Option<&Value>,
    ) -> Result<(), Diagnostics> {
        let known = if config.is_some() { "known" } else { "unknown" };
        self.configured.push(format!("{provider} {known}"));
        Ok(())
    }

    fn read_data(&mut self, reads: Vec<DataRead>) -> Vec<Result<Value, ProviderError>> {
        self.batches.push(reads.iter().map(|read| read.addr.to_string()).collect());
        reads.into_iter().map(|read| provider::answer(&read.config)).collect()
    }

    fn import(&mut self, reads: Vec<ImportRead>) -> Vec<Result<Option<Object>, ProviderError>> {
        reads.into_iter().map(|read| Ok(Some(provider::imported(&read.id)))).collect()
    }

    fn open_ephemeral(&mut self, reads: Vec<DataRead>) -> Vec<Result<Value, ProviderError>> {
        reads.into_iter().map(|read| provider::answer(&read.config)).collect()
    }
}

/// A configuration, a state, choices.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) tree: ModuleTree,
    pub(crate) sources: SourceMap,
    pub(crate) disk: Disk,
    pub(crate) prior: PriorState,
    /// The state before the refresh; none where that found nothing new.
    pub(crate) previous: Option<PriorState>,
    pub(crate) options: PlanOptions,
    /// Plans that were applied in earlier phases of the same run.
    pub(crate) earlier: Vec<Arc<Plan>>,
    /// Members that are not what their group says of itself.
    pub(crate) outdated: BTreeMap<InstanceAddr, Vec<OutdatedMember>>,
    pub(crate) variables: BTreeMap<Str, Value>,
    pub(crate) registry: Registry,
    pub(crate) loading: Diagnostics,
    /// Commands of the destroy provisioners that the last apply would run.
    pub(crate) farewells: Vec<String>,
    /// What the last apply was told of rotations, one an update: address and block, or none.
    pub(crate) rotations: Vec<String>,
}

impl World {
    /// The files' configuration, with an empty state.
    pub(crate) fn new(files: &[(&str, &str)]) -> World {
        let disk =
            Disk(files.iter().map(|(n, text)| ((*n).to_owned(), (*text).to_owned())).collect());
        let sources = SourceMap::new();
        let (tree, loading) = load_tree(&disk, &sources, &NoModules, ".");
        World {
            tree,
            sources,
            disk,
            prior: PriorState::default(),
            previous: None,
            options: PlanOptions { refreshed: true, workspace: "default".into(), ..<_>::default() },
            earlier: Vec::new(),
            outdated: BTreeMap::new(),
            variables: BTreeMap::new(),
            registry: Registry::new().with(Arc::new(provider::Testing)),
            loading,
            farewells: Vec::new(),
            rotations: Vec::new(),
        }
    }

    /// Another configuration on the same state.
    pub(crate) fn configure(self, files: &[(&str, &str)]) -> World {
        let new = World::new(files);
        World { prior: self.prior, ..new }
    }

    /// Plans.
    pub(crate) fn plan(&self) -> (Plan, Diagnostics, Answers) {
        let host = Still;
        let functions = FunctionContext {
            host: &host,
            files: &self.disk,
            base_dir: ".",
            pure_only: true,
            plan_timestamp: Some("2026-01-01T00:00:00Z"),
        };
        let input = PlanInput {
            tree: &self.tree,
            sources: &self.sources,
            functions: &functions,
            providers: &self.registry,
            variables: &self.variables,
            previous: self.previous.as_ref().unwrap_or(&self.prior),
            prior: &self.prior,
            options: &self.options,
            earlier: &self.earlier,
            outdated: &self.outdated,
        };
        let mut answers = Answers::default();
        let (plan, mut found) = kprov_plan::plan(&input, &mut answers);
        found.extend(self.loading.clone());
        (plan, found, answers)
    }

    /// The same with errors as panic.
    pub(crate) fn planned(&self) -> Plan {
        let (plan, found, _) = self.plan();
        assert!(!found.has_errors(), "{}", told(&found));
        plan
    }

    /// Applies a plan one operation at a time, in order, and gives the outputs.
    pub(crate) fn apply(&mut self, plan: &Plan) -> BTreeMap<Str, Value> {
        let host = Still;
        let functions = FunctionContext {
            host: &host,
            files: &self.disk,
            base_dir: ".",
            pure_only: false,
            plan_timestamp: Some("2026-01-01T00:00:00Z"),
        };
        let input = ApplyInput {
            tree: &self.tree,
            sources: &self.sources,
            functions: &functions,
            providers: &self.registry,
            variables: &self.variables,
        };
        let mut answers = Answers::default();
        let mut resolver =
            ApplyResolver::new(plan, input, Some(&mut answers)).expect("a graph as planned");
        resolver = resolver.with_state(&self.prior);
        let mut made = 0;
        for (at, operation) in (0u32..).zip(&plan.operations) {
            assert!(operation.after.iter().all(|before| before.0 < at), "{operation:?}");
            let index = kprov_plan::OperationIndex(at);
            let prepared = match resolver.prepare(index) {
                Ok(prepared) => prepared,
                Err(problems) => panic!("{operation:?}: {}", told(&problems)),
            };
            let Some(change) = change_of(plan, operation.kind) else { continue };
            let rotation = resolver.rotation(index).unwrap_or_else(|it| panic!("{}", told(&it)));
            self.rotations.extend(rotated(operation.kind, change, &prepared, rotation.as_ref()));
            let new = match prepared {
                Prepared::Write { planned, sensitive_paths, .. } => {
                    made += 1;
                    Some((provider::made(&planned, made), sensitive_paths))
                }
                Prepared::Read { config, sensitive_paths } => {
                    Some((provider::answer(&config).expect("a readable source"), sensitive_paths))
                }
                Prepared::Nothing => None,
                Prepared::Delete { provisioners } => {
                    let commands = provisioners.iter().filter_map(|run| run.config.get("command"));
                    let texts = commands.filter_map(|it| it.as_str().map(str::to_owned));
                    self.farewells.extend(texts);
                    // What a create-first replacement deposed is not kept here.
                    if change.action != Action::Replace(ReplaceOrder::CreateFirst) {
                        self.prior.objects.remove(&change.addr.clone().current());
                    }
                    None
                }
            };
            if let Some((value, paths)) = &new {
                let value = kprov_plan::change::diff::mark_paths(value, paths);
                self.prior.objects.insert(change.addr.clone().current(), stored(change, value));
            }
            let object = new.map(|(value, _)| Object::from(value));
            let found = resolver.complete(index, object.as_ref());
            assert!(!found.has_errors(), "{}", told(&found));
        }
        let (outputs, found) = resolver.outputs();
        assert!(!found.has_errors(), "{}", told(&found));
        for (name, output) in &plan.outputs {
            if output.action == Action::Delete {
                self.prior.outputs.remove(name);
            }
        }
        self.prior.outputs.extend(outputs.clone());
        outputs
    }
}

/// What an update is told of its rotation.
fn rotated(
    kind: OperationKind,
    change: &Change,
    prepared: &Prepared,
    rotation: Option<&Value>,
) -> Option<String> {
    let OperationKind::Update(_) = kind else {
        assert!(rotation.is_none(), "only updates rotate");
        return None;
    };
    let block = rotation.map_or_else(|| "none".to_owned(), said);
    let nothing = if matches!(prepared, Prepared::Nothing) { " nothing to do" } else { "" };
    Some(format!("{}{nothing} {block}", change.addr))
}

/// The change that an operation is about.
fn change_of(plan: &Plan, kind: OperationKind) -> Option<&Change> {
    let index = match kind {
        OperationKind::Gate => return None,
        OperationKind::Create(i)
        | OperationKind::Update(i)
        | OperationKind::Delete(i)
        | OperationKind::Read(i)
        | OperationKind::Forget(i)
        | OperationKind::Import(i)
        | OperationKind::Record(i) => i,
    };
    plan.changes.get(index as usize)
}

/// What the state keeps of a new object.
fn stored(change: &Change, value: Value) -> PriorObject {
    PriorObject {
        provider: change.provider.clone(),
        value,
        private: Vec::new(),
        tainted: false,
        dependencies: change.dependencies.clone(),
        create_before_destroy: change.create_before_destroy,
    }
}

/// Problems, one a line.
pub(crate) fn told(found: &Diagnostics) -> String {
    found
        .iter()
        .map(|it| {
            let place = it.subject.as_ref().map_or_else(String::new, |at| {
                format!(" at {}:{}:{}", at.filename, at.start.line, at.start.column)
            });
            format!("{:?}: {}{place}: {}", it.severity, it.summary, it.detail)
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// A value in short: unknowns as `?`, sensitive ones as `!`.
pub(crate) fn short(value: &Value) -> String {
    match value {
        Value::Marked(marked) => format!("!{}", short(marked.value())),
        Value::Null(_) => "null".to_owned(),
        Value::Unknown(_) => "?".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.to_string(),
        Value::List(_) | Value::Set(_) | Value::Tuple(_) => {
            let items = value.as_items().unwrap_or_default();
            format!("[{}]", items.iter().map(short).collect::<Vec<_>>().join(","))
        }
        Value::Map(_) | Value::Object(_) => {
            let entries = value.as_entries().into_iter().flatten();
            let parts: Vec<String> = entries.map(|(k, v)| format!("{k}={}", short(v))).collect();
            format!("{{{}}}", parts.join(","))
        }
    }
}

/// What a block says: entries that are not null, inside too.
pub(crate) fn said(block: &Value) -> String {
    match block {
        Value::Object(entries) => {
            let said = entries.iter().filter(|(_, value)| !value.is_null());
            let parts: Vec<String> =
                said.map(|(name, it)| format!("{name}={}", said_of(it))).collect();
            format!("{{{}}}", parts.join(","))
        }
        other => said_of(other),
    }
}

fn said_of(value: &Value) -> String {
    match value {
        Value::Object(_) => said(value),
        Value::Marked(marked) => format!("!{}", said_of(marked.value())),
        Value::List(_) | Value::Tuple(_) => {
            let items = value.as_items().unwrap_or_default();
            // Blocks that are not there say nothing.
            format!("[{}]", items.iter().map(said_of).collect::<Vec<_>>().join(","))
        }
        other => short(other),
    }
}

/// A plan's changes and outputs, one a line: `+ terraform_data.a input -> 1`.
pub(crate) fn lines(plan: &Plan) -> String {
    let mut text = String::new();
    for change in &plan.changes {
        let _ = writeln!(text, "{}", line(change));
    }
    for (name, output) in &plan.outputs {
        let sign = sign(output.action);
        let secret = if output.sensitive { "!" } else { "" };
        let _ = writeln!(text, "{sign} output.{name} {secret}{}", short(&output.after));
    }
    for deferred in &plan.deferred {
        let _ = writeln!(text, "later {} {:?}", deferred.addr, deferred.reason);
    }
    text
}

fn sign(action: Action) -> &'static str {
    match action {
        Action::NoOp => "=",
        Action::Create => "+",
        Action::Read => "<=",
        Action::Update => "~",
        Action::Replace(ReplaceOrder::DeleteFirst) => "-/+",
        Action::Replace(ReplaceOrder::CreateFirst) => "+/-",
        Action::Delete => "-",
        Action::Forget => ".",
    }
}

fn line(change: &Change) -> String {
    let mut line = format!("{} {}", sign(change.action), change.addr);
    if let Some(input) = change.after.get("input") {
        let _ = write!(line, " {}", short(input));
    }
    if let Some(reason) = change.reason {
        let _ = write!(line, " ({reason:?})");
    }
    line
}

/// Asserts equality of texts line by line, white space at the ends aside.
pub(crate) fn same(got: &str, wanted: &str) {
    let clean = |text: &str| {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(clean(got), clean(wanted), "\ngot:\n{got}");
}
