//! Carries out what somebody asks of this master on its lease (docs/adr/0005), each token once, and answers.
//!
//! What must hold: what was begun is on record before, so that a node which is killed goes on with it; what is refused is
//! answered with why.

use std::time::Duration;

use jiff::Timestamp;

use super::master::Master;
use super::snapshots::Kind;
use super::{hold, lease, reach, snapshots};
use crate::etcd::hex_id;
use crate::problem::Problem;
use crate::rotation::{Answer, Asked, Decision, Ledger, Met, Task, decide};

/// So often it is looked whether something is asked.
const EVERY: Duration = Duration::from_secs(1);
/// So soon a snapshot that must be is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// So long leadership may take to arrive.
const MOVES: Duration = Duration::from_secs(10);

/// Does as it is asked, for ever.
pub(super) async fn heed(master: &Master) {
    let file = master.begun.layout.asked();
    let mut ledger = Ledger::open_at(&file, Timestamp::now()).unwrap_or_else(|problem| {
        master.begun.board.problem(&problem);
        Ledger::read(&file)
    });
    tell(master, ledger.last().cloned());
    if let Some(open) = ledger.open() {
        do_it(master, &mut ledger, &open).await;
    }
    loop {
        if let Some((asked, text)) = look(master).await {
            match ledger.met(&asked) {
                Met::Answered(answer) => tell(master, Some(answer)),
                Met::Void => {
                    let why = "it was asked of a machine that was here before".to_owned();
                    tell(master, Some(Answer::new(&asked.token, Err(why))));
                }
                Met::New => match ledger.begin(&text, &file) {
                    Ok(()) => do_it(master, &mut ledger, &asked).await,
                    Err(problem) => master.begun.board.problem(&problem),
                },
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// What is asked now. Who cannot be asked is asked again: whoever renews the lease says what is wrong.
async fn look(master: &Master) -> Option<(Asked, String)> {
    let api = reach::api(master, reach::now(master)?).ok()?;
    let lease = api.get(&lease::path(&master.begun.facts.name)).await.ok()?;
    Asked::of_lease(&lease)
}

fn tell(master: &Master, answer: Option<Answer>) {
    master.begun.board.change(|report| report.done = answer);
}

async fn do_it(master: &Master, ledger: &mut Ledger, asked: &Asked) {
    let done = match &asked.task {
        Ok(task) => carry_out(master, task).await,
        Err(why) => Err(why.clone()),
    };
    let answer = Answer::new(&asked.token, done);
    if let Err(problem) = ledger.end(answer.clone(), &master.begun.layout.asked()) {
        master.begun.board.problem(&problem);
    }
    tell(master, Some(answer));
}

/// Does it; or says why not, for people.
async fn carry_out(master: &Master, task: &Task) -> Result<(), String> {
    let done = match task {
        Task::Snapshot => snapshots::now(master, Kind::Usual).await.map_err(said),
        Task::MoveLeader { to } => move_leader(master, to).await,
        Task::StopApi => stop_api(master).await,
        Task::RemoveMember { id } => remove_member(master, *id).await,
    };
    done.map_err(|why| format!("{}: {why}", master.begun.facts.name))
}

fn said(problem: Problem) -> String {
    problem.to_string()
}

fn lost(error: &crate::etcd::EtcdError) -> String {
    format!("its etcd does not answer: {error}")
}

async fn move_leader(master: &Master, to: &str) -> Result<(), String> {
    let etcd = master.membership.own().map_err(said)?;
    let status = etcd.status().await.map_err(|error| lost(&error))?;
    if status.leader == 0 {
        return Err("etcd has no leader just now".to_owned());
    }
    let peers = if status.leader == status.member {
        master.membership.peers().await.map_err(said)?
    } else {
        Vec::new()
    };
    match decide::move_leader(status.member, status.leader, &peers, to) {
        Decision::MoveTo(heir) => {
            hold::hand_over(master, Some(heir)).await;
            arrives(&etcd, status.member, to).await
        }
        Decision::Refuse(why) => Err(why),
        _ => Ok(()),
    }
}

/// Waits until another one leads: whichever, since nobody is to move leadership twice for it.
async fn arrives(etcd: &crate::etcd::Etcd, own: u64, to: &str) -> Result<(), String> {
    let moved = async {
        loop {
            if etcd.status().await.is_ok_and(|now| now.leader != 0 && now.leader != own) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let in_time = tokio::time::timeout(MOVES, moved).await;
    in_time.map_err(|_| format!("etcd did not hand leadership over to {to}, and leads here still"))
}

/// Stops the API server for good. The only one there is leaves a snapshot in which nothing is missing.
async fn stop_api(master: &Master) -> Result<(), String> {
    let before = is_alone(master).await;
    if !master.retirement.api_stopped() {
        // Nothing has happened yet: whoever asks can be told.
        before.clone()?;
    }
    master.stop_for_good().await.map_err(said)?;
    match before {
        Ok(true) => snapshot_at_last(master).await,
        Ok(false) => {}
        Err(why) => return Err(why),
    }
    Ok(())
}

/// Is its member the only one that votes?
async fn is_alone(master: &Master) -> Result<bool, String> {
    if master.retirement.leaves() {
        return Ok(false);
    }
    let peers = master.membership.peers().await.map_err(said)?;
    Ok(peers.iter().filter(|peer| peer.voter).count() == 1)
}

/// Nobody can be told that it failed, and nothing else can be done without it: tried until it is there.
async fn snapshot_at_last(master: &Master) {
    let mut told = None;
    loop {
        let trouble = snapshots::now(master, Kind::Complete).await.err().map(said);
        let done = trouble.is_none();
        master.begun.board.trouble(&mut told, trouble);
        if done {
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn remove_member(master: &Master, id: u64) -> Result<(), String> {
    if master.retirement.member() == Some(id) && master.retirement.has_left() {
        return Ok(());
    }
    let mut decision = decide_removal(master, id).await?;
    if decision == Decision::Leave && !master.retirement.api_stopped() {
        // Requests that it has would end with its etcd. That takes a while: what was seen is old then.
        master.stop_for_good().await.map_err(said)?;
        decision = decide_removal(master, id).await?;
    }
    match decision {
        Decision::Leave => {
            let etcd = master.membership.own().map_err(said)?;
            hold::hand_over(master, None).await;
            arrives(&etcd, id, "another member").await?;
            let left = master.membership.retire().await.map_err(said);
            master.say_retired();
            left
        }
        Decision::Remove(id) => {
            let gone = master.membership.remove_other(id).await;
            gone.map_err(|problem| format!("{} is not removed: {problem}", hex_id(id)))
        }
        Decision::Refuse(why) => Err(why),
        // This machine's own was removed before a kill: what is left of it ends by itself (membership::decide).
        Decision::Nothing | Decision::MoveTo(_) => Ok(()),
    }
}

async fn decide_removal(master: &Master, id: u64) -> Result<Decision, String> {
    let peers = master.membership.peers().await.map_err(said)?;
    let own = master.membership.own_id().or(master.retirement.member());
    Ok(decide::remove(own, id, &peers))
}
