//! Manifests: the kit, owners of fields, drift, kinds that are made on the way.

use kprov_core::{Path, Value};
use kprov_provider::testing::kit::Cases;
use kprov_provider::{ErrorClass, attribute};
use serde_json::{Value as Json, json};

use crate::control_plane::shared;
use crate::session::{Session, check, config};

const TY: &str = "kubernetes_manifest";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn deployment(namespace: &str, containers: Json) -> Json {
    json!({"manifest": {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}},
    }})
}

fn containers(image: &str) -> Json {
    json!([{"name": "main", "image": image, "resources": {"requests": {"cpu": "1000m", "memory": "1024Mi"}},
        "ports": [{"containerPort": 80}], "args": ["-x", "1"], "env": []}])
}

#[test]
fn manifests_conform() {
    let Some(plane) = shared() else { return };
    plane.kubectl(&["create", "namespace", "manifests"]);
    let whole = |image: &str| config(TY, deployment("manifests", containers(image)));
    let renamed = |json: Json| config(TY, json!({"manifest": json}));
    let cases = Cases::new(whole("a:1"))
        .update(whole("a:2"))
        .update(config(TY, {
            let mut json = deployment("manifests", containers("a:2"));
            json["manifest"]["spec"]["template"]["metadata"]["annotations"] = json!({"x": "y"});
            json["timeouts"] = json!([{"create": "1m"}]);
            json
        }))
        .bad(renamed(json!({"kind": "ConfigMap", "metadata": {"name": "a"}})), "manifest")
        .bad(renamed(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}})), "manifest")
        .bad(
            renamed(
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "status": {}}),
            ),
            "manifest",
        )
        .bad(
            config(
                TY,
                json!({"manifest": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}},
            "wait": [{"fields": {"a": "("}}]}),
            ),
            "wait",
        )
        .bad_id("web")
        .bad_id("apiVersion=v1,kind=None,name=x")
        .bad_id("apiVersion=v1,kind=ConfigMap,namespace=manifests,name=none")
        .drift(|_| {
            plane.kubectl(&["set", "image", "-n", "manifests", "deployment/web", "main=b:1"]);
        })
        .drift(|_| {
            plane.kubectl(&["delete", "-n", "manifests", "deployment", "web"]);
        })
        .import(|_| "apiVersion=apps/v1,kind=Deployment,namespace=manifests,name=web".to_owned())
        .import_misses(&["manifest"])
        .objects(|| plane.count("deployments", "manifests"));
    check(TY, plane, cases);
}

#[test]
fn manifests_of_secrets_keep_them() {
    let Some(plane) = shared() else { return };
    plane.kubectl(&["create", "namespace", "manifest-secrets"]);
    let whole = |data: Json| {
        config(
            TY,
            json!({"manifest": {"apiVersion": "v1", "kind": "Secret", "data": data,
            "metadata": {"generateName": "s-", "namespace": "manifest-secrets"}}}),
        )
    };
    let cases = Cases::new(whole(json!({"a": "aHVudGVyMg=="})))
        .update(whole(json!({"a": "aHVudGVyMw=="})))
        .drift(|value| {
            let name = attribute(&attribute(&attribute(value, "object"), "metadata"), "name");
            let name = name.as_str().expect("a name");
            let patch = r#"{"data":{"a":"eA=="}}"#;
            plane.kubectl(&["patch", "secret", "-n", "manifest-secrets", name, "-p", patch]);
        })
        .objects(|| plane.count("secrets", "manifest-secrets"));
    check(TY, plane, cases);
}

fn config_map(namespace: &str, name: &str, data: Json) -> Json {
    json!({"manifest": {"apiVersion": "v1", "kind": "ConfigMap", "data": data,
        "metadata": {"name": name, "namespace": namespace}}})
}

fn data(value: &Value) -> Value {
    attribute(&attribute(value, "manifest"), "data")
}

#[test]
fn fields_of_others_are_theirs() {
    let Some(plane) = shared() else { return };
    plane.kubectl(&["create", "namespace", "owners"]);
    runtime().block_on(async {
        let mut session = Session::new(plane, &plane.admin).await;
        let first = config_map("owners", "shared", json!({"ours": "1"}));
        let made = session.create(TY, first.clone()).await.expect("made");
        let theirs = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"shared"},"data":{"theirs":"1"}}"#;
        let file = plane.directory.path().join("theirs.json");
        std::fs::write(&file, theirs).expect("a file");
        let file = file.to_str().expect("Unicode");
        plane.kubectl(&["apply", "--server-side", "--field-manager=rival", "-n", "owners", "-f", file]);
        // What others add is no drift.
        let read = session.read(TY, &made).await.expect("read").expect("there");
        assert_eq!(data(&read.value), data(&made.value));
        let planned = session.plan(TY, Some(&read), first.clone()).expect("a plan");
        assert_eq!(planned.value, read.value);
        // Taking it from them is a conflict that names them and the field.
        let both = config_map("owners", "shared", json!({"ours": "1", "theirs": "2"}));
        let error = session.update(TY, &read, both.clone()).await.expect_err("a conflict");
        assert_eq!(error.class, ErrorClass::Rejected);
        assert!(error.message.contains("rival") && error.message.contains(".data.theirs"), "{error}");
        assert!(error.message.contains("force_conflicts"), "{error}");
        let place = error.attribute.expect("an attribute");
        assert!(Path::attribute("manifest").is_prefix_of(&place));
        // Unless one says so.
        let mut forced = both;
        forced["field_manager"] = json!([{"force_conflicts": true}]);
        session.update(TY, &read, forced).await.expect("taken over");
        assert_eq!(plane.kubectl(&["get", "cm", "shared", "-n", "owners", "-o", "jsonpath={.data.theirs}"]), "2");
        // What is left out of the manifest goes, if it is ours.
        let read = session.read(TY, &read).await.expect("read").expect("there");
        let other = config_map("owners", "shared", json!({"more": "1"}));
        session.update(TY, &read, other).await.expect("updated");
        let left = plane.kubectl(&["get", "cm", "shared", "-n", "owners", "-o", "jsonpath={.data}"]);
        assert_eq!(left, r#"{"more":"1"}"#);
    });
}

#[test]
fn what_is_there_already_is_not_taken() {
    let Some(plane) = shared() else { return };
    plane.kubectl(&["create", "namespace", "taken"]);
    plane.kubectl(&["create", "configmap", "there", "-n", "taken"]);
    runtime().block_on(async {
        let mut session = Session::new(plane, &plane.admin).await;
        let json = config_map("taken", "there", json!({"a": "1"}));
        let error = session.create(TY, json).await.expect_err("taken");
        assert!(
            error.message.contains("apiVersion=v1,kind=ConfigMap,namespace=taken,name=there"),
            "{error}"
        );
        assert_eq!(error.class, ErrorClass::Rejected);
        let json = json!({"metadata": [{"name": "there", "namespace": "taken"}]});
        let error = session.create("kubernetes_config_map", json).await.expect_err("taken");
        assert!(error.message.contains("taken/there"), "{error}");
    });
}

#[test]
fn a_definition_and_its_objects_in_one_go() {
    let Some(plane) = shared() else { return };
    runtime().block_on(async {
        let mut session = Session::new(plane, &plane.admin).await;
        let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
            "size": {"type": "integer"}, "list": {"type": "array", "items": {"type": "string"}}}}}});
        let definition = json!({"manifest": {
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.test.kprov.dev"},
            "spec": {"group": "test.kprov.dev", "scope": "Namespaced",
                "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]},
        }});
        let widget = |size: i64| json!({"manifest": {"apiVersion": "test.kprov.dev/v1", "kind": "Widget",
            "metadata": {"name": "w"}, "spec": {"size": size, "list": ["a", "b"]}}});
        let definition = session.create(TY, definition).await.expect("a definition");
        let made = session.create(TY, widget(1)).await.expect("an object of it");
        let changed = session.update(TY, &made, widget(2)).await.expect("updated");
        let mut wrong = widget(2);
        wrong["manifest"]["spec"]["size"] = json!("big");
        let error = session.update(TY, &changed, wrong).await.expect_err("not an integer");
        assert!(error.to_string().contains("spec.size"), "{error}");
        session.delete(TY, definition).await.expect("gone, and its objects");
        assert_eq!(session.read(TY, &changed).await, Ok(None));
        session.delete(TY, changed).await.expect("gone with its kind");
        let error = session.create(TY, json!({"manifest": {"apiVersion": "test.kprov.dev/v9", "kind": "Widget",
            "metadata": {"name": "w"}}})).await.expect_err("no such kind");
        assert!(error.message.contains("test.kprov.dev/v9") && error.message.contains("Widget"), "{error}");
    });
}

#[test]
fn namespaces_go_with_what_is_in_them() {
    let Some(plane) = shared() else { return };
    runtime().block_on(async {
        let mut session = Session::new(plane, &plane.admin).await;
        let json = json!({"metadata": [{"name": "doomed"}], "timeouts": {"delete": "20s"},
            "wait_for_default_service_account": true});
        let made = session.create("kubernetes_namespace", json).await.expect("made");
        let mut held = config_map("doomed", "held", json!({"a": "1"}));
        held["manifest"]["metadata"]["finalizers"] = json!(["kprov.dev/test"]);
        let map = session.create(TY, held).await.expect("made");
        let error = session.delete("kubernetes_namespace", made.clone()).await.expect_err("held");
        assert!(error.to_string().contains("kprov.dev/test"), "{error}");
        assert_eq!(error.class, ErrorClass::Ambiguous);
        plane.kubectl(&[
            "patch",
            "cm",
            "held",
            "-n",
            "doomed",
            "--type=merge",
            "-p",
            r#"{"metadata":{"finalizers":null}}"#,
        ]);
        let long = json!({"metadata": [{"name": "doomed"}], "timeouts": {"delete": "1m"},
            "wait_for_default_service_account": true});
        let longer = session.plan("kubernetes_namespace", Some(&made), long).expect("a plan").value;
        session.delete("kubernetes_namespace", longer.into()).await.expect("gone");
        assert_eq!(session.read(TY, &map).await, Ok(None));
    });
}

#[test]
fn who_may_not_is_told_so() {
    let Some(plane) = shared() else { return };
    runtime().block_on(async {
        let mut session = Session::new(plane, &plane.nobody).await;
        let error =
            session.create(TY, config_map("default", "x", json!({}))).await.expect_err("forbidden");
        assert!(
            error.message.contains("\"nobody\"") && error.message.contains("configmaps"),
            "{error}"
        );
        let json = json!({"metadata": [{"name": "x"}], "data": {"a": "hunter2"}});
        let error = session.create("kubernetes_secret", json).await.expect_err("forbidden");
        assert!(
            error.message.contains("Forbidden") && !error.to_string().contains("hunter2"),
            "{error}"
        );
        assert_eq!(error.class, ErrorClass::Rejected);
    });
}

#[test]
fn many_are_read_with_few_requests() {
    let Some(plane) = shared() else { return };
    plane.kubectl(&["create", "namespace", "many"]);
    runtime().block_on(async {
        let mut session = Session::new(plane, &plane.admin).await;
        let mut all = Vec::new();
        for at in 0..12 {
            let json = config_map("many", &format!("m{at}"), json!({"at": at.to_string()}));
            all.push(session.create(TY, json).await.expect("made"));
        }
        plane.kubectl(&["delete", "cm", "m3", "-n", "many"]);
        let gets = |session: &Session| {
            use kprov_provider::Provider;
            let calls = session.provider.calls();
            calls
                .iter()
                .find(|(name, _)| name == "kubernetes GET configmaps")
                .map_or(0, |(_, count)| *count)
        };
        let before = gets(&session);
        let read = session.read_many(TY, &all).await;
        assert_eq!(gets(&session) - before, 1);
        for (at, (made, read)) in all.iter().zip(read).enumerate() {
            let expect = (at != 3).then(|| made.clone());
            assert_eq!(read, Ok(expect), "{at}");
        }
    });
}
