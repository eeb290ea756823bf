//! A server on loopback that answers as a test wants, also in ways that no honest one does.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures::stream::{self, StreamExt};
use http::{Request, Response};
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What a server was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) range: Option<String>,
    pub(crate) if_range: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// After the body the connection breaks off.
    pub(crate) cut: bool,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Reply {
        Reply { status: 200, body: body.into(), ..Reply::default() }
    }

    pub(crate) fn status(status: u16) -> Reply {
        Reply { status, ..Reply::default() }
    }
}

/// Serves until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&asked), Arc::new(answer));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                let service = service_fn(move |request: Request<Incoming>| {
                    let asked = asked_by(&request);
                    log.lock().unwrap().push(asked.clone());
                    let reply = answer(&asked);
                    async move { Ok::<_, Infallible>(response(reply)) }
                });
                let serving = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(serving);
            }
        });
        Server { address, asked, task }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All that it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn asked_by(request: &Request<Incoming>) -> Asked {
    let header = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let path = request.uri().path().to_owned();
    Asked { path, range: header("range"), if_range: header("if-range") }
}

type Chunk = Result<Frame<Bytes>, std::io::Error>;

fn response(
    reply: Reply,
) -> Response<StreamBody<impl futures::Stream<Item = Chunk> + Send + 'static>> {
    let chunk = |some: &[u8]| Chunk::Ok(Frame::data(Bytes::copy_from_slice(some)));
    let chunks: Vec<Chunk> = reply.body.chunks(1000).map(chunk).collect();
    let cut = async {
        // What was said before is sent while nothing new comes.
        tokio::task::yield_now().await;
        Chunk::Err(std::io::Error::other("the test cuts the connection"))
    };
    let end: Vec<_> = reply.cut.then_some(cut).into_iter().collect();
    let body = stream::iter(chunks).chain(stream::iter(end).then(|cut| cut));
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(StreamBody::new(body)).unwrap()
}
