//! What the store says of a rotation, and what may be said to one.

use kprov_apply::rotation::Known;
use kprov_ops::rotation::{RotationStatus, rotation_status, speak};
use kprov_ops::{OpsError, Project};
use kprov_provider::rotation::world::Process;
use kprov_provider::rotation::{Base, GroupId, MachineId, RotationId, Step, TemplateId};
use kprov_rotation::{Code, GroupProgress, Open, Pause, Progress};
use kprov_state::{Entry, HowEnded, RotationChange, RotationRecord, RotationWord, RunOutcome};
use serde_json::value::{RawValue, to_raw_value};

use super::sky::{NOW, Place};

const AT: &str = "2027-01-15T07:00:00.000Z";

/// Appends to a run of its own that has ended.
pub(crate) fn append(project: &Project, entries: &[Entry], change: &RotationChange) {
    let run = begin(project);
    project.store.append_rotation("default", run, AT, entries, change).unwrap();
    let finished = Entry::RunFinished { outcome: RunOutcome::Failed };
    project.store.append("default", run, AT, &[finished]).unwrap();
}

fn begin(project: &Project) -> kprov_state::RunId {
    let started = Entry::RunStarted {
        command: "apply".to_owned(),
        plan_digest: String::new(),
        who: "me@here".to_owned(),
        pid: 1,
    };
    project.store.begin_run("default", started, AT).unwrap()
}

fn raw(value: &impl serde::Serialize) -> Box<RawValue> {
    to_raw_value(value).unwrap()
}

fn group(total: u32) -> GroupProgress {
    GroupProgress {
        base: Base {
            desired: 3,
            max: 3,
            suspended: [Process::AZRebalance].into(),
            protected: false,
        },
        surge: 1,
        total,
        touched: true,
        back: false,
        canary_since: None,
        checkpoints: 0,
        baking_since: None,
        awaits: false,
        confirmed: false,
        short_since: None,
        failed: Default::default(),
        finished: false,
    }
}

/// One group, one member replaced, one draining.
fn progress() -> Progress {
    let mut progress = Progress::new(RotationId::new("r-1"), NOW - 600);
    progress.groups.insert(GroupId::new("workers"), group(3));
    progress.open.push(Open {
        token: "r-1/9".to_owned(),
        step: Step::Drain { member: MachineId::new("i-001") },
        since: NOW - 65,
        group: Some(GroupId::new("workers")),
        answered: true,
    });
    progress.looks.insert(MachineId::new("i-100"), 1);
    progress
}

fn record(cluster: &str, progress: &Progress) -> RotationRecord {
    let previous = [(GroupId::new("workers"), TemplateId::new("lt-1/1"))].into();
    RotationRecord {
        cluster: cluster.to_owned(),
        rotation: "r-1".to_owned(),
        started_at: AT.to_owned(),
        progress: raw(progress),
        templates: raw(&Known { previous, ..Known::default() }),
        paused: progress.paused.as_ref().map(|pause| pause.says.clone()),
        finished_at: None,
        updated_at: AT.to_owned(),
    }
}

fn steps() -> Vec<Entry> {
    let (workers, old) = (GroupId::new("workers"), MachineId::new("i-000"));
    let launch = Step::Launch {
        group: workers,
        template: TemplateId::new("lt-1/2"),
        desired: 4,
        zone: None,
    };
    let mark = Step::Mark { member: old.clone() };
    let terminate = Step::Terminate { member: old, decrement: true };
    // A machine that was launched and failed is none of those that were to be replaced.
    let failed = Step::Terminate { member: MachineId::new("i-099"), decrement: true };
    let all = [launch, mark, terminate, failed];
    let entries = all.iter().zip(1..).flat_map(|(step, number)| {
        let (rotation, token) = ("r-1".to_owned(), format!("r-1/{number}"));
        let started = Entry::StepStarted {
            rotation: rotation.clone(),
            token: token.clone(),
            step: raw(step),
            group: Some("workers".to_owned()),
            member: step.member().map(ToString::to_string),
        };
        let how = HowEnded::Done;
        [started, Entry::StepDone { rotation, token, how, message: String::new() }]
    });
    entries.collect()
}

fn keep(place: &Place, record: RotationRecord) {
    let change = RotationChange { record: Some(record), ..RotationChange::default() };
    append(&place.project, &steps(), &change);
}

fn status(place: &Place) -> RotationStatus {
    let mut all = rotation_status(&place.project, None).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn a_rotation_tells_what_is_done_and_what_is_under_way() {
    let place = Place::new();
    assert_eq!(rotation_status(&place.project, None).unwrap(), []);
    keep(&place, record("demo", &progress()));
    let told = status(&place);
    assert_eq!((told.cluster.as_str(), told.rotation.as_str(), &told.run), ("demo", "r-1", &None));
    let [group] = told.groups.as_slice() else { panic!("{told:?}") };
    assert_eq!((group.done, group.total, group.finished), (1, 3, false));
    assert_eq!(group.template_before.as_deref(), Some("lt-1/1"));
    assert_eq!(group.template_after.as_deref(), Some("lt-1/2"));
    let [step] = told.steps.as_slice() else { panic!("{told:?}") };
    assert_eq!((step.says.as_str(), step.seconds, step.answered), ("drain i-001", 65, true));
    assert!(told.waits[0].starts_with("i-100: is proven"), "{:?}", told.waits);
    assert_eq!(told.paused, None);
    // While a run has not ended it may be carrying it out.
    let run = begin(&place.project);
    assert_eq!(status(&place).run, Some(format!("run {} (apply by me@here)", run.0)));
    assert_eq!(rotation_status(&place.project, Some("other")).unwrap(), []);
}

#[test]
fn a_pause_says_why_and_what_to_do() {
    let place = Place::new();
    let mut progress = progress();
    progress.paused = Some(Pause {
        code: Code::Failed,
        since: NOW - 30,
        group: None,
        member: None,
        invariant: None,
        says: "i-001 does not drain.".to_owned(),
    });
    keep(&place, record("demo", &progress));
    let told = status(&place);
    let paused = told.paused.expect("it is paused");
    assert_eq!((paused.code.as_str(), paused.seconds), ("failed", 30));
    assert_eq!(paused.says, "i-001 does not drain.");
    assert!(paused.advice.contains("apply again"), "{}", paused.advice);
    assert!(told.waits.is_empty(), "a person is wanted, nothing else");
}

#[test]
fn a_finished_rotation_is_none() {
    let place = Place::new();
    keep(
        &place,
        RotationRecord { finished_at: Some(AT.to_owned()), ..record("demo", &progress()) },
    );
    assert_eq!(rotation_status(&place.project, None).unwrap(), []);
    let refused = why(speak(&place.project, None, RotationWord::Pause));
    assert!(refused.contains("No rotation is under way"), "{refused}");
}

fn why<T: std::fmt::Debug>(answer: Result<T, OpsError>) -> String {
    let problems = answer.expect_err("it is refused").into_diagnostics();
    problems.iter().map(|problem| format!("{}: {}\n", problem.summary, problem.detail)).collect()
}

#[test]
fn words_are_kept_for_whoever_carries_it_out() {
    let place = Place::new();
    keep(&place, record("demo", &progress()));
    let spoken = speak(&place.project, None, RotationWord::Pause).unwrap();
    assert_eq!((spoken.clusters, spoken.run), (vec!["demo".to_owned()], None));
    let words = place.project.store.words("default").unwrap();
    assert_eq!((words.len(), words[0].word), (1, RotationWord::Pause));
    assert!(status(&place).words[0].starts_with("pause, said by"), "{:?}", status(&place).words);
    // The same again, and the contrary.
    let again = why(speak(&place.project, None, RotationWord::Pause));
    assert!(again.contains("said already"), "{again}");
    begin(&place.project);
    let spoken = speak(&place.project, Some("demo"), RotationWord::Resume).unwrap();
    assert!(spoken.run.is_some_and(|run| run.contains("apply by me@here")));
}

#[test]
fn a_word_that_makes_no_sense_is_refused_with_why() {
    let place = Place::new();
    let refused = |cluster, word| {
        let told = why(speak(&place.project, cluster, word));
        assert!(place.project.store.words("default").unwrap().is_empty(), "{told}");
        told
    };
    let told = refused(None, RotationWord::Resume);
    assert!(told.contains("No rotation is under way"), "{told}");
    keep(&place, record("demo", &progress()));
    let told = refused(Some("other"), RotationWord::Pause);
    assert!(told.contains("No rotation of other is under way") && told.contains("demo"), "{told}");
    let told = refused(None, RotationWord::Resume);
    assert!(told.contains("not paused") && told.contains("kprov apply"), "{told}");
    // Without a template of before.
    keep(
        &place,
        RotationRecord { templates: raw(&Known::default()), ..record("demo", &progress()) },
    );
    let told = refused(None, RotationWord::Rollback);
    assert!(told.contains("no template of before is known of workers"), "{told}");
    let mut back = progress();
    back.groups.values_mut().for_each(|group| group.back = true);
    keep(&place, record("demo", &back));
    let told = refused(None, RotationWord::Rollback);
    assert!(told.contains("going back already"), "{told}");
    let mut untouched = progress();
    untouched.groups.values_mut().for_each(|group| group.touched = false);
    keep(&place, record("demo", &untouched));
    let told = refused(None, RotationWord::Rollback);
    assert!(told.contains("nothing was begun yet"), "{told}");
    // What another version has written is left alone.
    keep(&place, RotationRecord { progress: raw(&"?"), ..record("demo", &progress()) });
    let told = refused(None, RotationWord::Pause);
    assert!(told.contains("another version of kprov"), "{told}");
    let told = why(rotation_status(&place.project, None));
    assert!(told.contains("another version of kprov"), "{told}");
}
