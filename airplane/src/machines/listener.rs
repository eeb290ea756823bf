//! Serves a machine its metadata, at its own address. A thin shell of hyper around `Airplane::metadata`.
use crate::airplane::Airplane;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Serves until it is dropped.
pub(super) async fn serve(airplane: Arc<Airplane>, instance: String, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, as a rule: some will be closed in a moment.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (airplane, instance) = (airplane.clone(), instance.clone());
        connections.spawn(async move {
            let service = hyper::service::service_fn(move |request| {
                answer(airplane.clone(), instance.clone(), request)
            });
            let http = hyper::server::conn::http1::Builder::new();
            // A client that goes away is no error of the server.
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    airplane: Arc<Airplane>,
    instance: String,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let (parts, body) = request.into_parts();
    // Nothing is said in a body; read, so that the connection can be used again.
    let _ = body.collect().await.map_err(io::Error::other)?;
    Ok(airplane.metadata(&instance, &Request::from_parts(parts, ())).map(Full::new))
}
