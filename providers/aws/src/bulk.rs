//! Loaders for APIs whose lists take ids but fail when one is gone, or that have no list at all.

use std::collections::HashMap;

use futures::future::{join_all, try_join_all};

use crate::api::AwsError;

/// Objects by id.
pub(crate) type Found<T> = HashMap<String, T>;

/// One call per id; ids that are not found are left out.
///
/// # Errors
/// The first other error.
pub(crate) async fn each<T, F>(
    ids: Vec<String>,
    ask: impl Fn(String) -> F + Sync,
) -> Result<Found<T>, AwsError>
where
    F: Future<Output = Result<T, AwsError>>,
{
    let asks = ids.into_iter().map(|id| {
        let answer = ask(id.clone());
        async move {
            match answer.await {
                Ok(found) => Ok(Some((id, found))),
                Err(error) if error.is_not_found() => Ok(None),
                Err(error) => Err(error),
            }
        }
    });
    Ok(try_join_all(asks).await?.into_iter().flatten().collect())
}

/// Groups of at most `size` ids per call. Where AWS refuses a group because one of it is gone, its
/// halves are asked for.
///
/// # Errors
/// The first error that is not about what is gone.
pub(crate) async fn groups<T, F>(
    ids: Vec<String>,
    size: usize,
    ask: impl Fn(Vec<String>) -> F + Sync,
) -> Result<Found<T>, AwsError>
where
    F: Future<Output = Result<Vec<(String, T)>, AwsError>>,
{
    let mut waiting: Vec<Vec<String>> = ids.chunks(size).map(<[String]>::to_vec).collect();
    let mut found = Found::new();
    while !waiting.is_empty() {
        let answers = join_all(waiting.iter().map(|group| ask(group.clone()))).await;
        let mut halves = Vec::new();
        for (group, answer) in waiting.iter().zip(answers) {
            match answer {
                Ok(objects) => found.extend(objects),
                Err(error) if error.is_not_found() => {
                    if group.len() > 1 {
                        halves
                            .extend(group.chunks(group.len().div_ceil(2)).map(<[String]>::to_vec));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        waiting = halves;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use kprov_provider::testing::block_on;

    use super::*;

    fn ids(count: usize) -> Vec<String> {
        (0..count).map(|n| n.to_string()).collect()
    }

    #[test]
    fn one_that_is_gone_does_not_hide_the_others() {
        let calls = std::sync::atomic::AtomicUsize::new(0);
        let found = block_on(groups(ids(25), 20, |group| {
            calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            async move {
                if group.iter().any(|id| id == "3") {
                    return Err(AwsError::refused("LoadBalancerNotFound", "gone"));
                }
                Ok(group.into_iter().map(|id| (id, ())).collect())
            }
        }));
        assert_eq!(found.unwrap().len(), 24);
        assert!(calls.into_inner() <= 12);
    }

    #[test]
    fn other_errors_are_told() {
        let ask = |_| async { Err::<(), _>(AwsError::refused("AccessDenied", "no")) };
        assert!(block_on(each(ids(2), ask)).is_err());
        let ask = |_| async { Err::<(), _>(AwsError::refused("NoSuchEntity", "no")) };
        assert!(block_on(each(ids(2), ask)).unwrap().is_empty());
    }
}
