//! [`Api`]: the one door to AWS.
//!
//! Every call goes through [`Api::call`], which holds the token bucket of the API, retries, counts,
//! and tells errors apart. The SDK's own retries are off. Cloning is cheap; a clone for another
//! region shares everything but the clients of that region.

mod batch;
mod budget;
mod clients;
mod error;
mod fresh;
mod guard;
mod memo;
mod poll;
mod retry;
mod told;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep};
use aws_smithy_async::time::SharedTimeSource;
use aws_types::SdkConfig;
use kprov_core::Host;

use crate::tags::TagRules;

pub(crate) use error::{AwsError, chain};
pub(crate) use guard::AccountRules;
pub(crate) use poll::Progress;

/// What an [`Api`] is made from.
pub(crate) struct Settings {
    /// Credentials, HTTP client, sleep, time source; with the provider's region.
    pub(crate) sdk: SdkConfig,
    /// The provider's region.
    pub(crate) region: String,
    /// Endpoints by the provider's service names ("ec2"), and "" for all others.
    pub(crate) endpoints: BTreeMap<String, String>,
    /// How often what is not throttling is tried again.
    pub(crate) max_retries: u32,
    /// S3 bucket names in the path.
    pub(crate) s3_path_style: bool,
    /// Which accounts may be worked on.
    pub(crate) accounts: AccountRules,
    /// default_tags and ignore_tags.
    pub(crate) tags: TagRules,
}

/// AWS in one region.
#[derive(Clone)]
pub(crate) struct Api {
    shared: Arc<Shared>,
    region: Arc<str>,
    told: Option<told::Told>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("region", &self.region).finish_non_exhaustive()
    }
}

struct Shared {
    settings: Settings,
    sleep: SharedAsyncSleep,
    time: SharedTimeSource,
    host: Arc<dyn Host>,
    clients: clients::Clients,
    budgets: budget::Budgets,
    batches: batch::Batches,
    polls: poll::Polls,
    identity: guard::Guard,
    made: fresh::Made,
    memo: memo::Memo,
    counts: Mutex<BTreeMap<String, u64>>,
    tokens: Mutex<HashMap<String, SystemTime>>,
    concluded: Mutex<HashMap<String, AwsError>>,
}

impl Api {
    /// AWS as the settings say. No call is made.
    pub(crate) fn new(
        settings: Settings,
        sleep: SharedAsyncSleep,
        time: SharedTimeSource,
        host: Arc<dyn Host>,
    ) -> Api {
        let region = settings.region.as_str().into();
        let shared = Shared {
            settings,
            sleep,
            time,
            host,
            clients: clients::Clients::default(),
            budgets: budget::Budgets::default(),
            batches: batch::Batches::default(),
            polls: poll::Polls::default(),
            identity: guard::Guard::default(),
            made: fresh::Made::default(),
            memo: memo::Memo::default(),
            counts: Mutex::default(),
            tokens: Mutex::default(),
            concluded: Mutex::default(),
        };
        Api { shared: Arc::new(shared), region, told: None }
    }

    /// The same account in another region.
    pub(crate) fn at(&self, region: &str) -> Api {
        if region.is_empty() || region == &*self.region {
            return self.clone();
        }
        Api { shared: self.shared.clone(), region: region.into(), told: None }
    }

    /// `eu-central-1`
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// `aws`, `aws-cn`, `aws-us-gov` ...: the first part of ARNs.
    pub(crate) fn partition(&self) -> &'static str {
        partition(&self.region).0
    }

    /// `amazonaws.com` and its like.
    pub(crate) fn dns_suffix(&self) -> &'static str {
        partition(&self.region).1
    }

    /// default_tags and ignore_tags.
    pub(crate) fn tag_rules(&self) -> &TagRules {
        &self.shared.settings.tags
    }

    /// Waits.
    pub(crate) async fn sleep(&self, duration: Duration) {
        if !duration.is_zero() {
            self.shared.sleep.sleep(duration).await;
        }
    }

    /// The time by which everything here waits.
    pub(crate) fn now(&self) -> SystemTime {
        self.shared.time.now()
    }

    /// How long ago that was.
    pub(crate) fn since(&self, start: SystemTime) -> Duration {
        self.now().duration_since(start).unwrap_or_default()
    }

    /// From 0 to 1, for jitter.
    pub(crate) fn random(&self) -> f64 {
        let mut bytes = [0; 4];
        self.shared.host.random(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }

    /// Calls made so far: "ec2:DescribeVpcs" and how often, sorted.
    pub(crate) fn calls(&self) -> Vec<(String, u64)> {
        let counts = self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(name, count)| (name.clone(), *count)).collect()
    }

    fn count(&self, service: &str, operation: &str) {
        let mut counts = self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(format!("{service}:{operation}")).or_default() += 1;
    }

    /// Remembers that a create with this token begins; when this process used it last, if it did.
    pub(crate) fn use_token(&self, token: &str) -> Option<SystemTime> {
        let mut tokens = self.shared.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(token.to_owned(), self.now())
    }

    /// When this process used the token last.
    pub(crate) fn token_used(&self, token: &str) -> Option<SystemTime> {
        let tokens = self.shared.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(token).copied()
    }

    /// Remembers how a write with this token ended, where that is no matter of a lost answer.
    pub(crate) fn conclude(&self, token: &str, error: AwsError) -> AwsError {
        if error.is_conclusion() {
            let concluded = &self.shared.concluded;
            let mut concluded = concluded.lock().unwrap_or_else(PoisonError::into_inner);
            concluded.insert(token.to_owned(), error.clone());
        }
        error
    }

    /// How a write with this token ended in this process, if it failed for good.
    pub(crate) fn concluded(&self, token: &str) -> Option<AwsError> {
        let concluded = &self.shared.concluded;
        concluded.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }
}

/// Partition and DNS suffix of a region.
pub(crate) fn partition(region: &str) -> (&'static str, &'static str) {
    match region {
        _ if region.starts_with("cn-") => ("aws-cn", "amazonaws.com.cn"),
        _ if region.starts_with("us-gov-") => ("aws-us-gov", "amazonaws.com"),
        _ if region.starts_with("us-iso-") => ("aws-iso", "c2s.ic.gov"),
        _ if region.starts_with("us-isob-") => ("aws-iso-b", "sc2s.sgov.gov"),
        _ if region.starts_with("eu-isoe-") => ("aws-iso-e", "cloud.adc-e.uk"),
        _ if region.starts_with("us-isof-") => ("aws-iso-f", "csp.hci.ic.gov"),
        _ if region.starts_with("eusc-") => ("aws-eusc", "amazonaws.eu"),
        _ => ("aws", "amazonaws.com"),
    }
}
