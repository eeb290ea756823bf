//! The kit for the types with a schema of their own.

use kprov_core::Value;
use kprov_provider::attribute;
use kprov_provider::testing::kit::Cases;
use serde_json::json;

use crate::control_plane::shared;
use crate::session::{check, config};

fn name(value: &Value, attribute_name: &str) -> String {
    let metadata = attribute(value, "metadata");
    let item = metadata.as_items().expect("a block")[0].clone();
    attribute(&item, attribute_name).as_str().expect("a text").to_owned()
}

fn id(value: &Value) -> String {
    attribute(value, "id").as_str().expect("an id").to_owned()
}

#[test]
fn namespaces_conform() {
    let Some(plane) = shared() else { return };
    for ty in ["kubernetes_namespace", "kubernetes_namespace_v1"] {
        let config = |json| config(ty, json);
        let cases = Cases::new(config(
            json!({"metadata": [{"generate_name": "kit-", "labels": {"a": "b"}}]}),
        ))
        .update(config(
            json!({"metadata": [{"generate_name": "kit-", "labels": {"a": "c", "d": "e"}}]}),
        ))
        .update(config(
            json!({"metadata": [{"generate_name": "kit-", "annotations": {"x.y/z": "any thing"}}]}),
        ))
        .bad(config(json!({"metadata": [{"name": "Upper"}]})), "metadata")
        .bad(config(json!({"metadata": [{"labels": {"a": "b"}}]})), "metadata")
        .bad(config(json!({"metadata": [{"name": "a", "labels": {"a/b/c": "b"}}]})), "metadata")
        .bad(
            config(json!({"metadata": [{"name": "a", "labels": {"a": "not a label"}}]})),
            "metadata",
        )
        .bad(
            config(json!({"metadata": [{"name": "a"}], "timeouts": {"delete": "5 minutes"}})),
            "timeouts",
        )
        .bad_id("a/b")
        .bad_id("no-such-namespace")
        .drift(|value| {
            plane.kubectl(&["label", "namespace", &name(value, "name"), "a-", "other=1"]);
        })
        .import(id)
        .import_misses(&["metadata"]);
        check(ty, plane, cases);
    }
}

#[test]
fn config_maps_conform() {
    let Some(plane) = shared() else { return };
    plane.kubectl(&["create", "namespace", "config-maps"]);
    let ty = "kubernetes_config_map";
    let metadata = json!([{"name": "settings", "namespace": "config-maps"}]);
    let whole = |rest: serde_json::Value| {
        let mut json = json!({"metadata": metadata.clone()});
        json.as_object_mut()
            .expect("an object")
            .extend(rest.as_object().expect("an object").clone());
        config(ty, json)
    };
    let cases = Cases::new(whole(json!({"data": {"a": "1", "b.txt": "two\nlines"}})))
        .update(whole(json!({"data": {"a": "2"}, "binary_data": {"x": "AP8="}})))
        .update(whole(json!({"data": {}})))
        .update(whole(json!({"data": {"a": "1"}, "immutable": true})))
        .bad(whole(json!({"data": {"a b": "1"}})), "data")
        .bad(whole(json!({"binary_data": {"a": "n*t"}})), "binary_data")
        .bad_id("settings")
        .bad_id("config-maps/none")
        .drift(|value| {
            let name = name(value, "name");
            plane.kubectl(&[
                "patch",
                "configmap",
                "-n",
                "config-maps",
                &name,
                "-p",
                r#"{"data":{"a":"9"}}"#,
            ]);
        })
        .drift(|value| {
            plane.kubectl(&["delete", "configmap", "-n", "config-maps", &name(value, "name")]);
        })
        .import(id)
        .objects(|| plane.count("configmaps", "config-maps"));
    check(ty, plane, cases);
}

#[test]
fn secrets_conform() {
    let Some(plane) = shared() else { return };
    plane.kubectl(&["create", "namespace", "secrets"]);
    let ty = "kubernetes_secret";
    let whole = |rest: serde_json::Value| {
        let mut json = json!({"metadata": [{"name": "keys", "namespace": "secrets"}]});
        json.as_object_mut()
            .expect("an object")
            .extend(rest.as_object().expect("an object").clone());
        config(ty, json)
    };
    let cases = Cases::new(whole(
        json!({"data": {"password": "hunter2"}, "binary_data": {"k": "AP8="}}),
    ))
    .update(whole(json!({"data": {"password": "hunter3"}, "binary_data": {"b": "dGV4dA=="}})))
    .update(whole(json!({"data": {"password": "hunter3"}})))
    .update(whole(json!({"data": {}})))
    .update(whole(json!({"data_wo": {"password": "unseen-1"}, "data_wo_revision": 1})))
    .update(whole(
        json!({"data_wo": {"password": "unseen-2"}, "data_wo_revision": 2, "immutable": true}),
    ))
    .replace(whole(json!({"type": "other", "data": {"password": "hunter2"}})), "type")
    .bad(whole(json!({"data_wo": {"a": "1"}})), "data_wo")
    .bad(whole(json!({"binary_data": {"a": "hunter2!"}})), "binary_data")
    .bad_id("secrets/none")
    .drift(|_| {
        let patch = r#"{"stringData":{"password":"x"}}"#;
        plane.kubectl(&["patch", "secret", "-n", "secrets", "keys", "-p", patch]);
    })
    .import(id)
    .import_misses(&["binary_data"])
    .objects(|| plane.count("secrets", "secrets"));
    check(ty, plane, cases);
}

#[test]
fn service_accounts_conform() {
    let Some(plane) = shared() else { return };
    plane.kubectl(&["create", "namespace", "accounts"]);
    let ty = "kubernetes_service_account";
    let metadata = json!([{"name": "robot", "namespace": "accounts"}]);
    let cases =
        Cases::new(config(ty, json!({"metadata": metadata, "image_pull_secret": [{"name": "a"}]})))
            .update(config(
                ty,
                json!({"metadata": metadata, "automount_service_account_token": false,
            "image_pull_secret": [{"name": "a"}, {"name": "b"}], "secret": [{"name": "c"}]}),
            ))
            .update(config(ty, json!({"metadata": metadata})))
            .drift(|_| {
                let patch = r#"{"automountServiceAccountToken":false}"#;
                plane.kubectl(&["patch", "serviceaccount", "-n", "accounts", "robot", "-p", patch]);
            })
            .import(id);
    check(ty, plane, cases);
}

#[test]
fn roles_conform() {
    let Some(plane) = shared() else { return };
    plane.kubectl(&["create", "namespace", "roles"]);
    let rule = |verbs: &[&str]| json!({"api_groups": [""], "resources": ["pods"], "verbs": verbs});
    let ty = "kubernetes_role";
    let metadata = json!([{"generate_name": "reader-", "namespace": "roles"}]);
    let cases =
        Cases::new(config(ty, json!({"metadata": metadata, "rule": [rule(&["get", "list"])]})))
            .update(config(
                ty,
                json!({"metadata": metadata, "rule": [rule(&["get"]), rule(&["watch"])]}),
            ))
            .bad(config(ty, json!({"metadata": metadata, "rule": [rule(&[])]})), "rule")
            .import(id)
            .import_misses(&["metadata"])
            .objects(|| plane.count("roles", "roles"));
    check(ty, plane, cases);
    let ty = "kubernetes_cluster_role";
    let metadata = json!([{"name": "test:reader", "labels": {"a": "b"}}]);
    let selectors = json!([{"cluster_role_selectors": [{"match_labels": {"test": "1"},
        "match_expressions": [{"key": "a", "operator": "In", "values": ["b", "c"]}]}]}]);
    let cases =
        Cases::new(config(ty, json!({"metadata": metadata, "rule": [rule(&["get", "list"])]})))
            .update(config(
                ty,
                json!({"metadata": metadata, "rule": [
            {"verbs": ["get"], "non_resource_urls": ["/metrics"]}]}),
            ))
            .update(config(ty, json!({"metadata": metadata, "aggregation_rule": selectors})))
            .update(config(ty, json!({"metadata": metadata})))
            .bad(config(ty, json!({"metadata": [{"name": "a/b"}]})), "metadata")
            .import(id);
    check(ty, plane, cases);
}

#[test]
fn role_bindings_conform() {
    let Some(plane) = shared() else { return };
    plane.kubectl(&["create", "namespace", "bindings"]);
    let user = json!({"kind": "User", "name": "jane", "api_group": "rbac.authorization.k8s.io"});
    let account = json!({"kind": "ServiceAccount", "name": "robot", "namespace": "bindings"});
    let role = |kind: &str, name: &str| json!([{"api_group": "rbac.authorization.k8s.io", "kind": kind, "name": name}]);
    for (ty, metadata) in [
        ("kubernetes_role_binding", json!([{"name": "readers", "namespace": "bindings"}])),
        ("kubernetes_cluster_role_binding", json!([{"name": "test:readers"}])),
    ] {
        let whole = |role: serde_json::Value, subjects: serde_json::Value| {
            config(ty, json!({"metadata": metadata, "role_ref": role, "subject": subjects}))
        };
        let cases = Cases::new(whole(role("ClusterRole", "view"), json!([user])))
            .update(whole(role("ClusterRole", "view"), json!([account, user])))
            .update(whole(role("ClusterRole", "view"), json!([{"kind": "Group", "name": "all"}])))
            .replace(whole(role("ClusterRole", "edit"), json!([user])), "role_ref")
            .bad(
                whole(role("ClusterRole", "view"), json!([{"kind": "Robot", "name": "x"}])),
                "subject",
            )
            .import(id);
        check(ty, plane, cases);
    }
}
