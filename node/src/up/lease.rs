//! How a master stands, told in the cluster itself: a Lease in kube-system that it renews, by which `kubernetes_ready` and
//! people see whether every machine votes and is well (docs/adr/0003), and by which whoever rotates sees the rest of it
//! (docs/adr/0005).
//!
//! What must hold: a machine that leaves takes its lease with it; one that dies is given away by the time in its lease; what
//! is asked of it (`kprov.dev/asked`) is never written by the node, which applies its own annotations and no others.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::master::Master;
use super::reach::{self, Door};
use crate::membership::Place;
use crate::problem::Problem;
use crate::status::Report;
use crate::supervisor::State;

/// So often it is renewed, though nothing changed.
const EVERY: Duration = Duration::from_secs(10);
/// So soon what changed is told: somebody may be waiting for it.
const LOOK: Duration = Duration::from_millis(500);
/// So long it says that it holds.
const SECONDS: u64 = 40;
/// What could not be written is tried again after so long.
const AGAIN: Duration = Duration::from_secs(3);

pub(super) fn path(name: &str) -> String {
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
    if let Some(retired) = &report.retired {
        return retired.clone();
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
    let mut told = json!({
        "kprov.dev/role": report.role,
        "kprov.dev/etcd": etcd,
        "kprov.dev/healthy": health(report),
        "kprov.dev/tree": report.generation.clone().unwrap_or_default(),
    });
    let mut further = |name: &str, text: Option<String>| {
        // What is not there is not told: an annotation that was applied before goes with that.
        if let Some(text) = text {
            told[format!("kprov.dev/{name}")] = text.into();
        }
    };
    further("etcd-view", text(report.view.as_ref()));
    further("api", text(report.api.as_ref()));
    further("snapshot", text(report.snapshot.as_ref()));
    further("done", text(report.done.as_ref()));
    told
}

fn text<T: serde::Serialize>(told: Option<&T>) -> Option<String> {
    told.and_then(|told| serde_json::to_string(told).ok())
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

/// Renews it for ever, once the API server is ready; through the load balancer while its own is not.
pub(super) async fn renew(master: &Master) {
    let board = &master.begun.board;
    let mut said = None;
    loop {
        let Some(door) = reach::now(master) else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        let report = board.read();
        let mut written = None;
        if !report.leaving {
            let trouble = once(master, door, &report).await.err().map(|it| it.to_string());
            if trouble.is_none() {
                written = Some(told(&report));
            }
            board.trouble(&mut said, trouble.filter(|_| is_news(master, door, &report)));
        }
        let (begun, wait) = (Instant::now(), if written.is_some() { EVERY } else { AGAIN });
        while begun.elapsed() < wait {
            tokio::time::sleep(LOOK).await;
            // What could not be written waits.
            if written.as_ref().is_some_and(|it| *it != told(&board.read())) {
                break;
            }
        }
    }
}

/// That the balancer has nobody is no news while an API server restarts that may be the only one, or after the only one.
fn is_news(master: &Master, door: Door, report: &Report) -> bool {
    let last = report.snapshot.as_ref().is_some_and(|newest| newest.complete);
    door == Door::Own || (master.retirement.api_stopped() && !last)
}

async fn once(master: &Master, door: Door, report: &Report) -> Result<(), Problem> {
    let api = reach::api(master, door)?;
    let path = path(&report.name);
    let written = api.apply(&path, &lease(report, Timestamp::now())).await;
    written.map(|_| ()).map_err(|error| failed(&path, &error))
}

/// Takes it back, because the machine leaves for good.
pub(super) async fn take_back(master: &Master) -> Result<(), Problem> {
    let Some(door) = reach::now(master) else { return Ok(()) };
    let path = path(&master.begun.facts.name);
    let api = reach::api(master, door)?;
    api.delete(&path).await.map_err(|error| failed(&path, &error))
}

fn failed(path: &str, error: &dyn std::fmt::Display) -> Problem {
    Problem::new("The node's lease cannot be written", format!("{path}: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::etcd::Alarm;
    use crate::rotation::{Answer, ApiView};
    use crate::snapshots::Known;

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
    fn what_a_rotation_goes_by_is_told_as_json_and_what_is_not_known_is_left_out() {
        let mut report = report();
        let bare = told(&report);
        assert_eq!(bare.as_object().unwrap().len(), 4, "{bare}");
        report.snapshot = Some(Known::begun(Timestamp::UNIX_EPOCH, false));
        report.done = Some(Answer::new("t", Ok(())));
        report.api = Some(ApiView { ready: true, ..ApiView::default() });
        let view =
            r#"{"member":"1","leader":"1","term":2,"healthy":true,"alarms":[],"members":[]}"#;
        report.view = serde_json::from_str(view).ok();
        let told = told(&report);
        let read = |name: &str| -> Json {
            serde_json::from_str(told[format!("kprov.dev/{name}")].as_str().unwrap()).unwrap()
        };
        assert_eq!(read("etcd-view")["term"], 2);
        assert_eq!(read("api")["ready"], true);
        assert_eq!(read("snapshot")["takenAt"], "1970-01-01T00:00:00Z");
        assert_eq!(read("done"), json!({"token": "t", "how": "done"}));
        assert!(told.get("kprov.dev/asked").is_none(), "that is whoever asks's");
    }

    #[test]
    fn one_that_is_taken_out_says_so_instead_of_what_does_not_run() {
        let mut report = report();
        report.ready = false;
        report.retired = Some("is being replaced".to_owned());
        assert_eq!(health(&report), "is being replaced");
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
