//! Nodes: what is seen of them, cordons and labels, and their end.

use super::*;

const EXCLUDED: &str = "node.kubernetes.io/exclude-from-external-load-balancers";

#[test]
fn what_was_taken_is_given_back_and_what_people_did_stays() {
    let Some(plane) = plane() else { return };
    run(async {
        let ground = Ground::new(plane);
        ground.apply("cordoning", &[node("i-ours"), node("i-theirs")]);
        ground.status(&["node", "i-ours"], &ready());
        plane.kubectl(&["cordon", "i-theirs"]);
        plane.kubectl(&["label", "node", "i-theirs", &format!("{EXCLUDED}=")]);
        for name in ["i-ours", "i-theirs"] {
            // Each as often as it is told.
            for _ in 0..2 {
                ground.step(Step::Cordon { member: machine(name) }).await.expect("cordoned");
                ground.step(Step::Exclude { member: machine(name) }).await.expect("excluded");
            }
            let seen = ground.observe().await.nodes[&machine(name)];
            assert!(seen.cordoned && seen.excluded, "{name}");
        }
        let ours = ground.observe().await.nodes[&machine("i-ours")];
        assert!(ours.ready && ours.kubelet.to_string() == "1.36.3");
        assert_eq!(
            ground.get(&["node", "i-ours"])["metadata"]["annotations"]["kprov.dev/rotation"],
            "r-1"
        );
        for name in ["i-ours", "i-theirs"] {
            for _ in 0..2 {
                ground.step(Step::Return { member: machine(name) }).await.expect("returned");
            }
        }
        let view = ground.observe().await;
        let [ours, theirs] = ["i-ours", "i-theirs"].map(|name| view.nodes[&machine(name)]);
        assert!(!ours.cordoned && !ours.excluded);
        assert!(theirs.cordoned && theirs.excluded, "a person did that");
        assert!(
            ground.get(&["node", "i-ours"])["metadata"]["annotations"]["kprov.dev/rotation"]
                .is_null()
        );
    });
}

#[test]
fn a_node_that_is_gone_has_nothing_to_change_and_is_deleted_once() {
    let Some(plane) = plane() else { return };
    run(async {
        let ground = Ground::new(plane);
        ground.apply("deleting", &[node("i-gone"), lease("i-gone", &json!({}))]);
        let member = machine("i-gone");
        for _ in 0..2 {
            let step = Step::DeleteNode { member: member.clone() };
            ground.step(step).await.expect("deleted");
        }
        assert!(!ground.exists(&["node", "i-gone"]));
        assert!(!ground.exists(&["lease", "kprov-node-i-gone", "-n", "kube-system"]));
        for step in [
            Step::Cordon { member: member.clone() },
            Step::Exclude { member: member.clone() },
            Step::Drain { member: member.clone() },
            Step::Return { member: member.clone() },
        ] {
            ground.step(step).await.expect("nothing to do");
        }
    });
}

#[test]
fn lists_are_read_to_their_last_page() {
    let Some(plane) = plane() else { return };
    run(async {
        let ground = Ground::new(plane);
        let attached = |at: usize| {
            json!({"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment",
                "metadata": {"name": format!("volume-{at}")},
                "spec": {"attacher": "test", "nodeName": "i-volumes",
                    "source": {"persistentVolumeName": format!("pv-{at}")}}})
        };
        let mut objects: Vec<Json> = (0..505).map(attached).collect();
        objects.push(node("i-volumes"));
        ground.apply("volumes", &objects);
        assert_eq!(ground.observe().await.nodes[&machine("i-volumes")].volumes, 505);
    });
}

#[test]
fn steps_of_the_cloud_are_refused() {
    let Some(plane) = plane() else { return };
    run(async {
        let ground = Ground::new(plane);
        let step = Step::Terminate { member: machine("i-1"), decrement: true };
        let error = ground.step(step).await.expect_err("not ours");
        assert!(error.message.contains("no step of a cluster"), "{error}");
    });
}
