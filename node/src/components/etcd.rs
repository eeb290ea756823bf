//! etcd: listens on the node's own address, TLS both ways for clients and peers; health and metrics on loopback.

use crate::document::Version;
use crate::facts::{ETCD_METRICS, Facts};

use super::flags::Flags;
use super::{Invocation, Setting};

/// How etcd begins. With data of its own it takes no notice of this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// A cluster of one.
    Found,
    /// A member of a cluster that is there: all members by name and peer URL, this one among them.
    Join(Vec<(String, String)>),
    /// It has data.
    Again,
}

pub(crate) fn etcd(setting: Setting<'_>, start: &Start) -> Invocation {
    let Setting { document, facts, layout, .. } = setting;
    let mut flags = Flags::default();
    flags
        .set("name", &facts.name)
        .set("data-dir", layout.etcd_data().display())
        .set("listen-client-urls", facts.client_url())
        .set("advertise-client-urls", facts.client_url())
        .set("listen-peer-urls", facts.peer_url())
        .set("initial-advertise-peer-urls", facts.peer_url())
        .set("listen-metrics-urls", metrics_url(facts));
    match start {
        Start::Found => {
            flags.set("initial-cluster", format!("{}={}", facts.name, facts.peer_url()));
            flags.set("initial-cluster-state", "new");
            flags.set("initial-cluster-token", &document.cluster.name);
        }
        Start::Join(members) => {
            let members: Vec<String> =
                members.iter().map(|(name, url)| format!("{name}={url}")).collect();
            flags
                .set("initial-cluster", members.join(","))
                .set("initial-cluster-state", "existing");
        }
        Start::Again => {
            flags.set("initial-cluster-state", "existing");
        }
    }
    tls(&mut flags, setting);
    flags.set("quota-backend-bytes", document.etcd.quota_bytes);
    // A member whose data differ from its peers' must not serve.
    if document.versions.etcd.is_none_or(|version| version >= Version(3, 6, 0)) {
        flags.set("feature-gates", "InitialCorruptCheck=true");
        flags.set("watch-progress-notify-interval", "5s");
    } else {
        flags.set("experimental-initial-corrupt-check", true);
        flags.set("experimental-watch-progress-notify-interval", "5s");
    }
    Invocation {
        program: setting.program("etcd"),
        arguments: flags.arguments(&document.etcd.flags),
    }
}

/// Where its health is told without TLS.
pub(crate) fn metrics_url(facts: &Facts) -> String {
    format!("http://{}", std::net::SocketAddr::new(facts.local(), ETCD_METRICS))
}

fn tls(flags: &mut Flags, setting: Setting<'_>) {
    let bundle = setting.tree("etcd-ca/bundle.pem");
    flags
        .set("cert-file", setting.certificate("etcd-server"))
        .set("key-file", setting.key("etcd-server"))
        .set("client-cert-auth", true)
        .set("trusted-ca-file", &bundle)
        .set("peer-cert-file", setting.certificate("etcd-peer"))
        .set("peer-key-file", setting.key("etcd-peer"))
        .set("peer-client-cert-auth", true)
        .set("peer-trusted-ca-file", &bundle);
}
