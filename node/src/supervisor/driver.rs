//! Does what the machine says: spawns, signals, probes; tells it what happened. One task owns all of it.

use std::collections::BTreeMap;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::machine::{Event, Machine, Manner, Order};
use super::{Component, State, View, ports, probe, process, reaper};
use crate::layout::Layout;

const TICK: Duration = Duration::from_millis(100);

enum Command {
    Want(Box<Component>, oneshot::Sender<()>),
    Unwant(Vec<String>, oneshot::Sender<()>),
    Restart(String, oneshot::Sender<()>),
}

/// The hold on the supervisor's task.
#[derive(Clone, Debug)]
pub(crate) struct Supervisor {
    commands: mpsc::Sender<Command>,
    views: watch::Receiver<Vec<View>>,
}

/// A process that does not run just now. See [`Supervisor::pause`].
#[derive(Debug)]
pub(crate) struct Paused(Option<u32>);

impl Drop for Paused {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            process::signal(pid, Signal::CONT);
        }
    }
}

struct Driver {
    layout: Layout,
    began: Instant,
    machine: Machine,
    components: BTreeMap<String, Component>,
    events: mpsc::Sender<(String, Event)>,
    views: watch::Sender<Vec<View>>,
    /// Held, not used: see there.
    _reaper: Option<tokio::process::Child>,
}

impl Supervisor {
    pub(crate) fn start(layout: &Layout) -> Supervisor {
        let (commands, told) = mpsc::channel(16);
        let (events, happened) = mpsc::channel(64);
        let (views, seen) = watch::channel(Vec::new());
        let driver = Driver {
            layout: layout.clone(),
            began: Instant::now(),
            machine: Machine::default(),
            components: BTreeMap::new(),
            events,
            views,
            _reaper: reaper::start(layout),
        };
        tokio::spawn(driver.run(told, happened));
        Supervisor { commands, views: seen }
    }

    async fn tell(&self, command: impl FnOnce(oneshot::Sender<()>) -> Command) {
        let (done, heard) = oneshot::channel();
        if self.commands.send(command(done)).await.is_ok() {
            let _ = heard.await;
        }
    }

    /// It is to run like this. What runs like this already goes on.
    pub(crate) async fn want(&self, component: Component) {
        self.tell(|done| Command::Want(Box::new(component), done)).await;
    }

    /// Stops these and waits until they ended.
    pub(crate) async fn stop(&self, names: &[&str]) {
        let owned = names.iter().map(|name| (*name).to_owned()).collect();
        self.tell(|done| Command::Unwant(owned, done)).await;
        self.until(|views| {
            views
                .iter()
                .all(|view| !names.contains(&view.name.as_str()) || view.state == State::Down)
        })
        .await;
    }

    /// Stops and starts one, and waits until it is ready again.
    pub(crate) async fn restart(&self, name: &str) {
        self.tell(|done| Command::Restart(name.to_owned(), done)).await;
        self.ready(name).await;
    }

    /// Waits until one is ready.
    pub(crate) async fn ready(&self, name: &str) {
        self.until(|views| {
            views.iter().any(|view| view.name == name && view.state == State::Ready)
        })
        .await;
    }

    pub(super) async fn until(&self, holds: impl FnMut(&Vec<View>) -> bool) {
        // The task ends with the program only.
        let _ = self.views.clone().wait_for(holds).await;
    }

    /// Keeps one from running, if it runs, until the value is dropped. Whoever asks it waits.
    pub(crate) fn pause(&self, name: &str) -> Paused {
        let pid = self.view(name).and_then(|view| view.pid);
        if let Some(pid) = pid {
            process::signal(pid, Signal::STOP);
        }
        Paused(pid)
    }

    pub(crate) fn views(&self) -> Vec<View> {
        self.views.borrow().clone()
    }

    pub(crate) fn view(&self, name: &str) -> Option<View> {
        self.views.borrow().iter().find(|view| view.name == name).cloned()
    }
}

impl Driver {
    async fn run(
        mut self,
        mut told: mpsc::Receiver<Command>,
        mut happened: mpsc::Receiver<(String, Event)>,
    ) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let orders = tokio::select! {
                command = told.recv() => match command {
                    Some(command) => self.command(command),
                    None => return,
                },
                Some((name, event)) = happened.recv() => {
                    let now = self.now();
                    self.machine.happened(&name, event, now)
                }
                _ = tick.tick() => Vec::new(),
            };
            self.carry_out(orders);
            let now = self.now();
            let due = self.machine.due(now);
            self.carry_out(due);
            let views = self.machine.views();
            self.views.send_if_modified(|old| {
                let differ = *old != views;
                *old = views;
                differ
            });
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn command(&mut self, command: Command) -> Vec<Order> {
        let now = self.now();
        match command {
            Command::Want(component, done) => {
                let name = component.name.clone();
                let manner = Manner {
                    needs: component.needs.clone(),
                    grace: component.grace,
                    hung_after: component.hung_after,
                };
                let old = self.components.insert(name.clone(), *component.clone());
                let changed = old.is_some_and(|old| old.invocation != component.invocation);
                let orders = self.machine.want(&name, manner, changed, now);
                let _ = done.send(());
                orders
            }
            Command::Unwant(names, done) => {
                let orders = names.iter().flat_map(|name| self.machine.unwant(name, now)).collect();
                self.views.send_replace(self.machine.views());
                let _ = done.send(());
                orders
            }
            Command::Restart(name, done) => {
                let orders = self.machine.restart(&name, now);
                self.views.send_replace(self.machine.views());
                let _ = done.send(());
                orders
            }
        }
    }

    fn carry_out(&mut self, orders: Vec<Order>) {
        for order in orders {
            match order {
                Order::Spawn(name) => {
                    let event = self.spawn(&name);
                    let now = self.now();
                    let further = self.machine.happened(&name, event, now);
                    self.carry_out(further);
                }
                Order::Terminate(_, pid) => process::signal(pid, Signal::TERM),
                Order::Kill(_, pid) => process::signal(pid, Signal::KILL),
                Order::Probe(name) => self.probe(name),
            }
        }
    }

    fn spawn(&self, name: &str) -> Event {
        let Some(component) = self.components.get(name) else {
            return Event::SpawnFailed("nothing is known".into());
        };
        if let Some(trouble) = component.listens.iter().find_map(|address| ports::trouble(*address))
        {
            return Event::SpawnFailed(trouble);
        }
        match process::spawn(name, &component.invocation, &self.layout) {
            Ok(process) => {
                let pid = process.pid();
                let (events, name) = (self.events.clone(), name.to_owned());
                tokio::spawn(async move {
                    let how = process.ended().await;
                    let _ = events.send((name, Event::Exited(how))).await;
                });
                Event::Spawned(pid)
            }
            Err(why) => Event::SpawnFailed(why),
        }
    }

    fn probe(&self, name: String) {
        let Some(component) = self.components.get(&name) else { return };
        let (events, asked) = (self.events.clone(), component.probe.clone());
        tokio::spawn(async move {
            let found = probe::ask(&asked).await;
            let _ = events.send((name, Event::Probed(found))).await;
        });
    }
}
