//! Which tokens were carried out, and what came of it: in a file, since a token is carried out once, also over a restart.
//! One that was begun and has no answer is carried out again: every step looks at what is so, not at what was done.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Answer, Asked};
use crate::files;
use crate::problem::Problem;

/// So many answers are kept: whoever asks may look back a few steps.
const KEPT: usize = 16;
/// So far clocks may be apart.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What was asked so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    /// What was asked before was asked of another machine of this name: a lease outlives machines, and comes back with a
    /// restore.
    #[serde(default)]
    void_before: Option<Timestamp>,
    /// What was begun and has no answer: as it was asked.
    #[serde(default)]
    open: Option<String>,
    /// The newest last.
    #[serde(default)]
    answers: Vec<Answer>,
}

/// What a token is to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    New,
    /// It was asked of somebody else.
    Void,
    Answered(Answer),
}

impl Ledger {
    /// Out of its file; nothing where there is none, or it makes no sense (steps do no harm twice).
    pub(crate) fn read(file: &Path) -> Ledger {
        let text = std::fs::read(file).ok();
        text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    fn write(&self, file: &Path) -> Result<(), Problem> {
        files::write(file, &serde_json::to_vec(self).unwrap_or_default(), 0o600)
    }

    /// The machine is new, if there is no ledger.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub(crate) fn open_at(file: &Path, now: Timestamp) -> Result<Ledger, Problem> {
        let mut ledger = Ledger::read(file);
        if !file.exists() {
            ledger.void_before = now.checked_sub(SKEW).ok();
            ledger.write(file)?;
        }
        Ok(ledger)
    }

    /// What is asked in data of the past is not asked now.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub(crate) fn restored(file: &Path, now: Timestamp) -> Result<(), Problem> {
        let mut ledger = Ledger::read(file);
        (ledger.void_before, ledger.open) = (Some(now), None);
        ledger.write(file)
    }

    /// Was it asked before?
    pub(crate) fn met(&self, asked: &Asked) -> Met {
        let answer = self.answers.iter().rev().find(|answer| answer.token == asked.token);
        if let Some(answer) = answer {
            return Met::Answered(answer.clone());
        }
        let void = |since: Timestamp| self.void_before.is_some_and(|begin| since < begin);
        if asked.since.is_some_and(void) { Met::Void } else { Met::New }
    }

    /// What a run before has begun and not ended.
    pub(crate) fn open(&self) -> Option<Asked> {
        Asked::read(self.open.as_deref()?)
    }

    /// The newest answer.
    pub(crate) fn last(&self) -> Option<&Answer> {
        self.answers.last()
    }

    /// Notes that it is begun.
    ///
    /// # Errors
    /// When it cannot be written down: then it must not be begun.
    pub(crate) fn begin(&mut self, asked: &str, file: &Path) -> Result<(), Problem> {
        self.open = Some(asked.to_owned());
        self.write(file)
    }

    /// Notes that it has ended.
    ///
    /// # Errors
    /// When it cannot be written down. Then a run to come does it again.
    pub(crate) fn end(&mut self, answer: Answer, file: &Path) -> Result<(), Problem> {
        self.open = None;
        self.answers.push(answer);
        let old = self.answers.len().saturating_sub(KEPT);
        self.answers.drain(..old);
        self.write(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::Task;
    use crate::rotation::asked::How;

    fn stop_api(token: &str, since: &str) -> (Asked, String) {
        let text = format!(r#"{{"step":"stop-api","token":"{token}","since":"{since}"}}"#);
        (Asked::read(&text).unwrap(), text)
    }

    const NOON: &str = "2026-11-27T12:00:00Z";

    fn met(ledger: &Ledger, token: &str) -> Met {
        ledger.met(&stop_api(token, NOON).0)
    }

    #[test]
    fn a_token_is_new_once_also_over_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("asked.json");
        let mut ledger = Ledger::read(&file);
        assert_eq!((met(&ledger, "t"), ledger.open(), ledger.last()), (Met::New, None, None));
        let (asked, text) = stop_api("t", NOON);
        ledger.begin(&text, &file).unwrap();
        // It was killed here: who comes after goes on.
        let mut again = Ledger::read(&file);
        assert_eq!(again.open(), Some(asked));
        assert_eq!(again.open().unwrap().task, Ok(Task::StopApi));
        assert_eq!(met(&again, "t"), Met::New);
        again.end(Answer::new("t", Err("no".to_owned())), &file).unwrap();
        let after = Ledger::read(&file);
        assert_eq!(after.open(), None);
        let Met::Answered(answer) = met(&after, "t") else { panic!("it was answered") };
        assert_eq!((answer.how, answer.why.as_str()), (How::Failed, "no"));
        assert_eq!(after.last(), Some(&answer));
        assert_eq!(met(&after, "u"), Met::New);
    }

    #[test]
    fn a_few_answers_are_kept_and_the_newest_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("asked.json");
        let mut ledger = Ledger::default();
        for number in 0..40 {
            ledger.end(Answer::new(&number.to_string(), Ok(())), &file).unwrap();
        }
        assert_eq!(met(&ledger, "23"), Met::New);
        assert!(matches!(met(&ledger, "24"), Met::Answered(_)));
        assert_eq!(ledger.last().unwrap().token, "39");
        std::fs::write(&file, "{").unwrap();
        assert_eq!(Ledger::read(&file), Ledger::default());
    }

    #[test]
    fn what_a_machine_before_was_asked_is_not_asked_of_this_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("asked.json");
        let noon: Timestamp = NOON.parse().unwrap();
        let ledger = Ledger::open_at(&file, noon).unwrap();
        let of = |ledger: &Ledger, since: &str| ledger.met(&stop_api("t", since).0);
        assert_eq!(of(&ledger, "2026-11-27T11:58:59Z"), Met::Void);
        assert_eq!(of(&ledger, "2026-11-27T11:59:30Z"), Met::New, "clocks are apart a little");
        let later = noon.checked_add(SignedDuration::from_hours(9)).unwrap();
        assert_eq!(Ledger::open_at(&file, later).unwrap(), ledger, "it is new once");
        let undated = Asked::read(r#"{"step":"snapshot","token":"t"}"#).unwrap();
        assert_eq!(ledger.met(&undated), Met::New);
        Ledger::restored(&file, later).unwrap();
        assert_eq!(of(&Ledger::read(&file), "2026-11-27T20:59:59Z"), Met::Void);
        assert_eq!(of(&Ledger::read(&file), "2026-11-27T21:00:00Z"), Met::New);
    }
}
