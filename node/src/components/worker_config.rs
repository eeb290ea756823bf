//! Configuration files of a worker: kubelet, containerd, kwok.

use std::net::IpAddr;

use serde_json::{Value as Json, json};

use super::config::Config;
use super::{Setting, kwok};
use crate::document::Identity;
use crate::facts::Facts;

/// All that a worker's components read. `resolver`: the file that names this machine's own DNS servers.
pub(crate) fn of_worker(setting: Setting<'_>, resolver: &str) -> Vec<Config> {
    vec![
        ("kubelet.yaml", format!("{:#}\n", kubelet(setting, resolver))),
        ("containerd.toml", containerd(setting)),
        (kwok::STAGES_FILE, kwok::stages(setting)),
    ]
}

/// KubeletConfiguration. Its client certificate is ours to renew (`up::worker`), and client-go reads it again; the one that it
/// serves with it asks for by itself, and masters approve.
fn kubelet(setting: Setting<'_>, resolver: &str) -> Json {
    let document = setting.document;
    let mut config = json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": false},
            "webhook": {"enabled": true},
            "x509": {"clientCAFile": setting.tree("kubernetes-ca/bundle.pem")},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "systemd",
        "clusterDomain": document.cluster.domain,
        "clusterDNS": [dns_address(setting)],
        "containerRuntimeEndpoint":
            format!("unix://{}", setting.layout.run().join("containerd.sock").display()),
        "readOnlyPort": 0,
        "registerWithTaints":
            document.kubelet.taints.iter().map(|taint| self::taint(taint)).collect::<Vec<_>>(),
        "resolvConf": resolver,
        "rotateCertificates": false,
        "serverTLSBootstrap": true,
        "shutdownGracePeriod": "120s",
        "shutdownGracePeriodCriticalPods": "80s",
    });
    if document.identity == Identity::Ec2 {
        config["providerID"] = provider_id(setting.facts).into();
    }
    config
}

/// How whoever looks from outside finds the machine of a Node; cluster-autoscaler does.
pub(crate) fn provider_id(facts: &Facts) -> String {
    format!("aws:///{}/{}", facts.zone.as_deref().unwrap_or_default(), facts.id)
}

/// `KEY=VALUE:EFFECT` as an object.
pub(crate) fn taint(text: &str) -> Json {
    let (pair, effect) = text.rsplit_once(':').unwrap_or((text, ""));
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    json!({"key": key, "value": value, "effect": effect})
}

/// The shim and runc are the ones that came with it. containerd 2 reads version 2 of its configuration, too.
fn containerd(setting: Setting<'_>) -> String {
    let path = |program: &str| Json::from(setting.program(program).display().to_string());
    let runc = "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc";
    format!(
        "version = 2\n{runc}]\n  runtime_type = \"io.containerd.runc.v2\"\n  runtime_path = {}\n  {runc}.options]\n    \
         BinaryName = {}\n    SystemdCgroup = true\n",
        path("containerd-shim-runc-v2"),
        path("runc"),
    )
}

/// By custom, the tenth address of services.
fn dns_address(setting: Setting<'_>) -> IpAddr {
    match setting.document.cluster.service_cidr.network {
        IpAddr::V4(v4) => IpAddr::from(u32::from(v4).wrapping_add(10).to_be_bytes()),
        IpAddr::V6(v6) => IpAddr::from(u128::from(v6).wrapping_add(10).to_be_bytes()),
    }
}
