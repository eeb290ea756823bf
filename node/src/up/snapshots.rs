//! Takes snapshots: on schedule, on the member that leads; and now, because somebody asks. The newest is told on the lease.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::master::Master;
use crate::problem::Problem;
use crate::snapshots::{self, Known};

/// So many are kept where the document does not say.
const KEPT: usize = 8;

/// How a snapshot is called, and so what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of many.
    Usual,
    /// Taken after the only API server had stopped for good.
    Complete,
}

/// Takes snapshots on schedule for ever.
pub(super) async fn on_schedule(master: &Master) {
    let begun = &master.begun;
    let Some(wanted) = &begun.document.etcd.snapshots else { return std::future::pending().await };
    let (mut last, mut told): (Option<Instant>, _) = (None, None);
    loop {
        let report = begun.board.read();
        let leading = report.etcd.is_some_and(|place| place.leading);
        // Nothing is written any more that would be missing in that.
        let over = report.snapshot.is_some_and(|newest| newest.complete);
        let due = snapshots::is_due(last.map(|last| last.elapsed()), wanted.every);
        if leading && due && !(over && master.retirement.api_stopped()) {
            let taken = now(master, Kind::Usual).await;
            begun.board.trouble(&mut told, taken.err().map(|problem| problem.to_string()));
            last = Some(Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Takes one of this machine's member now, checks its hash, brings it to where snapshots go, and has it told.
pub(super) async fn now(master: &Master, kind: Kind) -> Result<(), Problem> {
    let begun = &master.begun;
    let at = Timestamp::now();
    let cluster = &begun.document.cluster.name;
    let name = match kind {
        Kind::Usual => snapshots::name(cluster, at),
        Kind::Complete => snapshots::name_complete(cluster, at),
    };
    let keep = begun.document.etcd.snapshots.as_ref().map_or(KEPT, |wanted| wanted.keep);
    let (etcd, to) = (master.membership.own()?, &master.membership.keeping.to);
    let scratch = begun.layout.snapshots();
    let place = snapshots::take(&etcd, &name, to, keep, &scratch, begun.aws.as_ref()).await?;
    let known = Known::begun(at, kind == Kind::Complete);
    // After a restart it would not be told; it is there all the same.
    let _ = known.write(&begun.layout.newest_snapshot());
    begun.board.change(|report| {
        report.last_snapshot = Some(place);
        report.snapshot = Some(known);
    });
    Ok(())
}
