//! What rotations see of a cluster and do to it, against an API server that nobody else works on: no scheduler, no kubelet
//! and no controller, so that everything stands as the tests say. One control plane serves all of them; each has machines
//! and namespaces of its own.

mod asking;
mod draining;
mod hooks;
mod locking;
mod nodes;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kprov_core::Host;
use kprov_provider::rotation::{
    ClusterView, Clusters, HookAction, HookCall, HookLook, MachineId, RotationId, Step, StepCall,
};
use kprov_provider::testing::FakeHost;
use kprov_provider::{CallContext, Provider, ProviderError};
use kprov_provider_kubernetes::Kubernetes;
use serde_json::{Value as Json, json};

use crate::control_plane::{ControlPlane, own};

/// The time of [`FakeHost`]; it moves by a millisecond with each look at it.
const NOW: u64 = 1_704_067_200;

fn plane() -> Option<&'static ControlPlane> {
    static PLANE: OnceLock<Option<ControlPlane>> = OnceLock::new();
    PLANE.get_or_init(own).as_ref()
}

fn run<F: std::future::Future>(work: F) -> F::Output {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work)
}

/// A connection by a kubeconfig, as the rotator makes it.
struct Ground {
    plane: &'static ControlPlane,
    provider: Kubernetes,
    context: CallContext,
}

impl Ground {
    fn new(plane: &'static ControlPlane) -> Ground {
        let provider = Kubernetes::default();
        let host: Arc<dyn Host> = Arc::new(FakeHost::new(11));
        let clusters = provider.clusters().expect("it knows of clusters");
        let context = clusters.connect(&kubeconfig(plane), &host).expect("a connection");
        Ground { plane, provider, context }
    }

    fn clusters(&self) -> &dyn Clusters {
        self.provider.clusters().expect("it knows of clusters")
    }

    async fn observe(&self) -> ClusterView {
        self.clusters().observe(&self.context, NOW).await.expect("a view")
    }

    async fn step(&self, step: Step) -> Result<(), ProviderError> {
        self.asked(step, "r-1/1", &[]).await
    }

    async fn asked(
        &self,
        step: Step,
        token: &str,
        masters: &[MachineId],
    ) -> Result<(), ProviderError> {
        let rotation = RotationId::new("r-1");
        let call = StepCall {
            step: &step,
            token,
            rotation: &rotation,
            group: None,
            base: None,
            member: None,
            masters,
        };
        self.clusters().carry_out(&self.context, &call).await
    }

    /// Objects as they are to be.
    fn apply(&self, name: &str, objects: &[Json]) {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        let file = self.plane.directory.path().join(format!("rotation-{name}.json"));
        std::fs::write(&file, list.to_string()).expect("a file");
        self.plane.kubectl(&["apply", "--server-side", "-f", file.to_str().expect("Unicode")]);
    }

    fn status(&self, what: &[&str], status: &Json) {
        let patch = json!({"status": status}).to_string();
        let rest = ["--subresource=status", "--type=merge", "-p", &patch];
        self.plane.kubectl(&[&["patch"], what, &rest].concat());
    }

    /// An object that is there.
    fn get(&self, what: &[&str]) -> Json {
        let text = self.plane.kubectl(&[&["get"], what, &["-o", "json"]].concat());
        serde_json::from_str(&text).expect("JSON")
    }

    fn exists(&self, what: &[&str]) -> bool {
        let found =
            self.plane.kubectl(&[&["get"], what, &["-o", "name", "--ignore-not-found"]].concat());
        !found.trim().is_empty()
    }

    /// A namespace where pods may be.
    fn namespace(&self, name: &str) {
        self.apply(
            name,
            &[
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
                json!({"apiVersion": "v1", "kind": "ServiceAccount",
                    "metadata": {"name": "default", "namespace": name}}),
            ],
        );
    }
}

fn kubeconfig(plane: &ControlPlane) -> String {
    let data = |pem: &str| STANDARD.encode(pem);
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": plane.host,
            "certificate-authority-data": data(&plane.ca)}}],
        "users": [{"name": "u", "user": {"client-certificate-data": data(&plane.admin.certificate),
            "client-key-data": data(&plane.admin.key)}}],
    })
    .to_string()
}

fn machine(name: &str) -> MachineId {
    MachineId::new(name)
}

fn node(name: &str) -> Json {
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
}

fn ready() -> Json {
    json!({"conditions": [{"type": "Ready", "status": "True", "reason": "Test", "message": "it is"}],
        "nodeInfo": {"kubeletVersion": "v1.36.3", "architecture": "", "bootID": "", "containerRuntimeVersion": "",
            "kernelVersion": "", "kubeProxyVersion": "", "machineID": "", "operatingSystem": "", "osImage": "",
            "systemUUID": ""}})
}

/// A pod on a node; `more` is merged into its metadata.
fn pod(namespace: &str, name: &str, node: &str, more: &Json) -> Json {
    let mut metadata = json!({"namespace": namespace, "name": name, "labels": {"app": name}});
    for (key, value) in more.as_object().into_iter().flatten() {
        metadata[key] = value.clone();
    }
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata,
        "spec": {"nodeName": node, "terminationGracePeriodSeconds": 17,
            "containers": [{"name": "c", "image": "none"}]}})
}

fn running() -> Json {
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})
}

/// A master's lease, renewed in a future that no test reaches; notes are JSON by name.
fn lease(machine: &str, notes: &Json) -> Json {
    let notes: BTreeMap<String, String> = notes
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, note)| (format!("kprov.dev/{name}"), note.to_string()))
        .collect();
    json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": format!("kprov-node-{machine}"), "namespace": "kube-system", "annotations": notes},
        "spec": {"holderIdentity": machine, "leaseDurationSeconds": 40, "renewTime": "2124-01-01T00:00:00.000000Z"}})
}
