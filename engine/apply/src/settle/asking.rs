//! [`ask_all`]: reads back what many open intents were about.
//!
//! Each provider configuration is connected once, all of them at the same time, and no more calls
//! than allowed are under way at once. An answer that fails, a provider that cannot be connected or
//! one that crashes concerns nobody else.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use futures::future::join_all;
use kprov_core::{ProviderConfigAddr, Str};
use kprov_provider::{CallContext, ProviderError, ReadRequest, Resource, SettleRequest, Settled};
use tokio::sync::Semaphore;

use super::Settling;
use crate::driver::{crash, read_back};

/// What is asked of a provider.
#[derive(Debug)]
pub(super) struct Question<'s> {
    pub(super) provider: &'s ProviderConfigAddr,
    pub(super) ty: &'s Str,
    pub(super) request: AskBack,
}

/// A delete is only looked at; what may have been written is looked for by the provider's means.
#[derive(Debug)]
pub(super) enum AskBack {
    Read(ReadRequest),
    Settle(Box<SettleRequest>),
}

/// Answers by the keys of the questions.
pub(super) type Answers = BTreeMap<usize, Result<Settled, ProviderError>>;

/// Asks everything.
pub(super) async fn ask_all(
    settling: &Settling,
    questions: impl IntoIterator<Item = (usize, Question<'_>)>,
) -> Answers {
    let mut groups: BTreeMap<&ProviderConfigAddr, Vec<(usize, Question<'_>)>> = BTreeMap::new();
    for (key, question) in questions {
        groups.entry(question.provider).or_default().push((key, question));
    }
    let permits = Semaphore::new(settling.parallelism.max(1));
    let groups = groups.into_iter().map(|(provider, questions)| {
        let permits = &permits;
        async move { ask_group(settling, provider, questions, permits).await }
    });
    join_all(groups).await.into_iter().flatten().collect()
}

async fn ask_group(
    settling: &Settling,
    config: &ProviderConfigAddr,
    questions: Vec<(usize, Question<'_>)>,
    permits: &Semaphore,
) -> Vec<(usize, Result<Settled, ProviderError>)> {
    let connected = async {
        let provider = settling.clients.provider(config)?;
        Ok((provider, settling.clients.context(config).await?))
    };
    let connected = AssertUnwindSafe(connected).catch_unwind().await;
    let (provider, context) = match connected.unwrap_or_else(|_| Err(crash())) {
        Ok(connected) => connected,
        Err(error) => {
            let failed = questions.into_iter().map(|(key, _)| (key, Err(error.clone())));
            return failed.collect();
        }
    };
    let answers = questions.into_iter().map(|(key, question)| {
        let (provider, context) = (&provider, &context);
        async move {
            // The semaphore is never closed: no permit means that it is gone, and so is the need.
            let _permit = permits.acquire().await;
            let asked = async {
                let ty = question.ty;
                let resource = provider.resource(ty).ok_or_else(|| {
                    let message = format!("The provider has no type {ty}.");
                    ProviderError::rejected("Invalid resource type", message)
                })?;
                ask(resource, context, question.request).await
            };
            let answer = AssertUnwindSafe(asked).catch_unwind().await;
            (key, answer.unwrap_or_else(|_| Err(crash())))
        }
    });
    join_all(answers).await
}

async fn ask(
    resource: &dyn Resource,
    context: &CallContext,
    request: AskBack,
) -> Result<Settled, ProviderError> {
    match request {
        AskBack::Read(request) => read_back(resource, context, request).await,
        AskBack::Settle(request) => resource.settle(context, *request).await,
    }
}
