//! What only nodes can do is asked of them by an annotation of their lease, `kprov.dev/asked`, and answered in
//! `kprov.dev/done`. docs/adr/0005, "Contract: what masters tell, and what they are asked".
//!
//! A token is asked of one machine, and carried out there once. Only where that machine has fallen silent is another asked
//! by the same token, and only for what harms nobody if both do it: a snapshot, the removal of a member by its id.

use http::Method;
use kprov_provider::ProviderError;
use kprov_provider::rotation::{EtcdId, MachineId, Seconds};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::leases::{self, seconds, time};
use super::{Connection, Lease, etcd};
use crate::cluster::Call;

/// A node looks each second at what it is asked, and has it on record then. What is younger may not have been seen yet, and
/// is not written over.
const SEEN_WITHIN: Seconds = 30;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task<'a> {
    Snapshot,
    MoveLeader { to: &'a MachineId },
    StopApi,
    RemoveMember { id: EtcdId },
}

impl Task<'_> {
    /// As the annotation has it.
    fn note(&self, token: &str, now: Seconds) -> Json {
        let mut note = match self {
            Task::Snapshot => json!({"step": "snapshot"}),
            Task::MoveLeader { to } => json!({"step": "move-leader", "to": to.as_str()}),
            Task::StopApi => json!({"step": "stop-api"}),
            Task::RemoveMember { id } => json!({"step": "remove-member", "id": id.to_string()}),
        };
        note["token"] = token.into();
        note["since"] = time(now).into();
        note
    }

    /// After "was asked to".
    fn words(&self) -> String {
        match self {
            Task::Snapshot => "take a snapshot of etcd".to_owned(),
            Task::MoveLeader { to } => format!("hand etcd's leadership over to {to}"),
            Task::StopApi => "stop its API server".to_owned(),
            Task::RemoveMember { id } => format!("remove member {id} of etcd"),
        }
    }

    /// Both may do it.
    fn is_harmless_twice(&self) -> bool {
        matches!(self, Task::Snapshot | Task::RemoveMember { .. })
    }
}

#[derive(Deserialize)]
struct Asked {
    token: String,
    since: Option<String>,
}

#[derive(Deserialize)]
struct Done {
    token: String,
    how: String,
    #[serde(default)]
    why: String,
}

/// What is to be done so that it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Turn {
    /// It was asked, or done.
    Asked,
    /// It failed there: why.
    Failed(MachineId, String),
    /// Ask this machine.
    Ask(MachineId),
    /// Nobody can be asked now: why.
    Nobody(String),
}

/// By what the leases say: pure. `candidates` are in order of preference.
fn turn(
    leases: &[Lease],
    candidates: &[MachineId],
    task: &Task<'_>,
    token: &str,
    now: Seconds,
) -> Turn {
    let mut silent = None;
    for lease in leases {
        let Some(machine) = lease.machine() else { continue };
        if let Some(done) = lease.note::<Done>("done").filter(|done| done.token == token) {
            return if done.how == "done" { Turn::Asked } else { Turn::Failed(machine, done.why) };
        }
        if lease.note::<Asked>("asked").is_some_and(|asked| asked.token == token) {
            if lease.is_fresh(now) {
                return Turn::Asked;
            }
            silent = Some(machine);
        }
    }
    if let Some(machine) = silent
        && !task.is_harmless_twice()
    {
        return Turn::Nobody(format!(
            "{machine} was asked to {}, and has told nothing since.",
            task.words()
        ));
    }
    let mut why = Vec::new();
    for candidate in candidates {
        let lease = leases.iter().find(|lease| lease.machine().as_ref() == Some(candidate));
        match lease {
            Some(lease) if lease.is_fresh(now) && !is_busy(lease, now) => {
                return Turn::Ask(candidate.clone());
            }
            Some(lease) if lease.is_fresh(now) => {
                why.push(format!("{candidate} was asked for something else a moment ago."));
            }
            _ => why.push(format!("{candidate} tells nothing of itself.")),
        }
    }
    if why.is_empty() {
        why.push("There is no master that is well and stays.".to_owned());
    }
    Turn::Nobody(format!("Nobody can be asked to {} now: {}", task.words(), why.join(" ")))
}

/// It may not have seen yet what it was asked last.
fn is_busy(lease: &Lease, now: Seconds) -> bool {
    let Some(asked) = lease.note::<Asked>("asked") else { return false };
    let answered = lease.note::<Done>("done").is_some_and(|done| done.token == asked.token);
    let since = asked.since.as_deref().and_then(seconds);
    !answered && since.is_some_and(|since| now.saturating_sub(since) < SEEN_WITHIN)
}

/// A member leaves by its own machine while its etcd runs and is in step; by another master otherwise, since a machine that
/// is sick may not be able to.
pub(super) fn removers(
    leases: &[Lease],
    id: EtcdId,
    own: Option<&MachineId>,
    masters: &[MachineId],
    now: Seconds,
) -> Vec<MachineId> {
    let fresh = |lease: &&Lease| lease.is_fresh(now) && lease.machine().as_ref() == own;
    let lease = leases.iter().find(fresh).filter(|_| own.is_some());
    let view = lease.and_then(|lease| lease.note::<etcd::View>("etcd-view"));
    let runs = view.is_some_and(|view| view.healthy && etcd::id(&view.member) == Some(id));
    match own {
        Some(own) if runs || masters.is_empty() => vec![own.clone()],
        _ => masters.to_vec(),
    }
}

/// Asks, once. By the same token again it says how it ended, where it failed.
pub(super) async fn ask(
    connection: &Connection,
    leases: &[Lease],
    candidates: &[MachineId],
    task: &Task<'_>,
    token: &str,
    now: Seconds,
) -> Result<(), ProviderError> {
    let summary = || format!("Cannot {}", task.words());
    match turn(leases, candidates, task, token, now) {
        Turn::Asked => Ok(()),
        // By this token it is not tried again; whoever tries again takes another.
        Turn::Failed(machine, why) => {
            let why = if why.is_empty() { "it does not say why".to_owned() } else { why };
            let message = format!("{machine} was asked, and could not: {why}");
            Err(ProviderError::rejected(summary(), message))
        }
        Turn::Nobody(why) => Err(ProviderError::retryable(summary(), why)),
        Turn::Ask(machine) => {
            let note = task.note(token, now).to_string();
            let patch = json!({"metadata": {"annotations": {"kprov.dev/asked": note}}});
            let path = format!("{}/{}", leases::PATH, leases::name(&machine));
            let merge = "application/merge-patch+json";
            let call = Call::with(Method::PATCH, path, merge, patch);
            let asked = connection.cluster.call(&call).await;
            asked.map(drop).map_err(|error| error.plain(summary()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::leases::testing::{RENEWED as NOW, lease};
    use super::*;

    fn machine(name: &str) -> MachineId {
        MachineId::new(name)
    }

    fn asked(token: &str, ago: Seconds) -> Json {
        json!({"step": "snapshot", "token": token, "since": time(NOW - ago)})
    }

    fn of(leases: &[Lease], task: &Task<'_>) -> Turn {
        turn(leases, &[machine("i-1"), machine("i-2")], task, "r/7", NOW)
    }

    #[test]
    fn tasks_are_written_as_nodes_read_them() {
        let to = machine("i-2");
        let since = "2023-11-14T22:13:20.000000Z";
        let cases = [
            (Task::Snapshot, json!({"step": "snapshot", "token": "r/7", "since": since})),
            (Task::StopApi, json!({"step": "stop-api", "token": "r/7", "since": since})),
            (
                Task::MoveLeader { to: &to },
                json!({"step": "move-leader", "to": "i-2", "token": "r/7", "since": since}),
            ),
            (
                Task::RemoveMember { id: EtcdId(0x8e9e_05c5_2164_694d) },
                json!({"step": "remove-member", "id": "8e9e05c52164694d", "token": "r/7", "since": since}),
            ),
        ];
        for (task, note) in cases {
            assert_eq!(task.note("r/7", NOW), note);
        }
    }

    #[test]
    fn one_that_tells_of_itself_is_asked_and_only_once() {
        let (one, two) = (lease("i-1", 121, json!({})), lease("i-2", 0, json!({})));
        assert_eq!(of(&[one.clone(), two.clone()], &Task::Snapshot), Turn::Ask(machine("i-2")));
        let two = lease("i-2", 0, json!({"asked": asked("r/7", 5)}));
        assert_eq!(of(&[lease("i-1", 0, json!({})), two], &Task::Snapshot), Turn::Asked);
        let Turn::Nobody(why) = of(&[one], &Task::StopApi) else { panic!("somebody") };
        assert!(why.contains("stop its API server") && why.contains("i-1 tells nothing"), "{why}");
        let Turn::Nobody(why) = turn(&[], &[], &Task::Snapshot, "t", NOW) else {
            panic!("somebody")
        };
        assert!(why.contains("no master"), "{why}");
    }

    #[test]
    fn an_answer_counts_though_the_machine_is_silent_or_was_asked_for_more() {
        let answered = |how: &str| {
            let done = json!({"token": "r/7", "how": how, "why": "no space"});
            vec![lease("i-1", 500, json!({"asked": asked("r/8", 5), "done": done}))]
        };
        assert_eq!(of(&answered("done"), &Task::StopApi), Turn::Asked);
        let failed = Turn::Failed(machine("i-1"), "no space".to_owned());
        assert_eq!(of(&answered("failed"), &Task::StopApi), failed);
    }

    #[test]
    fn another_is_asked_after_one_that_fell_silent_only_for_what_harms_nobody() {
        let leases =
            [lease("i-1", 121, json!({"asked": asked("r/7", 130)})), lease("i-2", 0, json!({}))];
        assert_eq!(of(&leases, &Task::Snapshot), Turn::Ask(machine("i-2")));
        assert_eq!(of(&leases, &Task::RemoveMember { id: EtcdId(1) }), Turn::Ask(machine("i-2")));
        for task in [Task::StopApi, Task::MoveLeader { to: &machine("i-2") }] {
            assert!(
                matches!(of(&leases, &task), Turn::Nobody(why) if why.contains("i-1 was asked"))
            );
        }
    }

    #[test]
    fn what_was_asked_a_moment_ago_is_not_written_over() {
        let with = |ago, answered| {
            let token = if answered { "r/6" } else { "r/5" };
            let done = json!({"token": token, "how": "done"});
            [lease("i-1", 0, json!({"asked": asked("r/6", ago), "done": done}))]
        };
        assert!(
            matches!(of(&with(29, false), &Task::Snapshot), Turn::Nobody(why) if why.contains("a moment ago"))
        );
        assert_eq!(of(&with(30, false), &Task::Snapshot), Turn::Ask(machine("i-1")));
        assert_eq!(of(&with(1, true), &Task::Snapshot), Turn::Ask(machine("i-1")));
        let mut both = with(29, false).to_vec();
        both.push(lease("i-2", 0, json!({})));
        assert_eq!(of(&both, &Task::Snapshot), Turn::Ask(machine("i-2")));
    }

    #[test]
    fn a_member_leaves_by_its_own_machine_while_that_is_in_step() {
        let view = |member: &str, healthy: bool| json!({"etcd-view": {"member": member, "healthy": healthy}});
        let (own, masters) = (machine("i-1"), [machine("i-2"), machine("i-3")]);
        let by = |lease: Lease, masters: &[MachineId]| {
            removers(&[lease], EtcdId(0xa), Some(&own), masters, NOW)
        };
        assert_eq!(by(lease("i-1", 0, view("a", true)), &masters), std::slice::from_ref(&own));
        assert_eq!(by(lease("i-1", 121, view("a", true)), &masters), masters);
        assert_eq!(by(lease("i-1", 0, view("a", false)), &masters), masters);
        assert_eq!(
            by(lease("i-1", 0, view("b", true)), &masters),
            masters,
            "it is another member now"
        );
        assert_eq!(by(lease("i-1", 121, view("a", true)), &[]), std::slice::from_ref(&own));
        let leases = [lease("x", 0, view("a", true))];
        assert_eq!(removers(&leases, EtcdId(0xa), None, &masters, NOW), masters);
    }
}
