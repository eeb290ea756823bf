//! How a master stands, told in the cluster itself: a Lease in kube-system that it renews, by which `kubernetes_ready` and
//! people see whether every machine votes and is well (docs/adr/0003).
//!
//! What must hold: a machine that leaves takes its lease with it; one that dies is given away by the time in its lease.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::kubernetes::own_api;
use super::master::Master;
use crate::kubernetes::Api;
use crate::membership::Place;
use crate::problem::Problem;
use crate::secrets::Tree;
use crate::status::Report;
use crate::supervisor::State;

/// So often it is renewed, though nothing changed.
const EVERY: Duration = Duration::from_secs(10);
/// So soon what changed is told: somebody may be waiting for it.
const LOOK: Duration = Duration::from_millis(500);
/// So long it says that it holds.
const SECONDS: u64 = 40;
/// The certificate to write it with is one of minutes, made anew after so long.
const CLIENT_FOR: Duration = Duration::from_secs(60);

fn path(name: &str) -> String {
    format!("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kprov-node-{name}")
}

/// What is wrong, in words for people; `true` where nothing is. Pure.
fn health(report: &Report) -> String {
    // All parts may be ready, and yet nothing can be written. (The API server cannot then either, so that people read it in the
    // node's status; whoever waits for the cluster sees a lease that is not renewed.)
    if let Some(alarm) = report.etcd.as_ref().and_then(Place::alarm) {
        return alarm;
    }
    if report.ready {
        return "true".to_owned();
    }
    if let Some(problem) = &report.problem {
        return problem.clone();
    }
    let down: Vec<&str> = report
        .components
        .iter()
        .filter(|view| view.state != State::Ready)
        .map(|view| view.name.as_str())
        .collect();
    match down.as_slice() {
        [] => report.phase.clone(),
        down => format!("not ready: {}", down.join(", ")),
    }
}

/// What is told besides the time. Pure.
fn told(report: &Report) -> Json {
    let etcd = match &report.etcd {
        Some(place) if place.voter => "voter",
        Some(place) if place.member.is_some() => "learner",
        _ => "none",
    };
    json!({
        "kprov.dev/role": report.role,
        "kprov.dev/etcd": etcd,
        "kprov.dev/healthy": health(report),
        "kprov.dev/tree": report.generation.clone().unwrap_or_default(),
    })
}

/// The lease as it is to be. Pure.
fn lease(report: &Report, now: Timestamp) -> Json {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": format!("kprov-node-{}", report.name),
            "namespace": "kube-system",
            "annotations": told(report),
        },
        "spec": {
            "holderIdentity": report.name,
            "leaseDurationSeconds": SECONDS,
            "renewTime": now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        },
    })
}

/// Renews it for ever, once the API server is ready.
pub(super) async fn renew(master: &Master) {
    let mut api = None;
    let mut said = None;
    loop {
        master.begun.supervisor.ready("kube-apiserver").await;
        let report = master.begun.board.read();
        let mut written = None;
        if !report.leaving {
            let trouble = once(master, &mut api, &report).await.err().map(|it| it.to_string());
            match trouble {
                Some(_) => api = None,
                None => written = Some(told(&report)),
            }
            master.begun.board.trouble(&mut said, trouble);
        }
        let begun = Instant::now();
        while begun.elapsed() < EVERY {
            tokio::time::sleep(LOOK).await;
            // What could not be written waits as long as the rest.
            if written.as_ref().is_some_and(|it| *it != told(&master.begun.board.read())) {
                break;
            }
        }
    }
}

/// A client of this machine's own API server, when it was made, and of which tree.
struct Own {
    api: Api,
    made: Instant,
    tree: Tree,
}

async fn once(master: &Master, own: &mut Option<Own>, report: &Report) -> Result<(), Problem> {
    let tree = master.tree();
    let fresh = own.take().filter(|own| own.made.elapsed() < CLIENT_FOR && own.tree == tree);
    let client = match fresh {
        Some(fresh) => fresh,
        None => Own { api: own_api(master, &tree)?, made: Instant::now(), tree },
    };
    let path = path(&report.name);
    let written = client.api.apply(&path, &lease(report, Timestamp::now())).await;
    *own = Some(client);
    written.map(|_| ()).map_err(|error| failed(&path, &error))
}

/// Takes it back, because the machine leaves for good.
pub(super) async fn take_back(master: &Master) -> Result<(), Problem> {
    let path = path(&master.begun.facts.name);
    let api = own_api(master, &master.tree())?;
    api.delete(&path).await.map_err(|error| failed(&path, &error))
}

fn failed(path: &str, error: &dyn std::fmt::Display) -> Problem {
    Problem::new("The node's lease cannot be written", format!("{path}: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::etcd::Alarm;

    fn report() -> Report {
        let etcd =
            Place { voter: true, member: Some("8e9e05c52164694d".to_owned()), ..Place::default() };
        Report {
            role: "master".to_owned(),
            name: "i-1".to_owned(),
            ready: true,
            etcd: Some(etcd),
            generation: Some("abc".to_owned()),
            ..Report::default()
        }
    }

    #[test]
    fn a_voter_that_is_ready_says_so_with_the_time() {
        let now: Timestamp = "2026-11-27T01:02:03.5Z".parse().unwrap();
        let lease = lease(&report(), now);
        let note =
            |name: &str| lease["metadata"]["annotations"][format!("kprov.dev/{name}")].clone();
        assert_eq!([note("etcd"), note("healthy"), note("tree")], ["voter", "true", "abc"]);
        assert_eq!(lease["spec"]["renewTime"], "2026-11-27T01:02:03.500000Z");
    }

    #[test]
    fn what_is_wrong_is_said_instead_of_true() {
        let mut report = report();
        report.ready = false;
        report.phase = "stops".to_owned();
        assert_eq!(health(&report), "stops");
        report.problem = Some("etcd has no space".to_owned());
        assert_eq!(health(&report), "etcd has no space");
        report.etcd = Some(Place { member: Some("1".to_owned()), ..Place::default() });
        let lease = lease(&report, Timestamp::UNIX_EPOCH);
        assert_eq!(lease["metadata"]["annotations"]["kprov.dev/etcd"], "learner");
    }

    #[test]
    fn an_alarm_is_said_though_all_parts_are_ready() {
        let mut report = report();
        let alarm = Alarm { member: "1".to_owned(), name: "NOSPACE".to_owned() };
        report.etcd.as_mut().unwrap().alarms.push(alarm);
        let lease = lease(&report, Timestamp::UNIX_EPOCH);
        let said = lease["metadata"]["annotations"]["kprov.dev/healthy"].as_str().unwrap();
        assert!(said.contains("NOSPACE"), "{said}");
    }
}
