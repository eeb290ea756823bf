//! An AWS in this process: an HTTP client over a function from request to response, and a clock that
//! goes as fast as it may.

mod clock;

use std::fmt;
use std::sync::Arc;

use aws_smithy_async::rt::sleep::Sleep;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

pub use clock::SteppedClock;

/// A function that answers requests. The bodies are whole.
type Answer = dyn Fn(http::Request<Vec<u8>>) -> http::Response<Vec<u8>> + Send + Sync;

/// How long until a request arrives.
type Latency = dyn Fn() -> Sleep + Send + Sync;

#[derive(Clone)]
struct InProcess(Arc<Answer>, Option<Arc<Latency>>);

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl InProcess {
    fn answer(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let user = |error: String| ConnectorError::user(error.into());
        let request = request.try_into_http1x().map_err(|error| user(error.to_string()))?;
        let (parts, body) = request.into_parts();
        let body = body.bytes().ok_or_else(|| user("a streamed body".to_owned()))?.to_vec();
        let response = (self.0)(http::Request::from_parts(parts, body));
        HttpResponse::try_from(response.map(SdkBody::from)).map_err(|error| user(error.to_string()))
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(latency) = self.1.clone() else {
            return HttpConnectorFuture::ready(self.answer(request));
        };
        let server = self.clone();
        HttpConnectorFuture::new(async move {
            latency().await;
            server.answer(request)
        })
    }
}

/// An HTTP client that asks `answer`.
pub fn in_process(
    answer: impl Fn(http::Request<Vec<u8>>) -> http::Response<Vec<u8>> + Send + Sync + 'static,
) -> SharedHttpClient {
    client(InProcess(Arc::new(answer), None))
}

/// [`in_process`], but requests arrive only after `latency`.
pub fn in_process_after(
    latency: impl Fn() -> Sleep + Send + Sync + 'static,
    answer: impl Fn(http::Request<Vec<u8>>) -> http::Response<Vec<u8>> + Send + Sync + 'static,
) -> SharedHttpClient {
    client(InProcess(Arc::new(answer), Some(Arc::new(latency))))
}

fn client(server: InProcess) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(server);
    http_client_fn(move |_, _| connector.clone())
}
