//! Counts of patients with noise: differential privacy by the two-sided geometric mechanism (Ghosh, Roughgarden, Sundararajan
//! 2009), which adds whole numbers, so no rounding of a float can tell what was added to.

use std::ops::RangeInclusive;

use rand::RngCore;
use rand::distributions::Distribution as _;
use rand_distr::Geometric;

/// A cell smaller than this is not told (CMS cell size suppression policy: 1 to 10 are not shown).
pub const CELL_MIN: i64 = 11;

/// A privacy loss that cannot be drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("epsilon is from 0.01 to 10")]
pub struct BadEpsilon;

/// Losses that noise is drawn for, in thousandths of epsilon.
pub const EPSILON_MILLIS: RangeInclusive<u32> = 10..=10_000;

/// Counts with noise; a cell that is small afterwards is nothing. A patient counts once each in `cells_per_patient` cells at most,
/// so with one patient more or less all counts together change by that number, and `epsilon_millis` (thousandths) is shared among so
/// many. Which cells there are must not depend on the patients. What is left out is chosen by the noisy count alone, which costs no
/// privacy.
pub fn noisy(
    counts: &[u64],
    cells_per_patient: u32,
    epsilon_millis: u32,
    chance: &mut impl RngCore,
) -> Result<Vec<Option<u64>>, BadEpsilon> {
    if !EPSILON_MILLIS.contains(&epsilon_millis) || counts.is_empty() || cells_per_patient == 0 {
        return Err(BadEpsilon);
    }
    let each = f64::from(epsilon_millis) / 1_000.0 / f64::from(cells_per_patient);
    // The difference of two geometric numbers with success 1 - exp(-epsilon) is the two-sided geometric number.
    let geometric = Geometric::new(-(-each).exp_m1()).map_err(|_| BadEpsilon)?;
    let draw = |chance: &mut _| i64::try_from(geometric.sample(chance)).unwrap_or(i64::MAX);
    let cells = counts.iter().map(|count| {
        let noise = draw(chance).saturating_sub(draw(chance));
        let told = i64::try_from(*count).unwrap_or(i64::MAX).saturating_add(noise);
        u64::try_from(told).ok().filter(|_| told >= CELL_MIN)
    });
    Ok(cells.collect())
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;

    /// With epsilon e a cell, a noise of n has probability tanh(e/2) exp(-e |n|): over many draws the share of each value
    /// is within five standard errors, and the ratio of neighbours is what privacy rests on.
    #[test]
    fn the_noise_is_the_two_sided_geometric_one() {
        let (draws, cells) = (200_000, 2.0);
        let mut chance = ChaCha20Rng::seed_from_u64(7);
        let mut seen = std::collections::BTreeMap::<i64, u32>::new();
        for _ in 0..draws {
            let told =
                noisy(&[1_000, 1_000], 2, 1_000, &mut chance).expect("counts")[0].expect("large").cast_signed() - 1_000;
            *seen.entry(told).or_default() += 1;
        }
        let each = 1.0 / cells;
        for n in -6i32..=6 {
            let expected = (each / 2.0_f64).tanh() * (-each * f64::from(n.abs())).exp();
            let error = (expected * (1.0 - expected) / f64::from(draws)).sqrt();
            let share = f64::from(seen[&i64::from(n)]) / f64::from(draws);
            assert!((share - expected).abs() < 5.0 * error, "{n}: {share} against {expected}");
        }
    }

    #[test]
    fn small_cells_are_not_told_and_bad_losses_refused() {
        let mut chance = ChaCha20Rng::seed_from_u64(1);
        for _ in 0..1_000 {
            for told in noisy(&[0, 5, 40], 3, 500, &mut chance).expect("counts").into_iter().flatten() {
                assert!(told >= 11);
            }
        }
        assert_eq!(noisy(&[], 1, 500, &mut chance), Err(BadEpsilon));
        assert_eq!(noisy(&[1], 1, 9, &mut chance), Err(BadEpsilon));
        assert_eq!(noisy(&[1], 1, 10_001, &mut chance), Err(BadEpsilon));
    }
}
