//! [`UnknownValue`]: a value that will be known after apply, and what is known of it already.

use serde::{Deserialize, Serialize};

use crate::{Number, Str, Type};

/// An unknown value's type and refinements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownValue {
    ty: Type,
    refinements: Refinements,
}

/// What is known of an unknown value. The default says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refinements {
    /// Will certainly not be null.
    pub not_null: bool,
    /// A string that begins with this.
    pub prefix: Option<Str>,
    /// A collection with at least so many items.
    pub length_min: Option<u64>,
    /// A collection with at most so many items.
    pub length_max: Option<u64>,
    /// A number not below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_min: Option<Bound>,
    /// A number not above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_max: Option<Bound>,
}

/// An end of a range of numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// The end.
    pub value: Number,
    /// Is the end itself in the range?
    pub inclusive: bool,
}

impl Bound {
    /// A bound that is in the range.
    pub fn inclusive(value: impl Into<Number>) -> Bound {
        Bound { value: value.into(), inclusive: true }
    }
}

impl Refinements {
    /// Says only that the value will not be null.
    pub fn not_null() -> Refinements {
        Refinements { not_null: true, ..Refinements::default() }
    }

    /// Is the number within the bounds?
    pub fn allows_number(&self, number: &Number) -> bool {
        let least = |bound: &Bound| match bound.inclusive {
            true => *number >= bound.value,
            false => *number > bound.value,
        };
        let most = |bound: &Bound| match bound.inclusive {
            true => *number <= bound.value,
            false => *number < bound.value,
        };
        self.number_min.as_ref().is_none_or(least) && self.number_max.as_ref().is_none_or(most)
    }
}

impl UnknownValue {
    pub(super) fn new(ty: Type, refinements: Refinements) -> UnknownValue {
        let refinements = if ty == Type::Dynamic { Refinements::default() } else { refinements };
        UnknownValue { ty, refinements }
    }

    /// The type it will have; `Dynamic` if that is not known either.
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// What else is known.
    pub fn refinements(&self) -> &Refinements {
        &self.refinements
    }
}
