//! Who goes first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::index::Index;
use crate::reason::Reason;
use crate::world::Member;

/// Members that are to be replaced and are not leaving yet, in the order in which they go: whose volumes need a place in
/// their zone, since launches are for the first; what is not well before what is, zones in turn, within a zone the oldest first, and etcd's leader last.
pub(crate) fn leavers(index: &Index<'_>, group: usize) -> Vec<usize> {
    let of = index.groups[group].members.iter().copied().filter(|&at| {
        let member = index.member(at);
        !index.marked(at) && !member.going() && index.reason(at).is_some_and(Reason::counts)
    });
    let mut oldest: Vec<(bool, u64, usize)> =
        of.map(|at| (index.serves(at), index.member(at).launched_at, at)).collect();
    oldest.sort_unstable();
    // The n-th of its zone: zones take turns.
    let mut turns: BTreeMap<&str, usize> = BTreeMap::new();
    let mut keyed: Vec<(bool, bool, bool, usize, u64, usize)> = oldest
        .into_iter()
        .map(|(serves, launched_at, at)| {
            let member = index.member(at);
            let turn = turns.entry(member.zone.as_str()).or_insert(0);
            *turn += 1;
            (leads(index, member), !index.stranded(at), serves, *turn, launched_at, at)
        })
        .collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(.., at)| at).collect()
}

/// Who goes when there is one too many: of the fullest zone the newest, and not etcd's leader.
pub(crate) fn surplus(index: &Index<'_>, group: usize) -> Option<usize> {
    let of = || {
        index.groups[group].members.iter().copied().filter(|&at| {
            let member = index.member(at);
            member.mark.is_none() && !member.going() && !member.coming()
        })
    };
    let mut zones: BTreeMap<&str, usize> = BTreeMap::new();
    for at in of() {
        *zones.entry(index.member(at).zone.as_str()).or_insert(0) += 1;
    }
    of().min_by_key(|&at| {
        let member = index.member(at);
        let full = zones.get(member.zone.as_str()).copied();
        (
            leads(index, member),
            index.stranded(at),
            index.serves(at),
            Reverse(full),
            Reverse(member.launched_at),
            at,
        )
    })
}

/// Who goes when what is too many stands in the wrong zone, and is wanted in another: whoever would go as surplus of
/// those that are new and hold no volumes.
pub(crate) fn misplaced(index: &Index<'_>, group: usize) -> Option<usize> {
    let indexed = &index.groups[group];
    let of = indexed.members.iter().copied().filter(|&at| {
        let member = index.member(at);
        let free = member.node.is_some_and(|node| node.volumes == 0);
        index.serves(at) && !index.outdated(at) && free
    });
    of.min_by_key(|&at| {
        let member = index.member(at);
        let zone = indexed.now.zones.iter().find(|(zone, _)| *zone == member.zone);
        (Reverse(zone.map(|(_, count)| *count)), Reverse(member.launched_at), at)
    })
}

fn leads(index: &Index<'_>, member: &Member) -> bool {
    let etcd = index.etcd.as_ref().is_some_and(|etcd| etcd.members.iter().any(|of| of.leader));
    etcd && index.etcd_of(&member.id).is_some_and(|of| of.leader)
}
