//! An etcd that was started and does not answer: how long it is waited for, and what is said of it meanwhile.

use std::time::Duration;

use tokio::time::Instant;

use crate::problem::Problem;
use crate::supervisor::{State, View};

/// One that runs may take so long before anything is said.
const QUIET: Duration = Duration::from_secs(60);
/// So long it is waited for. Then the node ends, and says why: whoever started it sees that it failed.
const PATIENCE: Duration = Duration::from_secs(600);
/// So many of its last lines are told, and so much of each.
const LINES: usize = 4;
const LONGEST_LINE: usize = 300;

/// Since when it does not answer.
#[derive(Debug, Default)]
pub(super) struct Silence {
    since: Option<Instant>,
    lasted: Duration,
}

impl Silence {
    /// Notes how it stands; gives what is wrong, if it is not too early to say. Nobody waits for one that was not started, or
    /// was stopped because this machine has to wait for others.
    pub(super) fn note(
        &mut self,
        etcd: Option<&View>,
        answers: bool,
        now: Instant,
    ) -> Option<Problem> {
        let started = |etcd: &&View| !matches!(etcd.state, State::Down | State::Stopping);
        let Some(etcd) = etcd.filter(started).filter(|_| !answers) else {
            *self = Silence::default();
            return None;
        };
        self.lasted = now.duration_since(*self.since.get_or_insert(now));
        let fell = etcd.restarts > 0 || etcd.state == State::BackingOff;
        if !fell && self.lasted < QUIET {
            return None;
        }
        // The same words as long as the same is wrong: they are told when they change.
        let why = etcd.last_error.as_deref().map_or("it runs, and says nothing".to_owned(), brief);
        let detail = format!(
            "{why}\nIt is given up after {} s. Its log is logs/etcd.log in the node's directory.",
            PATIENCE.as_secs()
        );
        Some(Problem::new("etcd does not start", detail))
    }

    /// It is not waited for any longer.
    pub(super) fn is_too_long(&self) -> bool {
        self.lasted >= PATIENCE
    }
}

/// How it ended, and the end of what it said: the component's own error has more.
fn brief(error: &str) -> String {
    let lines: Vec<&str> = error.lines().collect();
    let (head, last) = lines.split_first().map_or(("", &[][..]), |(head, rest)| (*head, rest));
    let last = &last[last.len().saturating_sub(LINES)..];
    let cut = |line: &&str| line.chars().take(LONGEST_LINE).collect::<String>();
    std::iter::once(&head).chain(last).map(cut).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn etcd(state: State, restarts: u64, last_error: Option<&str>) -> View {
        let last_error = last_error.map(str::to_owned);
        View { name: "etcd".to_owned(), state, pid: None, restarts, last_error }
    }

    #[test]
    fn one_that_falls_is_told_at_once_and_given_up_in_the_end() {
        let (mut silence, begun) = (Silence::default(), Instant::now());
        let falls = etcd(State::BackingOff, 1, Some("it ended: exit status: 1; it said last:\nno"));
        let said = silence.note(Some(&falls), false, begun).expect("it fell").to_string();
        assert!(said.contains("exit status: 1") && said.contains("logs/etcd.log"), "{said}");
        let again = silence.note(Some(&falls), false, begun + Duration::from_secs(1));
        assert_eq!(again.expect("it fell").to_string(), said, "it is not news");
        assert!(!silence.is_too_long());
        assert!(silence.note(Some(&falls), false, begun + PATIENCE).is_some());
        assert!(silence.is_too_long());
        // It answered in between: it is waited for as long again.
        silence.note(Some(&falls), true, begun + PATIENCE);
        silence.note(Some(&falls), false, begun + PATIENCE * 2);
        assert!(!silence.is_too_long());
    }

    #[test]
    fn of_many_words_the_last_are_told() {
        let error = format!("it ended: 1; it said last:\na\nb\n{}\nd\ne\nf", "c".repeat(1000));
        let short = format!("it ended: 1; it said last:\n{}\nd\ne\nf", "c".repeat(300));
        assert_eq!(brief(&error), short);
        assert_eq!(brief("no connection"), "no connection");
    }

    #[test]
    fn one_that_only_is_slow_is_not_spoken_of_too_early() {
        let (mut silence, begun) = (Silence::default(), Instant::now());
        assert_eq!(silence.note(None, false, begun), None, "it was not started yet");
        let stopped = etcd(State::Down, 3, Some("it ended: exit status: 1"));
        assert_eq!(silence.note(Some(&stopped), false, begun), None, "its data were moved aside");
        assert_eq!(silence.note(Some(&stopped), false, begun + PATIENCE), None);
        assert!(!silence.is_too_long());
        let slow = etcd(State::Starting, 0, None);
        assert_eq!(silence.note(Some(&slow), false, begun + PATIENCE), None);
        assert!(silence.note(Some(&slow), false, begun + PATIENCE + QUIET).is_some());
        assert!(!silence.is_too_long());
    }
}
