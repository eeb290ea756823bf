//! A [`World`] of what was observed, pure: the cloud's word for groups and machines, the cluster's for nodes, API servers
//! and etcd, and what is known of templates.
//!
//! - Where there is no kubeconfig, or the block names no version of Kubernetes, nobody tells of nodes. A worker counts by
//!   the cloud's word then: one that runs stands for a ready node, one that is marked for a cordoned one.
//! - Where a cluster does not answer, nothing is known of nodes, API servers and etcd. The rotator takes no step on such
//!   a world (`core`); a plan shows it.
//! - What is in a template, the settings say of the one to go to; of older ones it was recorded when they were that, or
//!   is seen on machines that came from them.

use std::collections::BTreeMap;

use kprov_provider::rotation::{ClusterView, GroupView};
use kprov_rotation::settings::Settings;
use kprov_rotation::world::{Endpoint, Group, Kind, Lock, Member, Node, Template, Trust};
use kprov_rotation::{GroupId, TemplateId, Version, World};
use serde::{Deserialize, Serialize};

use super::observe::{Observed, Site};

/// What is known of templates, besides what can be seen now. Kept with the rotation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// What is in each.
    pub templates: BTreeMap<TemplateId, Template>,
    /// What each group launched from before it was rotated: the way back.
    pub previous: BTreeMap<GroupId, TemplateId>,
}

impl Observed {
    /// The world of one cluster: all its groups that are there. `lock` is what is known of the lock of its rotation.
    #[must_use]
    pub fn world(&self, sites: &[Site], cluster: &str, known: &Known, lock: Option<Lock>) -> World {
        let view = self.clusters.get(cluster).and_then(|view| view.as_ref().ok());
        let mut world = World { now: self.now, lock, ..World::default() };
        let mut endpoints = Vec::new();
        for (site, settings, seen) in self.of(sites, cluster) {
            let nodes = Nodes::of(settings, view);
            let members: Vec<Member> = seen
                .members
                .iter()
                .map(|member| nodes.told(member, settings.kubernetes_version))
                .collect();
            world.groups.push(group(site, settings, seen, &members, view, known));
            world.members.extend(members);
            endpoints.extend(seen.endpoint.clone().map(|endpoint| (settings.role, endpoint)));
        }
        world.endpoint = endpoint(endpoints);
        if let Some(view) = view {
            world.etcd.clone_from(&view.etcd);
            world.budgets.clone_from(&view.budgets);
        }
        world
    }

    /// Adds what is seen of templates now to what is known of them.
    pub fn learn(&self, sites: &[Site], cluster: &str, known: &mut Known) {
        let world = self.world(sites, cluster, known, None);
        let templates = world.groups.into_iter().flat_map(|group| group.templates);
        let told = |of: &Template| {
            of.kubelet.is_some() || of.api.is_some() || of.trust != Trust::default()
        };
        known.templates.extend(templates.filter(told).map(|of| (of.id.clone(), of)));
    }

    fn of<'a>(
        &'a self,
        sites: &'a [Site],
        cluster: &'a str,
    ) -> impl Iterator<Item = (&'a Site, &'a Settings, &'a GroupView)> {
        sites.iter().filter(move |site| site.cluster().as_deref() == Some(cluster)).filter_map(
            |site| Some((site, site.settings.as_ref()?, self.groups.get(&site.group.id)?)),
        )
    }
}

/// Who tells of a group's nodes.
enum Nodes<'v> {
    /// The cluster.
    Cluster(&'v ClusterView),
    /// Nobody, and the cloud's word counts.
    Cloud,
    /// Nobody: the cluster does not answer, or the machines are no nodes.
    Nobody,
}

impl<'v> Nodes<'v> {
    fn of(settings: &Settings, view: Option<&'v ClusterView>) -> Nodes<'v> {
        let tells = settings.kubeconfig.is_some() && settings.kubernetes_version.is_some();
        match (settings.role, view) {
            (Kind::Worker, _) if !tells => Nodes::Cloud,
            (Kind::Bastion, _) if settings.kubernetes_version.is_none() => Nodes::Nobody,
            (_, Some(view)) => Nodes::Cluster(view),
            (_, None) => Nodes::Nobody,
        }
    }

    fn told(&self, member: &Member, kubelet: Option<Version>) -> Member {
        let mut member = member.clone();
        match self {
            Nodes::Cluster(view) => {
                member.node = view.nodes.get(&member.id).copied();
                member.api = view.masters.get(&member.id).map(|master| master.api);
                member.trust = view.trust.get(&member.id).cloned();
            }
            Nodes::Cloud => {
                let up = member.alive && !member.going();
                let leaves = member.mark.is_some();
                member.node = up.then(|| Node {
                    ready: true,
                    cordoned: leaves,
                    excluded: leaves,
                    kubelet: kubelet.unwrap_or(Version::minor(0)),
                    pods: 0,
                    volumes: 0,
                });
            }
            Nodes::Nobody => {}
        }
        member
    }
}

fn group(
    site: &Site,
    settings: &Settings,
    seen: &GroupView,
    members: &[Member],
    view: Option<&ClusterView>,
    known: &Known,
) -> Group {
    let templates = seen.group.templates.iter().map(|told| {
        let recorded = known.templates.get(&told.id);
        let own: Vec<&Member> =
            members.iter().filter(|member| member.template == told.id && !member.going()).collect();
        let trust = own.iter().find_map(|member| member.trust.clone());
        let trust = trust.map(|trust| Trust { expires_at: None, ..trust });
        let target = site.group.template.as_ref() == Some(&told.id);
        let mut facts = if target {
            let (kubelet, api) = (settings.kubernetes_version, settings.api_settings());
            let trust = recorded.map(|of| of.trust.clone()).unwrap_or_default();
            Template { id: told.id.clone(), kubelet, api, trust }
        } else {
            recorded.cloned().unwrap_or_else(|| seen_on(&told.id, &own, settings, view))
        };
        facts.trust = trust.unwrap_or(facts.trust);
        facts
    });
    Group { kind: settings.role, templates: templates.collect(), ..seen.group.clone() }
}

/// What machines say of the template that they came from.
fn seen_on(
    id: &TemplateId,
    own: &[&Member],
    settings: &Settings,
    view: Option<&ClusterView>,
) -> Template {
    let nodes = settings.kubernetes_version.is_some();
    let kubelet = own.iter().find_map(|member| member.node).filter(|_| nodes && view.is_some());
    let masters = view.map(|view| &view.masters).filter(|_| settings.role == Kind::Master);
    let api = masters.and_then(|masters| {
        own.iter().find_map(|member| masters.get(&member.id)?.settings.clone())
    });
    let kubelet = kubelet.map(|node| node.kubelet);
    Template { id: id.clone(), kubelet, api, trust: Trust::default() }
}

/// What stands before the API servers: the masters' balancer. Where two groups tell of one, the stricter word holds.
fn endpoint(told: Vec<(Kind, Endpoint)>) -> Endpoint {
    let masters = told.into_iter().filter(|(kind, _)| *kind == Kind::Master).map(|(_, told)| told);
    let together = masters.reduce(|mut all, next| {
        all.names.extend(next.names);
        all.preserves_client_ip |= next.preserves_client_ip;
        all.masters_use_their_own &= next.masters_use_their_own;
        all.terminates_connections &= next.terminates_connections;
        all.notices_within = all.notices_within.max(next.notices_within);
        all.grace_of_nodes = all.grace_of_nodes.min(next.grace_of_nodes);
        all
    });
    together.unwrap_or_default()
}

#[cfg(test)]
mod tests;
