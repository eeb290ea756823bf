//! Notices that this machine is to be taken, as EC2 tells them in the instance's metadata, and what a worker does about each.
//! Pure; `metadata` asks, `drain` acts.
//!
//! What must hold: a machine that EC2 takes gets no further pods, and those that it has move while there is time; PDBs count.
//! Nobody else has to run for that: it is the worker itself that acts, on its own Node and its own pods, by the rights that any
//! kubelet has.

mod drain;
mod metadata;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::Deserialize;

pub(crate) use drain::{Drained, answer, forget};
pub(crate) use metadata::ask;

/// Why this machine is to go, the most urgent reason first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Notice {
    /// EC2 takes the capacity back.
    Interrupted { at: Timestamp, action: String },
    /// The Auto Scaling group ends it, and waits for a lifecycle hook.
    Ended,
    /// EC2 may take it soon. The group may replace it before.
    AtRisk { since: Timestamp },
}

/// What metadata say; what is not there is None.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// `spot/instance-action`
    pub(crate) spot: Option<String>,
    /// `autoscaling/target-lifecycle-state`
    pub(crate) lifecycle: Option<String>,
    /// `events/recommendations/rebalance`
    pub(crate) rebalance: Option<String>,
}

#[derive(Deserialize)]
struct SpotAction {
    action: String,
    time: Timestamp,
}

#[derive(Deserialize)]
struct Rebalance {
    #[serde(rename = "noticeTime")]
    notice_time: Timestamp,
}

/// The most urgent notice. What cannot be read is none: a machine is not emptied by mistake.
pub(crate) fn read(told: &Told) -> Option<Notice> {
    let spot = told.spot.as_deref().and_then(|text| serde_json::from_str::<SpotAction>(text).ok());
    let lifecycle = told.lifecycle.as_deref().map(str::trim);
    let rebalance =
        told.rebalance.as_deref().and_then(|text| serde_json::from_str::<Rebalance>(text).ok());
    [
        spot.map(|it| Notice::Interrupted { at: it.time, action: it.action }),
        (lifecycle == Some("Terminated")).then_some(Notice::Ended),
        rebalance.map(|it| Notice::AtRisk { since: it.notice_time }),
    ]
    .into_iter()
    .flatten()
    .next()
}

impl Notice {
    /// Whether pods leave now. At risk is not taken: a machine that may stay for days only gets no more of them.
    pub(crate) fn moves_pods(&self) -> bool {
        !matches!(self, Notice::AtRisk { .. })
    }
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Notice::Interrupted { at, action } => {
                write!(f, "EC2 takes this Spot Instance back at {at} ({action})")
            }
            Notice::Ended => f.write_str("its Auto Scaling group ends this machine"),
            Notice::AtRisk { since } => {
                write!(f, "EC2 may take this Spot Instance back soon (told at {since})")
            }
        }
    }
}
