//! What happens to a cluster in its life.

use std::time::Duration;

use rustix::process::Signal;

use crate::cluster::{Cluster, files, peers};
use crate::metadata::Metadata;
use crate::pki;
use crate::process::kill;

pub(crate) fn up(net: u8) -> Option<Cluster> {
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
    assert!(files(&cluster.directory(2).join("run"), ".pid").is_empty());
    assert!(ready_by_api(&cluster, 0) && ready_by_api(&cluster, 1));
    cluster.kubectl(0, &["get", "configmap", "kept"]).expect("it is read");

    // It comes back as the same member.
    cluster.start(2);
    cluster.until_ready(&[2], 120);
    assert_eq!(cluster.members(0), members);

    // Killed hard it takes its parts with it, like a machine that is switched off.
    let orphan = cluster.node(2).component_pid("etcd").expect("it runs");
    cluster.node(2).signal(Signal::KILL);
    cluster.node(2).wait(Duration::from_secs(10));
    cluster.until("its etcd ended", 10, |_| {
        !std::path::Path::new(&format!("/proc/{orphan}")).exists()
    });
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
    cluster.until("three snapshots", 60, |it| {
        let scheduled = files(&it.at("snapshots"), "Z.db");
        assert!(scheduled.len() <= 4, "{scheduled:?}");
        scheduled.len() == 3 && files(&it.at("snapshots"), ".part").is_empty()
    });
    // Before b and c were added, one was taken each time, or one for both.
    assert!(!files(&cluster.at("snapshots"), "-before-change.db").is_empty());
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

#[test]
fn a_new_authority_is_staged_promoted_and_the_old_one_dropped_under_way() {
    let Some(cluster) = up(203) else { return };
    let tree = cluster.at("pki");
    let old = std::fs::read_to_string(tree.join("etcd-ca/cert.pem")).expect("a tree");
    let (new, key) = pki::another("etcd-ca", 77);
    let put = |files: &[(&str, &str)]| {
        for (file, text) in files {
            let beside = tree.join("etcd-ca/.new");
            std::fs::write(&beside, text).expect("a file");
            std::fs::rename(&beside, tree.join("etcd-ca").join(file)).expect("a file");
        }
    };
    let generation =
        |it: &Cluster, n: usize| it.status(n).map(|status| status["generation"].clone());
    let step = |what: &str, files: &[(&str, &str)]| {
        let before = generation(&cluster, 0);
        put(files);
        cluster.until(what, 240, |it| {
            assert!((0..3).any(|n| ready_by_api(it, n)), "one of them serves at any time");
            let all: Vec<_> = (0..3).map(|n| generation(it, n)).collect();
            all[0] != before
                && all.iter().all(|one| one.is_some() && *one == all[0])
                && (0..3).all(|n| it.is_ready(n))
        });
    };
    step("staged", &[("bundle.pem", &format!("{old}{new}"))]);
    // Key and certificate in two renames: a pair that is none is refused as a whole, and looked at again.
    step("promoted", &[("cert.pem", &new), ("key.pem", &key)]);
    step("the old one dropped", &[("bundle.pem", &new)]);
    let leaf = std::fs::read_to_string(cluster.directory(1).join("certificates/etcd-peer.pem"))
        .expect("a leaf");
    let (leaf, new) = (
        kprov_pki::Certificate::from_pem(&leaf).unwrap(),
        kprov_pki::Certificate::from_pem(&new).unwrap(),
    );
    leaf.signed_by(&new).expect("the new authority issued it");
}

#[test]
fn a_worker_asks_for_its_certificate_and_becomes_a_node() {
    let Some(mut cluster) = up(205) else { return };
    cluster.start(3);
    cluster.until_ready(&[3], 120);
    cluster.until("the node is ready", 60, |it| {
        it.kubectl(
            0,
            &[
                "get",
                "node",
                "w",
                "-o",
                "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}",
            ],
        )
        .as_deref()
            == Ok("True")
    });
    let taint = cluster.kubectl(
        0,
        &["get", "node", "w", "-o", "jsonpath={.spec.taints[*].key} {.metadata.labels.zone}"],
    );
    assert!(
        taint.as_deref().is_ok_and(|found| found.contains("only") && found.ends_with("here")),
        "{taint:?}"
    );
    // The scheduler, the controllers and the node: a pod of a deployment runs.
    cluster.kubectl(0, &["create", "deployment", "d", "--image=none"]).expect("a deployment");
    let tolerates = r#"{"spec":{"template":{"spec":{"tolerations":[{"operator":"Exists"}]}}}}"#;
    cluster.kubectl(0, &["patch", "deployment", "d", "-p", tolerates]).expect("a deployment");
    cluster.until("a pod runs", 60, |it| {
        let ready = ["get", "deployment", "d", "-o", "jsonpath={.status.readyReplicas}"];
        it.kubectl(1, &ready).as_deref() == Ok("1")
    });
    let key =
        std::fs::read_to_string(cluster.directory(3).join("certificates/kubelet-key.pem")).unwrap();
    assert_eq!(cluster.node(3).stop(), 0);
    cluster.start(3);
    cluster.until_ready(&[3], 60);
    let again =
        std::fs::read_to_string(cluster.directory(3).join("certificates/kubelet-key.pem")).unwrap();
    assert_eq!(key, again, "a certificate that is good is kept");
}

#[test]
fn a_worker_that_is_taken_lets_its_pods_go_elsewhere() {
    let Some(bin) = peers() else { return };
    let mut cluster = Cluster::new(bin, 216);
    let metadata = Metadata::of("w", "10.9.0.4");
    cluster.worker_of_ec2(&metadata.url);
    cluster.start(0);
    cluster.until_ready(&[0], 240);
    cluster.start(3);
    cluster.until_ready(&[3], 120);
    for args in [
        "create deployment moves --image=none --replicas=2",
        "create deployment held --image=none",
        "create poddisruptionbudget held --selector=app=held --min-available=1",
    ] {
        cluster.kubectl(0, &args.split(' ').collect::<Vec<_>>()).expect("it is made");
    }
    let get = |it: &Cluster, what: &str, path: &str| {
        let path = format!("jsonpath={path}");
        it.kubectl(0, &["get", what, "-o", &path]).unwrap_or_default()
    };
    let on_it = "{.items[?(@.spec.nodeName==\"w\")].metadata.labels.app}";
    let sorted = |it: &Cluster| {
        let mut found: Vec<String> = get(it, "pods", on_it).split(' ').map(str::to_owned).collect();
        found.sort();
        found.join(" ")
    };
    cluster.until("its pods run", 90, |it| sorted(it) == "held moves moves");
    let cordoned = "{.spec.unschedulable}{.metadata.annotations.kprov\\.dev/notice}";

    // At risk it gets no more pods, and keeps those that it has.
    metadata.say("events/recommendations/rebalance", r#"{"noticeTime": "2026-11-27T08:00:00Z"}"#);
    cluster.until("it is cordoned", 30, |it| {
        get(it, "node/w", cordoned).starts_with("trueEC2 may take this Spot Instance back soon")
    });
    assert_eq!(sorted(&cluster), "held moves moves");
    let taint = "{.spec.taints[*].key}";
    cluster.until("and tainted, by the control plane", 30, |it| {
        get(it, "node/w", taint) == "node.kubernetes.io/unschedulable"
    });

    // Once EC2 takes it, they leave; a disruption budget counts as long as there is time.
    let notice = r#"{"action": "terminate", "time": "2026-11-27T08:02:00Z"}"#;
    metadata.say("spot/instance-action", notice);
    cluster.until("its pods leave", 60, |it| sorted(it) == "held");
    let phase = cluster.status(3).expect("it answers")["phase"].to_string();
    assert!(phase.contains("1 of them held by a disruption budget"), "{phase}");
    cluster.kubectl(0, &["delete", "poddisruptionbudget", "held"]).expect("it is deleted");
    cluster.until("the last one leaves", 60, |it| sorted(it).is_empty());

    // A machine that was only stopped serves again, by itself.
    assert_eq!(cluster.node(3).stop(), 0);
    metadata.take_back("spot/instance-action");
    metadata.take_back("events/recommendations/rebalance");
    cluster.start(3);
    cluster.until("it is no longer cordoned", 90, |it| {
        it.is_ready(3) && get(it, "node/w", cordoned).is_empty()
    });
    cluster.until("pods come back", 60, |it| sorted(it) == "held moves moves");
    // What a person cordoned stays cordoned.
    cluster.kubectl(0, &["cordon", "w"]).expect("it is cordoned");
    assert_eq!(cluster.node(3).stop(), 0);
    cluster.start(3);
    cluster.until_ready(&[3], 90);
    // It has looked by the time that it goes by a notice again.
    metadata.say("autoscaling/target-lifecycle-state", "Terminated");
    cluster.until("its pods leave", 60, |it| sorted(it).is_empty());
    assert_eq!(get(&cluster, "node/w", cordoned), "true");
}

#[test]
fn a_tree_that_cannot_be_trusted_starts_nothing() {
    let Some(bin) = peers() else { return };
    let mut cluster = Cluster::new(bin, 206);
    let (_, key) = pki::another("etcd-ca", 5);
    std::fs::write(cluster.at("pki/etcd-ca/key.pem"), key).unwrap();
    cluster.start(0);
    assert_eq!(cluster.node(0).wait(Duration::from_secs(30)), 1);
    let said = std::fs::read_to_string(cluster.directory(0).with_extension("out")).unwrap();
    assert!(said.contains("etcd-ca/key.pem"), "{said}");
    assert!(!cluster.directory(0).join("tree").exists());
    assert!(!cluster.directory(0).join("etcd").exists());
}
