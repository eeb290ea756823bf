//! How long leaves live, and when they are due. Pure: the time comes in.

use jiff::{SignedDuration, Timestamp};

use crate::{Certificate, fingerprint};

/// Leaves begin so long before they are issued, for clocks that are behind.
pub(crate) const BACKDATED: SignedDuration = SignedDuration::from_mins(5);
/// Leaves of nodes live so long, less a part that the node's name decides.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 455);
/// At most this part.
const SPREAD_SECONDS: u64 = 30 * 24 * 3600;

/// The validity of a leaf of a host: from 5 minutes before `now`, 455 days less 0 to 30 days drawn from the host's name,
/// so that hosts do not expire together; the same for the same name.
pub fn leaf_validity(host: &str, now: Timestamp) -> (Timestamp, Timestamp) {
    let digest = fingerprint::sha256(host.as_bytes());
    let drawn = digest.iter().take(8).fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    let less = i64::try_from(drawn % SPREAD_SECONDS).expect("invariant: thirty days in seconds");
    let life = LIFE - SignedDuration::from_secs(less);
    let from = now.saturating_sub(BACKDATED).unwrap_or(now);
    (from, now.saturating_add(life).unwrap_or(now))
}

/// How long before its end a certificate is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RenewalWindow {
    /// The last third of its life.
    #[default]
    LastThird,
    /// So long before its end.
    Before(SignedDuration),
}

/// When the certificate is to be renewed.
pub fn renew_at(certificate: &Certificate, window: RenewalWindow) -> Timestamp {
    let (from, until) = (certificate.not_before(), certificate.not_after());
    let before = match window {
        RenewalWindow::LastThird => until.duration_since(from) / 3,
        RenewalWindow::Before(before) => before,
    };
    until.saturating_sub(before).unwrap_or(from)
}

/// Is it in the last third of its life, or past its end?
pub fn renewal_due(certificate: &Certificate, now: Timestamp) -> bool {
    now >= renew_at(certificate, RenewalWindow::LastThird)
}
