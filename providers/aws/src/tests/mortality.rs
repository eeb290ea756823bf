//! [`Mortality`]: a process that dies after one of its calls, and what those who come later find.
//!
//! What a dead process asks arrives nowhere and is never answered. Whatever it had made by then must
//! be found by who settles its create, once, and nothing may stay behind when that is deleted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_smithy_async::rt::sleep::Sleep;
use kprov_core::Value;
use kprov_provider::{DeleteRequest, Provider, SettleRequest, Settled};
use tokio::sync::Notify;

use super::flight::Flight;

/// More calls than any create makes.
const ENDLESS: u64 = 200;

/// What AWS writes down about the past, or holds in transit.
const HISTORY: [&str; 4] =
    ["autoscaling.activities", "route53.changes", "sqs.graves", "sqs.messages"];

/// How many calls are left to the process.
#[derive(Debug)]
pub(super) struct Mortality {
    left: AtomicU64,
    died: Notify,
}

impl Default for Mortality {
    fn default() -> Mortality {
        Mortality { left: AtomicU64::new(u64::MAX), died: Notify::new() }
    }
}

impl Mortality {
    /// Before a call: the time until it arrives. That of a dead process never does.
    pub(super) fn arrival(self: &Arc<Mortality>) -> Sleep {
        let less = |left: u64| left.checked_sub(1);
        match self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
            Ok(_) => Sleep::new(std::future::ready(())),
            Err(_) => {
                self.died.notify_one();
                Sleep::new(std::future::pending())
            }
        }
    }

    /// Does the work of a process that has so many calls to live; `None` where it died.
    async fn live<T>(&self, calls: u64, work: impl Future<Output = T>) -> Option<T> {
        self.left.store(calls, Ordering::Relaxed);
        let ended = tokio::select! {
            biased;
            () = self.died.notified() => None,
            done = work => Some(done),
        };
        self.left.store(u64::MAX, Ordering::Relaxed);
        ended
    }
}

/// Objects by type, without those that AWS makes itself.
fn objects(flight: &Flight) -> BTreeMap<String, usize> {
    let dump = flight.dump();
    let mut counts = BTreeMap::new();
    for object in dump.as_array().unwrap() {
        let ty = object["type"].as_str().unwrap();
        if object["implicit"] != true && !HISTORY.contains(&ty) {
            *counts.entry(ty.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// What goes wrong when the process that creates an object dies after its first call, its second ...
pub(super) async fn deaths(flight: &Flight, ty: &str, config: &Value) -> Vec<String> {
    let mut failures = Vec::new();
    for calls in 1..ENDLESS {
        let before = objects(flight);
        let doomed = flight.beside();
        let context = doomed.context().await;
        let request = doomed.request(ty, &context, config).unwrap();
        let work = doomed.aws().resource(ty).unwrap().create(&context, request.clone());
        let ended = doomed.mortality().live(calls, work).await;
        let settle = SettleRequest {
            intent: request.intent,
            prior: None,
            planned: request.planned,
            private: request.private,
            age: Some(Duration::ZERO),
        };
        let story = format!("death after {calls} calls");
        if let Err(why) = settled(&flight.beside(), ty, settle, ended.is_some()).await {
            failures.push(format!("{story}: {why}"));
        }
        let after = objects(flight);
        if before != after {
            failures.push(format!("{story}: {before:?} became {after:?}"));
        }
        if ended.is_some() || failures.len() > 3 {
            break;
        }
    }
    failures
}

/// Settles the create and deletes what was made.
async fn settled(
    flight: &Flight,
    ty: &str,
    request: SettleRequest,
    finished: bool,
) -> Result<(), String> {
    let resource = flight.aws().resource(ty).unwrap();
    let context = flight.context().await;
    let intent = request.intent.clone();
    match resource.settle(&context, request).await {
        Ok(Settled::Exists(prior)) => {
            let delete = DeleteRequest { intent, prior };
            resource.delete(&context, delete).await.map_err(|error| error.to_string())
        }
        Ok(Settled::Absent) if finished => Err("a finished create is not found".to_owned()),
        Ok(Settled::Absent) => Ok(()),
        Ok(Settled::Unfinished(_, why)) => Err(format!("it cannot be finished: {why}")),
        Err(error) => Err(format!("it cannot be settled: {error}")),
    }
}
