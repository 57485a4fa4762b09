//! Chance with a seed, in streams that do not touch each other: drawing more from one changes nothing in another.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, LogNormal, Poisson};

/// What chance decides.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    /// Who is there and what they trade in.
    Network,
    /// The honest trade.
    Trade,
    /// Losses, doublings and delays of honest events.
    Noise,
    /// The slips of people at the counter.
    Slips,
    /// What attackers do.
    Attacks,
    /// Losses, doublings and delays of the attackers' events.
    AttackNoise,
}

/// One stream of chance.
#[derive(Debug, Clone)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    pub(crate) fn new(seed: u64, stream: Stream) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(stream as u64);
        Self(generator)
    }

    /// Uniform in 0..1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0.gen_range(0.0..1.0)
    }

    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform below the bound, zero where the bound is.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { self.0.gen_range(0..bound) }
    }

    /// Uniform, both ends included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.gen_range(low..=high)
    }

    /// A small number, both ends included.
    pub(crate) fn count(&mut self, low: usize, high: usize) -> usize {
        self.0.gen_range(low..=high)
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { from.get(self.below(from.len())) }
    }

    pub(crate) fn poisson(&mut self, mean: f64) -> u32 {
        if mean <= 0.0 {
            return 0;
        }
        Poisson::new(mean).map_or(0, |distribution| whole(distribution.sample(&mut self.0)))
    }

    /// Log-normal with the median and the standard deviation of the logarithm.
    pub(crate) fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        LogNormal::new(median.ln(), sigma).map_or(median, |distribution| distribution.sample(&mut self.0))
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// The whole number nearest below, at least zero.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast from a float saturates")]
pub(crate) fn whole(value: f64) -> u32 {
    value as u32
}

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "nothing is counted beyond 2^53 here")]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}
