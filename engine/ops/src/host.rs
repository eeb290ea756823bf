//! [`RunHost`]: the outside world during a plan, answered by provider clients.

use kprov_core::{Diagnostics, ProviderConfigAddr, Type, Value};
use kprov_plan::{DataRead, ImportRead, PlanHost};
use kprov_provider::{Block, Object, ProviderError, ReadRequest};
use tokio::runtime::Handle;

use crate::Clients;
use crate::ephemeral::{self, OpenEphemerals};

/// Runs the planner's questions on a runtime, each batch in parallel. The planner blocks a thread
/// that is not one of the runtime's.
#[derive(Debug)]
pub struct RunHost {
    clients: Clients,
    runtime: Handle,
    /// Closed when the phase ends.
    opened: OpenEphemerals,
}

impl RunHost {
    /// Answers with these clients on that runtime.
    pub fn new(clients: Clients, runtime: Handle) -> RunHost {
        RunHost { clients, runtime, opened: OpenEphemerals::default() }
    }

    /// Closes what was opened; failures are warnings.
    pub fn close(&mut self) -> Diagnostics {
        self.runtime.block_on(self.opened.close(&self.clients))
    }
}

impl PlanHost for RunHost {
    fn configure(
        &mut self,
        provider: &ProviderConfigAddr,
        config: Option<&Value>,
    ) -> Result<(), Diagnostics> {
        if let Some(config) = config {
            self.clients.configure(provider, config.clone().unmark_deep().0);
        }
        Ok(())
    }

    fn read_data(&mut self, reads: Vec<DataRead>) -> Vec<Result<Value, ProviderError>> {
        self.all(reads, |clients, read| async move { read_one(&clients, &read).await })
    }

    fn import(&mut self, reads: Vec<ImportRead>) -> Vec<Result<Option<Object>, ProviderError>> {
        self.all(reads, |clients, read| async move { import_one(&clients, &read).await })
    }

    fn open_ephemeral(&mut self, reads: Vec<DataRead>) -> Vec<Result<Value, ProviderError>> {
        let asked = reads.clone();
        let answers =
            self.all(reads, |clients, read| async move { ephemeral::open(&clients, &read).await });
        let mut values = Vec::with_capacity(answers.len());
        for (read, answer) in asked.into_iter().zip(answers) {
            values.push(answer.map(|opened| {
                let value = opened.value.clone();
                self.opened.add(read, opened, &self.clients, &self.runtime);
                value
            }));
        }
        values
    }
}

impl RunHost {
    /// One answer per question, in order; all run at the same time.
    fn all<Q, A, F>(
        &self,
        questions: Vec<Q>,
        ask: impl Fn(Clients, Q) -> F,
    ) -> Vec<Result<A, ProviderError>>
    where
        A: Send + 'static,
        F: Future<Output = Result<A, ProviderError>> + Send + 'static,
    {
        let tasks: Vec<_> = questions
            .into_iter()
            .map(|question| self.runtime.spawn(ask(self.clients.clone(), question)))
            .collect();
        let wait = async {
            let mut answers = Vec::with_capacity(tasks.len());
            for task in tasks {
                answers.push(task.await.unwrap_or_else(|error| {
                    Err(ProviderError::rejected(
                        "Provider failed",
                        format!("The provider ended unexpectedly ({error}). This is a bug in it."),
                    ))
                }));
            }
            answers
        };
        // During apply the asking thread runs the runtime's own work.
        tokio::task::block_in_place(|| self.runtime.block_on(wait))
    }
}

fn unsupported(kind: &str, ty: &str) -> ProviderError {
    ProviderError::rejected(
        "Type not supported",
        format!("The provider has no {kind} type {ty:?}."),
    )
}

async fn read_one(clients: &Clients, read: &DataRead) -> Result<Value, ProviderError> {
    let provider = clients.provider(&read.provider)?;
    let ty = &read.addr.resource.ty;
    let source = provider.data_source(ty).ok_or_else(|| unsupported("data source", ty))?;
    source.read(&clients.context(&read.provider).await?, &read.config).await
}

async fn import_one(clients: &Clients, read: &ImportRead) -> Result<Option<Object>, ProviderError> {
    let provider = clients.provider(&read.provider)?;
    let ty = &read.addr.resource.ty;
    let resource = provider.resource(ty).ok_or_else(|| unsupported("resource", ty))?;
    let context = clients.context(&read.provider).await?;
    let imported = resource.import(&context, &read.id).await?;
    let request = ReadRequest { prior: imported.object };
    let mut answers = resource.read_many(&context, vec![request]).await;
    answers.pop().unwrap_or(Ok(None))
}

/// A configuration in which nothing is set.
pub(crate) fn empty_config(block: &Block) -> Value {
    let Type::Object(object) = block.implied_type() else { return Value::NULL };
    Value::object(object.attributes().iter().map(|(name, ty)| {
        let value = match ty {
            Type::List(element) if block.blocks.contains_key(name) => {
                Value::list((**element).clone(), Vec::new())
            }
            Type::Set(element) if block.blocks.contains_key(name) => {
                Value::set((**element).clone(), Vec::new())
            }
            _ => Value::Null(ty.clone()),
        };
        (name.clone(), value)
    }))
}
