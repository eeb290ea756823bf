//! [`Kept`]: a rotation, as it is kept in the store: the machine's progress, what is known of templates, and whether a
//! person wants it forgotten.

use std::collections::BTreeMap;

use kprov_core::Host;
use kprov_provider::ProviderError;
use kprov_provider::rotation::GroupView;
use kprov_rotation::world::World;
use kprov_rotation::{GroupId, Progress, RotationId, Seconds, TemplateId};
use kprov_state::RotationRecord;
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;

use super::Order;
use crate::driver::rfc3339;
use crate::rotation::world::Known;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    pub(super) progress: Progress,
    pub(super) beside: Beside,
    pub(super) started_at: String,
    /// Why it waits for a person.
    pub(super) paused: Option<String>,
    pub(super) finished: bool,
    /// Nothing of it has been seen in this run.
    pub(super) unseen: bool,
}

/// What stands beside the progress.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Beside {
    #[serde(flatten)]
    pub(super) known: Known,
    /// A person has said abort, and it has not come to rest.
    #[serde(default)]
    pub(super) aborting: bool,
}

impl Kept {
    /// A rotation that begins now.
    pub(super) fn begin(host: &dyn Host, now: Seconds) -> Kept {
        let id: String = host.uuid().chars().take(13).collect();
        Kept {
            progress: Progress::new(RotationId::new(&id), now),
            beside: Beside::default(),
            started_at: rfc3339(host.now()),
            paused: None,
            finished: false,
            unseen: false,
        }
    }

    /// One that was left. What made it wait for a person, that person has looked at: somebody applies again.
    pub(super) fn resume(record: &RotationRecord, now: Seconds) -> Result<Kept, ProviderError> {
        let unreadable = |error: serde_json::Error| {
            ProviderError::rejected(
                "Rotation cannot be gone on with",
                format!(
                    "What is stored of rotation {} of {} cannot be read: {error}. A newer kprov may have written it; \
                     use that one.",
                    record.rotation, record.cluster
                ),
            )
        };
        let mut progress: Progress =
            serde_json::from_str(record.progress.get()).map_err(unreadable)?;
        let beside: Beside = serde_json::from_str(record.templates.get()).map_err(unreadable)?;
        let waited = record.paused.is_some() || progress.paused.is_some();
        if waited && !beside.aborting {
            progress.resume(now);
        }
        Ok(Kept {
            progress,
            beside,
            started_at: record.started_at.clone(),
            paused: None,
            finished: false,
            unseen: true,
        })
    }

    /// A group that was finished is to be rotated once more.
    pub(super) fn meet_again(&mut self, group: &GroupId) {
        self.finished = false;
        if self.progress.of(group).is_some_and(|progress| progress.finished && !progress.back) {
            self.progress.groups.remove(group);
            self.beside.known.previous.remove(group);
        }
    }

    pub(super) fn record(&self, cluster: &str, host: &dyn Host) -> Result<RotationRecord, String> {
        let now = rfc3339(host.now());
        let text = |error: serde_json::Error| error.to_string();
        Ok(RotationRecord {
            cluster: cluster.to_owned(),
            rotation: self.progress.rotation.to_string(),
            started_at: self.started_at.clone(),
            progress: to_raw_value(&self.progress).map_err(text)?,
            templates: to_raw_value(&self.beside).map_err(text)?,
            paused: self.paused.clone(),
            finished_at: self.finished.then(|| now.clone()),
            updated_at: now,
        })
    }

    /// What each group is to go back to: what it was when this rotation began with it.
    pub(super) fn remember_templates(
        &mut self,
        orders: &BTreeMap<GroupId, Order>,
        views: &BTreeMap<GroupId, GroupView>,
    ) {
        for (id, order) in orders {
            let Some(view) = views.get(id) else { continue };
            let previous = &mut self.beside.known.previous;
            if !previous.contains_key(id)
                && let Some(before) = before(order, view)
            {
                previous.insert(id.clone(), before);
            }
        }
    }

    /// That, unless it is what the group goes to.
    pub(super) fn previous(&self, order: &Order) -> Option<TemplateId> {
        let previous = self.beside.known.previous.get(&order.site.group.id);
        previous.filter(|previous| **previous != order.target).cloned()
    }

    /// The group is what it was before it was touched, but for its number.
    pub(super) fn is_restored(&self, world: &World, id: &GroupId) -> bool {
        let group = world.groups.iter().find(|group| group.id == *id);
        let (Some(group), Some(progress)) = (group, self.progress.of(id)) else { return true };
        progress.restored(group)
    }
}

/// What the object said before; where that is no other template, what its machines came from, or would.
fn before(order: &Order, view: &GroupView) -> Option<TemplateId> {
    let other = |id: &TemplateId| *id != order.target;
    if let Some(before) = order.before.clone().filter(|id| other(id)) {
        return Some(before);
    }
    let exists = |id: &TemplateId| view.group.templates.iter().any(|told| told.id == *id);
    let mut counts: BTreeMap<&TemplateId, usize> = BTreeMap::new();
    for member in view.members.iter().filter(|member| !member.going()) {
        *counts.entry(&member.template).or_default() += 1;
    }
    let most = counts.into_iter().filter(|(id, _)| other(id) && exists(id)).max_by_key(|(_, n)| *n);
    most.map(|(id, _)| id.clone())
        .or_else(|| Some(view.group.template.clone()).filter(|id| other(id) && exists(id)))
}
