//! [`Observer`]: looks at groups and at what runs on them, all at once: one bulk call for each provider configuration
//! and type, and one look at each cluster. [`Observed`] is what was seen, and makes a [`kprov_rotation::World`] of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use futures::future::{join, join_all};
use kprov_core::{Host, InstanceAddr, ProviderConfigAddr, Str};
use kprov_plan::OutdatedMember;
use kprov_provider::rotation::{ClusterView, GroupRef, GroupView};
use kprov_provider::{CallContext, Provider, ProviderError, Registry};
use kprov_rotation::settings::{Secret, Settings};
use kprov_rotation::{GroupId, MachineId, Reason, Seconds};

use super::discretion::discreet;
use crate::Clients;

/// A group that is looked at.
#[derive(Clone, Debug)]
pub struct Site {
    /// Whose object it is.
    pub address: InstanceAddr,
    /// The provider configuration of that.
    pub provider: ProviderConfigAddr,
    /// The group, and what the object says that its machines are launched from.
    pub group: GroupRef,
    /// What its `rotation` block says; none while that is not known, or where there is no block.
    pub settings: Option<Settings>,
}

impl Site {
    /// By what the rotation of its cluster is known.
    #[must_use]
    pub fn cluster(&self) -> Option<String> {
        self.settings.as_ref().map(|settings| cluster_of(settings, &self.group.id))
    }
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// When, in seconds since 1970.
    pub now: Seconds,
    /// Groups that are there.
    pub groups: BTreeMap<GroupId, GroupView>,
    /// Groups that could not be looked at, and why.
    pub unseen: BTreeMap<GroupId, ProviderError>,
    /// Clusters that a kubeconfig leads to, by what their rotation is known: what they tell, or why they do not answer.
    pub clusters: BTreeMap<String, Result<ClusterView, ProviderError>>,
}

/// Looks. Keeps connections to clusters.
pub struct Observer {
    clients: Arc<dyn Clients>,
    registry: Registry,
    host: Arc<dyn Host>,
    connected: Mutex<BTreeMap<String, CallContext>>,
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}

impl Observer {
    /// Makes no call.
    #[must_use]
    pub fn new(clients: Arc<dyn Clients>, registry: Registry, host: Arc<dyn Host>) -> Observer {
        Observer { clients, registry, host, connected: Mutex::default() }
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn now(&self) -> Seconds {
        self.host.now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    /// Looks at groups, and at their clusters where a kubeconfig leads there.
    pub async fn observe(&self, sites: &[Site]) -> Observed {
        let now = self.now();
        let mut kinds: BTreeMap<(&ProviderConfigAddr, &Str), Vec<&GroupId>> = BTreeMap::new();
        let mut clusters: BTreeMap<String, &Secret> = BTreeMap::new();
        for site in sites {
            let kind = (&site.provider, &site.address.resource.ty);
            kinds.entry(kind).or_default().push(&site.group.id);
            let kubeconfig = site.settings.as_ref().and_then(|it| it.kubeconfig.as_ref());
            if let (Some(cluster), Some(kubeconfig)) = (site.cluster(), kubeconfig) {
                clusters.entry(cluster).or_insert(kubeconfig);
            }
        }
        let groups = kinds.into_iter().map(|((provider, ty), mut ids)| async move {
            ids.sort();
            ids.dedup();
            let ids: Vec<GroupId> = ids.into_iter().cloned().collect();
            let seen = self.groups(provider, ty, &ids).await;
            (ids, seen)
        });
        let clusters = clusters.into_iter().map(|(cluster, kubeconfig)| async move {
            let seen = self.cluster(kubeconfig, now).await;
            (cluster, seen.map_err(|error| discreet(kubeconfig, error)))
        });
        let (groups, clusters) = join(join_all(groups), join_all(clusters)).await;
        let mut observed = Observed { now, ..Observed::default() };
        observed.clusters.extend(clusters);
        for (ids, seen) in groups {
            match seen {
                Ok(views) => {
                    let views = ids.into_iter().zip(views);
                    observed.groups.extend(views.filter_map(|(id, view)| Some((id, view?))));
                }
                Err(error) => {
                    observed.unseen.extend(ids.into_iter().map(|id| (id, error.clone())));
                }
            }
        }
        observed
    }

    async fn groups(
        &self,
        provider: &ProviderConfigAddr,
        ty: &str,
        ids: &[GroupId],
    ) -> Result<Vec<Option<GroupView>>, ProviderError> {
        let code = self.clients.provider(provider)?;
        let groups = code
            .resource(ty)
            .and_then(|resource| resource.member_groups())
            .ok_or_else(|| no_groups(ty))?;
        let context = self.clients.context(provider).await?;
        let views = groups.observe(&context, ids).await?;
        if views.len() == ids.len() { Ok(views) } else { Err(uneven(ids.len(), views.len())) }
    }

    async fn cluster(
        &self,
        kubeconfig: &Secret,
        now: Seconds,
    ) -> Result<ClusterView, ProviderError> {
        let code = self.clusters().ok_or_else(no_clusters)?;
        let clusters = code.clusters().ok_or_else(no_clusters)?;
        clusters.observe(&self.connect(kubeconfig)?, now).await
    }

    /// The provider that knows of clusters.
    pub(super) fn clusters(&self) -> Option<Arc<dyn Provider>> {
        let mut providers = self.registry.iter().map(|(_, provider)| provider);
        providers.find(|provider| provider.clusters().is_some()).cloned()
    }

    /// The provider that has a hook action of that name.
    pub(super) fn hook_action(&self, name: &str) -> Option<Arc<dyn Provider>> {
        let mut providers = self.registry.iter().map(|(_, provider)| provider);
        providers.find(|provider| provider.hook_action(name).is_some()).cloned()
    }

    pub(super) fn clients(&self) -> &Arc<dyn Clients> {
        &self.clients
    }

    /// A connection to a cluster; the same one as before.
    pub(super) fn connect(&self, kubeconfig: &Secret) -> Result<CallContext, ProviderError> {
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(context) = connected.get(kubeconfig.expose()) {
            return Ok(context.clone());
        }
        let code = self.clusters().ok_or_else(no_clusters)?;
        let clusters = code.clusters().ok_or_else(no_clusters)?;
        let context = clusters.connect(kubeconfig.expose(), &self.host)?;
        connected.insert(kubeconfig.expose().to_owned(), context.clone());
        Ok(context)
    }
}

impl Observed {
    /// Members that are not what their group says of itself, for the plan; a group without one is left out.
    /// `named` are machines that a person wants replaced.
    #[must_use]
    pub fn outdated(
        &self,
        sites: &[Site],
        named: &BTreeSet<MachineId>,
    ) -> BTreeMap<InstanceAddr, Vec<OutdatedMember>> {
        let mut found = BTreeMap::new();
        for site in sites {
            let Some(view) = self.groups.get(&site.group.id) else { continue };
            let mut of: Vec<OutdatedMember> = view
                .members
                .iter()
                .filter(|member| !member.going())
                .filter_map(|member| {
                    let other =
                        site.group.template.as_ref().is_some_and(|it| *it != member.template);
                    let reason = if named.contains(&member.id) {
                        Reason::Named.to_string()
                    } else if !member.alive && !member.coming() {
                        Reason::Dead.to_string()
                    } else if other {
                        Reason::Template.to_string()
                    } else if member.changed {
                        Reason::Changed.to_string()
                    } else if let Some(rotation) = &member.mark {
                        format!("rotation {rotation} has begun to replace it")
                    } else {
                        return None;
                    };
                    let (machine, reason) = (member.id.as_str().into(), reason.as_str().into());
                    Some(OutdatedMember { machine, reason })
                })
                .collect();
            of.sort_by(|a, b| a.machine.cmp(&b.machine));
            if !of.is_empty() {
                found.insert(site.address.clone(), of);
            }
        }
        found
    }
}

/// A person has named this member (`-rotate`): said by the reason that [`Observed::outdated`] gives.
#[must_use]
pub fn is_named(member: &OutdatedMember) -> bool {
    member.reason.as_str() == Reason::Named.to_string()
}

/// By what the rotation of a group's cluster is known: the cluster's name, or the group's where it stands for itself.
#[must_use]
pub fn cluster_of(settings: &Settings, group: &GroupId) -> String {
    settings.cluster.as_ref().map_or_else(|| format!("group {group}"), ToString::to_string)
}

fn no_groups(ty: &str) -> ProviderError {
    ProviderError::rejected(
        "Type without members",
        format!(
            "Objects of type {ty} are no groups of machines, so they cannot have a rotation block."
        ),
    )
}

pub(super) fn no_clusters() -> ProviderError {
    ProviderError::rejected(
        "No provider for clusters",
        "A kubeconfig is given, and no provider of this program knows of clusters.",
    )
}

fn uneven(asked: usize, told: usize) -> ProviderError {
    ProviderError::rejected(
        "Provider gave no answer",
        format!("It was asked for {asked} groups and answered for {told}. This is a bug in it."),
    )
}
