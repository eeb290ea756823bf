//! Words of people: pause, resume, abort, rollback.

use kprov_rotation::{Code, Pause, Seconds, Strategies};
use kprov_state::{RotationWord, SpokenWord};

use super::kept::Kept;

impl Kept {
    /// Acts on a word.
    pub(super) fn hear(&mut self, word: &SpokenWord, strategies: &Strategies, now: Seconds) {
        match word.word {
            RotationWord::Resume => {
                self.beside.aborting = false;
                self.progress.resume(now);
            }
            RotationWord::Pause => self.progress.paused = Some(asked("paused", &word.who, now)),
            RotationWord::Abort => {
                self.beside.aborting = true;
                self.progress.paused = Some(asked("aborted", &word.who, now));
            }
            RotationWord::Rollback => {
                self.beside.aborting = false;
                self.progress.roll_back(strategies, now);
            }
        }
    }
}

fn asked(what: &str, who: &str, since: Seconds) -> Pause {
    Pause {
        code: Code::Asked,
        since,
        group: None,
        member: None,
        invariant: None,
        says: format!("{who} has {what} it."),
    }
}
