//! The kit must be able to fail: a sound cloud passes, and each way to be wrong is found by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kprov_core::{Path, ProviderAddr, Type, Value};

use super::{Cases, failures};
use crate::testing::block_on;
use crate::{
    Attribute, AttributeError, Block, CallContext, CreateRequest, Creation, DeleteRequest,
    Imported, Object, PlanRequest, PlannedObject, Private, Provider, ProviderError, ProviderSchema,
    ReadRequest, Resource, ResourceSchema, Schema, SettleRequest, Settled, UpdateRequest,
    attribute, with_attributes,
};

/// What is wrong with the fake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    NoDescription,
    ForgetsToken,
    SecondDeleteFails,
    DeletesNothing,
    LeavesUnknown,
    ChangesPlanned,
    PlansAgain,
    PlansAtRandom,
    IgnoresConfig,
    ReadsOne,
    SeesNoDrift,
    DropsPrivate,
    SettlesAbsent,
    SettlesAlways,
    SettlesOldUpdate,
    ReplacesInPlace,
    NeverReplaces,
    AcceptsAll,
    RefusesUnknown,
    BlamesOther,
    TellsSecrets,
    ImportsOther,
    ImportsAny,
    UpdatesTwice,
    WrongType,
}

/// Objects by id, each with the token that made it.
type Objects = BTreeMap<u64, (String, Value)>;

#[derive(Clone, Debug)]
struct Cloud {
    flaw: Flaw,
    objects: Arc<Mutex<Objects>>,
    calls: Arc<Mutex<u64>>,
    schema: ProviderSchema,
}

fn schema(flaw: Flaw) -> ProviderSchema {
    let text = || Attribute::new(Type::String);
    let name = if flaw == Flaw::NoDescription { text() } else { text().describe("Its name.") };
    let zone = text().optional().describe("Where it is.");
    let attributes = [
        ("name", name.required()),
        ("zone", if flaw == Flaw::NeverReplaces { zone } else { zone.force_new() }),
        ("secret", text().optional().sensitive().describe("What it hides.")),
        ("id", text().computed().describe("Chosen by the cloud.")),
    ];
    let schema = Schema { version: 0, block: Block::of("A server.", attributes) };
    let resource = ResourceSchema { schema, creation: Creation::Token };
    ProviderSchema { resources: [("server".into(), resource)].into(), ..Default::default() }
}

impl Cloud {
    fn new(flaw: Flaw) -> Cloud {
        Cloud { flaw, objects: Arc::default(), calls: Arc::default(), schema: schema(flaw) }
    }

    fn objects(&self) -> MutexGuard<'_, Objects> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    /// Another number each time.
    fn count(&self) -> u64 {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls += 1;
        *calls
    }

    fn object(&self, value: Value) -> Object {
        Object { value, private: b"kept".to_vec() }
    }

    fn id(value: &Value) -> Option<u64> {
        attribute(value, "id").as_str()?.parse().ok()
    }

    fn find(&self, prior: &Value) -> Option<Value> {
        Some(self.objects().get(&Self::id(prior)?)?.1.clone())
    }

    fn by_token(&self, token: &str) -> Option<Value> {
        let objects = self.objects();
        objects.values().find(|(made_by, _)| made_by == token).map(|(_, value)| value.clone())
    }
}

#[async_trait]
impl Provider for Cloud {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("cloud")
    }

    fn schema(&self) -> &ProviderSchema {
        &self.schema
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        (ty == "server").then_some(self as &dyn Resource)
    }
}

#[async_trait]
impl Resource for Cloud {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let name = attribute(config, "name");
        let bad =
            name.as_str() == Some("bad") || (self.is(Flaw::RefusesUnknown) && !name.is_known());
        if !bad || self.is(Flaw::AcceptsAll) {
            return Vec::new();
        }
        let at = if self.is(Flaw::BlamesOther) { "zone" } else { "name" };
        let secret = attribute(config, "secret");
        let told = if self.is(Flaw::TellsSecrets) { secret.as_str() } else { None };
        let message = format!("Choose another name. {}", told.unwrap_or_default());
        vec![AttributeError::new(Path::attribute(at), "Invalid name", message)]
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let mut value = request.proposed.clone();
        if self.is(Flaw::PlansAgain) {
            value = with_attributes(&value, [("id", Value::unknown(Type::String))]);
        }
        if self.is(Flaw::PlansAtRandom) {
            let id = Value::string(self.count().to_string());
            value = with_attributes(&value, [("id", id)]);
        }
        if self.is(Flaw::IgnoresConfig) {
            value = with_attributes(&value, [("name", Value::string("fixed"))]);
        }
        let requires_replace = match self.is(Flaw::ReplacesInPlace) {
            true => vec![Path::attribute("name")],
            false => Vec::new(),
        };
        Ok(PlannedObject { value, requires_replace, private: Private::new() })
    }

    async fn read_many(
        &self,
        _context: &CallContext,
        mut requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        if self.is(Flaw::ReadsOne) {
            requests.truncate(1);
        }
        let read = |request: ReadRequest| {
            let found = self.find(&request.prior.value)?;
            let value = if self.is(Flaw::SeesNoDrift) { request.prior.value } else { found };
            let dropped = self.is(Flaw::DropsPrivate);
            let private = if dropped { Private::new() } else { request.prior.private };
            Some(Object { value, private })
        };
        requests.into_iter().map(|request| Ok(read(request))).collect()
    }

    async fn create(
        &self,
        _context: &CallContext,
        request: CreateRequest,
    ) -> Result<Object, ProviderError> {
        let token = request.intent.token.as_str();
        if let Some(made) = self.by_token(token).filter(|_| !self.is(Flaw::ForgetsToken)) {
            return Ok(self.object(made));
        }
        let id = self.count();
        let mut value = with_attributes(&request.planned, [("id", Value::string(id.to_string()))]);
        match self.flaw {
            Flaw::LeavesUnknown => return Ok(self.object(request.planned)),
            Flaw::ChangesPlanned => {
                value = with_attributes(&value, [("name", Value::string("other"))]);
            }
            Flaw::WrongType => value = with_attributes(&value, [("id", Value::int(1))]),
            _ => {}
        }
        self.objects().insert(id, (token.to_owned(), value.clone()));
        Ok(self.object(value))
    }

    async fn update(
        &self,
        _context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError> {
        let mut value = request.planned;
        if self.is(Flaw::UpdatesTwice) {
            let id = Value::string(self.count().to_string());
            value = with_attributes(&value, [("id", id)]);
        }
        if let Some(id) = Self::id(&request.prior.value)
            && let Some(object) = self.objects().get_mut(&id)
        {
            object.1 = value.clone();
        }
        Ok(self.object(value))
    }

    async fn delete(
        &self,
        _context: &CallContext,
        request: DeleteRequest,
    ) -> Result<(), ProviderError> {
        if self.is(Flaw::DeletesNothing) {
            return Ok(());
        }
        let id = Self::id(&request.prior.value);
        let gone = id.and_then(|id| self.objects().remove(&id)).is_none();
        if gone && self.is(Flaw::SecondDeleteFails) {
            return Err(ProviderError::rejected("Not found", "There is no such server."));
        }
        Ok(())
    }

    async fn settle(
        &self,
        _context: &CallContext,
        request: SettleRequest,
    ) -> Result<Settled, ProviderError> {
        if self.is(Flaw::SettlesAbsent) {
            return Ok(Settled::Absent);
        }
        let found = match &request.prior {
            Some(prior) if self.is(Flaw::SettlesOldUpdate) => Some(prior.value.clone()),
            Some(prior) => self.find(&prior.value),
            None if self.is(Flaw::SettlesAlways) => {
                Some(with_attributes(&request.planned, [("id", Value::string("7"))]))
            }
            None => self.by_token(&request.intent.token),
        };
        Ok(found.map_or(Settled::Absent, |value| Settled::Exists(self.object(value))))
    }

    async fn import(&self, _context: &CallContext, id: &str) -> Result<Imported, ProviderError> {
        let found = id.parse().ok().and_then(|id: u64| Some(self.objects().get(&id)?.1.clone()));
        let value = match (found, self.flaw) {
            (Some(found), Flaw::ImportsOther) => {
                let other = with_attributes(&found, [("name", Value::string("other"))]);
                let id = self.count();
                let other = with_attributes(&other, [("id", Value::string(id.to_string()))]);
                self.objects().insert(id, (String::new(), other.clone()));
                other
            }
            (Some(found), _) => found,
            (None, Flaw::ImportsAny) => Value::object([("id", Value::string(id))]),
            (None, _) => {
                return Err(ProviderError::rejected("Not found", "There is no such server."));
            }
        };
        Ok(Imported { object: self.object(value) })
    }
}

fn server(entries: &[(&str, &str)]) -> Value {
    Value::object(entries.iter().map(|&(name, value)| (name, Value::string(value))))
}

fn cases(cloud: &Cloud) -> Cases {
    let (drifting, counted) = (cloud.clone(), cloud.clone());
    Cases::new(server(&[("name", "a")]))
        .update(server(&[("name", "b"), ("secret", "hunter2")]))
        .replace(server(&[("name", "a"), ("zone", "z")]), "zone")
        .bad(server(&[("name", "bad"), ("secret", "hunter2")]), "name")
        .drift(move |value| {
            let id = Cloud::id(value).unwrap_or_default();
            if let Some(object) = drifting.objects().get_mut(&id) {
                object.1 = with_attributes(value, [("name", Value::string("drifted"))]);
            }
        })
        .import(|value| attribute(value, "id").as_str().unwrap_or_default().to_owned())
        .bad_id("no-such-id")
        .objects(move || counted.objects().len())
}

/// The rules that a flawed cloud breaks.
fn broken(flaw: Flaw) -> BTreeSet<&'static str> {
    let cloud = Cloud::new(flaw);
    let failures = block_on(failures(&cloud, "server", &cases(&cloud)));
    failures.into_iter().map(|failure| failure.rule).collect()
}

#[test]
fn a_sound_resource_passes() {
    assert_eq!(broken(Flaw::None), BTreeSet::new());
}

#[test]
fn each_flaw_is_found_by_its_rule() {
    let check = |flaw: Flaw, rule: &str| {
        let broken = broken(flaw);
        assert!(broken.contains(rule), "{flaw:?} must break {rule:?}, but broke {broken:?}");
    };
    check(Flaw::NoDescription, "schema");
    check(Flaw::ForgetsToken, "create is repeatable");
    check(Flaw::ForgetsToken, "objects are counted");
    check(Flaw::SecondDeleteFails, "delete is repeatable");
    check(Flaw::DeletesNothing, "delete");
    check(Flaw::LeavesUnknown, "results are known");
    check(Flaw::ChangesPlanned, "results keep what was planned");
    check(Flaw::PlansAgain, "plan after apply is empty");
    check(Flaw::PlansAtRandom, "plan is deterministic");
    check(Flaw::IgnoresConfig, "plan keeps the configuration");
    check(Flaw::ReadsOne, "read answers each question");
    check(Flaw::SeesNoDrift, "drift is seen");
    check(Flaw::DropsPrivate, "private is kept");
    check(Flaw::SettlesAbsent, "settle after a crash after create");
    check(Flaw::SettlesAbsent, "settle after a crash before update");
    check(Flaw::SettlesAlways, "settle after a crash before create");
    check(Flaw::SettlesOldUpdate, "settle after a crash after update");
    check(Flaw::ReplacesInPlace, "update");
    check(Flaw::NeverReplaces, "replace");
    check(Flaw::AcceptsAll, "bad input is refused at the attribute");
    check(Flaw::RefusesUnknown, "unknown input is accepted");
    check(Flaw::BlamesOther, "bad input is refused at the attribute");
    check(Flaw::TellsSecrets, "errors keep secrets");
    check(Flaw::ImportsOther, "import");
    check(Flaw::ImportsAny, "bad import ids are refused");
    check(Flaw::UpdatesTwice, "update is repeatable");
    check(Flaw::WrongType, "values have the schema's type");
}

#[test]
fn the_host_of_the_kit_is_decided_by_its_seed() {
    use crate::testing::FakeHost;
    use kprov_core::Host;
    let uuid = |seed| (&FakeHost::new(seed) as &dyn Host).uuid();
    assert_eq!(uuid(1), uuid(1));
    assert_ne!(uuid(1), uuid(2));
    let host = FakeHost::new(1).with_env("A", "b");
    assert_eq!((host.env("A"), host.env("B")), (Some("b".to_owned()), None));
    assert!(host.now() < host.now() && host.elapsed() < host.elapsed());
}
