//! Simulation: random clusters, strategies and faults, many seeds, in simulated time. The machine under test sees what a
//! cluster shows; the judge knows what it is.
//!
//! `KPROV_SEED=123 cargo test -p kprov-rotation --test simulation` repeats one seed and tells its story;
//! `KPROV_SEEDS=100000` leads that many histories, beginning with `KPROV_FIRST`; with `KPROV_WITHOUT=Q1` the machine does without
//! that invariant; `KPROV_SURVEY=1` lists all that fails.

mod calls;
mod cast;
mod dice;
mod judge;
mod life;
mod physics;
mod sight;
mod truth;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use kprov_rotation::{INVARIANTS, Invariant};
use life::{End, Failure, Law, live};

/// How many histories are led where nobody says otherwise.
const SEEDS: u64 = 10_000;
/// By so many threads.
const THREADS: usize = 2;
/// Within so many seeds a machine without an invariant is noticed.
const MUTANT_SEEDS: u64 = 10_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// All invariants but one.
fn without(id: &str) -> Vec<Invariant> {
    INVARIANTS.iter().copied().filter(|invariant| invariant.id != id).collect()
}

#[test]
fn always_safe_and_finished_where_nothing_goes_wrong() {
    let mutant = std::env::var("KPROV_WITHOUT").unwrap_or_default();
    let invariants = without(&mutant);
    if let Some(seed) = number("KPROV_SEED") {
        match live(seed, &Law { invariants: &invariants, tell: true }) {
            Ok(end) => println!("seed {seed} ends: {end:?}"),
            Err(failure) => panic!("{}\nseed {seed}: {}", failure.story.join("\n"), failure.what),
        }
        return;
    }
    let first = number("KPROV_FIRST").unwrap_or(0);
    let seeds = number("KPROV_SEEDS").unwrap_or(SEEDS);
    if std::env::var_os("KPROV_SURVEY").is_some() {
        println!("{}", survey(&invariants, first, first + seeds));
        return;
    }
    let (ends, failure) = histories(&invariants, first, first + seeds);
    println!("{seeds} histories: {ends:?}");
    if let Some((seed, _)) = failure {
        let Err(failure) = live(seed, &Law { invariants: &invariants, tell: true }) else {
            panic!("seed {seed} fails once, and then does not");
        };
        let story = failure.story.join("\n");
        panic!(
            "{story}\nseed {seed}: {}\nTo repeat:\n  KPROV_SEED={seed} cargo test -p kprov-rotation --test simulation always",
            failure.what
        );
    }
    // Otherwise the suite would be about nothing.
    let finished = ends.get(&End::Finished).copied().unwrap_or(0);
    assert!(seeds < 100 || finished * 2 > seeds, "only {finished} of {seeds} finish");
}

/// For each invariant: a machine without it does what the judge says must not be, and it is that which it says.
#[test]
fn a_machine_without_an_invariant_is_caught() {
    let ids: Vec<&str> = INVARIANTS.iter().map(|invariant| invariant.id).collect();
    let mut missed = Vec::new();
    for id in ids {
        let invariants = without(id);
        match caught(&invariants, id) {
            Some((seed, failure)) => println!("without {id}: seed {seed}: {}", failure.what),
            None => missed.push(id),
        }
    }
    assert!(missed.is_empty(), "not noticed within {MUTANT_SEEDS} seeds: {missed:?}");
}

#[test]
fn a_history_is_the_same_each_time() {
    let invariants = without("Q4");
    for seed in 0..30 {
        let story = || {
            let law = Law { invariants: &invariants, tell: true };
            live(seed, &law).map_err(|failure| failure.story)
        };
        assert!(story() == story(), "seed {seed} gives two stories");
    }
}

/// Everything that fails, by what it breaks, with how often and the first seed.
fn survey(invariants: &[Invariant], first: u64, end: u64) -> String {
    let failures = Mutex::new(BTreeMap::<String, (u64, u64, Vec<String>)>::new());
    search(first, end, |seed| {
        let failure = live(seed, &Law { invariants, tell: true }).err()?;
        let what: String = failure.what.chars().take(60).collect();
        let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = failures.entry(what).or_insert((0, u64::MAX, Vec::new()));
        entry.0 += 1;
        if seed < entry.1 {
            (entry.1, entry.2) = (seed, failure.story);
        }
        None::<()>
    });
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    let told = failures.into_iter().map(|(what, (count, seed, story))| {
        let last = story.len().saturating_sub(14);
        format!("{}\n{count} times, first with seed {seed}: {what}\n\n", story[last..].join("\n"))
    });
    told.collect()
}

/// The first seed in which a mutant breaks its own rule.
fn caught(invariants: &[Invariant], id: &str) -> Option<(u64, Box<Failure>)> {
    let rule = format!("{id}:");
    search(0, MUTANT_SEEDS, |seed| {
        live(seed, &Law { invariants, tell: false })
            .err()
            .filter(|failure| failure.what.starts_with(&rule))
    })
}

type Ends = BTreeMap<End, u64>;

fn histories(
    invariants: &[Invariant],
    first: u64,
    end: u64,
) -> (Ends, Option<(u64, Box<Failure>)>) {
    let ends = Mutex::new(Ends::new());
    let found = search(first, end, |seed| match live(seed, &Law { invariants, tell: false }) {
        Ok(end) => {
            *ends.lock().unwrap_or_else(PoisonError::into_inner).entry(end).or_insert(0) += 1;
            None
        }
        Err(failure) => Some(failure),
    });
    (ends.into_inner().unwrap_or_else(PoisonError::into_inner), found)
}

/// The smallest seed with which something is found.
fn search<T: Send>(
    first: u64,
    end: u64,
    look: impl Fn(u64) -> Option<T> + Sync,
) -> Option<(u64, T)> {
    let next = AtomicU64::new(first);
    let found = Mutex::new(None::<(u64, T)>);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    if let Some(what) = look(seed) {
                        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                        if found.as_ref().is_none_or(|(first, _)| seed < *first) {
                            *found = Some((seed, what));
                        }
                        next.store(end, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}
