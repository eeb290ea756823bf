//! kube-scheduler: one of the masters' leads. It talks to the API server of its own machine.

use crate::facts::SCHEDULER;

use super::flags::Flags;
use super::{Invocation, Setting};

pub(crate) fn scheduler(setting: Setting<'_>) -> Invocation {
    let kubeconfig = setting.config("scheduler.kubeconfig");
    let mut flags = Flags::default();
    flags
        .set("bind-address", setting.facts.reach)
        .set("secure-port", SCHEDULER)
        .set("kubeconfig", &kubeconfig)
        .set("authentication-kubeconfig", &kubeconfig)
        .set("authorization-kubeconfig", &kubeconfig)
        .set("tls-cert-file", setting.certificate("scheduler-server"))
        .set("tls-private-key-file", setting.key("scheduler-server"))
        .set("client-ca-file", setting.tree("kubernetes-ca/bundle.pem"))
        .set("requestheader-client-ca-file", setting.tree("front-proxy-ca/bundle.pem"))
        .set("leader-elect", true)
        .set("profiling", false);
    let program = setting.program("kube-scheduler");
    Invocation { program, arguments: flags.arguments(&setting.document.scheduler) }
}
