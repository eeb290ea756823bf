//! What the suites share: a seeded host, short ways to make objects and entries.
#![allow(dead_code, reason = "each suite uses a part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use kprov_core::{
    DeposedKey, Host, InstanceAddr, InstanceKey, ModuleAddr, ModulePath, ObjectAddr, ProviderAddr,
    ProviderConfigAddr, ResourceAddr, ResourceMode, ResourceName, Str,
};
use kprov_state::{
    ActionKind, Entry, FailureClass, HowSettled, LockInfo, ObjectStatus, OpId, RunOutcome, Store,
    StoredObject,
};
use serde_json::value::RawValue;

/// Counts instead of drawing: deterministic, and never the same bytes twice.
#[derive(Debug, Default)]
pub(crate) struct TestHost(AtomicU64);

impl TestHost {
    pub(crate) fn shared() -> Arc<dyn Host> {
        Arc::new(TestHost::default())
    }
}

impl Host for TestHost {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn random(&self, buffer: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        for (i, byte) in buffer.iter_mut().enumerate() {
            *byte = count.wrapping_mul(31).wrapping_add(i as u64) as u8;
        }
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }
}

pub(crate) const AT: &str = "2026-01-01T00:00:00Z";

pub(crate) fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

pub(crate) fn resource(name: &str) -> ResourceName {
    ResourceName { mode: ResourceMode::Managed, ty: "t".into(), name: name.into() }
}

/// `t.NAME`
pub(crate) fn current(name: &str) -> ObjectAddr {
    keyed(name, InstanceKey::None)
}

pub(crate) fn keyed(name: &str, key: InstanceKey) -> ObjectAddr {
    InstanceAddr { module: ModuleAddr::root(), resource: resource(name), key }.current()
}

pub(crate) fn deposed(name: &str, key: &str) -> ObjectAddr {
    ObjectAddr { deposed: Some(DeposedKey(key.into())), ..current(name) }
}

pub(crate) fn provider() -> ProviderConfigAddr {
    ProviderConfigAddr {
        module: ModulePath::root(),
        provider: ProviderAddr::hashicorp("null"),
        alias: None,
    }
}

pub(crate) fn dependency(name: &str) -> ResourceAddr {
    ResourceAddr { module: ModulePath::root(), resource: resource(name) }
}

pub(crate) fn object(id: &str) -> StoredObject {
    StoredObject {
        provider: provider(),
        schema_version: 0,
        attributes: raw(&format!("{{\"id\":{id:?}}}")),
        sensitive_paths: None,
        status: ObjectStatus::Ready,
        dependencies: Vec::new(),
        create_before_destroy: false,
        private: Vec::new(),
    }
}

pub(crate) fn started() -> Entry {
    Entry::RunStarted {
        command: "apply".to_owned(),
        plan_digest: String::new(),
        who: "me@here".to_owned(),
        pid: 1,
    }
}

pub(crate) fn intended(op: u64, address: &ObjectAddr, action: ActionKind) -> Entry {
    Entry::Intended {
        op: OpId(op),
        object: address.clone(),
        action,
        token: Str::from("token"),
        provider: provider(),
        planned: Some(raw("{\"a\": 1}")),
        private: vec![0, 255],
        adopt: Some(Box::new(object("adopt"))),
    }
}

pub(crate) fn succeeded(op: u64, address: &ObjectAddr, object: Option<StoredObject>) -> Entry {
    Entry::Succeeded { op: OpId(op), address: address.clone(), object: object.map(Box::new) }
}

pub(crate) fn failed(
    op: u64,
    address: &ObjectAddr,
    class: FailureClass,
    object: Option<StoredObject>,
) -> Entry {
    Entry::Failed {
        op: OpId(op),
        address: address.clone(),
        class,
        message: "no".to_owned(),
        object: object.map(Box::new),
    }
}

pub(crate) fn settled(
    op: u64,
    address: &ObjectAddr,
    how: HowSettled,
    object: Option<StoredObject>,
) -> Entry {
    Entry::Settled { op: OpId(op), address: address.clone(), how, object: object.map(Box::new) }
}

pub(crate) fn set(address: &ObjectAddr, object: StoredObject) -> Entry {
    Entry::ObjectSet { address: address.clone(), object: Box::new(object) }
}

pub(crate) fn finished() -> Entry {
    Entry::RunFinished { outcome: RunOutcome::Succeeded }
}

/// Appends to the default workspace in a run of its own.
pub(crate) fn write(store: &dyn Store, entries: &[Entry]) {
    let run = store.begin_run("default", started(), AT).unwrap();
    store.append("default", run, AT, entries).unwrap();
}

pub(crate) fn lock_info(id: &str) -> LockInfo {
    LockInfo {
        id: id.to_owned(),
        who: "me@here".to_owned(),
        since: AT.to_owned(),
        command: "apply".to_owned(),
        pid: std::process::id(),
        host: "here".to_owned(),
    }
}
