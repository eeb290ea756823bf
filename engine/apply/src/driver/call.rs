//! [`Caller`]: makes one call and says what came back.

use std::sync::Arc;
use std::time::Duration;

use kprov_core::{Host, ObjectAddr, ResourceMode};
use kprov_plan::ProvisionerRun;
use kprov_provider::{CallContext, Provider, ProviderError, Resource, Settled};

use super::{Clients, Execution};
use crate::machine::{Call, Reply, Request};
use crate::provision::{self, Failure};
use crate::rotation::operation::{self, Whose};
use crate::rotation::{Means, Rotators, sites};
use crate::{ProgressEvent, Reporter, Verb, record};

/// How often a long call is told to be alive, as Terraform does.
const ALIVE_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Caller {
    clients: Arc<dyn Clients>,
    reporter: Arc<dyn Reporter>,
    host: Arc<dyn Host>,
    rotators: Rotators,
}

impl Caller {
    pub(super) fn new(execution: &Execution) -> Caller {
        Caller {
            clients: execution.clients.clone(),
            reporter: execution.reporter.clone(),
            host: execution.host.clone(),
            rotators: rotators(execution),
        }
    }

    /// Rotates groups.
    pub(super) fn rotators(&self) -> &Rotators {
        &self.rotators
    }

    /// Makes the call, and says every now and then that it still runs.
    pub(super) async fn make(&self, call: Call) -> Reply {
        let address = call.address.clone();
        let (verb, id) = about(&call);
        let begun = self.host.elapsed();
        let made = self.perform(call);
        tokio::pin!(made);
        let alive = tokio::time::sleep(ALIVE_EVERY);
        tokio::pin!(alive);
        loop {
            tokio::select! {
                // In this order: a call that is done at once never touches the timer.
                biased;
                reply = &mut made => return reply,
                () = &mut alive => {
                    self.reporter.report(&ProgressEvent::Running {
                        address: address.clone(),
                        verb,
                        id: id.clone(),
                        elapsed: self.host.elapsed().saturating_sub(begun),
                    });
                    let next = alive.deadline() + ALIVE_EVERY;
                    alive.as_mut().reset(next);
                }
            }
        }
    }

    async fn perform(&self, call: Call) -> Reply {
        if let Request::Provision(runs) = call.request {
            return match self.provision(&call.address, runs).await {
                Ok(()) => Reply::Provisioned,
                Err(failure) => Reply::ProvisionerFailed(failure.into()),
            };
        }
        let reply = self.ask(call).await;
        reply.unwrap_or_else(Reply::Failed)
    }

    async fn ask(&self, call: Call) -> Result<Reply, ProviderError> {
        let provider = self.clients.provider(&call.provider)?;
        let context = connected(self.clients.context(&call.provider).await)?;
        let ty = &call.address.instance.resource.ty;
        if let Request::Read { config } = &call.request {
            let source = provider.data_source(ty).ok_or_else(|| unknown(&call.address))?;
            return source.read(&context, config).await.map(Reply::Data);
        }
        let resource = managed(&provider, &call.address)?;
        match call.request {
            Request::Create(request) => resource.create(&context, request).await.map(Reply::Object),
            Request::Update(request) if let Some(rotation) = &call.rotation => {
                let (address, provider) = (&call.address.instance, &call.provider);
                let whose = Whose { address, provider, resource, context: &context };
                let updated = operation::update(&self.rotators, &whose, request, rotation);
                updated.await.map(Reply::Object)
            }
            Request::Update(request) => resource.update(&context, request).await.map(Reply::Object),
            Request::Delete { provisioners, request } => {
                if let Err(failure) = self.provision(&call.address, provisioners).await {
                    return Ok(Reply::ProvisionerFailed(failure.into()));
                }
                resource.delete(&context, request).await.map(|()| Reply::Deleted)
            }
            Request::Settle(request) => {
                resource.settle(&context, request).await.map(Reply::Settled)
            }
            Request::ReadBack(request) => {
                read_back(resource, &context, request).await.map(Reply::Settled)
            }
            // Both were dealt with above.
            Request::Read { .. } | Request::Provision(_) => Err(unknown(&call.address)),
        }
    }

    async fn provision(
        &self,
        address: &ObjectAddr,
        runs: Vec<ProvisionerRun>,
    ) -> Result<(), Failure> {
        for run in runs {
            provision::run(address, &run, self.reporter.as_ref()).await?;
        }
        Ok(())
    }
}

fn rotators(execution: &Execution) -> Rotators {
    let sites = sites(&execution.plan, &execution.registry);
    let means = Means {
        clients: execution.clients.clone(),
        registry: execution.registry.clone(),
        host: execution.host.clone(),
        store: execution.store.clone(),
        workspace: execution.workspace.clone(),
        run: execution.run,
        lineage: execution.state.lineage.clone(),
        reporter: execution.reporter.clone(),
    };
    Rotators::new(means, sites)
}

/// Before the call proper nothing can have happened.
fn connected(context: Result<CallContext, ProviderError>) -> Result<CallContext, ProviderError> {
    context.map_err(|error| ProviderError { class: kprov_provider::ErrorClass::Rejected, ..error })
}

fn managed<'p>(
    provider: &'p Arc<dyn Provider>,
    address: &ObjectAddr,
) -> Result<&'p dyn Resource, ProviderError> {
    let resource = &address.instance.resource;
    let found = match resource.mode {
        ResourceMode::Managed => provider.resource(&resource.ty),
        ResourceMode::Data | ResourceMode::Ephemeral => None,
    };
    found.ok_or_else(|| unknown(address))
}

fn unknown(address: &ObjectAddr) -> ProviderError {
    ProviderError::rejected(
        "Invalid resource type",
        format!("The provider has no code for the type of {address}."),
    )
}

/// What is there of one object.
pub(crate) async fn read_back(
    resource: &dyn Resource,
    context: &CallContext,
    request: kprov_provider::ReadRequest,
) -> Result<Settled, ProviderError> {
    match resource.read_many(context, vec![request]).await.pop() {
        Some(Ok(Some(object))) => Ok(Settled::Exists(object)),
        Some(Ok(None)) => Ok(Settled::Absent),
        Some(Err(error)) => Err(error),
        None => Err(ProviderError::ambiguous(
            "Provider gave no answer",
            "The provider was asked to read one object and answered for none. This is a bug in \
             the provider.",
        )),
    }
}

fn about(call: &Call) -> (Verb, Option<(kprov_core::Str, kprov_core::Str)>) {
    match &call.request {
        Request::Create(_) | Request::Provision(_) => (Verb::Create, None),
        Request::Update(request) => (Verb::Update, record::identity(&request.prior.value)),
        Request::Delete { request, .. } => (Verb::Delete, record::identity(&request.prior.value)),
        Request::ReadBack(request) => (Verb::Delete, record::identity(&request.prior.value)),
        Request::Settle(request) if request.prior.is_none() => (Verb::Create, None),
        Request::Settle(_) => (Verb::Update, None),
        Request::Read { .. } => (Verb::Read, None),
    }
}
