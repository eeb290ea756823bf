//! Snapshots and what is made of them: all masters are lost, and the cluster comes back with what was in it.

use std::path::PathBuf;
use std::time::Duration;

use crate::cloud::Cloud;
use crate::cluster::{Cluster, files, peers};
use crate::scenarios::up;

fn waiting<T>(doing: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(doing)
}

/// What is below a directory, by path: to see that nothing was touched.
fn listing(directory: &std::path::Path) -> Vec<(PathBuf, u64)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let (path, found) = (entry.path(), entry.metadata().expect("it is there"));
        if found.is_dir() {
            all.extend(listing(&path));
        }
        all.push((path, found.len()));
    }
    all.sort();
    all
}

#[test]
fn a_lost_cluster_is_restored_while_a_new_master_waits_and_an_old_one_is_off() {
    let Some(mut cluster) = up(204) else { return };
    // On a machine that is busy an API server may come up twice.
    cluster.until("it is written", 60, |it| {
        it.kubectl(1, &["create", "configmap", "kept", "--from-literal=a=b"]).is_ok()
    });
    let snapshot = cluster.at("by-hand.db");
    let size = waiting(kprov_node::snapshot(&cluster.directory(0), &snapshot)).expect("a snapshot");
    assert_eq!(std::fs::metadata(&snapshot).unwrap().len(), size);
    cluster
        .kubectl(1, &["create", "configmap", "late", "--from-literal=a=b"])
        .expect("it is written");
    let old = cluster.members(0);

    // While masters serve, a restore would make two clusters of one name.
    assert_eq!(cluster.node(0).stop(), 0);
    let from = snapshot.display().to_string();
    let said = cluster.restore(0, &from).unwrap_err();
    assert!(said.contains("its etcd still runs"), "{said}");
    assert!(cluster.directory(0).join("etcd/member").exists(), "nothing was touched");

    for n in [1, 2] {
        assert_eq!(cluster.node(n).stop(), 0);
    }
    // Two of three are lost, and with them the cluster; c has its data, and is off.
    for n in [0, 1] {
        std::fs::remove_dir_all(cluster.directory(n)).expect("it is lost");
    }
    // A machine that took its place waits for somebody to come back.
    cluster.start(1);
    cluster.until("it waits", 60, |it| {
        let phase = it.status(1).map(|status| status["phase"].clone());
        phase.is_some_and(|phase| phase.as_str().is_some_and(|it| it.contains("no member of")))
    });
    let damaged = cluster.at("damaged.db");
    let mut bytes = std::fs::read(&snapshot).unwrap();
    bytes[5000] ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    let before = listing(&cluster.at("claims"));
    let said = cluster.restore(0, damaged.to_str().unwrap()).unwrap_err();
    assert!(said.contains("damaged"), "{said}");
    assert_eq!(listing(&cluster.at("claims")), before);
    assert!(!cluster.directory(0).join("etcd").exists());

    cluster.restore(0, &from).expect("it is restored");
    cluster.start(0);
    cluster.until_ready(&[0, 1], 240);
    // Data of the old cluster are for a person: refused, and untouched.
    cluster.start(2);
    assert_eq!(cluster.node(2).wait(Duration::from_secs(60)), 1);
    let said = cluster.said(2);
    assert!(said.contains("this is an old member") && said.contains("etcd/member"), "{said}");
    let member = cluster.directory(2).join("etcd/member");
    std::fs::rename(&member, cluster.at("old-member")).expect("its data are there");
    cluster.start(2);
    cluster.until_ready(&[0, 1, 2], 240);
    cluster.kubectl(2, &["get", "configmap", "kept"]).expect("it is there");
    let late = cluster.kubectl(2, &["get", "configmap", "late"]).unwrap_err();
    assert!(late.contains("NotFound"), "{late}");
    let members = cluster.members(1);
    assert!(members.len() == 3 && members.iter().all(|(.., voter)| *voter), "{members:?}");
    assert!(members.iter().all(|(_, id, _)| old.iter().all(|(_, other, _)| other != id)));
    // Who watched before must not see a revision again: the new ones begin far above.
    let text = cluster.etcdctl(0, &["get", "/nothing", "-w", "json"]).expect("etcd answers");
    let json: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert!(json["header"]["revision"].as_u64() > Some(1_000_000_000), "{text}");
}

#[test]
fn snapshots_go_to_s3_and_one_of_them_makes_the_cluster_again() {
    let Some(bin) = peers() else { return };
    let cloud = Cloud::new("kept");
    let mut cluster = Cluster::of_one(bin, 207);
    cluster.environment = cloud.environment();
    let place = format!("from: directory, path: {}/snapshots", cluster.dir.path().display());
    cluster.edit(0, &place, "from: s3, bucket: kept, prefix: test/etcd");
    cluster.start(0);
    cluster.until_ready(&[0], 240);
    cluster
        .kubectl(0, &["create", "configmap", "kept", "--from-literal=a=b"])
        .expect("it is written");
    let first = cloud.keys("test/etcd/");
    cluster.until("snapshots in S3, the newest kept, the first of them gone", 90, |_| {
        let keys = cloud.keys("test/etcd/");
        assert!(keys.len() <= 4, "{keys:?}");
        keys.len() == 3 && keys.iter().all(|key| !first.contains(key))
    });
    let told = cluster.status(0).expect("it answers")["lastSnapshot"].clone();
    assert!(told.as_str().is_some_and(|told| told.starts_with("s3://kept/test/etcd/test-2")));
    assert!(files(&cluster.directory(0).join("snapshots"), "").is_empty(), "none stays here");

    // It is replaced in place: what is written until its API server stops is in a last snapshot, which nobody but S3 can tell of.
    cluster.until("it is written, and there is a lease to ask on", 60, |it| {
        let written = it.kubectl(0, &["create", "configmap", "late", "--from-literal=a=b"]);
        written.map_or_else(|why| why.contains("AlreadyExists"), |_| true)
            && it.kubectl(0, &["get", "lease", "-n", "kube-system", "kprov-node-a"]).is_ok()
    });
    let since = jiff::Timestamp::now().to_string();
    cluster.ask(0, 0, &serde_json::json!({"step": "stop-api", "token": "t", "since": since}));
    cluster.until("a snapshot in which nothing is missing", 90, |it| {
        let done = it.status(0).map(|status| status["done"].clone()).unwrap_or_default();
        done["token"] == "t" && done["how"] == "done"
    });
    let newest = cloud.keys("test/etcd/").pop().expect("snapshots");
    assert!(newest.ends_with("-complete.db"), "{newest}");
    let begun = std::time::Instant::now();
    assert_eq!(cluster.node(0).stop(), 0);
    assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
    assert_eq!(cloud.keys("test/etcd/").pop(), Some(newest.clone()), "nothing came after it");

    // Damaged in S3, it is refused by its checksum; the data that are here stay.
    cloud.damage(&newest, "test/etcd/damaged.db");
    let before = listing(&cluster.directory(0).join("etcd"));
    let said = cluster.restore(0, "s3://kept/test/etcd/damaged.db").unwrap_err();
    assert!(said.contains("damaged"), "{said}");
    let said = cluster.restore(0, "s3://kept/test/etcd/nothing.db").unwrap_err();
    assert!(said.contains("NoSuchKey"), "{said}");
    assert_eq!(listing(&cluster.directory(0).join("etcd")), before);

    std::fs::remove_dir_all(cluster.directory(0)).expect("it is lost");
    cluster.restore(0, &format!("s3://kept/{newest}")).expect("it is restored");
    assert!(files(&cluster.directory(0).join("snapshots"), "").is_empty());
    cluster.start(0);
    cluster.until_ready(&[0], 240);
    // On a machine that is busy an API server may come up twice.
    cluster.until("all is there that was written", 60, |it| {
        it.kubectl(0, &["get", "configmap", "kept", "late"]).is_ok()
    });

    // The lease that was restored still asks: of a machine that is gone.
    assert_eq!(cluster.status(0).expect("it answers")["retired"], serde_json::Value::Null);

    // A place that cannot be had is told, and the node serves on.
    cloud.delete_bucket();
    cluster.until("it says that there are no snapshots", 60, |it| {
        let problem = it.status(0).map(|status| status["problem"].clone()).unwrap_or_default();
        problem.as_str().is_some_and(|problem| problem.contains("NoSuchBucket")) && it.is_ready(0)
    });
}

#[test]
fn a_restore_that_cannot_be_done_says_why_and_touches_nothing() {
    let Some(bin) = peers() else { return };
    let mut cluster = Cluster::of_one(bin, 208);
    let (directory, real) = (cluster.directory(0), cluster.bin().display().to_string());
    std::fs::create_dir_all(directory.join("etcd/member/wal")).unwrap();
    let nothing = cluster.at("nothing.db").display().to_string();
    let said = cluster.restore(0, &nothing).unwrap_err();
    assert!(said.contains(&nothing) && said.contains("No such file"), "{said}");
    let text = cluster.at("text.db");
    std::fs::write(&text, "no snapshot at all").unwrap();
    let said = cluster.restore(0, text.to_str().unwrap()).unwrap_err();
    assert!(said.contains("is no snapshot of etcd"), "{said}");

    // Whole by its checksum, but no database.
    let fake = cluster.at("fake.db");
    let mut bytes = vec![7_u8; 4096];
    let sum = <sha2::Sha256 as sha2::Digest>::digest(&bytes);
    bytes.extend_from_slice(&sum);
    std::fs::write(&fake, bytes).unwrap();
    let said = cluster.restore(0, fake.to_str().unwrap()).unwrap_err();
    assert!(said.contains("etcdutl says"), "{said}");
    assert!(!directory.join("etcd/restored").exists());

    let empty = cluster.at("empty");
    std::fs::create_dir(&empty).unwrap();
    cluster.edit(0, &real, &empty.display().to_string());
    let said = cluster.restore(0, fake.to_str().unwrap()).unwrap_err();
    assert!(said.contains("etcdutl"), "{said}");
    assert!(directory.join("etcd/member").exists() && !directory.join("aside").exists());
    assert!(!cluster.at("claims").exists());

    // Where a node runs, nothing is restored under it.
    cluster.edit(0, &empty.display().to_string(), &real);
    std::fs::remove_dir_all(directory.join("etcd")).unwrap();
    cluster.start(0);
    cluster.until("it runs", 60, |it| it.status(0).is_some());
    let said = cluster.restore(0, fake.to_str().unwrap()).unwrap_err();
    assert!(said.contains("A node runs here"), "{said}");
    cluster.node(0).signal(rustix::process::Signal::TERM);
    assert_eq!(cluster.node(0).wait(Duration::from_secs(120)), 0);
    let snapshot = cluster.at("by-hand.db");
    let said = waiting(kprov_node::snapshot(&directory, &snapshot)).unwrap_err().to_string();
    assert!(said.contains("No node runs in"), "{said}");
}
