//! What an account's past says: what a day asks for, and how the place is supplied.

use super::account::{Account, Day};
use crate::to_f64;

/// Days of demand that are drawn from, at most.
const DEMAND_DAYS: usize = 70;
/// Weight of a week against the one after it.
const WEEK_WEIGHT: f64 = 0.9;
/// Days over which suppliers' readiness is judged.
const READY_DAYS: usize = 10;

/// Demand by day of the week, later days weighing more.
#[derive(Debug, Clone)]
pub(super) struct Demand {
    /// By day of the week of the days to come, from the next one on: values with cumulated weights.
    by_weekday: [Vec<(f64, u32)>; 7],
    /// Mean and standard deviation of a day.
    pub(super) mean: f64,
    pub(super) deviation: f64,
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
        if told.len() < 7 {
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
        let values: Vec<f64> = told.iter().map(|at| f64::from(recent[*at].dispensed)).collect();
        let mean = values.iter().sum::<f64>() / to_f64(values.len().max(1));
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / to_f64(values.len().max(1));
        Self { by_weekday, mean, deviation: variance.sqrt() }
    }

    /// What the day so many days after tomorrow asks for; `share` is drawn from 0..1.
    pub(super) fn draw(&self, ahead: usize, share: f64) -> u32 {
        let values = &self.by_weekday[ahead % 7];
        let Some((total, last)) = values.last() else { return 0 };
        let place = values.partition_point(|(sum, _)| *sum <= share * total);
        values.get(place).map_or(*last, |(_, value)| *value)
    }
}

/// How a place orders, as its receipts show it.
#[derive(Debug, Clone, Default)]
pub(super) struct Ordering {
    /// It orders when on hand and on the way fall to this.
    pub(super) point: u32,
    /// Up to this.
    pub(super) up_to: u32,
    /// Days of late on which it stood at or below the point, and those of them on which something was sent.
    pub(super) due: usize,
    pub(super) sent: usize,
}

impl Ordering {
    pub(super) fn of(days: &[Day]) -> Self {
        let stood = |at: usize| (days[at].on_hand + days[at].incoming).saturating_sub(days[at].sent);
        let mut points: Vec<u32> = (0..days.len()).filter(|at| days[*at].sent > 0).map(stood).collect();
        let mut tops: Vec<u32> =
            (0..days.len()).filter(|at| days[*at].sent > 0).map(|at| days[at].on_hand + days[at].incoming).collect();
        points.sort_unstable();
        tops.sort_unstable();
        let (point, up_to) = (share_of(&points, 0.8), share_of(&tops, 0.5));
        let recent = days.len().saturating_sub(READY_DAYS)..days.len();
        let due: Vec<usize> = recent.filter(|at| stood(*at) <= point).collect();
        let sent = due.iter().filter(|at| days[**at].sent > 0).count();
        Self { point, up_to: up_to.max(point + 1), due: due.len(), sent }
    }
}

/// The value below which that share of sorted values lies.
pub(super) fn share_of<T: Copy + Default>(sorted: &[T], share: f64) -> T {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Between zero and the count.
    let place = (share * to_f64(sorted.len())) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// What was sent to an account on each of the days and has not come: days ago and packs, newest first.
pub(super) fn on_the_way(account: &Account, today: usize) -> Vec<(usize, u32)> {
    let mut left = account.days[today].incoming;
    let mut waiting = Vec::new();
    for ago in 0..=today {
        let packs = account.days[today - ago].sent.min(left);
        if packs > 0 {
            waiting.push((ago, packs));
            left -= packs;
        }
        if left == 0 {
            break;
        }
    }
    waiting
}
