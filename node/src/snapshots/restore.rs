//! A new cluster out of a snapshot: this machine founds it, and the claims are of that one from then on.

use std::process::Stdio;

use super::bring;
use crate::binaries;
use crate::claims::{self, Claims};
use crate::discovery::{self, AddressBook};
use crate::document::Document;
use crate::etcd::verify_snapshot;
use crate::facts::Facts;
use crate::layout::Layout;
use crate::membership::{set_aside, stamp};
use crate::problem::Problem;
use crate::{Options, files};

const WHAT: &str = "The snapshot is not restored";

/// Restores a snapshot (a file, or `s3://BUCKET/KEY`) on this machine, whose node must not run. Says what was done.
///
/// # Errors
/// When something is in the way; the data that were there are moved aside, never deleted.
pub async fn restore(
    mut document: Document,
    options: Options,
    from: &str,
) -> Result<String, Problem> {
    if let Some(directory) = options.directory {
        document.directory = directory;
    }
    let layout = Layout::new(&document.directory);
    files::directory(layout.root())?;
    let _lock = layout.take_lock()?;
    let snapshot = bring(from, &layout.snapshots()).await?;
    let size = verify_snapshot(&snapshot).map_err(|why| Problem::new(WHAT, format!("{why}.")))?;
    let facts = discovery::identify(&document, &AddressBook::at(options.addresses)).await?;
    let programs = binaries::at_hand(&document.binaries, &["etcdutl"], &layout.cache()).await?;
    let claims = claims::of(&document, None).await?;
    let now = stamp(jiff::Timestamp::now());
    set_aside(&layout, &now)?;
    run(
        &programs.path("etcdutl"),
        &snapshot,
        &facts,
        &layout,
        &format!("{}-{now}", document.cluster.name),
    )
    .await?;
    found_anew(&*claims, &facts.id).await?;
    Ok(format!(
        "Restored {size} bytes of {from}. Start the node here, and it founds the cluster anew. On every other master, move {} \
         away before its node is started: it joins then.",
        layout.etcd_data().display()
    ))
}

async fn run(
    program: &std::path::Path,
    snapshot: &std::path::Path,
    facts: &Facts,
    layout: &Layout,
    token: &str,
) -> Result<(), Problem> {
    let output = tokio::process::Command::new(program)
        .args(["snapshot", "restore"])
        .arg(snapshot)
        .arg(format!("--name={}", facts.name))
        .arg(format!("--initial-cluster={}={}", facts.name, facts.peer_url()))
        .arg(format!("--initial-advertise-peer-urls={}", facts.peer_url()))
        .arg(format!("--initial-cluster-token={token}"))
        .arg(format!("--data-dir={}", layout.etcd_data().display()))
        // What watches the API must not see revisions again that it saw before with other content.
        .args(["--bump-revision=1000000000", "--mark-compacted"])
        .stdin(Stdio::null())
        .output()
        .await;
    let output = output.map_err(|error| Problem::file(WHAT, program, &error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.lines().rev().take(5).collect();
    Err(Problem::new(
        WHAT,
        format!("etcdutl says: {}", last.into_iter().rev().collect::<Vec<_>>().join(" ")),
    ))
}

/// All claims of the old cluster go; this machine founds.
async fn found_anew(claims: &dyn Claims, id: &str) -> Result<(), Problem> {
    for (name, value) in claims.all().await? {
        claims.delete(&name, &value).await?;
    }
    claims.write_once(claims::FOUNDER, id).await.map(drop)
}
