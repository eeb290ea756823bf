//! Reading arguments: whole numbers, items, lengths.

use kprov_core::{Number, Type, Value};

/// What stands where a number is not a whole one, or too big to count with.
pub(super) const NOT_WHOLE: &str =
    "value must be a whole number, between -9223372036854775808 and 9223372036854775807";

/// A known number as a machine integer.
pub(super) fn whole(value: &Value) -> Result<i64, &'static str> {
    value.bare().as_number().and_then(Number::to_i64).ok_or(NOT_WHOLE)
}

/// Items of a known list, set or tuple (framework and type checks have seen to that); nothing for
/// anything else.
pub(super) fn items(value: &Value) -> &[Value] {
    value.bare().as_items().unwrap_or_default()
}

/// The element type of a collection type; `Dynamic` for anything else.
pub(super) fn element_of(ty: &Type) -> Type {
    ty.element().cloned().unwrap_or(Type::Dynamic)
}

/// Is the number of items of this known value known? A set with unknown items may shrink when they
/// become known.
pub(super) fn length_is_known(value: &Value) -> bool {
    match value.bare() {
        Value::Set(set) => set.items().len() < 2 || set.items().iter().all(Value::is_wholly_known),
        Value::Unknown(_) => false,
        _ => true,
    }
}
