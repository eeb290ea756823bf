//! What a cluster lacks: pure.
//!
//! Masters tell of themselves: each node has a Lease `kprov-node-NAME` in kube-system with the annotations
//! `kprov.dev/role` (master, worker), `kprov.dev/etcd` (voter, learner, none), `kprov.dev/healthy` (true, or why not) and
//! `kprov.dev/tree` (hash of the PKI tree that it runs with). One that was not renewed for three of its durations is of a
//! machine that is gone.

use std::time::SystemTime;

use serde_json::Value as Json;

/// Where nodes tell of themselves.
pub(crate) const NAMESPACE: &str = "kube-system";
const LEASE: &str = "kprov-node-";
const TREE: &str = "kprov.dev/tree";
const CRITICAL: [&str; 2] = ["system-cluster-critical", "system-node-critical"];

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    pub(crate) masters: usize,
    pub(crate) nodes: usize,
    pub(crate) selector: Vec<(String, String)>,
    pub(crate) system_pods: bool,
    /// Of the PKI tree that every master must run with.
    pub(crate) master_tree: Option<String>,
    /// Of the one that every node must run with.
    pub(crate) node_tree: Option<String>,
}

/// What is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) leases: Vec<Json>,
    pub(crate) nodes: Vec<Json>,
    pub(crate) pods: Vec<Json>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// For people; empty if all is well.
    pub(crate) missing: Vec<String>,
    pub(crate) members: Vec<String>,
    pub(crate) nodes: Vec<String>,
}

pub(crate) fn judge(wish: &Wish, seen: &Seen, now: SystemTime) -> Verdict {
    let mut verdict = Verdict::default();
    masters(wish, seen, now, &mut verdict);
    nodes(wish, seen, &mut verdict);
    if wish.system_pods {
        pods(seen, &mut verdict);
    }
    verdict.members.sort();
    verdict.nodes.sort();
    verdict
}

fn name(object: &Json) -> &str {
    object["metadata"]["name"].as_str().unwrap_or("?")
}

fn is_fresh(lease: &Json, now: SystemTime) -> bool {
    let renewed =
        lease["spec"]["renewTime"].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let duration = lease["spec"]["leaseDurationSeconds"].as_i64().unwrap_or(40);
    let now = jiff::Timestamp::try_from(now).ok();
    match (renewed, now) {
        (Some(renewed), Some(now)) => now.as_second() - renewed.as_second() <= 3 * duration,
        _ => false,
    }
}

fn masters(wish: &Wish, seen: &Seen, now: SystemTime, verdict: &mut Verdict) {
    let mut told = Vec::new();
    for lease in &seen.leases {
        let note = |key: &str| lease["metadata"]["annotations"][key].as_str().unwrap_or("unknown");
        let Some(node) = name(lease).strip_prefix(LEASE) else { continue };
        if note("kprov.dev/role") != "master" || !is_fresh(lease, now) {
            continue;
        }
        let other_tree = wish.master_tree.as_ref().is_some_and(|tree| note(TREE) != tree);
        match (note("kprov.dev/etcd"), note("kprov.dev/healthy")) {
            ("voter", "true") if other_tree => {
                told.push(format!("master {node} runs with the certificates before yet"));
            }
            ("voter", "true") => verdict.members.push(node.to_owned()),
            ("voter", why) => told.push(format!("master {node} is not healthy: {why}")),
            (state, _) => told.push(format!("master {node} is no voter of etcd yet: {state}")),
        }
    }
    if wish.masters == 0 {
        return;
    }
    if verdict.members.len() < wish.masters {
        let count = verdict.members.len();
        let with = wish.master_tree.as_ref().map_or("", |_| ", with the new certificates");
        verdict.missing.push(format!(
            "{count} of {} masters are voters of etcd and healthy{with}",
            wish.masters
        ));
    }
    verdict.missing.extend(told);
}

fn condition<'a>(object: &'a Json, ty: &str) -> Option<&'a Json> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == ty)
}

fn why(condition: Option<&Json>) -> String {
    let Some(condition) = condition else { return "nothing is known of it".to_owned() };
    let texts = ["reason", "message"].map(|name| condition[name].as_str().unwrap_or_default());
    let text = texts.join(": ").trim_matches([':', ' ']).to_owned();
    if text.is_empty() { "no reason is told".to_owned() } else { text }
}

fn nodes(wish: &Wish, seen: &Seen, verdict: &mut Verdict) {
    let (mut told, mut behind) = (Vec::new(), Vec::new());
    let counts = |node: &&Json| {
        wish.selector
            .iter()
            .all(|(key, value)| node["metadata"]["labels"][key.as_str()] == value.as_str())
    };
    for node in seen.nodes.iter().filter(counts) {
        let ready = condition(node, "Ready");
        let tree = node["metadata"]["annotations"][TREE].as_str();
        if ready.is_some_and(|ready| ready["status"] == "True") {
            // One that tells no tree is not of kprov: it holds nothing up, and does not count.
            match &wish.node_tree {
                Some(wanted) if tree.is_none_or(|tree| tree != wanted) => {
                    if tree.is_some() {
                        behind.push(format!(
                            "node {} runs with the certificates before yet",
                            name(node)
                        ));
                    }
                }
                _ => verdict.nodes.push(name(node).to_owned()),
            }
        } else {
            told.push(format!("node {} is not Ready: {}", name(node), why(ready)));
        }
    }
    if verdict.nodes.len() < wish.nodes {
        let count = verdict.nodes.len();
        let selector: Vec<String> =
            wish.selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let of = if selector.is_empty() {
            String::new()
        } else {
            format!(" with {}", selector.join(","))
        };
        verdict.missing.push(format!("{count} of {} nodes{of} are Ready", wish.nodes));
        verdict.missing.extend(told);
    }
    verdict.missing.extend(behind);
}

fn pods(seen: &Seen, verdict: &mut Verdict) {
    let critical = |pod: &&Json| {
        let class = pod["spec"]["priorityClassName"].as_str().unwrap_or_default();
        CRITICAL.contains(&class) && pod["metadata"]["deletionTimestamp"].is_null()
    };
    let mut none = true;
    for pod in seen.pods.iter().filter(critical) {
        none = false;
        let done = pod["status"]["phase"] == "Succeeded"
            || condition(pod, "Ready").is_some_and(|ready| ready["status"] == "True");
        if !done {
            let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
            verdict.missing.push(format!(
                "pod {namespace}/{} is not Ready: {}",
                name(pod),
                held_by(pod)
            ));
        }
    }
    if none {
        verdict.missing.push("there are no system pods".to_owned());
    }
}

/// Why a pod does not get Ready: its containers know best, then its scheduler.
fn held_by(pod: &Json) -> String {
    let lists = ["initContainerStatuses", "containerStatuses"];
    for status in
        lists.iter().flat_map(|list| pod["status"][*list].as_array().into_iter().flatten())
    {
        for state in ["waiting", "terminated"] {
            let reason = status["state"][state]["reason"].as_str();
            let Some(reason) = reason.filter(|reason| {
                !matches!(*reason, "Completed" | "ContainerCreating" | "PodInitializing")
            }) else {
                continue;
            };
            let message = status["state"][state]["message"].as_str().unwrap_or_default();
            let container = status["name"].as_str().unwrap_or_default();
            return format!("container {container}: {reason} {message}").trim_end().to_owned();
        }
    }
    let scheduled =
        condition(pod, "PodScheduled").filter(|condition| condition["status"] != "True");
    why(scheduled.or_else(|| condition(pod, "Ready")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_067_200)
    }

    fn lease(name: &str, role: &str, etcd: &str, healthy: &str, renewed: &str) -> Json {
        json!({"metadata": {"name": format!("kprov-node-{name}"), "annotations": {"kprov.dev/role": role,
            "kprov.dev/etcd": etcd, "kprov.dev/healthy": healthy}},
            "spec": {"leaseDurationSeconds": 40, "renewTime": renewed}})
    }

    const FRESH: &str = "2023-12-31T23:59:30.000000Z";

    #[test]
    fn masters_must_all_be_voters() {
        let wish = Wish { masters: 2, ..Wish::default() };
        let mut seen =
            Seen { leases: vec![lease("a", "master", "voter", "true", FRESH)], ..Seen::default() };
        seen.leases.push(lease("b", "master", "learner", "true", FRESH));
        seen.leases.push(lease("w", "worker", "none", "true", FRESH));
        let verdict = judge(&wish, &seen, now());
        assert_eq!(
            verdict.missing,
            [
                "1 of 2 masters are voters of etcd and healthy",
                "master b is no voter of etcd yet: learner"
            ]
        );
        seen.leases.push(lease("c", "master", "voter", "true", FRESH));
        assert_eq!(judge(&wish, &seen, now()).missing.len(), 1);
        // One that is gone counts neither way.
        seen.leases[1] = lease("b", "master", "learner", "true", "2023-12-31T23:50:00Z");
        let verdict = judge(&wish, &seen, now());
        assert_eq!(
            (verdict.missing.len(), verdict.members),
            (0, vec!["a".to_owned(), "c".to_owned()])
        );
        // Whose programs run with other certificates does not count yet.
        let mut with = wish.clone();
        with.master_tree = Some("new".to_owned());
        for (index, tree) in [(0, "new"), (3, "old")] {
            seen.leases[index]["metadata"]["annotations"][TREE] = json!(tree);
        }
        assert_eq!(
            judge(&with, &seen, now()).missing,
            [
                "1 of 2 masters are voters of etcd and healthy, with the new certificates",
                "master c runs with the certificates before yet"
            ]
        );
        seen.leases[3]["metadata"]["annotations"][TREE] = json!("new");
        assert!(judge(&with, &seen, now()).missing.is_empty());
        seen.leases[0] = lease("a", "master", "voter", "disk is full", FRESH);
        let missing = judge(&wish, &seen, now()).missing;
        assert!(missing.iter().any(|text| text.contains("disk is full")), "{missing:?}");
    }

    #[test]
    fn nodes_and_pods_are_named_with_the_reason() {
        let wish = Wish {
            nodes: 1,
            selector: vec![("pool".into(), "x".into())],
            system_pods: true,
            ..Wish::default()
        };
        let ready = json!([{"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "no network"}]);
        let mut seen = Seen::default();
        seen.nodes.push(json!({"metadata": {"name": "n1", "labels": {"pool": "x"}}, "status": {"conditions": ready}}));
        seen.nodes.push(json!({"metadata": {"name": "n2"}, "status": {"conditions": []}}));
        let pod = |status: Json| {
            json!({"metadata": {"name": "dns", "namespace": "kube-system"},
            "spec": {"priorityClassName": "system-cluster-critical"}, "status": status})
        };
        seen.pods.push(pod(json!({"containerStatuses": [{"name": "c", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]})));
        let missing = judge(&wish, &seen, now()).missing;
        assert_eq!(
            missing,
            [
                "0 of 1 nodes with pool=x are Ready",
                "node n1 is not Ready: KubeletNotReady: no network",
                "pod kube-system/dns is not Ready: container c: ImagePullBackOff",
            ]
        );
        seen.nodes[0]["status"]["conditions"][0]["status"] = json!("True");
        seen.pods[0] = pod(json!({"conditions": [{"type": "Ready", "status": "True"}]}));
        let verdict = judge(&wish, &seen, now());
        assert_eq!((verdict.missing.len(), verdict.nodes), (0, vec!["n1".to_owned()]));
    }

    #[test]
    fn nodes_with_other_certificates_hold_up_and_foreign_ones_do_not() {
        let node = |name: &str, tree: Option<&str>| {
            let ready = json!([{"type": "Ready", "status": "True"}]);
            let notes = tree.map_or(json!({}), |tree| json!({TREE: tree}));
            json!({"metadata": {"name": name, "annotations": notes}, "status": {"conditions": ready}})
        };
        let wish = Wish { nodes: 1, node_tree: Some("new".to_owned()), ..Wish::default() };
        let mut seen = Seen {
            nodes: vec![node("n1", Some("new")), node("n2", Some("old"))],
            ..Seen::default()
        };
        let behind = "node n2 runs with the certificates before yet";
        assert_eq!(judge(&wish, &seen, now()).missing, [behind]);
        seen.nodes[1] = node("n2", None);
        let verdict = judge(&wish, &seen, now());
        assert_eq!((verdict.missing.len(), verdict.nodes), (0, vec!["n1".to_owned()]));
        // A machine that is gone leaves its Node, which is not Ready.
        seen.nodes[1] = node("n2", Some("old"));
        seen.nodes[1]["status"]["conditions"][0]["status"] = json!("Unknown");
        assert!(judge(&wish, &seen, now()).missing.is_empty());
    }
}
