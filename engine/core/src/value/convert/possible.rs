//! Which types convert to which, by the types alone.

use super::super::unify::unify_with;
use crate::{ObjectType, Type};

/// Which conversions count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Safety {
    /// Those that never fail and lose nothing: number to string.
    Safe,
    /// All: string to number too, list to set, map to object.
    Unsafe,
}

/// May values of type `from` convert to `to`?
pub(crate) fn possible(from: &Type, to: &Type, safety: Safety) -> bool {
    let unsafe_too = safety == Safety::Unsafe;
    match (from, to) {
        (_, Type::Dynamic) => true,
        (Type::Dynamic, _) => unsafe_too,
        (Type::Bool | Type::Number, Type::String) => true,
        (Type::String, Type::Bool | Type::Number) => unsafe_too,
        (Type::Object(from), Type::Object(to)) => {
            to.attributes().iter().all(|(name, wish)| match from.get(name) {
                Some(own) => own == wish || possible(own, wish, safety),
                None => to.is_optional(name),
            })
        }
        (Type::Tuple(from), Type::Tuple(to)) => {
            from.len() == to.len()
                && from.iter().zip(to.iter()).all(|(a, b)| a == b || possible(a, b, safety))
        }
        (Type::List(from) | Type::Set(from), Type::List(to))
        | (Type::Set(from), Type::Set(to))
        | (Type::Map(from), Type::Map(to)) => from == to || possible(from, to, safety),
        (Type::List(from), Type::Set(to)) => {
            unsafe_too && (from == to || possible(from, to, safety))
        }
        (Type::Tuple(items), Type::List(wish) | Type::Set(wish)) => {
            items_possible(items, wish, safety)
        }
        (Type::Object(object), Type::Map(wish)) => attributes_possible(object, wish, safety),
        (Type::Map(from), Type::Object(to)) => {
            unsafe_too
                && to.attributes().iter().all(|(name, wish)| {
                    **from == *wish || to.is_optional(name) || possible(from, wish, safety)
                })
        }
        (from, to) => from.is_primitive() && from == to,
    }
}

fn items_possible(items: &[Type], wish: &Type, safety: Safety) -> bool {
    if *wish != Type::Dynamic || items.is_empty() {
        return all_possible(items.iter(), wish, safety);
    }
    match unify_with(items, safety) {
        // Nothing in common but that they are values: no list can hold them, unless of no item the
        // type is known.
        Some(Type::Dynamic) => items.iter().all(|ty| *ty == Type::Dynamic),
        Some(unified) => all_possible(items.iter(), &unified, safety),
        None => false,
    }
}

fn attributes_possible(object: &ObjectType, wish: &Type, safety: Safety) -> bool {
    let types = || object.attributes().iter().map(|(_, ty)| ty);
    if *wish != Type::Dynamic || object.attributes().is_empty() {
        return all_possible(types(), wish, safety);
    }
    let list: Vec<Type> = types().cloned().collect();
    unify_with(&list, safety).is_some_and(|unified| all_possible(types(), &unified, safety))
}

fn all_possible<'t>(
    mut types: impl Iterator<Item = &'t Type>,
    wish: &Type,
    safety: Safety,
) -> bool {
    types.all(|ty| ty == wish || possible(ty, wish, safety))
}

/// `to` with every `Dynamic` in it replaced by what a value of type `from` has there, as far as that
/// can be told. This is the type of a null or unknown after conversion.
pub(super) fn fill_dynamic(from: &Type, to: &Type) -> Type {
    if *from == Type::Dynamic {
        return to.clone();
    }
    match to {
        Type::Dynamic => from.clone(),
        Type::Bool | Type::Number | Type::String => to.clone(),
        Type::List(wish) => Type::list(fill_element(from, wish)),
        Type::Set(wish) => Type::set(fill_element(from, wish)),
        Type::Map(wish) => Type::map(fill_element(from, wish)),
        Type::Tuple(wishes) => match from {
            Type::Tuple(items) if items.len() == wishes.len() => {
                Type::tuple(items.iter().zip(wishes.iter()).map(|(a, b)| fill_dynamic(a, b)))
            }
            _ => to.clone(),
        },
        Type::Object(wishes) => Type::object(wishes.attributes().iter().map(|(name, wish)| {
            let own = match from {
                Type::Object(object) => object.get(name),
                Type::Map(element) => Some(&**element),
                _ => None,
            };
            (name.clone(), own.map_or_else(|| wish.clone(), |own| fill_dynamic(own, wish)))
        })),
    }
}

fn fill_element(from: &Type, wish: &Type) -> Type {
    let own = match from {
        Type::List(element) | Type::Set(element) | Type::Map(element) => Some((**element).clone()),
        Type::Tuple(items) => unify_with(items, Safety::Unsafe),
        Type::Object(object) => {
            let types: Vec<Type> = object.attributes().iter().map(|(_, ty)| ty.clone()).collect();
            unify_with(&types, Safety::Unsafe)
        }
        Type::Dynamic | Type::Bool | Type::Number | Type::String => None,
    };
    own.map_or_else(|| wish.clone(), |own| fill_dynamic(&own, wish))
}
