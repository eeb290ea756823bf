//! Makes of machines what the world says: starts processes, ends them, tells what became of them, and clears up behind them.
//! It decides nothing. Processes live in real time, whatever airplane's clock does.
use super::process::{self, Endpoints};
use super::{Program, listener};
use crate::airplane::Airplane;
use crate::world::machines::{Exit, Order};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often it looks what shall run.
const TICK: Duration = Duration::from_millis(50);
/// After so many looks it reads the logs.
const LOGS_EVERY: u32 = 10;
/// EC2 shows so much of a console.
const CONSOLE: u64 = 64 << 10;

/// A machine that is being run, or what was left of one that is being ended.
struct Slot {
    run: u64,
    end: watch::Sender<bool>,
}

struct Driver {
    airplane: Arc<Airplane>,
    program: Program,
    endpoint: SocketAddr,
    slots: BTreeMap<String, Slot>,
    tasks: JoinSet<String>,
    /// Machines that have a directory.
    directories: BTreeSet<String>,
    /// How long the logs were when they were read.
    logs: HashMap<String, u64>,
    looks: u32,
}

/// Works until the server stops, and ends all machines then.
pub(crate) async fn run(
    airplane: Arc<Airplane>,
    endpoint: SocketAddr,
    mut stopped: watch::Receiver<bool>,
) {
    let Some(program) = airplane.program() else { return };
    let mut driver = Driver {
        airplane,
        program,
        endpoint,
        slots: BTreeMap::new(),
        tasks: JoinSet::new(),
        directories: BTreeSet::new(),
        logs: HashMap::new(),
        looks: 0,
    };
    driver.find_orphans();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            _ = tick.tick() => driver.look(),
            Some(Ok(instance)) = driver.tasks.join_next() => {
                driver.slots.remove(&instance);
            }
        }
    }
    for slot in driver.slots.values() {
        let _ = slot.end.send(true);
    }
    while driver.tasks.join_next().await.is_some() {}
}

impl Driver {
    // What an airplane that was killed left behind ends before anything of the same machine begins.
    fn find_orphans(&mut self) {
        for instance in process::directories(&self.program) {
            let (program, id) = (self.program.clone(), instance.clone());
            self.tasks.spawn(async move {
                process::end_orphan(&program, &id).await;
                id
            });
            self.directories.insert(instance.clone());
            self.slots.insert(instance, Slot { run: 0, end: watch::channel(false).0 });
        }
    }

    fn look(&mut self) {
        let (wanted, known) = self.airplane.machines();
        for (instance, slot) in &self.slots {
            if wanted.get(instance) != Some(&slot.run) {
                // Whoever is ending already hears nothing new.
                slot.end.send_if_modified(|end| !std::mem::replace(end, true));
            }
        }
        for (instance, run) in wanted {
            if !self.slots.contains_key(&instance)
                && let Some(order) = self.airplane.claim(&instance, run)
            {
                self.start(order);
            }
        }
        self.clear_up(&known);
        self.looks = self.looks.wrapping_add(1);
        if self.looks.is_multiple_of(LOGS_EVERY) {
            self.read_logs(&known);
        }
    }

    fn start(&mut self, order: Order) {
        let (end, ending) = watch::channel(false);
        self.directories.insert(order.instance.clone());
        self.slots.insert(order.instance.clone(), Slot { run: order.run, end });
        let (airplane, program) = (self.airplane.clone(), self.program.clone());
        let endpoint = self.endpoint;
        self.tasks.spawn(async move {
            let exit = machine(&airplane, &program, endpoint, &order, ending).await;
            if let Some((_, text)) = tail(&program, &order.instance, None) {
                airplane.console(&order.instance, text);
            }
            airplane.machine_ended(&order, exit);
            order.instance
        });
    }

    // Directories of machines that are no more go; their logs stay.
    fn clear_up(&mut self, known: &BTreeSet<String>) {
        let slots = &self.slots;
        let gone = |id: &&String| !known.contains(*id) && !slots.contains_key(*id);
        for instance in self.directories.iter().filter(gone).cloned().collect::<Vec<_>>() {
            self.directories.remove(&instance);
            let directory = self.program.directory_of(&instance);
            if let Err(error) = std::fs::remove_dir_all(&directory)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                let path = directory.display();
                self.airplane
                    .say(&format!("the directory {path} of a machine that is gone stays: {error}"));
            }
        }
    }

    fn read_logs(&mut self, known: &BTreeSet<String>) {
        for instance in known {
            if let Some((length, tail)) = tail(&self.program, instance, self.logs.get(instance)) {
                self.logs.insert(instance.clone(), length);
                self.airplane.console(instance, tail);
            }
        }
    }
}

// The end of a log that has grown since.
fn tail(program: &Program, instance: &str, before: Option<&u64>) -> Option<(u64, Vec<u8>)> {
    let mut file = std::fs::File::open(program.log_of(instance)).ok()?;
    let length = file.metadata().ok()?.len();
    if before == Some(&length) {
        return None;
    }
    file.seek(SeekFrom::Start(length.saturating_sub(CONSOLE))).ok()?;
    let mut text = Vec::new();
    file.take(CONSOLE).read_to_end(&mut text).ok()?;
    Some((length, text))
}

// The life of a machine. How it ended, if it did so by itself.
async fn machine(
    airplane: &Arc<Airplane>,
    program: &Program,
    endpoint: SocketAddr,
    order: &Order,
    mut ending: watch::Receiver<bool>,
) -> Option<Exit> {
    let failed = |what: String| {
        let text = format!("airplane: {} does not start: {what}", order.instance);
        airplane.say(&text);
        if let Ok(mut log) = process::open_log(program, &order.instance) {
            let _ = writeln!(log, "{text}");
        }
        Some(Exit { code: None, signal: None })
    };
    let listener = match TcpListener::bind((order.address, 0)).await {
        Ok(listener) => listener,
        Err(error) => return failed(unreachable(order, &error)),
    };
    let Ok(metadata) = listener.local_addr() else { return failed("it has no port".to_owned()) };
    let mut serving = JoinSet::new();
    serving.spawn(listener::serve(airplane.clone(), order.instance.clone(), listener));
    let at = Endpoints { airplane: endpoint, metadata };
    let mut child = match process::start(program, order, &at) {
        Ok(child) => child,
        Err(error) => return failed(format!("{}: {error}", program.program.display())),
    };
    let leader = child.id().unwrap_or_default();
    airplane.machine_started(order, leader);
    let exit = tokio::select! {
        status = child.wait() => {
            // What it started does not outlive it.
            process::signal(leader, rustix::process::Signal::KILL);
            Some(status.map_or(Exit { code: None, signal: None }, process::exit))
        }
        () = told(&mut ending) => None,
    };
    if exit.is_none() {
        process::end(&mut child, leader, program.patience).await;
    }
    process::take_note_away(&program.directory_of(&order.instance));
    exit
}

// Waits until the machine shall end.
async fn told(ending: &mut watch::Receiver<bool>) {
    // A driver that is gone ends its machines, too.
    let _ = ending.wait_for(|end| *end).await;
}

fn unreachable(order: &Order, error: &std::io::Error) -> String {
    format!(
        "its address {} cannot be had ({error}). Linux has all of 127.0.0.0/8 on loopback; elsewhere an address is added \
         first, on macOS by \"sudo ifconfig lo0 alias {}\"",
        order.address, order.address
    )
}
