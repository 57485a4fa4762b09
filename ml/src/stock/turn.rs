//! How strictly shelves are emptied first in, first out.

use crate::to_f64;

/// Shelves are emptied about first in, first out: a pack that lies there so many days longer than one that was given out was
/// given out too, and the reader missed it. Fewer days do where fewer are seen to go by: see [`Turn::overtaken_days`].
const OVERTAKEN_DAYS: usize = 10;
/// Packs of which so few are given out later than that are enough to say so.
const LATER_SHARE: f64 = 0.002;
/// Packs without which nothing is known of the order in which they are given out.
const TURN_MIN: usize = 500;

/// In which order packs leave the shelves: how many days after one that came later.
#[derive(Debug, Default)]
pub(super) struct Turn {
    days_later: [usize; OVERTAKEN_DAYS + 1],
    packs: usize,
}

impl Turn {
    /// A pack was given out so many days after one that came later.
    pub(super) fn count(&mut self, later: i64) {
        let days = usize::try_from(later).unwrap_or(0).min(OVERTAKEN_DAYS);
        self.days_later[days] += 1;
        self.packs += 1;
    }

    /// What has been overtaken by so many days is gone.
    pub(super) fn overtaken_days(&self) -> i64 {
        let mut later = self.packs;
        let is_seldom = |counted: &usize| {
            later -= counted;
            to_f64(later) <= LATER_SHARE * to_f64(self.packs)
        };
        let days = self.days_later.iter().position(is_seldom).filter(|_| self.packs >= TURN_MIN);
        i64::try_from(days.map_or(OVERTAKEN_DAYS, |days| (days + 1).min(OVERTAKEN_DAYS))).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stricter_the_turn_the_sooner_a_pack_is_overtaken() {
        let after = |packs: usize, later: &[i64]| {
            let mut turn = Turn::default();
            (0..packs).for_each(|at| turn.count(later[at % later.len()]));
            turn.overtaken_days()
        };
        assert_eq!(after(100, &[0]), 10);
        assert_eq!(after(1_000, &[0]), 1);
        // One of four is given out three days after a later one.
        assert_eq!(after(1_000, &[0, 0, 1, 3]), 4);
        assert_eq!(after(1_000, &[0, 30]), 10);
    }
}
