//! Timestamps for the journal.

use std::time::SystemTime;

/// RFC 3339 in UTC, with milliseconds: `2026-01-02T03:04:05.678Z`.
pub(crate) fn rfc3339(at: SystemTime) -> String {
    let round = |time: jiff::Timestamp| time.round(jiff::Unit::Millisecond).unwrap_or(time);
    jiff::Timestamp::try_from(at).map(|time| format!("{:.3}", round(time))).unwrap_or_default()
}

/// The moment that [`rfc3339`] wrote down.
pub(crate) fn moment(text: &str) -> Option<SystemTime> {
    text.parse::<jiff::Timestamp>().ok().map(SystemTime::from)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_moment_is_read_as_it_was_written() {
        let at = UNIX_EPOCH + Duration::from_millis(951_782_400_120);
        assert_eq!(moment(&rfc3339(at)), Some(at));
        assert_eq!(moment("yesterday"), None);
    }

    #[test]
    fn always_of_one_width() {
        assert_eq!(rfc3339(UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
        let later = UNIX_EPOCH + Duration::from_millis(951_782_400_120);
        assert_eq!(rfc3339(later), "2000-02-29T00:00:00.120Z");
    }
}
