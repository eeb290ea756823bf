//! The few requests to the Kubernetes API that a node makes itself.

mod request;
pub(crate) mod serving;

use std::time::Duration;

use http::{Method, Request};
use serde_json::Value as Json;

use crate::https::{Client, NoAnswer};

pub(crate) use request::{Asked, certificate};

/// Why it was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("{0}")]
    NoAnswer(#[from] NoAnswer),
    #[error("the API says {0}: {1}")]
    Refused(u16, String),
    #[error("the request for a certificate cannot be written: {0}")]
    Request(#[from] kprov_pki::PkiError),
}

/// An API server, and who asks it.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) client: Client,
    pub(crate) url: String,
    /// A bootstrap token, where there is no certificate.
    pub(crate) token: Option<String>,
}

const PATIENCE: Duration = Duration::from_secs(15);

impl Api {
    pub(crate) async fn get(&self, path: &str) -> Result<Json, ApiError> {
        self.ask(Method::GET, path, "application/json", None).await
    }

    pub(crate) async fn create(&self, path: &str, object: &Json) -> Result<Json, ApiError> {
        self.ask(Method::POST, path, "application/json", Some(object)).await
    }

    /// Server-side apply.
    pub(crate) async fn apply(&self, path: &str, object: &Json) -> Result<Json, ApiError> {
        let path = format!("{path}?fieldManager=kprov-node&force=true");
        self.ask(Method::PATCH, &path, "application/apply-patch+yaml", Some(object)).await
    }

    /// Changes these fields of an object that is there, and no others.
    pub(crate) async fn merge(&self, path: &str, fields: &Json) -> Result<Json, ApiError> {
        let path = format!("{path}?fieldManager=kprov-node");
        self.ask(Method::PATCH, &path, "application/merge-patch+json", Some(fields)).await
    }

    /// Deletes; what is not there is deleted.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), ApiError> {
        match self.ask(Method::DELETE, path, "application/json", None).await {
            Ok(_) | Err(ApiError::Refused(404, _)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: Option<&Json>,
    ) -> Result<Json, ApiError> {
        let url = format!("{}{path}", self.url.trim_end_matches('/'));
        let mut request = Request::builder().method(method).uri(&url).header("content-type", kind);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = request.body(body).map_err(|_| NoAnswer::Url(url))?;
        let answer = self.client.ask(request, PATIENCE).await?;
        let json: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status.is_success() {
            return Ok(json);
        }
        let said = json["message"].as_str().map_or_else(|| answer.text(), str::to_owned);
        Err(ApiError::Refused(answer.status.as_u16(), said))
    }
}
