//! Where random numbers come from: a generator seeded by the host, or by what the user gives.

use kprov_core::Host;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// Fit for secrets: ChaCha20, seeded with 256 bits of the host.
pub(crate) fn from_host(host: &dyn Host) -> ChaCha20Rng {
    let mut seed = [0; 32];
    host.random(&mut seed);
    ChaCha20Rng::from_seed(seed)
}

/// The same for the same text; without text, from the host. Not for secrets: a seed can be guessed.
pub(crate) fn seeded(host: &dyn Host, seed: Option<&str>) -> ChaCha20Rng {
    match seed {
        Some(text) if !text.is_empty() => ChaCha20Rng::from_seed(Sha256::digest(text).into()),
        _ => from_host(host),
    }
}
