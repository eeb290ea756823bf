//! Why one type does not convert to another, in Terraform's words.

use super::{Safety, possible};
use crate::{ObjectType, Type};

/// What a value of type `got` lacks to become `want`: `string required`, `element 0: number
/// required`, `attribute "a" is required`. Only for types that do not convert.
pub fn mismatch_message(got: &Type, want: &Type) -> String {
    match (got, want) {
        (Type::Object(got), Type::Object(want)) => objects(got, want),
        (Type::Tuple(_), Type::List(wish)) if **wish == Type::Dynamic => {
            "all list elements must have the same type".to_owned()
        }
        (Type::Tuple(_), Type::Set(wish)) if **wish == Type::Dynamic => {
            "all set elements must have the same type".to_owned()
        }
        (Type::Object(_), Type::Map(wish)) if **wish == Type::Dynamic => {
            "all map elements must have the same type".to_owned()
        }
        (Type::Tuple(items), Type::List(wish) | Type::Set(wish)) => {
            (0..).zip(items.iter()).find(|(_, item)| !fits(item, wish)).map_or_else(
                || format!("all elements must be {}", wish.constraint_name()),
                |(i, item): (u64, _)| format!("element {i}: {}", mismatch_message(item, wish)),
            )
        }
        (Type::Object(object), Type::Map(wish)) => {
            object.attributes().iter().find(|(_, own)| !fits(own, wish)).map_or_else(
                || format!("all elements must be {}", wish.constraint_name()),
                |(name, own)| format!("element \"{name}\": {}", mismatch_message(own, wish)),
            )
        }
        (Type::List(got) | Type::Set(got), Type::List(want)) => element("list", got, want),
        (Type::List(got) | Type::Set(got), Type::Set(want)) => element("set", got, want),
        (Type::Map(got), Type::Map(want)) => element("map", got, want),
        (_, want) => format!("{} required", want.constraint_name()),
    }
}

fn fits(got: &Type, want: &Type) -> bool {
    got == want || possible(got, want, Safety::Unsafe)
}

fn element(noun: &str, got: &Type, want: &Type) -> String {
    format!("incorrect {noun} element type: {}", mismatch_message(got, want))
}

/// All missing attributes, or else the first that does not fit.
fn objects(got: &ObjectType, want: &ObjectType) -> String {
    let missing: Vec<String> = want
        .attributes()
        .iter()
        .filter(|(name, _)| got.get(name).is_none() && !want.is_optional(name))
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    match missing.as_slice() {
        [] => {}
        [one] => return format!("attribute {one} is required"),
        [one, two] => return format!("attributes {one} and {two} are required"),
        [many @ .., last] => {
            return format!("attributes {}, and {last} are required", many.join(", "));
        }
    }
    want.attributes()
        .iter()
        .filter_map(|(name, wish)| got.get(name).map(|own| (name, own, wish)))
        .find(|(_, own, wish)| !fits(own, wish))
        .map_or_else(
            || "incorrect object attributes".to_owned(),
            |(name, own, wish)| format!("attribute \"{name}\": {}", mismatch_message(own, wish)),
        )
}
