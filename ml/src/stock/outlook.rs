//! Monte Carlo over demand, deliveries on the way and orders to come.

use std::collections::BTreeMap;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::account::{Account, Accounts};
use super::history::{Demand, Ordering, on_the_way, share_of};
use super::lead::{Lead, Leads};
use super::siblings;
use crate::to_f64;

/// Days ahead, at most.
pub const HORIZON_MAX: usize = 365;
/// Courses that are played, at most.
pub const PATHS_MAX: usize = 100_000;
/// How probable it is beforehand that a supplier has stopped to send a product.
const STOPPED: f64 = 0.01;
/// How probable it is that one who has stopped begins again on a day.
const RESUMES: f64 = 0.3;
/// Packs that a surge has to speak against before it is believed.
const SURGE_DOUBT: f64 = 12.0;
/// What is believed of a surge at most.
const SURGE_MAX: f64 = 4.0;

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
    let (shelves, depots) = (Level::of(&accounts.list, today), Level::of(&accounts.suppliers, today));
    let place = |account: &Account| {
        let found =
            accounts.suppliers.binary_search_by_key(&(account.gtin, account.supplier), |of| (of.gtin, of.place));
        found.ok()
    };
    let of = |(index, account): (usize, &Account)| {
        let mut chance = ChaCha8Rng::seed_from_u64(settings.seed);
        chance.set_stream(index as u64);
        let depot = place(account).map(|at| depots.game(&accounts.suppliers[at], at, today));
        let shelf = shelves.game(account, index, today);
        look(&shelf, depot.as_ref(), settings, &mut chance)
    };
    Ok(accounts.list.par_iter().enumerate().map(of).collect())
}

/// What is known of all accounts of one kind: shelves, or the suppliers' depots.
struct Level {
    demands: Vec<Demand>,
    orderings: Vec<Ordering>,
    /// The probability that the supplier of each has stopped to send.
    stopped: Vec<f64>,
    leads: Leads,
}

impl Level {
    fn of(accounts: &[Account], today: usize) -> Self {
        let mut demands: Vec<Demand> = accounts.par_iter().map(|account| Demand::of(&account.days[..=today])).collect();
        siblings::pool(accounts, &mut demands, today);
        let orderings: Vec<Ordering> =
            accounts.par_iter().map(|account| Ordering::of(&account.days[..=today])).collect();
        let mut groups: BTreeMap<(u64, u32), Vec<usize>> = BTreeMap::new();
        for (at, account) in accounts.iter().enumerate() {
            groups.entry((account.gtin, account.supplier)).or_default().push(at);
        }
        let (due, sent) = orderings.iter().fold((0, 0), |sums, of| (sums.0 + of.due, sums.1 + of.sent));
        let answers = (to_f64(sent) + 1.0) / (to_f64(due) + 2.0);
        let mut stopped = vec![STOPPED; accounts.len()];
        for group in groups.values() {
            // All customers of a supplier tell of a surge and of a silence.
            let (late, expected) =
                group.iter().map(|at| demands[*at].of_late).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
            let surge = ((late + SURGE_DOUBT) / (expected + SURGE_DOUBT)).clamp(1.0 / SURGE_MAX, SURGE_MAX);
            let silent = silence(&group.iter().map(|at| &orderings[*at]).collect::<Vec<_>>());
            let odds = STOPPED / (1.0 - STOPPED) * (1.0 - answers).powf(-to_f64(silent));
            for at in group {
                demands[*at].surge = surge;
                stopped[*at] = odds / (1.0 + odds);
            }
        }
        Self { demands, orderings, stopped, leads: Leads::of(accounts, today) }
    }

    fn game<'a>(&'a self, account: &Account, index: usize, today: usize) -> Game<'a> {
        Game {
            demand: &self.demands[index],
            ordering: &self.orderings[index],
            waiting: on_the_way(account, today),
            on_hand: account.days[today].on_hand,
            lead: self.leads.of_product(account.gtin),
            stopped: self.stopped[index],
        }
    }
}

/// How many days on which a customer was due have passed since anybody was sent something.
fn silence(group: &[&Ordering]) -> usize {
    let mut silent = 0;
    for ago in 0..group.first().map_or(0, |of| of.late.len()) {
        if group.iter().any(|of| of.late[ago].1) {
            break;
        }
        silent += group.iter().filter(|of| of.late[ago].0).count();
    }
    silent
}

/// Plays the courses of one shelf, and with each a course of the depot that supplies it.
fn look(shelf: &Game<'_>, depot: Option<&Game<'_>>, settings: &Settings, chance: &mut ChaCha8Rng) -> Outlook {
    let mut first_empty = vec![0_usize; settings.horizon];
    let mut needed = Vec::with_capacity(settings.paths);
    for _ in 0..settings.paths {
        let open = depot.map(|depot| depot.play(settings.horizon, None, chance).filled);
        let course = shelf.play(settings.horizon, open.as_deref(), chance);
        if let Some(day) = course.filled.iter().position(|filled| !filled) {
            first_empty[day] += 1;
        }
        needed.push(course.needed);
    }
    needed.sort_unstable();
    let mut sum = 0;
    let by = first_empty.into_iter().map(|count| {
        sum += count;
        to_f64(sum) / to_f64(settings.paths)
    });
    let at = |share: f64| share_of(&needed, share);
    let order = Order { median: at(0.5), tenths: (at(0.1), at(0.9)) };
    Outlook { empty_by: by.collect(), order }
}

struct Game<'a> {
    demand: &'a Demand,
    ordering: &'a Ordering,
    waiting: Vec<(usize, u32)>,
    on_hand: u32,
    lead: &'a Lead,
    stopped: f64,
}

/// One course of an account.
struct Course {
    /// Whether there was stock at the end of each day.
    filled: Vec<bool>,
    /// What is needed beyond what there is.
    needed: u32,
}

impl Game<'_> {
    /// One course; on days on which the supplier has nothing (`open`), nothing is sent.
    fn play(&self, horizon: usize, open: Option<&[bool]>, chance: &mut ChaCha8Rng) -> Course {
        let mut share = || chance.gen_range(0.0..1.0);
        let mut arrivals = vec![0_u32; horizon + 1];
        let mut incoming = 0;
        for (ago, packs) in &self.waiting {
            // What is lost is not waited for.
            let Some(days) = self.lead.beyond(*ago, share()) else { continue };
            arrivals[(days - 1).min(horizon)] += packs;
            incoming += packs;
        }
        let (mut on_hand, mut asked) = (self.on_hand, 0);
        let mut filled = Vec::with_capacity(horizon);
        let mut is_stopped = share() < self.stopped;
        for day in 0..horizon {
            on_hand += arrivals[day];
            incoming -= arrivals[day];
            let wanted = self.demand.draw(day, (share(), share()));
            asked += wanted;
            on_hand = on_hand.saturating_sub(wanted);
            filled.push(on_hand > 0);
            is_stopped = is_stopped && share() >= RESUMES;
            let is_open = !is_stopped && open.is_none_or(|open| open[day]);
            if on_hand + incoming <= self.ordering.point && is_open {
                let packs = self.ordering.up_to.saturating_sub(on_hand + incoming);
                let arrives = self.lead.beyond(0, share()).map_or(horizon, |days| day + days);
                arrivals[arrives.min(horizon)] += packs;
                incoming += packs;
            }
        }
        let lead = self.lead.beyond(0, share()).unwrap_or(horizon);
        let behind: u32 = (0..lead).map(|day| self.demand.draw(horizon + day, (share(), share()))).sum();
        let there = self.on_hand + self.waiting.iter().map(|(_, packs)| packs).sum::<u32>();
        Course { filled, needed: (asked + behind).saturating_sub(there) }
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
