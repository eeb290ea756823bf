//! SIGKILL at drawn moments of an apply and of a destroy of the example `network` on airplane: one
//! more run comes to the same end as a run that nobody disturbed, by what the airplane holds.
//!
//! Half of the moments are drawn over the run's time, most of which is spent waiting; the other half
//! over its calls, which is where things happen. `KPROV_KILLS` says how many kills of each verb there
//! shall be, `KPROV_SEED` where the moments come from: `cargo xtask kill --kills 50 --seed 7`.

use std::time::{Duration, Instant};

use super::Inventory;
use super::network::Network;
use crate::draw::Draw;
use crate::place::until;

/// Enough to see on each change that nothing is broken badly.
const KILLS: usize = 3;

/// What a run takes that nobody disturbs.
#[derive(Clone, Debug)]
struct Undisturbed {
    time: Duration,
    calls: u64,
}

/// When to kill.
#[derive(Clone, Copy, Debug)]
enum Moment {
    After(Duration),
    /// So many calls were answered, of this run.
    Calls(u64),
}

#[derive(Debug)]
struct Suite {
    draw: Draw,
    apply: Undisturbed,
    destroy: Undisturbed,
    applied: Inventory,
    kills: [usize; 2],
}

fn number(variable: &str, default: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable}: {text}")))
}

fn measured(network: &Network, verb: &str) -> Undisturbed {
    let (begun, before) = (Instant::now(), network.0.calls());
    network.run(verb).succeeds();
    Undisturbed { time: begun.elapsed(), calls: network.0.calls() - before }
}

impl Suite {
    /// Learns from a round that nobody disturbs.
    fn new(seed: u64) -> Suite {
        let network = Network::new();
        assert_eq!(network.0.inventory(), Inventory::default());
        let apply = measured(&network, "apply");
        let applied = network.at_rest("undisturbed");
        network.is_as_configured("undisturbed");
        let destroy = measured(&network, "destroy");
        let left = network.at_rest("undisturbed destroy").differences(&Inventory::default());
        assert!(left.is_empty(), "undisturbed destroy: {}", left.join("\n"));
        Suite { draw: Draw(seed), apply, destroy, applied, kills: [0, 0] }
    }

    fn moment(&mut self, undisturbed: &Undisturbed) -> Moment {
        match self.draw.below(2) {
            0 => {
                let millis = undisturbed.time.as_millis() as usize;
                Moment::After(Duration::from_millis(self.draw.below(millis) as u64))
            }
            _ => Moment::Calls(self.draw.below(undisturbed.calls as usize) as u64),
        }
    }

    /// One more project: its apply is killed, then its destroy. Says what it found.
    fn round(&mut self, number: usize) {
        let network = Network::new();
        for (which, verb) in ["apply", "destroy"].into_iter().enumerate() {
            let undisturbed = if which == 0 { self.apply.clone() } else { self.destroy.clone() };
            let moment = self.moment(&undisturbed);
            let story = format!("round {number}, {verb} killed {moment:?}");
            let killed = kill(&network, verb, moment);
            self.kills[which] += usize::from(killed);
            let again = network.run(verb);
            assert_eq!(again.code, Some(0), "{story}: {again}");
            let found = network.at_rest(&story);
            let expected = if which == 0 { self.applied.clone() } else { Inventory::default() };
            let differences = found.differences(&expected);
            assert!(differences.is_empty(), "{story}:\n{}\n{again}", differences.join("\n"));
            if which == 0 {
                network.is_as_configured(&story);
            }
        }
    }
}

/// False if the run was quicker.
fn kill(network: &Network, verb: &str, moment: Moment) -> bool {
    let before = network.0.calls();
    let line = Network::line(verb);
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut running = network.0.place.start(&words);
    let ended = match moment {
        Moment::After(time) => running.ends_within(time),
        Moment::Calls(calls) => {
            let mut ended = false;
            until("so many calls, or the end", || {
                ended = running.ends_within(Duration::ZERO);
                ended || network.0.calls() >= before + calls
            });
            ended
        }
    };
    match ended {
        true => drop(running.finish().succeeds()),
        false => running.kill(),
    }
    !ended
}

#[test]
fn nothing_is_orphaned_or_made_twice_whenever_it_is_killed() {
    let wanted = number("KPROV_KILLS", KILLS as u64) as usize;
    let seed = number("KPROV_SEED", 2026);
    eprintln!("seed {seed}, {wanted} kills of apply and as many of destroy");
    let mut suite = Suite::new(seed);
    eprintln!("undisturbed: {:?}, {:?}", suite.apply, suite.destroy);
    let mut failures = Vec::new();
    let mut rounds = 0;
    while suite.kills.iter().any(|kills| *kills < wanted) && rounds < 2 * wanted + 10 {
        rounds += 1;
        let attempt = std::panic::AssertUnwindSafe(|| suite.round(rounds));
        // All rounds are for seeing, not only those before the first failure.
        if let Err(panic) = std::panic::catch_unwind(attempt) {
            let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            failures.push(text);
        }
        eprintln!("round {rounds}: killed {:?}, {} failures", suite.kills, failures.len());
    }
    let [applies, destroys] = suite.kills;
    eprintln!("{applies} applies and {destroys} destroys killed, {} failures", failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(applies >= wanted && destroys >= wanted, "most runs ended before they were killed");
}
