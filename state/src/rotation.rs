//! What a store keeps of rotations, beside the journal: a row for each cluster, words of people, and how long steps
//! took (docs/adr/0005).
//!
//! # Guarantees
//! - A row changes in the same transaction as the entries that it goes with ([`crate::Store::append_rotation`]).
//! - A word is written without the lock of the state, and is gone in the transaction that acts on it: it is taken once.
//! - Nothing in here is secret, and nothing is sealed: no kubeconfig, no object's content.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A rotation, as the store keeps it: one for each cluster of a workspace, the last one once it is finished.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RotationRecord {
    /// Which cluster; where there is none, the name of the group that stands for itself.
    pub cluster: String,
    /// Which rotation.
    pub rotation: String,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// The machine's `Progress`.
    pub progress: Box<RawValue>,
    /// What is known of templates, and which each group had before: the rotator's own JSON.
    pub templates: Box<RawValue>,
    /// Why it waits for a person, for people.
    pub paused: Option<String>,
    /// When it was finished, RFC 3339; `None`: it is under way, or was left.
    pub finished_at: Option<String>,
    /// When this was written, RFC 3339.
    pub updated_at: String,
}

impl PartialEq for RotationRecord {
    fn eq(&self, other: &RotationRecord) -> bool {
        let texts = |record: &RotationRecord| {
            (record.progress.get().to_owned(), record.templates.get().to_owned())
        };
        (&self.cluster, &self.rotation, &self.started_at)
            == (&other.cluster, &other.rotation, &other.started_at)
            && (&self.paused, &self.finished_at, &self.updated_at)
                == (&other.paused, &other.finished_at, &other.updated_at)
            && texts(self) == texts(other)
    }
}

/// What a person wants of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotationWord {
    /// What is begun comes to its end or goes back, nothing more is begun.
    Pause,
    /// It goes on, and what has failed is tried anew.
    Resume,
    /// The same as pause, and the rotation is forgotten then.
    Abort,
    /// What was begun goes back to the template before.
    Rollback,
}

impl RotationWord {
    /// All of them.
    pub const ALL: [RotationWord; 4] =
        [RotationWord::Pause, RotationWord::Resume, RotationWord::Abort, RotationWord::Rollback];

    /// As stored and shown.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            RotationWord::Pause => "pause",
            RotationWord::Resume => "resume",
            RotationWord::Abort => "abort",
            RotationWord::Rollback => "rollback",
        }
    }
}

/// A word that nobody has taken yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpokenWord {
    /// Names it; in the order in which they were spoken.
    pub id: u64,
    /// To which cluster's rotation.
    pub cluster: String,
    /// What.
    pub word: RotationWord,
    /// By whom: user@host.
    pub who: String,
    /// When, RFC 3339.
    pub at: String,
}

/// How long a step took, from its start until it was seen to be so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDuration {
    /// In which cluster.
    pub cluster: String,
    /// In a group of which role: `bastion`, `master`, `worker`; empty for what is about no group.
    pub role: String,
    /// The step's name.
    pub step: String,
    /// Seconds.
    pub seconds: u64,
    /// When it ended, RFC 3339.
    pub at: String,
}

/// So many durations of one cluster, role and step are kept: the newest.
pub const DURATIONS_MAX: usize = 200;

/// What changes beside the journal, in one transaction with entries.
#[derive(Clone, Debug, Default)]
pub struct RotationChange {
    /// The row of its cluster from now on.
    pub record: Option<RotationRecord>,
    /// The row of this cluster is removed: the rotation is forgotten.
    pub forgotten: Option<String>,
    /// Words that were acted on.
    pub taken: Vec<u64>,
    /// How long steps took.
    pub durations: Vec<StepDuration>,
}
