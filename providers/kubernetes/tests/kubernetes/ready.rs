//! Waiting for a cluster, and what is said when it does not get there.

use kprov_provider::testing::kit::Cases;
use kprov_provider::{ErrorClass, attribute};
use serde_json::{Value as Json, json};

use crate::control_plane::{ControlPlane, own, shared};
use crate::session::{Session, check, config, value};

const TY: &str = "kubernetes_ready";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn apply(plane: &ControlPlane, name: &str, object: &Json) {
    let file = plane.directory.path().join(format!("{name}.json"));
    std::fs::write(&file, object.to_string()).expect("a file");
    plane.kubectl(&["apply", "--server-side", "-f", file.to_str().expect("Unicode")]);
}

fn lease(name: &str, etcd: &str, healthy: &str) -> Json {
    // Renewed in a future that the tests do not reach.
    json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": format!("kprov-node-{name}"), "namespace": "kube-system", "annotations": {
            "kprov.dev/role": "master", "kprov.dev/etcd": etcd, "kprov.dev/healthy": healthy, "kprov.dev/tree": "x"}},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": "2124-01-01T00:00:00.000000Z"}})
}

fn node(plane: &ControlPlane, name: &str, ready: bool) {
    apply(
        plane,
        name,
        &json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"pool": "p"}}}),
    );
    let status = if ready { "True" } else { "False" };
    let condition =
        json!([{"type": "Ready", "status": status, "reason": "Test", "message": "no network yet"}]);
    let patch = json!({"status": {"conditions": condition}}).to_string();
    plane.kubectl(&["patch", "node", name, "--subresource=status", "--type=merge", "-p", &patch]);
}

#[test]
fn waiting_conforms() {
    let Some(plane) = shared() else { return };
    let cases = Cases::new(config(TY, json!({"answers": 2})))
        .update(config(TY, json!({"answers": 1, "triggers": {"a": "b"}})))
        .update(config(
            TY,
            json!({"answers": 1, "triggers": {"a": "b"}, "timeouts": {"create": "5m"}}),
        ))
        .bad(config(TY, json!({"answers": 0})), "answers")
        .bad(config(TY, json!({"masters": -1})), "masters")
        .bad(config(TY, json!({"timeouts": {"create": "soon"}})), "timeouts");
    check(TY, plane, cases);
}

/// Nodes, leases and API servers are of this test alone.
#[test]
fn what_is_missing_is_said() {
    let Some(plane) = own() else { return };
    runtime().block_on(async {
        let mut session = Session::new(&plane, &plane.admin).await;
        let wish = |limit: &str| {
            json!({"masters": 2, "nodes": 1, "node_selector": {"pool": "p"}, "answers": 2,
                "timeouts": {"create": limit}})
        };
        apply(&plane, "a", &lease("a", "voter", "true"));
        apply(&plane, "b", &lease("b", "learner", "true"));
        node(&plane, "n1", false);
        let error = session.create(TY, wish("3s")).await.expect_err("not ready");
        assert_eq!(error.class, ErrorClass::Rejected);
        for part in [
            "1 of 2 masters",
            "master b",
            "learner",
            "0 of 1 nodes with pool=p",
            "n1",
            "no network yet",
        ] {
            assert!(error.message.contains(part), "{part}: {error}");
        }
        node(&plane, "n1", true);
        apply(&plane, "b", &lease("b", "voter", "true"));
        let made = session.create(TY, wish("1m")).await.expect("ready").value;
        assert_eq!(attribute(&made, "node_names"), convert(json!(["n1"])));
        assert_eq!(attribute(&made, "members"), convert(json!(["a", "b"])));
        assert!(
            attribute(&made, "version").as_str().is_some_and(|version| version.starts_with("v1."))
        );
        let mut pods = wish("2s");
        pods["system_pods"] = json!(true);
        let error = session.create(TY, pods).await.expect_err("no pods");
        assert!(error.message.contains("no system pods"), "{error}");
    });
}

fn convert(list: Json) -> kprov_core::Value {
    kprov_core::value::convert(&value(list), &kprov_core::Type::list(kprov_core::Type::String))
        .expect("texts")
}

#[test]
fn an_api_server_may_be_replaced_meanwhile() {
    let Some(mut plane) = own() else { return };
    let runtime = runtime();
    let mut session = runtime.block_on(Session::new(&plane, &plane.admin));
    let map = |at: usize| {
        json!({"manifest": {"apiVersion": "v1", "kind": "ConfigMap", "data": {"at": at.to_string()},
            "metadata": {"name": format!("m{at}"), "namespace": "default"}}})
    };
    let ty = "kubernetes_manifest";
    runtime.block_on(session.create(ty, map(0))).expect("made");
    plane.stop_api_server();
    let starter = std::thread::spawn(move || {
        // Requests go to nobody for a while.
        std::thread::sleep(std::time::Duration::from_secs(2));
        plane.start_api_server();
        plane
    });
    let made = runtime.block_on(async {
        let mut made = Vec::new();
        for at in 1..4 {
            made.push(session.create(ty, map(at)).await.expect("made once the server is back"));
            let json = json!({"metadata": [{"name": format!("c{at}")}], "data": {"a": "b"}});
            session.create("kubernetes_config_map", json).await.expect("made");
        }
        made
    });
    let plane = starter.join().expect("started");
    assert_eq!(plane.count("configmaps", "default"), 7);
    let read = runtime.block_on(session.read(ty, &made[0])).expect("read");
    assert_eq!(read.as_ref(), Some(&made[0]));
}
