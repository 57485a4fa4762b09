//! How well stockouts can be foreseen at best.

use std::collections::BTreeMap;

use crate::chance::number;
use crate::error::SimulateError;
use crate::event::SiteId;
use crate::network::Network;
use crate::options::Options;
use crate::world::World;

/// A site and a product.
type Key = (SiteId, usize);

/// What somebody foresees who knows all of today and the plans of all, but not what chance will do.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreseen {
    /// The product, 14 digits.
    pub gtin: String,
    /// The place, its GLN.
    pub gln: String,
    /// The day on whose evening it is foreseen, counted from the first.
    pub day: u32,
    /// Whether the shelf is filled on that evening.
    pub is_filled: bool,
    /// The probability that a day of the horizon ends with an empty shelf.
    pub probability: f64,
    /// Whether one did.
    pub ran_out: bool,
}

/// Plays the days to come many times over on some days of the second half of a run, `every` days apart, with the simulator itself: true
/// stock, true orders, the day on which each delivery that has left arrives, surges and disruptions that are to come. No
/// forecast from the records can be better but by luck. Nothing is written.
pub fn ceiling(options: &Options, horizon: u32, every: u32, paths: u32) -> Result<Vec<Foreseen>, SimulateError> {
    let options = Options { stock: true, ..options.clone() };
    options.check()?;
    let network = Network::build(&options);
    let mut world = World::new(&network, &options);
    let mut empty: BTreeMap<Key, Vec<bool>> = BTreeMap::new();
    let mut asked: Vec<(u32, BTreeMap<Key, f64>)> = Vec::new();
    for day in 0..options.days {
        world.step(day);
        for closing in world.take_stock().0 {
            let days = empty.entry((closing.site, closing.product)).or_default();
            days.resize(day as usize, true);
            days.push(closing.on_hand == 0);
        }
        if day >= options.days / 2 && day.is_multiple_of(every.max(1)) && day + horizon < options.days {
            asked.push((day, foresee(&world, day, horizon, paths)));
        }
    }
    let judged = asked.into_iter().flat_map(|(day, foreseen)| {
        let (empty, network) = (&empty, &network);
        foreseen.into_iter().map(move |(key, probability)| {
            let days = &empty[&key];
            let ahead = day as usize + 1..=(day + horizon) as usize;
            let gtin = format!("{:014}", network.products[key.1].gtin);
            let gln = format!("{:013}", network.sites[key.0].gln);
            Foreseen {
                gtin,
                gln,
                day,
                is_filled: !days[day as usize],
                probability,
                ran_out: days[ahead].contains(&true),
            }
        })
    });
    Ok(judged.collect())
}

fn foresee(world: &World<'_>, day: u32, horizon: u32, paths: u32) -> BTreeMap<Key, f64> {
    let mut ran_out: BTreeMap<Key, u32> = BTreeMap::new();
    for path in 0..paths {
        let mut course = world.with_other_chance(u64::from(day) << 32 | u64::from(path));
        let mut empty: BTreeMap<Key, bool> = BTreeMap::new();
        for ahead in 1..=horizon {
            course.step(day + ahead);
            for closing in course.take_stock().0 {
                *empty.entry((closing.site, closing.product)).or_default() |= closing.on_hand == 0;
            }
        }
        for (key, is_empty) in empty {
            *ran_out.entry(key).or_default() += u32::from(is_empty);
        }
    }
    ran_out.into_iter().map(|(key, count)| (key, number(count as usize) / f64::from(paths))).collect()
}
