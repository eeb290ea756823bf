//! Errors of providers go to people and into the journal: what they repeat of the secrets that they
//! were given is taken out, once, where replies come in.

use std::collections::BTreeSet;
use std::ops::Range;

use kprov_core::value::{Secrets, walk};
use kprov_core::{Marks, Value};
use kprov_plan::OperationIndex;
use kprov_provider::{ProviderError, Settled};

use super::{Active, Executor, Reply};
use crate::stored;

/// Shorter ones of other objects may be words of any message.
const LONG: usize = 8;

impl Executor<'_> {
    /// The reply, its error without copies of what is sensitive in the change.
    pub(super) fn discreet(
        &self,
        operation: OperationIndex,
        active: &Active,
        reply: Reply,
    ) -> Reply {
        match reply {
            Reply::Failed(error) => Reply::Failed(self.concealed(operation, active, error)),
            Reply::Settled(Settled::Unfinished(object, why)) => {
                Reply::Settled(Settled::Unfinished(object, self.concealed(operation, active, why)))
            }
            reply => reply,
        }
    }

    fn concealed(
        &self,
        operation: OperationIndex,
        active: &Active,
        error: ProviderError,
    ) -> ProviderError {
        let mut values: Vec<Value> = Vec::new();
        if let Some((_, change)) = self.change_of(operation) {
            values.extend([change.before.clone(), change.after.clone()]);
            values.extend(change.rotation.clone());
        }
        // What was not known yet when the plan was made.
        let write = active.write.as_ref();
        values
            .extend(write.map(|write| stored::mark_paths(write.planned.clone(), &write.sensitive)));
        let secrets = Secrets::of(&values);
        // What is made of a secret - a path with a token in it - is another text: so what the whole plan knows goes as well.
        let known = self.known_secrets.get_or_init(|| self.all_secrets());
        let own = Stretches::of(&values, LONG);
        let blot = |text: &str| known.blot(&own.blot(&secrets.blot(text)));
        let (summary, message) = (blot(&error.summary), blot(&error.message));
        ProviderError { summary, message, ..error }
    }

    /// All of the plan that are no common words.
    fn all_secrets(&self) -> Stretches {
        let plan = &self.inputs.plan;
        let objects = plan.changes.iter().flat_map(|change| [&change.before, &change.after]);
        let rotations = plan.changes.iter().filter_map(|change| change.rotation.as_ref());
        let variables = plan.variables.values().filter_map(|variable| variable.value.as_ref());
        Stretches::of(objects.chain(rotations).chain(variables), LONG)
    }
}

/// Texts of secrets, long ones first: of each, half is too much to tell (a message may name the directory of a secret path).
#[derive(Debug)]
pub(super) struct Stretches(Vec<String>);

impl Stretches {
    /// Those that have so many bytes at least.
    fn of<'v>(values: impl IntoIterator<Item = &'v Value>, least: usize) -> Stretches {
        let mut texts = BTreeSet::new();
        for value in values {
            walk(value, &mut |_, part| {
                if part.marks().contains(Marks::SENSITIVE) {
                    walk(part, &mut |_, leaf| {
                        let text = leaf.bare().as_str().filter(|text| text.len() >= least);
                        texts.extend(text.map(str::to_owned));
                    });
                }
            });
        }
        let mut texts: Vec<String> = texts.into_iter().collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Stretches(texts)
    }

    /// The text without any stretch that is half of one, or more.
    fn blot(&self, text: &str) -> String {
        let mut told = text.to_owned();
        for secret in &self.0 {
            while let Some(stretch) = half_within(secret, &told) {
                told.replace_range(stretch, "(sensitive value)");
            }
        }
        told
    }
}

/// Where the text has a stretch of the secret that is half of it at least.
fn half_within(secret: &str, text: &str) -> Option<Range<usize>> {
    let secret = secret.as_bytes();
    let length = secret.len().div_ceil(2).max(LONG);
    if length > text.len() {
        return None;
    }
    // By bytes: half of a secret may end within a character, of which nothing is told then.
    let (secret_at, mut begin) = secret
        .windows(length)
        .enumerate()
        .find_map(|(at, window)| Some((at, found(text.as_bytes(), window)?)))?;
    let behind = secret[secret_at + length..].iter().zip(&text.as_bytes()[begin + length..]);
    let mut end = begin + length + behind.take_while(|(a, b)| a == b).count();
    while !text.is_char_boundary(begin) {
        begin -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    Some(begin..end)
}

fn found(text: &[u8], window: &[u8]) -> Option<usize> {
    text.windows(window.len()).position(|it| it == window)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_a_secret_is_too_much() {
        let secret = |text: &str| Value::from(text).with_marks(Marks::SENSITIVE);
        let key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n";
        let all = [secret("/proc/a6f2.0123456789/x"), secret(key), secret("hunter2")];
        let all = Stretches::of(&all, LONG);
        let told = all.blot("cannot make /proc/a6f2.0123456789: no such directory");
        assert_eq!(told, "cannot make (sensitive value): no such directory");
        // What many secrets begin with stays, and what is too short.
        for open in ["no block -----BEGIN PRIVATE KEY-----", "/proc/a6f is another one", "hunter2"]
        {
            assert_eq!(all.blot(open), open);
        }
        let twice = format!("{key}{key}");
        assert!(!all.blot(&twice).contains("MIGHAgEA"));
        let accents = [secret(&"\u{e9}".repeat(9))];
        let told = Stretches::of(&accents, LONG).blot(&format!("{}x", "\u{e9}".repeat(7)));
        assert_eq!(told, "(sensitive value)x");
    }
}
