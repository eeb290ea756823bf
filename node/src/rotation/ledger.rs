//! Which tokens were carried out, and what came of it: in a file, since a token is carried out once, also over a restart.
//! One that was begun and has no answer is carried out again: every step looks at what is so, not at what was done.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Answer, Asked};
use crate::files;
use crate::problem::Problem;

/// So many answers are kept: whoever asks may look back a few steps.
const KEPT: usize = 16;

/// What was asked so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ledger {
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

    /// Was it asked before?
    pub(crate) fn met(&self, token: &str) -> Met {
        let answer = self.answers.iter().rev().find(|answer| answer.token == token);
        answer.map_or(Met::New, |answer| Met::Answered(answer.clone()))
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
    use crate::rotation::{How, Task};

    #[test]
    fn a_token_is_new_once_also_over_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("asked.json");
        let mut ledger = Ledger::read(&file);
        assert_eq!((ledger.met("t"), ledger.open(), ledger.last()), (Met::New, None, None));
        let text = r#"{"step":"stop-api","token":"t"}"#;
        ledger.begin(text, &file).unwrap();
        // It was killed here: who comes after goes on.
        let mut again = Ledger::read(&file);
        let open = again.open().expect("it is open");
        assert_eq!((open.token.as_str(), open.task), ("t", Ok(Task::StopApi)));
        assert_eq!(again.met("t"), Met::New);
        again.end(Answer::new("t", Err("no".to_owned())), &file).unwrap();
        let after = Ledger::read(&file);
        assert_eq!(after.open(), None);
        let Met::Answered(answer) = after.met("t") else { panic!("it was answered") };
        assert_eq!((answer.how, answer.why.as_str()), (How::Failed, "no"));
        assert_eq!(after.last(), Some(&answer));
        assert_eq!(after.met("u"), Met::New);
    }

    #[test]
    fn a_few_answers_are_kept_and_the_newest_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("asked.json");
        let mut ledger = Ledger::default();
        for number in 0..40 {
            ledger.end(Answer::new(&number.to_string(), Ok(())), &file).unwrap();
        }
        assert_eq!(ledger.met("23"), Met::New);
        assert!(matches!(ledger.met("24"), Met::Answered(_)));
        assert_eq!(ledger.last().unwrap().token, "39");
        std::fs::write(&file, "{").unwrap();
        assert_eq!(Ledger::read(&file), Ledger::default());
    }
}
