//! examples/cluster on a laptop: real etcd and Kubernetes on machines of airplane, behind its load balancer, and kubectl
//! as judge.

mod clients;
mod joining;
mod laptop;
mod renewal;
mod replacement;
mod rotation;
mod timing;

use laptop::{Laptop, kill, programs};

const OBJECTS: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: till, namespace: shop}
stringData: {code: a-secret-nobody-may-find}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
"#;

#[test]
fn a_cluster_comes_up_serves_heals_and_goes() {
    let Some(programs) = programs("a cluster on airplane") else { return };
    let laptop = Laptop::new(programs);
    let applied = laptop.kprov("apply -airplane -auto-approve");
    assert!(applied.contains("Apply complete!"), "{applied}");
    timing::tell_of_last_run(&laptop);
    // Ready means ready: what apply waited for holds at once.
    serves(&laptop);
    let planned = laptop.kprov("plan -airplane -detailed-exitcode");
    assert!(planned.contains("No changes."), "{planned}");
    rotation::authorities_are_rotated_and_no_request_fails(&laptop);
    renewal::what_is_about_to_expire_is_renewed_and_no_request_fails(&laptop);
    a_killed_program_comes_back(&laptop);
    replacement::masters_are_replaced_and_no_request_fails(&laptop, "m7i.xlarge");
    replacement::kprov_is_killed_on_the_way(&laptop, "m7i.2xlarge");
    a_lost_machine_is_replaced(&laptop);
    joining::many_machines_join(&laptop);
    let destroyed = laptop.kprov("destroy -airplane -auto-approve");
    assert!(destroyed.contains("Destroy complete!"), "{destroyed}");
    assert_eq!(laptop.masters().len(), 0, "machines are left");
}

fn serves(laptop: &Laptop) {
    assert_eq!(laptop.kubectl("get --raw /readyz", None).as_deref(), Ok("ok"));
    laptop.kubectl("apply -f -", Some(OBJECTS)).expect("objects are taken");
    let masters = laptop.masters();
    assert_eq!(masters.len(), 3);
    for master in &masters {
        let members = laptop.etcdctl(master, "member list").expect("etcd answers");
        let voters = members.lines().filter(|line| line.ends_with("false")).count();
        assert_eq!(voters, 3, "{members}");
    }
    // A secret is stored sealed.
    let stored = laptop.etcdctl(&masters[0], "get /registry/secrets/shop/till --print-value-only");
    let stored = stored.expect("etcd answers");
    assert!(stored.starts_with("k8s:enc:"), "{stored}");
    assert!(!stored.contains("a-secret-nobody-may-find"), "{stored}");
    // Nobody in particular may nothing, and is told so.
    let denied = laptop
        .kubectl("get secrets -n shop --as somebody", None)
        .expect_err("nobody may read secrets");
    assert!(denied.contains("Forbidden"), "{denied}");
    // Workers have joined, and pods are placed on them.
    let nodes = laptop.kubectl("get nodes --no-headers", None).expect("nodes");
    assert_eq!(nodes.lines().filter(|line| line.contains(" Ready ")).count(), 2, "{nodes}");
    laptop.until("the deployment is available", || {
        let available = "get deployment web -n shop -o jsonpath={.status.availableReplicas}";
        laptop.kubectl(available, None).as_deref() == Ok("3")
    });
}

fn a_killed_program_comes_back(laptop: &Laptop) {
    let masters = laptop.masters();
    let master = &masters[0];
    let before = master.pid("kube-apiserver").expect("an API server");
    kill(before);
    laptop.until("the API server comes back", || {
        let now = laptop.masters().into_iter().find(|it| it.id == master.id);
        now.is_some_and(|it| it.is_ready() && it.pid("kube-apiserver") != Some(before))
    });
}

/// Its member of etcd goes before the successor's is added, and what was acknowledged is there.
fn a_lost_machine_is_replaced(laptop: &Laptop) {
    let lost = laptop.masters().remove(0);
    let supervisor = lost.status["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok());
    kill(supervisor.expect("a process"));
    laptop.until("three masters vote again, and the lost one is none of them", || {
        let masters = laptop.masters();
        masters.len() == 3
            && masters.iter().all(|master| master.is_ready() && master.id != lost.id)
            && masters.iter().all(|master| {
                let members = laptop.etcdctl(master, "member list").unwrap_or_default();
                members.lines().filter(|line| line.ends_with("false")).count() == 3
                    && !members.contains(&lost.id)
            })
    });
    laptop.until("the API answers through the load balancer", || {
        laptop.kubectl("get secret till -n shop", None).is_ok()
    });
}
