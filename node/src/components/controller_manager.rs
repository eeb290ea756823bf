//! kube-controller-manager: one of the masters' leads. It talks to the API server of its own machine.

use crate::facts::CONTROLLER_MANAGER;

use super::flags::Flags;
use super::{Invocation, Setting};

pub(crate) fn controller_manager(setting: Setting<'_>) -> Invocation {
    let Setting { document, facts, .. } = setting;
    let kubeconfig = setting.config("controller-manager.kubeconfig");
    let mut flags = Flags::default();
    flags
        .set("bind-address", facts.reach)
        .set("secure-port", CONTROLLER_MANAGER)
        .set("kubeconfig", &kubeconfig)
        .set("authentication-kubeconfig", &kubeconfig)
        .set("authorization-kubeconfig", &kubeconfig)
        .set("tls-cert-file", setting.certificate("controller-manager-server"))
        .set("tls-private-key-file", setting.key("controller-manager-server"))
        .set("client-ca-file", setting.tree("kubernetes-ca/bundle.pem"))
        .set("requestheader-client-ca-file", setting.tree("front-proxy-ca/bundle.pem"))
        .set("root-ca-file", setting.tree("kubernetes-ca/bundle.pem"))
        .set("service-account-private-key-file", setting.tree("service-account/key.pem"))
        .set("cluster-signing-cert-file", setting.tree("kubernetes-ca/cert.pem"))
        .set("cluster-signing-key-file", setting.tree("kubernetes-ca/key.pem"))
        .set("use-service-account-credentials", true)
        .set("controllers", "*,bootstrapsigner,tokencleaner")
        .set("cluster-name", &document.cluster.name)
        .set("allocate-node-cidrs", true)
        .set("cluster-cidr", document.cluster.pod_cidr)
        .set("service-cluster-ip-range", document.cluster.service_cidr)
        .set("leader-elect", true)
        .set("profiling", false);
    let program = setting.program("kube-controller-manager");
    Invocation { program, arguments: flags.arguments(&document.controller_manager) }
}
