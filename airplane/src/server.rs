//! A thin shell of hyper around `Airplane`: loopback only, HTTP/1.1, delays and lost answers as the response says.
//! Network load balancers and machines work while it runs; machines end before it does.
use crate::airplane::{Airplane, Delivery};
use crate::{machines, proxy};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

const TICK: Duration = Duration::from_millis(200);

/// A running server. Dropping it stops it as `stop` does, without waiting.
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    balancing: JoinHandle<()>,
    machines: JoinHandle<()>,
    machines_stop: watch::Sender<bool>,
}

/// Listens and serves. Port 0 takes a free port, which `Server::address` tells.
pub async fn start(airplane: Arc<Airplane>, address: SocketAddr) -> io::Result<Server> {
    if !address.ip().is_loopback() {
        let message = format!(
            "airplane checks no signatures, so it listens on loopback only, not on {address}"
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let (machines_stop, machines_stopped) = watch::channel(false);
    let driving = machines::driver::run(airplane.clone(), address, machines_stopped);
    let machines = tokio::spawn(driving);
    let balancing = tokio::spawn(proxy::run(airplane.clone(), stopped.clone()));
    let accepting = tokio::spawn(accept(airplane, listener, stopped));
    Ok(Server { address, stop, accepting, balancing, machines, machines_stop })
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends machines, which may still ask something while they end; then takes no more connections, lets running requests
    /// finish, and returns when the last one has.
    pub async fn stop(self) {
        let _ = self.machines_stop.send(true);
        let _ = self.machines.await;
        let _ = self.stop.send(true);
        let _ = (self.accepting.await, self.balancing.await);
    }
}

async fn accept(
    airplane: Arc<Airplane>,
    listener: TcpListener,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = tokio::task::JoinSet::new();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            _ = tick.tick() => {
                airplane.tick();
                while connections.try_join_next().is_some() {}
            }
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    let _ = stream.set_nodelay(true);
                    connections.spawn(connection(airplane.clone(), stream, stopped.clone()));
                }
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(
    airplane: Arc<Airplane>,
    stream: tokio::net::TcpStream,
    mut stopped: watch::Receiver<bool>,
) {
    let service = hyper::service::service_fn(move |request| answer(airplane.clone(), request));
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // A client that goes away, or an answer that is lost on order, is no error of the server.
        _ = connection.as_mut() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn answer(
    airplane: Arc<Airplane>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let response = airplane.handle(Request::from_parts(parts, body));
    let delivery = response.extensions().get::<Delivery>().copied().unwrap_or_default();
    if delivery.delay_millis > 0 {
        tokio::time::sleep(Duration::from_millis(delivery.delay_millis)).await;
    }
    if delivery.lost {
        return Err(io::Error::new(
            io::ErrorKind::ConnectionAborted,
            "the answer is lost on order of a fault rule",
        ));
    }
    Ok(response.map(Full::new))
}
