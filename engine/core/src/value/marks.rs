//! [`Marks`]: what must be remembered of a value wherever it flows.

use std::ops::BitOr;

use serde::{Deserialize, Serialize};

use crate::Value;

/// A set of marks. Marks are deep: they pass through every operation and function.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Marks(u8);

impl Marks {
    /// No marks.
    pub const NONE: Marks = Marks(0);
    /// Never shown: hidden in plans, logs and errors.
    pub const SENSITIVE: Marks = Marks(1);
    /// Never stored: not in state, not in a saved plan.
    pub const EPHEMERAL: Marks = Marks(2);

    /// No marks?
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Are all of `other` here?
    pub fn contains(self, other: Marks) -> bool {
        self.0 & other.0 == other.0
    }

    /// All bits, for storing.
    pub(super) fn bits(self) -> u8 {
        self.0
    }

    /// The reverse of [`Marks::bits`]. Bits of later versions stay.
    pub(super) fn from_bits(bits: u8) -> Marks {
        Marks(bits)
    }

    /// These without `other`.
    pub fn without(self, other: Marks) -> Marks {
        Marks(self.0 & !other.0)
    }
}

impl BitOr for Marks {
    type Output = Marks;
    fn bitor(self, other: Marks) -> Marks {
        Marks(self.0 | other.0)
    }
}

/// A value with marks; made by [`Value::with_marks`] only, which keeps the invariants.
#[derive(Debug)]
pub struct MarkedValue {
    value: Value,
    marks: Marks,
}

impl MarkedValue {
    pub(super) fn new(value: Value, marks: Marks) -> MarkedValue {
        debug_assert!(!marks.is_empty() && !matches!(value, Value::Marked(_)));
        MarkedValue { value, marks }
    }

    /// The value beneath; never `Marked` itself.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Its marks; never empty.
    pub fn marks(&self) -> Marks {
        self.marks
    }
}
