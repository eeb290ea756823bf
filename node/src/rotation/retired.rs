//! A machine that a rotation has taken out stays out, whatever happens to its node: its API server is not started again, and
//! its member does not join again. Noted in a file before it is done, so that a node which is killed in between does not come
//! back as what it was. There is no way back but a person's: a restore, or deleting the file.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::etcd::hex_id;
use crate::files;
use crate::layout::Layout;
use crate::problem::Problem;

/// What was taken from this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Taken {
    /// Its API server.
    #[serde(default)]
    api: bool,
    /// Its member of etcd: it is being removed, or was.
    #[serde(default)]
    member: Option<u64>,
    /// It was removed, and nothing of it is left to do.
    #[serde(default)]
    left: bool,
}

/// The hold on it. All clones are one.
#[derive(Clone, Debug)]
pub(crate) struct Retirement {
    taken: Arc<Mutex<Taken>>,
    file: PathBuf,
}

impl Retirement {
    /// As it is on record.
    ///
    /// # Errors
    /// When that cannot be read: nobody knows then whether this machine may serve.
    pub(crate) fn read(layout: &Layout) -> Result<Retirement, Problem> {
        const WHAT: &str = "It is not known whether this machine was taken out of the cluster";
        let file = layout.retired();
        let taken = match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                let detail = format!(
                    "{}: {error}. Delete it if this machine is to serve, else end the machine.",
                    file.display()
                );
                Problem::new(WHAT, detail)
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => Taken::default(),
            Err(error) => return Err(Problem::file(WHAT, &file, &error)),
        };
        Ok(Retirement { taken: Arc::new(Mutex::new(taken)), file })
    }

    /// A restore makes a master of the machine again.
    ///
    /// # Errors
    /// When the record stays.
    pub(crate) fn forget(layout: &Layout) -> Result<(), Problem> {
        let file = layout.retired();
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Problem::file("The record of an earlier rotation stays", &file, &error))
            }
            _ => Ok(()),
        }
    }

    fn now(&self) -> Taken {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Taken)) -> Result<(), Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = *taken;
        change(&mut new);
        if new != *taken {
            files::write(&self.file, &serde_json::to_vec(&new).unwrap_or_default(), 0o600)?;
            *taken = new;
        }
        Ok(())
    }

    /// Its API server stays stopped.
    pub(crate) fn api_stopped(&self) -> bool {
        self.now().api
    }

    /// Its member is being removed, or was: nothing is done to have it back.
    pub(crate) fn leaves(&self) -> bool {
        self.now().member.is_some()
    }

    /// Its member was removed.
    pub(crate) fn has_left(&self) -> bool {
        self.now().left
    }

    /// The member that it had.
    pub(crate) fn member(&self) -> Option<u64> {
        self.now().member
    }

    pub(crate) fn stop_api(&self) -> Result<(), Problem> {
        self.change(|taken| taken.api = true)
    }

    pub(crate) fn leave(&self, member: u64) -> Result<(), Problem> {
        self.change(|taken| (taken.api, taken.member) = (true, Some(member)))
    }

    /// It could not be removed, and is a member as before.
    pub(crate) fn stay(&self) -> Result<(), Problem> {
        self.change(|taken| taken.member = None)
    }

    /// All of it is done.
    pub(crate) fn leave_is_done(&self) -> Result<(), Problem> {
        self.change(|taken| taken.left = true)
    }

    /// In words; none while nothing was taken.
    pub(crate) fn says(&self) -> Option<String> {
        match self.now() {
            Taken { left: true, .. } => {
                Some("was replaced, and has left the cluster: its machine may end".to_owned())
            }
            Taken { member: Some(id), .. } => {
                Some(format!("is being replaced: its member {} of etcd leaves", hex_id(id)))
            }
            Taken { api: true, .. } => {
                Some("is being replaced: its API server was stopped".to_owned())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_stays_taken_over_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let first = Retirement::read(&layout).unwrap();
        assert!(!first.api_stopped() && !first.leaves() && first.says().is_none());
        first.stop_api().unwrap();
        let other = first.clone();
        assert!(other.api_stopped() && !other.leaves());
        other.leave(0x1f).unwrap();
        let again = Retirement::read(&layout).unwrap();
        assert!(again.api_stopped() && again.leaves() && !again.has_left());
        assert!(again.says().unwrap().contains("1f"));
        again.stay().unwrap();
        let again = Retirement::read(&layout).unwrap();
        assert!(
            again.api_stopped() && !again.leaves(),
            "a removal that failed gives no API server back"
        );
        again.leave(0x1f).unwrap();
        again.leave_is_done().unwrap();
        assert_eq!(Retirement::read(&layout).unwrap().member(), Some(0x1f));
        assert!(Retirement::read(&layout).unwrap().has_left());
        Retirement::forget(&layout).unwrap();
        Retirement::forget(&layout).unwrap();
        assert!(!Retirement::read(&layout).unwrap().leaves());
    }

    #[test]
    fn a_record_that_makes_no_sense_is_for_a_person() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        std::fs::write(layout.retired(), "{").unwrap();
        let said = Retirement::read(&layout).unwrap_err().to_string();
        assert!(said.contains("retired.json") && said.contains("Delete it"), "{said}");
    }
}
