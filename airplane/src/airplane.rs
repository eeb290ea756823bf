//! The whole of airplane behind one lock: time goes on, a request runs, what changed is committed, the answer is given.
use crate::around::throttle::Throttling;
use crate::around::{Around, Incoming, Outgoing};
use crate::control;
use crate::machines::{Machines, Program, metadata};
use crate::wire::fault::Fault;
use crate::wire::model::model;
use crate::wire::{request, respond};
use crate::world::clock::{Clock, ClockKind};
use crate::world::store::Store;
use crate::world::{World, machines, timing};
use bytes::Bytes;
use http::{Request, Response};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How an airplane starts.
#[derive(Debug, Clone)]
pub struct Config {
    /// Ids and chances come from it.
    pub seed: u64,
    /// What time runs on.
    pub clock: ClockKind,
    /// Where the world persists; in memory only, if absent.
    pub database: Option<PathBuf>,
    /// Upper bound, in milliseconds, until describes see a new object.
    pub visibility_millis: i64,
    /// How calls are throttled; by default generously, and not at all under a stepped clock.
    pub throttling: Option<Throttling>,
    /// Fault rules as JSON: a list of rules.
    pub faults: Option<String>,
    /// What stands behind instances.
    pub machines: Machines,
    /// Who hears what people should know: ports that cannot be had, machines that do not start.
    pub log: fn(&str),
}

impl Default for Config {
    fn default() -> Self {
        Config {
            seed: 0,
            clock: ClockKind::Real,
            database: None,
            visibility_millis: timing::VISIBILITY,
            throttling: None,
            faults: None,
            machines: Machines::Hollow,
            log: |_| (),
        }
    }
}

/// Why an airplane does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be used.
    #[error(
        "cannot use {path} as airplane's database: {source}. Move it away to start with an empty world"
    )]
    Database {
        /// The file.
        path: String,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The fault rules do not parse.
    #[error(
        "the fault rules are not valid: {0}. They are a JSON list of rules, each with an \"effect\""
    )]
    Faults(serde_json::Error),
}

/// How an answer reaches the client; stands in the extensions of every response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivery {
    /// Wait so long before it is sent.
    pub delay_millis: u64,
    /// The client gets no answer at all: the connection ends.
    pub lost: bool,
}

pub(crate) struct Inner {
    pub(crate) world: World,
    pub(crate) around: Around,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    /// How many connections each listener of a load balancer took.
    pub(crate) turns: HashMap<String, usize>,
    /// What machines are, where they are processes.
    pub(crate) program: Option<Program>,
    pub(crate) metadata: metadata::Sessions,
    log: fn(&str),
}

/// A strict AWS.
pub struct Airplane {
    inner: Mutex<Inner>,
}

impl Airplane {
    /// Starts, with the world that the database holds.
    pub fn new(config: Config) -> Result<Self, StartError> {
        let mut world = World::new(config.seed, config.visibility_millis.max(0));
        let mut store = Store::memory();
        let mut saved = None;
        if let Some(path) = &config.database {
            let failed = |source| StartError::Database { path: path.display().to_string(), source };
            store = Store::open(path).map_err(failed)?;
            saved = store.load(&mut world).map_err(failed)?;
        }
        let clock = Clock::new(config.clock, saved);
        world.now = clock.now();
        let program = remembered(&mut store, config.machines).map_err(|source| {
            let path = config.database.iter().map(|path| path.display().to_string()).collect();
            StartError::Database { path, source }
        })?;
        world.loopback = program.as_ref().map(|program| program.block);
        machines::begin_anew(&mut world);
        let throttling = config.throttling.unwrap_or(match config.clock {
            ClockKind::Stepped => Throttling::Off,
            ClockKind::Real | ClockKind::Scaled(_) => Throttling::Generous,
        });
        let mut around = Around::new(throttling);
        if let Some(text) = &config.faults {
            around.rules = serde_json::from_str(text).map_err(StartError::Faults)?;
        }
        Ok(Airplane {
            inner: Mutex::new(Inner {
                world,
                around,
                clock,
                store,
                turns: HashMap::new(),
                program,
                metadata: metadata::Sessions::default(),
                log: config.log,
            }),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic inside an action left changes that were not committed: they are taken back by the next request.
        self.inner.lock().unwrap_or_else(|poisoned: PoisonError<_>| {
            self.inner.clear_poison();
            let mut inner = poisoned.into_inner();
            inner.world.rollback();
            inner
        })
    }

    /// Lets due events happen. A server calls it now and then, so that time goes on between requests too.
    pub fn tick(&self) {
        // What cannot be written now is still dirty and is told to the next request.
        let _ = self.lock().catch_up();
    }

    /// Moves the clock forward by milliseconds and lets what is due happen.
    pub fn advance(&self, millis: i64) {
        let mut inner = self.lock();
        inner.clock.advance(millis);
        let _ = inner.catch_up();
    }

    /// The world's time in epoch milliseconds.
    pub fn now(&self) -> i64 {
        self.lock().clock.now()
    }

    /// Every object as JSON; what AWS makes by itself has `"implicit": true`.
    pub fn dump(&self) -> serde_json::Value {
        let mut inner = self.lock();
        let _ = inner.catch_up();
        inner.world.dump()
    }

    /// Runs a call that needs no parsing.
    #[cfg(test)]
    pub(crate) fn run(&self, incoming: Incoming) -> Outgoing {
        let mut inner = self.lock();
        let caught_up = inner.catch_up();
        inner.perform(incoming, caught_up)
    }

    /// Answers a request of an AWS client or of the control API.
    pub fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let mut inner = self.lock();
        let mut response = match request.uri().path().starts_with(control::PREFIX) {
            true => control::handle(&mut inner, &request),
            false => inner.aws(&request),
        };
        response.extensions_mut().get_or_insert_default::<Delivery>();
        response
    }
}

// What machines are: as the configuration says, or as the database remembers.
fn remembered(store: &mut Store, machines: Machines) -> Result<Option<Program>, rusqlite::Error> {
    let program = match machines {
        Machines::Hollow => None,
        Machines::Process(program) => Some(program),
        Machines::Remembered(program) => Some(program)
            .filter(|_| matches!(store.machines(), Ok(Some(known)) if known == "process")),
    };
    store.save_machines(if program.is_some() { "process" } else { "hollow" })?;
    Ok(program)
}

impl Inner {
    /// Tells who listens to it.
    pub(crate) fn say(&self, text: &str) {
        (self.log)(text);
    }

    /// Brings the world to the clock's time and commits.
    pub(crate) fn catch_up(&mut self) -> Result<(), rusqlite::Error> {
        self.world.advance(self.clock.now());
        self.store.commit(&mut self.world)
    }

    // Runs a call, and commits or rolls back.
    fn perform(&mut self, incoming: Incoming, caught_up: Result<(), rusqlite::Error>) -> Outgoing {
        let mut out = self.around.run(&mut self.world, incoming);
        if out.result.is_err() {
            self.world.rollback();
        }
        if let Err(e) = caught_up.and_then(|()| self.store.commit(&mut self.world)) {
            let message = format!("airplane could not write its database: {e}");
            self.world.rollback();
            out.result = Err(Fault::new("InternalError", message).status(500));
        }
        out
    }

    fn aws(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let head = request.method() == http::Method::HEAD;
        let caught_up = self.catch_up();
        let request_id = self.world.ids.uuid();
        let parsed = match request::parse(request) {
            Ok(parsed) => parsed,
            Err(unknown) => {
                self.around.record_unknown(&self.world, &unknown, &request_id);
                return respond::failure(unknown.service, None, &unknown.fault, &request_id, head);
            }
        };
        let service = parsed.service;
        let op = model(service).operations.get(&parsed.action);
        let host = request
            .headers()
            .get("host")
            .and_then(|h| h.to_str().ok())
            .unwrap_or("localhost")
            .to_owned();
        let incoming = Incoming {
            service,
            action: parsed.action.clone(),
            input: parsed.input,
            scope: parsed.scope,
            host,
            request_id: request_id.clone(),
        };
        let out = self.perform(incoming, caught_up);
        let mut response = match (&out.result, op) {
            (Ok(output), Some(op)) => respond::success(service, op, output, &request_id),
            (Err(fault), op) => respond::failure(Some(service), op, fault, &request_id, head),
            (Ok(_), None) => Response::new(Bytes::new()),
        };
        let delay_millis = u64::try_from(out.delay).unwrap_or_default();
        response.extensions_mut().insert(Delivery { delay_millis, lost: out.lost.is_some() });
        response
    }
}
