//! What time it is: real, scaled or stepped. The world's time never goes back, not over a restart either.
use crate::world::Millis;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where a stepped clock begins: 2025-01-01T00:00:00Z.
pub(crate) const STEPPED_START: Millis = 1_735_689_600_000;

/// Which clock the world runs on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClockKind {
    /// The machine's time.
    Real,
    /// The machine's time, so many times faster.
    Scaled(f64),
    /// Time stands until someone advances it.
    Stepped,
}

impl std::str::FromStr for ClockKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("scaled:").map(str::parse::<f64>)) {
            ("real", _) => Ok(ClockKind::Real),
            ("stepped", _) => Ok(ClockKind::Stepped),
            (_, Some(Ok(n))) if n.is_finite() && n > 0.0 => Ok(ClockKind::Scaled(n)),
            _ => Err(format!(
                "a clock is \"real\", \"scaled:N\" with N above 0, or \"stepped\", not \"{text}\""
            )),
        }
    }
}

/// A running clock.
#[derive(Debug)]
pub(crate) struct Clock {
    pub(crate) kind: ClockKind,
    base: Millis,
    started: Instant,
}

fn machine() -> Millis {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|d| d.as_millis() as Millis)
        .unwrap_or_default()
}

impl Clock {
    /// A clock that begins no earlier than `saved`, the time that a stored world had reached.
    pub(crate) fn new(kind: ClockKind, saved: Option<Millis>) -> Self {
        let base = match kind {
            ClockKind::Stepped => saved.unwrap_or(STEPPED_START),
            ClockKind::Real | ClockKind::Scaled(_) => machine().max(saved.unwrap_or(0)),
        };
        Clock { kind, base, started: Instant::now() }
    }

    /// Now.
    pub(crate) fn now(&self) -> Millis {
        let passed = self.started.elapsed().as_millis() as f64;
        match self.kind {
            ClockKind::Real => self.base + passed as Millis,
            ClockKind::Scaled(n) => self.base + (passed * n) as Millis,
            ClockKind::Stepped => self.base,
        }
    }

    /// Moves the time forward, on any kind of clock.
    pub(crate) fn advance(&mut self, by: Millis) {
        self.base += by.max(0);
    }

    /// Sets the time, for a snapshot that comes back.
    pub(crate) fn set(&mut self, now: Millis) {
        self.base = match self.kind {
            ClockKind::Stepped => now,
            ClockKind::Real | ClockKind::Scaled(_) => self.base.max(now),
        };
    }
}
