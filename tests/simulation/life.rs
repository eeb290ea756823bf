//! [`live`]: the life of one seed: configurations come, are applied among faults, and change; then
//! all is well, and everything must come to rest as configured. At last everything is destroyed.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use kprov_plan::PlanMode;

use crate::configuration::{Config, Wanted, evolve, files, generate, rename_only, wanted};
use crate::dice::Dice;
use crate::faults::{Faults, Mutant};
use crate::sim::{End, Loaded, Sim};
use crate::watch::Violation;

/// A life to be led.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    pub(crate) seed: u64,
    /// How many blocks at first.
    pub(crate) blocks: usize,
    /// How many configurations, one after the other.
    pub(crate) changes: usize,
    pub(crate) mutant: Option<Mutant>,
}

/// A life that did not go as it must.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) what: Violation,
    /// The last configuration.
    pub(crate) configuration: String,
    pub(crate) story: String,
}

impl Life {
    /// Sizes vary with the seed.
    pub(crate) fn of(seed: u64) -> Life {
        let mut dice = Dice::new(seed, 3);
        let blocks = 1 + dice.below(14);
        Life { seed, blocks, changes: dice.below(4), mutant: None }
    }
}

/// Leads a life. The same life gives the same failure; `telling` adds the story.
pub(crate) fn live(life: Life, telling: bool) -> Result<(), Box<Failure>> {
    let mut sim = Sim::new(life.seed, life.mutant, telling);
    let mut config = Config::default();
    let led = catch_unwind(AssertUnwindSafe(|| lead(life, &mut sim, &mut config)));
    let what = match led {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(what)) => what,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
            format!("a panic: {}", text.unwrap_or_default())
        }
    };
    let (configuration, story) = (texts(&config), sim.story());
    Err(Box::new(Failure { what, configuration, story }))
}

fn texts(config: &Config) -> String {
    let texts = files(config).into_iter();
    texts.map(|(path, text)| format!("# {path}\n{text}")).collect()
}

fn lead(life: Life, sim: &mut Sim, config: &mut Config) -> Result<(), Violation> {
    let mut dice = Dice::new(life.seed, 2);
    *config = generate(&mut dice, life.blocks);
    for change in 0..=life.changes {
        if change > 0 {
            evolve(&mut dice, config);
        }
        let loaded = Loaded::new(config)?;
        sim.note(|| format!("a configuration:\n{}", texts(config)));
        for _ in 0..=dice.below(2) {
            sim.run(&loaded, PlanMode::Normal, &Faults::random(&mut dice))?;
            if dice.chance(10) {
                sim.taint()?;
            }
            if dice.chance(15) {
                let what = sim.world.drift(&mut dice);
                sim.note(|| what.unwrap_or_default());
            }
        }
        if change == life.changes || dice.chance(40) {
            come_to_rest(sim, &loaded, PlanMode::Normal)?;
            check_world(sim, &wanted(config))?;
            if dice.chance(30) {
                rename_at_rest(sim, &mut dice, config)?;
            }
        }
    }
    let loaded = Loaded::new(config)?;
    if dice.chance(50) {
        sim.run(&loaded, PlanMode::Destroy, &Faults::random(&mut dice))?;
    }
    come_to_rest(sim, &loaded, PlanMode::Destroy)?;
    check_world(sim, &BTreeMap::new())
}

/// Names do not matter: objects stay what they are.
fn rename_at_rest(sim: &mut Sim, dice: &mut Dice, config: &mut Config) -> Result<(), Violation> {
    let before = sim.world.with(|content| content.things.clone());
    rename_only(dice, config);
    sim.note(|| format!("only names change:\n{}", texts(config)));
    come_to_rest(sim, &Loaded::new(config)?, PlanMode::Normal)?;
    check_world(sim, &wanted(config))?;
    match before == sim.world.with(|content| content.things.clone()) {
        true => Ok(()),
        false => Err("only names have changed, and objects with them".to_owned()),
    }
}

/// Without faults one apply does everything, and a second one finds nothing to do.
fn come_to_rest(sim: &mut Sim, loaded: &Loaded, mode: PlanMode) -> Result<(), Violation> {
    let calm = Faults::none();
    match sim.run(loaded, mode, &calm)? {
        End::Done { .. } => {}
        other => return Err(format!("an undisturbed apply does not succeed: {other:?}")),
    }
    match sim.run(loaded, mode, &calm)? {
        End::Done { changes: 0 } => Ok(()),
        other => Err(format!("a second apply finds something to do: {other:?}")),
    }
}

/// The world is as configured, and the state knows it.
fn check_world(sim: &Sim, wanted: &BTreeMap<String, Wanted>) -> Result<(), Violation> {
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for (address, id) in sim.watch.ids() {
        ids.insert(address.to_string(), id.clone());
    }
    let known: BTreeSet<&String> = ids.keys().collect();
    let expected: BTreeSet<&String> = wanted.keys().collect();
    if known != expected {
        return Err(format!("in the state are {known:?}, wanted are {expected:?}"));
    }
    sim.world.with(|content| {
        let known: BTreeSet<&String> = ids.values().collect();
        let existing: BTreeSet<&String> = content.things.keys().collect();
        if known != existing {
            return Err(format!("in the world are {existing:?}, in the state {known:?}"));
        }
        let meant = |addresses: &BTreeSet<String>| -> BTreeSet<String> {
            addresses.iter().filter_map(|address| ids.get(address).cloned()).collect()
        };
        for (address, want) in wanted {
            let Some(thing) = ids.get(address).and_then(|id| content.things.get(id)) else {
                return Err(format!("{address} is not in the world"));
            };
            let etag = |address: &String| {
                let id = ids.get(address)?;
                content.things.get(id).map(|thing| thing.etag(id))
            };
            let note = want
                .note
                .as_ref()
                .map(|addresses| addresses.iter().filter_map(etag).collect::<Vec<_>>().join(","));
            let same = thing.size == want.size
                && thing.kind == want.kind
                && thing.refs.set == meant(&want.refs)
                && thing.links.set == meant(&want.links)
                && thing.note == note;
            if !same {
                return Err(format!("{address} is {thing:?}, wanted is {want:?}, note {note:?}"));
            }
        }
        Ok(())
    })
}
