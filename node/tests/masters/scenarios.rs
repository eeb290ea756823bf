//! What happens to a cluster in its life.

use std::time::Duration;

use rustix::process::Signal;

use crate::cluster::{Cluster, files, peers};
use crate::process::kill;

fn up(net: u8) -> Option<Cluster> {
    let mut cluster = Cluster::new(peers()?, net);
    for n in 0..3 {
        cluster.start(n);
    }
    cluster.until_ready(&[0, 1, 2], 240);
    Some(cluster)
}

fn ready_by_api(cluster: &Cluster, n: usize) -> bool {
    cluster.kubectl(n, &["get", "--raw", "/readyz"]).is_ok_and(|said| said == "ok")
}

#[test]
fn three_masters_become_a_cluster_and_outlive_their_parts() {
    let Some(mut cluster) = up(201) else { return };
    for n in 0..3 {
        assert_eq!(cluster.kubectl(n, &["get", "--raw", "/readyz"]).as_deref(), Ok("ok"));
    }
    let members = cluster.members(0);
    assert_eq!(
        members.iter().map(|(name, _, voter)| (name.as_str(), *voter)).collect::<Vec<_>>(),
        [("a", true), ("b", true), ("c", true)]
    );
    cluster
        .kubectl(1, &["create", "configmap", "kept", "--from-literal=a=b"])
        .expect("it is written");

    // Parts that are killed come back.
    for component in ["etcd", "kube-apiserver", "kube-scheduler"] {
        let old = cluster.node(1).component_pid(component).expect("it runs");
        kill(old);
        cluster.until(&format!("{component} is back"), 120, |it| {
            let new = it.nodes[1].as_ref().and_then(|node| node.component_pid(component));
            new.is_some_and(|new| new != old) && it.is_ready(1)
        });
    }
    let restarts = cluster.status(1).expect("it answers")["components"][0]["restarts"].as_u64();
    assert!(restarts >= Some(1), "{restarts:?}");

    // SIGTERM ends all in peace, and the others serve on.
    assert_eq!(cluster.node(2).stop(), 0);
    assert_eq!(files(&cluster.directory(2).join("run"), ".pid"), [std::path::PathBuf::new(); 0]);
    assert!(ready_by_api(&cluster, 0) && ready_by_api(&cluster, 1));
    cluster.kubectl(0, &["get", "configmap", "kept"]).expect("it is read");

    // It comes back as the same member.
    cluster.start(2);
    cluster.until_ready(&[2], 120);
    assert_eq!(cluster.members(0), members);

    // Killed hard it leaves its parts behind, and ends them when it begins again.
    let orphan = cluster.node(2).component_pid("etcd").expect("it runs");
    cluster.node(2).signal(Signal::KILL);
    cluster.node(2).wait(Duration::from_secs(10));
    cluster.start(2);
    cluster.until("another etcd runs", 60, |it| {
        it.nodes[2]
            .as_ref()
            .and_then(|node| node.component_pid("etcd"))
            .is_some_and(|pid| pid != orphan)
    });
    cluster.until_ready(&[2], 120);
    assert_eq!(cluster.members(0), members);

    // Snapshots are taken on schedule, and so many are kept.
    cluster.until("three snapshots", 60, |it| files(&it.at("snapshots"), ".db").len() == 3);
}

#[test]
fn a_machine_that_lost_its_data_joins_anew_and_one_that_leaves_is_no_member() {
    let Some(mut cluster) = up(202) else { return };
    let before = cluster.members(0);
    assert_eq!(cluster.node(2).stop(), 0);
    std::fs::remove_dir_all(cluster.directory(2)).expect("it stopped");
    cluster.start(2);
    cluster.until_ready(&[2], 180);
    let after = cluster.members(0);
    assert_eq!(after.len(), 3);
    assert_eq!(after[..2], before[..2]);
    assert!(after[2].0 == "c" && after[2].1 != before[2].1 && after[2].2, "{after:?}");

    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let directory = cluster.directory(2);
    runtime.block_on(kprov_node::leave(&directory, Duration::from_secs(90))).expect("it leaves");
    assert_eq!(cluster.node(2).wait(Duration::from_secs(30)), 0);
    assert_eq!(cluster.members(0).len(), 2);
    assert!(!cluster.at("claims/members/c").exists());
    assert!(ready_by_api(&cluster, 0) && ready_by_api(&cluster, 1));
}
