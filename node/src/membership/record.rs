//! What the data on this machine are, on record beside them.

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
        if !layout.etcd_data().join("member").exists() {
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

/// Moves the data aside, where a person may look at them.
pub(crate) fn move_aside(layout: &Layout, stamp: &str) -> Result<(), Problem> {
    let aside = layout.aside().join(format!("etcd-{stamp}"));
    let failed = |error| Problem::file("etcd's data cannot be moved aside", &aside, &error);
    std::fs::create_dir_all(layout.aside()).map_err(failed)?;
    if layout.etcd_data().exists() {
        std::fs::rename(layout.etcd_data(), &aside).map_err(failed)?;
    }
    Record::erase(layout);
    Ok(())
}

/// A time as part of a file's name.
pub(crate) fn stamp(now: jiff::Timestamp) -> String {
    now.strftime("%Y%m%dT%H%M%S%3fZ").to_string()
}
