//! [`evolve`]: what people do to a configuration between two applies.

use super::generate::{Before, depends_on, insert, keys, kind, refs, size};
use super::{Config, Item, Keys, Module, Ref, Resource};
use crate::dice::Dice;

/// Changes one to four things.
pub(crate) fn evolve(dice: &mut Dice, config: &mut Config) {
    for _ in 0..=dice.below(4) {
        let Config { root, next_name } = config;
        one_change(dice, next_name, root, 0);
    }
    config.root.repair();
}

fn one_change(dice: &mut Dice, next_name: &mut u32, module: &mut Module, depth: usize) {
    let calls: Vec<usize> = module
        .items
        .iter()
        .enumerate()
        .filter(|(_, item)| matches!(item, Item::Call(_)))
        .map(|(at, _)| at)
        .collect();
    if let Some(&at) = dice.of(&calls)
        && dice.chance(40)
        && let Item::Call(call) = &mut module.items[at]
    {
        return one_change(dice, next_name, &mut call.body, depth + 1);
    }
    if module.items.is_empty() || dice.chance(20) {
        let at = dice.below(module.items.len() + 1);
        insert(dice, next_name, module, at, 3, depth);
        return;
    }
    let at = dice.below(module.items.len());
    match dice.below(10) {
        0 => {
            module.items.remove(at);
        }
        1 => {
            let told = dice.chance(80);
            rename(next_name, module, at, told);
        }
        2 => rekey(dice, module, at),
        3 => {
            if let Some((_, value)) = dice.of_mut(&mut module.locals) {
                *value += 1;
            }
        }
        4 => module.moved.clear(),
        _ => alter(dice, module, at, depth > 0),
    }
}

/// Only renames things, with `moved` blocks: nothing else is to happen.
pub(crate) fn rename_only(dice: &mut Dice, config: &mut Config) {
    let Config { root, next_name } = config;
    let mut module = root;
    while !module.items.is_empty() {
        let at = dice.below(module.items.len());
        rename(next_name, module, at, true);
        match &mut module.items[at] {
            Item::Call(call) => module = &mut call.body,
            Item::Resource(_) => break,
        }
    }
}

/// Another name, told by a `moved` block or not.
fn rename(next_name: &mut u32, module: &mut Module, at: usize, told: bool) {
    *next_name += 1;
    let old = module.items[at].name().to_owned();
    let before = module.items[at].address();
    let new = match &mut module.items[at] {
        Item::Resource(resource) => {
            resource.name = format!("r{next_name}");
            resource.name.clone()
        }
        Item::Call(call) => {
            call.name = format!("m{next_name}");
            call.name.clone()
        }
    };
    let after = module.items[at].address();
    if told {
        module.moved.push((before, after));
    }
    let swap = |name: &mut String| {
        if *name == old {
            name.clone_from(&new);
        }
    };
    for item in &mut module.items {
        for refs in item.refs_mut() {
            refs.iter_mut().for_each(|it: &mut Ref| swap(&mut it.to));
        }
        match item {
            Item::Resource(it) => {
                it.depends_on.iter_mut().for_each(swap);
                it.note.iter_mut().for_each(swap);
                it.replaced_with.iter_mut().for_each(swap);
                it.late.iter_mut().for_each(swap);
            }
            Item::Call(call) => call.depends_on.iter_mut().for_each(swap),
        }
    }
}

/// Other keys; a single object may move to a key.
fn rekey(dice: &mut Dice, module: &mut Module, at: usize) {
    let address = module.items[at].address();
    let former = module.items[at].keys().clone();
    let new = keys(dice);
    let inside = format!("{address}[");
    module.moved.retain(|(from, to)| {
        let about = |end: &String| *end == address || end.starts_with(&inside);
        !about(from) && !about(to)
    });
    if former == Keys::One && new.len() > 0 && dice.chance(60) {
        let nth = dice.below(new.len());
        if !new.suffix(nth).is_empty() {
            module.moved.push((address.clone(), format!("{address}{}", new.suffix(nth))));
        }
    }
    match &mut module.items[at] {
        Item::Resource(resource) => resource.keys = new,
        Item::Call(call) => call.keys = new,
    }
}

fn alter(dice: &mut Dice, module: &mut Module, at: usize, inside: bool) {
    let mut item = module.items[at].clone();
    let before = Before { module, at, inside };
    match &mut item {
        Item::Resource(it) => alter_resource(dice, it, &before),
        Item::Call(call) => match dice.below(3) {
            0 => call.size = size(dice, &before),
            1 => call.ids = refs(dice, &before, &call.keys, 50),
            _ => call.depends_on = depends_on(dice, &before),
        },
    }
    module.items[at] = item;
}

fn alter_resource(dice: &mut Dice, it: &mut Resource, before: &Before<'_>) {
    match dice.below(9) {
        0..3 => it.size = size(dice, before),
        3 | 4 => it.kind = kind(dice),
        5 => it.refs = refs(dice, before, &it.keys, 60),
        6 => it.links = refs(dice, before, &it.keys, 40),
        7 => it.create_before_destroy = !it.create_before_destroy,
        _ => it.depends_on = depends_on(dice, before),
    }
}
