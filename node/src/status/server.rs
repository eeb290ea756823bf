//! Serves the report.

use std::convert::Infallible;
use std::net::SocketAddr;

use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::Board;
use crate::problem::Problem;

/// Listens, and serves until the program ends.
pub(crate) async fn serve(board: Board, address: SocketAddr) -> Result<(), Problem> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let why = crate::supervisor::port_trouble(address);
        let why = why.unwrap_or_else(|| format!("{address}: {error}"));
        let detail = format!("{why}. Does another \"kprov node up\" run here?");
        Problem::new("The status cannot be served", detail)
    })?;
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let board = board.clone();
            let answer = service_fn(move |request: Request<Incoming>| {
                let board = board.clone();
                async move { Ok::<_, Infallible>(answer(&board, request.uri().path())) }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), answer),
            );
        }
    });
    Ok(())
}

fn answer(board: &Board, path: &str) -> Response<Full<Bytes>> {
    let report = board.read();
    let (status, kind, text) = match path {
        "/status" => {
            let text = serde_json::to_vec_pretty(&report).unwrap_or_default();
            (StatusCode::OK, "application/json", text)
        }
        "/readyz" if report.ready => (StatusCode::OK, "text/plain", b"ok".to_vec()),
        "/readyz" => (StatusCode::SERVICE_UNAVAILABLE, "text/plain", report.phase.into_bytes()),
        _ => (StatusCode::NOT_FOUND, "text/plain", b"/status and /readyz are here".to_vec()),
    };
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    answer
}
