//! [`Api::call`]: budget, counting, retries.

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::Api;
use super::error::{AwsError, Kind, is_read, is_repeatable};

/// How long throttling may go on. It slows a run; it does not fail one.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// How often an endpoint that cannot be reached is tried: it is most likely wrong.
const UNREACHABLE_TRIES: u32 = 4;
const FIRST_PAUSE: f64 = 0.25;
const LONGEST_PAUSE: f64 = 20.0;

impl Api {
    /// Calls an operation: `api.call("ec2", "DescribeVpcs", || api.ec2().describe_vpcs().send())`.
    /// Throttling and unavailability are waited out, and so are lost answers of what may be repeated.
    ///
    /// # Errors
    /// What remains.
    pub(crate) async fn call<T, E, F>(
        &self,
        service: &'static str,
        operation: &'static str,
        make: impl Fn() -> F + Send + Sync,
    ) -> Result<T, AwsError>
    where
        T: Send,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        self.may_ask(operation)?;
        let start = self.now();
        let mut tries = 0;
        loop {
            self.spend(service, operation).await;
            self.count(service, operation);
            self.outdate(operation);
            // The SDK's futures are large; on the heap they do not make ours so.
            let error = match Box::pin(make()).await {
                Ok(answer) => {
                    self.earned(service, operation);
                    return Ok(answer);
                }
                Err(error) => AwsError::from_sdk(&error, service, operation),
            };
            tries += 1;
            if error.kind == Kind::Throttled {
                self.throttled(service, operation);
            }
            let again = self.since(start) < PATIENCE
                && match error.kind {
                    Kind::Throttled => true,
                    Kind::Unavailable => tries <= self.shared.settings.max_retries,
                    Kind::Lost => {
                        (is_read(operation) || is_repeatable(operation))
                            && tries <= self.shared.settings.max_retries
                    }
                    Kind::Unreachable => {
                        !error.message.contains("credential")
                            && tries < UNREACHABLE_TRIES.min(self.shared.settings.max_retries + 1)
                    }
                    Kind::Garbled => false,
                    Kind::Refused => self.may_appear(operation, &error),
                };
            if !again {
                return Err(error);
            }
            self.pause(tries).await;
        }
    }

    /// All pages of an operation: `make` gets the token of the page, `split` takes an answer apart
    /// into items and the token of the next page.
    ///
    /// # Errors
    /// That of the first page that fails.
    pub(crate) async fn pages<I, T, E, F>(
        &self,
        service: &'static str,
        operation: &'static str,
        make: impl Fn(Option<String>) -> F + Send + Sync,
        split: impl Fn(T) -> (Option<Vec<I>>, Option<String>) + Send + Sync,
    ) -> Result<Vec<I>, AwsError>
    where
        I: Send,
        T: Send,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let answer = self.call(service, operation, || make(token.clone())).await?;
            let (items, next) = split(answer);
            all.extend(items.unwrap_or_default());
            match next.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// Waits before try number `tries + 1`: any time up to a bound that doubles.
    pub(crate) async fn pause(&self, tries: u32) {
        let bound = (FIRST_PAUSE * 2f64.powi(tries.min(16) as i32)).min(LONGEST_PAUSE);
        self.sleep(Duration::from_secs_f64(bound * self.random())).await;
    }

    /// Tries again while `again` says so of the error, up to `patience`: for refusals that pass by
    /// themselves (IAM propagation, an interface that lingers).
    ///
    /// # Errors
    /// The last refusal.
    pub(crate) async fn insist<T, F>(
        &self,
        patience: Duration,
        again: impl Fn(&AwsError) -> bool + Send + Sync,
        work: impl Fn() -> F + Send + Sync,
    ) -> Result<T, AwsError>
    where
        T: Send,
        F: Future<Output = Result<T, AwsError>> + Send,
    {
        let start = self.now();
        let mut tries = 0;
        loop {
            match work().await {
                Err(error) if again(&error) && self.since(start) < patience => {
                    tries += 1;
                    // Not below half: what has to pass takes its time, and each try is a call.
                    let bound = (0.5 * 1.5f64.powi(tries.min(16))).min(10.0);
                    let pause = bound * (0.5 + 0.5 * self.random());
                    self.sleep(Duration::from_secs_f64(pause)).await;
                }
                result => return result,
            }
        }
    }
}
