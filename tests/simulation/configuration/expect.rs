//! [`wanted`]: which objects a configuration wants: the oracle, which knows nothing of the planner.

use std::collections::{BTreeMap, BTreeSet};

use super::{ARGUMENT, Config, Item, Keys, Module, Pick, Ref, Size};

/// An object that must exist.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) size: i64,
    pub(crate) kind: String,
    /// Addresses of the objects whose ids it holds.
    pub(crate) refs: BTreeSet<String>,
    pub(crate) links: BTreeSet<String>,
    /// Addresses of the objects whose etags it notes, in order; `None`: no note.
    pub(crate) note: Option<Vec<String>>,
}

/// All objects by address.
pub(crate) fn wanted(config: &Config) -> BTreeMap<String, Wanted> {
    let mut found = BTreeMap::new();
    let arguments = Arguments { size: 7, ids: Vec::new() };
    walk(&config.root, "", &arguments, &mut found);
    found
}

struct Arguments {
    size: i64,
    ids: Vec<String>,
}

/// Addresses whose ids an item gives, by instance.
type Given = Vec<Vec<String>>;

fn walk(
    module: &Module,
    prefix: &str,
    arguments: &Arguments,
    found: &mut BTreeMap<String, Wanted>,
) -> Vec<String> {
    let mut given: BTreeMap<&str, (&Keys, Given)> = BTreeMap::new();
    let mut all = Vec::new();
    for item in &module.items {
        let keys = item.keys();
        let mut instances = Given::new();
        for nth in 0..keys.len() {
            let address = format!("{prefix}{}{}", item.address(), keys.suffix(nth));
            let ids = |refs: &[Ref]| -> Vec<String> {
                refs.iter().flat_map(|it| meant(it, &given, arguments, keys, nth)).collect()
            };
            match item {
                Item::Resource(resource) => {
                    let noted = resource.note.as_ref().and_then(|name| given.get(name.as_str()));
                    let object = Wanted {
                        size: size(&resource.size, keys, nth, module, arguments),
                        kind: format!("k{}", resource.kind),
                        refs: ids(&resource.refs).into_iter().collect(),
                        links: ids(&resource.links).into_iter().collect(),
                        note: noted.map(|(_, instances)| instances.concat()),
                    };
                    found.insert(address.clone(), object);
                    instances.push(vec![address]);
                }
                Item::Call(call) => {
                    let inner = Arguments {
                        size: size(&call.size, keys, nth, module, arguments),
                        ids: ids(&call.ids),
                    };
                    instances.push(walk(&call.body, &format!("{address}."), &inner, found));
                }
            }
        }
        all.extend(instances.concat());
        given.insert(item.name(), (keys, instances));
    }
    all
}

fn meant(
    it: &Ref,
    given: &BTreeMap<&str, (&Keys, Given)>,
    arguments: &Arguments,
    own: &Keys,
    nth: usize,
) -> Vec<String> {
    if it.to == ARGUMENT {
        return arguments.ids.clone();
    }
    let Some((keys, instances)) = given.get(it.to.as_str()) else { return Vec::new() };
    match it.pick {
        Pick::All | Pick::Local => instances.concat(),
        Pick::Nth(nth) => instances.get(nth).cloned().unwrap_or_default(),
        Pick::Same => {
            keys.same(own, nth).and_then(|at| instances.get(at)).cloned().unwrap_or_default()
        }
    }
}

fn size(size: &Size, keys: &Keys, nth: usize, module: &Module, arguments: &Arguments) -> i64 {
    let index = i64::try_from(nth).unwrap_or(0);
    match (size, keys) {
        (Size::Literal(number), _) | (Size::Repeated(number), Keys::One) => *number,
        (Size::Local(name), _) => {
            module.locals.iter().find(|(known, _)| known == name).map_or(0, |(_, value)| *value)
        }
        (Size::Argument, _) => arguments.size,
        (Size::Repeated(base), Keys::Count(_)) => base + index,
        (Size::Repeated(_), Keys::Each(entries)) => entries.get(nth).map_or(0, |(_, value)| *value),
    }
}
