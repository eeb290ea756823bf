//! etcd's leadership moves, and no write is lost. What is proposed while it moves is dropped by etcd, and whoever asked hears
//! of it after seven seconds ("request timed out"). So the one who leads asks the others to hold: they stop their API servers
//! from running (SIGSTOP) for the few hundred milliseconds that it takes, as it does its own, and requests only wait that much
//! longer.
//!
//! What must hold: it is never in the way. Who does not answer is not waited for, nobody holds longer than [`AT_MOST`], a node
//! that ends takes its API server with it, and without any of this leadership moves all the same.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::master::Master;
use crate::etcd::{Etcd, EtcdError, Watch};
use crate::supervisor::Paused;

/// Below it stands the request, by who makes it, and who holds.
const HOLD: &str = "/kprov.dev/hold/";
const ASKED: &str = "/kprov.dev/hold/asked";
const HOLDS: &str = "/kprov.dev/hold/by/";
/// The request ends by itself, should who made it die.
const LEASE_SECONDS: u64 = 5;
/// So long others are waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// So long what was asked of etcd before may be under way.
const SETTLES: Duration = Duration::from_millis(100);
/// Nobody holds longer.
const AT_MOST: Duration = Duration::from_secs(3);

/// Hands leadership over, if this member leads, while all hold: to this member, or to whichever takes it.
pub(super) async fn hand_over(master: &Master, heir: Option<u64>) {
    let Ok(etcd) = master.membership.own() else { return };
    if !leads(&etcd).await {
        return;
    }
    let lease = ask(master, &etcd).await.ok();
    // Its own API server may serve, too; where it was stopped before, there is nothing to hold.
    let _own: Paused = master.begun.supervisor.pause("kube-apiserver");
    tokio::time::sleep(SETTLES).await;
    // The others elect a leader anyway; this only spares them the wait.
    let _ = timeout(PATIENCE, master.membership.hand_over(heir)).await;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE && !has_moved(&etcd).await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    if let Some(lease) = lease {
        let _ = etcd.revoke(lease).await;
    }
}

async fn leads(etcd: &Etcd) -> bool {
    etcd.status().await.is_ok_and(|status| status.leader == status.member)
}

async fn has_moved(etcd: &Etcd) -> bool {
    etcd.status().await.is_ok_and(|status| status.leader != 0 && status.leader != status.member)
}

/// Asks the others, and waits until all hold, or long enough. Gives the lease that the request goes with.
async fn ask(master: &Master, etcd: &Etcd) -> Result<u64, EtcdError> {
    let me = &master.begun.facts.name;
    let members = etcd.members(true).await?.members;
    let others = members.iter().filter(|it| !it.learner && it.name != *me);
    let others: Vec<String> = others.map(|it| format!("{HOLDS}{}", it.name)).collect();
    let lease = etcd.lease(LEASE_SECONDS).await?;
    etcd.put_if_absent(ASKED, &format!("{me} {lease}"), lease).await?;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let held = etcd.below(HOLDS).await?;
        if others.iter().all(|other| held.contains_key(other)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(lease)
}

/// Does as others ask, for ever.
pub(super) async fn obey(master: &Master) {
    loop {
        if let Ok(etcd) = master.membership.own()
            && let Ok(mut watch) = etcd.watch(HOLD).await
        {
            // It ends with etcd.
            let _ = obey_while(master, &etcd, &mut watch).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn obey_while(master: &Master, etcd: &Etcd, watch: &mut Watch) -> Result<(), EtcdError> {
    let me = &master.begun.facts.name;
    let mut obeyed = None;
    loop {
        let asked = asked(etcd).await?.filter(|(who, lease)| who != me && obeyed != Some(*lease));
        if let Some((_, lease)) = asked {
            obeyed = Some(lease);
            let paused: Paused = master.begun.supervisor.pause("kube-apiserver");
            etcd.put_if_absent(&format!("{HOLDS}{me}"), "", lease).await?;
            let over = async {
                while asked_for(etcd, lease).await? {
                    watch.changed().await?;
                }
                Ok::<(), EtcdError>(())
            };
            let _ = timeout(AT_MOST, over).await;
            drop(paused);
        }
        watch.changed().await?;
    }
}

async fn asked_for(etcd: &Etcd, lease: u64) -> Result<bool, EtcdError> {
    Ok(asked(etcd).await?.is_some_and(|(_, now)| now == lease))
}

/// Who asks, and by which lease.
async fn asked(etcd: &Etcd) -> Result<Option<(String, u64)>, EtcdError> {
    let found = etcd.below(ASKED).await?;
    let request = found.get(ASKED).and_then(|text| text.rsplit_once(' '));
    Ok(request.and_then(|(who, lease)| Some((who.to_owned(), lease.parse().ok()?))))
}
