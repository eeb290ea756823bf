//! What ends: steps that are open no more, with their entries and how long they took.

use kprov_rotation::world::Kind;
use kprov_rotation::{GroupId, Open, Progress, Seconds, Step, World};
use kprov_state::{Entry, HowEnded, StepDuration};
use serde_json::value::to_raw_value;

use super::Core;
use super::kept::Kept;
use crate::driver::rfc3339;

/// What is to be written of steps.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) entries: Vec<Entry>,
    pub(super) durations: Vec<StepDuration>,
}

impl Core {
    /// Steps of `before` that are open no more since a look. What took too long, the machine has counted as a failure.
    pub(super) fn closed(
        &mut self,
        kept: &mut Kept,
        before: &Progress,
        failures: usize,
        world: &World,
        told: &mut Told,
    ) {
        let progress = &kept.progress;
        let is_open = |open: &&Open| progress.open.iter().any(|other| other.token == open.token);
        let closed: Vec<&Open> = before.open.iter().filter(|open| !is_open(open)).collect();
        let from = failures.min(progress.failures.len());
        let news: Vec<String> =
            progress.failures[from..].iter().map(|failure| failure.what.clone()).collect();
        for open in closed {
            let late = format!("{} was not done within", open.step);
            let (how, message) = match news.iter().find(|what| what.starts_with(&late)) {
                Some(what) => {
                    let detail = self.details.get(&open.token);
                    let detail = detail.map_or(String::new(), |detail| format!(" ({detail})"));
                    let message = format!("{what}{detail}");
                    // What was in the way, the person is told, too.
                    if let Some(pause) = kept.progress.paused.as_mut().filter(|of| of.says == *what)
                    {
                        pause.says.clone_from(&message);
                    }
                    (HowEnded::Failed, message)
                }
                None => (HowEnded::Done, String::new()),
            };
            self.ended(kept, open, how, message, world, told);
        }
    }

    /// One step has ended.
    pub(super) fn ended(
        &mut self,
        kept: &Kept,
        open: &Open,
        how: HowEnded,
        message: String,
        world: &World,
        told: &mut Told,
    ) {
        self.again.remove(&open.token);
        self.details.remove(&open.token);
        let rotation = kept.progress.rotation.to_string();
        let token = open.token.clone();
        told.entries.push(Entry::StepDone { rotation, token, how, message });
        if how == HowEnded::Done {
            self.refused.remove(&open.step);
            let seconds = self.now().saturating_sub(open.since);
            told.durations.push(self.duration(
                open.group.as_ref(),
                open.step.name(),
                seconds,
                world,
            ));
        }
    }

    /// A step is about to be called.
    pub(super) fn begun(&mut self, kept: &Kept, open: &Open, world: &World, told: &mut Told) {
        let Ok(step) = to_raw_value(&open.step) else { return };
        told.entries.push(Entry::StepStarted {
            rotation: kept.progress.rotation.to_string(),
            token: open.token.clone(),
            step,
            group: open.group.as_ref().map(ToString::to_string),
            member: open.step.member().map(ToString::to_string),
        });
        // From its launch until it can come into service: the longest part of most rotations, and no step of its own.
        if let Step::CompleteLaunch { member } = &open.step
            && let Some(member) = world.members.iter().find(|of| of.id == *member)
        {
            let seconds = world.now.saturating_sub(member.launched_at);
            told.durations.push(self.duration(Some(&member.group), "boot", seconds, world));
        }
    }

    fn duration(
        &self,
        group: Option<&GroupId>,
        step: &str,
        seconds: Seconds,
        world: &World,
    ) -> StepDuration {
        let kind = world.groups.iter().find(|of| Some(&of.id) == group).map(|of| of.kind);
        let role = match kind {
            Some(Kind::Bastion) => "bastion",
            Some(Kind::Master) => "master",
            Some(Kind::Worker) => "worker",
            None => "",
        };
        StepDuration {
            cluster: self.cluster.clone(),
            role: role.to_owned(),
            step: step.to_owned(),
            seconds,
            at: rfc3339(self.host.now()),
        }
    }
}
