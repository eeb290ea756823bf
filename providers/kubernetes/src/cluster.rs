//! [`Cluster`]: the connection. All requests go through [`Cluster::call`], which tries again while an API server is
//! replaced or asks for patience.
//!
//! # Invariants
//! Whatever is sent can be sent twice: creates carry their token, patches and deletes are idempotent.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, Request};
use kprov_core::Host;
use kprov_provider::ErrorClass;
use serde_json::Value as Json;

use crate::failure::ApiError;
use crate::kind::Kind;
use crate::metadata::Ignored;
use crate::pace::Pace;

/// One answer may take so long.
const ANSWER: Duration = Duration::from_secs(65);
/// How long an API server may be away or overloaded. A server that is replaced is away for seconds, a whole control
/// plane of one for a minute.
const PATIENCE: Duration = Duration::from_secs(90);

/// A configured cluster.
pub(crate) struct Cluster {
    client: kube::Client,
    pub(crate) host: Arc<dyn Host>,
    /// Where it is, for messages.
    pub(crate) url: String,
    pub(crate) ignored: Ignored,
    pub(super) kinds: Mutex<HashMap<String, Arc<Vec<Kind>>>>,
    calls: Arc<Mutex<BTreeMap<String, u64>>>,
}

/// A request of which only the path differs by object.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) content: &'static str,
    pub(crate) body: Option<Json>,
}

impl Call {
    pub(crate) fn get(path: impl Into<String>) -> Call {
        Call { method: Method::GET, path: path.into(), content: "application/json", body: None }
    }

    pub(crate) fn with(
        method: Method,
        path: impl Into<String>,
        content: &'static str,
        body: Json,
    ) -> Call {
        Call { method, path: path.into(), content, body: Some(body) }
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Cluster {
    pub(crate) fn new(
        client: kube::Client,
        host: Arc<dyn Host>,
        url: String,
        ignored: Ignored,
        calls: Arc<Mutex<BTreeMap<String, u64>>>,
    ) -> Cluster {
        Cluster { client, host, url, ignored, kinds: Mutex::default(), calls }
    }

    /// Sends a request until it is answered for good.
    pub(crate) async fn call(&self, call: &Call) -> Result<Json, ApiError> {
        let text = self.text(call, PATIENCE).await?;
        serde_json::from_str(&text).map_err(|_| {
            ApiError::unanswered(
                ErrorClass::Ambiguous,
                format!(
                    "{} answered {} with something that is not JSON; is it an API server?",
                    self.url, call.path
                ),
            )
        })
    }

    /// As [`Cluster::call`], for what is not JSON, and with a patience of one's own.
    pub(crate) async fn text(&self, call: &Call, patience: Duration) -> Result<String, ApiError> {
        let mut pace =
            Pace::new(&self.host, patience, Duration::from_millis(250), Duration::from_secs(8));
        let mut ambiguous = false;
        loop {
            let (mut error, least) = match self.once(call).await {
                Ok(text) => return Ok(text),
                Err(failed) => failed,
            };
            ambiguous |= error.class == ErrorClass::Ambiguous && call.method != Method::GET;
            let may_help =
                matches!(error.code, 0 | 429 | 500..) && error.class != ErrorClass::Rejected;
            if !may_help || !pace.pause_at_least(least).await {
                if ambiguous && error.code == 0 {
                    error.class = ErrorClass::Ambiguous;
                }
                return Err(error);
            }
        }
    }

    async fn once(&self, call: &Call) -> Result<String, (ApiError, Duration)> {
        self.count(call);
        let request = Request::builder()
            .method(call.method.clone())
            .uri(&call.path)
            .header("content-type", call.content)
            .header("accept", "application/json, */*")
            .body(call.body.as_ref().map(|body| body.to_string().into_bytes()).unwrap_or_default());
        let rejected =
            |message: String| (ApiError::unanswered(ErrorClass::Rejected, message), Duration::ZERO);
        let request =
            request.map_err(|error| rejected(format!("{} is no path: {error}", call.path)))?;
        match tokio::time::timeout(ANSWER, self.client.request_text(request)).await {
            Ok(Ok(text)) => Ok(text),
            Ok(Err(kube::Error::Api(status))) => {
                let after =
                    status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
                Err((ApiError::of(&status), Duration::from_secs(u64::from(after.min(30)))))
            }
            Ok(Err(error)) => Err((self.unanswered(&error), Duration::ZERO)),
            Err(_) => {
                let message = format!("{} did not answer within {} s", self.url, ANSWER.as_secs());
                Err((ApiError::unanswered(ErrorClass::Ambiguous, message), Duration::ZERO))
            }
        }
    }

    fn unanswered(&self, error: &kube::Error) -> ApiError {
        let mut texts = Vec::new();
        let mut source: Option<&dyn Error> = Some(error);
        while let Some(error) = source {
            let text = error.to_string();
            if !texts.iter().any(|told: &String| told.contains(&text)) {
                texts.push(text);
            }
            source = error.source();
        }
        let all = texts.join(": ");
        let (class, hint) = if all.contains("invalid peer certificate") {
            let hint = " The certificate that it shows is not signed by cluster_ca_certificate, or is of another name.";
            (ErrorClass::Rejected, hint)
        } else if matches!(error, kube::Error::Auth(_)) {
            (ErrorClass::Rejected, " No credentials could be had.")
        } else if all.contains("(Connect)") {
            (ErrorClass::Retryable, "")
        } else {
            (ErrorClass::Ambiguous, "")
        };
        ApiError::unanswered(class, format!("{} cannot be reached: {all}.{hint}", self.url))
    }

    fn count(&self, call: &Call) {
        let path = call.path.split('?').next().unwrap_or_default();
        let plural = path.split('/').filter(|part| !part.is_empty());
        let plural: Vec<&str> = plural.collect();
        // /api/v1/namespaces/NS/configmaps/NAME, /apis/GROUP/VERSION/clusterroles/NAME, /readyz
        let from = if plural.first() == Some(&"apis") { 3 } else { 2 };
        let kind = match plural.get(from..) {
            Some(["namespaces", _, kind, ..] | [kind, ..]) => kind,
            _ => plural.first().unwrap_or(&"/"),
        };
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(format!("kubernetes {} {kind}", call.method)).or_default() += 1;
    }
}
