//! Identifiers and chances from one seed. The generator's position persists, so that a restart repeats nothing.
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The one source of chance.
pub(crate) struct Ids {
    rng: ChaCha8Rng,
    pub(crate) seed: u64,
}

impl Ids {
    /// A generator of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Ids { rng: ChaCha8Rng::seed_from_u64(seed), seed }
    }

    /// Where the generator stands.
    pub(crate) fn position(&self) -> u128 {
        self.rng.get_word_pos()
    }

    /// Goes to a stored position.
    pub(crate) fn seek(&mut self, seed: u64, position: u128) {
        *self = Ids::new(seed);
        self.rng.set_word_pos(position);
    }

    /// `PREFIX-` and 17 hex digits, the form of EC2.
    pub(crate) fn ec2(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{}", self.hex(16))
    }

    /// Hex digits.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        (0..digits)
            .map(|_| char::from_digit(self.rng.random_range(0..16), 16).unwrap_or('0'))
            .collect()
    }

    /// Capital letters and digits, as in IAM ids and access keys.
    pub(crate) fn base32(&mut self, length: usize) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        (0..length)
            .map(|_| char::from(ALPHABET[self.rng.random_range(0..ALPHABET.len())]))
            .collect()
    }

    /// A UUID, as in request ids.
    pub(crate) fn uuid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.rng.random()).into_uuid().to_string()
    }

    /// An integer from a range with both ends.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.rng.random_range(low..=high.max(low))
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.rng.random::<f64>() < probability
    }
}
