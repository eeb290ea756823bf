//! [`Pace`]: how long to go on, and how long to pause in between.
//!
//! Time is the host's clock or what was slept, whichever is more: a seeded host's clock hardly moves.

use std::sync::Arc;
use std::time::Duration;

use kprov_core::Host;

/// One stretch of waiting.
#[derive(Debug)]
pub(crate) struct Pace {
    host: Arc<dyn Host>,
    began: Duration,
    slept: Duration,
    limit: Duration,
    shortest: Duration,
    longest: Duration,
    turns: u32,
}

impl Pace {
    /// Starts now.
    pub(crate) fn new(
        host: &Arc<dyn Host>,
        limit: Duration,
        shortest: Duration,
        longest: Duration,
    ) -> Pace {
        let host = host.clone();
        let began = host.elapsed();
        Pace { host, began, slept: Duration::ZERO, limit, shortest, longest, turns: 0 }
    }

    /// Between looks at an object that changes by itself.
    pub(crate) fn looks(host: &Arc<dyn Host>, limit: Duration) -> Pace {
        Pace::new(host, limit, Duration::from_millis(100), Duration::from_secs(3))
    }

    /// So long it has gone on.
    pub(crate) fn spent(&self) -> Duration {
        self.host.elapsed().saturating_sub(self.began).max(self.slept)
    }

    /// Pauses, longer from turn to turn, half of it by chance; `false` once the time is up.
    pub(crate) async fn pause(&mut self) -> bool {
        self.pause_at_least(Duration::ZERO).await
    }

    /// As asked by a server that says when to come back.
    pub(crate) async fn pause_at_least(&mut self, least: Duration) -> bool {
        let left = self.limit.saturating_sub(self.spent());
        if left.is_zero() {
            return false;
        }
        let full = self.shortest.saturating_mul(1 << self.turns.min(10)).min(self.longest);
        self.turns += 1;
        let mut chance = [0u8; 2];
        self.host.random(&mut chance);
        let half = full / 2;
        let pause = (half + half.mul_f64(f64::from(u16::from_le_bytes(chance)) / 65535.0))
            .max(least)
            .min(left);
        tokio::time::sleep(pause).await;
        self.slept += pause;
        true
    }
}

/// Go's durations: `1h30m`, `90s`, `1.5h`, `500ms`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        seconds += number
            * match &rest[..end] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return None,
            };
        rest = &rest[end..];
    }
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        assert_eq!(duration("1h30m"), Some(Duration::from_secs(5400)));
        assert_eq!(duration("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(duration("200ms"), Some(Duration::from_millis(200)));
        for wrong in ["", "5", "m", "-1s", "5 m", "1d", "99999999999999999999h", "é"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
