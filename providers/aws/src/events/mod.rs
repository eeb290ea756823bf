//! Resource types of EventBridge, one per file.

pub(crate) mod rule;
pub(crate) mod target;

use crate::fields::Fields;

/// The bus of a rule.
pub(crate) fn bus(object: Fields<'_>) -> &str {
    object.str("event_bus_name").unwrap_or("default")
}

/// Letters, digits and `._-`.
pub(crate) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}
