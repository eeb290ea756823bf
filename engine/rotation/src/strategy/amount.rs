//! [`Amount`]: a number of machines, or a share of a group.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A number, or percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// So many.
    Count(u32),
    /// Of the group's desired number.
    Percent(u32),
}

impl Amount {
    /// At least one where it is not none: a surge.
    #[must_use]
    pub fn rounded_up(self, of: u32) -> u32 {
        match self {
            Amount::Count(count) => count,
            Amount::Percent(percent) => clamped((u64::from(percent) * u64::from(of)).div_ceil(100)),
        }
    }

    /// What may be missing is rounded down, as Kubernetes does.
    #[must_use]
    pub fn rounded_down(self, of: u32) -> u32 {
        match self {
            Amount::Count(count) => count,
            Amount::Percent(percent) => clamped(u64::from(percent) * u64::from(of) / 100),
        }
    }

    /// None at all, of any group.
    #[must_use]
    pub fn is_none(self) -> bool {
        matches!(self, Amount::Count(0) | Amount::Percent(0))
    }
}

fn clamped(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl FromStr for Amount {
    type Err = String;

    /// `2` or `10%`.
    fn from_str(text: &str) -> Result<Amount, String> {
        let wrong = |_| {
            format!("{text:?} is neither a number of machines (2) nor a share of the group (10%)")
        };
        match text.strip_suffix('%') {
            Some(percent) => percent.parse().map(Amount::Percent).map_err(wrong),
            None => text.parse().map(Amount::Count).map_err(wrong),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surge_rounds_up_and_unavailable_down() {
        assert_eq!(Amount::Percent(10).rounded_up(11), 2);
        assert_eq!(Amount::Percent(10).rounded_down(19), 1);
        assert_eq!(Amount::Percent(10).rounded_down(5), 0);
        assert_eq!(Amount::Percent(u32::MAX).rounded_up(u32::MAX), u32::MAX);
        assert_eq!("10%".parse(), Ok(Amount::Percent(10)));
        assert_eq!("2".parse(), Ok(Amount::Count(2)));
        assert!("two".parse::<Amount>().is_err() && "-1".parse::<Amount>().is_err());
    }
}
