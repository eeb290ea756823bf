//! Data sources, and labels of what others made.

use kprov_core::Value;
use kprov_provider::testing::complete;
use kprov_provider::testing::kit::Cases;
use kprov_provider::{Provider, ProviderError, attribute};
use serde_json::{Value as Json, json};

use crate::control_plane::shared;
use crate::session::{Session, blocks, check, config, value};

async fn read(session: &Session, ty: &str, json: Json) -> Result<Value, ProviderError> {
    let block = &session.provider.schema().data_sources[ty].block;
    let config = complete(block, &blocks(block, value(json)));
    let read = session
        .provider
        .data_source(ty)
        .expect("a known type")
        .read(&session.context, &config)
        .await?;
    assert!(
        kprov_core::value::conforms(&read.ty(), &block.implied_type())
            || ty == "kubernetes_resource",
        "{ty}"
    );
    assert!(read.is_wholly_known());
    Ok(read)
}

fn at(value: &Value, path: &[&str]) -> Value {
    let mut here = value.clone();
    for name in path {
        here = match name.parse::<usize>() {
            Ok(index) => here.as_items().expect("items")[index].clone(),
            Err(_) => attribute(&here, name),
        };
    }
    here
}

#[test]
fn what_is_there_is_found() {
    let Some(plane) = shared() else { return };
    plane.kubectl(&["create", "namespace", "found"]);
    plane.kubectl(&["create", "configmap", "c", "-n", "found", "--from-literal=a=1"]);
    plane.kubectl(&["create", "secret", "generic", "s", "-n", "found", "--from-literal=a=hunter2"]);
    plane.kubectl(&["create", "service", "clusterip", "svc", "-n", "found", "--tcp=80:8080"]);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let session = Session::new(plane, &plane.admin).await;
        let named = |name: &str| json!({"metadata": [{"name": name, "namespace": "found"}]});
        let found = read(&session, "kubernetes_namespace", json!({"metadata": [{"name": "found"}]})).await;
        let found = found.expect("a namespace");
        assert_eq!(at(&found, &["spec", "0", "finalizers", "0"]), "kubernetes".into());
        assert_eq!(at(&found, &["id"]), "found".into());
        let found = read(&session, "kubernetes_config_map_v1", named("c")).await.expect("a config map");
        assert_eq!(at(&found, &["data", "a"]), "1".into());
        let found = read(&session, "kubernetes_secret", named("s")).await.expect("a secret");
        assert_eq!(at(&found, &["data", "a"]), "hunter2".into());
        assert_eq!(at(&found, &["type"]), "Opaque".into());
        let found = read(&session, "kubernetes_service", named("svc")).await.expect("a service");
        assert_eq!(at(&found, &["spec", "0", "port", "0", "target_port"]), "8080".into());
        assert_eq!(at(&found, &["spec", "0", "type"]), "ClusterIP".into());
        let any = json!({"api_version": "v1", "kind": "Service", "metadata": [{"name": "svc", "namespace": "found"}]});
        let found = read(&session, "kubernetes_resource", any).await.expect("an object");
        assert_eq!(at(&found, &["object", "spec", "ports", "0", "port"]), Value::int(80));
        let nodes = read(&session, "kubernetes_nodes", json!({"metadata": [{"labels": {"no/such": "label"}}]})).await;
        assert_eq!(at(&nodes.expect("nodes"), &["nodes"]).as_items().map(<[Value]>::len), Some(0));
        let error = read(&session, "kubernetes_secret", named("none")).await.expect_err("no secret");
        assert!(error.message.contains("found/none"), "{error}");
    });
}

#[test]
fn labels_conform() {
    let Some(plane) = shared() else { return };
    plane.kubectl(&["create", "namespace", "labelled"]);
    let ty = "kubernetes_labels";
    let whole = |name: &str, labels: Json| {
        config(
            ty,
            json!({"api_version": "v1", "kind": "Namespace", "metadata": [{"name": name}], "labels": labels}),
        )
    };
    let cases =
        Cases::new(whole("labelled", json!({"pod-security.kubernetes.io/enforce": "baseline"})))
            .update(whole(
                "labelled",
                json!({"pod-security.kubernetes.io/enforce": "restricted", "x": "y"}),
            ))
            .drift(|_| {
                plane.kubectl(&[
                    "label",
                    "ns",
                    "labelled",
                    "--overwrite",
                    "pod-security.kubernetes.io/enforce=privileged",
                ]);
                // Only that may be forced; who owns it now gives it back for the rest of the test.
                plane.kubectl(&["label", "ns", "labelled", "pod-security.kubernetes.io/enforce-"]);
            });
    check(ty, plane, cases);
    let left = plane.kubectl(&["get", "ns", "labelled", "-o", "jsonpath={.metadata.labels}"]);
    assert_eq!(left, r#"{"kubernetes.io/metadata.name":"labelled"}"#);
}
