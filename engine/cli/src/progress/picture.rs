//! [`picture`]: what lives on the terminal at one moment, as lines.

use std::fmt::Write;
use std::time::{Duration, Instant};

use kprov_apply::Verb;
use kprov_core::{ObjectAddr, Str};

use super::eta::{Kind, Work};
use super::words;
use crate::render::{truncate, visible};

/// Rows that are left to what is said above, to the line that counts the rest, and to the bar.
const SPARED: usize = 3;

/// Columns of the bar itself.
const BAR: u64 = 30;

/// An operation under way.
#[derive(Clone, Debug)]
pub(super) struct Running {
    /// "t.a: Creating..."
    text: String,
    kind: Kind,
    since: Instant,
}

impl Running {
    pub(super) fn new(
        address: &ObjectAddr,
        verb: Verb,
        id: &Option<(Str, Str)>,
        since: Instant,
    ) -> Running {
        let text = format!("{address}: {}...{}", words::doing(verb), words::named(id));
        let kind = (address.instance.resource.ty.clone(), verb);
        Running { text: visible(&text).replace('\n', " "), kind, since }
    }

    fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }
}

/// A line for each operation with the time that it has taken, those that take longest first, then one for each member
/// that is rotated; if there are more than the terminal has room for, how many more; and the bar. `size`: rows and
/// columns.
pub(super) fn picture<'r>(
    work: &Work,
    running: impl Iterator<Item = &'r Running>,
    members: &[(String, Duration)],
    now: Instant,
    (rows, columns): (usize, usize),
) -> String {
    let running: Vec<&Running> = running.collect();
    let room = rows.saturating_sub(SPARED).max(1);
    let mut out = String::new();
    // Writing to a string cannot fail.
    let operations = running.iter().map(|it| (it.text.as_str(), it.elapsed(now)));
    let lines = operations.chain(members.iter().map(|(text, elapsed)| (text.as_str(), *elapsed)));
    for (text, elapsed) in lines.take(room) {
        let elapsed = words::duration(elapsed);
        let text = truncate(text, columns.saturating_sub(elapsed.len() + 1));
        let _ = writeln!(out, "{text} {elapsed}");
    }
    let all = running.len() + members.len();
    if all > room {
        let _ = writeln!(out, "... and {} more", all - room);
    }
    let under_way: Vec<(Kind, Duration)> =
        running.iter().map(|it| (it.kind.clone(), it.elapsed(now))).collect();
    out.push_str(&truncate(&bar(work, work.eta(&under_way)), columns));
    out
}

/// `[====>      ] 3/40 37 left, about 2m5s`. What takes longer than its like ever did has no estimate
/// any more.
fn bar(work: &Work, eta: Option<Duration>) -> String {
    let full = (work.done * BAR).checked_div(work.total).unwrap_or(0).min(BAR);
    let head = if full > 0 && full < BAR { ">" } else { "" };
    let done = "=".repeat(full as usize - head.len());
    let rest = " ".repeat((BAR - full) as usize);
    let left = work.total.saturating_sub(work.done);
    let about = match eta {
        Some(eta) if left > 0 && eta >= Duration::from_secs(1) => {
            format!(", about {}", words::duration(eta))
        }
        _ => String::new(),
    };
    format!("[{done}{head}{rest}] {}/{} {left} left{about}", work.done, work.total)
}
