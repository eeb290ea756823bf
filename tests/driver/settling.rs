//! Settling what a dead run left open: many calls at once, and nobody suffers from another's failure.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_trait::async_trait;
use futures::FutureExt as _;
use kprov_apply::Clients;
use kprov_apply::settle::{Settling, settle_open};
use kprov_core::addr::parse_instance;
use kprov_core::{Diagnostics, Host, ProviderAddr, ProviderConfigAddr, Str};
use kprov_provider::{
    CallContext, CreateRequest, DeleteRequest, Object, Provider, ProviderError, ProviderSchema,
    ReadRequest, Registry, Resource, SettleRequest, Settled, UpdateRequest,
};
use kprov_state::{ActionKind, Entry, HowSettled, MemoryStore, RunId, State, Store};
use kprov_tests::bench::told;
use kprov_tests::host::CountingHost;
use tokio::sync::Semaphore;

const AT: &str = "2026-01-01T00:00:00Z";

/// Answers when the gate lets it. Tokens say how: `fails`, `crashes`, else nothing is found.
#[derive(Debug)]
struct Gated {
    gate: Semaphore,
    asked: AtomicUsize,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

impl Gated {
    fn new() -> Gated {
        let zero = || AtomicUsize::new(0);
        Gated { gate: Semaphore::new(0), asked: zero(), under_way: zero(), most: zero() }
    }
}

fn refused() -> ProviderError {
    ProviderError::rejected("Refused", "Only settling is tested here.")
}

#[async_trait]
impl Resource for Gated {
    async fn read_many(
        &self,
        _context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        requests.iter().map(|_| Err(refused())).collect()
    }

    async fn create(&self, _: &CallContext, _: CreateRequest) -> Result<Object, ProviderError> {
        Err(refused())
    }

    async fn update(&self, _: &CallContext, _: UpdateRequest) -> Result<Object, ProviderError> {
        Err(refused())
    }

    async fn delete(&self, _: &CallContext, _: DeleteRequest) -> Result<(), ProviderError> {
        Err(refused())
    }

    async fn settle(
        &self,
        _: &CallContext,
        request: SettleRequest,
    ) -> Result<Settled, ProviderError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let passed = self.gate.acquire().await.expect("a gate that is never closed");
        drop(passed);
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        match request.intent.token.as_str() {
            "fails" => Err(ProviderError::ambiguous("Timeout", "Nobody answers.")),
            "crashes" => panic!("a bug of a provider"),
            _ => Ok(Settled::Absent),
        }
    }
}

/// `registry.terraform.io/hashicorp/gated`: every type is the same resource.
#[derive(Clone, Debug)]
struct GatedProvider(Arc<Gated>);

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(ProviderSchema::default);

impl Provider for GatedProvider {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("gated")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, _ty: &str) -> Option<&dyn Resource> {
        Some(self.0.as_ref())
    }
}

/// Counts connections; the configuration with the alias `down` has none.
#[derive(Debug)]
struct Connections {
    provider: Arc<GatedProvider>,
    host: Arc<dyn Host>,
    made: Mutex<BTreeMap<String, usize>>,
}

#[async_trait]
impl Clients for Connections {
    fn provider(&self, _addr: &ProviderConfigAddr) -> Result<Arc<dyn Provider>, ProviderError> {
        Ok(self.provider.clone())
    }

    async fn context(&self, addr: &ProviderConfigAddr) -> Result<CallContext, ProviderError> {
        let alias = addr.alias.clone().unwrap_or_default();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        *made.entry(alias.to_string()).or_default() += 1;
        if alias == "down" {
            return Err(ProviderError::rejected("Unreachable", "The provider is down."));
        }
        Ok(CallContext { client: Arc::new(()), host: self.host.clone() })
    }
}

/// A store with open creates, each with its token and its provider's alias.
struct Scene {
    store: Arc<MemoryStore>,
    gated: Arc<Gated>,
    connections: Arc<Connections>,
    settling: Settling,
}

impl Scene {
    fn new(parallelism: usize, intents: &[(&str, Option<&str>)]) -> Scene {
        let host: Arc<dyn Host> = Arc::new(CountingHost::new(1));
        let store = Arc::new(MemoryStore::new(host.clone()));
        let dead = begin(&store);
        let first = store.reserve_ops(intents.len() as u64).expect("operation ids");
        let entries: Vec<Entry> = (0u64..)
            .zip(intents)
            .map(|(at, (token, alias))| Entry::Intended {
                op: kprov_state::OpId(first.0 + at),
                object: parse_instance(&format!("gated_thing.n{at}")).expect("address").current(),
                action: ActionKind::Create,
                token: Str::from(*token),
                provider: ProviderConfigAddr {
                    module: kprov_core::ModulePath::root(),
                    provider: ProviderAddr::hashicorp("gated"),
                    alias: alias.map(Str::from),
                },
                planned: None,
                private: Vec::new(),
                adopt: None,
            })
            .collect();
        store.append("default", dead, AT, &entries).expect("a journal");
        let run = begin(&store);
        let gated = Arc::new(Gated::new());
        let provider = Arc::new(GatedProvider(gated.clone()));
        let made = Mutex::default();
        let connections =
            Arc::new(Connections { provider: provider.clone(), host: host.clone(), made });
        let settling = Settling {
            store: store.clone(),
            workspace: "default".to_owned(),
            run,
            registry: Registry::new().with(provider),
            clients: connections.clone(),
            parallelism,
            host,
        };
        Scene { store, gated, connections, settling }
    }

    fn state(&self) -> State {
        self.store.read("default").expect("a readable store")
    }

    /// Settles with all calls answered at once; gives addresses that were settled, and problems.
    fn settled(&self) -> (Vec<String>, Diagnostics) {
        self.gated.gate.add_permits(1);
        let state = self.state();
        let ended = settle_open(&self.settling, &state).now_or_never();
        let (settled, problems) = ended.expect("nothing to wait for");
        assert!(settled.iter().all(|it| it.how == HowSettled::Absent));
        (settled.iter().map(|it| it.address.to_string()).collect(), problems)
    }

    fn open(&self) -> Vec<String> {
        let address = |intent: &kprov_state::OpenIntent| match &intent.entry {
            Entry::Intended { object, .. } => object.to_string(),
            other => panic!("not an intent: {other:?}"),
        };
        self.state().open.iter().map(address).collect()
    }
}

fn begin(store: &MemoryStore) -> RunId {
    let started = Entry::RunStarted {
        command: "apply".to_owned(),
        plan_digest: String::new(),
        who: "test@here".to_owned(),
        pid: 1,
    };
    store.begin_run("default", started, AT).expect("a run")
}

#[test]
fn open_intents_are_settled_with_overlapping_calls() {
    let scene = Scene::new(3, &[("t", None); 5]);
    let state = scene.state();
    let asked = || scene.gated.asked.load(Ordering::SeqCst);
    {
        let mut settling = pin!(settle_open(&scene.settling, &state));
        assert!(settling.as_mut().now_or_never().is_none(), "nothing was waited for");
        assert_eq!(asked(), 3, "as many at once as are allowed, and no more");
        assert_eq!(scene.open().len(), 5, "nothing is recorded before it is known");
        scene.gated.gate.add_permits(1);
        let (settled, problems) = settling.now_or_never().expect("nothing more to wait for");
        assert!(problems.is_empty(), "{}", told(&problems));
        let order: Vec<String> = settled.iter().map(|it| it.address.to_string()).collect();
        assert_eq!(order, (0..5).map(|at| format!("gated_thing.n{at}")).collect::<Vec<_>>());
    }
    assert_eq!((asked(), scene.gated.most.load(Ordering::SeqCst)), (5, 3));
    assert!(scene.open().is_empty());
}

#[test]
fn one_that_fails_or_crashes_does_not_stop_the_others() {
    let intents = [("t", None), ("fails", None), ("t", None), ("crashes", None), ("t", None)];
    let scene = Scene::new(2, &intents);
    let (settled, problems) = scene.settled();
    assert_eq!(settled, ["gated_thing.n0", "gated_thing.n2", "gated_thing.n4"]);
    assert_eq!(scene.open(), ["gated_thing.n1", "gated_thing.n3"]);
    let text = told(&problems);
    assert_eq!(problems.iter().count(), 2, "{text}");
    assert!(text.contains("Nobody answers") && text.contains("bug in the provider"), "{text}");
}

#[test]
fn a_provider_is_connected_once_and_one_that_is_down_concerns_its_own_only() {
    let down = Some("down");
    let scene = Scene::new(4, &[("t", down), ("t", None), ("t", down), ("t", None)]);
    let (settled, problems) = scene.settled();
    assert_eq!(settled, ["gated_thing.n1", "gated_thing.n3"]);
    assert_eq!(scene.open(), ["gated_thing.n0", "gated_thing.n2"]);
    assert_eq!(problems.iter().count(), 2, "{}", told(&problems));
    let made = scene.connections.made.lock().expect("connections").clone();
    assert_eq!(made, [(String::new(), 1), ("down".to_owned(), 1)].into());
}
