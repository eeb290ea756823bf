//! What runs on a worker: containerd and a kubelet; or kwok, which only says that pods run. kube-proxy is a DaemonSet of the
//! cluster (`kprov//kubernetes/addons`): two on a machine would undo each other's rules.

use crate::document::Runtime;

use super::flags::Flags;
use super::{Invocation, Setting, kwok::kwok};

/// Name and invocation of what a worker runs, in the order of starting.
pub(crate) fn worker(setting: Setting<'_>) -> Vec<(&'static str, Invocation)> {
    match setting.document.kubelet.runtime {
        Runtime::Kwok => vec![("kwok", kwok(setting))],
        Runtime::Containerd => {
            vec![("containerd", containerd(setting)), ("kubelet", kubelet(setting))]
        }
    }
}

fn socket(setting: Setting<'_>) -> String {
    setting.layout.run().join("containerd.sock").display().to_string()
}

fn containerd(setting: Setting<'_>) -> Invocation {
    let arguments = vec![
        format!("--address={}", socket(setting)),
        format!("--root={}", setting.layout.root().join("containerd").display()),
        format!("--state={}", setting.layout.run().join("containerd").display()),
        format!("--config={}", setting.config("containerd.toml")),
    ];
    Invocation { program: setting.program("containerd"), arguments }
}

fn kubelet(setting: Setting<'_>) -> Invocation {
    let kubelet = &setting.document.kubelet;
    let labels: Vec<String> =
        kubelet.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mut flags = Flags::default();
    flags
        .set("config", setting.config("kubelet.yaml"))
        .set("kubeconfig", setting.config("kubelet.kubeconfig"))
        .set("hostname-override", &setting.facts.name)
        .set("node-ip", setting.facts.private)
        .set("root-dir", setting.layout.root().join("kubelet").display())
        .set("cert-dir", setting.layout.certificates().display());
    if !labels.is_empty() {
        flags.set("node-labels", labels.join(","));
    }
    Invocation { program: setting.program("kubelet"), arguments: flags.arguments(&kubelet.flags) }
}
