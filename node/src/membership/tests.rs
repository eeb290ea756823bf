//! Every way into the cluster, as one table of what is seen and what is done.

use std::time::Duration;

use super::decide::{GONE_AFTER, NEVER_STARTED_AFTER, decide};
use super::*;
use crate::claims::ClaimSet;
use crate::components::Start;

const CLUSTER: u64 = 0xc;
const DATA: Own = Own::Data { cluster: Some(CLUSTER), member: Some(1), confirmed: true };
const FRESH: Own = Own::Data { cluster: None, member: None, confirmed: false };

fn machine(name: &str) -> Machine {
    let url = |port: u16| format!("https://{name}:{port}");
    Machine { id: name.into(), name: name.into(), peer_url: url(2380), client_url: url(2379) }
}

fn member(id: u64, name: &str) -> Seen {
    let peer_urls = vec![format!("https://{name}:2380")];
    Seen {
        id,
        name: name.into(),
        peer_urls,
        learner: false,
        healthy: true,
        silent_for: Duration::ZERO,
    }
}

fn silent(member: Seen, silent_for: Duration) -> Seen {
    Seen { healthy: false, silent_for, ..member }
}

/// Added, and never started.
fn added(id: u64, machine: &str, silent_for: Duration) -> Seen {
    Seen { name: String::new(), learner: true, ..silent(member(id, machine), silent_for) }
}

fn speaking(members: Vec<Seen>) -> Cluster {
    Cluster::Speaking { id: CLUSTER, leader: true, leading: false, members }
}

fn claims(founder: Option<&str>, cluster: Option<u64>, members: &[(&str, u64)]) -> ClaimSet {
    let members = members.iter().map(|(name, id)| ((*name).to_owned(), *id)).collect();
    ClaimSet { founder: founder.map(str::to_owned), cluster, members }
}

/// Machine `a` among `a`, `b` and `c`, with nothing at all.
fn nothing() -> Observed {
    Observed {
        me: machine("a"),
        claims: ClaimSet::default(),
        alive: Some(vec![machine("a"), machine("b"), machine("c")]),
        cluster: Cluster::Silent("nobody".into()),
        alarms: Vec::new(),
        own: Own::Empty,
        process: Process::Down,
        leaves: false,
    }
}

/// The cluster is there: `b` and `c` are voters, `a` comes.
fn joining() -> Observed {
    let cluster = speaking(vec![member(2, "b"), member(3, "c")]);
    Observed {
        claims: claims(Some("b"), Some(CLUSTER), &[("b", 2), ("c", 3)]),
        cluster,
        ..nothing()
    }
}

fn waits(step: Step, words: &str) {
    let Step::Wait(why) = &step else { panic!("{step:?}") };
    assert!(why.contains(words), "{why}");
}

fn removes(step: Step, id: u64, words: &str) {
    let Step::RemoveMember { id: found, why, .. } = &step else { panic!("{step:?}") };
    assert!(*found == id && why.contains(words), "{step:?}");
}

#[test]
fn the_first_one_founds_and_the_others_wait() {
    let mut seen = nothing();
    assert_eq!(decide(&seen), Step::ClaimFounder);
    seen.claims.founder = Some("a".into());
    assert_eq!(decide(&seen), Step::Start(Start::Found));
    seen.claims.founder = Some("b".into());
    waits(decide(&seen), "b founds");
    seen.alive = None;
    waits(decide(&seen), "nobody says");
}

#[test]
fn a_founder_that_is_gone_before_the_cluster_was_claimed_is_replaced() {
    let gone = Observed { claims: claims(Some("z"), None, &[]), ..nothing() };
    assert_eq!(decide(&gone), Step::DropFounder("z".into()));
    // It is slow, not gone: it learns that another one founds, and drops what it has, for nobody relied on it.
    let slow = Observed { own: FRESH, claims: claims(Some("b"), None, &[]), ..nothing() };
    assert!(matches!(decide(&slow), Step::MoveDataAside(_)));
    let answers = Observed { process: Process::Answering { cluster: 0xd, member: 1 }, ..slow };
    assert!(matches!(decide(&answers), Step::MoveDataAside(_)));
}

#[test]
fn of_two_founders_the_one_whose_cluster_was_claimed_stays() {
    let process = Process::Answering { cluster: CLUSTER, member: 1 };
    let mut seen =
        Observed { own: FRESH, process, claims: claims(Some("a"), None, &[]), ..nothing() };
    seen.cluster = speaking(vec![member(1, "a")]);
    assert_eq!(decide(&seen), Step::ClaimCluster(CLUSTER));
    seen.claims.cluster = Some(CLUSTER);
    assert_eq!(decide(&seen), Step::Confirm { cluster: CLUSTER, member: 1 });
    seen.own = DATA;
    assert_eq!(decide(&seen), Step::RecordMember(1));
    seen.claims.members.insert("a".into(), 1);
    assert_eq!(decide(&seen), Step::Settled);
    let lost = Observed { own: FRESH, claims: claims(Some("b"), Some(0xd), &[]), ..seen };
    assert!(matches!(decide(&lost), Step::MoveDataAside(_)));
}

#[test]
fn a_founder_that_crashed_goes_on_with_its_data() {
    let seen = Observed { own: FRESH, claims: claims(Some("a"), None, &[]), ..nothing() };
    assert_eq!(decide(&seen), Step::Start(Start::Again));
    let lost_claims = Observed { own: DATA, ..nothing() };
    assert_eq!(decide(&lost_claims), Step::Start(Start::Again));
    let process = Process::Answering { cluster: CLUSTER, member: 1 };
    assert_eq!(decide(&Observed { process, ..lost_claims }), Step::ClaimCluster(CLUSTER));
}

#[test]
fn joining_is_adding_recording_starting_promoting() {
    let mut seen = joining();
    assert_eq!(decide(&seen), Step::AddLearner);
    seen.cluster = speaking(vec![member(2, "b"), member(3, "c"), added(1, "a", Duration::ZERO)]);
    assert_eq!(decide(&seen), Step::RecordMember(1), "it died before it wrote the claim");
    seen.claims.members.insert("a".into(), 1);
    let Step::Start(Start::Join(all)) = decide(&seen) else { panic!() };
    assert_eq!(all.len(), 3);
    assert!(all.contains(&("a".into(), "https://a:2380".into())), "{all:?}");
    seen.process = Process::Up;
    seen.own = FRESH;
    waits(decide(&seen), "etcd starts");
    seen.process = Process::Answering { cluster: CLUSTER, member: 1 };
    assert_eq!(decide(&seen), Step::Confirm { cluster: CLUSTER, member: 1 });
    seen.own = DATA;
    let learner = Seen { learner: true, ..member(1, "a") };
    seen.cluster = speaking(vec![member(2, "b"), member(3, "c"), learner]);
    assert_eq!(decide(&seen), Step::Promote(1));
    seen.cluster = speaking(vec![member(1, "a"), member(2, "b"), member(3, "c")]);
    assert_eq!(decide(&seen), Step::Settled);
}

#[test]
fn nobody_joins_what_does_not_answer_or_has_no_quorum() {
    let mut seen = joining();
    seen.cluster = Cluster::Silent("no connection to b".into());
    waits(decide(&seen), "no connection to b");
    let members = vec![member(2, "b"), silent(member(3, "c"), Duration::from_secs(900))];
    seen.cluster = Cluster::Speaking { id: CLUSTER, leader: false, leading: false, members };
    waits(decide(&seen), "1 of 2 voters answer, and 2 are needed");
    seen.cluster =
        Cluster::Speaking { id: 0xd, leader: true, leading: false, members: vec![member(2, "b")] };
    assert!(
        matches!(decide(&seen), Step::Refuse(why) if why.contains("cluster d") && why.contains("cluster c"))
    );
}

#[test]
fn nobody_joins_while_an_alarm_stands_and_what_is_gone_is_removed_all_the_same() {
    let alarms = vec![Alarm { member: "2".into(), name: "NOSPACE".into() }];
    let mut seen = Observed { alarms, ..joining() };
    waits(decide(&seen), "NOSPACE");
    let learner = Seen { learner: true, ..member(1, "a") };
    let promoted = Observed {
        cluster: speaking(vec![member(2, "b"), member(3, "c"), learner]),
        claims: claims(Some("b"), Some(CLUSTER), &[("a", 1), ("b", 2), ("c", 3)]),
        process: Process::Answering { cluster: CLUSTER, member: 1 },
        own: DATA,
        ..seen.clone()
    };
    waits(decide(&promoted), "nobody joins while an alarm stands");
    assert_eq!(decide(&Observed { alarms: Vec::new(), ..promoted }), Step::Promote(1));
    seen.cluster = speaking(vec![member(2, "b"), silent(member(1, "a"), Duration::ZERO)]);
    removes(decide(&seen), 1, "data are gone");
}

#[test]
fn members_whose_machines_are_gone_are_removed_before_anybody_is_added() {
    let mut seen = joining();
    seen.alive = Some(vec![machine("a"), machine("b")]);
    let with = |c: Seen| speaking(vec![member(2, "b"), member(4, "d"), c]);
    seen.alive.as_mut().unwrap().push(machine("d"));
    seen.cluster = with(silent(member(3, "c"), GONE_AFTER));
    removes(decide(&seen), 3, "machine is gone");
    seen.cluster = with(silent(member(3, "c"), Duration::from_secs(1)));
    assert_eq!(decide(&seen), Step::AddLearner, "too early to say");
    seen.cluster = with(member(3, "c"));
    assert_eq!(decide(&seen), Step::AddLearner, "it answers, whatever the list of machines says");
    seen.cluster = with(silent(member(3, "c"), GONE_AFTER));
    seen.alive = None;
    assert_eq!(decide(&seen), Step::AddLearner, "nobody says which machines are there");
    // A claim tells whose it is, where neither name nor address does.
    seen.alive = Some(vec![machine("a"), machine("b"), machine("d"), machine("e")]);
    seen.claims.members.insert("e".into(), 3);
    assert_eq!(decide(&seen), Step::AddLearner);
}

#[test]
fn one_joins_at_a_time_and_who_never_starts_is_removed() {
    let mut seen = joining();
    seen.cluster = speaking(vec![member(2, "b"), added(3, "c", Duration::from_secs(20))]);
    waits(decide(&seen), "one joins at a time");
    seen.cluster = speaking(vec![member(2, "b"), added(3, "c", NEVER_STARTED_AFTER)]);
    removes(decide(&seen), 3, "never started");
    seen.alive = Some(vec![machine("a"), machine("b")]);
    seen.cluster = speaking(vec![member(2, "b"), added(3, "c", GONE_AFTER)]);
    removes(decide(&seen), 3, "machine is gone");
}

#[test]
fn the_leader_cleans_up_though_nobody_joins() {
    let process = Process::Answering { cluster: CLUSTER, member: 1 };
    let claims = claims(Some("a"), Some(CLUSTER), &[("a", 1), ("b", 2)]);
    let alive = Some(vec![machine("a"), machine("b")]);
    let members = vec![member(1, "a"), member(2, "b"), silent(member(3, "c"), GONE_AFTER)];
    let of = |leading| Cluster::Speaking {
        id: CLUSTER,
        leader: true,
        leading,
        members: members.clone(),
    };
    let seen = Observed { process, own: DATA, claims, alive, cluster: of(false), ..nothing() };
    assert_eq!(decide(&seen), Step::Settled, "the others leave it to the leader");
    removes(decide(&Observed { cluster: of(true), ..seen }), 3, "machine is gone");
}

#[test]
fn who_lost_its_data_or_took_over_an_address_removes_the_old_member_first() {
    let mut seen = joining();
    let others = |mine: Seen| speaking(vec![member(2, "b"), member(3, "c"), mine]);
    seen.cluster = others(silent(member(1, "a"), Duration::ZERO));
    removes(decide(&seen), 1, "data are gone");
    seen.cluster = others(Seen { name: "old".into(), ..silent(member(1, "a"), Duration::ZERO) });
    removes(decide(&seen), 1, "has its address now");
    seen.cluster = others(Seen { peer_urls: vec!["https://b2:2380".into()], ..member(1, "a") });
    assert!(matches!(decide(&seen), Step::Refuse(why) if why.contains("same name")));
    seen.claims.members.insert("a".into(), 1);
    let moved =
        Seen { peer_urls: vec!["https://elsewhere:2380".into()], ..added(1, "a", Duration::ZERO) };
    seen.cluster = others(moved);
    removes(decide(&seen), 1, "address changed");
}

#[test]
fn own_data_start_unless_the_cluster_says_that_they_are_nobodys() {
    let mut seen = Observed { own: DATA, ..joining() };
    seen.cluster = Cluster::Silent("nobody".into());
    assert_eq!(
        decide(&seen),
        Step::Start(Start::Again),
        "else a cluster that was off never comes back"
    );
    seen.cluster =
        speaking(vec![silent(member(1, "a"), Duration::ZERO), member(2, "b"), member(3, "c")]);
    assert_eq!(decide(&seen), Step::Start(Start::Again));
    seen.cluster = speaking(vec![member(2, "b"), member(3, "c")]);
    assert!(matches!(decide(&seen), Step::MoveDataAside(why) if why.contains("removed")));
    assert!(matches!(
        decide(&Observed { process: Process::Up, ..seen.clone() }),
        Step::MoveDataAside(_)
    ));
    // One member without a leader knows nothing for sure.
    let members = vec![member(2, "b")];
    seen.cluster = Cluster::Speaking { id: CLUSTER, leader: false, leading: false, members };
    assert_eq!(decide(&seen), Step::Start(Start::Again));
    seen.own = Own::Data { cluster: Some(0xd), member: Some(1), confirmed: true };
    assert!(matches!(decide(&seen), Step::Refuse(why) if why.contains("restored")));
}

#[test]
fn a_member_that_is_removed_while_it_runs_moves_its_data_aside() {
    let process = Process::Answering { cluster: CLUSTER, member: 1 };
    let mut seen = Observed { own: DATA, process, ..joining() };
    seen.claims.members.insert("a".into(), 1);
    assert!(matches!(decide(&seen), Step::MoveDataAside(_)));
    let members = vec![member(1, "a"), silent(member(2, "b"), Duration::from_secs(99))];
    seen.cluster = Cluster::Speaking { id: CLUSTER, leader: false, leading: false, members };
    waits(decide(&seen), "no leader: 1 of 2 voters answer");
}

#[test]
fn who_is_taken_out_stays_out_whatever_is_seen() {
    let out = |seen: Observed| decide(&Observed { leaves: true, ..seen });
    // Without data, with and without a cluster that would take it.
    assert_eq!(out(nothing()), Step::Left);
    assert_eq!(out(joining()), Step::Left);
    let mut listed = joining();
    listed.cluster = speaking(vec![member(2, "b"), added(1, "a", Duration::ZERO)]);
    listed.claims.members.insert("a".into(), 1);
    assert_eq!(out(listed), Step::Left, "somebody added it: it does not start");
    // Removed, and killed before it put that on record.
    let removed = Observed { own: DATA, ..joining() };
    for process in [Process::Down, Process::Up, Process::Answering { cluster: CLUSTER, member: 1 }]
    {
        assert_eq!(out(Observed { process, ..removed.clone() }), Step::Left, "{process:?}");
    }
    // Killed before it was removed: as a member it can be removed in peace.
    let members = vec![member(1, "a"), member(2, "b"), member(3, "c")];
    let still = Observed { cluster: speaking(members), ..removed };
    assert_eq!(out(still.clone()), Step::Start(Start::Again));
    let process = Process::Answering { cluster: CLUSTER, member: 1 };
    waits(out(Observed { process, ..still.clone() }), "being removed");
    let silent = Observed { cluster: Cluster::Silent("nobody".into()), ..still };
    assert_eq!(out(silent), Step::Start(Start::Again), "nobody says that it is gone");
}

#[test]
fn a_fourth_joins_three_that_are_well_and_nobody_brings_back_who_leaves() {
    let four = ["a", "b", "c", "d"].map(machine).to_vec();
    let voters = vec![member(2, "b"), member(3, "c"), member(4, "d")];
    let claims = claims(Some("b"), Some(CLUSTER), &[("b", 2), ("c", 3), ("d", 4)]);
    let surge = Observed {
        alive: Some(four.clone()),
        cluster: speaking(voters.clone()),
        claims: claims.clone(),
        ..nothing()
    };
    assert_eq!(decide(&surge), Step::AddLearner);
    // d's member was removed, and its machine lives: the leader leaves it at that.
    let leads = Observed {
        me: machine("b"),
        own: Own::Data { cluster: Some(CLUSTER), member: Some(2), confirmed: true },
        process: Process::Answering { cluster: CLUSTER, member: 2 },
        cluster: Cluster::Speaking {
            id: CLUSTER,
            leader: true,
            leading: true,
            members: vec![member(1, "a"), member(2, "b"), member(3, "c")],
        },
        ..surge
    };
    assert_eq!(decide(&leads), Step::Settled);
}
