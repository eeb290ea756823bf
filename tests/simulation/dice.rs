//! [`Dice`]: all chance of a simulation, from one seed.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[derive(Clone, Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// Streams of one seed are independent: a change in one does not shift the others.
    pub(crate) fn new(seed: u64, stream: u64) -> Dice {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Dice(rng)
    }

    /// Another stream that goes on from here.
    pub(crate) fn fork(&mut self) -> Dice {
        Dice(ChaCha8Rng::seed_from_u64(self.0.random()))
    }

    /// Less than `limit`; 0 where that is 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { self.0.random_range(0..limit) }
    }

    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    /// A small number for attributes.
    pub(crate) fn number(&mut self) -> i64 {
        self.0.random_range(0..100)
    }

    pub(crate) fn of<'i, T>(&mut self, items: &'i [T]) -> Option<&'i T> {
        if items.is_empty() { None } else { items.get(self.below(items.len())) }
    }

    pub(crate) fn of_mut<'i, T>(&mut self, items: &'i mut [T]) -> Option<&'i mut T> {
        let at = self.below(items.len());
        items.get_mut(at)
    }

    pub(crate) fn fill(&mut self, buffer: &mut [u8]) {
        self.0.fill(buffer);
    }
}
