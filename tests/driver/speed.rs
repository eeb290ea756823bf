//! Speed of apply on SQLite with every commit synced. The bounds are wide, for a busy machine and a
//! build that is not optimised; the numbers are printed.
#![expect(clippy::print_stdout, reason = "numbers are for people")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kprov_state::RunOutcome;
use kprov_tests::bench::told;

use crate::{Lines, drive, on_disk};

fn timed(name: &str, main: &str, most: Duration) {
    let (mut bench, _directory) = on_disk();
    let lines = Arc::new(Lines::default());
    let begun = Instant::now();
    let outcome = drive(&mut bench, main, &lines);
    let all = begun.elapsed();
    assert_eq!(outcome.outcome, RunOutcome::Succeeded, "{}", told(&outcome.diagnostics));
    assert_eq!(outcome.counts.added, 1000);
    println!("{name}: planned and applied in {all:?}");
    assert!(all < most, "{name} took {all:?}");
}

#[test]
fn a_thousand_at_once() {
    let main = "resource \"world_thing\" \"x\" {\n count = 1000\n label = \"x${count.index}\"\n}";
    timed("1,000 independent", main, Duration::from_secs(30));
}

#[test]
fn a_thousand_in_a_row() {
    let mut main = "resource \"world_thing\" \"x0\" { label = \"x0\" }\n".to_owned();
    for i in 1..1000 {
        let before = i - 1;
        writeln!(
            main,
            "resource \"world_thing\" \"x{i}\" {{\n label = \"x{i}\"\n uses = [world_thing.x{before}.id]\n}}"
        )
        .expect("text grows");
    }
    timed("a chain of 1,000", &main, Duration::from_secs(30));
}
