//! Observes, has the next step decided, and does it: until this machine is a voter, and ever after.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::observe::{self, Silence};
use super::record::{self, Record};
use super::{Cluster, Machine, Observed, Own, Process, Step, decide::decide};
use crate::claims::{self, Claims};
use crate::components::Start;
use crate::discovery::Discovery;
use crate::document::Source;
use crate::etcd::{Alarm, Etcd, EtcdError, hex_id};
use crate::https::Client;
use crate::layout::Layout;
use crate::problem::Problem;
use crate::rotation::Retirement;
use crate::supervisor::{Component, State, Supervisor};

/// Where this machine stands in the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Place {
    /// In words: what is done, or waited for.
    pub(crate) doing: String,
    /// Its etcd says something.
    #[serde(default)]
    pub(crate) answers: bool,
    /// It votes.
    pub(crate) voter: bool,
    pub(crate) leading: bool,
    pub(crate) cluster: Option<String>,
    pub(crate) member: Option<String>,
    pub(crate) members: Vec<PlaceOf>,
    /// Those that stand: until they are disarmed nothing is written, and nothing of the cluster is changed.
    #[serde(default)]
    pub(crate) alarms: Vec<Alarm>,
}

impl Place {
    /// The alarm that stands, in words.
    pub(crate) fn alarm(&self) -> Option<String> {
        self.alarms.first().map(Alarm::to_string)
    }
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Advance {
    UnderWay,
    /// It votes.
    Settled,
    /// It was taken out by a rotation, and is no member any more.
    Left,
    /// A person has to look.
    Refused(Problem),
}

/// A member as the status tells it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct PlaceOf {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) voter: bool,
    pub(crate) healthy: bool,
    /// The machine that claims it.
    #[serde(default)]
    pub(crate) machine: Option<String>,
}

/// Makes etcd's component for a way of starting.
pub(crate) type MakeEtcd = Box<dyn Fn(&Start) -> Component + Send + Sync>;

/// Where snapshots before changes are kept.
pub(crate) struct Keeping {
    pub(crate) cluster: String,
    pub(crate) to: Source,
    pub(crate) aws: Option<SdkConfig>,
}

/// The hold on this machine's membership.
pub(crate) struct Membership {
    pub(crate) layout: Layout,
    pub(crate) supervisor: Supervisor,
    pub(crate) claims: Arc<dyn Claims>,
    pub(crate) discovery: Arc<Discovery>,
    pub(crate) me: Machine,
    pub(crate) make: MakeEtcd,
    pub(crate) retirement: Retirement,
    pub(crate) keeping: Keeping,
    silence: Mutex<Silence>,
    /// What ends this machine's membership happens once at a time.
    pub(super) ending: Mutex<()>,
    /// When the last snapshot before a change was taken.
    kept: Mutex<Option<Instant>>,
}

/// So many snapshots before changes are kept.
const KEPT_BEFORE_CHANGES: usize = 8;
const LEFT: &str = "has left the cluster for good";
/// A change that is tried again and again needs no snapshot each time.
const KEPT_FOR: Duration = Duration::from_secs(120);

impl Membership {
    pub(crate) fn new(
        layout: &Layout,
        supervisor: &Supervisor,
        claims: Arc<dyn Claims>,
        discovery: Arc<Discovery>,
        me: Machine,
        make: MakeEtcd,
        keeping: Keeping,
    ) -> Result<Membership, Problem> {
        let retirement = Retirement::read(layout)?;
        let (layout, supervisor) = (layout.clone(), supervisor.clone());
        Ok(Membership {
            layout,
            supervisor,
            claims,
            discovery,
            me,
            make,
            retirement,
            keeping,
            silence: Mutex::default(),
            ending: Mutex::default(),
            kept: Mutex::default(),
        })
    }

    /// A client with this machine's certificate, as it is now.
    pub(crate) fn client(&self) -> Result<Client, Problem> {
        let read = |path: PathBuf| {
            std::fs::read(&path)
                .map_err(|error| Problem::file("A certificate cannot be read", &path, &error))
        };
        let bundle = read(self.layout.in_tree("etcd-ca/bundle.pem"))?;
        let (certificate, key) = (
            read(self.layout.certificate("etcd-healthcheck"))?,
            read(self.layout.key("etcd-healthcheck"))?,
        );
        Client::trusting(&bundle, Some((&certificate, &key)))
            .map_err(|error| Problem::new("etcd cannot be asked", error.to_string()))
    }

    /// This machine's own member.
    pub(crate) fn own(&self) -> Result<Etcd, Problem> {
        Ok(Etcd::new(self.client()?, &self.me.client_url))
    }

    fn is_up(&self) -> bool {
        self.supervisor
            .view("etcd")
            .is_some_and(|view| matches!(view.state, State::Starting | State::Ready))
    }

    async fn observe(&self) -> Result<(Observed, Option<Etcd>, Place), Problem> {
        let client = self.client()?;
        let claims = claims::read(&*self.claims).await?;
        let alive = self.discovery.masters().await;
        let (process, status) = observe::own(&client, &self.me, self.is_up()).await;
        let others = alive.clone().unwrap_or_default();
        let mut silence = self.silence.lock().await;
        let (cluster, etcd, alarms) =
            observe::cluster(&client, &self.me, status.as_ref(), &others, &mut silence).await;
        let cluster = match (cluster, &alive) {
            (Cluster::Silent(_), Err(problem)) => Cluster::Silent(problem.to_string()),
            (cluster, _) => cluster,
        };
        let own = Record::read(&self.layout);
        let alive = alive.ok();
        let me = self.me.clone();
        // Last: what was seen before it began to leave does not have it come back.
        let leaves = self.retirement.leaves();
        let observed = Observed { me, claims, alive, cluster, alarms, own, process, leaves };
        let place = place(&observed);
        Ok((observed, etcd, place))
    }

    /// One step.
    ///
    /// # Errors
    /// What may pass: claims or masters cannot be had just now.
    pub(crate) async fn advance(&self) -> Result<(Advance, Place), Problem> {
        if self.retirement.has_left() {
            return Ok((Advance::Left, Place { doing: LEFT.to_owned(), ..Place::default() }));
        }
        let (observed, etcd, mut place) = self.observe().await?;
        let step = decide(&observed);
        place.doing = self.perform(&step, &observed, etcd).await?;
        place.voter = step == Step::Settled;
        let advance = match step {
            Step::Settled => Advance::Settled,
            Step::Left => Advance::Left,
            Step::Refuse(why) => Advance::Refused(Problem::new("etcd is not started", why)),
            _ => Advance::UnderWay,
        };
        Ok((advance, place))
    }

    /// Does a step, and says so.
    async fn perform(
        &self,
        step: &Step,
        observed: &Observed,
        etcd: Option<Etcd>,
    ) -> Result<String, Problem> {
        Ok(match step {
            Step::Settled => "settled".to_owned(),
            Step::Left => {
                self.end().await?;
                LEFT.to_owned()
            }
            Step::Wait(why) => format!("waits: {why}{}", self.trouble()),
            Step::Refuse(why) => format!("refuses: {why}"),
            Step::ClaimFounder => {
                self.claims.write_once(claims::FOUNDER, &self.me.id).await?;
                "wants to found the cluster".to_owned()
            }
            Step::DropFounder(founder) => {
                self.claims.delete(claims::FOUNDER, founder).await?;
                format!("the founder {founder} is gone")
            }
            Step::ClaimCluster(id) => {
                self.claims.write_once(claims::CLUSTER, &hex_id(*id)).await?;
                format!("founded the cluster {}", hex_id(*id))
            }
            Step::Confirm { cluster, member } => {
                Record { cluster: *cluster, member: *member, confirmed: true }
                    .write(&self.layout)?;
                format!("is the member {} of the cluster {}", hex_id(*member), hex_id(*cluster))
            }
            Step::RecordMember(id) => {
                self.claims.overwrite(&claims::of_member(&self.me.id), &hex_id(*id)).await?;
                format!("claims the member {}", hex_id(*id))
            }
            Step::Start(start) => self.start(start).await?,
            Step::MoveDataAside(why) => self.aside(why, observed).await?,
            Step::RemoveMember { id, name, why } => {
                let etcd = etcd.ok_or_else(nobody)?;
                self.keep_snapshot(&etcd).await;
                told(etcd.remove(*id).await, format!("removed the member {name}: {why}"))
            }
            Step::AddLearner => {
                let etcd = etcd.ok_or_else(nobody)?;
                self.keep_snapshot(&etcd).await;
                match etcd.add_learner(&self.me.peer_url).await {
                    Ok(id) => {
                        // On record before anything else: see decide about members that never started.
                        self.claims.overwrite(&claims::of_member(&self.me.id), &hex_id(id)).await?;
                        format!("was added as the learner {}", hex_id(id))
                    }
                    Err(error) if error.is_crowded() => "waits: another one is joining".to_owned(),
                    Err(error) => format!("cannot be added yet: {error}"),
                }
            }
            Step::Promote(id) => {
                let etcd = etcd.ok_or_else(nobody)?;
                match etcd.promote(*id).await {
                    Ok(()) => "votes from now on".to_owned(),
                    Err(error) if error.is_behind() => "waits: it is catching up".to_owned(),
                    Err(error) => format!("cannot be promoted yet: {error}"),
                }
            }
        })
    }

    async fn start(&self, start: &Start) -> Result<String, Problem> {
        crate::files::directory(&self.layout.etcd_data())?;
        let is_new = matches!(start, Start::Found | Start::Join(_));
        if is_new && self.supervisor.view("etcd").is_none() {
            // What an earlier run left that did not come as far as a log.
            record::move_aside(&self.layout, &record::stamp(jiff::Timestamp::now()))?;
        }
        self.supervisor.want((self.make)(start)).await;
        // A process that is down for good reason is not news.
        Ok(match start {
            Start::Found => "founds the cluster".to_owned(),
            Start::Join(_) => "joins the cluster".to_owned(),
            Start::Again => format!("starts with its own data{}", self.trouble()),
        })
    }

    async fn aside(&self, why: &str, observed: &Observed) -> Result<String, Problem> {
        self.supervisor.stop(&["etcd"]).await;
        let aside = record::move_aside(&self.layout, &record::stamp(jiff::Timestamp::now()))?;
        if let Some(member) = observed.claims.members.get(&self.me.id) {
            self.claims.delete(&claims::of_member(&self.me.id), &hex_id(*member)).await?;
        }
        let place = aside.unwrap_or_else(|| self.layout.aside());
        Ok(format!("moved its old data to {}: {why}", place.display()))
    }

    /// Why etcd does not come up, if it does not.
    fn trouble(&self) -> String {
        let view = self.supervisor.view("etcd").filter(|view| view.state == State::BackingOff);
        view.and_then(|view| view.last_error)
            .map_or_else(String::new, |error| format!("; etcd does not start: {error}"))
    }

    /// A snapshot before the membership changes. Without one the change goes on: the others hold the data too.
    async fn keep_snapshot(&self, etcd: &Etcd) {
        let mut kept = self.kept.lock().await;
        if kept.is_some_and(|when| when.elapsed() < KEPT_FOR) {
            return;
        }
        let Keeping { cluster, to, aws } = &self.keeping;
        let name = crate::snapshots::name_before_change(cluster, jiff::Timestamp::now());
        let scratch = self.layout.snapshots();
        let taken =
            crate::snapshots::take(etcd, &name, to, KEPT_BEFORE_CHANGES, &scratch, aws.as_ref());
        if taken.await.is_ok() {
            *kept = Some(Instant::now());
        }
    }

    /// Can this machine's etcd end for a while? Not if another one does not answer: a quorum might be lost.
    ///
    /// # Errors
    /// Who does not answer. It may pass.
    pub(crate) async fn all_well(&self) -> Result<(), Problem> {
        let failed = |name: &str, why: &dyn std::fmt::Display| {
            let detail = format!("The member {name} of etcd is not well: {why}. It is waited for.");
            Problem::new("etcd cannot restart now", detail)
        };
        let client = self.client()?;
        let own = Etcd::new(client.clone(), &self.me.client_url);
        let members = own.members(true).await.map_err(|error| failed(&self.me.name, &error))?;
        for member in members.members.iter().filter(|member| !member.learner) {
            let url = member.client_urls.first().map_or("", String::as_str);
            let status = Etcd::new(client.clone(), url).status().await;
            let status = status.map_err(|error| failed(&member.name, &error))?;
            if status.leader == 0 {
                return Err(failed(&member.name, &"it sees no leader"));
            }
        }
        Ok(())
    }

    /// Hands leadership to a voter, if this member leads: to one of the others, whichever takes it, or to `heir` and nobody else.
    pub(crate) async fn hand_over(&self, heir: Option<u64>) -> Result<(), Problem> {
        let etcd = self.own()?;
        let failed = |error: EtcdError| {
            Problem::new("Leadership cannot be handed over", format!("{error}."))
        };
        let status = etcd.status().await.map_err(failed)?;
        if status.leader != status.member {
            return Ok(());
        }
        if let Some(heir) = heir {
            return etcd.move_leader(heir).await.map_err(failed);
        }
        let members = etcd.members(true).await.map_err(failed)?.members;
        for other in members.iter().filter(|other| other.id != status.member && !other.learner) {
            if etcd.move_leader(other.id).await.is_ok() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// May it leave? The last voter stays.
    pub(crate) async fn can_leave(&self) -> Result<(), Problem> {
        self.another().await.map(drop)
    }

    /// This member's id, and the URL of another voter.
    async fn another(&self) -> Result<(u64, String), Problem> {
        let failed =
            |error: EtcdError| Problem::new("The member cannot leave", format!("{error}."));
        let etcd = self.own()?;
        let status = etcd.status().await.map_err(failed)?;
        let members = etcd.members(true).await.map_err(failed)?.members;
        let Some(other) = members.iter().find(|other| other.id != status.member && !other.learner)
        else {
            let detail = "It is the last voter: without it there is no cluster. End it with SIGTERM to keep its data.";
            return Err(Problem::new("The member cannot leave", detail));
        };
        let url = other.client_urls.first().cloned().unwrap_or_else(|| self.me.client_url.clone());
        Ok((status.member, url))
    }

    /// Leaves for good: the member, then its claim.
    pub(crate) async fn leave(&self) -> Result<(), Problem> {
        let (member, url) = self.another().await?;
        self.hand_over(None).await?;
        let removed = Etcd::new(self.client()?, &url).remove(member).await;
        removed.map_err(|error| Problem::new("The member cannot leave", format!("{error}.")))?;
        self.claims.delete(&claims::of_member(&self.me.id), &hex_id(member)).await?;
        self.supervisor.stop(&["etcd"]).await;
        record::move_aside(&self.layout, &record::stamp(jiff::Timestamp::now())).map(drop)
    }

    /// Waits between two steps: short until it is settled.
    pub(crate) fn pause(settled: bool) -> Duration {
        if settled { Duration::from_secs(10) } else { Duration::from_millis(700) }
    }
}

fn nobody() -> Problem {
    Problem::new("etcd cannot be changed", "No member answers.")
}

fn told(done: Result<(), EtcdError>, what: String) -> String {
    match done {
        Ok(()) => what,
        Err(error) => format!("not yet {what}: {error}"),
    }
}

fn place(observed: &Observed) -> Place {
    let mut place = Place { alarms: observed.alarms.clone(), ..Place::default() };
    if let Own::Data { cluster, member, .. } = observed.own {
        (place.cluster, place.member) = (cluster.map(hex_id), member.map(hex_id));
    }
    if let Process::Answering { cluster, member } = observed.process {
        (place.cluster, place.member) = (Some(hex_id(cluster)), Some(hex_id(member)));
        place.answers = true;
    }
    if let Cluster::Speaking { leading, members, .. } = &observed.cluster {
        let claimed = |id: u64| {
            let mut claims = observed.claims.members.iter();
            claims.find(|(_, claimed)| **claimed == id).map(|(machine, _)| machine.clone())
        };
        place.leading = *leading;
        let of = |seen: &super::Seen| PlaceOf {
            id: hex_id(seen.id),
            name: seen.name.clone(),
            voter: !seen.learner,
            healthy: seen.healthy,
            machine: claimed(seen.id),
        };
        place.members = members.iter().map(of).collect();
    }
    place
}
