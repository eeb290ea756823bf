//! Rotations of a small cluster, in virtual time: to the end, killed at each effect, refused, paused, locked out, blind.

mod bench;
mod executed;
mod provider;
mod truth;

use std::collections::BTreeSet;

use kprov_core::Value;
use kprov_provider::ProviderError;
use kprov_rotation::settings::{HookSettings, Settings};
use kprov_rotation::world::{Kind, Lock};
use kprov_rotation::{Checkpoint, HookName, OperatorId, Step, TemplateId, When};
use kprov_state::{Entry, HowEnded, LogFilter, RotationWord, Store};

use self::bench::{Bench, CLUSTER, Death, Ended, settings, site};
use self::truth::Fault;
use super::core::Event;
use crate::ProgressEvent;

fn called(bench: &Bench, name: &str) -> usize {
    bench.sky.truth().calls.iter().filter(|(_, step)| step.name() == name).count()
}

fn ended(bench: &Bench, how: HowEnded) -> Vec<String> {
    let journal = bench.store.journal("default", LogFilter::default()).unwrap();
    let of = journal.into_iter().filter_map(|stored| match stored.entry {
        Entry::StepDone { how: ended, message, .. } if ended == how => Some(message),
        _ => None,
    });
    of.collect()
}

#[test]
fn masters_and_workers_are_rotated_to_their_end() {
    let mut bench = Bench::new();
    let ended = bench.rotate();
    assert!(ended.is_done(), "{ended:?}");
    bench.check(5);
    assert!(bench.sky.truth().beats > 0, "machines that wait are kept waiting");
    let truth = bench.sky.truth();
    let at = |group: &str| {
        let of = |(_, step): &(String, Step)| matches!(step, Step::Launch { group: of, .. } if of.as_str() == group);
        truth.calls.iter().position(of).unwrap()
    };
    assert!(at("masters") < at("workers"));
    // A drain is called until nothing is left to evict.
    let drains = truth.calls.iter().filter(
        |(_, step)| matches!(step, Step::Drain { member } if member.as_str().starts_with("i-w")),
    );
    let drains: Vec<&str> = drains.map(|(token, _)| token.as_str()).collect();
    let tokens: BTreeSet<&&str> = drains.iter().collect();
    assert!(drains.len() >= 4 && tokens.len() == 2, "{drains:?}");
    drop(truth);
    let record = &bench.store.rotations("default").unwrap()[0];
    assert!(record.finished_at.is_some() && record.paused.is_none());
    assert!(!format!("{record:?}").contains("server: here"), "no kubeconfig is stored");
    let durations = bench.store.durations("default").unwrap();
    let of = |role: &str, step: &str| {
        durations.iter().filter(|of| of.role == role && of.step == step).count()
    };
    assert_eq!([of("master", "boot"), of("worker", "drain"), of("master", "terminate")], [3, 2, 3]);
}

#[test]
fn what_goes_on_is_told_line_by_line() {
    let mut bench = Bench::new();
    assert!(bench.rotate().is_done());
    let lines: Vec<_> = bench
        .told
        .iter()
        .map(|event| match event {
            ProgressEvent::Rotation(line) => line,
            other => panic!("{other:?}"),
        })
        .collect();
    let of = |member: Option<&'static str>| {
        lines.iter().filter(move |line| {
            line.member.as_deref() == member && line.group.as_str() == "workers"
        })
    };
    let steps: Vec<&str> = of(Some("i-w04")).map(|line| line.step.as_str()).collect();
    for step in ["mark", "drain", "terminate"] {
        assert!(steps.contains(&step), "{steps:?}");
    }
    assert!(of(Some("i-w04")).next_back().unwrap().done, "what is gone is done");
    let last = of(None).next_back().unwrap();
    let all: Vec<_> = of(None).map(|line| (line.step.as_str(), line.replaced)).collect();
    assert!(last.done && last.replaced == Some((2, 2)), "{all:?}");
}

#[test]
fn whatever_it_dies_at_the_next_run_ends_it_and_nothing_is_done_twice() {
    for at in 1.. {
        let mut bench = Bench::new();
        let orders = bench.orders();
        let death = Death::Before(at);
        let Ended::Died(died) = bench.drive(orders, death, &mut |_, _| None) else {
            // So many effects are those of a whole rotation.
            assert!(at > 100);
            return;
        };
        bench.restart();
        bench.pass(5);
        let ended = bench.rotate();
        assert!(ended.is_done(), "died {died}: {ended:?}");
        bench.check(5);
    }
}

#[test]
fn runs_that_die_again_and_again_come_to_an_end() {
    let mut bench = Bench::new();
    for _ in 0..400 {
        let orders = bench.orders();
        let ended = bench.drive(orders, Death::Before(11), &mut |_, _| None);
        if let Ended::Answered(_) = &ended {
            assert!(ended.is_done(), "{ended:?}");
            return bench.check(5);
        }
        bench.restart();
    }
    panic!("no end");
}

#[test]
fn a_call_that_is_refused_for_a_while_is_made_again_and_told() {
    let mut bench = Bench::new();
    let busy = || Fault::Before(ProviderError::retryable("Throttled", "slow down"));
    bench.sky.truth().faults = vec![("launch", busy()), ("launch", busy()), ("cordon", busy())];
    let all = bench.rotate();
    assert!(all.is_done(), "{all:?}");
    bench.check(5);
    assert_eq!(ended(&bench, HowEnded::Refused), vec!["Throttled: slow down"; 3]);
}

#[test]
fn a_call_that_is_refused_for_good_pauses_and_the_next_apply_goes_on() {
    let mut bench = Bench::new();
    let no = || Fault::Before(ProviderError::rejected("Not allowed", "no permission"));
    bench.sky.truth().faults = (0..3).map(|_| ("deregister", no())).collect();
    let error = bench.rotate().error();
    assert!(error.starts_with("Rotation paused: The rotation of prod waits"), "{error}");
    for part in ["(failed)", "no permission", "kprov rotation status"] {
        assert!(error.contains(part), "{error}");
    }
    // Tried three times; whose API server has stopped is then seen to its end all the same.
    assert_eq!(called(&bench, "deregister"), 4);
    let record = &bench.store.rotations("default").unwrap()[0];
    assert!(
        record.paused.as_ref().unwrap().contains("no permission") && record.finished_at.is_none()
    );
    assert!(
        bench.sky.truth().machines.iter().all(|of| of.node.is_none_or(|node| !node.cordoned)),
        "what was begun is back in service"
    );
    bench.restart();
    assert!(bench.rotate().is_done());
    bench.check(5);
}

#[test]
fn a_call_without_an_answer_is_seen_to_have_happened_or_made_again_by_its_token() {
    let mut bench = Bench::new();
    let lost = || ProviderError::ambiguous("No answer", "connection reset");
    bench.sky.truth().faults = vec![
        ("launch", Fault::After(lost())),
        ("mark", Fault::Before(lost())),
        ("terminate", Fault::After(lost())),
        ("snapshot", Fault::Before(lost())),
    ];
    let all = bench.rotate();
    assert!(all.is_done(), "{all:?}");
    bench.check(5);
    let truth = bench.sky.truth();
    let first = |name: &str| {
        let mut of = truth.calls.iter().filter(|(_, step)| step.name() == name);
        let (token, step) = of.next().unwrap();
        truth.calls.iter().filter(|(other, same)| other == token && same == step).count()
    };
    assert_eq!(
        [first("mark"), first("snapshot"), first("launch"), first("terminate")],
        [2, 2, 1, 1]
    );
}

#[test]
fn a_person_pauses_it_and_the_next_apply_goes_on() {
    let mut bench = Bench::new();
    let mut said = false;
    let orders = bench.orders();
    let all = bench.drive(orders, Death::Never, &mut |_, bench| {
        if !said && called(bench, "drain") > 0 {
            said = true;
            assert_eq!(
                bench.store.speak("default", None, RotationWord::Pause, "eve", "now").unwrap(),
                1
            );
        }
        None
    });
    let error = all.error();
    assert!(error.contains("(asked): eve has paused it."), "{error}");
    assert!(bench.store.words("default").unwrap().is_empty(), "the word was taken");
    assert!(bench.sky.truth().lock.is_none());
    bench.restart();
    assert!(bench.rotate().is_done());
    bench.check(5);
}

#[test]
fn a_word_to_a_run_that_has_died_is_taken_by_the_next() {
    let mut bench = Bench::new();
    let orders = bench.orders();
    bench.drive(orders, Death::Before(41), &mut |_, _| None);
    bench.restart();
    bench.store.speak("default", Some(CLUSTER), RotationWord::Pause, "eve", "now").unwrap();
    bench.pass(100);
    assert!(bench.rotate().error().contains("eve has paused it"));
    bench.restart();
    assert!(bench.rotate().is_done());
    bench.check(5);
}

#[test]
fn an_aborted_rotation_comes_to_rest_and_is_forgotten() {
    let mut bench = Bench::new();
    let mut said = false;
    let orders = bench.orders();
    let all = bench.drive(orders, Death::Never, &mut |_, bench| {
        if !said && called(bench, "drain") > 0 {
            said = true;
            bench.store.speak("default", None, RotationWord::Abort, "eve", "now").unwrap();
        }
        None
    });
    assert!(all.error().starts_with("Rotation aborted"), "{all:?}");
    assert!(bench.store.rotations("default").unwrap().is_empty());
    {
        let truth = bench.sky.truth();
        assert!(truth.groups.values().all(|of| of.suspended.is_empty() && !of.protected));
        assert!(truth.machines.iter().all(|of| of.member.going() || of.member.mark.is_none()));
        assert_eq!(truth.wrongs, Vec::<String>::new());
    }
    bench.check_journal();
}

#[test]
fn a_person_rolls_it_back() {
    let mut bench = Bench::new();
    let mut said = false;
    let orders = bench.orders();
    let all = bench.drive(orders, Death::Never, &mut |_, bench| {
        if !said && called(bench, "terminate") > 0 {
            said = true;
            bench.store.speak("default", None, RotationWord::Rollback, "eve", "now").unwrap();
        }
        None
    });
    let error = all.error();
    assert!(error.contains("(rolled-back)"), "{error}");
    {
        let truth = bench.sky.truth();
        assert!(
            truth.machines.iter().filter(|of| !of.member.going()).all(|of| of
                .member
                .template
                .as_str()
                == "old")
        );
        assert_eq!(truth.wrongs, Vec::<String>::new());
    }
    bench.check_journal();
    assert!(bench.store.rotations("default").unwrap()[0].finished_at.is_some());
    // The next apply begins another one.
    bench.restart();
    assert!(bench.rotate().is_done());
    let live = |bench: &Bench| {
        bench
            .sky
            .truth()
            .machines
            .iter()
            .filter(|of| !of.member.going())
            .all(|of| of.member.template.as_str() == "new")
    };
    assert!(live(&bench));
}

#[test]
fn interrupted_it_finishes_what_is_begun_and_begins_nothing_more() {
    let mut bench = Bench::new();
    let mut said = false;
    let orders = bench.orders();
    let all = bench.drive(orders, Death::Never, &mut |_, bench| {
        let now = !said && called(bench, "mark") > 0;
        said |= now;
        now.then_some(Event::Interrupted)
    });
    let error = all.error();
    assert!(error.starts_with("Rotation interrupted"), "{error}");
    assert_eq!(
        (called(&bench, "mark"), called(&bench, "terminate")),
        (1, 1),
        "what was begun was finished"
    );
    bench.restart();
    assert!(bench.rotate().is_done());
    bench.check(5);
}

#[test]
fn of_two_one_has_the_lock() {
    let mut bench = Bench::new();
    let orders = bench.orders();
    let other = OperatorId::new("other");
    // It lives: it renews its lock.
    let lock = Lock { holder: other.clone(), expires_at: bench.now() + 60 };
    bench.sky.truth().lock = Some(lock);
    let all = bench.drive(orders, Death::Never, &mut |now, bench| {
        let lock = Lock { holder: other.clone(), expires_at: now + 60 };
        bench.sky.truth().lock = Some(lock);
        None
    });
    let error = all.error();
    assert!(error.contains("(locked, S1)") && error.contains("other holds the lock"), "{error}");
    assert!(bench.sky.truth().calls.is_empty());
}

#[test]
fn whoever_loses_the_lock_calls_nothing_more() {
    let mut bench = Bench::new();
    let orders = bench.orders();
    let other = OperatorId::new("other");
    let mut calls = None;
    let all = bench.drive(orders, Death::Never, &mut |now, bench| {
        let made = bench.sky.truth().calls.len();
        if called(bench, "drain") > 0 || calls.is_some() {
            let lock = Lock { holder: other.clone(), expires_at: now + 60 };
            bench.sky.truth().lock = Some(lock);
            calls.get_or_insert((now, made));
        }
        None
    });
    assert!(all.error().contains("other holds the lock of this rotation"), "{all:?}");
    let (since, made) = calls.unwrap();
    let truth = bench.sky.truth();
    assert!(truth.now - since < 60);
    // Its own lock had been renewed last less than twenty seconds before: what was called until it looked again is ours.
    assert!(truth.calls.len() <= made + 6, "{:?}", &truth.calls[made..]);
}

#[test]
fn the_lock_of_a_run_that_died_is_waited_for() {
    let mut bench = Bench::new();
    let lock = Lock { holder: OperatorId::new("dead"), expires_at: bench.now() + 50 };
    bench.sky.truth().lock = Some(lock);
    let begun = bench.now();
    assert!(bench.rotate().is_done());
    bench.check(5);
    assert!(bench.now() > begun + 50);
}

#[test]
fn nothing_is_done_while_the_cluster_does_not_answer() {
    let mut bench = Bench::new();
    let mut silent = None;
    let orders = bench.orders();
    let all = bench.drive(orders, Death::Never, &mut |now, bench| {
        let mut truth = bench.sky.truth();
        let drains = truth.calls.iter().any(|(_, step)| step.name() == "drain");
        if drains && silent.is_none() {
            truth.silent_until = now + 300;
            silent = Some((now, truth.calls.len()));
        }
        if let Some((since, made)) = silent
            && now > since + 2
            && now < since + 300
        {
            assert_eq!(truth.calls.len(), made, "{:?}", truth.calls.last());
        }
        None
    });
    assert!(all.is_done(), "{all:?}");
    assert!(silent.is_some());
    bench.check(5);
}

#[test]
fn a_cluster_that_does_not_answer_for_long_is_a_pause() {
    let mut bench = Bench::new();
    bench.sky.truth().silent_until = u64::MAX;
    let error = bench.rotate().error();
    assert!(
        error.contains("could not be seen how prod is") && error.contains("does not answer"),
        "{error}"
    );
    assert!(bench.sky.truth().calls.is_empty());
}

#[test]
fn a_checkpoint_is_passed_by_applying_again() {
    let mut bench = Bench::new();
    let workers = Settings {
        checkpoints: vec![Checkpoint { percent: 50, bake: 10, confirm: true }],
        ..settings(Kind::Worker)
    };
    bench.sites[1] = site("workers", workers);
    let error = bench.rotate().error();
    assert!(error.contains("(checkpoint)"), "{error}");
    bench.restart();
    assert!(bench.rotate().is_done());
    bench.check(5);
}

#[test]
fn hooks_are_looked_at_until_they_are_done() {
    let mut bench = Bench::new();
    let hook = HookSettings {
        when: When::Launched,
        name: HookName::new("smoke-test"),
        action: "smoke".into(),
        config: Value::object([("x", Value::string("y"))]),
        path: kprov_core::Path::root(),
    };
    bench.sites[1] = site("workers", Settings { hooks: vec![hook], ..settings(Kind::Worker) });
    let all = bench.rotate();
    assert!(all.is_done(), "{all:?}");
    bench.check(5);
    assert_eq!(called(&bench, "hook"), 4, "twice for each of two machines");
}

#[test]
fn a_group_whose_machines_are_all_new_gets_the_template_all_the_same() {
    let mut bench = Bench::new();
    for machine in &mut bench.sky.truth().machines {
        machine.member.template = TemplateId::new("new");
    }
    let all = bench.rotate();
    assert!(all.is_done(), "{all:?}");
    bench.check(0);
    assert_eq!((called(&bench, "use template"), called(&bench, "mark")), (2, 0));
}

#[test]
fn a_group_that_is_gone_is_told() {
    let mut bench = Bench::new();
    bench.sites[1] = site("nowhere", settings(Kind::Worker));
    let all = bench.rotate();
    let Ended::Answered(answers) = &all else { panic!("{all:?}") };
    assert!(answers.values().filter(|answer| answer.is_err()).count() == 1);
    assert!(all.error().contains("nowhere is to be rotated"), "{all:?}");
}

#[test]
fn an_append_that_fails_ends_it_before_the_call() {
    let mut bench = Bench::new();
    let host: std::sync::Arc<dyn kprov_core::Host> = bench.clock.clone();
    let fault = |entries: &[Entry]| match entries {
        [] | [Entry::RunStarted { .. }] => kprov_state::AppendFault::None,
        _ => kprov_state::AppendFault::BeforeDurable,
    };
    bench.store = kprov_state::MemoryStore::with_faults(host, fault);
    bench.begin();
    let error = bench.rotate().error();
    assert!(error.starts_with("Failed to save state"), "{error}");
    assert!(bench.sky.truth().calls.is_empty(), "nothing was called");
    bench.restart();
    bench.pass(100);
    assert!(bench.rotate().is_done());
    bench.check(5);
}

#[test]
fn a_drain_that_does_not_end_says_what_is_in_its_way() {
    let mut bench = Bench::new();
    let blocked = || {
        let why = "pod shop/web-1 may not go: budget shop/web allows none";
        Fault::Before(ProviderError::retryable("Eviction refused", why))
    };
    // Of masters there is nothing to drain; longer than a drain may take.
    bench.sky.truth().faults = (0..900).map(|_| ("drain", blocked())).collect();
    let all = bench.rotate();
    let error = all.error();
    assert!(
        error.contains("was not done within 900 s") && error.contains("budget shop/web"),
        "{error}"
    );
    let waits = bench.told.iter().any(|event| match event {
        ProgressEvent::Rotation(line) => {
            line.step.as_str() == "drain"
                && line.waits.as_ref().is_some_and(|waits| waits.contains("shop/web-1"))
        }
        _ => false,
    });
    assert!(waits, "it is told while it lasts");
    bench.sky.truth().faults.clear();
    bench.restart();
    assert!(bench.rotate().is_done());
    bench.check(5);
}

#[test]
fn interrupted_while_nothing_can_be_seen_it_leaves() {
    let mut bench = Bench::new();
    let orders = bench.orders();
    let mut begun = false;
    let all = bench.drive(orders, Death::Never, &mut |now, bench| {
        if begun {
            return Some(Event::Interrupted);
        }
        begun = called(bench, "drain") > 0;
        if begun {
            bench.sky.truth().silent_until = now + 100_000;
        }
        None
    });
    assert!(all.error().contains("left as it is"), "{all:?}");
    bench.sky.truth().silent_until = 0;
    bench.restart();
    assert!(bench.rotate().is_done());
    bench.check(5);
}
