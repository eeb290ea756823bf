//! `etcd_snapshot`: there is a snapshot of etcd whose hash was checked, and which is no older than `max_age`. It takes none:
//! rotations and masters do.

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::{Path, Type, Value};
use kprov_provider::rotation::world::Snapshot;
use kprov_provider::rotation::{HookAction, HookCall, HookLook, Seconds};
use kprov_provider::{Attribute, AttributeError, Block, ProviderError, Schema, attribute};

use super::{connection, now};
use crate::pace::duration;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let age = Attribute::new(Type::String).default(Value::string("1h"));
    let block = Block::of(
        "There is a snapshot of etcd.",
        [("max_age", age.describe("How old it may be: \"1h\", \"90m\"."))],
    );
    Schema { version: 0, block }
});
/// Where the block does not say it.
const MAX_AGE: Seconds = 3600;

#[derive(Debug)]
pub(super) struct EtcdSnapshot;

#[async_trait]
impl HookAction for EtcdSnapshot {
    fn schema(&self) -> &Schema {
        &SCHEMA
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let age = attribute(config, "max_age");
        let wrong = age.as_str().filter(|text| duration(text).is_none());
        wrong
            .map(|text| {
                let message = format!("{text:?} is no duration: expected \"1h\" or \"90m\".");
                AttributeError::new(Path::attribute("max_age"), "Invalid duration", message)
            })
            .into_iter()
            .collect()
    }

    async fn look(&self, call: &HookCall<'_>) -> Result<HookLook, ProviderError> {
        let connection = connection(call)?;
        let max_age = attribute(call.config, "max_age");
        let max_age = max_age.as_str().and_then(duration).map_or(MAX_AGE, |age| age.as_secs());
        let now = now(connection);
        let etcd = connection.etcd(&connection.leases().await?, now);
        Ok(judged(etcd.and_then(|etcd| etcd.snapshot).as_ref(), max_age, now))
    }
}

fn judged(snapshot: Option<&Snapshot>, max_age: Seconds, now: Seconds) -> HookLook {
    let Some(snapshot) = snapshot.filter(|snapshot| snapshot.verified) else {
        return HookLook::NotYet("No master tells of a snapshot that was checked.".to_owned());
    };
    let age = now.saturating_sub(snapshot.taken_at);
    if age <= max_age {
        return HookLook::Done;
    }
    HookLook::NotYet(format!(
        "The newest snapshot of etcd is {age} s old, and {max_age} s are allowed."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_count_when_they_were_checked_and_are_young() {
        let snapshot = |verified| Snapshot { taken_at: 1000, verified, complete: false };
        assert_eq!(judged(Some(&snapshot(true)), 60, 1060), HookLook::Done);
        let old = judged(Some(&snapshot(true)), 60, 1061);
        assert!(matches!(old, HookLook::NotYet(why) if why.contains("61 s old")));
        assert!(matches!(judged(Some(&snapshot(false)), 60, 1000), HookLook::NotYet(_)));
        assert!(matches!(judged(None, 60, 1000), HookLook::NotYet(_)));
    }

    #[test]
    fn durations_are_checked() {
        let of =
            |age: &str| EtcdSnapshot.validate(&Value::object([("max_age", Value::string(age))]));
        assert!(of("90m").is_empty());
        assert!(of("soon")[0].message.contains("no duration"));
    }
}
