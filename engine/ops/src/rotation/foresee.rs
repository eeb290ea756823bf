//! [`foresee`]: after a plan, what it will do to each cluster that it rotates. Looks at the groups and at their clusters,
//! reads what the store knows of earlier rotations, and leaves the rest to [`super::forecasting`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kprov_apply::rotation::{Known, Observed, Observer, Site};
use kprov_core::{Diagnostic, Diagnostics, Severity};
use kprov_plan::{Plan, PlanMode, PlanOptions};
use kprov_provider::rotation::RotationId;
use kprov_state::{RotationRecord, StateError, StepDuration};

use super::forecasting::{Scene, planned};
use super::sites::{self, PlannedSite};
use super::{PlannedFinding, PlannedRotation, durations, status};
use crate::{Clients, OpsError, Project};

/// What a plan rotates, one for each cluster. What blocks for certain makes the plan an errored one.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn foresee(
    project: &Project,
    plan: &mut Plan,
    options: &PlanOptions,
    clients: &Clients,
) -> Result<(Vec<PlannedRotation>, Diagnostics), OpsError> {
    if plan.errored || plan.mode != PlanMode::Normal {
        return Ok((Vec::new(), Diagnostics::new()));
    }
    let sites = sites::in_plan(plan, &project.registry);
    let clusters = by_cluster(&sites);
    if clusters.is_empty() {
        return Ok((Vec::new(), Diagnostics::new()));
    }
    let observed = options.refreshed.then(|| look(project, clients, &clusters));
    let kept = Kept::read(project)?;
    let mut problems = Diagnostics::new();
    if let Some(observed) = &observed {
        problems.extend(unseen(&clusters, observed));
    }
    let rotations = clusters.into_iter().map(|(cluster, sites)| {
        let record = kept.of(&cluster);
        let known: Known = record.map(status::known).unwrap_or_default();
        let (durations, estimate) = durations::durations(&kept.durations, &cluster);
        let continues = record.map(|record| record.rotation.clone());
        let progress = record.and_then(|record| status::progress(record).ok());
        let rotation = RotationId::new(continues.as_deref().unwrap_or("planned"));
        let scene = Scene {
            cluster: &cluster,
            sites: &sites,
            observed: observed.as_ref(),
            known: &known,
            rotation,
            progress,
            durations,
        };
        let found = planned(&scene, plan, &project.registry);
        PlannedRotation { continues, estimate, ..found }
    });
    let rotations: Vec<PlannedRotation> = rotations.collect();
    for rotation in &rotations {
        problems.extend(told(rotation));
    }
    if problems.has_errors() {
        plan.errored = true;
        plan.applyable = false;
    }
    Ok((rotations, problems))
}

/// Groups of the plan by their clusters: those clusters of which something is rotated, with all their groups.
fn by_cluster<'s, 'p>(sites: &'s [PlannedSite<'p>]) -> BTreeMap<String, Vec<&'s PlannedSite<'p>>> {
    let mut clusters: BTreeMap<String, Vec<&PlannedSite<'_>>> = BTreeMap::new();
    for site in sites {
        if let Some(cluster) = site.site.cluster() {
            clusters.entry(cluster).or_default().push(site);
        }
    }
    clusters.retain(|_, sites| sites.iter().any(|site| site.rotates()));
    clusters
}

fn look(
    project: &Project,
    clients: &Clients,
    clusters: &BTreeMap<String, Vec<&PlannedSite<'_>>>,
) -> Observed {
    let sites: Vec<Site> =
        clusters.values().flatten().map(|planned| planned.site.clone()).collect();
    let observer =
        Observer::new(Arc::new(clients.clone()), project.registry.clone(), project.host.clone());
    project.runtime().block_on(observer.observe(&sites))
}

/// Groups that could not be looked at.
fn unseen(clusters: &BTreeMap<String, Vec<&PlannedSite<'_>>>, observed: &Observed) -> Diagnostics {
    let sites = clusters.values().flatten().map(|planned| &planned.site);
    let failed = sites.filter_map(|site| {
        let error = observed.unseen.get(&site.group.id)?;
        Some(Diagnostic::error("Failed to look at a group", error.to_string()).of(&site.address))
    });
    failed.collect()
}

/// What the store holds of rotations.
struct Kept {
    /// Those that were left.
    open: Vec<RotationRecord>,
    durations: Vec<StepDuration>,
}

impl Kept {
    fn read(project: &Project) -> Result<Kept, OpsError> {
        let durations = there(project.store.durations(&project.workspace))?;
        Ok(Kept { open: status::unfinished(project)?, durations })
    }

    fn of(&self, cluster: &str) -> Option<&RotationRecord> {
        self.open.iter().find(|record| record.cluster == cluster)
    }
}

/// A workspace that was never written holds nothing.
pub(super) fn there<T>(found: Result<Vec<T>, StateError>) -> Result<Vec<T>, StateError> {
    match found {
        Err(StateError::NoWorkspace(_)) => Ok(Vec::new()),
        other => other,
    }
}

/// Findings and what was not checked, as problems of the plan.
fn told(rotation: &PlannedRotation) -> Diagnostics {
    let finding = |finding: &PlannedFinding| {
        let told = match finding.severity {
            Severity::Error => Diagnostic::error("Rotation blocked", &*finding.says),
            Severity::Warning => Diagnostic::warning("Rotation may be blocked", &*finding.says),
        };
        match &finding.address {
            Some(address) => told.of(address),
            None => told,
        }
    };
    // The same may be found of each of a hundred members.
    let mut seen = BTreeSet::new();
    let findings = rotation.findings.iter().filter(|it| seen.insert((&it.address, &it.says)));
    let unchecked =
        rotation.unchecked.iter().map(|says| Diagnostic::warning("Rotation not checked", &**says));
    findings.map(finding).chain(unchecked).collect()
}
