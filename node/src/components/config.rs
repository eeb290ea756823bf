//! Configuration files of the control plane.

use crate::document::Version;
use crate::facts::https;

use super::Setting;

/// A file's name below the configuration directory, and its text.
pub(crate) type Config = (&'static str, String);

/// All that a master's components read.
pub(crate) fn of_master(setting: Setting<'_>) -> Vec<Config> {
    let server = https(setting.facts.reach, setting.document.api_server.port);
    vec![
        ("authentication.yaml", authentication(setting.document.versions.kubernetes)),
        ("audit-policy.yaml", audit(setting.document.api_server.audit_policy.as_deref())),
        (
            "controller-manager.kubeconfig",
            kubeconfig(setting, &server, "system:kube-controller-manager", "controller-manager"),
        ),
        (
            "scheduler.kubeconfig",
            kubeconfig(setting, &server, "system:kube-scheduler", "scheduler"),
        ),
    ]
}

/// Load balancers ask without a certificate whether it is ready; nobody else is anonymous.
fn authentication(version: Version) -> String {
    let api = if version >= Version(1, 34, 0) { "v1" } else { "v1beta1" };
    format!(
        "apiVersion: apiserver.config.k8s.io/{api}\nkind: AuthenticationConfiguration\nanonymous:\n  enabled: true\n  \
         conditions:\n  - path: /healthz\n  - path: /livez\n  - path: /readyz\n"
    )
}

/// Who changed what, without what was in it; reads and the control plane's own chatter are left out.
fn audit(given: Option<&str>) -> String {
    const DEFAULT: &str = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n\
        - level: None\n  verbs: [get, list, watch]\n\
        - level: None\n  resources:\n  - group: coordination.k8s.io\n    resources: [leases]\n  - group: \"\"\n    resources: [events]\n\
        - level: Metadata\n";
    given.unwrap_or(DEFAULT).to_owned()
}

/// Certificates are named by path: client-go reads them again when they are renewed.
pub(crate) fn kubeconfig(
    setting: Setting<'_>,
    server: &str,
    user: &str,
    certificate: &str,
) -> String {
    let cluster = &setting.document.cluster.name;
    let text = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": {
            "server": server,
            "certificate-authority": setting.tree("kubernetes-ca/bundle.pem"),
        }}],
        "users": [{"name": user, "user": {
            "client-certificate": setting.certificate(certificate),
            "client-key": setting.key(certificate),
        }}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": user}}],
        "current-context": cluster,
    });
    format!("{text:#}\n")
}
