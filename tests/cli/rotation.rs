//! `rotation status` and the words, over a state in which an apply left a rotation.

use std::sync::Arc;

use kprov_core::Host;
use kprov_state::{
    Entry, RotationChange, RotationRecord, RotationWord, RunOutcome, SqliteOptions, SqliteStore,
    Store,
};
use serde_json::json;
use serde_json::value::to_raw_value;

use crate::place::Place;
use crate::stored::Reader;

const MAIN: &str = "resource \"terraform_data\" \"a\" {}\n";
const AT: &str = "2026-01-01T00:00:00.000Z";

fn store(place: &Place) -> SqliteStore {
    let host: Arc<dyn Host> = Arc::new(Reader);
    SqliteStore::open(place.path("kprov.db"), host, SqliteOptions::default()).expect("a store")
}

/// A rotation of which one group was begun; `paused` by this code. The run that left it has ended, or not.
fn left(place: &Place, cluster: &str, paused: Option<&str>, ended: bool) {
    let store = store(place);
    let started = Entry::RunStarted {
        command: "apply".to_owned(),
        plan_digest: String::new(),
        who: "me@there".to_owned(),
        pid: 1,
    };
    let run = store.begin_run("default", started, AT).expect("a run");
    let says = "i-001 does not drain.";
    let pause = paused.map(|code| {
        json!({"code": code, "since": 1_700_000_000, "group": "workers", "member": "i-001", "invariant": null, "says": says})
    });
    let progress = json!({
        "rotation": "r-1", "started_at": 1_700_000_000, "serial": 9, "looks": {}, "proven": [], "etcd": {}, "unwell": {},
        "moved_at": 1_700_000_000, "hooks": [], "failures": [], "paused": pause,
        "open": [{"token": "r-1/9", "step": {"step": "drain", "member": "i-001"}, "since": 1_700_000_000,
                  "group": "workers", "answered": true}],
        "groups": {"workers": {
            "base": {"desired": 3, "max": 3, "suspended": [], "protected": false}, "surge": 1, "total": 3,
            "touched": true, "back": false, "canary_since": null, "checkpoints": 0, "baking_since": null, "awaits": false,
            "confirmed": false, "short_since": null, "failed": [], "finished": false,
        }},
    });
    let record = RotationRecord {
        cluster: cluster.to_owned(),
        rotation: "r-1".to_owned(),
        started_at: AT.to_owned(),
        progress: to_raw_value(&progress).expect("JSON"),
        templates: to_raw_value(&json!({"previous": {"workers": "lt-1/1"}})).expect("JSON"),
        paused: paused.map(|_| says.to_owned()),
        finished_at: None,
        updated_at: AT.to_owned(),
    };
    let change = RotationChange { record: Some(record), ..RotationChange::default() };
    store.append_rotation("default", run, AT, &[], &change).expect("it is written");
    if ended {
        let finished = Entry::RunFinished { outcome: RunOutcome::Failed };
        store.append("default", run, AT, &[finished]).expect("it is written");
    }
}

fn words(place: &Place) -> Vec<(String, RotationWord)> {
    let words = store(place).words("default").expect("words");
    words.into_iter().map(|word| (word.cluster, word.word)).collect()
}

#[test]
fn without_a_rotation_there_is_nothing_to_see_and_nobody_to_speak_to() {
    let place = Place::new(MAIN);
    place.kprov("rotation status").succeeds().says(&["No rotation is under way."]);
    assert_eq!(place.kprov("rotation status -json").succeeds().json(), json!([]));
    for word in ["pause", "resume", "abort", "rollback"] {
        place.kprov(&format!("rotation {word}")).fails(&["No rotation is under way"]);
    }
    assert!(!place.has("kprov.db"), "looking makes no state");
    place.kprov("rotation").exits(1).complains(&["status", "rollback"]);
    place.kprov("rotation stop").exits(1).complains(&["stop"]);
}

#[test]
fn a_rotation_is_shown_with_what_is_under_way() {
    let place = Place::new(MAIN);
    left(&place, "demo", None, true);
    let shown = place.kprov("rotation status").succeeds();
    shown.says(&[
        "Rotation r-1 of demo",
        "workers",
        "lt-1/1",
        "0 of 3",
        "drain i-001",
        "the next \"kprov apply\"",
    ]);
    let json = place.kprov("rotation status -json").succeeds().json();
    assert_eq!(json[0]["steps"][0]["member"], "i-001", "{json}");
    assert_eq!(json[0]["groups"][0]["total"], 3, "{json}");
    assert_eq!(json[0]["run"], serde_json::Value::Null, "{json}");
    place
        .kprov("rotation status -cluster other")
        .succeeds()
        .says(&["No rotation of other is under way."]);
    left(&place, "demo", Some("failed"), false);
    let shown = place.kprov("rotation status -cluster=demo").succeeds();
    shown.says(&[
        "Paused (failed)",
        "i-001 does not drain.",
        "apply again",
        "run 2 (apply by me@there)",
    ]);
}

#[test]
fn words_are_written_and_it_is_said_who_takes_them() {
    let place = Place::new(MAIN);
    left(&place, "demo", None, true);
    left(&place, "other", Some("checkpoint"), true);
    place
        .kprov("rotation pause -cluster demo")
        .succeeds()
        .says(&["rotation of demo", "the next \"kprov apply\" takes it"]);
    place.kprov("rotation pause -cluster demo").fails(&["said already"]);
    place
        .kprov("rotation status")
        .succeeds()
        .says(&["Said, and not taken yet: pause, said by tester@"]);
    // One of the two does not want it, so none gets it.
    place.kprov("rotation resume -cluster=nobody").fails(&["nobody", "demo, other"]);
    place.kprov("rotation pause").fails(&["Nothing was written"]);
    place.kprov("rotation resume").succeeds().says(&["demo, other"]);
    let expected = [
        ("demo", RotationWord::Pause),
        ("demo", RotationWord::Resume),
        ("other", RotationWord::Resume),
    ];
    assert_eq!(words(&place), expected.map(|(cluster, word)| (cluster.to_owned(), word)));
    left(&place, "demo", None, false);
    place
        .kprov("rotation rollback -cluster demo")
        .succeeds()
        .says(&["run 3 (apply by me@there) takes it"]);
    place.kprov("rotation abort -cluster demo").succeeds();
    place.kprov("rotation pause -cluster demo").fails(&["abort was said already"]);
}

#[test]
fn flags_of_rotations_go_with_normal_plans_only() {
    let place = Place::new(MAIN);
    for line in [
        "plan -destroy -rotate=i-1",
        "plan -refresh-only -rotate-only",
        "destroy -auto-approve -rotate i-1",
    ] {
        place.kprov(line).fails(&["-rotate", "normal plans only"]);
    }
    place.kprov("plan -refresh=false -rotate=i-1").fails(&["-refresh=false"]);
    place.kprov("plan -rotate=i-1").fails(&["names nothing that can be rotated"]);
    place.kprov("plan -rotate=!").fails(&["-rotate=!"]);
    place.kprov("plan -out=p").succeeds();
    place.kprov("apply -rotate=i-1 p").fails(&["saved plan"]);
    place.kprov("plan -help").succeeds().says(&["--rotate <MEMBER>", "--rotate-only"]);
}
