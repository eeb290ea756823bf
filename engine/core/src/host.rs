//! [`Host`]: the one door through which what is not deterministic comes in.

use std::fmt;
use std::time::{Duration, SystemTime};

/// Clock, randomness and environment, given to the engine by whoever runs it.
///
/// The command line passes the real machine, a test or the simulator a seeded one; no other code
/// reads the clock, makes random bytes or looks at the environment.
pub trait Host: Send + Sync + fmt::Debug {
    /// Wall-clock time, for timestamps that people read.
    fn now(&self) -> SystemTime;

    /// Time since an arbitrary start, never going back, for durations.
    fn elapsed(&self) -> Duration;

    /// Fills `buffer` with bytes that nobody can predict (but for a seeded test host).
    fn random(&self, buffer: &mut [u8]);

    /// An environment variable; `None` where unset or not Unicode.
    fn env(&self, name: &str) -> Option<String>;
}

impl dyn Host + '_ {
    /// A random (version 4) UUID in its usual text form, RFC 9562 section 5.4.
    pub fn uuid(&self) -> String {
        let mut bytes = [0u8; 16];
        self.random(&mut bytes);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let mut text = String::with_capacity(36);
        for (i, byte) in bytes.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        text
    }
}
