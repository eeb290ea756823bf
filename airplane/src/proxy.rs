//! Moves the bytes of network load balancers: binds the address of each TCP listener, or a port of loopback for it, connects who comes to the target
//! that the world says, tries the connections that find targets' health, and ends what may not stay. It decides nothing.
use crate::airplane::Airplane;
use crate::probe;
use crate::service::elbv2::routing::{DueCheck, Front, Route};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// How often it looks for listeners that came or went, checks that are due, connections that must end.
const TICK: Duration = Duration::from_millis(50);
/// On loopback a machine that listens answers at once; this bounds what a check's own timeout may be.
const PATIENCE: Duration = Duration::from_secs(5);

/// The connections that are open, with what ends each.
type Open = Arc<Mutex<Vec<(Route, AbortHandle)>>>;

struct Proxy {
    airplane: Arc<Airplane>,
    /// Tasks that accept, by listener. Dropping one ends its connections.
    fronts: BTreeMap<Front, JoinSet<()>>,
    open: Open,
    checking: Vec<DueCheck>,
    checks: JoinSet<(DueCheck, bool)>,
}

/// Works until the server stops.
pub(crate) async fn run(airplane: Arc<Airplane>, mut stopped: watch::Receiver<bool>) {
    let mut proxy = Proxy {
        airplane,
        fronts: BTreeMap::new(),
        open: Open::default(),
        checking: Vec::new(),
        checks: JoinSet::new(),
    };
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            _ = tick.tick() => proxy.look().await,
            Some(Ok((check, passed))) = proxy.checks.join_next() => {
                proxy.checking.retain(|running| *running != check);
                proxy.airplane.checked(&check, passed);
            }
        }
    }
    for front in std::mem::take(&mut proxy.fronts).into_keys() {
        proxy.airplane.listens_no_more(&front);
    }
}

impl Proxy {
    async fn look(&mut self) {
        let wanted = self.airplane.fronts();
        let gone: Vec<Front> =
            self.fronts.keys().filter(|front| !wanted.contains(front)).cloned().collect();
        for front in gone {
            self.fronts.remove(&front);
            self.airplane.listens_no_more(&front);
        }
        for front in wanted {
            if !self.fronts.contains_key(&front) {
                self.bind(front).await;
            }
        }
        self.end_what_may_not_stay();
        for due in self.airplane.due_checks() {
            if !self.checking.contains(&due) {
                self.checking.push(due.clone());
                self.checks.spawn(check(due));
            }
        }
    }

    async fn bind(&mut self, front: Front) {
        // No free port now: the next look tries again.
        let Some((listener, remark)) = listener(front.at).await else { return };
        let Ok(address) = listener.local_addr() else { return };
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(self.airplane.clone(), front.clone(), listener, self.open.clone()));
        self.airplane.listens(&front, address, remark);
        self.fronts.insert(front, tasks);
    }

    fn end_what_may_not_stay(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(_, handle)| !handle.is_finished());
        let routes: Vec<&Route> = open.iter().map(|(route, _)| route).collect();
        let stay = self.airplane.holds(&routes);
        for ((_, handle), stays) in open.iter().zip(stay) {
            if !stays {
                handle.abort();
            }
        }
    }
}

// A listener at the place that it shall have, or else with a remark why it is elsewhere.
async fn listener(at: Option<SocketAddr>) -> Option<(TcpListener, Option<String>)> {
    let Some(at) = at else {
        return Some((TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.ok()?, None));
    };
    let why = match TcpListener::bind(at).await {
        Ok(listener) => return Some((listener, None)),
        Err(why) => why,
    };
    let listener = match TcpListener::bind((at.ip(), 0)).await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.ok()?,
    };
    let instead = listener.local_addr().ok()?;
    Some((listener, Some(format!("{at} cannot be had ({why}), so {instead} stands for it"))))
}

async fn accept(airplane: Arc<Airplane>, front: Front, listener: TcpListener, open: Open) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((client, _)) = listener.accept().await else {
            // Too many open files, as a rule: some will be closed in a moment.
            tokio::time::sleep(TICK).await;
            continue;
        };
        // With nobody to send it to the connection ends at once.
        if let Some(route) = airplane.route(&front) {
            let handle = connections.spawn(carry(client, route.address));
            open.lock().unwrap_or_else(PoisonError::into_inner).push((route, handle));
        }
    }
}

async fn carry(mut client: TcpStream, target: SocketAddr) {
    let connecting = tokio::time::timeout(PATIENCE, TcpStream::connect(target));
    if let Ok(Ok(mut target)) = connecting.await {
        let _ = (client.set_nodelay(true), target.set_nodelay(true));
        // Either side may break off; that is no error of the proxy.
        let _ = tokio::io::copy_bidirectional(&mut client, &mut target).await;
    }
}

async fn check(due: DueCheck) -> (DueCheck, bool) {
    let own = Duration::from_millis(u64::try_from(due.check.timeout).unwrap_or_default());
    let passed = tokio::time::timeout(own.min(PATIENCE), probe::passes(&due.check)).await;
    (due, passed.unwrap_or(false))
}
