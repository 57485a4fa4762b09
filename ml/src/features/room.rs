//! Room that is used again from pack to pack, and what was worked out lately.

use crate::history::{Stay, Visit};

/// Room for measuring packs one after the other, all of the same facts.
#[derive(Debug)]
pub struct Room {
    pub(super) stays: Vec<Stay>,
    pub(super) visits: Vec<Visit>,
    /// Who had the pack.
    pub(super) parties: Vec<u32>,
    /// Between two places: the way in kilometres, and whether a border lies between.
    pub(super) legs: Memo<(u32, u32), (f64, bool)>,
    /// The surprisal of a product at a party.
    pub(super) places: Memo<(u64, u32), f64>,
}

impl Room {
    /// Room for the first pack.
    pub fn new() -> Self {
        Self { stays: Vec::new(), visits: Vec::new(), parties: Vec::new(), legs: Memo::new(), places: Memo::new() }
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

/// What was worked out lately, by what it was asked for: packs that travel together ask the same.
#[derive(Debug)]
pub(super) struct Memo<K, V>(Vec<Option<(K, V)>>);

impl<K: Copy + Eq, V: Copy> Memo<K, V> {
    /// A power of two.
    const BITS: u32 = 12;

    fn new() -> Self {
        Self(vec![None; 1 << Self::BITS])
    }

    /// The value of a key, whose halves spread it over the memo.
    pub(super) fn get(&mut self, key: K, (a, b): (u64, u64), work_out: impl FnOnce() -> V) -> V {
        /// Fibonacci hashing: 2^64 by the golden ratio (Knuth, The Art of Computer Programming, volume 3, section 6.4).
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let spread = (a.rotate_left(32) ^ b).wrapping_mul(SPREAD) >> (u64::BITS - Self::BITS);
        let cell = &mut self.0[usize::try_from(spread).unwrap_or(0)];
        match cell {
            Some((known, value)) if *known == key => *value,
            _ => {
                let value = work_out();
                *cell = Some((key, value));
                value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_was_worked_out() {
        let mut memo = Memo::new();
        for round in 0..3_u64 {
            for key in 0..10_000_u64 {
                let mut is_new = false;
                let value = memo.get(key, (key, key % 7), || {
                    is_new = true;
                    key * key
                });
                assert_eq!(value, key * key);
                assert!(is_new || round > 0);
            }
        }
        assert_eq!(memo.get(9_999, (9_999, 9_999 % 7), || 0), 9_999 * 9_999, "the last one is still there");
    }
}
