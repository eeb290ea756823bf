//! Which notice counts, and what it changes.

use serde_json::json;

use super::drain::{Pod, cordoning, staying};
use super::*;

const SPOT: &str = r#"{"action": "terminate", "time": "2026-11-27T08:22:00Z"}"#;
const REBALANCE: &str = r#"{"noticeTime": "2026-11-27T08:00:00Z"}"#;

fn told(spot: &str, lifecycle: &str, rebalance: &str) -> Told {
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Told { spot: said(spot), lifecycle: said(lifecycle), rebalance: said(rebalance) }
}

#[test]
fn the_most_urgent_notice_counts() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let interrupted =
        Notice::Interrupted { at: at("2026-11-27T08:22:00Z"), action: "terminate".into() };
    let risk = Notice::AtRisk { since: at("2026-11-27T08:00:00Z") };
    assert_eq!(read(&told("", "InService", "")), None);
    assert_eq!(read(&told("", "InService", REBALANCE)), Some(risk.clone()));
    assert_eq!(read(&told("", "Terminated\n", REBALANCE)), Some(Notice::Ended));
    assert_eq!(read(&told(SPOT, "Terminated", REBALANCE)), Some(interrupted.clone()));
    assert!(interrupted < Notice::Ended && Notice::Ended < risk);
    assert!(interrupted.moves_pods() && Notice::Ended.moves_pods() && !risk.moves_pods());
    assert!(interrupted.to_string().contains("2026-11-27T08:22:00Z (terminate)"));
}

#[test]
fn what_cannot_be_read_empties_no_machine() {
    for odd in
        ["{", "null", "[]", "{}", r#"{"action": "terminate"}"#, r#"{"action": 5, "time": 6}"#]
    {
        assert_eq!(read(&told(odd, odd, odd)), None, "{odd}");
    }
    for state in ["Terminating:Wait", "Detached", "Standby", "Warmed:Stopped", ""] {
        assert_eq!(read(&told("", state, "")), None, "{state}");
    }
}

#[test]
fn a_node_is_cordoned_once_and_a_persons_cordon_stays_theirs() {
    let notice = Notice::Ended;
    let said = notice.to_string();
    let fresh = json!({"metadata": {"name": "w"}, "spec": {}});
    let patch = cordoning(&fresh, &notice).expect("it gets no more pods");
    assert_eq!(patch["spec"]["unschedulable"], true);
    assert_eq!(patch["metadata"]["annotations"]["kprov.dev/notice"], said);
    let ours = |text: &str, cordoned: bool| json!({"metadata": {"annotations": {"kprov.dev/notice": text}}, "spec": {"unschedulable": cordoned}});
    assert_eq!(cordoning(&ours(&said, true), &notice), None);
    assert!(cordoning(&ours("at risk", true), &notice).is_some(), "it is worse now");
    assert!(cordoning(&ours(&said, false), &notice).is_some(), "somebody uncordoned it");
    let theirs = json!({"metadata": {}, "spec": {"unschedulable": true}});
    assert_eq!(cordoning(&theirs, &notice), None);
}

#[test]
fn pods_that_can_run_elsewhere_leave() {
    let pod = |name: &str, more: serde_json::Value| {
        let mut pod =
            json!({"metadata": {"namespace": "n", "name": name}, "status": {"phase": "Running"}});
        for (path, value) in more.as_object().unwrap() {
            *pod.pointer_mut("/metadata").unwrap() = merged(&pod["metadata"], path, value);
        }
        pod
    };
    fn merged(
        metadata: &serde_json::Value,
        key: &str,
        value: &serde_json::Value,
    ) -> serde_json::Value {
        let mut all = metadata.clone();
        all[key] = value.clone();
        all
    }
    let owner = |kind: &str| json!({"ownerReferences": [{"kind": kind, "controller": true}]});
    let mut done = pod("done", json!({}));
    done["status"]["phase"] = "Succeeded".into();
    let list = json!({"items": [
        pod("web", owner("ReplicaSet")),
        pod("everywhere", owner("DaemonSet")),
        pod("static", json!({"annotations": {"kubernetes.io/config.mirror": "x"}})),
        pod("going", json!({"deletionTimestamp": "2026-11-27T08:00:00Z"})),
        done,
    ]});
    let named = |name: &str, leaving| Pod { namespace: "n".into(), name: name.into(), leaving };
    assert_eq!(staying(&list), [named("web", false), named("going", true)]);
    assert_eq!(staying(&json!({})), []);
}
