//! [`Time`]: AWS's clock and ours. They are the same but where an airplane's clock is scaled: then its machines are as fast as ours, and
//! everything that AWS counts seconds of passes sooner. A world of rotations has seconds of the caller's clock.

use kprov_core::Host;
use kprov_provider::rotation::{GroupView, Seconds};

/// Set by the program for runs on an airplane: how many of its seconds pass in one, and one moment in its seconds and in ours.
const VARIABLE: &str = "KPROV_AIRPLANE_CLOCK";

/// How to get from one to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    scale: u64,
    theirs: i128,
    ours: i128,
}

impl Time {
    pub(super) fn of(host: &dyn Host) -> Time {
        let same = Time { scale: 1, theirs: 0, ours: 0 };
        let told = host.env(VARIABLE).unwrap_or_default();
        let numbers: Vec<u64> =
            told.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        match numbers[..] {
            [scale, theirs, ours] if scale > 0 => {
                Time { scale, theirs: theirs.into(), ours: ours.into() }
            }
            _ => same,
        }
    }

    /// A group as it is in our time.
    pub(super) fn here(self, mut view: GroupView) -> GroupView {
        for member in &mut view.members {
            member.launched_at = self.moment(member.launched_at);
        }
        if let Some(endpoint) = &mut view.endpoint {
            endpoint.notices_within = endpoint.notices_within.div_ceil(self.scale);
            endpoint.deregistration_delay /= self.scale;
        }
        view
    }

    fn moment(self, theirs: Seconds) -> Seconds {
        let since = (i128::from(theirs) - self.theirs).div_euclid(self.scale.into());
        u64::try_from(self.ours + since).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_twenty_times_as_fast_is_sooner() {
        let time = Time { scale: 20, theirs: 10_000, ours: 4_000 };
        assert_eq!(time.moment(10_000), 4_000);
        assert_eq!(time.moment(10_200), 4_010);
        assert_eq!(time.moment(9_980), 3_999, "what was before");
        let same = Time { scale: 1, theirs: 0, ours: 0 };
        assert_eq!(same.moment(1_764_000_000), 1_764_000_000);
    }
}
