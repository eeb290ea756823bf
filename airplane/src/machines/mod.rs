//! Machines behind instances: what the driver asks of the world and tells it, and what the control API says of them. What
//! shall run is decided in `world::machines`; `driver` runs it; `metadata` is what a machine can ask about itself.
mod document;
pub(crate) mod driver;
mod listener;
pub(crate) mod metadata;
mod process;

use crate::airplane::{Airplane, Inner};
use crate::world::machines::{self, Exit, Order, Process};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// What stands behind instances.
#[derive(Debug, Clone, Default)]
pub enum Machines {
    /// Nothing: they have states only.
    #[default]
    Hollow,
    /// Processes on loopback addresses of their own, for instances whose user data is for kprov's node.
    Process(Program),
    /// What the database remembers; nothing, if it does not.
    Remembered(Program),
}

/// What a machine runs: `PROGRAM ARGUMENTS.. node up -user-data FILE -directory DIR`.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program.
    pub program: PathBuf,
    /// Arguments before those that say what to do.
    pub arguments: Vec<String>,
    /// Where machines keep what is theirs, below their instance's id.
    pub directory: PathBuf,
    /// How long a machine may take to end, in real time, before it is killed.
    pub patience: Duration,
    /// Addresses begin at 127.77.BLOCK.1 and 127.78.BLOCK.1, so that two airplanes keep out of each other's way.
    pub block: u8,
}

impl Airplane {
    pub(crate) fn program(&self) -> Option<Program> {
        self.lock().program.clone()
    }

    /// The machines that shall run now, each with the number of its start, and all that there are.
    pub(crate) fn machines(&self) -> (BTreeMap<String, u64>, BTreeSet<String>) {
        let mut inner = self.lock();
        // What cannot be written now is still dirty and is told to the next request.
        let _ = inner.catch_up();
        let all = inner.world.root.machines.ids();
        (machines::wanted(&inner.world), all.into_iter().collect())
    }

    /// Somebody is about to start a machine.
    pub(crate) fn claim(&self, instance: &str, run: u64) -> Option<Order> {
        let mut inner = self.lock();
        let order = machines::claim(&mut inner.world, instance, run);
        let _ = inner.catch_up();
        order
    }

    /// A machine's process runs.
    pub(crate) fn machine_started(&self, order: &Order, pid: u32) {
        let mut inner = self.lock();
        machines::started(&mut inner.world, &order.instance, order.run, pid);
        let _ = inner.catch_up();
    }

    /// A machine's process is gone, by itself if `exit` says how.
    pub(crate) fn machine_ended(&self, order: &Order, exit: Option<Exit>) {
        let mut inner = self.lock();
        machines::ended(&mut inner.world, &order.instance, order.run, exit);
        let _ = inner.catch_up();
    }

    /// What stands at the end of a machine's log.
    pub(crate) fn console(&self, instance: &str, tail: Vec<u8>) {
        self.lock().world.consoles.insert(instance.to_owned(), tail);
    }

    /// Tells who listens to it.
    pub(crate) fn say(&self, text: &str) {
        self.lock().say(text);
    }
}

impl Program {
    /// The directory of a machine.
    pub(crate) fn directory_of(&self, instance: &str) -> PathBuf {
        self.directory.join(instance)
    }

    /// Its log, which stays when the machine is gone.
    pub(crate) fn log_of(&self, instance: &str) -> PathBuf {
        self.directory.join(format!("{instance}.log"))
    }
}

/// `GET /_airplane/machines`.
pub(crate) fn list(inner: &Inner) -> Value {
    let Some(program) = &inner.program else { return json!([]) };
    let shown = inner.world.root.machines.iter().map(|(id, machine)| {
        let (state, pid, exit) = match &machine.process {
            Process::Waiting => ("waiting", None, None),
            Process::Starting => ("starting", None, None),
            Process::Running { pid } => ("running", Some(pid), None),
            Process::Ended(exit) => ("ended", None, Some(exit)),
        };
        json!({
            "account": machine.account, "region": machine.region, "instance": id, "vpc": machine.vpc,
            "instance_state": machines::instance_state(&inner.world, id, machine),
            "private_address": machine.private, "address": machine.address, "starts": machine.run,
            "state": state, "pid": pid, "exit": exit, "log": program.log_of(id),
            "directory": program.directory_of(id),
        })
    });
    shown.collect()
}

/// `GET /_airplane/addresses`.
pub(crate) fn addresses(inner: &Inner) -> Value {
    json!(machines::addresses(&inner.world))
}
