//! A configured provider, called as the engine calls it.

use std::sync::Arc;

use kprov_core::value::{from_json, implied_type};
use kprov_core::{Host, Value};
use kprov_provider::testing::{FakeHost, complete, kit, proposed};
use kprov_provider::{
    CallContext, CreateRequest, DeleteRequest, Intent, Object, PlanRequest, PlannedObject,
    Provider, ProviderError, ReadRequest, Resource, UpdateRequest,
};
use kprov_provider_kubernetes::Kubernetes;
use serde_json::Value as Json;

use crate::control_plane::{ControlPlane, Identity};

/// JSON as a configuration.
pub(crate) fn value(json: Json) -> Value {
    from_json(&json, &implied_type(&json)).expect("a value")
}

/// A configuration of that type, with blocks of the schema's type.
pub(crate) fn config(ty: &str, json: Json) -> Value {
    let provider = Kubernetes::default();
    let block = &provider.schema().resources[ty].schema.block;
    blocks(block, value(json))
}

/// Blocks as the engine decodes them: every attribute is there, and of the schema's type.
pub(crate) fn blocks(block: &kprov_provider::Block, value: Value) -> Value {
    let mut all =
        value.as_entries().cloned().unwrap_or_default().iter().cloned().collect::<Vec<_>>();
    for (name, given) in &mut all {
        let Some(nested) = block.blocks.get(name) else { continue };
        let whole = |item: &Value| complete(&nested.block, &blocks(&nested.block, item.clone()));
        let ty = nested.block.implied_type();
        *given = match nested.nesting {
            kprov_provider::Nesting::List => {
                Value::list(ty, given.as_items().unwrap_or_default().iter().map(whole).collect())
            }
            kprov_provider::Nesting::Set => {
                Value::set(ty, given.as_items().unwrap_or_default().iter().map(whole).collect())
            }
            _ => whole(given),
        };
    }
    Value::object(all)
}

/// The kit, in a runtime.
pub(crate) fn check(ty: &str, plane: &ControlPlane, cases: kit::Cases) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let cases = cases.provider(plane.provider(&plane.admin));
    let failures = runtime.block_on(kit::failures(&Kubernetes::default(), ty, &cases));
    let lines: Vec<String> = failures.iter().map(|failure| format!("  {failure}")).collect();
    assert!(lines.is_empty(), "{ty} breaks rules:\n{}", lines.join("\n"));
}

/// A configured provider.
pub(crate) struct Session {
    pub(crate) provider: Kubernetes,
    pub(crate) context: CallContext,
    op: u64,
}

impl Session {
    pub(crate) async fn new(plane: &ControlPlane, user: &Identity) -> Session {
        let provider = Kubernetes::default();
        let host: Arc<dyn Host> = Arc::new(FakeHost::new(plane.host.len() as u64));
        let config = complete(&provider.schema().provider.block, &plane.provider(user));
        let client = provider.configure(&config, &host).await.expect("a client");
        Session { provider, context: CallContext { client, host }, op: 0 }
    }

    fn resource(&self, ty: &str) -> &dyn Resource {
        self.provider.resource(ty).expect("a known type")
    }

    fn intent(&mut self) -> Intent {
        self.op += 1;
        Intent { op: self.op, token: self.context.host.uuid().into() }
    }

    pub(crate) fn plan(
        &self,
        ty: &str,
        prior: Option<&Object>,
        json: Json,
    ) -> Result<PlannedObject, ProviderError> {
        let block = &self.provider.schema().resources[ty].schema.block;
        let config = complete(block, &config(ty, json));
        let prior_value = prior.map(|object| &object.value);
        let proposed = proposed(block, prior_value, &config);
        let private = prior.map_or(&[][..], |object| &object.private);
        let request = PlanRequest {
            prior: prior_value,
            proposed: &proposed,
            config: &config,
            private,
            provider: &Value::NULL,
        };
        self.resource(ty).plan(request)
    }

    pub(crate) async fn create(&mut self, ty: &str, json: Json) -> Result<Object, ProviderError> {
        let planned = self.plan(ty, None, json.clone())?;
        let block = &self.provider.schema().resources[ty].schema.block;
        let config = complete(block, &config(ty, json));
        let intent = self.intent();
        let request =
            CreateRequest { intent, planned: planned.value, config, private: planned.private };
        self.resource(ty).create(&self.context, request).await
    }

    pub(crate) async fn update(
        &mut self,
        ty: &str,
        prior: &Object,
        json: Json,
    ) -> Result<Object, ProviderError> {
        let planned = self.plan(ty, Some(prior), json.clone())?;
        let block = &self.provider.schema().resources[ty].schema.block;
        let config = complete(block, &config(ty, json));
        let intent = self.intent();
        let request = UpdateRequest {
            intent,
            prior: prior.clone(),
            planned: planned.value,
            config,
            private: planned.private,
        };
        self.resource(ty).update(&self.context, request).await
    }

    pub(crate) async fn read(
        &self,
        ty: &str,
        prior: &Object,
    ) -> Result<Option<Object>, ProviderError> {
        let requests = vec![ReadRequest { prior: prior.clone() }];
        self.resource(ty).read_many(&self.context, requests).await.pop().expect("an answer")
    }

    pub(crate) async fn read_many(
        &self,
        ty: &str,
        all: &[Object],
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        let requests = all.iter().map(|prior| ReadRequest { prior: prior.clone() }).collect();
        self.resource(ty).read_many(&self.context, requests).await
    }

    pub(crate) async fn delete(&mut self, ty: &str, prior: Object) -> Result<(), ProviderError> {
        let intent = self.intent();
        self.resource(ty).delete(&self.context, DeleteRequest { intent, prior }).await
    }
}
