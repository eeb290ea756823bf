//! [`Bench`]: plays the shell in virtual time, one effect after the other, and can die before each.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::FutureExt as _;
use kprov_core::{
    Host, InstanceAddr, InstanceKey, ModuleAddr, ModulePath, ProviderConfigAddr, ResourceMode,
    ResourceName,
};
use kprov_provider::rotation::GroupRef;
use kprov_provider::{ProviderError, Registry};
use kprov_rotation::settings::{ApiServer, Secret, Settings};
use kprov_rotation::world::Kind;
use kprov_rotation::{GroupId, OperatorId, Seconds, TemplateId, Version};
use kprov_state::{Entry, LogFilter, MemoryStore, RunId, Store};

use super::provider::{Cloud, Connected, Sky, address};
use crate::ProgressEvent;
use crate::rotation::carry::{carry_out, keep_waiting};
use crate::rotation::core::{Core, Effect, Event, LOCK_LIFE, Look, Order};
use crate::rotation::observe::{Observer, Site};

pub(super) const CLUSTER: &str = "prod";
const START: Seconds = 1_000_000;

/// Its clock is moved by hand.
#[derive(Debug)]
pub(super) struct Clock {
    now: AtomicU64,
    drawn: AtomicU64,
}

impl Host for Clock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.now.load(Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.now.load(Ordering::Relaxed) - START)
    }

    fn random(&self, buffer: &mut [u8]) {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        buffer
            .iter_mut()
            .zip(drawn.to_le_bytes().iter().cycle())
            .for_each(|(to, from)| *to = *from);
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }
}

/// How a run ended.
#[derive(Debug)]
pub(super) enum Ended {
    Answered(BTreeMap<GroupId, Result<(), ProviderError>>),
    /// It was killed, at this effect.
    Died(String),
}

impl Ended {
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Ended::Answered(answers) if answers.values().all(Result::is_ok))
    }

    /// The first error.
    pub(super) fn error(&self) -> String {
        match self {
            Ended::Answered(answers) => {
                answers.values().find_map(|answer| answer.as_ref().err()).unwrap().to_string()
            }
            Ended::Died(effect) => panic!("died at {effect}"),
        }
    }
}

/// When a run dies.
#[derive(Clone, Copy, Debug)]
pub(super) enum Death {
    Never,
    Before(usize),
}

type Script<'s> = &'s mut dyn FnMut(Seconds, &Bench) -> Option<Event>;

pub(super) struct Bench {
    pub(super) sky: Sky,
    pub(super) store: MemoryStore,
    pub(super) clock: Arc<Clock>,
    pub(super) told: Vec<ProgressEvent>,
    pub(super) sites: Vec<Site>,
    run: RunId,
    runs: u32,
}

pub(super) fn settings(kind: Kind) -> Settings {
    Settings {
        role: kind,
        cluster: Some(CLUSTER.into()),
        kubeconfig: Some(Secret::new("server: here")),
        kubernetes_version: Some(Version::minor(36)),
        api_server: (kind == Kind::Master).then(|| ApiServer {
            goaway_millionths: 1000,
            shutdown_delay: 60,
            names: Default::default(),
        }),
        ..Settings::default()
    }
}

pub(super) fn site(id: &str, settings: Settings) -> Site {
    let resource =
        ResourceName { mode: ResourceMode::Managed, ty: "group".into(), name: id.into() };
    Site {
        address: InstanceAddr { module: ModuleAddr::root(), resource, key: InstanceKey::None },
        provider: ProviderConfigAddr {
            module: ModulePath::root(),
            provider: address(),
            alias: None,
        },
        group: GroupRef { id: GroupId::new(id), template: Some(TemplateId::new("new")) },
        settings: Some(settings),
    }
}

impl Bench {
    /// Three masters and two workers, all of the old template, and the new one is wanted.
    pub(super) fn new() -> Bench {
        let sky = Sky::default();
        {
            let mut truth = sky.truth();
            truth.now = START - 100_000;
            truth.group("masters", Kind::Master, 3);
            truth.group("workers", Kind::Worker, 2);
            truth.now = START;
        }
        let clock = Arc::new(Clock { now: AtomicU64::new(START), drawn: AtomicU64::new(1) });
        let store = MemoryStore::new(clock.clone());
        let run = begin(&store);
        let sites =
            vec![site("masters", settings(Kind::Master)), site("workers", settings(Kind::Worker))];
        Bench { sky, store, clock, told: Vec::new(), sites, run, runs: 0 }
    }

    pub(super) fn now(&self) -> Seconds {
        self.clock.now.load(Ordering::Relaxed)
    }

    pub(super) fn pass(&self, seconds: Seconds) {
        self.clock.now.fetch_add(seconds, Ordering::Relaxed);
        self.sky.truth().pass(seconds);
    }

    /// The process is gone: what is durable stays.
    pub(super) fn restart(&mut self) {
        self.store = self.store.clone_durable();
        self.run = begin(&self.store);
    }

    /// A run begins in a store that was put in its place.
    pub(super) fn begin(&mut self) {
        self.run = begin(&self.store);
    }

    /// Its groups that are registered: all.
    pub(super) fn orders(&self) -> Vec<Order> {
        let order = |site: &Site| Order {
            target: site.group.template.clone().unwrap(),
            before: Some(TemplateId::new("old")),
            named: Vec::new(),
            site: site.clone(),
        };
        self.sites.iter().map(order).collect()
    }

    pub(super) fn rotate(&mut self) -> Ended {
        let orders = self.orders();
        self.drive(orders, Death::Never, &mut |_, _| None)
    }

    /// One run, to its end or its death. `script` is asked whenever time has passed.
    pub(super) fn drive(&mut self, orders: Vec<Order>, death: Death, script: Script<'_>) -> Ended {
        self.runs += 1;
        let host: Arc<dyn Host> = self.clock.clone();
        let code = Cloud::over(&self.sky);
        let clients = Arc::new(Connected(code.clone(), host.clone()));
        let observer = Observer::new(clients, Registry::new().with(code), host.clone());
        let operator = OperatorId::new(&format!("run-{}", self.runs));
        let stored = self.store.rotations("default").unwrap();
        let stored = stored.into_iter().find(|record| record.cluster == CLUSTER);
        let every = Duration::from_secs(2);
        let mut core = Core::new(CLUSTER, operator, host, every, self.sites.clone(), stored);
        let mut effects = Vec::new();
        let wanted = orders.len();
        for order in orders {
            core.handle(Event::Registered(Box::new(order)), &mut effects);
        }
        let mut effects: VecDeque<Effect> = effects.into();
        let mut answers = BTreeMap::new();
        let mut count = 0;
        for _ in 0..200_000 {
            let Some(effect) = effects.pop_front() else {
                if answers.len() == wanted {
                    return Ended::Answered(answers);
                }
                panic!("nothing is asked for, and not all are answered: {answers:?}");
            };
            let name = format!("{effect:?}").chars().take(120).collect::<String>();
            let counts = !matches!(effect, Effect::Report(_) | Effect::Sleep(_));
            count += usize::from(counts);
            if counts && matches!(death, Death::Before(at) if at == count) {
                return Ended::Died(format!("before {name}"));
            }
            let mut news = Vec::new();
            match effect {
                Effect::Sleep(length) => {
                    self.pass(length.as_secs());
                    if let Some(event) = script(self.now(), self) {
                        core.handle(event, &mut news);
                    }
                    core.handle(Event::Due, &mut news);
                }
                Effect::Append(write) => {
                    let at = self.now().to_string();
                    let (entries, change) = (&write.entries, &write.change);
                    let stored =
                        self.store.append_rotation("default", self.run, &at, entries, change);
                    if let Err(error) = stored {
                        effects.clear();
                        core.handle(Event::AppendFailed(error.to_string()), &mut news);
                    }
                }
                Effect::Report(event) => self.told.push(event),
                Effect::Answer(group, answer) => {
                    let former = answers.insert(group, answer);
                    assert!(former.is_none(), "answered twice");
                }
                effect => self.perform(effect, &observer, &mut core, &mut news),
            }
            effects.extend(news);
        }
        panic!("no end");
    }

    fn perform(
        &self,
        effect: Effect,
        observer: &Observer,
        core: &mut Core,
        news: &mut Vec<Effect>,
    ) {
        match effect {
            Effect::Look { lock } => {
                let observed = observer.observe(core.sites()).now_or_never().unwrap();
                let mut truth = self.sky.truth();
                let now = truth.now;
                let lock = lock.map(|operator| {
                    truth.answers()?;
                    Ok(truth.take_lock(&operator, now, now + LOCK_LIFE))
                });
                drop(truth);
                let words = self.store.words("default").unwrap();
                let look = Look { observed, lock, words };
                core.handle(Event::Looked(Box::new(look)), news);
            }
            Effect::Call(order) => {
                let answer = carry_out(observer, &order).now_or_never().unwrap();
                let token = order.token.clone();
                core.handle(Event::Answered { token, answer }, news);
            }
            Effect::Keep(site, members) => {
                keep_waiting(observer, &site, &members).now_or_never().unwrap().unwrap();
            }
            Effect::Unlock(operator) => {
                let mut truth = self.sky.truth();
                if truth.lock.as_ref().is_some_and(|lock| lock.holder == operator) {
                    truth.lock = None;
                }
            }
            Effect::Append(_) | Effect::Report(_) | Effect::Answer(..) | Effect::Sleep(_) => {}
        }
    }

    /// All is as it is wanted, nothing was wrong on the way, nothing was done twice, and the journal says all of it.
    pub(super) fn check(&self, launched: u32) {
        let truth = self.sky.truth();
        assert_eq!(truth.wrongs, Vec::<String>::new());
        for (id, group) in &truth.groups {
            let live =
                truth.machines.iter().filter(|of| of.member.group == *id && !of.member.going());
            let templates: Vec<&str> = live.map(|of| of.member.template.as_str()).collect();
            assert_eq!(templates, vec!["new"; group.desired as usize], "{id}");
            assert!(group.suspended.is_empty() && !group.protected, "{id} was not given back");
            assert_eq!((group.template.as_str(), group.max), ("new", group.desired), "{id}");
        }
        assert!(truth.etcd.iter().all(|of| of.healthy) && truth.etcd.len() == 3);
        assert_eq!(truth.launched, launched, "machines were launched");
        assert!(truth.lock.is_none(), "the lock was not given back");
        let left = truth.machines.iter().filter(|of| of.member.going() && of.node.is_some());
        assert_eq!(left.count(), 0, "nodes of machines that are gone are left");
        drop(truth);
        self.check_journal();
    }

    /// Each step that was started has ended once, and was called by one token.
    pub(super) fn check_journal(&self) {
        let journal = self.store.journal("default", LogFilter::default()).unwrap();
        let (mut started, mut done) = (BTreeMap::new(), BTreeMap::new());
        for stored in &journal {
            match &stored.entry {
                Entry::StepStarted { token, step, .. } => {
                    let former = started.insert(token.clone(), step.get().to_owned());
                    assert!(former.is_none(), "{token} was started twice");
                }
                Entry::StepDone { token, how, .. } => {
                    assert!(started.contains_key(token), "{token} ended and was never started");
                    let former = done.insert(token.clone(), *how);
                    assert!(former.is_none(), "{token} ended twice");
                }
                _ => {}
            }
        }
        for (token, step) in &started {
            assert!(done.contains_key(token), "{token} ({step}) has not ended");
        }
        let truth = self.sky.truth();
        for (token, step) in &truth.calls {
            let told =
                started.get(token).unwrap_or_else(|| panic!("{step} was called and not journaled"));
            assert_eq!(*told, serde_json::to_string(step).unwrap());
        }
        assert_eq!(self.store.fsck().unwrap(), Vec::<String>::new());
    }
}

fn begin(store: &MemoryStore) -> RunId {
    let started = Entry::RunStarted {
        command: "apply".to_owned(),
        plan_digest: String::new(),
        who: "me".to_owned(),
        pid: 1,
    };
    store.begin_run("default", started, "now").unwrap()
}
