//! [`Strategies`]: how a plan wants its groups rotated. All of it comes from configuration, and
//! [`Strategies::problems`] says what is wrong with it before anything is done.

mod amount;
mod problems;
#[cfg(test)]
mod tests;

pub use amount::Amount;

use serde::{Deserialize, Serialize};

use crate::{
    GroupId, HookName, MachineId, OperatorId, RotationId, Seconds, TemplateId, Timeouts, When,
};

/// One rotation: which groups, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strategies {
    /// Which rotation.
    pub rotation: RotationId,
    /// Who carries it out now.
    pub operator: OperatorId,
    /// Groups.
    pub groups: Vec<Strategy>,
    /// How many groups of workers go on at once; 1 is in sequence.
    pub parallel_groups: u32,
    /// The breaker: after so many failures in all groups together a person is asked.
    pub failures_max: u32,
    /// No mutation of masters with a snapshot older than this.
    pub snapshot_age_max: Seconds,
    /// When members may be begun with; at any time where there are none. What is begun is finished.
    pub windows: Vec<Window>,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From.
    pub opens: Seconds,
    /// Until just before.
    pub closes: Seconds,
}

/// What happens when a member fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Leave everything as it is, and serving; ask a person.
    #[default]
    Pause,
    /// Go back to the template before, members already replaced included.
    Rollback,
}

/// After so many percent, stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Of the members that are to be replaced.
    pub percent: u32,
    /// How long all must stay well there.
    pub bake: Seconds,
    /// A person must say that it goes on.
    pub confirm: bool,
}

/// A user's hook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// When.
    pub when: When,
    /// Which.
    pub name: HookName,
}

/// How one group is rotated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strategy {
    /// Which group.
    pub group: GroupId,
    /// The template to go to.
    pub template: TemplateId,
    /// The one before, which a rollback goes back to.
    pub previous: Option<TemplateId>,
    /// Members that are replaced though their template is right (`-rotate`).
    pub named: Vec<MachineId>,
    /// How many machines more than desired.
    pub max_surge: Amount,
    /// How many ready machines fewer than desired.
    pub max_unavailable: Amount,
    /// A group of one master may be down while it is replaced in place.
    pub downtime: bool,
    /// How long the first member of a new template must stay well before others follow.
    pub canary_bake: Seconds,
    /// Where it stops, in rising order.
    pub checkpoints: Vec<Checkpoint>,
    /// How many good looks in a row make a member proven.
    pub good_looks: u32,
    /// How many failed launches are tried again before it is a failure for `on_failure`.
    pub retries: u32,
    /// And then.
    pub on_failure: OnFailure,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Users' hooks.
    pub hooks: Vec<Hook>,
}

impl Strategy {
    /// What holds where nothing is said: one more, none fewer, kops' two good looks.
    #[must_use]
    pub fn new(group: GroupId, template: TemplateId, previous: Option<TemplateId>) -> Strategy {
        Strategy {
            group,
            template,
            previous,
            named: Vec::new(),
            max_surge: Amount::Count(1),
            max_unavailable: Amount::Count(0),
            downtime: false,
            canary_bake: 0,
            checkpoints: Vec::new(),
            good_looks: 2,
            retries: 1,
            on_failure: OnFailure::Pause,
            timeouts: Timeouts::default(),
            hooks: Vec::new(),
        }
    }

    /// Surge and unavailable, of a group of so many. Never both none: a machine that is to be replaced must
    /// come or go first.
    #[must_use]
    pub fn amounts(&self, desired: u32) -> (u32, u32) {
        let surge = self.max_surge.rounded_up(desired);
        let unavailable = self.max_unavailable.rounded_down(desired);
        if surge == 0 { (0, unavailable.max(1)) } else { (surge, unavailable) }
    }

    /// The template to go to, or to go back to.
    #[must_use]
    pub fn target(&self, back: bool) -> &TemplateId {
        match (&self.previous, back) {
            (Some(previous), true) => previous,
            _ => &self.template,
        }
    }
}

impl Strategies {
    /// What holds where nothing is said.
    #[must_use]
    pub fn new(rotation: RotationId, operator: OperatorId, groups: Vec<Strategy>) -> Strategies {
        Strategies {
            rotation,
            operator,
            groups,
            parallel_groups: 1,
            failures_max: 3,
            snapshot_age_max: 3600,
            windows: Vec::new(),
        }
    }

    /// A group's strategy.
    #[must_use]
    pub fn of(&self, group: &GroupId) -> Option<&Strategy> {
        self.groups.iter().find(|strategy| strategy.group == *group)
    }

    /// Members may be begun with.
    #[must_use]
    pub fn open(&self, now: Seconds) -> bool {
        self.windows.is_empty() || self.windows.iter().any(|w| w.opens <= now && now < w.closes)
    }

    /// When the window opened that is open.
    #[must_use]
    pub fn opened(&self, now: Seconds) -> Option<Seconds> {
        self.windows.iter().filter(|w| w.opens <= now && now < w.closes).map(|w| w.opens).max()
    }

    /// When the next window opens.
    #[must_use]
    pub fn opens(&self, now: Seconds) -> Option<Seconds> {
        self.windows.iter().filter(|w| w.opens > now).map(|w| w.opens).min()
    }
}
