//! Bad surroundings: what a node says of them, and that nothing half-trusted is left behind.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::cluster::{Cluster, peers};

/// The text of a field of the status.
fn told(cluster: &Cluster, field: &str) -> String {
    let status = cluster.status(0).unwrap_or_default();
    status[field].as_str().unwrap_or_default().to_owned()
}

/// What etcd's component says is wrong.
fn error_of_etcd(cluster: &Cluster) -> String {
    let status = cluster.status(0).unwrap_or_default();
    let components = status["components"].as_array().cloned().unwrap_or_default();
    let etcd = components.into_iter().find(|part| part["name"] == "etcd").unwrap_or_default();
    etcd["lastError"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_port_that_is_taken_is_told_with_who_has_it_and_taken_once_it_is_free() {
    let Some(bin) = peers() else { return };
    let mut cluster = Cluster::of_one(bin, 209);
    let squatter = std::net::TcpListener::bind(format!("{}:2379", cluster.address(0))).unwrap();
    cluster.start(0);
    let me = format!("(process {})", std::process::id());
    cluster.until("it says who has the port", 60, |it| {
        let problem = told(it, "problem");
        problem.contains("port 2379") && problem.contains(&me)
    });
    assert!(!cluster.directory(0).join("etcd/member").exists());
    drop(squatter);
    cluster.until_ready(&[0], 240);
    assert_eq!(told(&cluster, "problem"), "");
}

#[test]
fn the_port_of_the_status_is_needed_before_anything_is_done() {
    let Some(bin) = peers() else { return };
    let mut cluster = Cluster::of_one(bin, 210);
    let squatter = std::net::TcpListener::bind(format!("{}:10300", cluster.address(0))).unwrap();
    cluster.start(0);
    assert_eq!(cluster.node(0).wait(Duration::from_secs(30)), 1);
    let said = cluster.said(0);
    assert!(
        said.contains("port 10300") && said.contains(&std::process::id().to_string()),
        "{said}"
    );
    assert!(!cluster.directory(0).join("tree").exists(), "no secret was fetched");
    drop(squatter);
}

/// All programs, but etcd is this script.
fn with_etcd(cluster: &Cluster, script: &str) {
    let own = cluster.at("programs");
    std::fs::create_dir(&own).expect("programs");
    for entry in std::fs::read_dir(cluster.bin()).expect("programs").flatten() {
        if entry.file_name() != "etcd" {
            std::os::unix::fs::symlink(entry.path(), own.join(entry.file_name()))
                .expect("programs");
        }
    }
    let etcd = own.join("etcd");
    std::fs::write(&etcd, format!("#!/bin/sh\n{script}\n")).expect("programs");
    std::fs::set_permissions(&etcd, std::fs::Permissions::from_mode(0o755)).expect("programs");
    cluster.edit(0, &cluster.bin().display().to_string(), &own.display().to_string());
}

#[test]
fn an_etcd_that_never_starts_is_told_with_its_last_words_but_no_secret() {
    let Some(bin) = peers() else { return };
    let mut cluster = Cluster::of_one(bin, 211);
    let key = std::fs::read_to_string(cluster.at("pki/etcd-ca/key.pem")).unwrap();
    let secret = key.lines().nth(1).expect("a line of a key").to_owned();
    with_etcd(&cluster, "cat tree/etcd-ca/key.pem; echo 'the disk is on fire'; exit 3");
    cluster.start(0);
    cluster.until("it says why", 60, |it| {
        let problem = told(it, "problem");
        problem.contains("etcd does not start")
            && problem.contains("exit status: 3")
            && problem.contains("the disk is on fire")
            && problem.contains("given up after 600 s")
    });
    assert_eq!(cluster.node(0).stop(), 0, "it can be stopped all the same");
    let log = std::fs::read_to_string(cluster.directory(0).join("logs/etcd.log")).unwrap();
    let file = std::fs::read_to_string(cluster.directory(0).join("status.json")).unwrap();
    assert!(log.contains("(secret)") && log.contains("the disk is on fire"), "{log}");
    for text in [log, file, cluster.said(0)] {
        assert!(!text.contains(&secret), "a key is told");
    }
    assert!(!cluster.at("claims/cluster").exists(), "there is no cluster to rely on");
}

#[test]
fn a_certificate_of_the_documents_own_has_to_name_the_load_balancer() {
    let Some(bin) = peers() else { return };
    let mut cluster = Cluster::of_one(bin, 212);
    let own = cluster.at("pki/admin.pem").display().to_string();
    let flags = format!("apiServer: {{flags: {{tls-cert-file: '{own}'}}, ");
    cluster.edit(0, "apiServer: {", &flags);
    cluster.start(0);
    assert_eq!(cluster.node(0).wait(Duration::from_secs(30)), 1);
    let said = cluster.said(0);
    assert!(said.contains("does not name the load balancer") && said.contains(&own), "{said}");
    assert!(!cluster.directory(0).join("etcd").exists(), "nothing was started");
}

#[test]
fn programs_that_are_not_there_are_named_before_a_secret_is_fetched() {
    let Some(bin) = peers() else { return };
    let mut cluster = Cluster::of_one(bin, 213);
    let empty = cluster.at("empty");
    std::fs::create_dir(&empty).unwrap();
    let real = cluster.bin().display().to_string();
    for name in ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
        std::os::unix::fs::symlink(cluster.bin().join(name), empty.join(name)).unwrap();
    }
    cluster.edit(0, &real, &empty.display().to_string());
    cluster.start(0);
    assert_eq!(cluster.node(0).wait(Duration::from_secs(30)), 1);
    let said = cluster.said(0);
    assert!(said.contains("There is no") && said.contains("/etcdutl"), "{said}");
    assert!(!cluster.directory(0).join("tree").exists());
    assert!(error_of_etcd(&cluster).is_empty());
}
