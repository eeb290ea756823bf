//! [`Settings`]: what a `rotation` block says, read from its value.
//!
//! ```text
//! body --(schema, by the planner)--> Value --Settings::read--> Settings --strategy--> Strategy
//!                                                                  \--strategies--> Strategies of a cluster
//! ```
//! What must hold: any value is read without a panic; every problem is found at once, and says which attribute it is
//! about and what would be right; what is not known yet is no problem, stands as if it was not said, and is listed; no
//! secret is in a problem or in what `Debug` prints.

mod cluster;
mod duration;
mod hooks;
mod read;
mod schema;
mod secret;
#[cfg(test)]
mod tests;
mod weekly;

use std::collections::{BTreeMap, BTreeSet};

use kprov_core::{Str, Value};
use kprov_provider::AttributeError;

use crate::world::{ApiSettings, Kind};
use crate::{
    Amount, Checkpoint, GroupId, Hook, MachineId, OnFailure, Seconds, Strategy, TemplateId,
    Timeouts, Version, Window,
};

pub use cluster::strategies;
pub use duration::parse_duration;
pub use hooks::HookSettings;
pub use schema::schema;
pub use secret::Secret;
pub use weekly::{WINDOWS_AHEAD, Weekly};

/// What a `rotation` block says; what it does not say has its default.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the group's members are.
    pub role: Kind,
    /// Which cluster they belong to: groups of one are rotated by one machine. None: of none but itself.
    pub cluster: Option<Str>,
    /// How the cluster is reached. None: nothing is known of nodes.
    pub kubeconfig: Option<Secret>,
    /// Which version the template brings. None: the machines are no nodes.
    pub kubernetes_version: Option<Version>,
    /// How the template sets its API server up.
    pub api_server: Option<ApiServer>,
    /// How many machines more than desired.
    pub max_surge: Amount,
    /// How many ready machines fewer than desired.
    pub max_unavailable: Amount,
    /// A group of one master may be down while it is replaced in place.
    pub downtime: bool,
    /// How long the first member of a new template must stay well before others follow.
    pub canary_bake: Seconds,
    /// Where it stops.
    pub checkpoints: Vec<Checkpoint>,
    /// How many good looks in a row make a member proven.
    pub good_looks: u32,
    /// How many failed launches are tried again.
    pub retries: u32,
    /// And then.
    pub on_failure: OnFailure,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How many groups of workers of the cluster go on at once. None: not said here.
    pub parallel_groups: Option<u32>,
    /// After how many failures in the cluster a person is asked. None: not said here.
    pub failures_max: Option<u32>,
    /// How old a snapshot may be before masters are changed. None: not said here.
    pub snapshot_age_max: Option<Seconds>,
    /// When members may be begun with; always where there is none.
    pub windows: Vec<Weekly>,
    /// Users' hooks, in the order in which they run.
    pub hooks: Vec<HookSettings>,
    /// Attributes and blocks of which something is not known yet; they stand as if they were not said.
    pub unknown: BTreeSet<Str>,
}

/// How a template sets its API server up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiServer {
    /// `--goaway-chance` in millionths.
    pub goaway_millionths: u32,
    /// `--shutdown-delay-duration`.
    pub shutdown_delay: Seconds,
    /// Names in its certificate.
    pub names: BTreeSet<String>,
}

impl Settings {
    /// What a block's value says, marks or not; null is a block that says nothing.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with the path inside the block.
    pub fn read(block: &Value) -> Result<Settings, Vec<AttributeError>> {
        read::read(block)
    }

    /// How the group is rotated from what its template was to what it is to be. `named` are members that are replaced
    /// though their template is right.
    #[must_use]
    pub fn strategy(
        &self,
        group: GroupId,
        target: TemplateId,
        previous: Option<TemplateId>,
        named: Vec<MachineId>,
    ) -> Strategy {
        let hook = |hook: &HookSettings| Hook { when: hook.when, name: hook.name.clone() };
        Strategy {
            group,
            template: target,
            previous,
            named,
            max_surge: self.max_surge,
            max_unavailable: self.max_unavailable,
            downtime: self.downtime,
            canary_bake: self.canary_bake,
            checkpoints: self.checkpoints.clone(),
            good_looks: self.good_looks,
            retries: self.retries,
            on_failure: self.on_failure,
            timeouts: self.timeouts,
            hooks: self.hooks.iter().map(hook).collect(),
        }
    }

    /// Its windows around `now`: the one that is open, and all that open within the next two weeks. None: always.
    #[must_use]
    pub fn windows(&self, now: Seconds) -> Vec<Window> {
        weekly::windows(&self.windows, now)
    }

    /// What the target template has of an API server, as the world tells it. None where that is not said.
    #[must_use]
    pub fn api_settings(&self) -> Option<ApiSettings> {
        let (version, api) = (self.kubernetes_version?, self.api_server.as_ref()?);
        Some(ApiSettings {
            version,
            goaway_millionths: api.goaway_millionths,
            shutdown_delay: api.shutdown_delay,
            names: api.names.clone(),
        })
    }

    /// A hook by what a step calls it.
    #[must_use]
    pub fn hook(&self, when: crate::When, name: &crate::HookName) -> Option<&HookSettings> {
        self.hooks.iter().find(|hook| hook.when == when && hook.name == *name)
    }
}

/// Which cluster a block's group belongs to, and as what, as far as both are known: enough to order groups by.
#[must_use]
pub fn place(block: &Value) -> Option<(Str, Kind)> {
    let cluster = block.get("cluster")?.bare().as_str()?;
    let kind = match block.get("role").map(Value::bare) {
        None | Some(Value::Null(_)) => Kind::default(),
        Some(role) => read::kind(role.as_str()?)?,
    };
    Some((Str::new(cluster), kind))
}

/// Defaults, and what is read: a block that says nothing.
impl Default for Settings {
    fn default() -> Settings {
        let strategy = Strategy::new(GroupId::new(""), TemplateId::new(""), None);
        Settings {
            role: Kind::default(),
            cluster: None,
            kubeconfig: None,
            kubernetes_version: None,
            api_server: None,
            max_surge: strategy.max_surge,
            max_unavailable: strategy.max_unavailable,
            downtime: strategy.downtime,
            canary_bake: strategy.canary_bake,
            checkpoints: strategy.checkpoints,
            good_looks: strategy.good_looks,
            retries: strategy.retries,
            on_failure: strategy.on_failure,
            timeouts: strategy.timeouts,
            parallel_groups: None,
            failures_max: None,
            snapshot_age_max: None,
            windows: Vec::new(),
            hooks: Vec::new(),
            unknown: BTreeSet::new(),
        }
    }
}

/// Names of the moments at which hooks run, as they stand in configurations.
const MOMENTS: [(&str, crate::When); 4] = [
    ("launched", crate::When::Launched),
    ("draining", crate::When::Draining),
    ("terminating", crate::When::Terminating),
    ("verified", crate::When::Verified),
];

/// How many hooks of each moment there were: for their default names.
type Counted = BTreeMap<crate::When, u32>;
