//! [`generate`]: a first configuration.

use super::{ARGUMENT, Call, Config, Item, Keys, Module, Pick, Ref, Resource, Size};
use crate::dice::Dice;

/// A configuration of about `blocks` blocks.
pub(crate) fn generate(dice: &mut Dice, blocks: usize) -> Config {
    let mut config = Config::default();
    let root = module(dice, &mut config.next_name, blocks, 0);
    config.root = root;
    config.root.repair();
    config
}

/// Percentage of resources whose count is known late.
const LATE: u32 = 20;

/// Modules below modules below the root, and no deeper.
const DEPTH_MAX: usize = 2;

fn module(dice: &mut Dice, next_name: &mut u32, blocks: usize, depth: usize) -> Module {
    let mut module = Module::default();
    for number in 0..dice.below(3) {
        module.locals.push((format!("l{number}"), dice.number()));
    }
    let mut left = blocks;
    while left > 0 {
        let at = module.items.len();
        left -= insert(dice, next_name, &mut module, at, left, depth).min(left);
    }
    module
}

/// Puts a new item at `at`; says how many blocks it has.
pub(super) fn insert(
    dice: &mut Dice,
    next_name: &mut u32,
    module: &mut Module,
    at: usize,
    blocks: usize,
    depth: usize,
) -> usize {
    let before = Before { module, at, inside: depth > 0 };
    let item = if depth < DEPTH_MAX && blocks > 1 && dice.chance(25) {
        call(dice, next_name, &before, blocks, depth)
    } else {
        Item::Resource(resource(dice, next_name, &before))
    };
    let count = match &item {
        Item::Resource(_) => 1,
        Item::Call(call) => 1 + call.body.blocks(),
    };
    module.items.insert(at, item);
    count
}

/// What an item may refer to.
pub(super) struct Before<'m> {
    pub(super) module: &'m Module,
    pub(super) at: usize,
    /// Not the root: there are arguments.
    pub(super) inside: bool,
}

impl Before<'_> {
    fn items(&self) -> &[Item] {
        &self.module.items[..self.at]
    }

    fn resource(&self, dice: &mut Dice) -> Option<String> {
        let item = dice.of(self.items())?;
        matches!(item, Item::Resource(_)).then(|| item.name().to_owned())
    }
}

fn fresh(next_name: &mut u32, letter: char) -> String {
    *next_name += 1;
    format!("{letter}{next_name}")
}

fn call(
    dice: &mut Dice,
    next_name: &mut u32,
    before: &Before<'_>,
    blocks: usize,
    depth: usize,
) -> Item {
    let name = fresh(next_name, 'm');
    let keys = keys(dice);
    let inner = 1 + dice.below(blocks.min(4));
    let body = module(dice, next_name, inner, depth + 1);
    let (size, ids) = (size(dice, before), refs(dice, before, &keys, 50));
    let depends_on = depends_on(dice, before);
    Item::Call(Call { name, keys, size, ids, depends_on, body })
}

fn resource(dice: &mut Dice, next_name: &mut u32, before: &Before<'_>) -> Resource {
    let keys = keys(dice);
    Resource {
        name: fresh(next_name, 'r'),
        size: size(dice, before),
        kind: kind(dice),
        refs: refs(dice, before, &keys, 60),
        links: refs(dice, before, &keys, 25),
        note: if dice.chance(20) { before.resource(dice) } else { None },
        create_before_destroy: dice.chance(25),
        depends_on: depends_on(dice, before),
        replaced_with: if dice.chance(10) { before.resource(dice) } else { None },
        late: if dice.chance(LATE) { before.resource(dice) } else { None },
        keys,
    }
}

pub(super) fn keys(dice: &mut Dice) -> Keys {
    match dice.below(10) {
        0..5 => Keys::One,
        5..8 => Keys::Count(dice.below(4)),
        _ => {
            let mut entries = Vec::new();
            for key in ["a", "b", "c", "d"] {
                if dice.chance(50) {
                    entries.push((key.to_owned(), dice.number()));
                }
            }
            Keys::Each(entries)
        }
    }
}

pub(super) fn kind(dice: &mut Dice) -> u8 {
    u8::try_from(dice.below(3)).unwrap_or(0)
}

pub(super) fn size(dice: &mut Dice, before: &Before<'_>) -> Size {
    match dice.below(6) {
        0 => Size::Argument,
        1 | 2 => Size::Repeated(dice.number()),
        3 => match dice.of(&before.module.locals) {
            Some((name, _)) => Size::Local(name.clone()),
            None => Size::Literal(dice.number()),
        },
        _ => Size::Literal(dice.number()),
    }
}

pub(super) fn refs(dice: &mut Dice, before: &Before<'_>, own: &Keys, percent: u32) -> Vec<Ref> {
    let mut refs: Vec<Ref> = Vec::new();
    while dice.chance(percent) && refs.len() < 3 {
        if before.inside && dice.chance(30) {
            refs.push(Ref { to: ARGUMENT.to_owned(), pick: Pick::All });
        } else if let Some(item) = dice.of(before.items()) {
            let keys = item.keys();
            let pick = match dice.below(4) {
                0 => Pick::Local,
                1 if keys.len() > 0 => Pick::Nth(dice.below(keys.len())),
                2 if keys.covers(own) => Pick::Same,
                _ => Pick::All,
            };
            refs.push(Ref { to: item.name().to_owned(), pick });
        }
        refs.dedup();
    }
    refs
}

pub(super) fn depends_on(dice: &mut Dice, before: &Before<'_>) -> Vec<String> {
    let mut names = Vec::new();
    if dice.chance(10)
        && let Some(item) = dice.of(before.items())
    {
        names.push(item.name().to_owned());
    }
    names
}
