//! Components as the supervisor wants them: what they need, where they listen, how they are asked.

use std::net::SocketAddr;
use std::time::Duration;

use crate::components::{self, Invocation, Setting, Start};
use crate::facts::{CONTROLLER_MANAGER, ETCD_CLIENT, ETCD_METRICS, ETCD_PEER, SCHEDULER, https};
use crate::supervisor::{Component, Probe};

/// An API server that says nothing at all for so long hangs.
const HUNG: Duration = Duration::from_secs(90);

fn component(name: &str, invocation: Invocation, probe: Probe) -> Component {
    Component {
        name: name.to_owned(),
        invocation,
        needs: Vec::new(),
        grace: Duration::from_secs(20),
        listens: Vec::new(),
        probe,
        hung_after: None,
    }
}

fn healthy(setting: Setting<'_>, url: String) -> Probe {
    Probe::Http { url, bundle: Some(setting.layout.in_tree("kubernetes-ca/bundle.pem")) }
}

pub(super) fn etcd(setting: Setting<'_>, start: &Start) -> Component {
    let facts = setting.facts;
    let url = format!("http://{}/readyz", SocketAddr::new(facts.local(), ETCD_METRICS));
    let mut etcd =
        component("etcd", components::etcd(setting, start), Probe::Http { url, bundle: None });
    etcd.listens = [ETCD_CLIENT, ETCD_PEER].map(|port| SocketAddr::new(facts.reach, port)).to_vec();
    etcd.listens.push(SocketAddr::new(facts.local(), ETCD_METRICS));
    etcd
}

pub(super) fn api_server(setting: Setting<'_>) -> Component {
    let (server, address) = (&setting.document.api_server, setting.facts.reach);
    let probe = healthy(setting, format!("{}/readyz", https(address, server.port)));
    let mut part = component("kube-apiserver", components::api_server(setting), probe);
    part.needs = vec!["etcd".to_owned()];
    // It serves on for its delay, and then ends what it serves.
    part.grace = server.shutdown_delay + Duration::from_secs(60);
    part.listens = vec![SocketAddr::new(address, server.port)];
    part.hung_after = Some(HUNG);
    part
}

pub(super) fn controller_manager(setting: Setting<'_>) -> Component {
    let probe =
        healthy(setting, format!("{}/healthz", https(setting.facts.reach, CONTROLLER_MANAGER)));
    let mut part =
        component("kube-controller-manager", components::controller_manager(setting), probe);
    part.needs = vec!["kube-apiserver".to_owned()];
    part.listens = vec![SocketAddr::new(setting.facts.reach, CONTROLLER_MANAGER)];
    part.hung_after = Some(HUNG);
    part
}

pub(super) fn scheduler(setting: Setting<'_>) -> Component {
    let probe = healthy(setting, format!("{}/healthz", https(setting.facts.reach, SCHEDULER)));
    let mut part = component("kube-scheduler", components::scheduler(setting), probe);
    part.needs = vec!["kube-apiserver".to_owned()];
    part.listens = vec![SocketAddr::new(setting.facts.reach, SCHEDULER)];
    part.hung_after = Some(HUNG);
    part
}

pub(super) fn worker(setting: Setting<'_>) -> Vec<Component> {
    let parts = components::worker(setting);
    parts
        .into_iter()
        .map(|(name, invocation)| component(name, invocation, Probe::Running))
        .collect()
}
