//! Through which API server a master reaches the cluster: its own as long as that is ready, else the load balancer, so that a
//! master whose API server stops can tell that, and be asked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::kubernetes::client_of_master;
use super::master::Master;
use crate::facts::https;
use crate::https::Client;
use crate::kubernetes::Api;
use crate::problem::Problem;
use crate::secrets::Tree;
use crate::supervisor::State;

/// The certificate to ask with is one of minutes, made anew after so long.
const CLIENT_FOR: Duration = Duration::from_secs(60);

/// Through which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Own,
    Balancer,
}

/// What is remembered of it.
#[derive(Default)]
pub(super) struct Doors {
    /// Its own API server was ready once.
    served: AtomicBool,
    /// A client, when it was made, and of which tree.
    client: Mutex<Option<(Client, Instant, Tree)>>,
}

/// None while nobody has reason to think that anybody is there: before its own API server was ready for the first time. Pure.
fn door(own: Option<State>, served: bool, stopped_for_good: bool) -> Option<Door> {
    match own {
        Some(State::Ready) if !stopped_for_good => Some(Door::Own),
        _ if served || stopped_for_good => Some(Door::Balancer),
        _ => None,
    }
}

/// Where the cluster is asked now; none while there is nobody to ask.
pub(super) fn now(master: &Master) -> Option<Door> {
    let state = master.begun.supervisor.view("kube-apiserver").map(|view| view.state);
    let door =
        door(state, master.doors.served.load(Ordering::Relaxed), master.retirement.api_stopped())?;
    if door == Door::Own {
        master.doors.served.store(true, Ordering::Relaxed);
    }
    Some(door)
}

/// The API behind a door, by a certificate of minutes.
pub(super) fn api(master: &Master, door: Door) -> Result<Api, Problem> {
    let tree = master.tree();
    let mut held = master.doors.client.lock().unwrap_or_else(PoisonError::into_inner);
    let fresh = held.take().filter(|(_, made, of)| made.elapsed() < CLIENT_FOR && *of == tree);
    let (client, made, tree) = match fresh {
        Some(fresh) => fresh,
        None => (client_of_master(&tree)?, Instant::now(), tree),
    };
    *held = Some((client.clone(), made, tree));
    let (document, facts) = (&master.begun.document, &master.begun.facts);
    let url = match door {
        Door::Own => https(facts.reach, document.api_server.port),
        Door::Balancer => document.cluster.endpoint.clone(),
    };
    Ok(Api { client, url, token: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_own_server_first_then_the_balancer_and_nobody_at_the_beginning() {
        assert_eq!(door(None, false, false), None);
        assert_eq!(door(Some(State::Starting), false, false), None, "the cluster may be founded");
        assert_eq!(door(Some(State::Ready), false, false), Some(Door::Own));
        for state in [State::Starting, State::Stopping, State::Down, State::BackingOff] {
            assert_eq!(door(Some(state), true, false), Some(Door::Balancer), "{state:?}");
        }
        // After a restart of a node whose API server is not started any more.
        assert_eq!(door(None, false, true), Some(Door::Balancer));
        assert_eq!(
            door(Some(State::Ready), true, true),
            Some(Door::Balancer),
            "it is about to stop"
        );
    }
}
