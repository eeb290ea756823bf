//! [`Grounded`]: the AWS provider, whose futures wait, as one whose futures are done at once: a bench
//! performs one effect after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use kprov_apply::Clients;
use kprov_core::{Host, ProviderAddr, ProviderConfigAddr, Str, Value};
use kprov_provider::{
    AttributeError, CallContext, Client, CreateRequest, DataSource, DeleteRequest, Object,
    PlanRequest, PlannedObject, Provider, ProviderError, ProviderSchema, ReadRequest, Resource,
    SettleRequest, Settled, UpdateRequest,
};
use kprov_provider_aws::Aws;
use tokio::runtime::Runtime;

/// See the module.
#[derive(Debug)]
pub(crate) struct Grounded {
    aws: Arc<Aws>,
    client: Client,
    host: Arc<dyn Host>,
    resources: BTreeMap<Str, Type>,
    sources: BTreeMap<Str, Type>,
}

/// The code of one type.
#[derive(Debug)]
struct Type {
    name: Str,
    aws: Arc<Aws>,
    runtime: Arc<Runtime>,
}

impl Grounded {
    /// Configured.
    pub(crate) fn new(aws: Aws, config: &Value, host: &Arc<dyn Host>) -> Grounded {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let client = runtime.block_on(aws.configure(config, host)).expect("a valid configuration");
        let (aws, runtime) = (Arc::new(aws), Arc::new(runtime));
        let types = |names: Vec<&Str>| {
            let one = |name: &Str| Type {
                name: name.clone(),
                aws: aws.clone(),
                runtime: runtime.clone(),
            };
            names.into_iter().map(|name| (name.clone(), one(name))).collect::<BTreeMap<_, _>>()
        };
        let schema = aws.schema();
        let resources = types(schema.resources.keys().collect());
        let sources = types(schema.data_sources.keys().collect());
        Grounded { aws: aws.clone(), client, host: host.clone(), resources, sources }
    }
}

/// Connections to it.
#[derive(Debug)]
pub(crate) struct Ground(pub(crate) Arc<Grounded>);

#[async_trait]
impl Clients for Ground {
    fn provider(&self, addr: &ProviderConfigAddr) -> Result<Arc<dyn Provider>, ProviderError> {
        assert_eq!(addr.provider, self.0.addr(), "there is no other");
        Ok(self.0.clone())
    }

    async fn context(&self, _addr: &ProviderConfigAddr) -> Result<CallContext, ProviderError> {
        Ok(CallContext { client: self.0.client.clone(), host: self.0.host.clone() })
    }
}

#[async_trait]
impl Provider for Grounded {
    fn addr(&self) -> ProviderAddr {
        self.aws.addr()
    }

    fn schema(&self) -> &ProviderSchema {
        self.aws.schema()
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        self.resources.get(ty).map(|ty| ty as &dyn Resource)
    }

    fn data_source(&self, ty: &str) -> Option<&dyn DataSource> {
        self.sources.get(ty).map(|ty| ty as &dyn DataSource)
    }
}

impl Type {
    fn code(&self) -> &dyn Resource {
        self.aws.resource(&self.name).expect("a type in the schema has code")
    }
}

#[async_trait]
impl Resource for Type {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        self.code().validate(config)
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        self.code().plan(request)
    }

    async fn read_many(
        &self,
        context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        self.runtime.block_on(self.code().read_many(context, requests))
    }

    async fn create(
        &self,
        context: &CallContext,
        request: CreateRequest,
    ) -> Result<Object, ProviderError> {
        self.runtime.block_on(self.code().create(context, request))
    }

    async fn update(
        &self,
        context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError> {
        self.runtime.block_on(self.code().update(context, request))
    }

    async fn delete(
        &self,
        context: &CallContext,
        request: DeleteRequest,
    ) -> Result<(), ProviderError> {
        self.runtime.block_on(self.code().delete(context, request))
    }

    async fn settle(
        &self,
        context: &CallContext,
        request: SettleRequest,
    ) -> Result<Settled, ProviderError> {
        self.runtime.block_on(self.code().settle(context, request))
    }
}

#[async_trait]
impl DataSource for Type {
    async fn read(&self, context: &CallContext, config: &Value) -> Result<Value, ProviderError> {
        let source = self.aws.data_source(&self.name).expect("a type in the schema has code");
        self.runtime.block_on(source.read(context, config))
    }
}
