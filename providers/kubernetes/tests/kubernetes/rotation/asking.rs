//! What masters tell on their leases, and what is asked of them there. Only this file has masters.

use kprov_provider::ErrorClass;
use kprov_provider::rotation::EtcdId;
use kprov_provider::rotation::world::Alarm;

use super::hooks::not_yet;
use super::*;

/// Of the member of m-1, which leads.
const FIRST: &str = "8e9e05c52164694d";

fn told(member: &str, healthy: bool) -> Json {
    let member_of = |id: &str, name: &str, voter: bool| json!({"id": id, "name": name, "started": true, "voter": voter});
    json!({
        "role": "master",
        "etcd-view": {"member": member, "leader": FIRST, "term": 7, "healthy": healthy,
            "alarms": if healthy { json!([]) } else { json!(["NOSPACE"]) },
            "members": [member_of(FIRST, "m-1", true), member_of("b", "m-2", true),
                member_of("c", "m-3", true)]},
        "api": {"version": "1.36.3", "ready": healthy, "serving": true, "shutdownDelay": 60, "goaway": 0.001,
            "names": ["api.example"]},
        "snapshot": {"takenAt": "2023-12-31T23:30:00Z", "verified": true, "complete": false},
    })
}

fn with(mut notes: Json, name: &str, note: Json) -> Json {
    notes[name] = note;
    notes
}

fn asked(ground: &Ground, machine: &str) -> Json {
    let lease = ground.get(&["lease", &format!("kprov-node-{machine}"), "-n", "kube-system"]);
    let text = lease["metadata"]["annotations"]["kprov.dev/asked"].as_str().unwrap_or("null");
    serde_json::from_str(text).expect("JSON")
}

/// One after the other, since they are about the same masters.
#[test]
fn masters_tell_and_are_asked() {
    let Some(plane) = plane() else { return };
    run(async {
        let ground = Ground::new(plane);
        masters_tell(&ground).await;
        hook_actions_say_the_same(&ground).await;
        a_step_is_asked_for_once_and_its_failure_is_told(&ground).await;
        nothing_is_written_over_that_was_not_seen(&ground).await;
        members_are_removed_by_whoever_can(&ground).await;
    });
}

async fn masters_tell(ground: &Ground) {
    let dead = {
        let mut lease = lease("m-3", &told("c", true));
        lease["spec"]["renewTime"] = json!("2023-12-31T23:50:00.000000Z");
        lease
    };
    ground.apply(
        "masters",
        &[lease("m-1", &told(FIRST, true)), lease("m-2", &told("b", false)), dead],
    );
    let view = ground.observe().await;
    let masters: Vec<&str> = view.masters.keys().map(MachineId::as_str).collect();
    assert_eq!(masters, ["m-1", "m-2"]);
    assert!(view.masters[&machine("m-1")].api.ready && !view.masters[&machine("m-2")].api.ready);
    let etcd = view.etcd.expect("etcd");
    let of = |id: &str| {
        let id = EtcdId(u64::from_str_radix(id, 16).expect("an id"));
        etcd.members.iter().find(|member| member.id == id).cloned().expect("a member")
    };
    assert!(of(FIRST).leader && of(FIRST).healthy && !of("b").healthy && !of("c").healthy);
    assert_eq!(of("c").machine, Some(machine("m-3")), "though it is silent");
    assert_eq!(etcd.alarms, [Alarm::NoSpace]);
    assert_eq!(etcd.snapshot.expect("a snapshot").taken_at, NOW - 1800);
    // Since when a member is known does not change with each look.
    let later = ground.clusters().observe(&ground.context, NOW + 50).await.expect("a view");
    assert!(later.etcd.expect("etcd").members.iter().all(|member| member.added_at == NOW));
}

async fn hook_actions_say_the_same(ground: &Ground) {
    let done = [
        ("etcd_voter", "m-1"),
        ("etcd_not_leader", "m-2"),
        ("etcd_left", "m-9"),
        ("etcd_snapshot", "m-1"),
    ];
    for (action, machine) in done {
        let look = ground.look(action, machine, json!({})).await;
        assert_eq!(look, Ok(HookLook::Done), "{action} {machine}");
    }
    for (action, machine) in
        [("etcd_voter", "m-2"), ("etcd_not_leader", "m-1"), ("etcd_left", "m-3")]
    {
        not_yet(ground.look(action, machine, json!({})).await);
    }
    let young = ground.look("etcd_snapshot", "m-1", json!({"max_age": "29m"})).await;
    assert!(not_yet(young).contains("1800 s old"));
}

async fn a_step_is_asked_for_once_and_its_failure_is_told(ground: &Ground) {
    let masters = [machine("m-3"), machine("m-1"), machine("m-2")];
    let snapshot = |token: &'static str| ground.asked(Step::Snapshot, token, &masters);
    for _ in 0..2 {
        snapshot("r-1/1").await.expect("asked");
    }
    let note = asked(ground, "m-1");
    assert_eq!((&note["step"], &note["token"]), (&json!("snapshot"), &json!("r-1/1")));
    assert_eq!(note["since"], "2024-01-01T00:00:00.000000Z");
    assert!(asked(ground, "m-2").is_null() && asked(ground, "m-3").is_null());

    // The node answers, as it renews its lease: what was asked is not its.
    let failed = json!({"token": "r-1/1", "how": "failed", "why": "no space left"});
    ground.apply("masters", &[lease("m-1", &with(told(FIRST, true), "done", failed))]);
    assert_eq!(asked(ground, "m-1")["token"], "r-1/1");
    let error = snapshot("r-1/1").await.expect_err("it failed");
    assert_eq!(error.class, ErrorClass::Rejected);
    assert!(error.message.contains("m-1") && error.message.contains("no space left"), "{error}");
}

async fn nothing_is_written_over_that_was_not_seen(ground: &Ground) {
    // It may be asked for something else now, and until it has seen that, for nothing more.
    let to = machine("m-2");
    let step = Step::MoveLeader { member: machine("m-1"), to };
    ground.asked(step, "r-1/2", &[machine("m-2")]).await.expect("asked");
    let note = asked(ground, "m-1");
    assert_eq!((&note["step"], &note["to"]), (&json!("move-leader"), &json!("m-2")));
    let stop = Step::StopApi { member: machine("m-1") };
    let error = ground.asked(stop.clone(), "r-1/3", &[]).await.expect_err("too soon");
    assert_eq!(error.class, ErrorClass::Retryable);
    let done = json!({"token": "r-1/2", "how": "done"});
    ground.apply("masters", &[lease("m-1", &with(told(FIRST, true), "done", done))]);
    ground.asked(stop, "r-1/3", &[]).await.expect("asked");
    assert_eq!(asked(ground, "m-1")["step"], "stop-api");
    let done = json!({"token": "r-1/3", "how": "done"});
    ground.apply("masters", &[lease("m-1", &with(told(FIRST, true), "done", done))]);
}

async fn members_are_removed_by_whoever_can(ground: &Ground) {
    // Its own member it removes itself; one of a machine that is silent, or not in step, another does.
    let remove =
        |id: u64, of: &str| Step::RemoveEtcdMember { id: EtcdId(id), member: Some(machine(of)) };
    let own = remove(0x8e9e_05c5_2164_694d, "m-1");
    ground.asked(own, "r-1/4", &[machine("m-2")]).await.expect("asked");
    let note = asked(ground, "m-1");
    assert_eq!((&note["step"], &note["id"]), (&json!("remove-member"), &json!(FIRST)));
    ground.asked(remove(0xc, "m-3"), "r-1/5", &[machine("m-2")]).await.expect("asked");
    assert_eq!(asked(ground, "m-2")["id"], "c");
    assert!(asked(ground, "m-3").is_null());
    let error = ground.asked(Step::Snapshot, "r-1/6", &[]).await.expect_err("nobody");
    assert!(error.message.contains("no master"), "{error}");
}
