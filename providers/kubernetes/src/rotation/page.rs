//! Lists of many objects, page by page. Of each object only what is asked for is kept, and a page's text is gone before
//! the next comes: a cluster has tens of thousands of pods, of ten kilobytes each.

use std::time::Duration;

use kprov_provider::ErrorClass;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::cluster::{Call, Cluster};
use crate::failure::ApiError;

/// Objects of a page: what kubectl asks for, too.
const PAGE: usize = 500;
/// A look is made again soon: it does not wait for long.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a list is begun anew whose pages have expired meanwhile (410).
const AGAIN: usize = 3;

#[derive(Deserialize)]
struct Page<T> {
    #[serde(default)]
    metadata: Metadata,
    items: Option<Vec<T>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

/// All objects at a path. `query` are further parameters, each with `&` before it.
pub(super) async fn list<T: DeserializeOwned>(
    cluster: &Cluster,
    path: &str,
    query: &str,
) -> Result<Vec<T>, ApiError> {
    let mut tries = 0;
    loop {
        match once(cluster, path, query).await {
            Err(error) if error.code == 410 && tries < AGAIN => tries += 1,
            result => return result,
        }
    }
}

async fn once<T: DeserializeOwned>(
    cluster: &Cluster,
    path: &str,
    query: &str,
) -> Result<Vec<T>, ApiError> {
    let mut all = Vec::new();
    let mut next = String::new();
    loop {
        let call = Call::get(format!("{path}?limit={PAGE}{query}{next}"));
        let text = cluster.text(&call, PATIENCE).await?;
        let page: Page<T> = serde_json::from_str(&text).map_err(|error| {
            let message = format!(
                "{} answered {path} with a list that cannot be understood ({error}).",
                cluster.url
            );
            ApiError::unanswered(ErrorClass::Retryable, message)
        })?;
        all.extend(page.items.into_iter().flatten());
        match page.metadata.next.filter(|token| !token.is_empty()) {
            // The tokens are base64 for URLs.
            Some(token) => next = format!("&continue={token}"),
            None => return Ok(all),
        }
    }
}
