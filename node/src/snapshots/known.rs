//! The newest snapshot that this machine took, on record, so that it can tell of it after a restart, too.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::files;
use crate::problem::Problem;

/// A snapshot, as it is told on the lease (`kprov.dev/snapshot`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Known {
    /// When it was begun: what was acknowledged before is in it. Whole seconds.
    pub(crate) taken_at: Timestamp,
    /// Its hash was checked.
    pub(crate) verified: bool,
    /// Taken after the only API server had stopped for good: nothing acknowledged is missing in it.
    pub(crate) complete: bool,
}

impl Known {
    /// One that was begun at this time, and whose hash was checked. (None is kept whose hash was not.)
    pub(crate) fn begun(at: Timestamp, complete: bool) -> Known {
        let taken_at = Timestamp::from_second(at.as_second()).unwrap_or(at);
        Known { taken_at, verified: true, complete }
    }

    pub(crate) fn read(file: &Path) -> Option<Known> {
        serde_json::from_slice(&std::fs::read(file).ok()?).ok()
    }

    pub(crate) fn write(&self, file: &Path) -> Result<(), Problem> {
        files::write(file, &serde_json::to_vec(self).unwrap_or_default(), 0o600)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_in_whole_seconds_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("newest.json");
        assert_eq!(Known::read(&file), None);
        let known = Known::begun("2026-11-27T08:00:01.75Z".parse().unwrap(), false);
        known.write(&file).unwrap();
        assert_eq!(Known::read(&file), Some(known));
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text, r#"{"takenAt":"2026-11-27T08:00:01Z","verified":true,"complete":false}"#);
    }
}
