//! Times as people and state files read them.

use std::time::SystemTime;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

/// RFC 3339 in UTC with seconds: `2026-01-02T03:04:05Z`. What a plan says it was made at.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    Timestamp::try_from(time).map(|time| cut(time, Unit::Second).to_string()).unwrap_or_default()
}

/// The same with milliseconds, always of one width: what the journal holds.
pub(crate) fn rfc3339_milliseconds(time: SystemTime) -> String {
    Timestamp::try_from(time)
        .map(|time| format!("{:.3}", cut(time, Unit::Millisecond)))
        .unwrap_or_default()
}

/// Never rounded up: nothing happens before its own time.
fn cut(time: Timestamp, unit: Unit) -> Timestamp {
    time.round(TimestampRound::new().smallest(unit).mode(RoundMode::Floor)).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn times_are_cut_not_rounded() {
        let time = UNIX_EPOCH + Duration::from_micros(951_782_400_999_999);
        assert_eq!(rfc3339(time), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339_milliseconds(time), "2000-02-29T00:00:00.999Z");
    }
}
