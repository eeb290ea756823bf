//! [`Reason`]: why a member is replaced.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::TemplateId;
use crate::progress::Progress;
use crate::strategy::Strategy;
use crate::world::{Lifecycle, Member};

/// Why a member is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Its machine does not run.
    Dead,
    /// It was launched, and never came into service.
    FailedLaunch,
    /// It was launched from another template.
    Template,
    /// It was changed by hand.
    Changed,
    /// It was named by a person.
    Named,
    /// The cloud terminates it by itself.
    Announced,
}

impl Reason {
    /// It is work of the rotation, not a repair.
    pub(crate) fn counts(self) -> bool {
        matches!(self, Reason::Template | Reason::Changed | Reason::Named)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Dead => "its machine does not run",
            Reason::FailedLaunch => "it never came into service",
            Reason::Template => "its template has changed",
            Reason::Changed => "it was changed by hand",
            Reason::Named => "it was named for rotation",
            Reason::Announced => "the cloud is terminating it",
        })
    }
}

/// It is not what the plan wants, however it fares: what is dead and of another template is to be replaced, too.
pub(crate) fn outdated(
    member: &Member,
    strategy: Option<&Strategy>,
    target: Option<&TemplateId>,
    progress: &Progress,
) -> bool {
    let named = || {
        let own = member.launched_at >= progress.started_at;
        !own && strategy.is_some_and(|strategy| strategy.named.contains(&member.id))
    };
    strategy.is_some()
        && (target.is_some_and(|target| *target != member.template) || member.changed || named())
}

/// Why a member is replaced; none where it stays.
pub(crate) fn reason(
    member: &Member,
    strategy: Option<&Strategy>,
    target: Option<&TemplateId>,
    progress: &Progress,
) -> Option<Reason> {
    let strategy = strategy?;
    if member.lifecycle == Lifecycle::TerminatingWait {
        return Some(Reason::Announced);
    }
    let own = member.launched_at >= progress.started_at;
    // What has just been launched is given its time, and what is outdated is so however it fares.
    let failed =
        own && progress.of(&member.group).is_some_and(|group| group.failed.contains(&member.id));
    if failed && !member.going() {
        return Some(Reason::FailedLaunch);
    }
    if member.coming() {
        return if target.is_some_and(|target| *target != member.template) {
            Some(Reason::Template)
        } else {
            None
        };
    }
    if !member.alive {
        return Some(Reason::Dead);
    }
    if target.is_some_and(|target| *target != member.template) {
        return Some(Reason::Template);
    }
    if member.changed {
        return Some(Reason::Changed);
    }
    (!own && strategy.named.contains(&member.id)).then_some(Reason::Named)
}
