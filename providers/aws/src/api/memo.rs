//! [`Api::remember`]: answers that change seldom, kept for a while by who looks again and again.
//!
//! Only for looks that repeat within seconds (rotations); what is decided once asks AWS.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::{Api, AwsError};

/// By kind, region and id.
type Key = (&'static str, String, String);

/// An answer, and when it was given.
type Given = (SystemTime, Box<dyn Any + Send>);

/// Answers that were given.
#[derive(Default)]
pub(super) struct Memo(Mutex<HashMap<Key, Given>>);

impl Api {
    /// What was answered at most `age` ago, or what `ask` answers. Each kind has a type of its own. `fits` says whether
    /// an answer still does.
    ///
    /// # Errors
    /// That of `ask`; it is not kept.
    pub(crate) async fn remember<T, F>(
        &self,
        kind: &'static str,
        id: &str,
        age: Duration,
        fits: impl Fn(&T) -> bool + Send,
        ask: impl FnOnce() -> F + Send,
    ) -> Result<T, AwsError>
    where
        T: Clone + Send + 'static,
        F: Future<Output = Result<T, AwsError>> + Send,
    {
        let key = (kind, self.region().to_owned(), id.to_owned());
        if let Some(known) = self.remembered(&key, age).filter(fits) {
            return Ok(known);
        }
        let answer = ask().await?;
        let mut all = self.shared.memo.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(key, (self.now(), Box::new(answer.clone())));
        Ok(answer)
    }

    fn remembered<T: Clone + 'static>(&self, key: &Key, age: Duration) -> Option<T> {
        let all = self.shared.memo.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, answer) = all.get(key)?;
        (self.since(*at) <= age).then(|| answer.downcast_ref::<T>().cloned())?
    }
}
