//! Looks at etcd and the API server of this machine each second, for what its lease tells of them (docs/adr/0005).

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::master::Master;
use crate::etcd::{Etcd, EtcdError, Members, Status};
use crate::rotation::{EtcdView, Serving, Setup, Steady};

const EVERY: Duration = Duration::from_secs(1);

/// Looks at etcd for ever.
pub(super) async fn etcd(master: &Master) {
    let board = &master.begun.board;
    let mut steady = Steady::default();
    loop {
        if master.retirement.has_left() {
            // The others tell that it is none of them.
            board.change(|report| report.view = None);
            return std::future::pending().await;
        }
        let looked = match master.membership.own() {
            Ok(etcd) => look(&etcd).await.ok(),
            Err(_) => None,
        };
        let healthy = steady.look(looked.as_ref().is_some_and(|(.., in_step)| *in_step));
        let place = board.read().etcd;
        let claimed: BTreeMap<String, String> = place
            .map(|place| place.members)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|member| Some((member.id, member.machine?)))
            .collect();
        board.change(|report| match looked {
            Some((status, members, _)) => {
                report.view = Some(EtcdView::of(&status, &members, &claimed, healthy));
            }
            // What it said last, until it is certain that it is not well.
            None => {
                if let Some(view) = &mut report.view {
                    view.healthy = healthy;
                }
            }
        });
        tokio::time::sleep(EVERY).await;
    }
}

/// What the member says, and whether it is in step: what it answers as the quorum would has come from there.
async fn look(etcd: &Etcd) -> Result<(Status, Members, bool), EtcdError> {
    let status = etcd.status().await?;
    if status.leader == 0 {
        return Ok((status, etcd.members(false).await?, false));
    }
    if status.learner {
        // It may not be asked for more.
        return Ok((status, etcd.members(false).await?, true));
    }
    match etcd.members(true).await {
        Ok(members) => Ok((status, members, true)),
        Err(_) => Ok((status, etcd.members(false).await?, false)),
    }
}

/// Looks at the API server for ever.
pub(super) async fn api(master: &Master) {
    let begun = &master.begun;
    let setup = Setup::of(&begun.document);
    let given = begun.document.api_server.flags.get("tls-cert-file");
    let path = given.map_or_else(|| begun.layout.certificate("apiserver"), Into::into);
    let mut serving = Serving::default();
    loop {
        let view = begun.supervisor.view("kube-apiserver");
        let (ready, serves) = serving.look(view.as_ref(), Instant::now());
        let certificate = std::fs::read_to_string(&path).unwrap_or_default();
        let told = setup.view(&certificate, ready, serves);
        begun.board.change(|report| report.api = Some(told));
        tokio::time::sleep(EVERY / 4).await;
    }
}
