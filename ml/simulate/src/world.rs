//! The honest trade, day by day: what is made, ordered, shipped, received, dispensed, sent back, recalled and destroyed.

mod counter;
mod factory;
mod goods;
mod recall;
mod replenish;

use std::collections::{BTreeMap, HashSet, VecDeque};

use crate::chance::{Chance, Stream};
use crate::demand::Demand;
use crate::event::{DAY, Epc, Event, Handoff, Moment, Pack, SiteId, Step};
use crate::name::{Lot, Names};
use crate::network::{Network, Role};
use crate::options::{OPENING_DAYS, Options};
use crate::stock::{Closing, Spell};

pub(crate) use goods::{Case, Goods, Pallet};

/// A product at a pharmacy or hospital.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf {
    pub(crate) packs: VecDeque<Pack>,
    on_order: u32,
    spell: Option<Spell>,
}

/// A product at a wholesaler.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bin {
    pub(crate) cases: VecDeque<Case>,
    pub(crate) loose: VecDeque<Pack>,
    on_order: u32,
    /// Packs that its customers want on a day in the mean.
    rate: f64,
}

/// Goods on their way.
#[derive(Debug, Clone)]
struct Arrival {
    handoff: Handoff,
    goods: Goods,
    returned: bool,
    left: Moment,
}

/// A wholesaler's order that its maker has not filled.
#[derive(Debug, Clone)]
struct Order {
    buyer: SiteId,
    product: usize,
    cases: u32,
}

/// What is set apart at a site to be destroyed.
#[derive(Debug, Clone)]
pub(crate) struct Quarantine {
    pub(crate) site: SiteId,
    pub(crate) goods: Goods,
}

/// The state of the trade at the end of a day.
#[derive(Clone)]
pub(crate) struct World<'a> {
    pub(crate) network: &'a Network,
    options: &'a Options,
    chance: Chance,
    demand: Demand,
    day: u32,
    midnight: Moment,
    pub(crate) lots: Vec<Lot>,
    recalled: HashSet<u32>,
    /// By site and its listings.
    pub(crate) shelves: Vec<Vec<Shelf>>,
    /// By site and product; wholesalers only.
    pub(crate) bins: Vec<Vec<Bin>>,
    /// Cases that makers hold, by product.
    pub(crate) finished: Vec<VecDeque<Case>>,
    /// Repackaged products whose goods are on their way to the repackager.
    awaited: HashSet<usize>,
    orders: Vec<Order>,
    arrivals: BTreeMap<u32, Vec<Arrival>>,
    pub(crate) quarantine: BTreeMap<u32, Vec<Quarantine>>,
    containers: u64,
    papers: u64,
    ids: u64,
    events: Vec<Event>,
    closings: Vec<Closing>,
    spells: Vec<Spell>,
}

impl<'a> World<'a> {
    pub(crate) fn new(network: &'a Network, options: &'a Options) -> Self {
        let mut chance = Chance::new(options.seed, Stream::Trade);
        let demand = Demand::new(network, options, &mut chance);
        let bins = |site: SiteId| {
            let count = if network.sites[site].role == Role::Wholesaler { network.products.len() } else { 0 };
            (0..count).map(|_| Bin::default()).collect()
        };
        let mut world = Self {
            network,
            options,
            chance,
            demand,
            day: 0,
            midnight: options.start_moment(),
            lots: Vec::new(),
            recalled: HashSet::new(),
            shelves: network.listings.iter().map(|list| list.iter().map(|_| Shelf::default()).collect()).collect(),
            bins: (0..network.sites.len()).map(bins).collect(),
            finished: network.products.iter().map(|_| VecDeque::new()).collect(),
            awaited: HashSet::new(),
            orders: Vec::new(),
            arrivals: BTreeMap::new(),
            quarantine: BTreeMap::new(),
            containers: 0,
            papers: 0,
            ids: 0,
            events: Vec::new(),
            closings: Vec::new(),
            spells: Vec::new(),
        };
        for (site, listings) in network.listings.iter().enumerate() {
            for listing in listings {
                world.bins[network.sites[site].supplier][listing.product].rate += listing.rate;
            }
        }
        world.order_for_depots();
        world
    }

    /// Lives through the next day: its events in no particular order.
    pub(crate) fn step(&mut self, day: u32) -> Vec<Event> {
        self.day = day;
        self.midnight = self.options.start_moment() + i64::from(day) * DAY;
        self.recall();
        self.fill_orders();
        self.arrive();
        if day >= OPENING_DAYS {
            self.serve();
            self.send_back();
        }
        self.destroy_expired();
        self.destroy_quarantined();
        if day + 2 >= OPENING_DAYS {
            self.order_for_shelves();
        }
        self.order_for_depots();
        self.close();
        std::mem::take(&mut self.events)
    }

    /// The same trade, to which chance will be otherwise from now on.
    pub(crate) fn with_other_chance(&self, seed: u64) -> Self {
        Self { chance: Chance::new(seed, Stream::Trade), ..self.clone() }
    }

    pub(crate) fn names(&self) -> Names<'_> {
        Names { network: self.network, lots: &self.lots, seed: self.options.seed, start: self.options.start }
    }

    pub(crate) fn midnight(&self) -> Moment {
        self.midnight
    }

    /// The day that ended, counted from the first.
    pub(crate) const fn today(&self) -> u32 {
        self.day
    }

    pub(crate) fn is_recalled(&self, lot: u32) -> bool {
        self.recalled.contains(&lot)
    }

    /// What was on the shelves when the day ended, and the times without stock that ended with it.
    pub(crate) fn take_stock(&mut self) -> (Vec<Closing>, Vec<Spell>) {
        (std::mem::take(&mut self.closings), std::mem::take(&mut self.spells))
    }

    /// The times without stock that last to the end of the run.
    pub(crate) fn open_spells(&mut self) -> Vec<Spell> {
        self.shelves.iter_mut().flatten().filter_map(|shelf| shelf.spell.take()).collect()
    }

    fn record(&mut self, mut event: Event) {
        self.ids += 1;
        event.id = self.ids;
        event.recorded = event.time + self.chance.between(1, 30);
        self.events.push(event);
    }

    /// A moment of the day between two local times at a site, in seconds since midnight.
    fn moment(&mut self, site: SiteId, from: i64, to: i64) -> Moment {
        let seconds = self.chance.between(from, to);
        self.network.sites[site].at(self.midnight, seconds)
    }

    fn next_container(&mut self) -> u64 {
        self.containers += 1;
        self.containers
    }

    /// Sends goods on their way: the event of shipping, and the arrival some days later.
    fn send(&mut self, from: SiteId, to: SiteId, goods: Goods, days: u32, returned: bool) {
        self.papers += 1;
        let handoff = Handoff { from, to, papers: self.papers };
        let left = self.moment(from, 18 * 3600, 20 * 3600);
        let step = if returned { Step::ShipReturn } else { Step::Ship };
        let event = Event { handoff: Some(handoff), ..Event::new(step, left, from, goods.top()) };
        self.record(event);
        let arrival = Arrival { handoff, goods, returned, left };
        self.arrivals.entry(self.day + days.max(1)).or_default().push(arrival);
    }

    fn unpack(&mut self, time: Moment, site: SiteId, parent: u64, children: Vec<Epc>) {
        let event = Event { parent: Some(Epc::Container(parent)), ..Event::new(Step::Unpacking, time, site, children) };
        self.record(event);
    }
}

/// An hour of the day in seconds.
const HOUR: i64 = 3_600;
