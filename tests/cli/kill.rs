//! SIGKILL at drawn moments under load: the state can be read after each, what was made is known,
//! nothing is made twice for one object, and one more apply comes to rest.
//!
//! The moments are drawn from a seed, as so many things made and so many milliseconds more; the
//! machine's load does the rest. A failure prints its seed and round.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::draw::Draw;
use crate::place::{Place, until};
use crate::program::Running;

const ROUNDS: u64 = 10;

/// Resources of each kind.
const COUNT: usize = 40;

/// Each leaves a file with the id of the object it was made for: one line for each time.
const MADE: &str = r#"
variable "round" { default = 0 }

resource "terraform_data" "made" {
  count            = 40
  input            = count.index
  triggers_replace = [var.round]
  provisioner "local-exec" {
    command = "echo ${self.id} >> made-${count.index}"
  }
}

resource "local_file" "file" {
  count    = 40
  filename = "file-${count.index}"
  content  = "content ${count.index}"
}
"#;

/// Files of one generation; those of the last are destroyed, before or after.
const REPLACED: &str = r#"
variable "generation" { default = 0 }

resource "local_file" "after" {
  count    = 40
  filename = "after-${count.index}-${var.generation}"
  content  = "x"
}

resource "local_file" "before" {
  count    = 40
  filename = "before-${count.index}-${var.generation}"
  content  = local_file.after[count.index].id
  lifecycle { create_before_destroy = true }
}
"#;

#[test]
fn nothing_is_lost_whenever_it_is_killed() {
    for seed in 1..=3 {
        let place = Place::new(MADE);
        let mut draw = Draw(seed);
        let mut killed = 0;
        for round in 0..ROUNDS {
            let story = format!("seed {seed}, round {round}");
            if kill_one(&place, &mut draw, round) {
                killed += 1;
            }
            check_known(&place, &story);
        }
        // So that a harness which does nothing cannot pass.

        assert!(killed >= ROUNDS / 2, "seed {seed}: only {killed} of {ROUNDS} runs were killed");
        place.kprov("apply -auto-approve").succeeds();
        check_rest(&place, &format!("seed {seed}"));
    }
}

/// Everything is replaced again and again, and killed on the way: no file of a former generation
/// stays, and no object is there twice.
#[test]
fn nothing_stays_behind_of_killed_replacements() {
    let place = Place::new(REPLACED);
    let mut draw = Draw(2026);
    let mut killed = 0;
    for generation in 0..ROUNDS {
        let variable = format!("generation={generation}");
        let mut running = place.start(&["apply", "-auto-approve", "-var", &variable]);
        if running.ends_within(Duration::from_millis(20 + draw.below(200) as u64)) {
            let _ = running.finish().succeeds();
        } else {
            running.kill();
            killed += 1;
        }
        check_readable(&place, &format!("generation {generation}"));
    }
    assert!(killed > 0, "every run ended before it was killed");
    let last = ["apply", "-auto-approve", "-var", "generation=99"];
    place.run(&last).succeeds();
    place.run(&["plan", "-detailed-exitcode", "-var", "generation=99"]).succeeds();
    place.kprov("state fsck").succeeds();
    let left = |name: &str| {
        let names = place.content().0.into_keys();
        let names =
            names.map(|path| path.file_name().expect("a name").to_string_lossy().into_owned());
        names.filter(|file| file.starts_with(name)).collect::<BTreeSet<String>>()
    };
    let wanted = |name: &str| (0..COUNT).map(|n| format!("{name}-{n}-99")).collect::<BTreeSet<_>>();
    assert_eq!(left("after"), wanted("after"));
    assert_eq!(left("before"), wanted("before"));
    assert_eq!(place.kprov("state list").succeeds().lines().len(), 2 * COUNT);
}

#[test]
fn a_killed_destroy_goes_on_where_it_was() {
    let place = Place::new(MADE);
    place.applied();
    let mut draw = Draw(77);
    for round in 0..4 {
        let mut running = place.start(&["destroy", "-auto-approve"]);
        let moment = Duration::from_millis(30 + draw.below(150) as u64);
        if !running.ends_within(moment) {
            running.kill();
        }
        check_readable(&place, &format!("destroy, round {round}"));
    }
    place.kprov("destroy -auto-approve").succeeds();
    assert_eq!(place.kprov("state list").succeeds().lines().len(), 0);
    for n in 0..COUNT {
        assert!(!place.has(format!("file-{n}")), "file-{n} was left");
    }
}

/// Runs an apply and kills it; false if it was quicker.
fn kill_one(place: &Place, draw: &mut Draw, round: u64) -> bool {
    let count = || made(place).values().map(Vec::len).sum::<usize>();
    let wanted = count() + draw.below(20);
    let more = Duration::from_millis(draw.below(10) as u64);
    let variable = format!("round={round}");
    let words = ["apply", "-auto-approve", "-parallelism=4", "-var", &variable];
    let mut running: Running = place.start(&words);
    until("something made, or the end", || {
        count() >= wanted || running.ends_within(Duration::ZERO)
    });
    if running.ends_within(more) {
        let _ = running.finish().succeeds();
        return false;
    }
    running.kill();
    true
}

/// The ids in each file `made-N`, by N.
fn made(place: &Place) -> BTreeMap<usize, Vec<String>> {
    let ids = |n: usize| {
        let text = std::fs::read_to_string(place.path(format!("made-{n}"))).ok()?;
        Some((n, text.lines().map(str::to_owned).collect()))
    };
    (0..COUNT).filter_map(ids).collect()
}

fn check_readable(place: &Place, story: &str) -> BTreeSet<String> {
    let listed = place.kprov("state list");
    assert_eq!(listed.code, Some(0), "{story}: {listed}");
    let fsck = place.kprov("state fsck");
    for line in fsck.stdout.lines().chain(fsck.stderr.lines()) {
        // What the kill left open is no damage: it is for the next apply.
        let damage = ["damaged", "differs", "missing", "knows nothing", "replay", "order"];
        assert!(!damage.iter().any(|word| line.contains(word)), "{story}: {fsck}");
    }
    listed.lines().into_iter().map(str::to_owned).collect()
}

/// Each thing that was made is in the state, or in an operation that is still open.
fn check_known(place: &Place, story: &str) {
    // First what was made, then what is known: an orphan may make more in between.
    let made = made(place);
    let files: Vec<usize> = (0..COUNT).filter(|n| place.has(format!("file-{n}"))).collect();
    let mut known = check_readable(place, story);
    known.extend(open_operations(place, story));
    // Whatever was recorded once is in the state or was taken out of it by an entry: fsck compares.
    let journal = crate::stored::told(&place.path("kprov.db")).unwrap_or_default();
    for (n, ids) in &made {
        let address = format!("terraform_data.made[{n}]");
        for id in ids {
            let found = journal.contains(id.as_str()) || known.contains(&address);
            assert!(found, "{story}: {address} with {id} is lost; known: {known:?}");
        }
    }
    for n in files {
        let address = format!("local_file.file[{n}]");
        assert!(known.contains(&address), "{story}: {address} is lost; known: {known:?}");
    }
}

/// The addresses of operations without an outcome.
fn open_operations(place: &Place, story: &str) -> BTreeSet<String> {
    let fsck = place.kprov("state fsck");
    let lines = fsck.stdout.lines().chain(fsck.stderr.lines());
    let open = lines.filter(|line| line.contains("has no outcome"));
    let address = |line: &str| {
        // "operation 7 of run 2 (create terraform_data.made[3]) has no outcome"
        let inside = line.rsplit_once('(')?.1.split_once(')')?.0;
        Some(inside.split_once(' ')?.1.to_owned())
    };
    open.map(|line| address(line).unwrap_or_else(|| panic!("{story}: {line}"))).collect()
}

fn check_rest(place: &Place, story: &str) {
    let planned = place.kprov("plan -detailed-exitcode");
    assert_eq!(planned.code, Some(0), "{story}: {planned}");
    let fsck = place.kprov("state fsck");
    assert_eq!(fsck.code, Some(0), "{story}: {fsck}");
    let state = place.kprov("show -json").succeeds().json();
    let resources = state["values"]["root_module"]["resources"].as_array().expect("resources");
    assert_eq!(resources.len(), 2 * COUNT, "{story}");
    let made = made(place);
    let journal = crate::stored::told(&place.path("kprov.db")).expect("a readable journal");
    for resource in resources.iter().filter(|it| it["type"] == "terraform_data") {
        let n = resource["index"].as_u64().expect("an index") as usize;
        let id = resource["values"]["id"].as_str().expect("an id");
        let ids = &made[&n];
        assert!(ids.iter().any(|made| made == id), "{story}: nothing ran for {n}, {id}: {ids:?}");
        let different: BTreeSet<&String> = ids.iter().collect();
        let recorded = ids.iter().all(|id| journal.contains(id.as_str()));
        assert!(recorded, "{story}: {n}: not all of {ids:?} were ever recorded");
        assert_eq!(different.len(), ids.len(), "{story}: {n} was provisioned twice: {ids:?}");
    }
    let names = place.content().0;
    for n in 0..COUNT {
        assert_eq!(names[&place.path(format!("file-{n}"))], format!("content {n}").into_bytes());
    }
    let known = |name: &str| {
        let prefixes = ["made-", "file-", "kprov.db", "main.tf"];
        prefixes.iter().any(|prefix| name.starts_with(prefix))
    };
    for path in names.keys() {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(known(&name), "{story}: {name} was left behind");
    }
}
