//! What is told of a rotation while it goes on: a line for each member that something is done to, and one for each group.

use std::collections::BTreeMap;
use std::time::Duration;

use kprov_core::Str;
use kprov_rotation::world::{Lifecycle, Member};
use kprov_rotation::{GroupId, MachineId, Open, Seconds, Step, Waiting, World};

use super::kept::Kept;
use super::{Core, Effect};
use crate::{ProgressEvent, RotationProgress};

type Key = (GroupId, Option<MachineId>);

/// The newest word of each line.
#[derive(Debug, Default)]
pub(super) struct Lines(BTreeMap<Key, Line>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    step: String,
    /// By the host's clock of lengths.
    since: Duration,
    waits: Option<String>,
    replaced: Option<(u32, u32)>,
}

impl Core {
    /// Tells what is new. Without `waits` it is not known what is waited for, and what was said of that stays.
    pub(super) fn report(
        &mut self,
        kept: &Kept,
        world: &World,
        waits: Option<&[Waiting]>,
        effects: &mut Vec<Effect>,
    ) {
        let mut lines = BTreeMap::new();
        let mut replaced = BTreeMap::new();
        for (id, order) in &self.orders {
            let group = (id.clone(), None);
            let members = world.members.iter().filter(|member| member.group == *id);
            let outdated = members
                .clone()
                .filter(|of| !of.going() && (of.template != order.target || of.changed));
            let outdated = u32::try_from(outdated.count()).unwrap_or(u32::MAX);
            let progress = kept.progress.of(id);
            let total = progress.map_or(0, |progress| progress.total).max(outdated);
            replaced.insert(group.clone(), (total - outdated, total));
            if self.waiting.contains(id) {
                let open =
                    kept.progress.open.iter().find(|open| {
                        open.group.as_ref() == Some(id) && open.step.member().is_none()
                    });
                let (step, since) = match open {
                    Some(open) => (open.step.name().to_owned(), open.since),
                    None => ("rotating".to_owned(), kept.progress.started_at),
                };
                let mut line = self.line(&group, step, since, world, waits);
                line.replaced = replaced.get(&group).copied();
                lines.insert(group, line);
            }
            for member in members {
                let open =
                    kept.progress.open.iter().find(|open| open.step.member() == Some(&member.id));
                let Some((step, since)) = doing(kept, member, open) else { continue };
                let key = (id.clone(), Some(member.id.clone()));
                let mut line = self.line(&key, step, since, world, waits);
                if let Some(detail) = open.and_then(|open| self.details.get(&open.token)) {
                    line.waits = Some(detail.clone());
                }
                lines.insert(key, line);
            }
        }
        let ended: Vec<(Key, Line)> = self
            .lines
            .0
            .iter()
            .filter(|(key, _)| !lines.contains_key(key))
            .map(|(key, line)| {
                let replaced = replaced.get(key).copied();
                (key.clone(), Line { replaced, ..line.clone() })
            })
            .collect();
        for (key, line) in ended {
            self.tell(&key, &line, true, effects);
        }
        for (key, line) in &lines {
            if self.lines.0.get(key) != Some(line) {
                self.tell(key, line, false, effects);
            }
        }
        self.lines = Lines(lines);
    }

    /// Tells those who wait why nothing is decided.
    pub(super) fn say(&mut self, waits: &str, effects: &mut Vec<Effect>) {
        for id in self.waiting.clone() {
            let key = (id, None);
            let former = self.lines.0.get(&key).cloned();
            let mut line = former.clone().unwrap_or_else(|| Line {
                step: "looking".to_owned(),
                since: self.host.elapsed(),
                waits: None,
                replaced: None,
            });
            line.waits = Some(waits.to_owned());
            if former.as_ref() != Some(&line) {
                self.tell(&key, &line, false, effects);
                self.lines.0.insert(key, line);
            }
        }
    }

    fn line(
        &self,
        key: &Key,
        step: String,
        since: Seconds,
        world: &World,
        waits: Option<&[Waiting]>,
    ) -> Line {
        let former = self.lines.0.get(key).filter(|former| former.step == step);
        let ago = Duration::from_secs(world.now.saturating_sub(since));
        let since = former.map_or_else(|| self.host.elapsed().saturating_sub(ago), |it| it.since);
        let waits = match waits {
            None => former.and_then(|former| former.waits.clone()),
            Some(waits) => {
                let mut about = waits.iter().filter(|waiting| {
                    let group = waiting.group.as_ref() == Some(&key.0);
                    waiting.member == key.1 && (waiting.member.is_some() || group)
                });
                about.next().map(|waiting| waiting.says.clone())
            }
        };
        Line { step, since, waits, replaced: None }
    }

    fn tell(&self, key: &Key, line: &Line, done: bool, effects: &mut Vec<Effect>) {
        let Some(order) = self.orders.get(&key.0) else { return };
        effects.push(Effect::Report(ProgressEvent::Rotation(RotationProgress {
            address: order.site.address.clone().current(),
            group: key.0.as_str().into(),
            member: key.1.as_ref().map(|member| member.as_str().into()),
            step: Str::new(&line.step),
            since: line.since,
            waits: line.waits.clone().filter(|_| !done),
            replaced: line.replaced,
            done,
        })));
    }
}

/// What is under way with a member, and since when; none where nothing is.
fn doing(kept: &Kept, member: &Member, open: Option<&Open>) -> Option<(String, Seconds)> {
    if let Some(open) = open {
        let step = match &open.step {
            Step::Hook { name, .. } => format!("hook {name}"),
            step => step.name().to_owned(),
        };
        return Some((step, open.since));
    }
    let moved = kept.progress.moved_at;
    match member.lifecycle {
        Lifecycle::Terminated => None,
        Lifecycle::Pending | Lifecycle::PendingWait => {
            Some(("launching".to_owned(), member.launched_at))
        }
        Lifecycle::Terminating | Lifecycle::TerminatingWait => {
            Some(("terminating".to_owned(), moved))
        }
        Lifecycle::InService | Lifecycle::Standby => {
            if member.mark.is_some() {
                Some(("leaving".to_owned(), moved))
            } else if kept.progress.looks.contains_key(&member.id) {
                Some(("proving".to_owned(), moved))
            } else {
                None
            }
        }
    }
}
