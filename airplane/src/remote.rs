//! [`Remote`]: the control API as its clients see it: the CLI, tests. One connection a question.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// So long an answer may take: a dump of many thousand objects is the slowest.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why airplane gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// Nobody listens there, or the connection broke.
    #[error("airplane does not answer at {address}: {reason}")]
    Unreachable {
        /// Where it was looked for.
        address: SocketAddr,
        /// What the connection said.
        reason: String,
    },
    /// It refused the question.
    #[error("{0}")]
    Refused(String),
}

/// A running airplane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    address: SocketAddr,
}

impl Remote {
    /// The one that listens there.
    pub fn new(address: SocketAddr) -> Remote {
        Remote { address }
    }

    /// `http://127.0.0.1:4566`: what AWS clients take as their endpoint.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Asks for something below `/_airplane/`.
    ///
    /// # Errors
    /// When there is no answer or it is a refusal.
    pub async fn get(&self, path: &str) -> Result<Value, RemoteError> {
        self.ask(Method::GET, path, None).await
    }

    /// Sends something to a path below `/_airplane/`.
    ///
    /// # Errors
    /// When there is no answer or it is a refusal.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, RemoteError> {
        self.ask(Method::POST, path, Some(body)).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, RemoteError> {
        let talk = self.talk(method, path, body.map(Value::to_string).unwrap_or_default());
        let answer = tokio::time::timeout(PATIENCE, talk).await;
        let (status, bytes) = answer.map_err(|_| self.unreachable("no answer in time"))??;
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|error| self.unreachable(format!("what answers is no airplane ({error})")))?;
        if status == 200 {
            return Ok(value);
        }
        let why = value["error"].as_str().map_or_else(|| value.to_string(), str::to_owned);
        Err(RemoteError::Refused(why))
    }

    async fn talk(
        &self,
        method: Method,
        path: &str,
        body: String,
    ) -> Result<(u16, Bytes), RemoteError> {
        let failed = |error: &dyn std::fmt::Display| self.unreachable(error.to_string());
        let stream = TcpStream::connect(self.address).await.map_err(|error| failed(&error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failed(&error))?;
        let driving = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(format!("/_airplane/{path}"))
            .header(header::HOST, self.address.to_string())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| failed(&error))?;
        let response = sender.send_request(request).await.map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.map_err(|error| failed(&error))?;
        driving.abort();
        Ok((status, bytes.to_bytes()))
    }

    fn unreachable(&self, reason: impl Into<String>) -> RemoteError {
        RemoteError::Unreachable { address: self.address, reason: reason.into() }
    }
}
