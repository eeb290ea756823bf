//! kube-apiserver: it talks to the etcd of its own machine only, so that it is ready exactly when that one is, and load
//! balancers see a machine as a whole.

use crate::document::write_duration;

use super::flags::Flags;
use super::{Invocation, Setting};

pub(crate) fn api_server(setting: Setting<'_>) -> Invocation {
    let Setting { document, facts, .. } = setting;
    let server = &document.api_server;
    let mut flags = Flags::default();
    flags
        .set("bind-address", facts.reach)
        .set("secure-port", server.port)
        .set("advertise-address", facts.private)
        .set("allow-privileged", true)
        .set("service-cluster-ip-range", document.cluster.service_cidr)
        // No kube-proxy runs here: services that it calls are reached by their endpoints.
        .set("enable-aggregator-routing", true)
        .set("profiling", false);
    etcd(&mut flags, setting);
    identities(&mut flags, setting);
    flags
        .set("encryption-provider-config", setting.tree("encryption/config.yaml"))
        .set("encryption-provider-config-automatic-reload", true)
        .set("audit-policy-file", setting.config("audit-policy.yaml"))
        .set("audit-log-path", setting.layout.log("audit").display())
        .set("audit-log-maxage", 30)
        .set("audit-log-maxbackup", 10)
        .set("audit-log-maxsize", 100)
        .set("goaway-chance", server.goaway_chance)
        // Load balancers need as long to see that it is unready; until then it serves.
        .set("shutdown-delay-duration", write_duration(server.shutdown_delay))
        // Then connections are told to end (GOAWAY), rather than requests on them refused (429) until all others are done:
        // docs/adr/0003, "An instant that no flag takes away".
        .set("shutdown-send-retry-after", false)
        // Connections end with their watches.
        .set("shutdown-watch-termination-grace-period", "5s");
    Invocation {
        program: setting.program("kube-apiserver"),
        arguments: flags.arguments(&server.flags),
    }
}

fn etcd(flags: &mut Flags, setting: Setting<'_>) {
    flags
        .set("etcd-servers", setting.facts.client_url())
        .set("etcd-cafile", setting.tree("etcd-ca/bundle.pem"))
        .set("etcd-certfile", setting.certificate("apiserver-etcd-client"))
        .set("etcd-keyfile", setting.key("apiserver-etcd-client"));
}

fn identities(flags: &mut Flags, setting: Setting<'_>) {
    flags
        .set("tls-cert-file", setting.certificate("apiserver"))
        .set("tls-private-key-file", setting.key("apiserver"))
        .set("client-ca-file", setting.tree("kubernetes-ca/bundle.pem"))
        .set("authentication-config", setting.config("authentication.yaml"))
        .set("authorization-mode", "Node,RBAC")
        .set("enable-admission-plugins", "NodeRestriction")
        .set("enable-bootstrap-token-auth", true)
        .set("kubelet-certificate-authority", setting.tree("kubernetes-ca/bundle.pem"))
        .set("kubelet-client-certificate", setting.certificate("apiserver-kubelet-client"))
        .set("kubelet-client-key", setting.key("apiserver-kubelet-client"))
        .set(
            "kubelet-preferred-address-types",
            "InternalIP,Hostname,InternalDNS,ExternalDNS,ExternalIP",
        )
        .set("service-account-issuer", issuer(setting))
        .set("service-account-key-file", setting.tree("service-account/keys.pub"))
        .set("service-account-signing-key-file", setting.tree("service-account/key.pem"))
        .set("proxy-client-cert-file", setting.certificate("front-proxy-client"))
        .set("proxy-client-key-file", setting.key("front-proxy-client"))
        .set("requestheader-client-ca-file", setting.tree("front-proxy-ca/bundle.pem"))
        .set("requestheader-allowed-names", "front-proxy-client")
        .set("requestheader-extra-headers-prefix", "X-Remote-Extra-")
        .set("requestheader-group-headers", "X-Remote-Group")
        .set("requestheader-username-headers", "X-Remote-User");
}

fn issuer(setting: Setting<'_>) -> String {
    format!("https://kubernetes.default.svc.{}", setting.document.cluster.domain)
}
