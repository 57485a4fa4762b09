//! What an account's past says: what a day asks for, and how the place is supplied.

use super::account::{Account, Day, Delivery};
use crate::to_f64;

/// Days of demand that are drawn from, at most.
const DEMAND_DAYS: usize = 70;
/// Weight of a week against the one after it.
const WEEK_WEIGHT: f64 = 0.9;
/// Days from which a surge is told.
const SURGE_DAYS: usize = 14;
/// Share of the orders that are made at or below what is taken for the point of order: the others are readings gone wrong.
const ORDERED_BELOW: f64 = 0.95;
/// Days over which a supplier's silence is followed.
const READY_DAYS: usize = 21;

/// Demand of a day by day of the week, later days weighing more.
#[derive(Debug, Clone)]
pub(super) struct Demand {
    /// By day of the week of the days to come, from the next one on: values with cumulated weights.
    by_weekday: [Vec<(f64, u32)>; 7],
    /// Mean and standard deviation of a day.
    pub(super) mean: f64,
    pub(super) deviation: f64,
    /// What was asked for in the last [`SURGE_DAYS`] days on which the shelf was filled, and what all days let expect.
    pub(super) of_late: (f64, f64),
    /// By how much more is asked for than was.
    pub(super) surge: f64,
    /// Days that say something of demand.
    pub(super) days: usize,
    /// Who says more where these are few.
    siblings: Option<Siblings>,
}

/// What others ask for that are like a shelf that is new.
#[derive(Debug, Clone)]
pub(super) struct Siblings {
    /// How much they count for, beside the shelf's own days: 0 to 1.
    pub(super) weight: f64,
    /// Their days, in parts of their own mean.
    pub(super) by_weekday: [Vec<f64>; 7],
    /// What they let expect of a day of this shelf.
    pub(super) mean: f64,
}

impl Demand {
    /// From the days up to today. Days on which the shelf was empty say nothing of demand, unless all were.
    pub(super) fn of(days: &[Day]) -> Self {
        let recent = &days[days.len().saturating_sub(DEMAND_DAYS)..];
        let before = days.len() - recent.len();
        let empty = |at: usize| {
            let opened_empty = before + at == 0 || days[before + at - 1].on_hand == 0;
            recent[at].on_hand == 0 && (recent[at].dispensed == 0 || !opened_empty)
        };
        let mut told: Vec<usize> = (0..recent.len()).filter(|at| !empty(*at)).collect();
        let count = told.len();
        if count < 7 {
            told = (0..recent.len()).collect();
        }
        let mut by_weekday: [Vec<(f64, u32)>; 7] = std::array::from_fn(|_| Vec::new());
        for at in &told {
            let ago = recent.len() - at;
            // Today was `ago` = 1; the day that is seven after it comes six days from tomorrow.
            let weekday = (7 - ago % 7) % 7;
            let weight = WEEK_WEIGHT.powf(to_f64(ago) / 7.0);
            let sum = by_weekday[weekday].last().map_or(0.0, |(sum, _)| *sum);
            by_weekday[weekday].push((sum + weight, recent[*at].dispensed));
        }
        let value = |at: &usize| f64::from(recent[*at].dispensed);
        let mean_of = |of: &[usize]| of.iter().map(value).sum::<f64>() / to_f64(of.len().max(1));
        let mean = mean_of(&told);
        let variance = told.iter().map(|at| (value(at) - mean).powi(2)).sum::<f64>() / to_f64(told.len().max(1));
        let late = &told[told.partition_point(|at| at + SURGE_DAYS < recent.len())..];
        let weighed = |of: &dyn Fn(&usize) -> f64| {
            told.iter().map(|at| WEEK_WEIGHT.powf(to_f64(recent.len() - at) / 7.0) * of(at)).sum::<f64>()
        };
        let expected = weighed(&value) / weighed(&|_| 1.0).max(f64::MIN_POSITIVE) * to_f64(late.len());
        let of_late = (late.iter().map(value).sum(), expected);
        let deviation = variance.sqrt();
        Self { by_weekday, mean, deviation, of_late, surge: 1.0, days: count, siblings: None }
    }

    /// From now on the siblings count as well.
    pub(super) fn lean_on(&mut self, siblings: Siblings) {
        // So few days tell of a shelf that was not yet there, not of its demand.
        let weight = if self.days < 7 { 1.0 } else { siblings.weight };
        self.mean = weight * siblings.mean + (1.0 - weight) * self.mean;
        self.siblings = Some(Siblings { weight, ..siblings });
    }

    /// What the day so many days after tomorrow asks for; `shares` are drawn from 0..1.
    pub(super) fn draw(&self, ahead: usize, shares: (f64, f64)) -> u32 {
        let value = self.surge * self.drawn(ahead % 7, shares.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "packs of one day")]
        let packs = (value + shares.1).floor() as u32;
        packs
    }

    fn drawn(&self, weekday: usize, mut share: f64) -> f64 {
        if let Some(siblings) = &self.siblings {
            let values = &siblings.by_weekday[weekday];
            if share < siblings.weight && !values.is_empty() {
                return siblings.mean * share_of(values, share / siblings.weight);
            }
            share = ((share - siblings.weight) / (1.0 - siblings.weight).max(f64::MIN_POSITIVE)).max(0.0);
        }
        let values = &self.by_weekday[weekday];
        let Some((total, last)) = values.last() else { return 0.0 };
        let place = values.partition_point(|(sum, _)| *sum <= share * total);
        f64::from(values.get(place).map_or(*last, |(_, value)| *value))
    }
}

/// How a place orders, as its receipts show it.
#[derive(Debug, Clone, Default)]
pub(super) struct Ordering {
    /// It orders when on hand and on the way fall to this.
    pub(super) point: u32,
    /// Up to this.
    pub(super) up_to: u32,
    /// Days on which it stood at or below the point, and those of them on which something was sent.
    pub(super) due: usize,
    pub(super) sent: usize,
    /// The last days, newest first: whether it was due, and whether something was sent.
    pub(super) late: [(bool, bool); READY_DAYS],
}

impl Ordering {
    pub(super) fn of(days: &[Day]) -> Self {
        let stood = |at: usize| (days[at].on_hand + days[at].incoming).saturating_sub(days[at].sent);
        let mut points: Vec<u32> = (0..days.len()).filter(|at| days[*at].sent > 0).map(stood).collect();
        let mut tops: Vec<u32> =
            (0..days.len()).filter(|at| days[*at].sent > 0).map(|at| days[at].on_hand + days[at].incoming).collect();
        points.sort_unstable();
        tops.sort_unstable();
        let (point, up_to) = (share_of(&points, ORDERED_BELOW), share_of(&tops, 0.5));
        let due: Vec<usize> = (0..days.len()).filter(|at| !points.is_empty() && stood(*at) <= point).collect();
        let sent = due.iter().filter(|at| days[**at].sent > 0).count();
        let late = std::array::from_fn(|ago| {
            let at = days.len().checked_sub(ago + 1);
            at.map_or((false, false), |at| (due.binary_search(&at).is_ok(), days[at].sent > 0))
        });
        Self { point, up_to: up_to.max(point + 1), due: due.len(), sent, late }
    }
}

/// The value at that share of a list: of a sorted one, the value below which that share lies.
pub(super) fn share_of<T: Copy + Default>(sorted: &[T], share: f64) -> T {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Between zero and the count.
    let place = (share * to_f64(sorted.len())) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// What was sent to an account and has not come: days ago and packs.
pub(super) fn on_the_way(account: &Account, today: usize) -> Vec<(usize, u32)> {
    let is_open = |of: &&Delivery| of.sent <= today && of.came.is_none_or(|came| came > today);
    account.deliveries.iter().filter(is_open).map(|of| (today - of.sent, of.packs)).collect()
}
