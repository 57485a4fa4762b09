//! Chance with a seed, so that a failure can be had again as far as the machine's timing allows.

/// Marsaglia's xorshift64*.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub const fn new(seed: u64) -> Self {
        // Zero would stay zero.
        Self(seed | 1 << 63)
    }

    /// From `VERIDOSE_SEED`, else 1; the test's output says which.
    #[expect(clippy::print_stdout, reason = "whoever repeats a failed test needs the seed")]
    pub fn from_environment() -> Self {
        let seed = std::env::var("VERIDOSE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
        println!("VERIDOSE_SEED={seed}");
        Self::new(seed)
    }

    /// A number below the bound, which is not zero.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % bound
    }
}
