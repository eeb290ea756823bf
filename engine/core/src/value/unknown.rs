//! [`UnknownValue`]: a value that will be known after apply, and what is known of it already.

use serde::{Deserialize, Serialize};

use crate::{Str, Type};

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
}

impl Refinements {
    /// Says only that the value will not be null.
    pub fn not_null() -> Refinements {
        Refinements { not_null: true, ..Refinements::default() }
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
