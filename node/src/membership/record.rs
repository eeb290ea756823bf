//! What the data on this machine are, on record beside them.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Own;
use crate::layout::Layout;
use crate::problem::Problem;

/// Which member of which cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) cluster: u64,
    pub(crate) member: u64,
    /// The cluster's claim named it.
    pub(crate) confirmed: bool,
}

impl Record {
    pub(crate) fn read(layout: &Layout) -> Own {
        if !has_log(layout) {
            return Own::Empty;
        }
        let record = std::fs::read(layout.etcd_record())
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        match record {
            None => Own::Data { cluster: None, member: None, confirmed: false },
            Some(Record { cluster, member, confirmed }) => {
                Own::Data { cluster: Some(cluster), member: Some(member), confirmed }
            }
        }
    }

    pub(crate) fn write(self, layout: &Layout) -> Result<(), Problem> {
        let text = serde_json::to_vec(&self).unwrap_or_default();
        crate::files::write(&layout.etcd_record(), &text, 0o600)
    }

    pub(crate) fn erase(layout: &Layout) {
        let _ = std::fs::remove_file(layout.etcd_record());
    }
}

/// etcd goes by its log, too: without one it begins as new. It makes directories and a database before its log, so that one
/// whose disk was full then has those only.
fn has_log(layout: &Layout) -> bool {
    let entries = std::fs::read_dir(layout.etcd_member().join("wal"));
    let mut paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    paths.any(|path| path.extension().is_some_and(|end| end == "wal"))
}

/// Moves the data aside, where a person may look at them; gives where. etcd's directory may be a disk of its own: then they
/// stay on that disk.
pub(crate) fn move_aside(layout: &Layout, stamp: &str) -> Result<Option<PathBuf>, Problem> {
    const WHAT: &str = "etcd's data cannot be moved aside";
    let mut moved = None;
    if layout.etcd_member().exists() {
        let aside = layout.aside().join(format!("etcd-{stamp}"));
        moved = match move_to(layout, &aside) {
            Err(error) if error.kind() == ErrorKind::CrossesDevices => {
                let _ = std::fs::remove_dir(&aside);
                let aside = layout.etcd_data().join("aside").join(format!("etcd-{stamp}"));
                move_to(layout, &aside).map_err(|error| Problem::file(WHAT, &aside, &error))?;
                Some(aside)
            }
            done => {
                done.map_err(|error| Problem::file(WHAT, &aside, &error))?;
                Some(aside)
            }
        };
    }
    Record::erase(layout);
    Ok(moved)
}

fn move_to(layout: &Layout, aside: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(aside)?;
    std::fs::rename(layout.etcd_member(), aside.join("member"))
}

/// A time as part of a file's name.
pub(crate) fn stamp(now: jiff::Timestamp) -> String {
    now.strftime("%Y%m%dT%H%M%S%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_moved_whole_with_their_record_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        assert_eq!(move_aside(&layout, "t").unwrap(), None);
        std::fs::create_dir_all(layout.etcd_member().join("wal")).unwrap();
        std::fs::create_dir(layout.etcd_data().join("lost+found")).unwrap();
        Record { cluster: 1, member: 2, confirmed: true }.write(&layout).unwrap();
        assert_eq!(Record::read(&layout), Own::Empty, "its log was not begun");
        std::fs::write(layout.etcd_member().join("wal/0-0.wal"), "").unwrap();
        let own = Own::Data { cluster: Some(1), member: Some(2), confirmed: true };
        assert_eq!(Record::read(&layout), own);
        let aside = move_aside(&layout, "t").unwrap().expect("data");
        assert!(aside.join("member/wal").exists() && aside.starts_with(layout.aside()));
        assert_eq!(Record::read(&layout), Own::Empty);
        assert!(!layout.etcd_record().exists() && layout.etcd_data().join("lost+found").exists());
    }
}
