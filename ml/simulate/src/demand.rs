//! How many packs are asked for: seasons, weekdays, surges of a disease in a country, and makers that fail to deliver.

use std::f64::consts::TAU;

use crate::chance::{Chance, whole};
use crate::event::SiteId;
use crate::geography::COUNTRIES;
use crate::network::{Listing, Network, Role};
use crate::options::Options;

/// Days from one to another, with a factor.
#[derive(Debug, Clone, Copy)]
struct Window {
    from: u32,
    to: u32,
    factor: f64,
}

/// What moves demand and supply beside chance.
#[derive(Debug, Clone)]
pub(crate) struct Demand {
    /// By product and country.
    surges: Vec<Vec<Option<Window>>>,
    /// By product: times at which its maker delivers nothing.
    disruptions: Vec<Option<Window>>,
    first_weekday: u32,
    first_day_of_year: u32,
}

impl Demand {
    pub(crate) fn new(network: &Network, options: &Options, chance: &mut Chance) -> Self {
        let mut window = |probability: f64, days: (i64, i64), factor: f64| {
            let (happens, at) = (chance.happens(probability), whole(chance.unit() * f64::from(options.days)));
            let days = u32::try_from(chance.between(days.0, days.1)).unwrap_or(1);
            let factor = 1.0 + factor * chance.unit();
            happens.then_some(Window { from: at, to: at + days, factor })
        };
        let surges = network.products.iter().map(|_| COUNTRIES.map(|_| window(0.15, (14, 35), 2.5)).to_vec()).collect();
        let disruptions = network.products.iter().map(|_| window(0.25, (15, 40), 0.0)).collect();
        let first_weekday = u32::from(options.start.weekday().number_days_from_monday());
        Self { surges, disruptions, first_weekday, first_day_of_year: u32::from(options.start.ordinal()) }
    }

    pub(crate) fn is_disrupted(&self, product: usize, day: u32) -> bool {
        self.disruptions[product].is_some_and(|window| (window.from.max(7)..window.to).contains(&day))
    }

    /// Packs asked for on a day.
    pub(crate) fn draw(
        &self,
        site: SiteId,
        listing: &Listing,
        network: &Network,
        day: u32,
        chance: &mut Chance,
    ) -> u32 {
        let weekday = (self.first_weekday + day) % 7;
        let pharmacy = network.sites[site].role == Role::Pharmacy;
        let of_week = match (pharmacy, weekday) {
            (true, 6) => return 0,
            (true, 0) => 1.4,
            (true, 5) | (false, 5 | 6) => 0.7,
            (true, _) => 1.225,
            (false, _) => 1.12,
        };
        let (swing, peak) = network.products[listing.product].season;
        let of_year = 1.0 + swing * (TAU * (f64::from(self.first_day_of_year + day) - peak) / 365.25).cos();
        let country = COUNTRIES.iter().position(|country| country.code == network.sites[site].country().code);
        let surge = country.and_then(|country| self.surges[listing.product][country]);
        let surge = surge.filter(|window| (window.from..window.to).contains(&day)).map_or(1.0, |window| window.factor);
        let mean = listing.rate * of_week * of_year * surge;
        match listing.lumpy {
            None => chance.poisson(mean),
            Some(packs) => {
                let packs = packs.max(1.5 * mean);
                if chance.happens(mean / packs) { 1 + chance.poisson(packs - 1.0) } else { 0 }
            }
        }
    }
}
