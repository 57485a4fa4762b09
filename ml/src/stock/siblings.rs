//! What a shelf asks for that is too new to have said so itself: as its siblings do.
//!
//! Partial pooling: the same product elsewhere says what a day looks like, and the other products of the place how large it is.
//! Own days count more with each that passes, and alone after four weeks.

use std::collections::BTreeMap;

use super::account::Account;
use super::history::{Demand, Siblings};
use crate::to_f64;

/// From so many days on a shelf speaks for itself.
const OWN_DAYS: usize = 28;
/// Own days that weigh as much as the siblings.
const SIBLINGS_WEIGH: f64 = 7.0;
/// Days of siblings that are drawn from, at most.
const DAYS_MAX: usize = 2_000;

/// Gives new shelves their siblings.
pub(super) fn pool(accounts: &[Account], demands: &mut [Demand], today: usize) {
    let old = |at: &usize| demands[*at].days >= OWN_DAYS && demands[*at].mean > 0.0;
    let young: Vec<usize> = (0..accounts.len()).filter(|at| demands[*at].days < OWN_DAYS).collect();
    if young.is_empty() {
        return;
    }
    let mut products: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    let mut places: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for at in (0..accounts.len()).filter(old) {
        products.entry(accounts[at].gtin).or_default().push(at);
        places.entry(accounts[at].place).or_default().push(at);
    }
    let mean = |of: &[usize]| of.iter().map(|at| demands[*at].mean).sum::<f64>() / to_f64(of.len().max(1));
    let usual: BTreeMap<u64, f64> = products.iter().map(|(gtin, of)| (*gtin, mean(of))).collect();
    // By how much more than others with the same products a place asks for.
    let size = |place: u32| {
        let of = places.get(&place)?;
        Some(mean(of) * to_f64(of.len()) / of.iter().map(|at| usual[&accounts[*at].gtin]).sum::<f64>())
    };
    let found: Vec<(usize, Siblings)> = young
        .into_iter()
        .filter_map(|at| {
            let Account { gtin, place, .. } = accounts[at];
            let (siblings, expected) = match (products.get(&gtin), places.get(&place)) {
                (Some(same), _) => (same, usual[&gtin] * size(place).unwrap_or(1.0)),
                (None, Some(beside)) => (beside, mean(beside)),
                (None, None) => return None,
            };
            let own = to_f64(demands[at].days) / (to_f64(demands[at].days) + SIBLINGS_WEIGH);
            Some((
                at,
                Siblings { weight: 1.0 - own, by_weekday: drawn(accounts, demands, siblings, today), mean: expected },
            ))
        })
        .collect();
    for (at, siblings) in found {
        demands[at].lean_on(siblings);
    }
}

/// Days of siblings, by the day of the week that comes after today, in parts of their own mean.
fn drawn(accounts: &[Account], demands: &[Demand], siblings: &[usize], today: usize) -> [Vec<f64>; 7] {
    let mut by_weekday: [Vec<f64>; 7] = std::array::from_fn(|_| Vec::new());
    let days = (DAYS_MAX / siblings.len().max(1)).clamp(7, OWN_DAYS).min(today + 1);
    for at in siblings.iter().take(DAYS_MAX / 7) {
        for ago in 1..=days {
            let day = accounts[*at].days[today + 1 - ago];
            if day.on_hand > 0 || day.dispensed > 0 {
                by_weekday[(7 - ago % 7) % 7].push(f64::from(day.dispensed) / demands[*at].mean);
            }
        }
    }
    by_weekday
}
