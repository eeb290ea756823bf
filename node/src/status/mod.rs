//! What a node tells about itself: `/status` and `/readyz` on its own loopback address, and `status.json` in its directory.

mod server;
mod standing;

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::certificates::Held;
use crate::layout::Layout;
use crate::membership::Place;
use crate::problem::Problem;
use crate::rotation::{Answer, ApiView, EtcdView};
use crate::snapshots::Known;
use crate::supervisor::{State, View};

pub(crate) use server::serve;
pub use standing::{Standing, standing};

/// A certificate and its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Expiry {
    pub(crate) name: String,
    /// RFC 3339.
    pub(crate) until: String,
}

/// All that a node tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) role: String,
    pub(crate) cluster: String,
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) address: String,
    pub(crate) zone: Option<String>,
    pub(crate) pid: u32,
    pub(crate) ready: bool,
    /// It leaves the cluster for good.
    #[serde(default)]
    pub(crate) leaving: bool,
    /// What it does just now.
    pub(crate) phase: String,
    pub(crate) problem: Option<String>,
    pub(crate) etcd: Option<Place>,
    pub(crate) components: Vec<View>,
    pub(crate) certificates: Vec<Expiry>,
    /// Of the PKI tree in use.
    pub(crate) generation: Option<String>,
    #[serde(rename = "lastSnapshot")]
    pub(crate) last_snapshot: Option<String>,
    /// A master's etcd, as its lease tells it.
    #[serde(default)]
    pub(crate) view: Option<EtcdView>,
    /// A master's API server, likewise.
    #[serde(default)]
    pub(crate) api: Option<ApiView>,
    /// The newest snapshot that this machine took.
    #[serde(default)]
    pub(crate) snapshot: Option<Known>,
    /// What came of what was asked last (docs/adr/0005).
    #[serde(default)]
    pub(crate) done: Option<Answer>,
    /// A rotation takes this machine out of the cluster: how far it is.
    #[serde(default)]
    pub(crate) retired: Option<String>,
}

/// Says a line to whoever started the node.
pub type Say = fn(&str);

/// Where the report stands for all to read.
#[derive(Clone, Debug)]
pub(crate) struct Board(Arc<Mutex<Report>>, Layout, Say);

impl Board {
    pub(crate) fn new(report: Report, layout: &Layout, say: Say) -> Board {
        Board(Arc::new(Mutex::new(report)), layout.clone(), say)
    }

    /// What is wrong with one of the things that go on at once. `told` is what it said last: what others said stays.
    pub(crate) fn trouble(&self, told: &mut Option<String>, now: Option<String>) {
        self.change(|report| {
            if now.is_some() || report.problem == *told {
                report.problem.clone_from(&now);
            }
        });
        *told = now;
    }

    /// Something is wrong that may pass.
    pub(crate) fn problem(&self, problem: &Problem) {
        self.change(|report| report.problem = Some(problem.to_string()));
    }

    /// Is nothing in the way of changing the cluster?
    ///
    /// # Errors
    /// The alarm of etcd that stands; `what` is what is not done.
    pub(crate) fn calm(&self, what: &str) -> Result<(), Problem> {
        match self.read().etcd.as_ref().and_then(Place::alarm) {
            None => Ok(()),
            Some(alarm) => Err(Problem::new(what, format!("{alarm}."))),
        }
    }

    pub(crate) fn read(&self) -> Report {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the report; what changed is written to the file, too.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Report)) {
        let mut report = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = report.clone();
        change(&mut report);
        let all = !report.components.is_empty()
            && report.components.iter().all(|view| view.state == State::Ready);
        let placed =
            report.role != "master" || report.etcd.as_ref().is_some_and(|place| place.voter);
        report.ready = all && placed;
        if report.phase != before.phase {
            (self.2)(&report.phase);
        }
        if let Some(problem) = report.problem.as_ref().filter(|_| report.problem != before.problem)
        {
            (self.2)(problem);
        }
        if report.ready && !before.ready {
            (self.2)("is ready");
        }
        if *report != before {
            let text = serde_json::to_vec_pretty(&*report).unwrap_or_default();
            // A full disk must not end the node; the server tells the same.
            let _ = crate::files::write(&self.1.status(), &text, 0o600);
        }
    }

    pub(crate) fn certificates(&self, held: &[Held]) {
        let all = held
            .iter()
            .map(|held| Expiry { name: held.name.to_owned(), until: held.until.to_string() })
            .collect();
        self.change(|report| report.certificates = all);
    }
}
