//! Unification: the one type that several types convert to (go-cty `convert.UnifyUnsafe`).
//!
//! Types of one kind are unified part by part, which can make a type that none of them is; else one
//! of the types must do for all, the most general first.

use std::collections::BTreeSet;

use super::convert::{Safety, possible};
use crate::{ObjectType, Type};

/// The type that all of `types` convert to, or `None`. `true ? [1] : ["a"]` needs it, as do list
/// constructors of functions. No types have no common type.
pub fn unify(types: &[Type]) -> Option<Type> {
    unify_with(types, Safety::Unsafe)
}

pub(super) fn unify_with(types: &[Type], safety: Safety) -> Option<Type> {
    let distinct = distinct(types);
    if let [first, rest @ ..] = distinct.as_slice()
        && rest.is_empty()
    {
        return Some((*first).clone());
    }
    unify_distinct(&distinct, safety)
}

/// Each type once, in order of appearance. Long lists have few types; what follows is quadratic.
fn distinct(types: &[Type]) -> Vec<&Type> {
    let mut seen = BTreeSet::new();
    types.iter().filter(|ty| seen.insert(*ty)).collect()
}

fn unify_distinct(types: &[&Type], safety: Safety) -> Option<Type> {
    let kinds = Kinds::of(types);
    let only = |count: usize| count > 0 && count + kinds.dynamic == types.len();
    if only(kinds.map) || only(kinds.list) || only(kinds.set) {
        return unify_collections(types, kinds, safety);
    }
    if only(kinds.object) {
        return if kinds.dynamic > 0 { Some(Type::Dynamic) } else { unify_objects(types, safety) };
    }
    if only(kinds.tuple) {
        return if kinds.dynamic > 0 { Some(Type::Dynamic) } else { unify_tuples(types, safety) };
    }
    if kinds.map > 0 && only(kinds.map + kinds.object) {
        // Objects are often maps that the syntax could not tell.
        if let Some(unified @ Type::Map(_)) = unify_objects_as_maps(types, safety) {
            return Some(unified);
        }
    } else if kinds.list > 0 && only(kinds.list + kinds.tuple) {
        if let Some(unified @ Type::List(_)) = unify_tuples_as_lists(types, safety) {
            return Some(unified);
        }
    } else if kinds.object > 0 && kinds.tuple > 0 {
        return None;
    }
    let candidates = most_general_first(types);
    candidates
        .into_iter()
        .find(|wish| types.iter().all(|ty| ty == wish || possible(ty, wish, safety)))
        .cloned()
}

/// How many types there are of each structural kind.
#[derive(Clone, Copy, Default)]
struct Kinds {
    map: usize,
    list: usize,
    set: usize,
    object: usize,
    tuple: usize,
    dynamic: usize,
}

impl Kinds {
    fn of(types: &[&Type]) -> Kinds {
        let mut kinds = Kinds::default();
        for ty in types {
            match ty {
                Type::Map(_) => kinds.map += 1,
                Type::List(_) => kinds.list += 1,
                Type::Set(_) => kinds.set += 1,
                Type::Object(_) => kinds.object += 1,
                Type::Tuple(_) => kinds.tuple += 1,
                Type::Dynamic => kinds.dynamic += 1,
                Type::Bool | Type::Number | Type::String => {}
            }
        }
        kinds
    }
}

/// Collections of one kind, perhaps with `Dynamic` among them.
fn unify_collections(types: &[&Type], kinds: Kinds, safety: Safety) -> Option<Type> {
    if kinds.dynamic > 0 {
        // What will be known later may change the answer.
        return Some(Type::Dynamic);
    }
    let elements: Vec<Type> = types.iter().filter_map(|ty| ty.element().cloned()).collect();
    let element = unify_with(&elements, safety)?;
    let unified = if kinds.map > 0 {
        Type::map(element)
    } else if kinds.list > 0 {
        Type::list(element)
    } else {
        Type::set(element)
    };
    fits_all(types, &unified, safety).then_some(unified)
}

fn fits_all(types: &[&Type], wish: &Type, safety: Safety) -> bool {
    types.iter().all(|ty| *ty == wish || possible(ty, wish, safety))
}

/// Objects with the same attributes: attribute by attribute; others: as maps.
fn unify_objects(types: &[&Type], safety: Safety) -> Option<Type> {
    let objects: Vec<&ObjectType> = types
        .iter()
        .filter_map(|ty| if let Type::Object(object) = ty { Some(&**object) } else { None })
        .collect();
    let (first, rest) = objects.split_first()?;
    let names = |object: &'_ ObjectType| object.attributes().len();
    let alike = rest.iter().all(|object| {
        names(object) == names(first)
            && object.attributes().iter().zip(first.attributes()).all(|(a, b)| a.0 == b.0)
    });
    if !alike {
        return unify_objects_to_map(types, safety);
    }
    let mut attributes = Vec::with_capacity(names(first));
    for (i, (name, _)) in first.attributes().iter().enumerate() {
        let across: Vec<Type> =
            objects.iter().map(|object| object.attributes()[i].1.clone()).collect();
        attributes.push((name.clone(), unify_with(&across, safety)?));
    }
    let unified = Type::object(attributes);
    if fits_all(types, &unified, safety) {
        return Some(unified);
    }
    unify_objects_to_map(types, safety)
}

fn unify_objects_to_map(types: &[&Type], safety: Safety) -> Option<Type> {
    let mut all = Vec::new();
    for ty in types {
        if let Type::Object(object) = ty {
            all.extend(object.attributes().iter().map(|(_, ty)| ty.clone()));
        }
    }
    let unified = Type::map(unify_with(&all, safety)?);
    fits_all(types, &unified, safety).then_some(unified)
}

/// Tuples of one length: item by item; others: as lists.
fn unify_tuples(types: &[&Type], safety: Safety) -> Option<Type> {
    let tuples: Vec<&[Type]> = types
        .iter()
        .filter_map(|ty| if let Type::Tuple(items) = ty { Some(&**items) } else { None })
        .collect();
    let (first, rest) = tuples.split_first()?;
    if rest.iter().any(|items| items.len() != first.len()) {
        return unify_tuples_to_list(types, safety);
    }
    let mut items = Vec::with_capacity(first.len());
    for i in 0..first.len() {
        let across: Vec<Type> = tuples.iter().map(|items| items[i].clone()).collect();
        items.push(unify_with(&across, safety)?);
    }
    let unified = Type::tuple(items);
    if fits_all(types, &unified, safety) {
        return Some(unified);
    }
    unify_tuples_to_list(types, safety)
}

fn unify_tuples_to_list(types: &[&Type], safety: Safety) -> Option<Type> {
    let mut all = Vec::new();
    for ty in types {
        if let Type::Tuple(items) = ty {
            all.extend(items.iter().cloned());
        }
    }
    let unified = Type::list(unify_with(&all, safety)?);
    fits_all(types, &unified, safety).then_some(unified)
}

/// Maps and objects: the objects as one map type, then that with the maps.
fn unify_objects_as_maps(types: &[&Type], safety: Safety) -> Option<Type> {
    let (objects, mut others): (Vec<&Type>, Vec<&Type>) =
        types.iter().partition(|ty| matches!(ty, Type::Object(_)));
    let map = unify_objects_to_map(&objects, safety)?;
    others.push(&map);
    unify_again(&others, safety)
}

/// Lists and tuples: the tuples as one list type, then that with the lists.
fn unify_tuples_as_lists(types: &[&Type], safety: Safety) -> Option<Type> {
    let (tuples, mut others): (Vec<&Type>, Vec<&Type>) =
        types.iter().partition(|ty| matches!(ty, Type::Tuple(_)));
    let list = unify_tuples_to_list(&tuples, safety)?;
    others.push(&list);
    unify_again(&others, safety)
}

fn unify_again(types: &[&Type], safety: Safety) -> Option<Type> {
    let types: Vec<Type> = types.iter().map(|ty| (*ty).clone()).collect();
    unify_with(&types, safety)
}

/// The types in topological order of "is more general than", otherwise in the order given.
fn most_general_first<'t>(types: &[&'t Type]) -> Vec<&'t Type> {
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); types.len()];
    let mut above = vec![0usize; types.len()];
    for i in 0..types.len() {
        for j in i + 1..types.len() {
            let (general, special) = match prefer(types[i], types[j]) {
                Preference::First => (i, j),
                Preference::Second => (j, i),
                Preference::Neither => continue,
            };
            below[general].push(special);
            above[special] += 1;
        }
    }
    let mut order: Vec<usize> = (0..types.len()).filter(|i| above[*i] == 0).collect();
    let mut at = 0;
    while let Some(&here) = order.get(at) {
        at += 1;
        for &next in &below[here] {
            above[next] -= 1;
            if above[next] == 0 {
                order.push(next);
            }
        }
    }
    order.into_iter().map(|i| types[i]).collect()
}

/// Which of two types would rather be the common one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Preference {
    First,
    Second,
    Neither,
}

/// Assumes that parts can be converted; whether they can is looked at later.
fn prefer(a: &Type, b: &Type) -> Preference {
    use Preference::{First, Neither, Second};
    match (a, b) {
        (Type::Dynamic, Type::Dynamic) => Neither,
        (_, Type::Dynamic) => First,
        (Type::Dynamic, _) => Second,
        (Type::String, Type::Bool | Type::Number) => First,
        (Type::Bool | Type::Number, Type::String) => Second,
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Map(a), Type::Map(b)) => prefer(a, b),
        (Type::List(_) | Type::Tuple(_), Type::Set(_)) => First,
        (Type::Set(_), Type::List(_) | Type::Tuple(_)) => Second,
        (Type::List(_), Type::Tuple(_)) | (Type::Map(_), Type::Object(_)) => First,
        (Type::Tuple(_), Type::List(_)) | (Type::Object(_), Type::Map(_)) => Second,
        (Type::Object(a), Type::Object(b)) => {
            let (a, b) = (a.attributes(), b.attributes());
            if a.len() != b.len() || a.iter().zip(b).any(|(a, b)| a.0 != b.0) {
                return Neither;
            }
            prefer_all(a.iter().zip(b).map(|(a, b)| prefer(&a.1, &b.1)))
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
            prefer_all(a.iter().zip(b.iter()).map(|(a, b)| prefer(a, b)))
        }
        _ => Neither,
    }
}

fn prefer_all(parts: impl Iterator<Item = Preference>) -> Preference {
    let mut all = Preference::Neither;
    for part in parts.filter(|part| *part != Preference::Neither) {
        if all != Preference::Neither && all != part {
            return Preference::Neither;
        }
        all = part;
    }
    all
}

#[cfg(test)]
mod tests;
