//! [`OpenEphemerals`]: the ephemeral resources that are open. Each is renewed as often as its provider
//! asks for, as long as it is open; all are closed when the phase ends, the last one opened first,
//! because it may need those before it. Their values and private data are in memory only.

use std::sync::Arc;
use std::time::Duration;

use kprov_core::{Diagnostic, Diagnostics};
use kprov_plan::DataRead;
use kprov_provider::{CallContext, Opened, Private, Provider, ProviderError};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::Clients;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct OpenEphemerals(Vec<Open>);

#[derive(Debug)]
struct Open {
    read: DataRead,
    keeping: Keeping,
}

#[derive(Debug)]
enum Keeping {
    /// Needs no renewal.
    Still(Private),
    /// A task renews it until it is told to stop.
    Renewing(oneshot::Sender<()>, JoinHandle<Kept>),
}

/// What renewing came to.
#[derive(Debug)]
struct Kept {
    private: Private,
    /// Why it is not renewed any more.
    failure: Option<ProviderError>,
}

impl OpenEphemerals {
    /// Takes one in, and begins to renew it.
    pub(crate) fn add(
        &mut self,
        read: DataRead,
        opened: Opened,
        clients: &Clients,
        runtime: &Handle,
    ) {
        let Opened { private, renew_after_seconds, .. } = opened;
        let keeping = match renew_after_seconds {
            None => Keeping::Still(private),
            Some(seconds) => {
                let (stop, stopped) = oneshot::channel();
                let renewing = renew(clients.clone(), read.clone(), private, seconds, stopped);
                Keeping::Renewing(stop, runtime.spawn(renewing))
            }
        };
        self.0.push(Open { read, keeping });
    }

    /// Closes all; failures are warnings: whatever needed the values is done.
    pub(crate) async fn close(&mut self, clients: &Clients) -> Diagnostics {
        let mut problems = Diagnostics::new();
        for Open { read, keeping } in std::mem::take(&mut self.0).into_iter().rev() {
            let mut warn = |summary: &'static str, error: &ProviderError| {
                problems.push(Diagnostic::warning(summary, error.to_string()).of(&read.addr));
            };
            let private = match keeping {
                Keeping::Still(private) => private,
                Keeping::Renewing(stop, task) => {
                    // It may have ended by itself: then nobody listens.
                    let _ = stop.send(());
                    let kept = task.await.unwrap_or_else(|error| Kept {
                        private: Private::new(),
                        failure: Some(ProviderError::ambiguous(
                            "Provider crashed",
                            format!("It ended while renewing ({error}). This is a bug in it."),
                        )),
                    });
                    if let Some(error) = &kept.failure {
                        warn("Failed to renew ephemeral resource", error);
                    }
                    kept.private
                }
            };
            if let Err(error) = close(clients, &read, private).await {
                warn("Failed to close ephemeral resource", &error);
            }
        }
        problems
    }
}

/// The provider that has it, connected.
async fn connected(
    clients: &Clients,
    read: &DataRead,
) -> Result<(Arc<dyn Provider>, CallContext), ProviderError> {
    Ok((clients.provider(&read.provider)?, clients.context(&read.provider).await?))
}

/// Opens one.
pub(crate) async fn open(clients: &Clients, read: &DataRead) -> Result<Opened, ProviderError> {
    let (provider, context) = connected(clients, read).await?;
    let ty = &read.addr.resource.ty;
    let ephemeral = provider.ephemeral(ty).ok_or_else(|| unsupported(ty))?;
    ephemeral.open(&context, &read.config).await
}

/// A renewal under way is waited for: nobody would know what it did.
async fn renew(
    clients: Clients,
    read: DataRead,
    mut private: Private,
    first: u64,
    mut stopped: oneshot::Receiver<()>,
) -> Kept {
    let mut after = Some(first);
    while let Some(seconds) = after {
        tokio::select! {
            biased;
            _ = &mut stopped => break,
            () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
        }
        let renewed = async {
            let (provider, context) = connected(&clients, &read).await?;
            let ty = &read.addr.resource.ty;
            let ephemeral = provider.ephemeral(ty).ok_or_else(|| unsupported(ty))?;
            ephemeral.renew(&context, private.clone()).await
        };
        match renewed.await {
            Ok(renewed) => (private, after) = renewed,
            Err(error) => return Kept { private, failure: Some(error) },
        }
    }
    Kept { private, failure: None }
}

async fn close(clients: &Clients, read: &DataRead, private: Private) -> Result<(), ProviderError> {
    let (provider, context) = connected(clients, read).await?;
    let Some(ephemeral) = provider.ephemeral(&read.addr.resource.ty) else { return Ok(()) };
    ephemeral.close(&context, private).await
}

fn unsupported(ty: &str) -> ProviderError {
    ProviderError::rejected(
        "Type not supported",
        format!("The provider has no ephemeral resource type {ty:?}."),
    )
}
