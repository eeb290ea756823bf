//! Planning and applying one object at a time, at a time that a test chooses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use kprov_core::{Host, Type, Value};
use kprov_provider::testing::{FakeHost, block_on, complete, proposed};
use kprov_provider::{
    CallContext, CreateRequest, Intent, Object, PlanRequest, PlannedObject, Provider,
    ProviderError, ReadRequest, Resource, UpdateRequest, attribute,
};

use crate::Pki;

/// A host of a certain time.
#[derive(Debug)]
struct At(FakeHost, SystemTime);

impl Host for At {
    fn now(&self) -> SystemTime {
        self.1
    }
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
    fn random(&self, buffer: &mut [u8]) {
        self.0.random(buffer);
    }
    fn env(&self, name: &str) -> Option<String> {
        self.0.env(name)
    }
}

/// 2024-01-01T00:00:00Z, where the kit's clock starts.
pub(super) const START: u64 = 1_704_067_200;

/// No two calls have the same randomness, as in life.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// An object, its type, and the day.
pub(super) struct World {
    ty: &'static str,
    pub(super) day: u64,
    pub(super) object: Value,
}

fn context(day: u64) -> CallContext {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(START + day * 86_400);
    CallContext {
        client: Arc::new(()),
        host: Arc::new(At(FakeHost::new(CALLS.fetch_add(1, Ordering::Relaxed)), at)),
    }
}

static PKI: Pki = Pki;

fn resource(ty: &str) -> &'static dyn Resource {
    PKI.resource(ty).expect("a type")
}

pub(super) fn plan(
    ty: &str,
    prior: Option<&Value>,
    config: &Value,
) -> Result<PlannedObject, ProviderError> {
    let block = &Pki.schema().resources[ty].schema.block;
    let config = complete(block, config);
    let proposed = proposed(block, prior, &config);
    let (private, provider) = (&[][..], &Value::NULL);
    let request = PlanRequest { prior, proposed: &proposed, config: &config, private, provider };
    resource(ty).plan(request)
}

fn intent() -> Intent {
    Intent { op: 1, token: "t".into() }
}

/// Makes an object on a day.
pub(super) fn make(ty: &str, config: &Value, day: u64) -> Result<Value, ProviderError> {
    let planned = plan(ty, None, config).expect("a plan").value;
    let (config, private) = (config.clone(), Vec::new());
    let request = CreateRequest { intent: intent(), planned, config, private };
    Ok(block_on(resource(ty).create(&context(day), request))?.value)
}

impl World {
    /// Makes an object.
    pub(super) fn new(ty: &'static str, config: &Value) -> World {
        World { ty, day: 0, object: make(ty, config, 0).expect("made") }
    }

    /// Reads it, as a refresh does.
    pub(super) fn refresh(&mut self) -> &Value {
        let request = vec![ReadRequest { prior: self.object.clone().into() }];
        let answer = block_on(resource(self.ty).read_many(&context(self.day), request));
        let object: Option<Object> = answer.into_iter().next().expect("an answer").expect("read");
        self.object = object.expect("it is there").value;
        &self.object
    }

    /// Refreshes and plans.
    pub(super) fn plan(&mut self, config: &Value) -> Result<PlannedObject, ProviderError> {
        self.refresh();
        plan(self.ty, Some(&self.object), config)
    }

    /// Refreshes, plans and applies; nothing may be replaced.
    pub(super) fn apply(&mut self, config: &Value) -> Result<&Value, ProviderError> {
        let planned = self.plan(config)?;
        assert!(planned.requires_replace.is_empty(), "{:?}", planned.requires_replace);
        if planned.value == self.object {
            return Ok(&self.object);
        }
        let request = UpdateRequest {
            intent: intent(),
            prior: self.object.clone().into(),
            planned: planned.value,
            config: config.clone(),
            private: Vec::new(),
        };
        self.object = block_on(resource(self.ty).update(&context(self.day), request))?.value;
        assert!(self.object.is_wholly_known());
        let again = plan(self.ty, Some(&self.object), config)?.value;
        assert_eq!(again, self.object, "a plan after an apply is empty");
        Ok(&self.object)
    }

    /// `kprov pki renew`
    pub(super) fn request_renewal(&mut self) {
        self.object = resource(self.ty).renewal_requested(&self.object).expect("renewable");
    }

    pub(super) fn text(&self, name: &str) -> String {
        text(&self.object, name)
    }
}

pub(super) fn text(value: &Value, name: &str) -> String {
    attribute(value, name).as_str().unwrap_or_else(|| panic!("{name} is no string")).to_owned()
}

pub(super) fn object(entries: &[(&'static str, Value)]) -> Value {
    Value::object(entries.iter().cloned())
}

pub(super) fn with(base: &[(&'static str, Value)], more: &[(&'static str, Value)]) -> Value {
    Value::object(base.iter().chain(more).cloned())
}

pub(super) fn list(items: &[&str]) -> Value {
    Value::list(Type::String, items.iter().map(|&item| item.into()).collect())
}

/// What is wrong with a configuration: where and why.
pub(super) fn problems(ty: &str, config: &Value) -> Vec<(String, String)> {
    let block = &Pki.schema().resources[ty].schema.block;
    let problems = Pki.resource(ty).expect("a type").validate(&complete(block, config));
    problems.into_iter().map(|it| (it.path.to_string(), it.message)).collect()
}

/// `subject { common_name = .. organizations = .. }` of a type.
pub(super) fn subject(ty: &str, name: &str, groups: &[&str]) -> (&'static str, Value) {
    let block = &Pki.schema().resources[ty].schema.block.blocks["subject"].block;
    let given = object(&[("common_name", name.into()), ("organizations", list(groups))]);
    ("subject", complete(block, &given))
}

/// `generation = .. primary = .. trusted_from = ..`
pub(super) fn steps(newest: i64, primary: i64, from: i64) -> [(&'static str, Value); 3] {
    [
        ("generation", Value::int(newest)),
        ("primary", Value::int(primary)),
        ("trusted_from", Value::int(from)),
    ]
}

/// A block of [`steps`] of `pki_kubernetes`.
pub(super) fn rotation(
    name: &'static str,
    newest: i64,
    primary: i64,
    from: i64,
) -> (&'static str, Value) {
    let block = &Pki.schema().resources["pki_kubernetes"].schema.block.blocks[name].block;
    (name, complete(block, &object(&steps(newest, primary, from))))
}

pub(super) fn authority() -> Vec<(&'static str, Value)> {
    vec![subject("pki_authority", "demo", &["Example"])]
}

pub(super) fn leaf(authority: &World) -> Vec<(&'static str, Value)> {
    vec![
        subject("pki_certificate", "ci", &["builders", "system:authenticated"]),
        ("dns_names", list(&["ci.example", "10.0.0.7"])),
        ("usages", list(&["server", "client"])),
        ("ca_certificate_pem", attribute(&authority.object, "certificate_pem")),
        ("ca_private_key_pem", attribute(&authority.object, "private_key_pem")),
        ("ca_generation", attribute(&authority.object, "generation")),
    ]
}
