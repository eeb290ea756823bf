//! Simulation: random configurations among random faults, many seeds, in simulated time.
//!
//! `KPROV_SEED=123 cargo test -p kprov-tests --test simulation` repeats one seed and tells its story;
//! `KPROV_SEEDS=100000` leads that many lives, beginning with `KPROV_FIRST`; `KPROV_BLOCKS` and `KPROV_CHANGES` make a life smaller.

mod configuration;
mod dice;
mod faults;
mod host;
mod life;
mod provider;
mod run;
mod sim;
mod watch;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use faults::Mutant;
use life::{Failure, Life, live};

/// How many lives are led where nobody says otherwise.
const SEEDS: u64 = 1000;
/// By so many threads.
const THREADS: usize = 2;
/// Within so many seeds a broken product is noticed.
const MUTANT_SEEDS: u64 = 200;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn nothing_is_lost_and_everything_comes_to_rest() {
    if let Some(seed) = number("KPROV_SEED") {
        let mut life = Life::of(seed);
        life.blocks = number("KPROV_BLOCKS").map_or(life.blocks, |blocks| blocks as usize);
        life.changes = number("KPROV_CHANGES").map_or(life.changes, |changes| changes as usize);
        if let Err(failure) = live(life, true) {
            panic!("{life:?}\n{}", told(&failure));
        }
        return;
    }
    let first = number("KPROV_FIRST").unwrap_or(0);
    let seeds = number("KPROV_SEEDS").unwrap_or(SEEDS);
    if let Some((seed, failure)) = first_failure(first, first + seeds) {
        panic!("{}", report(seed, &failure));
    }
}

/// Each mutant breaks a rule, and it is that rule that must be found broken.
#[test]
fn broken_products_are_noticed() {
    let lost = "neither the state nor an open intent knows it";
    for (mutant, expect) in [
        (Mutant::EarlyAnswer, "is called before its intent is durable"),
        (Mutant::LostBatch, "is called before its intent is durable"),
        (Mutant::AmbiguousIsRejected, lost),
        (Mutant::BlindSettling, lost),
        (Mutant::NoOrder, "against the world's laws"),
        (Mutant::Greedy, "calls at once"),
    ] {
        let noticed = (0..MUTANT_SEEDS).find(|&seed| {
            let life = Life { mutant: Some(mutant), ..Life::of(seed) };
            live(life, false).is_err_and(|failure| failure.what.contains(expect))
        });
        assert!(noticed.is_some(), "{mutant:?} was not noticed within {MUTANT_SEEDS} seeds");
    }
}

#[test]
fn a_life_is_the_same_each_time() {
    for seed in 0..5 {
        let story = || {
            let life = Life { mutant: Some(Mutant::NoOrder), ..Life::of(seed) };
            live(life, true).map_err(|failure| failure.story)
        };
        assert!(story() == story(), "seed {seed} gives two stories");
    }
}

/// The failure of the smallest seed that fails.
fn first_failure(first: u64, end: u64) -> Option<(u64, Box<Failure>)> {
    let next = AtomicU64::new(first);
    let found = Mutex::new(None::<(u64, Box<Failure>)>);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    if let Err(failure) = live(Life::of(seed), false) {
                        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                        if found.as_ref().is_none_or(|(first, _)| seed < *first) {
                            *found = Some((seed, failure));
                        }
                        next.store(end, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// A smaller life that fails too, if there is one: few blocks and changes first.
fn smaller(life: Life) -> Option<(Life, Box<Failure>)> {
    for blocks in 1..=life.blocks.min(6) {
        for changes in 0..=life.changes {
            for seed in [life.seed].into_iter().chain(0..12) {
                let life = Life { seed, blocks, changes, ..life };
                if live(life, false).is_err()
                    && let Err(failure) = live(life, true)
                {
                    return Some((life, failure));
                }
            }
        }
    }
    None
}

fn told(failure: &Failure) -> String {
    let Failure { what, configuration, story } = failure;
    format!("{story}\n\nThe last configuration:\n{configuration}\n{what}")
}

fn report(seed: u64, failure: &Failure) -> String {
    let again = "cargo test -p kprov-tests --test simulation nothing_is_lost";
    let mut text = format!("seed {seed}: {}\n", failure.what);
    if let Some((Life { seed, blocks, changes, .. }, failure)) = smaller(Life::of(seed)) {
        text.push_str(&format!(
            "\nThe smallest life that fails:\n{}\n\nTo repeat the smallest:\n  \
             KPROV_SEED={seed} KPROV_BLOCKS={blocks} KPROV_CHANGES={changes} {again}",
            told(&failure)
        ));
    }
    format!("{text}\nTo repeat:\n  KPROV_SEED={seed} {again}")
}
