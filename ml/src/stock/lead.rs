//! How long deliveries take: the share that is still on the way after so many days, by product.
//!
//! What has not come yet counts as longer than it has been on the way (Kaplan, Meier 1958), so that late ones are not left out.
//! A product with few deliveries leans on all others.

use std::collections::BTreeMap;

use super::account::Account;

/// Days that are told apart; what takes longer is taken for lost.
const DAYS_MAX: usize = 120;
/// Deliveries of a product on the way that weigh as much as those of all others.
const OTHERS_WEIGH: f64 = 5.0;

/// Deliveries that arrived after so many days, and those that were on the way until then.
type Counts = Vec<(f64, f64)>;

/// Lead times of one kind of place.
#[derive(Debug, Clone)]
pub(super) struct Leads {
    by_product: BTreeMap<u64, Lead>,
    all: Lead,
}

/// The share that is still on the way after 0, 1, 2 … days.
#[derive(Debug, Clone)]
pub(super) struct Lead(Vec<f64>);

impl Leads {
    /// From all deliveries up to today.
    pub(super) fn of(accounts: &[Account], today: usize) -> Self {
        let mut by_product: BTreeMap<u64, Counts> = BTreeMap::new();
        let mut all = vec![(0.0, 0.0); DAYS_MAX + 1];
        for account in accounts {
            let own = by_product.entry(account.gtin).or_insert_with(|| vec![(0.0, 0.0); DAYS_MAX + 1]);
            for delivery in account.deliveries.iter().filter(|of| of.sent <= today) {
                let came = delivery.came.filter(|came| *came <= today);
                // One that comes on the day it is sent is there the next morning.
                let days = (came.unwrap_or(today) - delivery.sent).max(usize::from(came.is_some()));
                for counts in [&mut *own, &mut all] {
                    (1..=days.min(DAYS_MAX)).for_each(|day| counts[day].1 += 1.0);
                    if came.is_some() && days <= DAYS_MAX {
                        counts[days].0 += 1.0;
                    }
                }
            }
        }
        let usual: Vec<f64> = all.iter().map(|(came, open)| if *open > 0.0 { came / open } else { 0.0 }).collect();
        let leaning = |counts: Counts| {
            let comes =
                |((came, open), usual): ((f64, f64), &f64)| (came + OTHERS_WEIGH * usual) / (open + OTHERS_WEIGH);
            Lead::of(counts.into_iter().zip(&usual).map(comes))
        };
        let by_product = by_product.into_iter().map(|(gtin, counts)| (gtin, leaning(counts))).collect();
        // Where nothing has ever come, a delivery takes a day.
        let is_known = usual.iter().any(|share| *share > 0.0);
        let all = if is_known { Lead::of(usual.iter().copied()) } else { Lead(vec![1.0, 0.0]) };
        Self { by_product: if is_known { by_product } else { BTreeMap::new() }, all }
    }

    pub(super) fn of_product(&self, gtin: u64) -> &Lead {
        self.by_product.get(&gtin).unwrap_or(&self.all)
    }
}

impl Lead {
    /// From the probability to come on each day of what has not come before.
    fn of(comes: impl Iterator<Item = f64>) -> Self {
        let mut open = 1.0;
        let left = comes.map(|share| {
            open *= 1.0 - share;
            open
        });
        Self(left.collect())
    }

    /// Days from today until what was sent so many days ago arrives: 1 is tomorrow. None of what is lost. `share` is drawn from 0..1.
    pub(super) fn beyond(&self, ago: usize, share: f64) -> Option<usize> {
        let open = self.0.get(ago).copied().filter(|open| *open > 0.0)?;
        let day = self.0.partition_point(|left| *left > open * (1.0 - share));
        (day < self.0.len()).then(|| day.max(ago + 1) - ago)
    }
}

#[cfg(test)]
mod tests {
    use super::super::account::Delivery;
    use super::*;

    fn account(gtin: u64, deliveries: &[(usize, Option<usize>)]) -> Account {
        let deliveries =
            deliveries.iter().map(|(sent, came)| Delivery { sent: *sent, came: *came, packs: 1 }).collect();
        Account { gtin, place: 0, supplier: 0, days: Vec::new(), deliveries, packs: Vec::new() }
    }

    /// The mean of days that a delivery takes, of those that arrive.
    fn mean(lead: &Lead) -> f64 {
        let arrived = 1.0 - lead.0.last().copied().unwrap_or(0.0);
        let days = lead.0.windows(2).enumerate().map(|(at, left)| crate::to_f64(at + 1) * (left[0] - left[1]));
        days.sum::<f64>() / arrived
    }

    #[test]
    fn what_is_on_the_way_counts_as_late() {
        // Of three two took a day; one is on the way since ten.
        let accounts = [account(1, &[(0, Some(1)), (1, Some(2)), (10, None)])];
        let leads = Leads::of(&accounts, 20);
        let lead = leads.of_product(1);
        assert_eq!((lead.beyond(0, 0.6), lead.beyond(0, 0.7)), (Some(1), None));
        // What came tomorrow is not known today.
        assert_eq!(Leads::of(&accounts, 1).of_product(1).beyond(0, 0.6), Some(1));
        assert_eq!(Leads::of(&[], 5).of_product(1).beyond(0, 0.99), Some(1));
    }

    #[test]
    fn a_product_has_its_own_lead_time_and_new_ones_that_of_all() {
        let of = |gtin, days: usize, count: usize| account(gtin, &vec![(0, Some(days)); count]);
        let leads = Leads::of(&[of(1, 2, 50), of(2, 20, 50), of(3, 20, 0)], 60);
        let mean = |gtin| mean(leads.of_product(gtin));
        assert!(mean(1) < 4.0 && mean(2) > 17.0, "{} {}", mean(1), mean(2));
        assert!((mean(3) - 11.0).abs() < 0.1, "{}", mean(3));
        // Sent five days ago and not here: it is of the slow ones, if of any.
        assert!(leads.of_product(3).beyond(5, 0.5) == Some(15));
    }
}
