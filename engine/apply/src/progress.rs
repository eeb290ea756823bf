//! [`ProgressEvent`]: what is told while an apply goes on. The terminal, the JSON lines and the tests
//! are fed from the same events. Nothing in them is secret.

use std::fmt;
use std::time::Duration;

use kprov_core::{ObjectAddr, Str};
use serde::{Deserialize, Serialize};

/// What an operation does, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// "Creating..."
    Create,
    /// "Modifying..."
    Update,
    /// "Destroying..."
    Delete,
    /// "Reading..."
    Read,
    /// "Importing..."
    Import,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProgressEvent {
    /// A provider call begins; its intent is durable.
    Started {
        /// The object.
        address: ObjectAddr,
        /// What is done to it.
        verb: Verb,
        /// Name and value of the attribute that identifies it: `("id", "i-123")`.
        id: Option<(Str, Str)>,
    },
    /// It still runs.
    Running {
        /// The object.
        address: ObjectAddr,
        /// What is done to it.
        verb: Verb,
        /// The identifying attribute.
        id: Option<(Str, Str)>,
        /// For how long.
        elapsed: Duration,
    },
    /// It is done, provisioners included, and nothing went wrong.
    Finished {
        /// The object.
        address: ObjectAddr,
        /// What was done to it.
        verb: Verb,
        /// The identifying attribute.
        id: Option<(Str, Str)>,
        /// For how long.
        elapsed: Duration,
    },
    /// It failed; the diagnostics say how.
    Failed {
        /// The object.
        address: ObjectAddr,
        /// What was to be done to it.
        verb: Verb,
        /// For how long.
        elapsed: Duration,
    },
    /// A provisioner begins.
    Provisioning {
        /// The object.
        address: ObjectAddr,
        /// `local-exec`
        provisioner: Str,
    },
    /// A line that a provisioner printed.
    Output {
        /// The object.
        address: ObjectAddr,
        /// `local-exec`
        provisioner: Str,
        /// Without its newline.
        line: String,
    },
    /// A provisioner ended.
    Provisioned {
        /// The object.
        address: ObjectAddr,
        /// `local-exec`
        provisioner: Str,
        /// Did it do its work?
        succeeded: bool,
    },
    /// A rotation goes on.
    Rotation(RotationProgress),
    /// Stopping on request; what is under way is waited for.
    Stopping {
        /// How many calls.
        waiting: usize,
    },
}

/// How it stands with a member of a group that is rotated, or with the group itself. The newest word for a group and
/// member replaces the ones before: one line for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotationProgress {
    /// Whose group it is.
    pub address: ObjectAddr,
    /// The group, as the cloud names it.
    pub group: Str,
    /// The machine; none: the group as a whole.
    pub member: Option<Str>,
    /// What is under way, as the journal names it (`drain`), or in what state it is (`launching`).
    pub step: Str,
    /// Since when, by [`kprov_core::Host::elapsed`]: its timer counts from there.
    pub since: Duration,
    /// What it waits for, for people.
    pub waits: Option<String>,
    /// Members that are replaced, and all that were to be when it began. Of the group's own line only.
    pub replaced: Option<(u32, u32)>,
    /// Nothing more comes of this line: the member is in service or gone, the group is finished.
    pub done: bool,
}

/// Is told about progress, from the thread that runs the apply and from those that run calls.
pub trait Reporter: Send + Sync + fmt::Debug {
    /// Something happened.
    fn report(&self, event: &ProgressEvent);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct SilentReporter;

impl Reporter for SilentReporter {
    fn report(&self, _event: &ProgressEvent) {}
}

/// What an apply did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Objects made; a replacement counts here and in `destroyed`.
    pub added: u64,
    /// Objects changed in place.
    pub changed: u64,
    /// Objects deleted.
    pub destroyed: u64,
    /// Objects taken over by import.
    pub imported: u64,
    /// Objects left alone and forgotten.
    pub forgotten: u64,
    /// Operations that failed.
    pub failed: u64,
    /// Operations not begun, because something before them failed or the run was stopped.
    pub skipped: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.added += other.added;
        self.changed += other.changed;
        self.destroyed += other.destroyed;
        self.imported += other.imported;
        self.forgotten += other.forgotten;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}
