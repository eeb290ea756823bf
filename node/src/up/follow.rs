//! Follows the PKI tree: what changed there is fetched, checked, put in place; leaves are issued anew; what does not read
//! its files again by itself is restarted, one node of the cluster at a time.
//!
//! What must hold: no request fails for it. So the API server goes first and comes back last: while etcd restarts nobody is
//! sent here, and its API server has ended what it served.

use std::collections::BTreeSet;
use std::time::Duration;

use kprov_pki::{Bundle, Certificate};
use tokio::time::{Instant, timeout};

use super::begin;
use super::hold;
use super::master::Master;
use crate::certificates::Held;
use crate::document::Role;
use crate::etcd::{Etcd, EtcdError};
use crate::problem::Problem;
use crate::rotation::Retirement;
use crate::secrets::{self, Tree};

/// Who holds this key in etcd may restart its components.
const TURN: &str = "/kprov.dev/turn";
const TURN_SECONDS: u64 = 30;
/// So long a component may take to be ready again.
const READY_AGAIN: Duration = Duration::from_secs(180);

const ETCD: &str = "etcd";
const API_SERVER: &str = "kube-apiserver";

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
    let changed = Changed { from: &used, to: &found };
    secrets::put(&found, &begun.layout)?;
    // Though nothing changed, leaves may be due.
    let held = master.prepare(&found)?;
    let names = that_run(to_restart(changed, &held), &master.retirement);
    restart_in_turn(master, &names).await?;
    // Only now: what failed in the middle is done again.
    master.use_tree(&found);
    begun.board.change(|report| report.generation = Some(found.told(Role::Master)));
    Ok(())
}

/// A tree and the one that follows it.
#[derive(Clone, Copy)]
struct Changed<'t> {
    from: &'t Tree,
    to: &'t Tree,
}

impl Changed<'_> {
    fn text(self, path: &str) -> bool {
        self.from.get(path) != self.to.get(path)
    }

    /// Are others trusted? Their order, by which one says who signs, matters to nobody who checks.
    fn trust(self, path: &str) -> bool {
        let trusted = |tree: &Tree| {
            let bundle = Bundle::from_pem(tree.get(path).unwrap_or_default());
            let texts =
                bundle.iter().flat_map(|it| it.certificates().iter().map(Certificate::to_pem));
            texts.collect::<BTreeSet<String>>()
        };
        trusted(self.from) != trusted(self.to)
    }
}

/// Which components do not read again by themselves what changed. Pure.
fn to_restart(changed: Changed<'_>, held: &[Held]) -> Vec<&'static str> {
    let leaf = |name: &str| held.iter().any(|held| held.name == name && held.issued.is_some());
    let kubernetes = changed.text("kubernetes-ca/bundle.pem");
    let tokens = changed.text("service-account/key.pem");
    let mut all = Vec::new();
    // Leaves of etcd are read at every handshake; whom it trusts is not.
    if changed.trust("etcd-ca/bundle.pem") {
        all.push(ETCD);
    }
    if changed.trust("etcd-ca/bundle.pem")
        || kubernetes
        || tokens
        || changed.text("service-account/keys.pub")
        || leaf("apiserver-kubelet-client")
    {
        all.push(API_SERVER);
    }
    let signs = ["kubernetes-ca/cert.pem", "kubernetes-ca/key.pem"].map(|path| changed.text(path));
    if kubernetes || tokens || signs.contains(&true) {
        all.push("kube-controller-manager");
    }
    if kubernetes {
        all.push("kube-scheduler");
    }
    all
}

/// Of a machine that a rotation takes out nothing is started again, whatever changes.
fn that_run(mut names: Vec<&'static str>, retirement: &Retirement) -> Vec<&'static str> {
    names.retain(|name| match *name {
        ETCD => !retirement.leaves(),
        _ => !retirement.api_stopped(),
    });
    names
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
    let done = tokio::select! {
        done = restart(master, names) => done,
        () = kept => Ok(()),
    };
    // It ends by itself, should this fail. After a failure the next one waits that much longer, on purpose.
    if done.is_ok() {
        let _ = etcd.revoke(lease).await;
    }
    done
}

async fn restart(master: &Master, names: &[&'static str]) -> Result<(), Problem> {
    let supervisor = &master.begun.supervisor;
    // An API server that is to stop for good is not begun again by this, and waits for it.
    let _alone = master.control.lock().await;
    let names = that_run(names.to_vec(), &master.retirement);
    let serves = !master.retirement.api_stopped();
    if serves && !names.contains(&API_SERVER) {
        for name in names {
            back(name, supervisor.restart(name)).await?;
        }
        return Ok(());
    }
    if names.contains(&ETCD) {
        all_well(master).await?;
    }
    // What speaks to this API server only makes room for its like elsewhere.
    if serves {
        master.stop_control().await;
    }
    let mut done = Ok(());
    if names.contains(&ETCD) {
        // Who leads hands over first; none of the others has to wait for an election.
        hold::hand_over(master, None).await;
        done = back(ETCD, supervisor.restart(ETCD)).await;
    }
    // Also where etcd does not come back: it may yet.
    master.start_control().await;
    done?;
    if !serves {
        return Ok(());
    }
    for name in [API_SERVER, "kube-controller-manager", "kube-scheduler"] {
        back(name, supervisor.ready(name)).await?;
    }
    Ok(())
}

/// Waits until nobody would miss this machine's etcd for a while.
async fn all_well(master: &Master) -> Result<(), Problem> {
    let begun = Instant::now();
    loop {
        match master.membership.all_well().await {
            Err(problem) if begun.elapsed() > READY_AGAIN => return Err(problem),
            Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            Ok(()) => return Ok(()),
        }
    }
}

/// Waits until a component is ready again.
async fn back(name: &str, ready: impl Future<Output = ()>) -> Result<(), Problem> {
    timeout(READY_AGAIN, ready).await.map_err(|_| {
        let detail = format!(
            "{name} was restarted for its new certificates, and is not ready after {} s. Its log tells why.",
            READY_AGAIN.as_secs()
        );
        Problem::new("A component does not come back", detail)
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::tests::tree;

    fn held(name: &'static str, issued: bool) -> Held {
        Held {
            name,
            until: jiff::Timestamp::UNIX_EPOCH,
            issued: issued.then(|| "it was due".to_owned()),
        }
    }

    /// A tree with other texts at these paths: of another authority, of the same two in the other order.
    fn with(changes: &[(&str, &str)]) -> Tree {
        let mut tree = tree(1);
        for (path, text) in changes {
            assert!(tree.0.insert((*path).to_owned(), (*text).to_owned()).is_some(), "{path}");
        }
        tree
    }

    #[test]
    fn only_what_does_not_read_its_files_again_is_restarted() {
        let (old, other) = (tree(1), tree(2));
        let changed = |path: &str, held: &[Held]| {
            let new = with(&[(path, other.get(path).unwrap())]);
            to_restart(Changed { from: &old, to: &new }, held)
        };
        let same = |held: &[Held]| to_restart(Changed { from: &old, to: &old }, held);
        let leaves = [
            held("apiserver", true),
            held("etcd-peer", true),
            held("apiserver-kubelet-client", false),
        ];
        assert_eq!(same(&leaves), [""; 0]);
        assert_eq!(same(&[held("apiserver-kubelet-client", true)]), [API_SERVER]);
        assert_eq!(changed("etcd-ca/bundle.pem", &[]), [ETCD, API_SERVER]);
        assert_eq!(changed("front-proxy-ca/bundle.pem", &[]), [""; 0]);
        assert_eq!(changed("service-account/keys.pub", &[]), [API_SERVER]);
        let all = [API_SERVER, "kube-controller-manager", "kube-scheduler"];
        assert_eq!(changed("kubernetes-ca/bundle.pem", &[]), all);
    }

    #[test]
    fn what_a_rotation_has_stopped_is_not_started_again_by_a_new_tree() {
        let dir = tempfile::tempdir().unwrap();
        let retirement = Retirement::read(&crate::layout::Layout::new(dir.path())).unwrap();
        let all = || vec![ETCD, API_SERVER, "kube-controller-manager", "kube-scheduler"];
        assert_eq!(that_run(all(), &retirement), all());
        retirement.stop_api().unwrap();
        assert_eq!(that_run(all(), &retirement), [ETCD]);
        retirement.leave(1).unwrap();
        assert_eq!(that_run(all(), &retirement), [""; 0]);
    }

    #[test]
    fn etcd_goes_on_when_another_of_those_that_it_trusts_signs() {
        let path = "etcd-ca/bundle.pem";
        let [one, two] = [tree(1), tree(2)].map(|tree| tree.get(path).unwrap().to_owned());
        let staged = with(&[(path, &format!("{one}{two}"))]);
        let promoted = with(&[(path, &format!("{two}{one}"))]);
        let distrusted = with(&[(path, &two)]);
        let restarted = |from, to| to_restart(Changed { from, to }, &[]);
        let first = tree(1);
        assert_eq!(restarted(&first, &staged), [ETCD, API_SERVER]);
        assert_eq!(restarted(&staged, &promoted), [""; 0]);
        assert_eq!(restarted(&promoted, &distrusted), [ETCD, API_SERVER]);
    }
}
