//! etcd as a master sees it, told on its lease (`kprov.dev/etcd-view`). Lists are in order and times are left out, so that
//! nothing differs but what is another.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::etcd::{Members, Status, hex_id};

/// etcd as one member sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EtcdView {
    /// This machine's.
    pub(crate) member: String,
    /// Empty where it sees none.
    pub(crate) leader: String,
    pub(crate) term: u64,
    /// It answers, and is in step with the others.
    pub(crate) healthy: bool,
    /// `NOSPACE`, `CORRUPT`.
    pub(crate) alarms: Vec<String>,
    pub(crate) members: Vec<MemberView>,
}

/// A member as another one sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MemberView {
    pub(crate) id: String,
    /// Its own, once it has started; before, the machine that claims it. Empty where nobody does.
    pub(crate) name: String,
    pub(crate) started: bool,
    pub(crate) voter: bool,
}

impl EtcdView {
    /// Out of what the member says. `claimed` has machines by the members that they claim.
    pub(crate) fn of(
        status: &Status,
        members: &Members,
        claimed: &BTreeMap<String, String>,
        healthy: bool,
    ) -> EtcdView {
        let member = |member: &crate::etcd::Member| {
            let id = hex_id(member.id);
            let started = !member.name.is_empty();
            let claimed = claimed.get(&id).cloned().unwrap_or_default();
            let name = if started { member.name.clone() } else { claimed };
            MemberView { id, name, started, voter: !member.learner }
        };
        let mut members: Vec<MemberView> = members.members.iter().map(member).collect();
        members.sort_by(|one, other| one.id.cmp(&other.id));
        let alarms: BTreeSet<String> =
            status.alarms.iter().map(|alarm| alarm.name.clone()).collect();
        EtcdView {
            member: hex_id(status.member),
            leader: if status.leader == 0 { String::new() } else { hex_id(status.leader) },
            term: status.term,
            healthy,
            alarms: alarms.into_iter().collect(),
            members,
        }
    }
}

/// Bad looks in a row until it counts: one answer that is slow is none of a member that is sick.
const BAD_LOOKS: u32 = 3;

/// Is it well? Once it was, it takes a few bad looks in a row until it is not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Steady {
    well: bool,
    bad: u32,
}

impl Steady {
    /// Notes a look; says how it stands.
    pub(crate) fn look(&mut self, good: bool) -> bool {
        if good {
            *self = Steady { well: true, bad: 0 };
        } else {
            self.bad = self.bad.saturating_add(1);
            self.well = self.well && self.bad < BAD_LOOKS;
        }
        self.well
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::etcd::{Alarm, Member};

    fn member(id: u64, name: &str, learner: bool) -> Member {
        let name = name.to_owned();
        Member { id, name, peer_urls: Vec::new(), client_urls: Vec::new(), learner }
    }

    fn status() -> Status {
        Status { member: 0xb, leader: 0xa, term: 7, ..Status::default() }
    }

    #[test]
    fn a_view_is_the_same_in_whatever_order_it_is_heard() {
        let all = [member(0xa, "i-1", false), member(0xb, "i-2", false), member(0xc, "", true)];
        let claimed = BTreeMap::from([("c".to_owned(), "i-3".to_owned())]);
        let mut alarmed = status();
        let alarm = |name: &str| Alarm { member: "a".to_owned(), name: name.to_owned() };
        alarmed.alarms = vec![alarm("NOSPACE"), alarm("CORRUPT"), alarm("NOSPACE")];
        let members = Members { cluster: 1, members: all.to_vec() };
        let view = EtcdView::of(&alarmed, &members, &claimed, true);
        let mut other = members.clone();
        other.members.reverse();
        alarmed.alarms.reverse();
        assert_eq!(EtcdView::of(&alarmed, &other, &claimed, true), view);
        let told = serde_json::to_string(&view).unwrap();
        assert_eq!(
            told,
            r#"{"member":"b","leader":"a","term":7,"healthy":true,"alarms":["CORRUPT","NOSPACE"],"members":[{"id":"a","name":"i-1","started":true,"voter":true},{"id":"b","name":"i-2","started":true,"voter":true},{"id":"c","name":"i-3","started":false,"voter":false}]}"#
        );
    }

    #[test]
    fn without_a_leader_or_a_claim_nothing_is_made_up() {
        let members = Members { cluster: 1, members: vec![member(0xc, "", true)] };
        let lost = Status { leader: 0, ..status() };
        let view = EtcdView::of(&lost, &members, &BTreeMap::new(), false);
        assert_eq!((view.leader.as_str(), view.members[0].name.as_str()), ("", ""));
        assert!(!view.healthy);
    }

    #[test]
    fn one_slow_answer_is_no_news_and_several_are() {
        let mut steady = Steady::default();
        assert!(!steady.look(false), "it never was well");
        assert!(steady.look(true));
        for _ in 0..3 {
            assert!(steady.look(false) && steady.look(false) && steady.look(true));
        }
        assert_eq!([false; 3].map(|good| steady.look(good)), [true, true, false]);
        assert!(steady.look(true), "well again at once");
    }
}
