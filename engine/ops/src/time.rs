//! Times as people and state files read them.

use std::time::SystemTime;

/// RFC 3339 in UTC with seconds: `2026-01-02T03:04:05Z`.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .map(|timestamp| timestamp.round(jiff::Unit::Second).unwrap_or(timestamp).to_string())
        .unwrap_or_default()
}
