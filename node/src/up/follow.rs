//! Follows the PKI tree: what changed there is fetched, checked, put in place; leaves are issued anew; what does not read
//! its files again by itself is restarted, one node of the cluster at a time.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::begin;
use super::master::Master;
use crate::certificates::Held;
use crate::etcd::{Etcd, EtcdError};
use crate::problem::Problem;
use crate::secrets;
use crate::snapshots;

/// Who holds this key in etcd may restart its components.
const TURN: &str = "/kprov.dev/turn";
const TURN_SECONDS: u64 = 30;
/// So long a component may take to be ready again.
const READY_AGAIN: Duration = Duration::from_secs(180);

/// Follows the tree for ever.
pub(super) async fn tree(master: &Master) {
    let mut told = None;
    loop {
        tokio::time::sleep(master.begun.document.secrets_every).await;
        let trouble = look(master).await.err().map(|problem| problem.to_string());
        master.begun.board.trouble(&mut told, trouble);
    }
}

async fn look(master: &Master) -> Result<(), Problem> {
    let begun = &master.begun;
    begun.board.calm("The PKI tree is not followed")?;
    let used = master.tree();
    let found = begin::tree(&begun.document, begun.aws.as_ref()).await?;
    let changed: Vec<&str> = found
        .0
        .iter()
        .filter(|(path, text)| used.get(path) != Some(text))
        .map(|(path, _)| path.as_str())
        .collect();
    secrets::put(&found, &begun.layout)?;
    // Though nothing changed, leaves may be due.
    let held = master.prepare(&found)?;
    restart_in_turn(master, &to_restart(&changed, &held)).await?;
    // Only now: what failed in the middle is done again.
    master.use_tree(&found);
    begun.board.change(|report| report.generation = Some(found.generation()));
    Ok(())
}

/// Which components do not read again by themselves what changed, in the order of restarting. Pure.
fn to_restart(changed: &[&str], held: &[Held]) -> Vec<&'static str> {
    let tree = |path: &str| changed.contains(&path);
    let leaf = |name: &str| held.iter().any(|held| held.name == name && held.issued.is_some());
    let kubernetes = tree("kubernetes-ca/bundle.pem");
    let tokens = tree("service-account/key.pem");
    let mut all = Vec::new();
    // Leaves of etcd are read at every handshake; whom it trusts is not.
    if tree("etcd-ca/bundle.pem") {
        all.push("etcd");
    }
    if tree("etcd-ca/bundle.pem")
        || kubernetes
        || tokens
        || tree("service-account/keys.pub")
        || leaf("apiserver-kubelet-client")
    {
        all.push("kube-apiserver");
    }
    if kubernetes || tokens || tree("kubernetes-ca/cert.pem") || tree("kubernetes-ca/key.pem") {
        all.push("kube-controller-manager");
    }
    if kubernetes {
        all.push("kube-scheduler");
    }
    all
}

async fn restart_in_turn(master: &Master, names: &[&'static str]) -> Result<(), Problem> {
    if names.is_empty() {
        return Ok(());
    }
    let etcd = master.membership.own()?;
    let lease = turn(&etcd, &master.begun.facts.id).await?;
    let kept = async {
        loop {
            tokio::time::sleep(Duration::from_secs(TURN_SECONDS / 3)).await;
            // While our own etcd restarts the lease lives on with the others.
            let _ = etcd.keep_alive(lease).await;
        }
    };
    let restarted = async {
        for name in names {
            let again = async {
                if *name == "etcd" {
                    // Who leads hands over first; none of the others has to wait for an election.
                    let _ = master.membership.hand_over().await;
                }
                master.begun.supervisor.restart(name).await;
            };
            if timeout(READY_AGAIN, again).await.is_err() {
                let detail = format!(
                    "{name} was restarted for its new certificates, and is not ready after 180 s. Its log tells why."
                );
                return Err(Problem::new("A component does not come back", detail));
            }
        }
        Ok(())
    };
    let done = tokio::select! {
        done = restarted => done,
        () = kept => Ok(()),
    };
    // It ends by itself, should this fail. After a failure the next one waits that much longer, on purpose.
    if done.is_ok() {
        let _ = etcd.revoke(lease).await;
    }
    done
}

/// Waits for this node's turn.
async fn turn(etcd: &Etcd, id: &str) -> Result<u64, Problem> {
    let failed =
        |error: EtcdError| Problem::new("There is no turn to restart in", format!("{error}."));
    loop {
        let lease = etcd.lease(TURN_SECONDS).await.map_err(failed)?;
        if etcd.put_if_absent(TURN, id, lease).await.map_err(failed)? {
            return Ok(lease);
        }
        let _ = etcd.revoke(lease).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// Takes snapshots on schedule, on the member that leads.
pub(super) async fn snapshots(master: &Master) {
    let begun = &master.begun;
    let Some(wanted) = &begun.document.etcd.snapshots else { return std::future::pending().await };
    let (mut last, mut told): (Option<Instant>, _) = (None, None);
    loop {
        let leading = begun.board.read().etcd.is_some_and(|place| place.leading);
        if leading && snapshots::is_due(last.map(|last| last.elapsed()), wanted.every) {
            let name = snapshots::name(&begun.document.cluster.name, jiff::Timestamp::now());
            let taken = match master.membership.own() {
                Ok(etcd) => {
                    let scratch = begun.layout.snapshots();
                    snapshots::take(
                        &etcd,
                        &name,
                        &wanted.to,
                        wanted.keep,
                        &scratch,
                        begun.aws.as_ref(),
                    )
                    .await
                }
                Err(problem) => Err(problem),
            };
            let trouble = match taken {
                Ok(place) => {
                    begun.board.change(|report| report.last_snapshot = Some(place));
                    None
                }
                Err(problem) => Some(problem.to_string()),
            };
            begun.board.trouble(&mut told, trouble);
            last = Some(Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(name: &'static str, issued: bool) -> Held {
        Held {
            name,
            until: jiff::Timestamp::UNIX_EPOCH,
            issued: issued.then(|| "it was due".to_owned()),
        }
    }

    #[test]
    fn only_what_does_not_read_its_files_again_is_restarted() {
        let leaves = [
            held("apiserver", true),
            held("etcd-peer", true),
            held("apiserver-kubelet-client", false),
        ];
        assert_eq!(to_restart(&[], &leaves), [""; 0]);
        assert_eq!(to_restart(&[], &[held("apiserver-kubelet-client", true)]), ["kube-apiserver"]);
        assert_eq!(to_restart(&["etcd-ca/bundle.pem"], &[]), ["etcd", "kube-apiserver"]);
        assert_eq!(
            to_restart(&["encryption/config.yaml", "front-proxy-ca/bundle.pem"], &[]),
            [""; 0]
        );
        assert_eq!(to_restart(&["service-account/keys.pub"], &[]), ["kube-apiserver"]);
        let all = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];
        assert_eq!(to_restart(&["kubernetes-ca/bundle.pem"], &[]), all);
    }
}
