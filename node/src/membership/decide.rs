//! The next step, from what was observed. Pure.
//!
//! What must hold: nobody founds a second cluster that anybody relies on, since nothing is served before `cluster` names
//! this member's; nothing is added before what is gone was removed; data that once belonged to a confirmed cluster are never
//! dropped, only moved aside, and only when the cluster itself says that their member is gone; who was taken out by a
//! rotation does not come back, whatever is seen.

use std::time::Duration;

use super::{Cluster, Machine, Observed, Own, Process, Seen, Step};
use crate::components::Start;
use crate::etcd::hex_id;

/// A member whose machine is gone must have been silent so long: lists of machines lag behind.
pub(super) const GONE_AFTER: Duration = Duration::from_secs(10);
/// A member that was added and never started holds up all others, so it is removed after so long.
pub(super) const NEVER_STARTED_AFTER: Duration = Duration::from_secs(300);

/// Says the next step.
pub(super) fn decide(seen: &Observed) -> Step {
    if seen.leaves {
        return leaving(seen);
    }
    match seen.process {
        Process::Answering { cluster, member } => answering(seen, cluster, member),
        Process::Up => match stale(seen) {
            Some(why) => Step::MoveDataAside(why),
            None => Step::Wait("etcd starts".to_owned()),
        },
        Process::Down => match seen.claims.cluster {
            None => unfounded(seen),
            Some(cluster) => founded(seen, cluster),
        },
    }
}

/// A rotation takes this machine out. As long as the cluster knows its member there is something that can be removed in peace.
fn leaving(seen: &Observed) -> Step {
    let is_member = match (&seen.cluster, seen.own) {
        (_, Own::Empty) => false,
        (Cluster::Speaking { .. }, _) => stale(seen).is_none(),
        (Cluster::Silent(_), _) => true,
    };
    match seen.process {
        _ if !is_member => Step::Left,
        Process::Down => Step::Start(Start::Again),
        Process::Up | Process::Answering { .. } => {
            Step::Wait("its member is being removed".to_owned())
        }
    }
}

/// No `cluster` yet, and nothing runs here.
fn unfounded(seen: &Observed) -> Step {
    let founder = seen.claims.founder.as_deref();
    match (founder, seen.own) {
        // Somebody deleted the claim by hand; the data know better.
        (_, Own::Data { confirmed: true, .. }) => Step::Start(Start::Again),
        (None, _) => Step::ClaimFounder,
        (Some(founder), own) if founder == seen.me.id => match own {
            Own::Empty => Step::Start(Start::Found),
            Own::Data { .. } => Step::Start(Start::Again),
        },
        (Some(founder), Own::Data { .. }) => {
            Step::MoveDataAside(format!("{founder} founds the cluster"))
        }
        (Some(founder), Own::Empty) => match &seen.alive {
            None => Step::Wait(format!(
                "{founder} founds the cluster, and nobody says whether it is there"
            )),
            Some(alive) if alive.iter().any(|machine| machine.id == founder) => {
                Step::Wait(format!("{founder} founds the cluster"))
            }
            Some(_) => Step::DropFounder(founder.to_owned()),
        },
    }
}

/// `cluster` is there, and nothing runs here.
fn founded(seen: &Observed, cluster: u64) -> Step {
    let Own::Data { cluster: own, confirmed, .. } = seen.own else { return join(seen, cluster) };
    if let Some(own) = own.filter(|own| *own != cluster) {
        return foreign(own, cluster, confirmed);
    }
    match stale(seen) {
        Some(why) => Step::MoveDataAside(why),
        None => Step::Start(Start::Again),
    }
}

fn foreign(own: u64, cluster: u64, confirmed: bool) -> Step {
    let (own, cluster) = (hex_id(own), hex_id(cluster));
    if confirmed {
        return Step::Refuse(format!(
            "The data on this machine are of cluster {own}, and the claims name cluster {cluster}. If the cluster was \
             restored, this is an old member: end the node, move etcd/member in its directory away and start it again, and it joins \
             as a new member. If not, the document names claims of another cluster."
        ));
    }
    Step::MoveDataAside(format!("another machine founded the cluster {cluster} first"))
}

/// The cluster says that the data on this machine belong to no member.
fn stale(seen: &Observed) -> Option<String> {
    let Cluster::Speaking { id, members, leader: true, .. } = &seen.cluster else { return None };
    if seen.claims.cluster != Some(*id) {
        return None;
    }
    let known = match seen.own {
        Own::Data { member: Some(member), .. } => members.iter().any(|other| other.id == member),
        _ => members.iter().any(|member| is_of(member, &seen.me, seen)),
    };
    (!known)
        .then(|| "its member was removed from the cluster while this machine was away".to_owned())
}

/// Is it this machine's?
fn is_of(member: &Seen, machine: &Machine, seen: &Observed) -> bool {
    member.name == machine.name
        || member.peer_urls.contains(&machine.peer_url)
        || seen.claims.members.get(&machine.id) == Some(&member.id)
}

/// Without data, into a cluster that is there.
fn join(seen: &Observed, cluster: u64) -> Step {
    let (id, leader, members) = match &seen.cluster {
        Cluster::Silent(why) => {
            return Step::Wait(format!("no member of the cluster answers: {why}"));
        }
        Cluster::Speaking { id, leader, members, .. } => (*id, *leader, members),
    };
    if id != cluster {
        return Step::Refuse(format!(
            "The masters answer as cluster {}, and the claims name cluster {}. After a restore, delete the claim of the one \
             that is not wanted; else the document names claims of another cluster.",
            hex_id(id),
            hex_id(cluster)
        ));
    }
    if !leader {
        return Step::Wait(no_quorum(members));
    }
    if let Some(mine) = members.iter().find(|member| is_of(member, &seen.me, seen)) {
        return again(seen, mine, members);
    }
    if let Some(step) = gone(seen, members) {
        return step;
    }
    match members.iter().find(|member| member.learner) {
        Some(other) => Step::Wait(format!("{} is joining, and one joins at a time", label(other))),
        None => alarmed(seen).unwrap_or(Step::AddLearner),
    }
}

/// Nobody joins while an alarm stands. (What is gone is removed all the same: that is how a corrupt member is healed.)
fn alarmed(seen: &Observed) -> Option<Step> {
    let alarm = seen.alarms.first()?;
    Some(Step::Wait(format!("nobody joins while an alarm stands: {alarm}")))
}

fn no_quorum(members: &[Seen]) -> String {
    let voters = members.iter().filter(|member| !member.learner).count();
    let healthy = members.iter().filter(|member| !member.learner && member.healthy).count();
    format!(
        "etcd has no leader: {healthy} of {voters} voters answer, and {} are needed. Bring back their machines; if they are \
         lost for good, restore a snapshot with \"kprov node restore\"",
        voters / 2 + 1
    )
}

/// The cluster has a member for this machine, which has no data.
fn again(seen: &Observed, mine: &Seen, members: &[Seen]) -> Step {
    let remove =
        |why: &str| Step::RemoveMember { id: mine.id, name: label(mine), why: why.to_owned() };
    if mine.healthy {
        return Step::Refuse(format!(
            "A member called {} answers at {}, and is not this machine. Two machines have the same name: give each its own.",
            mine.name,
            mine.peer_urls.join(", ")
        ));
    }
    if !mine.name.is_empty() {
        let why = if mine.name == seen.me.name {
            "its data are gone"
        } else {
            "another machine has its address now"
        };
        return remove(why);
    }
    if !mine.peer_urls.contains(&seen.me.peer_url) {
        return remove("this machine's address changed before it started");
    }
    if seen.claims.members.get(&seen.me.id) != Some(&mine.id) {
        return Step::RecordMember(mine.id);
    }
    let name = |member: &Seen| {
        if member.id == mine.id { seen.me.name.clone() } else { member.name.clone() }
    };
    let all = members
        .iter()
        .flat_map(|member| member.peer_urls.iter().map(|url| (name(member), url.clone())));
    Step::Start(Start::Join(all.collect()))
}

/// A member whose machine is gone, or that was added and never started.
fn gone(seen: &Observed, members: &[Seen]) -> Option<Step> {
    let alive = seen.alive.as_ref()?;
    let remove = |member: &Seen, why: &str| {
        Some(Step::RemoveMember { id: member.id, name: label(member), why: why.to_owned() })
    };
    for member in members.iter().filter(|member| !member.healthy) {
        if is_of(member, &seen.me, seen) {
            continue;
        }
        if !alive.iter().any(|machine| is_of(member, machine, seen))
            && member.silent_for >= GONE_AFTER
        {
            return remove(member, "its machine is gone");
        }
        if member.name.is_empty() && member.silent_for >= NEVER_STARTED_AFTER {
            return remove(member, "it was added and never started");
        }
    }
    None
}

/// etcd answers here.
fn answering(seen: &Observed, cluster: u64, member: u64) -> Step {
    let confirmed = matches!(seen.own, Own::Data { confirmed: true, .. });
    match seen.claims.cluster {
        None if confirmed || seen.claims.founder.as_deref() == Some(&seen.me.id) => {
            return Step::ClaimCluster(cluster);
        }
        None => return Step::MoveDataAside("another machine founds the cluster".to_owned()),
        Some(claimed) if claimed != cluster => return foreign(cluster, claimed, confirmed),
        Some(_) => {}
    }
    let on_record = Own::Data { cluster: Some(cluster), member: Some(member), confirmed: true };
    if seen.own != on_record {
        return Step::Confirm { cluster, member };
    }
    if seen.claims.members.get(&seen.me.id) != Some(&member) {
        return Step::RecordMember(member);
    }
    let Cluster::Speaking { leader, leading, members, .. } = &seen.cluster else {
        return Step::Wait("etcd answers, and does not tell its members".to_owned());
    };
    match members.iter().find(|other| other.id == member) {
        None if *leader => {
            Step::MoveDataAside("its member was removed from the cluster".to_owned())
        }
        _ if !leader => Step::Wait(no_quorum(members)),
        Some(mine) if mine.learner => alarmed(seen).unwrap_or(Step::Promote(member)),
        _ if *leading => gone(seen, members).unwrap_or(Step::Settled),
        _ => Step::Settled,
    }
}

/// A member as people call it.
fn label(member: &Seen) -> String {
    if member.name.is_empty() { member.peer_urls.join(", ") } else { member.name.clone() }
}
