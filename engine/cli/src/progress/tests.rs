//! Words, estimates, and what stays on a terminal when all is done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{InMemoryTerm, ProgressDrawTarget};
use kprov_apply::{ProgressEvent, Reporter, RotationProgress, Verb};
use kprov_core::addr::parse_instance;
use kprov_core::{Host, ObjectAddr, Str};
use kprov_state::{ActionKind, OpId, OpRecord, RunId};

use super::eta::{History, Work};
use super::lines::ProgressLines;
use super::live::Live;
use super::picture::{Running, picture};
use super::{history, words};

/// A clock that a test sets.
#[derive(Debug, Default)]
struct Clock(std::sync::atomic::AtomicU64);

impl Clock {
    fn set(&self, seconds: u64) {
        self.0.store(seconds, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Host for Clock {
    fn now(&self) -> std::time::SystemTime {
        std::time::SystemTime::UNIX_EPOCH
    }
    fn elapsed(&self) -> Duration {
        seconds(self.0.load(std::sync::atomic::Ordering::Relaxed))
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
    fn env(&self, _: &str) -> Option<String> {
        None
    }
}

fn clock() -> Arc<Clock> {
    Arc::default()
}

fn addr(text: &str) -> ObjectAddr {
    parse_instance(text).unwrap().current()
}

fn id() -> Option<(Str, Str)> {
    Some(("id".into(), "i-1".into()))
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn events_are_told_in_terraforms_words() {
    let address = || addr("terraform_data.a");
    let line = |event: ProgressEvent| words::line(&event).unwrap();
    let (verb, elapsed) = (Verb::Create, seconds(65));
    for (event, expected) in [
        (
            ProgressEvent::Started { address: address(), verb, id: None },
            "terraform_data.a: Creating...",
        ),
        (
            ProgressEvent::Started { address: address(), verb: Verb::Delete, id: id() },
            "terraform_data.a: Destroying... [id=i-1]",
        ),
        (
            ProgressEvent::Running { address: address(), verb, id: None, elapsed: seconds(10) },
            "terraform_data.a: Still creating... [10s elapsed]",
        ),
        (
            ProgressEvent::Finished { address: address(), verb, id: id(), elapsed },
            "terraform_data.a: Creation complete after 1m5s [id=i-1]",
        ),
        (
            ProgressEvent::Output {
                address: address(),
                provisioner: "local-exec".into(),
                line: "hi \u{1b}[2J".to_owned(),
            },
            "terraform_data.a (local-exec): hi \\u{1b}[2J",
        ),
    ] {
        assert_eq!(line(event), expected);
    }
    assert_eq!(words::duration(seconds(3603)), "1h0m3s");
}

#[test]
fn estimates_come_from_what_the_like_took() {
    use crate::render::testing::{change, plan_of};
    use kprov_core::Value;
    use kprov_plan::Action;
    let create = |name: &str| change(name, Action::Create, Value::NULL, Value::NULL);
    let plan = plan_of(vec![create("slow.a"), create("slow.b"), create("fast.c"), create("new.d")]);
    let mut history = History::default();
    history.add(("slow".into(), Verb::Create), seconds(50));
    history.add(("slow".into(), Verb::Create), seconds(70));
    history.add(("fast".into(), Verb::Create), seconds(3));
    let mut work = Work::of(&plan, history, 2);
    // 60 + 60 + 3, and the mean of all for what was never seen: 41. Two at a time.
    assert_eq!(work.eta(&[]), Some(seconds(164) / 2));
    work.ended(&("slow".into(), Verb::Create));
    work.ended(&("new".into(), Verb::Create));
    let running = [(("slow".into(), Verb::Create), seconds(10))];
    // 60 + 3 - 10 over two is less than what the slow one alone still needs.
    assert_eq!(work.eta(&running), Some(seconds(50)));
    assert_eq!(Work::of(&plan, History::default(), 2).eta(&[]), None);
}

#[test]
fn history_is_what_succeeded() {
    let op = |address: &str, finished: Option<&str>, outcome: Option<&str>| OpRecord {
        op: OpId(1),
        run: RunId(1),
        address: address.to_owned(),
        action: ActionKind::Create,
        started: "2024-01-01T00:00:00Z".to_owned(),
        finished: finished.map(str::to_owned),
        outcome: outcome.map(str::to_owned),
    };
    let mut expected = History::default();
    expected.add(("t".into(), Verb::Create), seconds(4));
    let later = Some("2024-01-01T00:00:04Z");
    let found = history(&[
        op("t.a", later, Some("succeeded")),
        op("t.b", later, Some("failed: no")),
        op("t.c", None, None),
        op("t.d", Some("2023-01-01T00:00:00Z"), Some("succeeded")),
        op("not an address", later, Some("succeeded")),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn only_plain_lines_stay_on_the_terminal() {
    let term = InMemoryTerm::new(10, 80);
    let target = ProgressDrawTarget::term_like(Box::new(term.clone()));
    let live = Live::on(target, || (10, 80), clock());
    let (verb, address) = (Verb::Create, addr("t.a"));
    live.begin(Work::default());
    live.report(&ProgressEvent::Started { address: address.clone(), verb, id: None });
    // When a live line is drawn depends on the clock, so that is not asserted; that it goes is.
    live.report(&ProgressEvent::Finished { address, verb, id: id(), elapsed: seconds(2) });
    live.end();
    assert_eq!(term.contents(), "t.a: Creation complete after 2s [id=i-1]");
}

/// Forty NAT gateways on a terminal of 24 rows and 80 columns.
#[test]
fn many_operations_leave_room_on_the_terminal() {
    use crate::render::testing::{change, plan_of};
    use kprov_core::Value;
    use kprov_plan::Action;
    let name =
        |n: u64| format!("module.network[\"a-rather-long-name-of-a-zone\"].aws_nat_gateway.g[{n}]");
    let creates = (0..40).map(|n| change(&name(n), Action::Create, Value::NULL, Value::NULL));
    let plan = plan_of(creates.collect());
    let mut past = History::default();
    past.add(("aws_nat_gateway".into(), Verb::Create), seconds(120));
    let mut work = Work::of(&plan, past, 50);
    let now = Instant::now() + seconds(1000);
    let since = |n: u64| now - seconds(100 - n);
    let running: Vec<Running> =
        (0..40).map(|n| Running::new(&addr(&name(n)), Verb::Create, &None, since(n))).collect();
    let lines = |work: &Work, running: &[Running], size| -> Vec<String> {
        picture(work, running.iter(), &[], now, size).lines().map(str::to_owned).collect()
    };
    let shown = lines(&work, &running, (24, 80));
    assert_eq!(shown.len(), 23);
    assert!(shown.iter().all(|line| line.len() <= 80), "{shown:?}");
    assert!(shown[0].ends_with("... 1m40s") && shown[20].ends_with("... 1m20s"), "{shown:?}");
    assert_eq!(shown[21], "... and 19 more");
    // The youngest began 61 s ago, and its like took 120 s.
    assert_eq!(shown[22], format!("[{}] 0/40 40 left, about 59s", " ".repeat(30)));
    for _ in 0..20 {
        work.ended(&("aws_nat_gateway".into(), Verb::Create));
    }
    let shown = lines(&work, &running[20..], (24, 80));
    assert_eq!(shown.len(), 21);
    assert!(shown[20].starts_with("[==============>               ] 20/40 20 left"), "{shown:?}");
    // All of them take longer than they ever did.
    let late: Vec<Running> = (0..40)
        .map(|n| Running::new(&addr(&name(n)), Verb::Create, &None, now - seconds(500)))
        .collect();
    let shown = lines(&work, &late[..20], (24, 80));
    assert!(shown[20].ends_with(" 20 left"), "{shown:?}");
    // A terminal that is too small for anything.
    let shown = lines(&work, &running, (2, 10));
    assert_eq!(shown.len(), 3);
    assert!(shown.iter().all(|line| line.len() <= 15), "{shown:?}");
}

/// A word for a member of a group of `t.w`.
fn rotates(member: Option<&str>, step: &str, since: u64, waits: Option<&str>) -> RotationProgress {
    RotationProgress {
        address: addr("t.w"),
        group: "workers".into(),
        member: member.map(Str::from),
        step: step.into(),
        since: seconds(since),
        waits: waits.map(str::to_owned),
        replaced: member.is_none().then_some((1, 3)),
        done: false,
    }
}

#[test]
fn each_step_of_a_member_is_a_line_when_it_starts_and_when_it_is_done() {
    let clock = clock();
    let lines = ProgressLines::new(clock.clone());
    let told = |at: u64, word: RotationProgress| {
        clock.set(at);
        lines.lines(&ProgressEvent::Rotation(word))
    };
    let waits = Some("for 3 pods");
    let none: [&str; 0] = [];
    assert_eq!(
        told(0, rotates(None, "rotating", 0, None)),
        ["t.w: group workers: rotating... (1 of 3 replaced)"]
    );
    assert_eq!(told(1, rotates(Some("i-1"), "cordon", 1, None)), ["t.w: i-1: cordon..."]);
    assert_eq!(
        told(3, rotates(Some("i-1"), "drain", 3, waits)),
        ["t.w: i-1: cordon done after 2s", "t.w: i-1: drain... for 3 pods"]
    );
    // Looks come every two seconds; what is waited for is told every ten.
    assert_eq!(told(12, rotates(Some("i-1"), "drain", 3, waits)), none);
    assert_eq!(
        told(13, rotates(Some("i-1"), "drain", 3, Some("for 1 pod"))),
        ["t.w: i-1: still drain [10s elapsed] for 1 pod"]
    );
    assert_eq!(told(14, rotates(Some("i-1"), "drain", 3, waits)), none);
    let done = RotationProgress { done: true, ..rotates(Some("i-1"), "drain", 3, None) };
    assert_eq!(told(20, done), ["t.w: i-1: drain done after 17s"]);
    let done = RotationProgress {
        done: true,
        replaced: Some((3, 3)),
        ..rotates(None, "rotating", 0, None)
    };
    assert_eq!(told(65, done), ["t.w: group workers: rotating done after 1m5s (3 of 3 replaced)"]);
}

/// Where words come only when something moves, the operation's own ticks tell what is waited for.
#[test]
fn what_members_wait_for_is_told_as_long_as_their_operation_runs() {
    let clock = clock();
    let lines = ProgressLines::new(clock.clone());
    lines.lines(&ProgressEvent::Rotation(rotates(Some("i-1"), "drain", 0, Some("for 3 pods"))));
    let running = |address: &str, at: u64| {
        clock.set(at);
        let (address, verb, elapsed) = (addr(address), Verb::Update, seconds(at));
        lines.lines(&ProgressEvent::Running { address, verb, id: None, elapsed })
    };
    assert_eq!(running("t.other", 10), ["t.other: Still modifying... [10s elapsed]"]);
    assert_eq!(
        running("t.w", 10),
        ["t.w: Still modifying... [10s elapsed]", "t.w: i-1: still drain [10s elapsed] for 3 pods"]
    );
    assert_eq!(running("t.w", 15), ["t.w: Still modifying... [15s elapsed]"]);
    let (verb, elapsed) = (Verb::Update, seconds(16));
    lines.lines(&ProgressEvent::Failed { address: addr("t.w"), verb, elapsed });
    assert_eq!(running("t.w", 60), ["t.w: Still modifying... [1m0s elapsed]"]);
}

#[test]
fn members_live_below_operations_and_stay_when_they_are_done() {
    let shown = |rows| {
        let running = [Running::new(&addr("t.w"), Verb::Update, &None, Instant::now())];
        let members: Vec<(String, Duration)> =
            (1..=5).map(|n| (format!("t.w: i-{n}: drain for 3 pods"), seconds(60 + n))).collect();
        picture(&Work::default(), running.iter(), &members, Instant::now(), (rows, 80))
    };
    let lines: Vec<String> = shown(24).lines().map(str::to_owned).collect();
    assert!(lines[0].starts_with("t.w: Modifying..."), "{lines:?}");
    assert_eq!(lines[1], "t.w: i-1: drain for 3 pods 1m1s");
    assert_eq!(lines.len(), 7);
    let lines: Vec<String> = shown(6).lines().map(str::to_owned).collect();
    assert_eq!(lines[3], "... and 3 more");
    let term = InMemoryTerm::new(10, 80);
    let target = ProgressDrawTarget::term_like(Box::new(term.clone()));
    let live = Live::on(target, || (10, 80), clock());
    live.begin(Work::default());
    live.report(&ProgressEvent::Rotation(rotates(Some("i-1"), "drain", 0, None)));
    let done = RotationProgress { done: true, ..rotates(Some("i-1"), "drain", 0, None) };
    live.report(&ProgressEvent::Rotation(done));
    live.end();
    assert_eq!(term.contents(), "t.w: i-1: drain done after 0s");
}
