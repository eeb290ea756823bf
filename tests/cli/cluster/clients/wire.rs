//! One request on a connection, and what became of it ([`Sent`]).

use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use http::{Method, Request, StatusCode};

/// What became of a request.
pub(super) enum Sent {
    Answer(StatusCode, String),
    /// An API server that is about to end says when to come back.
    PutOff(Duration),
    /// The connection had ended before.
    Unsent,
    /// The server said that it did not look at it.
    Refused,
    Broken(String),
}

pub(super) async fn send(
    sender: SendRequest<Bytes>,
    method: Method,
    path: &str,
    body: Bytes,
) -> Sent {
    let (parts, mut body) = match open(sender, method, path, body).await {
        Ok(answer) => answer.into_parts(),
        Err(sent) => return sent,
    };
    let mut text = Vec::new();
    while let Some(data) = body.data().await {
        match data {
            Ok(data) => {
                let _ = body.flow_control().release_capacity(data.len());
                text.extend_from_slice(&data);
            }
            Err(error) => return Sent::Broken(format!("broke off in its answer: {error}")),
        }
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    let later = parts.headers.get(http::header::RETRY_AFTER);
    let later = later.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
    match later {
        Some(seconds) if parts.status == 503 && text.contains("apiserver is shutting down") => {
            Sent::PutOff(Duration::from_secs(seconds))
        }
        _ => Sent::Answer(parts.status, text),
    }
}

/// Asks, and waits until the answer begins.
pub(super) async fn open(
    sender: SendRequest<Bytes>,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<http::Response<RecvStream>, Sent> {
    let broken = |error: h2::Error| match error.is_remote()
        && error.reason() == Some(h2::Reason::NO_ERROR)
        && error.is_go_away()
        || error.reason() == Some(h2::Reason::REFUSED_STREAM)
    {
        true => Sent::Refused,
        false => Sent::Broken(format!("broke off: {error}")),
    };
    let Ok(mut sender) = sender.ready().await else { return Err(Sent::Unsent) };
    let request = Request::builder()
        .method(method)
        .uri(format!("https://api{path}"))
        .header("content-type", "application/merge-patch+json")
        .body(())
        .expect("a request");
    let Ok((answer, mut stream)) = sender.send_request(request, body.is_empty()) else {
        return Err(Sent::Unsent);
    };
    if !body.is_empty()
        && let Err(error) = stream.send_data(body, true)
    {
        return Err(broken(error));
    }
    answer.await.map_err(broken)
}
