//! No room: etcd at its quota, and on a disk that is full.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cluster::{Cluster, peers};

/// Fills etcd until it takes no more; gives what it said then.
fn fill(cluster: &Cluster) -> String {
    let file = cluster.at("filling");
    std::fs::write(&file, "x".repeat(1_000_000)).expect("a file");
    let text = std::fs::read_to_string(&file).expect("a file");
    for number in 0..200 {
        let key = format!("/filling/{number}");
        // As an argument it would be too long: from standard input.
        if let Err(said) = cluster.etcdctl_with(0, &["put", &key], &text) {
            return said;
        }
    }
    panic!("etcd takes anything");
}

fn alarm(cluster: &Cluster) -> Option<String> {
    let status = cluster.status(0)?;
    status["etcd"]["alarms"][0]["name"].as_str().map(str::to_owned)
}

#[test]
fn at_its_quota_etcd_raises_an_alarm_that_is_told_and_stands_until_a_person_helped() {
    let Some(bin) = peers() else { return };
    let mut cluster = Cluster::of_one(bin, 214);
    cluster.edit(0, "etcd: {snapshots", "etcd: {quotaBytes: 40000000, snapshots");
    cluster.start(0);
    cluster.until_ready(&[0], 240);
    cluster.until("the namespace is there", 60, |it| {
        it.kubectl(0, &["create", "configmap", "before"]).is_ok()
    });
    let said = fill(&cluster);
    assert!(said.contains("database space exceeded"), "{said}");
    cluster.until("the status tells the alarm", 60, |it| {
        let problem = it.status(0).map(|status| status["problem"].clone()).unwrap_or_default();
        alarm(it).as_deref() == Some("NOSPACE")
            && problem.as_str().is_some_and(|problem| problem.contains("NOSPACE"))
    });
    let standing = kprov_node::standing(&cluster.directory(0)).unwrap();
    assert!(!standing.is_ready(), "{standing}");
    assert_eq!(standing.json()["etcd"]["alarms"][0]["name"], "NOSPACE");
    assert!(standing.to_string().contains("etcdctl alarm disarm"), "{standing}");
    // Reading goes on, writing does not, and no snapshot makes a good one go.
    cluster.kubectl(0, &["get", "namespaces"]).expect("it is read");
    let refused = cluster.kubectl(0, &["create", "configmap", "x"]).unwrap_err();
    assert!(refused.contains("database space exceeded"), "{refused}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let to = cluster.at("by-hand.db");
    let said = runtime.block_on(kprov_node::snapshot(&cluster.directory(0), &to)).unwrap_err();
    assert!(said.to_string().contains("NOSPACE"), "{said}");
    assert!(!to.exists());
    // A changed tree is not followed.
    let tree = cluster.at("pki/bootstrap/token");
    let before = cluster.status(0).unwrap()["generation"].clone();
    std::fs::write(&tree, "abcdef.fedcba9876543210").unwrap();
    cluster.until("it says that it does not follow", 60, |it| {
        let problem = it.status(0).map(|status| status["problem"].clone()).unwrap_or_default();
        problem.as_str().is_some_and(|problem| problem.contains("is not followed"))
    });
    assert_eq!(cluster.status(0).unwrap()["generation"], before);

    // As the status says: compact, defragment, disarm.
    cluster.etcdctl(0, &["del", "/filling/", "--prefix"]).expect("deleting is allowed");
    let text = cluster.etcdctl(0, &["get", "/nothing", "-w", "json"]).expect("etcd answers");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let revision = json["header"]["revision"].to_string();
    cluster.etcdctl(0, &["compact", &revision]).expect("it is compacted");
    cluster.etcdctl(0, &["defrag", "--command-timeout=60s"]).expect("it is defragmented");
    cluster.etcdctl(0, &["alarm", "disarm"]).expect("it is disarmed");
    cluster.until("all is well again, and the tree is followed", 120, |it| {
        let status = it.status(0).unwrap_or_default();
        alarm(it).is_none() && status["problem"].is_null() && status["generation"] != before
    });
    cluster.kubectl(0, &["create", "configmap", "x"]).expect("it is written");
}

/// A disk of its own under a directory; gone with the value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where nobody lets us mount.
    fn mount(at: &Path, size: &str) -> Option<SmallDisk> {
        std::fs::create_dir_all(at).expect("a directory");
        let option = format!("size={size},mode=700");
        let mut mount = Command::new("mount");
        match mount.args(["-t", "tmpfs", "-o", &option, "tmpfs"]).arg(at).output() {
            Ok(done) if done.status.success() => Some(SmallDisk(at.to_owned())),
            other => {
                eprintln!(
                    "NOT TESTED: a full disk under etcd: nothing can be mounted here: {other:?}"
                );
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: what still has a file open there ends with the test.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_under_etcd_is_told_and_it_goes_on_once_there_is_room() {
    let Some(bin) = peers() else { return };
    let mut cluster = Cluster::of_one(bin, 215);
    // etcd preallocates 64 MB of log, twice.
    let Some(_disk) = SmallDisk::mount(&cluster.directory(0).join("etcd"), "260m") else { return };
    let ballast = cluster.directory(0).join("etcd/ballast");
    std::fs::write(&ballast, vec![1; 220_000_000]).unwrap();
    cluster.start(0);
    cluster.until("it says that the disk is full", 90, |it| {
        let status = it.status(0).unwrap_or_default();
        status["problem"].as_str().is_some_and(|it| it.contains("no space left on device"))
    });
    assert!(!cluster.at("claims/cluster").exists(), "there is no cluster to rely on");
    std::fs::remove_file(&ballast).unwrap();
    cluster.until("etcd answers", 120, |it| {
        it.status(0).is_some_and(|status| status["etcd"]["voter"] == true)
    });

    // A restore works on a disk of etcd's own, too: what was there stays on it.
    cluster.etcdctl(0, &["put", "/kept", "there"]).expect("it is written");
    let snapshot = cluster.at("by-hand.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(kprov_node::snapshot(&cluster.directory(0), &snapshot)).expect("a snapshot");
    assert_eq!(cluster.node(0).stop(), 0);
    cluster.restore(0, snapshot.to_str().unwrap()).expect("it is restored");
    let aside = std::fs::read_dir(cluster.directory(0).join("etcd/aside")).expect("old data");
    assert_eq!(aside.count(), 1);
    cluster.start(0);
    cluster.until("etcd answers", 120, |it| {
        it.status(0).is_some_and(|status| status["etcd"]["voter"] == true)
    });
    let kept = cluster.etcdctl(0, &["get", "/kept", "--print-value-only"]);
    assert_eq!(kept.as_deref(), Ok("there"));
}
