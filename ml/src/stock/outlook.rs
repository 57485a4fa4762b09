//! Monte Carlo over demand, deliveries on the way and orders to come.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::account::{Account, Accounts};
use super::history::{Demand, Ordering, on_the_way, share_of};
use crate::to_f64;

/// Days ahead, at most.
pub const HORIZON_MAX: usize = 365;
/// Courses that are played, at most.
pub const PATHS_MAX: usize = 100_000;
/// How sure it is beforehand that a supplier sends what is ordered, and how many days of experience that is worth.
const READY: (f64, f64) = (0.95, 3.0);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Days ahead.
    pub horizon: usize,
    /// Courses that are played for each account.
    pub paths: usize,
    /// The same seed gives the same answer.
    pub seed: u64,
}

/// Why there is no outlook.
#[derive(Debug, thiserror::Error)]
pub enum StockError {
    /// A setting is out of its range.
    #[error("{name} is {value}: give 1 to {max}")]
    Setting {
        /// Which one.
        name: &'static str,
        /// What was given.
        value: usize,
        /// The most that makes sense.
        max: usize,
    },
    /// There is no such day.
    #[error("day {day} is asked for, there are {days}")]
    Day {
        /// The day that was given.
        day: usize,
        /// How many there are.
        days: usize,
    },
}

/// A draft order in packs, beyond what is on hand and on the way: it lasts for the horizon and the lead time behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Enough in half of the courses.
    pub median: u32,
    /// Enough in one of ten and in nine of ten.
    pub tenths: (u32, u32),
}

/// What may come of one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// Probability that the shelf was empty at the end of a day, by the first day ahead, the second and so on.
    pub empty_by: Vec<f64>,
    /// What to order now.
    pub order: Order,
}

/// Looks ahead from the end of a day, for all accounts in their order.
pub fn outlook(accounts: &Accounts, today: usize, settings: &Settings) -> Result<Vec<Outlook>, StockError> {
    for (name, value, max) in [("horizon", settings.horizon, HORIZON_MAX), ("paths", settings.paths, PATHS_MAX)] {
        if !(1..=max).contains(&value) {
            return Err(StockError::Setting { name, value, max });
        }
    }
    let days = accounts.list.first().map_or(0, |account| account.days.len());
    if !accounts.list.is_empty() && today >= days {
        return Err(StockError::Day { day: today, days });
    }
    let orderings: Vec<Ordering> =
        accounts.list.par_iter().map(|account| Ordering::of(&account.days[..=today])).collect();
    let ready = readiness(accounts, &orderings);
    let of = |(index, account): (usize, &Account)| {
        let mut chance = ChaCha8Rng::seed_from_u64(settings.seed);
        chance.set_stream(index as u64);
        let mut game = Game {
            demand: Demand::of(&account.days[..=today]),
            ordering: &orderings[index],
            waiting: on_the_way(account, today),
            on_hand: account.days[today].on_hand,
            lead_days: &accounts.lead_days,
            ready: ready(account),
            chance,
        };
        game.outlook(settings)
    };
    Ok(accounts.list.par_iter().enumerate().map(of).collect())
}

/// How probable it is that a supplier sends a product on a day on which a place would order it: all its customers tell.
fn readiness<'a>(accounts: &'a Accounts, orderings: &[Ordering]) -> impl Fn(&Account) -> f64 + Sync + use<'a> {
    let mut told = std::collections::BTreeMap::<(u64, u32), (usize, usize)>::new();
    for (account, ordering) in accounts.list.iter().zip(orderings) {
        let held = told.entry((account.gtin, account.supplier)).or_default();
        *held = (held.0 + ordering.due, held.1 + ordering.sent);
    }
    move |account| {
        let (due, sent) = told.get(&(account.gtin, account.supplier)).copied().unwrap_or_default();
        (to_f64(sent) + READY.0 * READY.1) / (to_f64(due) + READY.1)
    }
}

struct Game<'a> {
    demand: Demand,
    ordering: &'a Ordering,
    waiting: Vec<(usize, u32)>,
    on_hand: u32,
    lead_days: &'a [u16],
    ready: f64,
    chance: ChaCha8Rng,
}

impl Game<'_> {
    fn outlook(&mut self, settings: &Settings) -> Outlook {
        let mut first_empty = vec![0_usize; settings.horizon];
        let mut needed = Vec::with_capacity(settings.paths);
        for _ in 0..settings.paths {
            let (empty, need) = self.play(settings.horizon);
            if let Some(day) = empty {
                first_empty[day] += 1;
            }
            needed.push(need);
        }
        needed.sort_unstable();
        let mut sum = 0;
        let by = first_empty.into_iter().map(|count| {
            sum += count;
            to_f64(sum) / to_f64(settings.paths)
        });
        let at = |share: f64| share_of(&needed, share);
        Outlook { empty_by: by.collect(), order: Order { median: at(0.5), tenths: (at(0.1), at(0.9)) } }
    }

    /// One course: the first day that ends without stock, and what is needed beyond what there is.
    fn play(&mut self, horizon: usize) -> (Option<usize>, u32) {
        let mut arrivals = vec![0_u32; horizon + 1];
        let mut incoming = 0;
        for at in 0..self.waiting.len() {
            let (ago, packs) = self.waiting[at];
            let day = self.lead_beyond(ago).min(horizon);
            arrivals[day] += packs;
            incoming += packs;
        }
        let (mut on_hand, mut asked, mut empty) = (self.on_hand, 0, None);
        for day in 0..horizon {
            on_hand += arrivals[day];
            incoming -= arrivals[day];
            let wanted = self.demand.draw(day, self.chance.gen_range(0.0..1.0));
            asked += wanted;
            on_hand = on_hand.saturating_sub(wanted);
            if on_hand == 0 {
                empty = empty.or(Some(day));
            }
            if on_hand + incoming <= self.ordering.point && self.chance.gen_range(0.0..1.0) < self.ready {
                let packs = self.ordering.up_to.saturating_sub(on_hand + incoming);
                let arrives = day + self.lead_beyond(0) + 1;
                arrivals[arrives.min(horizon)] += packs;
                incoming += packs;
            }
        }
        let lead = self.lead_beyond(0) + 1;
        let behind: u32 = (0..lead).map(|day| self.demand.draw(horizon + day, self.chance.gen_range(0.0..1.0))).sum();
        let there = self.on_hand + self.waiting.iter().map(|(_, packs)| packs).sum::<u32>();
        (empty, (asked + behind).saturating_sub(there))
    }

    /// Days from today until something arrives that was sent so many days ago: as lead times were that were longer.
    fn lead_beyond(&mut self, ago: usize) -> usize {
        let from = self.lead_days.partition_point(|days| usize::from(*days) <= ago);
        let longer = &self.lead_days[from..];
        if longer.is_empty() {
            return 0;
        }
        usize::from(longer[self.chance.gen_range(0..longer.len())]) - ago - 1
    }
}

/// What a reorder-point rule says: empty soon where on hand and on the way are no more than mean demand over the mean lead
/// time with a safety of 1.65 standard deviations.
pub fn reorder_rule(accounts: &Accounts, today: usize) -> Vec<bool> {
    let sum: usize = accounts.lead_days.iter().map(|days| usize::from(*days)).sum();
    let lead = to_f64(sum) / to_f64(accounts.lead_days.len().max(1)) + 1.0;
    let below = |account: &Account| {
        let demand = Demand::of(&account.days[..=today]);
        let day = account.days[today];
        f64::from(day.on_hand + day.incoming) <= demand.mean * lead + 1.65 * demand.deviation * lead.sqrt()
    };
    accounts.list.iter().map(below).collect()
}
