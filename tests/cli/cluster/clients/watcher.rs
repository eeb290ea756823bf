//! Who watches the objects that the others write: what must hold is that events come in the order of revisions, that none is
//! missing or comes twice, and that a watch ends as its server wants it to, or not at all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use serde_json::Value as Json;
use tokio::sync::watch;

use super::wire::{Sent, open, send};
use super::{Access, NAMESPACE, Tally};

/// What was seen so far.
#[derive(Default)]
pub(super) struct Seen {
    /// None before the first list.
    revision: Option<u64>,
    /// By object: the last number.
    numbers: BTreeMap<String, u64>,
}

impl Seen {
    /// Watches until the end.
    pub(super) async fn watch(
        mut self,
        mut access: watch::Receiver<Arc<Access>>,
        mut end: watch::Receiver<bool>,
        tally: Arc<Mutex<Tally>>,
        begun: Instant,
    ) {
        let locked = || tally.lock().unwrap_or_else(PoisonError::into_inner);
        while !*end.borrow() {
            let by = Arc::clone(&access.borrow_and_update());
            let ended = tokio::select! {
                ended = self.once(&by, &tally) => ended,
                _ = end.wait_for(|end| *end) => return,
            };
            match ended {
                Ok(wait) => {
                    locked().resumed += 1;
                    tokio::time::sleep(wait).await;
                }
                Err(why) => {
                    let when = begun.elapsed().as_secs_f64();
                    locked().failed.push(format!("{when:.3} s, watch: {why}"));
                    // A list tells where to go on; what was between is not known.
                    self.revision = None;
                }
            }
        }
    }

    /// One watch, until its server ends it. How long to wait then.
    async fn once(&mut self, by: &Access, tally: &Mutex<Tally>) -> Result<Duration, String> {
        let path = format!("/api/v1/namespaces/{NAMESPACE}/configmaps");
        let sender = by.connect().await?;
        let revision = match self.revision {
            Some(revision) => revision,
            None => match send(sender.clone(), Method::GET, &path, Bytes::new()).await {
                Sent::Answer(status, text) if status.is_success() => {
                    let list: Json = serde_json::from_str(&text).map_err(|it| it.to_string())?;
                    revision_of(&list).ok_or("a list without a revision")?
                }
                Sent::Answer(status, text) => return Err(format!("{status}: {text}")),
                Sent::PutOff(wait) => return Ok(wait),
                Sent::Unsent | Sent::Refused => return Ok(Duration::ZERO),
                Sent::Broken(why) => return Err(why),
            },
        };
        self.revision = Some(revision);
        let path = format!("{path}?watch=1&resourceVersion={revision}");
        let answer = match open(sender, Method::GET, &path, Bytes::new()).await {
            Ok(answer) => answer,
            Err(Sent::Broken(why)) => return Err(why),
            Err(_) => return Ok(Duration::ZERO),
        };
        let (parts, mut body) = answer.into_parts();
        if parts.status == 503 && parts.headers.contains_key(http::header::RETRY_AFTER) {
            return Ok(Duration::from_secs(1));
        }
        if !parts.status.is_success() {
            return Err(format!("{}", parts.status));
        }
        let mut rest = Vec::new();
        while let Some(data) = body.data().await {
            let data = data.map_err(|error| format!("broke off: {error}"))?;
            let _ = body.flow_control().release_capacity(data.len());
            rest.extend_from_slice(&data);
            while let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=at).collect();
                self.event(&line)?;
                tally.lock().unwrap_or_else(PoisonError::into_inner).events += 1;
            }
        }
        Ok(Duration::ZERO)
    }

    fn event(&mut self, line: &[u8]) -> Result<(), String> {
        let event: Json = serde_json::from_slice(line).map_err(|it| it.to_string())?;
        let object = &event["object"];
        if event["type"] == "ERROR" {
            return Err(format!("the watch failed: {object}"));
        }
        let revision = revision_of(object).ok_or("an event without a revision")?;
        if self.revision.is_some_and(|last| revision <= last) {
            return Err(format!("revision {revision} came after {:?}", self.revision));
        }
        self.revision = Some(revision);
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let number = object["data"]["number"].as_str().and_then(|it| it.parse::<u64>().ok());
        if let Some(number) = number {
            let last = self.numbers.insert(name.to_owned(), number);
            // A writer whose write was not acknowledged may have skipped one; nobody goes back.
            if last.is_some_and(|last| number <= last) {
                return Err(format!("{name} went from {last:?} to {number}"));
            }
        }
        Ok(())
    }
}

fn revision_of(object: &Json) -> Option<u64> {
    object["metadata"]["resourceVersion"].as_str()?.parse().ok()
}
