//! The provider on an airplane in this process: both go by one stepped clock. Or over moto, where
//! `KPROV_MOTO_ENDPOINT` says so (`moto.rs`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use kprov_airplane::{Airplane, ClockKind, Config};
use kprov_core::{Host, Type, Value};
use kprov_provider::testing::kit::{self, Cases};
use kprov_provider::testing::{FakeHost, complete, proposed};
use kprov_provider::{
    CallContext, CreateRequest, DeleteRequest, Intent, Object, PlanRequest, PlannedObject,
    Provider, ProviderError, ReadRequest, Resource, UpdateRequest,
};

use super::mortality::{self, Mortality};
use super::moto::{self, Moto};
use crate::testing::{SteppedClock, in_process, in_process_after};
use crate::{Aws, Transport};

/// A server.
type Answer = dyn Fn(http::Request<Vec<u8>>) -> http::Response<Vec<u8>> + Send + Sync;

/// The provider on an airplane.
pub(super) struct Flight {
    aws: Aws,
    plane: Option<Arc<Airplane>>,
    clock: SteppedClock,
    hosts: Arc<AtomicU64>,
    mortality: Arc<Mortality>,
}

fn airplane() -> Arc<Airplane> {
    let config = Config { clock: ClockKind::Stepped, ..Config::default() };
    Arc::new(Airplane::new(config).unwrap())
}

impl Flight {
    pub(super) fn new() -> Flight {
        match Moto::of_this_test() {
            Some(moto) => {
                let clock = SteppedClock::default();
                Flight::with(None, clock, in_process(move |request| moto.answer(request)))
            }
            None => Flight::mortal(airplane()),
        }
    }

    /// Another process on the same airplane. It has a clock of its own: for what a dead one waited,
    /// nobody waits.
    pub(super) fn beside(&self) -> Flight {
        let plane = self.plane.clone().expect("this test is for airplane alone");
        Flight { hosts: self.hosts.clone(), ..Flight::mortal(plane) }
    }

    fn mortal(plane: Arc<Airplane>) -> Flight {
        let mortality = Arc::new(Mortality::default());
        let calling = mortality.clone();
        let arrive = move || calling.arrival();
        let flight = Flight::over(plane, |_, answer| in_process_after(arrive, answer));
        Flight { mortality, ..flight }
    }

    /// One to which requests take their time, each another one: up to 200 ms.
    pub(super) fn far() -> Flight {
        Flight::over(airplane(), |clock, answer| {
            let turn = AtomicU64::new(0);
            let latency = move || {
                let turn = turn.fetch_add(1, Ordering::Relaxed);
                clock.sleep(Duration::from_millis(20 + turn * 73 % 180))
            };
            in_process_after(latency, answer)
        })
    }

    fn over(
        airplane: Arc<Airplane>,
        http: impl FnOnce(SteppedClock, Box<Answer>) -> SharedHttpClient,
    ) -> Flight {
        let clock = SteppedClock::default();
        let (plane, time) = (airplane.clone(), clock.clone());
        let last = Mutex::new(clock.now());
        let answer = move |request: http::Request<Vec<u8>>| {
            let now = time.now();
            let passed = now.duration_since(std::mem::replace(&mut *last.lock().unwrap(), now));
            plane.advance(passed.unwrap_or_default().as_millis() as i64);
            plane.handle(request.map(Into::into)).map(|body| body.to_vec())
        };
        let http = http(clock.clone(), Box::new(answer));
        Flight::with(Some(airplane), clock, http)
    }

    fn with(plane: Option<Arc<Airplane>>, clock: SteppedClock, http: SharedHttpClient) -> Flight {
        let transport = Transport {
            http: Some(http),
            sleep: SharedAsyncSleep::new(clock.clone()),
            time: SharedTimeSource::new(clock.clone()),
        };
        let (aws, hosts) = (Aws::new(transport), Arc::new(AtomicU64::new(100)));
        Flight { aws, plane, clock, hosts, mortality: Arc::default() }
    }

    fn plane(&self) -> &Airplane {
        self.plane.as_ref().expect("this test is for airplane alone")
    }

    /// All that airplane has.
    pub(super) fn dump(&self) -> serde_json::Value {
        self.plane().dump()
    }

    /// How long ago it began.
    pub(super) fn passed(&self) -> Duration {
        self.clock.now().duration_since(SteppedClock::default().now()).unwrap()
    }

    /// Asks airplane itself: quotas, faults, conditions.
    pub(super) fn control(&self, method: &str, path: &str, body: serde_json::Value) {
        let request = http::Request::builder().method(method).uri(format!("/_airplane/{path}"));
        let answer = self.plane().handle(request.body(body.to_string().into()).unwrap());
        assert_eq!(answer.status(), 200, "{path}: {:?}", answer.body());
    }

    /// Cases of a type, with the provider's configuration.
    pub(super) fn cases(&self, config: Value) -> Cases {
        Cases::new(config).provider(provider())
    }

    /// Runs the kit over a type.
    pub(super) async fn check(&self, ty: &str, cases: Cases) {
        let config = cases.config().clone();
        let mut failures = self.failures(ty, cases).await;
        match self.plane {
            Some(_) => failures.extend(mortality::deaths(self, ty, &config).await),
            None => failures = moto::unknown(ty, failures),
        }
        assert!(failures.is_empty(), "{ty} breaks rules:\n  {}", failures.join("\n  "));
    }

    /// All rules that a type breaks.
    pub(super) async fn failures(&self, ty: &str, cases: Cases) -> Vec<String> {
        let failures = kit::failures(&self.aws, ty, &cases).await;
        failures.iter().map(ToString::to_string).collect()
    }

    pub(super) async fn context(&self) -> CallContext {
        let seed = self.hosts.fetch_add(1, Ordering::Relaxed);
        let host: Arc<dyn Host> = Arc::new(FakeHost::new(seed));
        let config = complete(&self.aws.schema().provider.block, &provider());
        CallContext { client: self.aws.configure(&config, &host).await.unwrap(), host }
    }

    fn resource(&self, ty: &str) -> &dyn Resource {
        self.aws.resource(ty).unwrap()
    }

    /// Plans and makes an object.
    pub(super) async fn try_make(&self, ty: &str, config: &Value) -> Result<Object, ProviderError> {
        self.try_make_in(&self.context().await, ty, config).await
    }

    /// [`Flight::try_make`] with a provider that is configured with more.
    pub(super) async fn try_make_as(
        &self,
        ty: &str,
        config: &Value,
        more: &[(&str, Value)],
    ) -> Result<Object, ProviderError> {
        let provider = complete(&self.aws.schema().provider.block, &provider_with(more));
        Flight::create_with(&self.aws, &provider, ty, config.clone()).await
    }

    /// Makes an object with a provider that is configured like this.
    pub(super) async fn create_with(
        aws: &Aws,
        provider: &Value,
        ty: &str,
        config: Value,
    ) -> Result<Object, ProviderError> {
        let host: Arc<dyn Host> = Arc::new(FakeHost::new(99));
        let client = aws.configure(provider, &host).await?;
        let block = &aws.schema().resources[ty].schema.block;
        let config = complete(block, &config);
        let request = CreateRequest {
            intent: Intent { op: 1, token: host.uuid().into() },
            planned: proposed(block, None, &config),
            config,
            private: Vec::new(),
        };
        aws.resource(ty).unwrap().create(&CallContext { client, host }, request).await
    }

    /// What becomes of an object with that configuration.
    pub(super) fn plan(&self, ty: &str, prior: &Object, config: &Value) -> PlannedObject {
        let block = &self.aws.schema().resources[ty].schema.block;
        let config = complete(block, config);
        let provider = complete(&self.aws.schema().provider.block, &provider());
        let request = PlanRequest {
            prior: Some(&prior.value),
            config: &config,
            proposed: &proposed(block, Some(&prior.value), &config),
            provider: &provider,
            private: &prior.private,
        };
        self.resource(ty).plan(request).unwrap()
    }

    /// Plans and makes a change in place.
    pub(super) async fn try_change(
        &self,
        ty: &str,
        prior: &Object,
        config: &Value,
    ) -> Result<Object, ProviderError> {
        let context = self.context().await;
        let planned = self.plan(ty, prior, config);
        let config = complete(&self.aws.schema().resources[ty].schema.block, config);
        let request = UpdateRequest {
            intent: Intent { op: 1, token: context.host.uuid().into() },
            prior: prior.clone(),
            planned: planned.value,
            config,
            private: planned.private,
        };
        self.resource(ty).update(&context, request).await
    }

    /// Plans and makes many objects at once, with one client.
    pub(super) async fn make_all(
        &self,
        ty: &str,
        configs: Vec<Value>,
    ) -> Vec<Result<Object, ProviderError>> {
        let context = self.context().await;
        let all = configs.iter().map(|config| self.try_make_in(&context, ty, config));
        futures::future::join_all(all).await
    }

    async fn try_make_in(
        &self,
        context: &CallContext,
        ty: &str,
        config: &Value,
    ) -> Result<Object, ProviderError> {
        let request = self.request(ty, context, config)?;
        self.resource(ty).create(context, request).await
    }

    /// Plans a new object.
    pub(super) fn request(
        &self,
        ty: &str,
        context: &CallContext,
        config: &Value,
    ) -> Result<CreateRequest, ProviderError> {
        let block = &self.aws.schema().resources[ty].schema.block;
        let config = complete(block, config);
        let problems = self.resource(ty).validate(&config);
        assert!(problems.is_empty(), "{ty}: {problems:?}");
        let provider = complete(&self.aws.schema().provider.block, &provider());
        let planned = self.resource(ty).plan(PlanRequest {
            prior: None,
            config: &config,
            proposed: &proposed(block, None, &config),
            provider: &provider,
            private: &[],
        })?;
        Ok(CreateRequest {
            intent: Intent { op: 1, token: context.host.uuid().into() },
            planned: planned.value,
            config,
            private: Vec::new(),
        })
    }

    /// How long its process lives.
    pub(super) fn mortality(&self) -> &Mortality {
        &self.mortality
    }

    /// Makes an object for others to stand on.
    pub(super) async fn make(&self, ty: &str, config: Value) -> Object {
        self.try_make(ty, &config).await.unwrap_or_else(|error| panic!("{ty}: {error}"))
    }

    /// [`Flight::make`]; its id.
    pub(super) async fn id(&self, ty: &str, config: Value) -> String {
        text(&self.make(ty, config).await.value, "id")
    }

    pub(super) async fn read(&self, ty: &str, object: &Object) -> Option<Object> {
        let context = self.context().await;
        let requests = vec![ReadRequest { prior: object.clone() }];
        let answer = self.resource(ty).read_many(&context, requests).await.pop();
        answer.unwrap().unwrap_or_else(|error| panic!("{ty}: {error}"))
    }

    pub(super) async fn delete(&self, ty: &str, object: Object) -> Result<(), ProviderError> {
        let context = self.context().await;
        let intent = Intent { op: 1, token: context.host.uuid().into() };
        self.resource(ty).delete(&context, DeleteRequest { intent, prior: object }).await
    }

    /// Reads a data source.
    pub(super) async fn data(&self, ty: &str, config: Value) -> Result<Value, ProviderError> {
        let context = self.context().await;
        let config = complete(&self.aws.schema().data_sources[ty].block, &config);
        self.aws.data_source(ty).unwrap().read(&context, &config).await
    }

    /// The provider.
    pub(super) fn aws(&self) -> &Aws {
        &self.aws
    }

    /// Reads many objects at once.
    pub(super) async fn read_all(&self, ty: &str, objects: &[Object]) -> Vec<Option<Object>> {
        let context = self.context().await;
        let requests = objects.iter().map(|it| ReadRequest { prior: it.clone() }).collect();
        let answers = self.resource(ty).read_many(&context, requests).await;
        answers.into_iter().map(|it| it.unwrap_or_else(|error| panic!("{ty}: {error}"))).collect()
    }
}

pub(super) fn provider() -> Value {
    let ours = Value::object([("tags", tags(&[("team", "core")]))]);
    Value::object([
        ("region", Value::string("eu-central-1")),
        ("access_key", Value::string("AIRPLANE123456789012")),
        ("secret_key", Value::string("airplane")),
        ("default_tags", Value::list(ours.ty(), vec![ours])),
    ])
}

/// [`provider`] with other arguments.
pub(super) fn provider_with(more: &[(&str, Value)]) -> Value {
    kprov_provider::with_attributes(&provider(), more.iter().cloned())
}

/// An attribute's text.
pub(super) fn text(object: &Value, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(super) fn tags(pairs: &[(&str, &str)]) -> Value {
    let entries = pairs.iter().map(|(key, value)| ((*key).into(), Value::string(*value)));
    Value::map(Type::String, entries.collect())
}

/// An object of JSON, as a configuration; lists are lists of what they hold.
pub(crate) fn config(json: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Object(entries) => {
            Value::object(entries.into_iter().map(|(name, value)| (name, config(value))))
        }
        Json::Array(items) => {
            let items: Vec<Value> = items.into_iter().map(config).collect();
            Value::list(items.first().map_or(Type::String, Value::ty), items)
        }
        Json::String(text) => Value::string(text),
        Json::Bool(truth) => Value::Bool(truth),
        Json::Number(number) => Value::int(number.as_i64().unwrap()),
        Json::Null => Value::NULL,
    }
}
