//! What an ask about etcd's members comes to. Pure.
//!
//! What must hold: leadership goes to a voter that is well; a member is removed only if those that stay are a healthy
//! majority of themselves; a healthy one leaves by its own machine only.

use crate::etcd::hex_id;

/// A member as it was seen just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) id: u64,
    /// Its name, or the machine that claims it.
    pub(crate) name: String,
    /// The machine that claims it.
    pub(crate) machine: Option<String>,
    pub(crate) voter: bool,
    /// It answers, and sees a leader.
    pub(crate) healthy: bool,
}

impl Peer {
    fn is_of(&self, machine: &str) -> bool {
        self.name == machine || self.machine.as_deref() == Some(machine)
    }

    fn label(&self) -> String {
        if self.name.is_empty() {
            hex_id(self.id)
        } else {
            format!("{} of {}", hex_id(self.id), self.name)
        }
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is so already.
    Nothing,
    /// Hand leadership to this member.
    MoveTo(u64),
    /// This machine's own member leaves.
    Leave,
    /// Remove another one.
    Remove(u64),
    /// Not done, and why, for people.
    Refuse(String),
}

/// Hand leadership to a machine's member. `own` leads, or `leader` does.
pub(crate) fn move_leader(own: u64, leader: u64, peers: &[Peer], to: &str) -> Decision {
    if leader != own {
        return Decision::Nothing;
    }
    let Some(heir) = peers.iter().find(|peer| peer.is_of(to)) else {
        return Decision::Refuse(format!(
            "no member of etcd is of the machine {to}, so leadership cannot go there"
        ));
    };
    if heir.id == own {
        return Decision::Refuse(format!(
            "{to} leads already, and it was asked to hand over to itself"
        ));
    }
    if !heir.voter {
        return Decision::Refuse(format!("the member {} does not vote yet", heir.label()));
    }
    if !heir.healthy {
        return Decision::Refuse(format!(
            "the member {} does not answer, or sees no leader",
            heir.label()
        ));
    }
    Decision::MoveTo(heir.id)
}

/// Remove a member. `own` is this machine's, as far as it has one.
pub(crate) fn remove(own: Option<u64>, id: u64, peers: &[Peer]) -> Decision {
    let Some(member) = peers.iter().find(|peer| peer.id == id) else { return Decision::Nothing };
    let mine = own == Some(id);
    if member.healthy && !mine {
        return Decision::Refuse(format!(
            "the member {} is well: only its own machine removes it, or it ends before",
            member.label()
        ));
    }
    let stay: Vec<&Peer> = peers.iter().filter(|peer| peer.id != id && peer.voter).collect();
    let healthy = stay.iter().filter(|peer| peer.healthy).count();
    let needed = stay.len() / 2 + 1;
    if stay.is_empty() {
        return Decision::Refuse(format!(
            "the member {} is the last voter: without it there is no cluster",
            member.label()
        ));
    }
    if healthy < needed {
        return Decision::Refuse(format!(
            "without the member {} {healthy} of {} voters would be well, and {needed} are needed",
            member.label(),
            stay.len()
        ));
    }
    if mine { Decision::Leave } else { Decision::Remove(id) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(id: u64, name: &str) -> Peer {
        Peer { id, name: name.to_owned(), machine: None, voter: true, healthy: true }
    }

    fn sick(peer: Peer) -> Peer {
        Peer { healthy: false, ..peer }
    }

    fn three() -> Vec<Peer> {
        vec![peer(1, "a"), peer(2, "b"), peer(3, "c")]
    }

    fn refused(decision: Decision, words: &str) {
        let Decision::Refuse(why) = &decision else { panic!("{decision:?}") };
        assert!(why.contains(words), "{why}");
    }

    #[test]
    fn who_leads_hands_over_to_whom_it_is_told() {
        assert_eq!(move_leader(1, 1, &three(), "b"), Decision::MoveTo(2));
        assert_eq!(move_leader(2, 1, &three(), "b"), Decision::Nothing, "it does not lead");
        assert_eq!(move_leader(2, 1, &[], "z"), Decision::Nothing);
        let claimed = Peer { machine: Some("i-2".to_owned()), ..peer(2, "b") };
        assert_eq!(move_leader(1, 1, &[peer(1, "a"), claimed], "i-2"), Decision::MoveTo(2));
    }

    #[test]
    fn leadership_goes_to_nobody_who_could_not_lead() {
        refused(move_leader(1, 1, &three(), "z"), "machine z");
        refused(move_leader(1, 1, &three(), "a"), "itself");
        let learner = Peer { voter: false, ..peer(2, "b") };
        refused(move_leader(1, 1, &[peer(1, "a"), learner], "b"), "does not vote");
        refused(move_leader(1, 1, &[peer(1, "a"), sick(peer(2, "b"))], "b"), "does not answer");
    }

    #[test]
    fn a_machine_leaves_when_the_others_are_a_healthy_majority() {
        assert_eq!(remove(Some(1), 1, &three()), Decision::Leave);
        assert_eq!(remove(Some(1), 9, &three()), Decision::Nothing, "it was removed before");
        assert_eq!(remove(None, 9, &three()), Decision::Nothing);
        let mut one_is_sick = three();
        one_is_sick[2] = sick(peer(3, "c"));
        refused(remove(Some(1), 1, &one_is_sick), "1 of 2 voters");
        one_is_sick.push(peer(4, "d"));
        assert_eq!(remove(Some(1), 1, &one_is_sick), Decision::Leave, "two of three stay well");
        refused(remove(Some(1), 1, &[peer(1, "a")]), "last voter");
        let learner = Peer { voter: false, ..peer(2, "b") };
        refused(remove(Some(1), 1, &[peer(1, "a"), learner]), "last voter");
    }

    #[test]
    fn another_one_is_removed_only_when_it_is_not_well() {
        refused(remove(Some(1), 3, &three()), "is well");
        let mut peers = three();
        peers[2] = sick(peer(3, "c"));
        assert_eq!(remove(Some(1), 3, &peers), Decision::Remove(3));
        peers[1] = sick(peer(2, "b"));
        refused(remove(Some(1), 3, &peers), "1 of 2 voters");
        let never_started = Peer { voter: false, ..sick(peer(4, "")) };
        let with: Vec<Peer> = three().into_iter().chain([never_started]).collect();
        assert_eq!(remove(Some(1), 4, &with), Decision::Remove(4));
        let learner: Vec<Peer> =
            three().into_iter().chain([Peer { voter: false, ..peer(4, "d") }]).collect();
        refused(remove(Some(1), 4, &learner), "is well");
    }
}
