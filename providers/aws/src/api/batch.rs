//! [`Api::load`]: reads by id that are asked for at the same time become one call per page of ids.
//!
//! The first to ask opens a window; who asks while it is open joins. The work is one shared future
//! that any of those who wait drives, so nobody depends on another one's life.

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, try_join_all};

use super::{Api, AwsError};

/// How long a window is open.
const WINDOW: Duration = Duration::from_millis(10);
/// How many ids a call asks for.
pub(crate) const PAGE: usize = 100;

/// What a loader gives: objects by id. An id without object is not there.
pub(crate) type Found<T> = HashMap<String, T>;

type Answer<T> = Result<Arc<Found<T>>, AwsError>;

/// Ids that wait for the window to close; `None` once it has.
type Waiting = Arc<Mutex<Option<BTreeSet<String>>>>;

struct Window<T> {
    ids: Waiting,
    answer: Shared<BoxFuture<'static, Answer<T>>>,
}

/// By kind and region; each its own type.
type ByKind = HashMap<(&'static str, String), Box<dyn Any + Send>>;

#[derive(Default)]
pub(super) struct Batches(Mutex<ByKind>);

impl Api {
    /// The object of that id, or `None` where there is none. `kind` names the loader: all loads of
    /// one kind must pass the same one. It is given at most [`PAGE`] ids, and must ask by filter,
    /// not by id parameter, so that one id that is gone does not fail the others.
    ///
    /// # Errors
    /// That of the call, for all who share it.
    pub(crate) async fn load<T, F>(
        &self,
        kind: &'static str,
        id: &str,
        loader: fn(Api, Vec<String>) -> F,
    ) -> Result<Option<T>, AwsError>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<Found<T>, AwsError>> + Send + 'static,
    {
        if id.is_empty() {
            return Ok(None);
        }
        if let Some(told) = self.recall(kind, id)? {
            return Ok(told);
        }
        let answer = self.join(kind, id, loader);
        Ok(answer.await?.get(id).cloned())
    }

    /// Joins the open window of that kind, or opens one.
    fn join<T, F>(
        &self,
        kind: &'static str,
        id: &str,
        loader: fn(Api, Vec<String>) -> F,
    ) -> Shared<BoxFuture<'static, Answer<T>>>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<Found<T>, AwsError>> + Send + 'static,
    {
        let mut windows = self.shared.batches.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (kind, self.region().to_owned());
        if let Some(open) = windows.get(&key).and_then(|any| any.downcast_ref::<Window<T>>())
            && let Some(ids) = &mut *open.ids.lock().unwrap_or_else(PoisonError::into_inner)
        {
            ids.insert(id.to_owned());
            return open.answer.clone();
        }
        let ids: Waiting = Arc::new(Mutex::new(Some([id.to_owned()].into())));
        let answer = answer(self.plain(), ids.clone(), loader).boxed().shared();
        windows.insert(key, Box::new(Window { ids, answer: answer.clone() }));
        answer
    }
}

async fn answer<T, F>(api: Api, ids: Waiting, loader: fn(Api, Vec<String>) -> F) -> Answer<T>
where
    F: Future<Output = Result<Found<T>, AwsError>> + Send + 'static,
{
    api.sleep(WINDOW).await;
    let ids = ids.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
    Ok(Arc::new(load_all(&api, ids.into_iter().collect(), loader).await?))
}

/// All pages at once.
pub(super) async fn load_all<T, F>(
    api: &Api,
    ids: Vec<String>,
    loader: fn(Api, Vec<String>) -> F,
) -> Result<Found<T>, AwsError>
where
    F: Future<Output = Result<Found<T>, AwsError>> + Send + 'static,
{
    let pages = ids.chunks(PAGE).map(|page| loader(api.clone(), page.to_vec()));
    Ok(try_join_all(pages).await?.into_iter().flatten().collect())
}
