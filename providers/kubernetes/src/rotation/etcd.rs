//! etcd put together from what masters tell on their leases (`kprov.dev/etcd-view`, `kprov.dev/snapshot`): pure.
//!
//! Whose word counts: the one of a member that is in step with the quorum, of the highest term, of the freshest lease. A
//! member is healthy only by its own word. Whose it is is told by the lease that claims it, however old: a dead machine's
//! member must be known to be its.

use std::collections::BTreeMap;

use kprov_provider::rotation::world::{Alarm, Etcd, EtcdMember, Snapshot};
use kprov_provider::rotation::{EtcdId, MachineId, Seconds};
use serde::Deserialize;

use super::Lease;
use super::leases::seconds;

#[derive(Clone, Debug, Deserialize)]
pub(super) struct View {
    pub(super) member: String,
    #[serde(default)]
    leader: String,
    #[serde(default)]
    term: u64,
    #[serde(default)]
    pub(super) healthy: bool,
    #[serde(default)]
    alarms: Vec<String>,
    #[serde(default)]
    members: Vec<MemberNote>,
}

#[derive(Clone, Debug, Deserialize)]
struct MemberNote {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    started: bool,
    #[serde(default)]
    voter: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotNote {
    taken_at: String,
    #[serde(default)]
    verified: bool,
    #[serde(default)]
    complete: bool,
}

/// As etcd's tools write ids: hexadecimal.
pub(super) fn id(text: &str) -> Option<EtcdId> {
    u64::from_str_radix(text, 16).ok().map(EtcdId)
}

/// etcd, every member added just now; none where no master that is not silent tells of it.
pub(super) fn told(leases: &[Lease], now: Seconds) -> Option<Etcd> {
    let views: Vec<(&Lease, View)> =
        leases.iter().filter_map(|lease| Some((lease, lease.note("etcd-view")?))).collect();
    let fresh: Vec<&(&Lease, View)> =
        views.iter().filter(|(lease, _)| lease.is_fresh(now)).collect();
    let weight = |(lease, view): &(&Lease, View)| (view.healthy, view.term, lease.renewed());
    let (_, best) = *fresh.iter().max_by_key(|of| weight(of))?;
    let leaders =
        fresh.iter().filter(|(_, view)| view.term == best.term && !view.leader.is_empty());
    let leader = leaders.max_by_key(|of| weight(of)).and_then(|(_, view)| id(&view.leader));
    let well: Vec<EtcdId> = fresh
        .iter()
        .filter(|(_, view)| view.healthy)
        .filter_map(|(_, view)| id(&view.member))
        .collect();
    let machines = machines(&views, now);
    let member = |note: &MemberNote| {
        let id = id(&note.id)?;
        let named = (!note.name.is_empty()).then(|| MachineId::new(&note.name));
        Some(EtcdMember {
            id,
            machine: machines.get(&id).cloned().or(named),
            added_at: now,
            started: note.started,
            voter: note.voter,
            healthy: note.started && well.contains(&id),
            leader: leader == Some(id),
        })
    };
    let alarms = [("NOSPACE", Alarm::NoSpace), ("CORRUPT", Alarm::Corrupt)];
    let raised = |name: &str| fresh.iter().any(|(_, view)| view.alarms.iter().any(|it| it == name));
    Some(Etcd {
        members: best.members.iter().filter_map(member).collect(),
        alarms: alarms.into_iter().filter(|(name, _)| raised(name)).map(|(_, it)| it).collect(),
        snapshot: newest(leases),
    })
}

/// Whose each member is. Where two leases claim one, the one that was renewed last.
fn machines(views: &[(&Lease, View)], now: Seconds) -> BTreeMap<EtcdId, MachineId> {
    let mut sorted: Vec<&(&Lease, View)> = views.iter().collect();
    sorted.sort_by_key(|(lease, _)| (lease.is_fresh(now), lease.renewed()));
    sorted
        .into_iter()
        .filter_map(|(lease, view)| Some((id(&view.member)?, lease.machine()?)))
        .collect()
}

/// The newest snapshot that was checked, whoever took it; else the newest.
fn newest(leases: &[Lease]) -> Option<Snapshot> {
    let notes = leases.iter().filter_map(|lease| lease.note::<SnapshotNote>("snapshot"));
    let snapshots = notes.filter_map(|note| {
        let SnapshotNote { taken_at, verified, complete } = note;
        Some(Snapshot { taken_at: seconds(&taken_at)?, verified, complete })
    });
    snapshots.max_by_key(|it| (it.verified, it.taken_at, it.complete))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::leases::testing::{RENEWED, lease};
    use super::*;

    fn members() -> Json {
        json!([{"id": "a", "name": "i-1", "started": true, "voter": true},
            {"id": "b", "name": "i-2", "started": true, "voter": true},
            {"id": "c", "name": "", "started": false, "voter": false}])
    }

    fn view(member: &str, leader: &str, term: u64, healthy: bool) -> Json {
        json!({"member": member, "leader": leader, "term": term, "healthy": healthy, "alarms": [],
            "members": members()})
    }

    fn of(etcd: &Etcd, id: u64) -> &EtcdMember {
        etcd.members.iter().find(|member| member.id == EtcdId(id)).expect("a member")
    }

    #[test]
    fn members_are_healthy_by_their_own_word_only() {
        let leases = [
            lease("i-1", 0, json!({"etcd-view": view("a", "a", 7, true)})),
            lease("i-2", 0, json!({"etcd-view": view("b", "a", 7, false)})),
        ];
        let etcd = told(&leases, RENEWED).expect("etcd");
        assert_eq!(etcd.members.len(), 3);
        assert!(of(&etcd, 0xa).healthy && of(&etcd, 0xa).leader && of(&etcd, 0xa).voter);
        assert!(!of(&etcd, 0xb).healthy && !of(&etcd, 0xb).leader);
        let joining = of(&etcd, 0xc);
        assert_eq!((joining.started, joining.voter, joining.healthy), (false, false, false));
        assert_eq!((joining.machine.clone(), joining.added_at), (None, RENEWED));
        // The word of one that fell silent counts no more.
        let later = told(&leases, RENEWED + 121);
        assert_eq!(later, None);
    }

    #[test]
    fn a_silent_machine_is_known_and_not_healthy() {
        let mut all = view("a", "a", 7, true);
        all["members"][1]["name"] = json!("");
        let leases = [
            lease("i-1", 0, json!({"etcd-view": all})),
            lease("i-dead", 500, json!({"etcd-view": view("b", "b", 6, true)})),
        ];
        let etcd = told(&leases, RENEWED).expect("etcd");
        let dead = of(&etcd, 0xb);
        assert_eq!(dead.machine, Some(MachineId::new("i-dead")));
        assert!(!dead.healthy && !dead.leader);
        // By a claim rather than by name.
        let leases = [
            lease("i-1", 0, json!({"etcd-view": view("a", "a", 7, true)})),
            lease("i-new", 0, json!({"etcd-view": view("b", "a", 7, true)})),
            lease("i-old", 60, json!({"etcd-view": view("b", "a", 7, true)})),
        ];
        let etcd = told(&leases, RENEWED).expect("etcd");
        assert_eq!(of(&etcd, 0xb).machine, Some(MachineId::new("i-new")));
    }

    #[test]
    fn the_list_is_of_whoever_is_in_step_then_of_the_highest_term_then_of_the_freshest() {
        let with = |member: &str, term: u64, healthy: bool, only: &str| {
            let mut view = view(member, member, term, healthy);
            view["members"] = json!([{"id": only, "name": "x", "started": true, "voter": true}]);
            json!({"etcd-view": view})
        };
        let only = |leases: &[Lease]| {
            let etcd = told(leases, RENEWED).expect("etcd");
            assert_eq!(etcd.members.len(), 1);
            etcd.members[0].id.0
        };
        let apart = lease("i-1", 0, with("a", 9, false, "1"));
        let old = lease("i-2", 0, with("b", 6, true, "2"));
        let late = lease("i-3", 30, with("c", 7, true, "3"));
        let fresh = lease("i-4", 10, with("d", 7, true, "4"));
        assert_eq!(only(&[apart.clone(), old.clone(), late.clone(), fresh.clone()]), 4);
        assert_eq!(only(&[apart.clone(), old.clone(), late]), 3);
        assert_eq!(only(&[apart.clone(), old]), 2);
        assert_eq!(only(&[apart]), 1);
    }

    #[test]
    fn a_leader_of_an_older_term_leads_no_more() {
        let leases = [
            lease("i-1", 0, json!({"etcd-view": view("a", "", 8, true)})),
            lease("i-2", 0, json!({"etcd-view": view("b", "b", 7, true)})),
        ];
        let etcd = told(&leases, RENEWED).expect("etcd");
        assert!(etcd.members.iter().all(|member| !member.leader));
        let leases =
            [leases[0].clone(), lease("i-2", 0, json!({"etcd-view": view("b", "b", 8, true)}))];
        assert!(of(&told(&leases, RENEWED).expect("etcd"), 0xb).leader);
    }

    #[test]
    fn alarms_are_everybodys_and_snapshots_the_newest_that_was_checked() {
        let mut alarmed = view("b", "a", 7, false);
        alarmed["alarms"] = json!(["NOSPACE", "LATE"]);
        let snapshot = |at: &str, verified: bool| json!({"takenAt": at, "verified": verified, "complete": false});
        let leases = [
            lease(
                "i-1",
                0,
                json!({"etcd-view": view("a", "a", 7, true),
                "snapshot": snapshot("2023-11-14T20:00:00Z", true)}),
            ),
            lease(
                "i-2",
                0,
                json!({"etcd-view": alarmed, "snapshot": snapshot("2023-11-14T22:00:00Z", false)}),
            ),
            // Gone, and what it took is not.
            lease("i-3", 999, json!({"snapshot": snapshot("2023-11-14T21:00:00Z", true)})),
        ];
        let etcd = told(&leases, RENEWED).expect("etcd");
        assert_eq!(etcd.alarms, [Alarm::NoSpace]);
        let taken_at = seconds("2023-11-14T21:00:00Z").expect("a time");
        assert_eq!(etcd.snapshot, Some(Snapshot { taken_at, verified: true, complete: false }));
    }

    #[test]
    fn nothing_is_told_where_nobody_tells() {
        assert_eq!(told(&[lease("i-1", 0, json!({"role": "worker"}))], RENEWED), None);
        let odd = json!({"etcd-view": {"member": "xyz", "members": [{"id": "no"}]}});
        let etcd = told(&[lease("i-1", 0, odd)], RENEWED).expect("etcd");
        assert!(etcd.members.is_empty());
    }
}
