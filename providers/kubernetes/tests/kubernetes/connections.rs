//! The ways to say where a cluster is and who one is to it, and what is said when that is wrong.

use std::sync::Arc;

use kprov_core::{Host, Value};
use kprov_provider::testing::{FakeHost, complete};
use kprov_provider::{CallContext, Provider, ProviderError};
use kprov_provider_kubernetes::Kubernetes;
use serde_json::{Value as Json, json};

use crate::control_plane::{ControlPlane, shared};
use crate::session::{blocks, value};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn config(json: Json) -> Value {
    let provider = Kubernetes::default();
    let block = &provider.schema().provider.block;
    complete(block, &blocks(block, value(json)))
}

/// Configures the provider and looks a namespace up.
async fn look(json: Json, host: FakeHost) -> Result<Value, ProviderError> {
    let provider = Kubernetes::default();
    let host: Arc<dyn Host> = Arc::new(host);
    let client = provider.configure(&config(json), &host).await?;
    let ty = "kubernetes_namespace";
    let block = &provider.schema().data_sources[ty].block;
    let wanted =
        complete(block, &blocks(block, value(json!({"metadata": [{"name": "kube-system"}]}))));
    let source = provider.data_source(ty).expect("a known type");
    source.read(&CallContext { client, host }, &wanted).await
}

fn host() -> FakeHost {
    FakeHost::new(7)
}

fn at(plane: &ControlPlane) -> Json {
    json!({"host": plane.host, "cluster_ca_certificate": plane.ca})
}

#[test]
fn all_ways_lead_to_the_cluster() {
    let Some(plane) = shared() else { return };
    plane.kubectl(&["create", "serviceaccount", "robot", "-n", "default"]);
    plane.kubectl(&[
        "create",
        "clusterrolebinding",
        "robot",
        "--clusterrole=view",
        "--serviceaccount=default:robot",
    ]);
    let token = plane.kubectl(&["create", "token", "robot"]);
    let token = token.trim();
    let script = plane.directory.path().join("credentials.sh");
    let credential = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "status": {"token": token}});
    std::fs::write(&script, format!("test \"$TEST\" = yes && cat <<'E'\n{credential}\nE\n"))
        .expect("a file");
    let kubeconfig = plane.kubeconfig().display().to_string();
    let with = |more: Json| {
        let mut json = at(plane);
        json.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        json
    };
    let exec = json!({"api_version": "client.authentication.k8s.io/v1", "command": "sh",
        "args": [script.display().to_string()], "env": {"TEST": "yes"}});
    let environment = || {
        host()
            .with_env("KUBE_HOST", &plane.host)
            .with_env("KUBE_CLUSTER_CA_CERT_DATA", &plane.ca)
            .with_env("KUBE_CLIENT_CERT_DATA", &plane.admin.certificate)
            .with_env("KUBE_CLIENT_KEY_DATA", &plane.admin.key)
    };
    let ways = [
        ("token", with(json!({"token": token})), host()),
        ("exec", with(json!({"exec": [exec]})), host()),
        (
            "certificate",
            with(
                json!({"client_certificate": plane.admin.certificate, "client_key": plane.admin.key}),
            ),
            host(),
        ),
        ("server name", with(json!({"token": token, "tls_server_name": "localhost"})), host()),
        ("kubeconfig", json!({"config_path": kubeconfig}), host()),
        ("context", json!({"config_paths": [kubeconfig], "config_context": "test"}), host()),
        ("insecure", json!({"host": plane.host, "insecure": true, "token": token}), host()),
        ("environment", json!({}), environment()),
        ("path in the environment", json!({}), host().with_env("KUBE_CONFIG_PATH", &kubeconfig)),
    ];
    runtime().block_on(async {
        // Until the API server has seen what was bound.
        let mut left = 100;
        while look(with(json!({"token": token})), host()).await.is_err() && left > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            left -= 1;
        }
        for (way, json, host) in ways {
            let found = look(json, host).await;
            assert!(found.is_ok(), "{way}: {found:?}");
        }
    });
}

#[test]
fn what_is_wrong_is_named() {
    let Some(plane) = shared() else { return };
    let kubeconfig = plane.kubeconfig().display().to_string();
    let other = rcgen::generate_simple_self_signed(vec!["other".to_owned()])
        .expect("a certificate")
        .cert
        .pem();
    let cases = [
        (json!({}), "host"),
        (
            json!({"host": plane.host, "cluster_ca_certificate": other, "token": "x"}),
            "cluster_ca_certificate",
        ),
        (
            json!({"host": plane.host, "cluster_ca_certificate": plane.ca, "token": "wrong-token"}),
            "credentials",
        ),
        (
            json!({"host": plane.host, "cluster_ca_certificate": plane.ca, "tls_server_name": "other", "token": "x"}),
            "another name",
        ),
        (json!({"config_path": "/no/such/file"}), "/no/such/file"),
        (json!({"config_path": kubeconfig, "config_context": "none"}), "none"),
        (json!({"host": plane.host, "proxy_url": "http://127.0.0.1:1"}), "proxy"),
    ];
    runtime().block_on(async {
        for (json, part) in cases {
            let error = look(json.clone(), host()).await.expect_err(part).to_string();
            assert!(error.contains(part), "{part}: {error}");
            assert!(!error.contains("wrong-token"), "{error}");
        }
    });
}

#[test]
fn bad_configurations_are_refused_at_once() {
    let provider = Kubernetes::default();
    let cases = [
        (json!({"host": "not a url"}), "host"),
        (json!({"host": "ftp://x"}), "host"),
        (json!({"cluster_ca_certificate": "/etc/ca.pem"}), "cluster_ca_certificate"),
        (json!({"client_key": "-----BEGIN PRIVATE KEY-----"}), "client_key"),
        (json!({"ignore_labels": ["("]}), "ignore_labels"),
    ];
    for (json, name) in cases {
        let problems = provider.validate(&config(json));
        let place = kprov_core::Path::attribute(name);
        assert!(
            problems.iter().any(|problem| place.is_prefix_of(&problem.path)),
            "{name}: {problems:?}"
        );
    }
    let fine = json!({"host": "https://127.0.0.1:6443", "token": "x", "ignore_labels": ["^a"]});
    assert!(provider.validate(&config(fine)).is_empty());
}

/// The program makes all providers before it knows which it needs.
#[test]
fn making_the_provider_builds_nothing() {
    let provider = Kubernetes::default();
    assert!(provider.calls().is_empty());
    assert_eq!(provider.addr().to_string(), "registry.terraform.io/hashicorp/kubernetes");
    let schema = provider.schema();
    for ty in schema.resources.keys() {
        assert!(provider.resource(ty).is_some(), "{ty}");
    }
    for ty in schema.data_sources.keys() {
        assert!(provider.data_source(ty).is_some(), "{ty}");
    }
    assert!(provider.resource("kubernetes_manifest_v1").is_none());
}
