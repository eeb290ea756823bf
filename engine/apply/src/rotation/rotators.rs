//! [`Rotators`]: one rotator for each cluster in a run, begun when its first group registers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use kprov_core::{Host, ResourceMode};
use kprov_plan::{Action, Plan};
use kprov_provider::{ProviderError, Registry};
use kprov_rotation::OperatorId;
use kprov_rotation::settings::Settings;
use kprov_state::{RunId, Store};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;

use super::core::Order;
use super::observe::{Observer, Site, cluster_of};
use super::shell::{self, Registration, Shared};
use crate::driver::crash;
use crate::{Clients, Reporter};

/// Between two looks while something moves.
const EVERY: Duration = Duration::from_secs(2);

/// The same, for tests: `250ms`, `2s`, or seconds.
const EVERY_VARIABLE: &str = "KPROV_ROTATION_EVERY";

/// What rotators need.
#[derive(Clone, Debug)]
pub struct Means {
    /// Connected providers.
    pub clients: Arc<dyn Clients>,
    /// All providers: one of them knows of clusters, some have hook actions.
    pub registry: Registry,
    /// Clock, randomness, environment.
    pub host: Arc<dyn Host>,
    /// Where entries go.
    pub store: Arc<dyn Store>,
    /// In which workspace, under a lock that the caller holds.
    pub workspace: String,
    /// The run, already begun.
    pub run: RunId,
    /// Of the state.
    pub lineage: String,
    /// Who is told.
    pub reporter: Arc<dyn Reporter>,
}

/// A group that may go to its target.
#[derive(Clone, Debug)]
pub struct Rotate {
    /// The group, with its settings and the template to go to: both are known.
    pub site: Site,
    /// What its object said before.
    pub before: Option<kprov_rotation::TemplateId>,
    /// Machines that a person named.
    pub named: Vec<kprov_rotation::MachineId>,
}

/// See the module. Cheap to clone; when the last one is dropped, all rotators end where they are, and the next run goes
/// on by looking.
#[derive(Clone, Debug)]
pub struct Rotators(Arc<Inner>);

struct Inner {
    means: Means,
    /// Made when the first group registers: a run without rotations draws nothing.
    shared: OnceLock<Arc<Shared>>,
    /// Groups of the plan that are there, whether they have work or not.
    sites: Vec<Site>,
    tasks: Mutex<BTreeMap<String, Task>>,
    interrupts: watch::Sender<bool>,
}

#[derive(Debug)]
struct Task {
    registrations: UnboundedSender<Registration>,
    task: AbortHandle,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotators").field("sites", &self.sites.len()).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.abort();
    }
}

impl Inner {
    fn tasks(&self) -> MutexGuard<'_, BTreeMap<String, Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shared(&self) -> Arc<Shared> {
        let shared = self.shared.get_or_init(|| {
            let Means { clients, registry, host, store, workspace, run, lineage, reporter } =
                self.means.clone();
            // Of the runs of a state only who holds its lock is alive, so what a dead one held in the cluster is the next one's.
            let operator = OperatorId::new(&format!("state-{lineage}"));
            let every = host.env(EVERY_VARIABLE).and_then(|text| length(&text)).unwrap_or(EVERY);
            let observer = Observer::new(clients, registry, host.clone());
            let shared =
                Shared { observer, host, store, workspace, run, reporter, operator, every };
            Arc::new(shared)
        });
        shared.clone()
    }

    fn abort(&self) {
        self.tasks().values().for_each(|task| task.task.abort());
    }
}

impl Rotators {
    /// Of a run. `sites` are all groups that are there, with what their blocks say as far as that is known.
    #[must_use]
    pub fn new(means: Means, sites: Vec<Site>) -> Rotators {
        Rotators(Arc::new(Inner {
            means,
            shared: OnceLock::new(),
            sites,
            tasks: Mutex::default(),
            interrupts: watch::Sender::new(false),
        }))
    }

    /// What is begun is finished, nothing more is begun.
    pub fn interrupt(&self) {
        self.0.interrupts.send_replace(true);
    }

    /// Ends all rotators where they are.
    pub fn abort(&self) {
        self.0.abort();
    }

    /// Rotates a group, together with all others of its cluster that are registered meanwhile. Comes back when the group
    /// is finished.
    ///
    /// # Errors
    /// When a person is wanted: the text says what for, and what to do. Nothing is lost then: the next run goes on.
    pub async fn rotate(&self, rotate: Rotate) -> Result<(), ProviderError> {
        let Rotate { site, before, named } = rotate;
        let (Some(settings), Some(target)) = (&site.settings, site.group.template.clone()) else {
            return Err(ProviderError::rejected(
                "Group cannot be rotated",
                format!("It is not known what machines of {} are launched from.", site.group.id),
            ));
        };
        let cluster = cluster_of(settings, &site.group.id);
        let (reply, answer) = oneshot::channel();
        let registration = Registration { order: Order { site, target, before, named }, reply };
        self.register(&cluster, registration);
        answer.await.unwrap_or_else(|_| Err(crash()))
    }

    fn register(&self, cluster: &str, registration: Registration) {
        let mut tasks = self.0.tasks();
        let registration = match tasks.get(cluster) {
            Some(task) => match task.registrations.send(registration) {
                Ok(()) => return,
                // It has crashed: another one goes on by looking.
                Err(back) => back.0,
            },
            None => registration,
        };
        let (registrations, receiver) = unbounded_channel();
        let own = |site: &&Site| site.cluster().as_deref() == Some(cluster);
        let sites = self.0.sites.iter().filter(own).cloned().collect();
        let (shared, interrupts) = (self.0.shared(), self.0.interrupts.subscribe());
        let task = shell::run(shared, cluster.to_owned(), sites, receiver, interrupts);
        let task = tokio::spawn(task).abort_handle();
        // The receiver is in the task that was just made.
        let _ = registrations.send(registration);
        tasks.insert(cluster.to_owned(), Task { registrations, task });
    }
}

/// Groups of a plan that are there and have a `rotation` block. What of a block is not known before the apply stands as
/// if it was not said: the group is looked at all the same.
pub(crate) fn sites(plan: &Plan, registry: &Registry) -> Vec<Site> {
    let kept = |action: Action| matches!(action, Action::NoOp | Action::Update);
    let changes = plan.changes.iter().filter(|change| {
        let managed = change.addr.resource.mode == ResourceMode::Managed;
        managed && kept(change.action) && change.deposed.is_none()
    });
    let sites = changes.filter_map(|change| {
        let settings = Settings::read(change.rotation.as_ref()?).ok()?;
        let code = registry.get(&change.provider.provider)?;
        let groups = code.resource(&change.addr.resource.ty)?.member_groups()?;
        let group = groups.group(&change.before.clone().unmark_deep().0)?;
        let (address, provider) = (change.addr.clone(), change.provider.clone());
        Some(Site { address, provider, group, settings: Some(settings) })
    });
    sites.collect()
}

fn length(text: &str) -> Option<Duration> {
    let text = text.trim();
    let number = |digits: &str| digits.trim().parse::<u64>().ok().filter(|number| *number > 0);
    match text.strip_suffix("ms") {
        Some(digits) => number(digits).map(Duration::from_millis),
        None => number(text.strip_suffix('s').unwrap_or(text)).map(Duration::from_secs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_the_environment_are_read() {
        assert_eq!(length("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(length("3s"), Some(Duration::from_secs(3)));
        assert_eq!(length(" 4 "), Some(Duration::from_secs(4)));
        assert_eq!([length("0"), length("-1s"), length("soon")], [None; 3]);
    }
}
