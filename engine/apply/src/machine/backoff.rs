//! How long to wait before a call is tried again: bounded exponential backoff with full jitter.

use std::time::Duration;

use kprov_core::Host;

/// Tries of one call, the first included.
pub(super) const TRIES_MAX: u32 = 6;

const FIRST_MS: u64 = 250;
const WAIT_MAX_MS: u64 = 30_000;

/// The pause before try number `tries + 1`: anything between nothing and a bound that doubles, so
/// that calls which failed together do not come back together.
pub(super) fn pause(tries: u32, host: &dyn Host) -> Duration {
    let bound = FIRST_MS.saturating_mul(1u64 << tries.saturating_sub(1).min(20)).min(WAIT_MAX_MS);
    let mut bytes = [0u8; 8];
    host.random(&mut bytes);
    Duration::from_millis(u64::from_le_bytes(bytes) % (bound + 1))
}
