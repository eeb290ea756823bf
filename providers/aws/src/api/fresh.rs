//! Objects made a moment ago, which other calls may not see yet.
//!
//! AWS is eventually consistent: a call that names a new object may be told that there is none. That
//! is waited out in [`Api::call`], for writes and for a short while only, so that what truly is not
//! there is still said to be so, and at once where this run did not make it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::error::is_read;
use super::{Api, AwsError};

/// How long after its making an object may be unknown to others.
const FRESH: Duration = Duration::from_secs(60);

/// For what these do, an object that is not there is as good as done with.
const REMOVING: [&str; 8] =
    ["Delete", "Deregister", "Detach", "Disassociate", "Release", "Remove", "Revoke", "Terminate"];

/// When objects were made, by id.
#[derive(Default)]
pub(super) struct Made(Mutex<HashMap<String, SystemTime>>);

impl Api {
    /// Remembers that the object was made now.
    pub(crate) fn made(&self, id: &str) {
        let mut made = self.shared.made.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.retain(|_, at| self.since(*at) < FRESH);
        made.insert(id.to_owned(), self.now());
    }

    /// Forgets that an object was made: it is deleted.
    pub(crate) fn unmade(&self, id: &str) {
        let mut made = self.shared.made.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.remove(id);
    }

    /// Is AWS's complaint that something is not there, and was that something made just now?
    pub(super) fn may_appear(&self, operation: &str, error: &AwsError) -> bool {
        if !error.is_not_found()
            || is_read(operation)
            || REMOVING.iter().any(|verb| operation.starts_with(verb))
        {
            return false;
        }
        let made = self.shared.made.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.iter().any(|(id, at)| {
            id.len() > 2 && self.since(*at) < FRESH && error.message.contains(id.as_str())
        })
    }
}
