//! Hooks of a block: when, which action, its own block.

use std::fmt;

use kprov_core::{Path, PathStep, Str, Value};

use super::read::{Part, Reader};
use super::schema::{NAME, WHEN};
use super::{Counted, MOMENTS};
use crate::{HookName, When};

/// A hook, as a block says it. `Debug` leaves its action's block out: tokens may stand in it.
#[derive(Clone, PartialEq)]
pub struct HookSettings {
    /// When it runs.
    pub when: When,
    /// What steps call it: unique among those of the moment.
    pub name: HookName,
    /// Which action.
    pub action: Str,
    /// The action's own block, as its schema says, without marks; parts may be unknown in a plan.
    pub config: Value,
    /// Where the action's block stands in the rotation block.
    pub path: Path,
}

impl fmt::Debug for HookSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookSettings")
            .field("when", &self.when)
            .field("name", &self.name)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}

impl Reader {
    pub(super) fn hooks(&mut self, block: &Part<'_>) -> Vec<HookSettings> {
        let mut counted = Counted::new();
        let mut hooks: Vec<HookSettings> = Vec::new();
        for part in self.items(block, "hook") {
            let Some(hook) = self.hook(&part, &mut counted) else { continue };
            if hooks.iter().any(|other| other.when == hook.when && other.name == hook.name) {
                let why = format!(
                    "There is another hook of that moment with the name {}. Give each a name of its own.",
                    hook.name
                );
                self.problem(&part, why);
            }
            hooks.push(hook);
        }
        hooks
    }

    fn hook(&mut self, part: &Part<'_>, counted: &mut Counted) -> Option<HookSettings> {
        let label = self.get(part, WHEN);
        let moment = label.and_then(|label| {
            let text = label.text();
            let found = MOMENTS.iter().find(|(name, _)| text.as_deref() == Some(*name));
            if found.is_none() {
                let known = MOMENTS.map(|(name, _)| name).join(", ");
                let why = format!(
                    "is {}, which is no moment of a rotation: say one of {known}.",
                    label.shown()
                );
                self.problem(&label, why);
            }
            found
        });
        let name = self.text(part, NAME);
        if name.as_deref().is_some_and(|name| name.trim().is_empty()) {
            self.problem(part, "Its name is empty. Leave it out, or say one.");
        }
        let action = self.action(part);
        let (word, when) = moment?;
        let number = counted.entry(*when).or_insert(0);
        *number += 1;
        let name = name.unwrap_or_else(|| format!("{word}-{number}"));
        let (action, config) = action?;
        if !config.is_wholly_known() {
            self.unknown.insert(Str::new("hook"));
        }
        Some(HookSettings {
            when: *when,
            name: HookName::new(&name),
            path: part.path.then(PathStep::Attribute(action.clone())),
            action,
            config,
        })
    }

    /// The one block in it.
    fn action(&mut self, part: &Part<'_>) -> Option<(Str, Value)> {
        let entries: Vec<&(Str, Value)> = part
            .value
            .as_entries()
            .into_iter()
            .flatten()
            .filter(|(name, _)| *name != WHEN && *name != NAME)
            .collect();
        let said: Vec<_> = entries.iter().filter(|(_, value)| !value.bare().is_null()).collect();
        let names = |all: &mut dyn Iterator<Item = &Str>| {
            all.map(Str::as_str).collect::<Vec<_>>().join(", ")
        };
        match said[..] {
            [(name, config)] => return Some((name.clone(), config.clone().unmark_deep().0)),
            [] if entries.is_empty() => self.problem(
                part,
                "There is nothing that it could do: no provider of this program has hook actions.",
            ),
            [] => {
                let known = names(&mut entries.iter().map(|(name, _)| name));
                self.problem(part, format!("It does nothing. Put one block into it: {known}."));
            }
            _ => {
                let all = names(&mut said.iter().map(|(name, _)| name));
                let why = format!("It does more than one thing ({all}). Make a hook of each.");
                self.problem(part, why);
            }
        }
        None
    }
}
