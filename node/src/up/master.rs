//! A master: etcd by membership, then the control plane; and down again in the other order.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::begin::Begun;
use super::{
    Stop, asked, follow, hold, kubernetes, lease, leave, parts, reach, serving, silence, snapshots,
    stopped, unless_stopped, views,
};
use crate::certificates;
use crate::claims;
use crate::components::{Setting, config};
use crate::discovery::{self, Discovery};
use crate::document::Source;
use crate::files;
use crate::membership::{Advance, Keeping, MakeEtcd, Membership};
use crate::problem::Problem;
use crate::randomness;
use crate::rotation::Retirement;
use crate::secrets::Tree;
use crate::snapshots::Known;

const CONTROL: [&str; 2] = ["kube-controller-manager", "kube-scheduler"];

/// A master that has begun.
pub(super) struct Master {
    pub(super) begun: Begun,
    pub(super) membership: Membership,
    /// What a rotation took from this machine.
    pub(super) retirement: Retirement,
    /// Who stops and starts the control plane does it alone.
    pub(super) control: tokio::sync::Mutex<()>,
    pub(super) doors: reach::Doors,
    /// The tree in use.
    tree: Mutex<Tree>,
}

pub(super) async fn run(begun: Begun, stop: Stop) -> Result<(), Problem> {
    let membership = membership(&begun).await?;
    let retirement = membership.retirement.clone();
    let tree = Mutex::new(begun.tree.clone());
    let (control, doors) = Default::default();
    let master = Master { begun, membership, retirement, control, doors, tree };
    let done = master.serve(&stop).await;
    master.wind_down().await;
    done
}

async fn membership(begun: &Begun) -> Result<Membership, Problem> {
    let claims = claims::of(&begun.document, begun.aws.as_ref()).await?;
    let discovery = Discovery::new(&begun.document, begun.book.clone(), begun.aws.clone());
    let (document, facts, layout, binaries) =
        (begun.document.clone(), begun.facts.clone(), begun.layout.clone(), begun.binaries.clone());
    let make: MakeEtcd = Box::new(move |start| {
        let setting =
            Setting { document: &document, facts: &facts, layout: &layout, binaries: &binaries };
        parts::etcd(setting, start)
    });
    let me = discovery::me(&begun.facts);
    // Where those on schedule go, which outlive this machine; else beside the data.
    let to = match &begun.document.etcd.snapshots {
        Some(snapshots) => snapshots.to.clone(),
        None => Source::Directory { path: begun.layout.snapshots() },
    };
    let cluster = begun.document.cluster.name.clone();
    let keeping = Keeping { cluster, to, aws: begun.aws.clone() };
    let (layout, supervisor) = (&begun.layout, &begun.supervisor);
    let discovery = Arc::new(discovery);
    Membership::new(layout, supervisor, claims, discovery, me, make, keeping)
}

impl Master {
    pub(super) fn setting(&self) -> Setting<'_> {
        self.begun.setting()
    }

    pub(super) fn tree(&self) -> Tree {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn use_tree(&self, tree: &Tree) {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner).clone_from(tree);
    }

    /// Leaves and configuration, by the tree that is in place.
    pub(super) fn prepare(&self, tree: &Tree) -> Result<Vec<certificates::Held>, Problem> {
        let Begun { document, facts, layout, board, .. } = &self.begun;
        let leaves = certificates::of_master(document, facts);
        let held = certificates::ensure(
            &leaves,
            tree,
            &facts.name,
            layout,
            Timestamp::now(),
            &mut randomness::generator()?,
        )?;
        board.certificates(&held);
        certificates::check_served(document, layout)?;
        for (name, text) in config::of_master(self.setting()) {
            files::keep(&layout.config(name), text.as_bytes(), 0o600)?;
        }
        Ok(held)
    }

    async fn serve(&self, stop: &Stop) -> Result<(), Problem> {
        self.prepare(&self.begun.tree)?;
        let newest = Known::read(&self.begun.layout.newest_snapshot());
        self.begun.board.change(|report| report.snapshot = newest);
        let Some(joined) = unless_stopped(stop, self.join()).await else { return Ok(()) };
        joined?;
        self.start_control().await;
        self.begun.board.change(|report| report.phase = "serves".to_owned());
        self.say_retired();
        let work = async {
            tokio::join!(
                self.stay(),
                self.watch(),
                follow::tree(self),
                snapshots::on_schedule(self),
                hold::obey(self),
                kubernetes::ensure(self),
                views::etcd(self),
                views::api(self),
                lease::renew(self),
                asked::heed(self),
                serving::approve(self)
            );
        };
        tokio::select! {
            biased;
            () = stopped(stop) => Ok(()),
            () = self.leaves() => Ok(()),
            () = work => Ok(()),
        }
    }

    /// Until this machine votes. Nothing is served before.
    async fn join(&self) -> Result<(), Problem> {
        let mut silence = silence::Silence::default();
        loop {
            match self.membership.advance().await {
                Ok((advance, place)) => {
                    let views = self.begun.supervisor.views();
                    let etcd = views.iter().find(|view| view.name == "etcd");
                    let trouble = silence.note(etcd, place.answers, Instant::now());
                    let alarm = place.alarm();
                    self.begun.board.change(|report| {
                        report.phase = format!("etcd: {}", place.doing);
                        report.etcd = Some(place);
                        report.components = views;
                        report.problem = trouble.as_ref().map(Problem::to_string).or(alarm);
                    });
                    match (advance, trouble) {
                        (Advance::Settled | Advance::Left, _) => return Ok(()),
                        (Advance::Refused(problem), _) => return Err(problem),
                        (Advance::UnderWay, Some(problem)) if silence.is_too_long() => {
                            return Err(problem);
                        }
                        // It votes no more in a moment: what was asked of it goes on.
                        (Advance::UnderWay, _) if self.retirement.leaves() => return Ok(()),
                        (Advance::UnderWay, _) => {}
                    }
                }
                Err(problem) => self.begun.board.problem(&problem),
            }
            tokio::time::sleep(Membership::pause(false)).await;
        }
    }

    /// Goes on looking after the membership.
    async fn stay(&self) {
        let mut told: Option<String> = None;
        loop {
            let mut settled = true;
            let trouble = match self.membership.advance().await {
                Ok((advance, place)) => {
                    let alarm = place.alarm();
                    self.begun.board.change(|report| report.etcd = Some(place));
                    match advance {
                        Advance::Settled | Advance::Left => alarm,
                        Advance::Refused(problem) => Some(problem.to_string()),
                        Advance::UnderWay => {
                            settled = false;
                            alarm
                        }
                    }
                }
                Err(problem) => Some(problem.to_string()),
            };
            self.begun.board.trouble(&mut told, trouble);
            tokio::time::sleep(Membership::pause(settled)).await;
        }
    }

    /// Keeps the board as the supervisor sees things.
    async fn watch(&self) {
        loop {
            let views = self.begun.supervisor.views();
            self.begun.board.change(|report| report.components = views);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Ends once it has left the cluster for good.
    async fn leaves(&self) {
        loop {
            leave::asked(&self.begun.layout).await;
            self.begun.board.change(|report| report.phase = "leaves the cluster".to_owned());
            if self.retirement.has_left() {
                leave::answer(&self.begun.layout, None);
                return;
            }
            match self.membership.can_leave().await {
                Ok(()) => {
                    self.begun.board.change(|report| report.leaving = true);
                    // One that cannot be taken back runs out by itself.
                    let _ = lease::take_back(self).await;
                    self.stop_control().await;
                    hold::hand_over(self, None).await;
                    let left = self.membership.leave().await;
                    leave::answer(&self.begun.layout, left.as_ref().err());
                    return;
                }
                Err(problem) => leave::answer(&self.begun.layout, Some(&problem)),
            }
        }
    }

    /// The API server, and what speaks to it; unless it was stopped for good.
    pub(super) async fn start_control(&self) {
        if self.retirement.api_stopped() {
            return;
        }
        for part in [parts::api_server, parts::controller_manager, parts::scheduler] {
            self.begun.supervisor.want(part(self.setting())).await;
        }
    }

    /// First who leads elsewhere goes on, then the API server with its delay, while etcd stays.
    pub(super) async fn stop_control(&self) {
        self.begun.supervisor.stop(&CONTROL).await;
        self.begun.supervisor.stop(&["kube-apiserver"]).await;
    }

    /// Stops them, and they stay stopped: over a restart, a crash and a new tree.
    pub(super) async fn stop_for_good(&self) -> Result<(), Problem> {
        let _alone = self.control.lock().await;
        self.retirement.stop_api()?;
        self.say_retired();
        self.stop_control().await;
        Ok(())
    }

    /// Tells how far it is taken out, if it is.
    pub(super) fn say_retired(&self) {
        let Some(how_far) = self.retirement.says() else { return };
        self.begun.board.change(|report| {
            report.phase.clone_from(&how_far);
            report.retired = Some(how_far);
        });
    }

    async fn wind_down(&self) {
        self.begun.board.change(|report| report.phase = "stops".to_owned());
        let end = async {
            self.stop_control().await;
            let handed = hold::hand_over(self, None);
            let _ = tokio::time::timeout(Duration::from_secs(10), handed).await;
            self.begun.supervisor.stop(&["etcd"]).await;
        };
        tokio::select! {
            () = end => {}
            () = self.watch() => {}
        }
        let views = self.begun.supervisor.views();
        self.begun.board.change(|report| {
            report.phase = "stopped".to_owned();
            report.components = views;
        });
    }
}
