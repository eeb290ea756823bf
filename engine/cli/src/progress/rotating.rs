//! Rotations as they go on: [`Rotating`] has one line for each member and group, with its step and since when. What to
//! tell of it as plain lines is decided here: a line when a step starts and when it is done, and every ten seconds what
//! it waits for. Pure: the time comes in from outside.

use std::collections::BTreeMap;
use std::time::Duration;

use kprov_apply::RotationProgress;
use kprov_core::{ObjectAddr, Str};

use super::words::duration;

/// How often it is told what is waited for.
const EVERY: Duration = Duration::from_secs(10);

/// A group's own line has no member.
type Key = (ObjectAddr, Str, Option<Str>);

/// What goes on.
#[derive(Debug, Default)]
pub(super) struct Rotating(BTreeMap<Key, Line>);

/// The newest word for one member or group.
#[derive(Clone, Debug)]
pub(super) struct Line {
    step: Str,
    pub(super) since: Duration,
    waits: Option<String>,
    replaced: Option<(u32, u32)>,
    /// When something was last told of it.
    told: Duration,
}

impl Rotating {
    /// Takes a word. Gives what is to be told of it.
    pub(super) fn take(&mut self, word: &RotationProgress, now: Duration) -> Vec<String> {
        let key = (word.address.clone(), word.group.clone(), word.member.clone());
        let name = name(&key);
        let before = self.0.remove(&key);
        let moved = before.as_ref().is_none_or(|before| before.step != word.step);
        let mut lines = Vec::new();
        let mut ended = |step: &str, since: Duration| {
            let took = duration(now.saturating_sub(since));
            lines.push(format!("{name}: {step} done after {took}"));
        };
        if let Some(before) = before.as_ref().filter(|_| moved) {
            ended(&before.step, before.since);
        }
        if word.done {
            ended(&word.step, word.since);
            if let Some(last) = lines.last_mut() {
                last.push_str(&replaced(word.replaced));
            }
            return lines;
        }
        let mut told = before.map_or(now, |before| before.told);
        if moved {
            let waits = word.waits.as_ref().map_or_else(String::new, |waits| format!(" {waits}"));
            lines.push(format!("{name}: {}...{}{waits}", word.step, replaced(word.replaced)));
            told = now;
        }
        let (step, since) = (word.step.clone(), word.since);
        let (waits, replaced) = (word.waits.clone(), word.replaced);
        self.0.insert(key.clone(), Line { step, since, waits, replaced, told });
        lines.extend(self.still(&key, now));
        lines
    }

    /// What the members and groups of an object wait for, of those of which nothing was told for a while.
    pub(super) fn waiting(&mut self, address: &ObjectAddr, now: Duration) -> Vec<String> {
        let keys: Vec<Key> = self.0.keys().filter(|key| key.0 == *address).cloned().collect();
        keys.iter().filter_map(|key| self.still(key, now)).collect()
    }

    fn still(&mut self, key: &Key, now: Duration) -> Option<String> {
        let line = self.0.get_mut(key)?;
        if now.saturating_sub(line.told) < EVERY {
            return None;
        }
        line.told = now;
        let elapsed = duration(now.saturating_sub(line.since));
        let waits = line.waits.as_ref().map_or_else(String::new, |waits| format!(" {waits}"));
        Some(format!("{}: still {} [{elapsed} elapsed]{waits}", name(key), line.step))
    }

    /// One text for each, with since when: members in order, groups before theirs.
    pub(super) fn lines(&self) -> impl Iterator<Item = (String, Duration)> {
        self.0.iter().map(|(key, line)| {
            let waits = line.waits.as_ref().map_or_else(String::new, |waits| format!(" {waits}"));
            (format!("{}: {}{}{waits}", name(key), line.step, replaced(line.replaced)), line.since)
        })
    }

    /// An operation has ended: nothing more comes of its lines.
    pub(super) fn ended(&mut self, address: &ObjectAddr) {
        self.0.retain(|key, _| key.0 != *address);
    }
}

/// `aws_autoscaling_group.w: i-0abc`
fn name((address, group, member): &Key) -> String {
    match member {
        Some(member) => format!("{address}: {member}"),
        None => format!("{address}: group {group}"),
    }
}

fn replaced(replaced: Option<(u32, u32)>) -> String {
    replaced.map_or_else(String::new, |(done, total)| format!(" ({done} of {total} replaced)"))
}
