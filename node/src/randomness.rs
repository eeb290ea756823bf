//! Randomness from the machine, the one place where it comes in.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::problem::Problem;

pub(crate) fn generator() -> Result<ChaCha20Rng, Problem> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| {
        Problem::new("There is no randomness", format!("This machine gives none: {error}."))
    })?;
    Ok(ChaCha20Rng::from_seed(seed))
}
