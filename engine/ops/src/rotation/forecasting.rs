//! [`planned`]: from what was seen of a cluster to what a plan says of its rotation. Pure.

use std::collections::BTreeMap;

use kprov_apply::rotation::{Known, Observed, Site};
use kprov_core::{Diagnostics, Severity, Str};
use kprov_plan::Plan;
use kprov_provider::Registry;
use kprov_rotation::settings::{self, Secret, Settings};
use kprov_rotation::skew::{self, Versions, Wanted};
use kprov_rotation::world::{Kind, Template, World};
use kprov_rotation::{
    Durations, Forecast, GroupId, MachineId, OperatorId, Progress, Reason, RotationId, Step,
    Strategies, TemplateId, forecast_from, preflight,
};

use super::assumed::assume;
use super::sites::PlannedSite;
use super::template;
use super::{Estimate, PlannedFinding, PlannedGroup, PlannedMember, PlannedRotation, PlannedStep};

/// What a plan is made from, of one cluster.
pub(super) struct Scene<'a, 'p> {
    pub(super) cluster: &'a str,
    /// All groups of the cluster in the plan.
    pub(super) sites: &'a [&'a PlannedSite<'p>],
    /// None without a refresh.
    pub(super) observed: Option<&'a Observed>,
    pub(super) known: &'a Known,
    pub(super) rotation: RotationId,
    /// Of a rotation that was left half done.
    pub(super) progress: Option<Progress>,
    pub(super) durations: Durations,
}

/// A template that is yet to be made has this name in a forecast.
const TO_BE_MADE: &str = "(known after apply)";

/// What the plan says of the rotation.
pub(super) fn planned(scene: &Scene<'_, '_>, plan: &Plan, registry: &Registry) -> PlannedRotation {
    let mut told = PlannedRotation {
        cluster: scene.cluster.to_owned(),
        continues: None,
        groups: Vec::new(),
        steps: Vec::new(),
        seconds: 0,
        estimate: Estimate::default(),
        surge_machines: 0,
        surge_machine_seconds: 0,
        confirmations: 0,
        findings: Vec::new(),
        unchecked: unknown(scene),
    };
    let Some(observed) = scene.observed else {
        told.unchecked.push(
            "Groups and cluster were not looked at (-refresh=false), so which members are replaced, in which steps, and \
             what would block them is seen by apply only."
                .to_owned(),
        );
        let groups = scene.rotating().map(|site| group(site, plan, registry, None, &[]));
        told.groups = groups.collect();
        return told;
    };
    let mut world = scene.world(observed);
    let silent = scene.silent(observed);
    if let Some(silent) = &silent {
        told.unchecked.push(silent.clone());
        assume(&mut world);
    }
    told.findings.extend(scene.skew(observed));
    let strategies = match scene.strategies(&world) {
        Ok(strategies) => strategies,
        Err(problems) => {
            told.findings.extend(of_settings(&problems));
            return told;
        }
    };
    told.findings.extend(of_settings(&strategies.problems(&world)));
    let forecast = forecast_from(&world, &strategies, &scene.durations, scene.progress.as_ref());
    let found = preflight(&world, &strategies, &forecast);
    told.findings.extend(found.into_iter().map(|finding| PlannedFinding {
        // What is only assumed to be so is no reason to refuse a plan, nor is what a rotation that was left half done looks like.
        severity: match (finding.code.as_str(), silent.is_some() || scene.progress.is_some()) {
            ("blocked" | "unhealthy", true) => Severity::Warning,
            _ => finding.severity,
        },
        address: finding.group.as_ref().and_then(|id| scene.address(id)),
        code: finding.code,
        says: finding.says,
    }));
    told.steps = steps(&forecast);
    told.seconds = forecast.takes;
    told.surge_machines = forecast.surge_peak;
    told.surge_machine_seconds = forecast.surge_seconds;
    told.confirmations = forecast.confirmations;
    told.groups = scene
        .rotating()
        .map(|site| group(site, plan, registry, Some(&world), &forecast.steps))
        .collect();
    let begins = |group: &PlannedGroup| {
        let first = group.members.iter().filter_map(|member| member.leaves).min();
        first.map_or(u64::MAX, |(from, _)| from)
    };
    told.groups.sort_by_key(|group| (group.role, begins(group)));
    told
}

impl<'a, 'p> Scene<'a, 'p> {
    fn rotating(&self) -> impl Iterator<Item = &'a PlannedSite<'p>> {
        self.sites.iter().copied().filter(|site| site.rotates())
    }

    fn address(&self, group: &GroupId) -> Option<String> {
        let site = self.sites.iter().find(|site| site.site.group.id == *group)?;
        Some(site.site.address.to_string())
    }

    /// What was seen; a template that is yet to be made is there in it.
    fn world(&self, observed: &Observed) -> World {
        let site = |planned: &&PlannedSite<'_>| {
            let mut site = planned.site.clone();
            // One that only apply knows is one all the same: nodes are the cluster's to tell.
            if let Some(settings) = site.settings.as_mut().filter(|it| waits(it)) {
                settings.kubeconfig = Some(Secret::new(""));
            }
            site
        };
        let sites: Vec<Site> = self.sites.iter().map(site).collect();
        let mut world = observed.world(&sites, self.cluster, self.known, None);
        for group in &mut world.groups {
            let Some(site) = self.sites.iter().find(|site| site.site.group.id == group.id) else {
                continue;
            };
            let target = target(site);
            if group.templates.iter().any(|template| template.id == target) {
                continue;
            }
            // What its programs present is not known before; what they present now is the best guess.
            let now = group.templates.iter().find(|template| template.id == group.template);
            let trust = now.map(|template| template.trust.clone()).unwrap_or_default();
            let master = group.kind == Kind::Master;
            let api = site.settings.api_settings().filter(|_| master);
            let kubelet = site.settings.kubernetes_version;
            group.templates.push(Template { id: target, kubelet, api, trust });
        }
        world
    }

    /// Why nothing is known of what runs on the machines, where a cluster would have told.
    fn silent(&self, observed: &Observed) -> Option<String> {
        const WHAT: &str = "its nodes, API servers, etcd and disruption budgets were not checked, and the steps below are \
                            those of a cluster that is well. Apply looks again before each step.";
        match observed.clusters.get(self.cluster) {
            Some(Ok(_)) => None,
            Some(Err(error)) => {
                Some(format!("The cluster {} does not answer ({error}): {WHAT}", self.cluster))
            }
            None => self.sites.iter().any(|site| waits(&site.settings)).then(|| {
                format!("The kubeconfig of {} is known after apply only: {WHAT}", self.cluster)
            }),
        }
    }

    /// Kubernetes' version skew policy, where the cluster says what runs.
    fn skew(&self, observed: &Observed) -> Option<PlannedFinding> {
        let view = observed.clusters.get(self.cluster)?.as_ref().ok()?;
        let now = Versions {
            apis: view.masters.values().map(|master| master.api.version).collect(),
            kubelets: view.nodes.values().map(|node| node.kubelet).collect(),
        };
        let of = |kind: Kind| {
            let own = self.rotating().filter(move |site| site.settings.role == kind);
            own.filter_map(|site| site.settings.kubernetes_version)
        };
        let masters = of(Kind::Master).max();
        let workers = of(Kind::Worker).min().zip(of(Kind::Worker).max());
        let wanted = Wanted { api: masters, kubelet_of_masters: masters, kubelets: workers };
        let says = skew::check(&now, &wanted).err()?;
        let severity = Severity::Error;
        Some(PlannedFinding { code: "skew".to_owned(), severity, address: None, says })
    }

    fn strategies(&self, world: &World) -> Result<Strategies, Diagnostics> {
        let groups = self.rotating().map(|site| {
            let id = site.site.group.id.clone();
            let seen = world.groups.iter().find(|group| group.id == id);
            let target = target(site);
            let previous = self.known.previous.get(&id).or(site.before.as_ref());
            let previous = previous.or(seen.map(|group| &group.template));
            let previous = previous.filter(|previous| **previous != target).cloned();
            let named =
                site.change.outdated.iter().filter(|it| kprov_apply::rotation::is_named(it));
            let named = named.map(|it| MachineId::new(&it.machine)).collect();
            let settings: &Settings = &site.settings;
            (settings, settings.strategy(id, target, previous, named))
        });
        let operator = OperatorId::new("plan");
        settings::strategies(self.rotation.clone(), operator, groups.collect(), world.now)
    }
}

/// Its kubeconfig is not known before apply.
fn waits(settings: &Settings) -> bool {
    settings.unknown.contains("kubeconfig")
}

fn target(site: &PlannedSite<'_>) -> TemplateId {
    site.site.group.template.clone().unwrap_or_else(|| TemplateId::new(TO_BE_MADE))
}

/// What blocks say that only apply knows; the kubeconfig is told with what it keeps from being checked.
fn unknown(scene: &Scene<'_, '_>) -> Vec<String> {
    let told = scene.rotating().filter_map(|site| {
        let names: Vec<&str> =
            site.settings.unknown.iter().map(Str::as_str).filter(|name| *name != "kubeconfig").collect();
        let address = &site.site.address;
        let names = (!names.is_empty()).then(|| names.join(", "))?;
        Some(format!(
            "The rotation block of {address} says {names} only after apply; the steps below are those of what holds where \
             nothing is said."
        ))
    });
    told.collect()
}

fn of_settings(problems: &Diagnostics) -> Vec<PlannedFinding> {
    let finding = |problem: &kprov_core::Diagnostic| PlannedFinding {
        code: "settings".to_owned(),
        severity: problem.severity,
        address: None,
        says: problem.detail.clone(),
    };
    problems.iter().map(finding).collect()
}

/// One group with its members in the order in which they leave; of those that do not get there, what is known.
fn group(
    site: &PlannedSite<'_>,
    plan: &Plan,
    registry: &Registry,
    world: Option<&World>,
    steps: &[kprov_rotation::Planned],
) -> PlannedGroup {
    let id = &site.site.group.id;
    let seen = world.and_then(|world| world.groups.iter().find(|group| group.id == *id));
    let before = seen.map(|group| &group.template).or(site.before.as_ref());
    let diff = template::diff(plan, registry, site.change, site.before.as_ref());
    let own = world.into_iter().flat_map(|world| &world.members);
    let own: Vec<_> = own.filter(|member| member.group == *id && !member.going()).collect();
    let told: BTreeMap<&str, &str> =
        site.change.outdated.iter().map(|it| (it.machine.as_str(), it.reason.as_str())).collect();
    let leaves = leaving(steps);
    let target = target(site);
    let members = own.iter().filter_map(|member| {
        let leaves = leaves.get(&member.id);
        let reason = told.get(member.id.as_str()).map(|reason| (*reason).to_owned());
        let reason = reason.or(leaves.and_then(|leaves| leaves.reason).map(|it| it.to_string()));
        let other = (member.template != target).then(|| Reason::Template.to_string());
        Some(PlannedMember {
            machine: member.id.clone(),
            zone: member.zone.to_string(),
            reason: reason.or(other)?,
            leaves: leaves.map(|leaves| (leaves.from, leaves.until)),
        })
    });
    let mut members: Vec<PlannedMember> = members.collect();
    if world.is_none() {
        members.extend(told.iter().map(|(machine, reason)| PlannedMember {
            machine: MachineId::new(machine),
            zone: String::new(),
            reason: (*reason).to_owned(),
            leaves: None,
        }));
    }
    members.sort_by_key(|it| (it.leaves.unwrap_or((u64::MAX, u64::MAX)), it.machine.clone()));
    PlannedGroup {
        address: site.site.address.to_string(),
        group: id.clone(),
        role: site.settings.role,
        template_before: before.map(ToString::to_string),
        template_after: site.site.group.template.as_ref().map(ToString::to_string),
        template_address: diff.address,
        template_changes: diff.attributes,
        size: own.len(),
        members,
    }
}

/// When a member leaves, and why.
struct Leaving {
    from: u64,
    until: u64,
    reason: Option<Reason>,
}

fn leaving(steps: &[kprov_rotation::Planned]) -> BTreeMap<MachineId, Leaving> {
    let mut all: BTreeMap<MachineId, Leaving> = BTreeMap::new();
    for step in steps {
        let Some(member) = &step.member else { continue };
        if let Some(leaving) = all.get_mut(member) {
            leaving.until = step.at;
        } else if matches!(step.step, Step::Mark { .. }) {
            let leaving = Leaving { from: step.at, until: step.at, reason: step.reason };
            all.insert(member.clone(), leaving);
        }
    }
    all
}

/// All steps, with machines that do not exist yet by numbers in the order in which they come.
fn steps(forecast: &Forecast) -> Vec<PlannedStep> {
    let mut numbers: BTreeMap<MachineId, usize> = BTreeMap::new();
    let steps = forecast.steps.iter().map(|planned| {
        let mut says = planned.step.to_string();
        let other = match &planned.step {
            Step::MoveLeader { to, .. } => Some(to),
            _ => None,
        };
        let new = planned.step.member().into_iter().chain(other);
        for id in new.filter(|id| id.as_str().starts_with('~')) {
            let next = numbers.len() + 1;
            let number = *numbers.entry(id.clone()).or_insert(next);
            says = says.replace(id.as_str(), &format!("new machine {number}"));
        }
        PlannedStep {
            at: planned.at,
            says,
            step: planned.step.clone(),
            of_group: planned.group.clone(),
        }
    });
    steps.collect()
}
