//! [`Pause`]: a person is wanted. Each [`Code`] has a section in docs/rotation.md, which a test checks.

use serde::{Deserialize, Serialize};

use crate::{GroupId, MachineId, Seconds};

/// Why a person is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Somebody else holds the lock.
    Locked,
    /// What was seen contradicts itself.
    Contradiction,
    /// The group was not healthy before anything was done to it.
    UnhealthyBefore,
    /// The next step would break an invariant, and time does not change that.
    Unsafe,
    /// A checkpoint where a person must say that it goes on.
    Checkpoint,
    /// A person has said that it is to pause.
    Asked,
    /// A member failed, or a step took too long.
    Failed,
    /// Too many failures in all groups together.
    Breaker,
    /// Nothing has moved for long.
    Stuck,
    /// All windows are over.
    NoWindow,
    /// It went back to the template before, and is there.
    RolledBack,
}

impl Code {
    /// All of them.
    pub const ALL: [Code; 11] = [
        Code::Locked,
        Code::Contradiction,
        Code::UnhealthyBefore,
        Code::Unsafe,
        Code::Checkpoint,
        Code::Asked,
        Code::Failed,
        Code::Breaker,
        Code::Stuck,
        Code::NoWindow,
        Code::RolledBack,
    ];

    /// As it stands in the journal and in the documentation.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Locked => "locked",
            Code::Contradiction => "contradiction",
            Code::UnhealthyBefore => "unhealthy-before",
            Code::Unsafe => "unsafe",
            Code::Checkpoint => "checkpoint",
            Code::Asked => "asked",
            Code::Failed => "failed",
            Code::Breaker => "breaker",
            Code::Stuck => "stuck",
            Code::NoWindow => "no-window",
            Code::RolledBack => "rolled-back",
        }
    }

    /// What to do, in a sentence.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Code::Locked => "Wait for the other run, or end it; the lock expires by itself.",
            Code::Contradiction => "Look whether two clusters share names or tags, and refresh.",
            Code::UnhealthyBefore => {
                "Repair the group, or name the sick member with -rotate, and apply again."
            }
            Code::Unsafe => "Change what is said, and apply again.",
            Code::Checkpoint => "Look at what is new, and apply again to go on, or roll back.",
            Code::Asked => "Apply again to go on, or roll back.",
            Code::Failed => "Look at the member; apply again to try anew, or roll back.",
            Code::Breaker => {
                "Look for what the failures have in common; apply again to try anew, or roll back."
            }
            Code::Stuck => "Look at what is waited for; apply again to wait on, or roll back.",
            Code::NoWindow => "Give it a window, or apply without.",
            Code::RolledBack => "Nothing is broken: repair the template, and apply again.",
        }
    }
}

/// A person is wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pause {
    /// Why.
    pub code: Code,
    /// Since when.
    pub since: Seconds,
    /// In which group.
    pub group: Option<GroupId>,
    /// With which member.
    pub member: Option<MachineId>,
    /// Which invariant, where it is one.
    pub invariant: Option<String>,
    /// What is the matter, for people.
    pub says: String,
}

impl Pause {
    pub(crate) fn new(code: Code, since: Seconds, says: impl Into<String>) -> Pause {
        Pause { code, since, group: None, member: None, invariant: None, says: says.into() }
    }
}
