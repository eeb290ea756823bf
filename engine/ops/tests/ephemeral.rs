//! Ephemeral resources from open to close: in a plan and in an apply, renewed in between, and their
//! values never written anywhere.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_trait::async_trait;
use kprov_apply::SilentReporter;
use kprov_apply::settle::SettledIntent;
use kprov_core::{Diagnostics, Host, ProviderAddr, Str, Type, Value};
use kprov_ops::{
    Applied, ApplyRequest, ApplyWatcher, Disk, Interrupts, Machine, PlanFile, PlanRequest, Planned,
    Project, Watch,
};
use kprov_provider::{
    Attribute, Block, CallContext, CreateRequest, Creation, DeleteRequest, EphemeralResource,
    Object, Opened, Private, Provider, ProviderError, ProviderSchema, ReadRequest, Registry,
    Resource, ResourceSchema, Schema, SettleRequest, Settled, UpdateRequest,
};
use kprov_state::{SqliteOptions, SqliteStore};
use tokio::sync::watch;

/// How every token begins. It must stand in no file.
const SECRET: &str = "open-sesame";

const MAIN: &str = r#"
ephemeral "vault_token" "t" {
  role = "gardener"
}
locals { again = ephemeral.vault_token.t.token }
resource "vault_item" "a" {
  name      = "a"
  secret_wo = local.again
}
output "name" { value = vault_item.a.name }
"#;

/// Leases are numbered; a token is renewed at once, the first time.
#[derive(Debug)]
struct Vault {
    log: Mutex<Vec<String>>,
    opened: Mutex<u64>,
    renewed: watch::Sender<u64>,
    refuse: Mutex<Option<&'static str>>,
}

impl Vault {
    fn new() -> Arc<Vault> {
        Arc::new(Vault {
            log: Mutex::default(),
            opened: Mutex::default(),
            renewed: watch::channel(0).0,
            refuse: Mutex::default(),
        })
    }

    fn note(&self, what: String) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    fn check(&self, call: &'static str) -> Result<(), ProviderError> {
        match *self.refuse.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(refused) if refused == call => {
                Err(ProviderError::rejected("Refused", format!("The vault refuses to {call}.")))
            }
            _ => Ok(()),
        }
    }

    /// What happened since the last look; a renewal may or may not be in time before a close.
    fn happened(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn lease(private: &[u8]) -> String {
    String::from_utf8_lossy(private).into_owned()
}

#[async_trait]
impl EphemeralResource for Vault {
    async fn open(&self, _: &CallContext, config: &Value) -> Result<Opened, ProviderError> {
        let number = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            *opened += 1;
            *opened
        };
        self.note(format!("open {number} for {}", text(config, "role")));
        Ok(Opened {
            value: Value::object([
                ("role", Value::from(text(config, "role").as_str())),
                ("token", Value::from(format!("{SECRET}-{number}").as_str())),
            ]),
            private: number.to_string().into_bytes(),
            renew_after_seconds: Some(0),
        })
    }

    async fn renew(
        &self,
        _: &CallContext,
        private: Private,
    ) -> Result<(Private, Option<u64>), ProviderError> {
        let number: u64 = lease(&private).parse().unwrap_or_default();
        let checked = self.check("renew");
        self.renewed.send_replace(number);
        checked?;
        Ok((format!("{number}, renewed").into_bytes(), None))
    }

    async fn close(&self, _: &CallContext, private: Private) -> Result<(), ProviderError> {
        self.note(format!("close {}", lease(&private)));
        Ok(())
    }

    fn name(&self) -> Str {
        "vault_token".into()
    }
}

#[async_trait]
impl Resource for Vault {
    async fn read_many(
        &self,
        _: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        requests.into_iter().map(|request| Ok(Some(request.prior))).collect()
    }

    /// Uses the token, after it was renewed.
    async fn create(&self, _: &CallContext, r: CreateRequest) -> Result<Object, ProviderError> {
        let token = text(&r.config, "secret_wo");
        let number: u64 = token.rsplit('-').next().and_then(|it| it.parse().ok()).unwrap_or(0);
        let renewed = self.renewed.subscribe().wait_for(|renewed| *renewed >= number).await.is_ok();
        self.note(format!("create with {number}, renewed: {renewed}"));
        self.check("create")?;
        Ok(r.planned.into())
    }

    async fn update(&self, _: &CallContext, r: UpdateRequest) -> Result<Object, ProviderError> {
        Ok(r.planned.into())
    }

    async fn delete(&self, _: &CallContext, _: DeleteRequest) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn settle(&self, _: &CallContext, _: SettleRequest) -> Result<Settled, ProviderError> {
        Ok(Settled::Absent)
    }
}

#[derive(Debug)]
struct VaultProvider(Arc<Vault>);

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| {
    let string = || Attribute::new(Type::String);
    let secret = Attribute { write_only: true, ..string().optional() };
    let schema = |block| Schema { version: 0, block };
    let item = Block::of("", [("name", string().required()), ("secret_wo", secret)]);
    let token = Block::of("", [("role", string().required()), ("token", string().computed())]);
    let item = ResourceSchema { schema: schema(item), creation: Creation::Local };
    ProviderSchema {
        resources: [("vault_item".into(), item)].into(),
        ephemerals: [("vault_token".into(), schema(token))].into(),
        ..ProviderSchema::default()
    }
});

impl Provider for VaultProvider {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("vault")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        (ty == "vault_item").then_some(self.0.as_ref())
    }

    fn ephemeral(&self, ty: &str) -> Option<&dyn EphemeralResource> {
        (ty == "vault_token").then_some(self.0.as_ref())
    }
}

#[derive(Debug)]
struct Approve;

impl ApplyWatcher for Approve {
    fn settled(&self, _: &[SettledIntent]) {}
    fn approve(&self, _: &Planned, _: usize) -> bool {
        true
    }
}

/// A project with its state in a file, and the vault behind it.
struct Scene {
    directory: tempfile::TempDir,
    vault: Arc<Vault>,
    project: Project,
}

impl Scene {
    fn new(main: &str) -> Scene {
        let directory = tempfile::tempdir().expect("a folder");
        std::fs::write(directory.path().join("main.tf"), main).expect("written");
        let host: Arc<dyn Host> = Arc::new(Machine::new());
        let path = directory.path().join("kprov.db");
        let store = SqliteStore::open(path, host.clone(), SqliteOptions::default());
        let vault = Vault::new();
        let registry = Registry::new().with(Arc::new(VaultProvider(vault.clone())));
        let disk = Arc::new(Disk::new(directory.path().to_owned(), None));
        let project = Project::new(disk, host, registry, Arc::new(store.expect("a store")));
        Scene { directory, vault, project }
    }

    fn plan(&self) -> Planned {
        let planned = kprov_ops::plan(&self.project, &PlanRequest::default()).expect("planned");
        assert!(!planned.problems.has_errors(), "{:?}", planned.problems);
        planned
    }

    fn apply(&self, saved: Option<PlanFile>) -> Applied {
        let interrupts = Interrupts::new();
        let reporter = Arc::new(SilentReporter);
        let watch = Watch { watcher: &Approve, reporter, interrupts: &interrupts };
        let request = ApplyRequest { saved, ..ApplyRequest::default() };
        kprov_ops::apply(&self.project, &request, &watch).expect("begun")
    }

    /// No file here has the secret: not the state, not its journal.
    fn assert_secret(&self) {
        for entry in std::fs::read_dir(self.directory.path()).expect("a folder") {
            let path = entry.expect("an entry").path();
            assert!(!has_secret(&std::fs::read(&path).expect("a file")), "{path:?}");
        }
        assert!(self.directory.path().join("kprov.db").exists());
    }
}

fn has_secret(bytes: &[u8]) -> bool {
    bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes())
}

fn warnings(problems: &Diagnostics) -> Vec<String> {
    problems.iter().map(|it| it.summary.to_string()).collect()
}

/// Without what is a matter of time: was a lease renewed before it was closed?
fn plain(log: &[String]) -> Vec<&str> {
    log.iter().map(|line| line.trim_end_matches(", renewed")).collect()
}

#[test]
fn a_plan_opens_and_closes_and_keeps_nothing() {
    let scene = Scene::new(MAIN);
    let planned = scene.plan();
    assert_eq!(plain(&scene.vault.happened()), ["open 1 for gardener", "close 1"]);
    let file = PlanFile::of(&planned, &scene.project);
    let written = serde_json::to_vec(&file).expect("a plan can be written");
    assert!(!has_secret(&written), "{}", String::from_utf8_lossy(&written));
}

#[test]
fn an_apply_renews_while_it_runs_and_stores_nothing() {
    let scene = Scene::new(MAIN);
    let applied = scene.apply(None);
    assert!(!applied.problems.has_errors(), "{:?}", applied.problems);
    assert_eq!(applied.counts.added, 1);
    let log = scene.vault.happened();
    assert_eq!(
        plain(&log),
        [
            "open 1 for gardener",
            "close 1",
            "open 2 for gardener",
            "create with 2, renewed: true",
            "close 2"
        ]
    );
    assert_eq!(log[4], "close 2, renewed", "it is closed with what the renewal gave");
    scene.assert_secret();
    let planned = scene.plan();
    assert!(!planned.plan.applyable, "{:?}", planned.plan.changes);
    assert_eq!(planned.previous.objects.len(), 1, "an ephemeral resource is no object");
}

#[test]
fn a_saved_plan_opens_anew() {
    let scene = Scene::new(MAIN);
    let file = PlanFile::of(&scene.plan(), &scene.project);
    let read = {
        let (vault, host) = (&scene.project.vault, &*scene.project.host);
        let bytes = file.encode(vault, host).expect("written");
        PlanFile::decode(&bytes, "p", vault).expect("read")
    };
    let applied = scene.apply(Some(read));
    assert!(!applied.problems.has_errors(), "{:?}", applied.problems);
    assert_eq!(
        plain(&scene.vault.happened()),
        [
            "open 1 for gardener",
            "close 1",
            "open 2 for gardener",
            "create with 2, renewed: true",
            "close 2"
        ]
    );
    scene.assert_secret();
}

#[test]
fn it_is_closed_when_the_apply_fails() {
    let scene = Scene::new(MAIN);
    *scene.vault.refuse.lock().expect("a vault") = Some("create");
    let applied = scene.apply(None);
    assert_eq!(warnings(&applied.problems), ["Refused"]);
    let log = scene.vault.happened();
    assert_eq!(log.last().map(String::as_str), Some("close 2, renewed"), "{log:?}");
    scene.assert_secret();
}

#[test]
fn a_renewal_that_fails_is_told_and_stops_nothing() {
    let scene = Scene::new(MAIN);
    *scene.vault.refuse.lock().expect("a vault") = Some("renew");
    let applied = scene.apply(None);
    assert!(!applied.problems.has_errors(), "{:?}", applied.problems);
    let told = warnings(&applied.problems);
    assert!(told.iter().any(|it| it == "Failed to renew ephemeral resource"), "{told:?}");
    assert_eq!(applied.counts.added, 1);
    let log = scene.vault.happened();
    assert_eq!(log.last().map(String::as_str), Some("close 2"), "{log:?}");
}

#[test]
fn what_would_be_stored_may_not_be_ephemeral() {
    let scene = Scene::new(
        &MAIN
            .replace("secret_wo = local.again", "")
            .replace("name      = \"a\"", "name      = local.again"),
    );
    let planned = kprov_ops::plan(&scene.project, &PlanRequest::default()).expect("planned");
    assert!(planned.plan.errored && planned.problems.has_errors());
    let told = format!("{:?}", planned.problems);
    assert!(told.contains("phemeral") && !told.contains(SECRET), "{told}");
    assert_eq!(scene.vault.happened(), Vec::<String>::new(), "found without opening anything");
}
