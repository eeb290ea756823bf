//! A new cluster out of a snapshot: this machine founds it, and the claims are of that one from then on.
//!
//! What must hold: until the snapshot was found whole and its data lie ready beside the place of the old ones, nothing is
//! touched; the old data are moved aside, never deleted; no other machine can found a cluster in between.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::net::TcpStream;

use super::bucket;
use crate::aws;
use crate::binaries;
use crate::claims::{self, Claims};
use crate::discovery::{self, AddressBook, Discovery};
use crate::document::{Binaries, Document, Peers, Role};
use crate::etcd::verify_snapshot;
use crate::facts::{ETCD_CLIENT, Facts};
use crate::layout::Layout;
use crate::membership::{Machine, set_aside, stamp};
use crate::problem::Problem;
use crate::rotation::{Ledger, Retirement};
use crate::{Options, files};

const WHAT: &str = "The snapshot is not restored";
/// So long another master may take to say that its etcd is there.
const PATIENCE: Duration = Duration::from_secs(2);

/// Restores a snapshot (a file, or `s3://BUCKET/KEY`) on this machine, whose node must not run, and neither may another
/// master's. Says what was done, and what is to be done.
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
    if let Some(binaries) = options.binaries {
        document.binaries = Binaries::Directory(binaries);
    }
    if document.role != Role::Master {
        let detail = "The document is of a worker, which has no etcd: restore on a master.";
        return Err(Problem::new(WHAT, detail));
    }
    let layout = Layout::new(&document.directory);
    files::directory(layout.root())?;
    let _lock = layout.take_lock()?;
    let book = AddressBook::at(options.addresses);
    let facts = discovery::identify(&document, &book).await?;
    let claims = claims::of(&document, None).await?;
    let old_claims = claims.all().await?;
    nobody_serves(&document, book, &facts).await?;
    let programs = binaries::at_hand(&document.binaries, &["etcdutl"], &layout.cache()).await?;
    let now = stamp(jiff::Timestamp::now());
    let token = format!("{}-{now}", document.cluster.name);
    let brought = Brought::of(from, &layout).await?;
    let size =
        verify_snapshot(&brought.file).map_err(|why| Problem::new(WHAT, format!("{why}.")))?;
    unpack(&programs.path("etcdutl"), &brought.file, &facts, &layout, &token).await?;
    set_aside(&layout, &now)?;
    std::fs::rename(unpacked(&layout).join("member"), layout.etcd_member())
        .map_err(|error| Problem::file(WHAT, &layout.etcd_member(), &error))?;
    let _ = std::fs::remove_dir_all(unpacked(&layout));
    Retirement::forget(&layout)?;
    Ledger::restored(&layout.asked(), jiff::Timestamp::now())?;
    found_anew(&*claims, old_claims, &facts.id).await?;
    Ok(format!(
        "Restored {size} bytes of {from}. Start the node here, and it founds the cluster anew. On every other master that has \
         data of the old cluster, move {} away before its node is started: it joins then.",
        layout.etcd_member().display()
    ))
}

/// A snapshot on this machine; one that came from elsewhere goes again.
struct Brought {
    file: PathBuf,
    came: bool,
}

impl Brought {
    async fn of(from: &str, layout: &Layout) -> Result<Brought, Problem> {
        if !from.starts_with("s3://") {
            return Ok(Brought { file: from.into(), came: false });
        }
        files::directory(&layout.snapshots())?;
        let client = aws::s3(&aws::config().await);
        let file = layout.snapshots().join("from-s3.db");
        Ok(Brought { file: bucket::bring(&client, from, file).await?, came: true })
    }
}

impl Drop for Brought {
    fn drop(&mut self) {
        if self.came {
            let _ = std::fs::remove_file(&self.file);
        }
    }
}

/// While a member of the old cluster runs, it would write its own claim again, and two clusters would go by one name.
async fn nobody_serves(
    document: &Document,
    book: AddressBook,
    facts: &Facts,
) -> Result<(), Problem> {
    let aws = match document.peers {
        Peers::Autoscaling => Some(aws::config().await),
        Peers::Static(_) => None,
    };
    let mut machines = Discovery::new(document, book, aws).masters().await?;
    machines.push(discovery::me(facts));
    for Machine { name, client_url, .. } in machines {
        let address = client_url.trim_start_matches("https://").parse::<SocketAddr>();
        let Ok(address) = address else { continue };
        let opened = tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await;
        if opened.is_ok_and(|opened| opened.is_ok()) {
            let detail = format!(
                "{name} serves port {ETCD_CLIENT} at {}: its etcd still runs. A restore replaces the whole cluster, so end \
                 every master's node first. If a quorum of them is well, nothing needs to be restored: a new machine joins by itself.",
                address.ip()
            );
            return Err(Problem::new(WHAT, detail));
        }
    }
    Ok(())
}

/// Beside the place of the data, on the same disk, which may be one of its own.
fn unpacked(layout: &Layout) -> PathBuf {
    layout.etcd_data().join("restored")
}

async fn unpack(
    program: &Path,
    snapshot: &Path,
    facts: &Facts,
    layout: &Layout,
    token: &str,
) -> Result<(), Problem> {
    let directory = unpacked(layout);
    // Left by a run that ended in the middle.
    let _ = std::fs::remove_dir_all(&directory);
    files::directory(&layout.etcd_data())?;
    let output = tokio::process::Command::new(program)
        .args(["snapshot", "restore"])
        .arg(snapshot)
        .arg(format!("--name={}", facts.name))
        .arg(format!("--initial-cluster={}={}", facts.name, facts.peer_url()))
        .arg(format!("--initial-advertise-peer-urls={}", facts.peer_url()))
        .arg(format!("--initial-cluster-token={token}"))
        .arg(format!("--data-dir={}", directory.display()))
        // What watches the API must not see revisions again that it saw before with other content.
        .args(["--bump-revision=1000000000", "--mark-compacted"])
        .stdin(Stdio::null())
        .output()
        .await;
    let output = output.map_err(|error| Problem::file(WHAT, program, &error))?;
    if output.status.success() {
        return Ok(());
    }
    let _ = std::fs::remove_dir_all(&directory);
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.lines().rev().take(5).collect();
    Err(Problem::new(
        WHAT,
        format!("etcdutl says: {}", last.into_iter().rev().collect::<Vec<_>>().join(" ")),
    ))
}

/// This machine founds, then all claims of the old cluster go. In this order: once `cluster` is gone, whoever comes goes by
/// `founder`, which must be this machine by then.
async fn found_anew(
    claims: &dyn Claims,
    old: std::collections::BTreeMap<String, String>,
    id: &str,
) -> Result<(), Problem> {
    claims.overwrite(claims::FOUNDER, id).await?;
    for (name, value) in old.iter().filter(|(name, _)| name.starts_with("members/")) {
        claims.delete(name, value).await?;
    }
    match old.get(claims::CLUSTER) {
        Some(value) => claims.delete(claims::CLUSTER, value).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;

    /// Writes down what is done.
    #[derive(Default)]
    struct Recorded(Mutex<Vec<String>>);

    impl Recorded {
        fn note(&self, line: String) {
            self.0.lock().unwrap().push(line);
        }
    }

    #[async_trait]
    impl Claims for Recorded {
        async fn all(&self) -> Result<BTreeMap<String, String>, Problem> {
            Ok(BTreeMap::new())
        }
        async fn write_once(&self, name: &str, value: &str) -> Result<bool, Problem> {
            self.note(format!("once {name}={value}"));
            Ok(true)
        }
        async fn overwrite(&self, name: &str, value: &str) -> Result<(), Problem> {
            self.note(format!("write {name}={value}"));
            Ok(())
        }
        async fn delete(&self, name: &str, value: &str) -> Result<(), Problem> {
            self.note(format!("delete {name}={value}"));
            Ok(())
        }
    }

    #[tokio::test]
    async fn this_machine_is_the_founder_before_anybody_can_see_that_the_cluster_is_gone() {
        let pairs = [("founder", "i-1"), ("cluster", "1f"), ("members/i-1", "2"), ("else", "x")];
        let old = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let claims = Recorded::default();
        found_anew(&claims, old, "i-9").await.unwrap();
        let done = claims.0.into_inner().unwrap();
        assert_eq!(done, ["write founder=i-9", "delete members/i-1=2", "delete cluster=1f"]);
    }
}
