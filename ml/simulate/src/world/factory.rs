//! Makers: lots are made, packed and shipped; repackagers make theirs of others' packs.

use std::collections::BTreeMap;

use super::{Bin, Case, Goods, HOUR, Order, Pallet, World};
use crate::chance::whole;
use crate::event::{Epc, Event, Pack, SiteId, Step};
use crate::lead::supply_days;
use crate::name::Lot;
use crate::options::OPENING_DAYS;

/// Cases of a pallet.
const PALLET_CASES: usize = 10;
/// Cases of a lot, at least.
const LOT_CASES: (usize, usize) = (8, 30);
/// Kilometres that goods travel on a day.
const DAY_KM: f64 = 4_000.0;
/// Days that goods which keep for weeks only travel, at most.
const EXPRESS_DAYS: u32 = 6;
/// A lot has no more packs than this.
const LOT_PACKS_MAX: u32 = 100_000;

impl World<'_> {
    /// Fills the wholesalers' orders as far as can be; what goes from one maker to one buyer on a day is one shipment.
    pub(super) fn fill_orders(&mut self) {
        let mut loads = BTreeMap::<(SiteId, SiteId, bool), Vec<Case>>::new();
        for order in std::mem::take(&mut self.orders) {
            let disrupted = self.demand.is_disrupted(order.product, self.day);
            match if disrupted { None } else { self.fill(&order) } {
                Some(cases) => {
                    let product = &self.network.products[order.product];
                    let load = (product.maker, order.buyer, product.is_short_dated());
                    loads.entry(load).or_default().extend(cases);
                }
                None => self.orders.push(order),
            }
        }
        for ((maker, buyer, express), cases) in loads {
            let goods = self.palletise(maker, &cases);
            let usual = supply_days(&mut self.chance).max(self.journey_days(maker, buyer));
            let days = match (self.day < OPENING_DAYS, express) {
                (true, _) => OPENING_DAYS / 2,
                (false, true) => usual.min(EXPRESS_DAYS),
                (false, false) => usual,
            };
            self.send(maker, buyer, goods, days, false);
        }
    }

    /// Days that goods need at least, customs and handling included.
    fn journey_days(&self, from: SiteId, to: SiteId) -> u32 {
        2 + whole(self.network.distance_km(from, to) / DAY_KM)
    }

    fn fill(&mut self, order: &Order) -> Option<Vec<Case>> {
        let wanted = order.cases as usize;
        if self.finished[order.product].len() < wanted {
            let missing = wanted - self.finished[order.product].len();
            match self.network.products[order.product].source {
                None => self.make(order.product, missing),
                Some(source) => {
                    self.fetch(order.product, source, missing);
                    return None;
                }
            }
        }
        Some(self.finished[order.product].drain(..wanted).collect())
    }

    fn make(&mut self, product: usize, missing: usize) {
        let size = self.network.products[product].case;
        let mut left = missing.max(self.chance.count(LOT_CASES.0, LOT_CASES.1));
        while left > 0 {
            let cases = left.min((LOT_PACKS_MAX / size) as usize);
            left -= cases;
            let packs = size * u32::try_from(cases).expect("a lot has few cases");
            let lot = self.begin_lot(product, packs, None);
            for index in 0..u32::try_from(cases).expect("a lot has few cases") {
                let case = Case { container: self.next_container(), lot, first: index * size, count: size };
                self.commission(product, case);
                self.finished[product].push_back(case);
            }
        }
    }

    fn begin_lot(&mut self, product: usize, packs: u32, expiry: Option<u32>) -> u32 {
        let shelf_days = self.network.products[product].shelf_days;
        let expiry = expiry.unwrap_or_else(|| {
            let day = self.names().day(self.day + shelf_days);
            let rest = if self.network.products[product].is_short_dated() {
                0
            } else {
                day.month().length(day.year()) - day.day()
            };
            self.day + shelf_days + u32::from(rest)
        });
        self.lots.push(Lot { product, expiry, packs });
        u32::try_from(self.lots.len() - 1).expect("fewer than 2^32 lots")
    }

    fn commission(&mut self, product: usize, case: Case) {
        let maker = self.network.products[product].maker;
        let time = self.moment(maker, 6 * HOUR, 15 * HOUR);
        let event = Event { lot: Some(case.lot), ..Event::new(Step::Commission, time, maker, case.children()) };
        self.record(event);
        let later = time + self.chance.between(120, 1_800);
        self.pack(later, maker, case.container, case.children());
    }

    fn pack(&mut self, time: i64, site: SiteId, parent: u64, children: Vec<Epc>) {
        let event = Event { parent: Some(Epc::Container(parent)), ..Event::new(Step::Packing, time, site, children) };
        self.record(event);
    }

    fn palletise(&mut self, maker: SiteId, cases: &[Case]) -> Goods {
        let mut goods = Goods::default();
        for group in cases.chunks(PALLET_CASES) {
            if group.len() < PALLET_CASES {
                goods.cases.extend_from_slice(group);
                continue;
            }
            let pallet = Pallet { container: self.next_container(), cases: group.to_vec() };
            let children = group.iter().map(|case| Epc::Container(case.container)).collect();
            let time = self.moment(maker, 16 * HOUR, 17 * HOUR);
            self.pack(time, maker, pallet.container, children);
            goods.pallets.push(pallet);
        }
        goods
    }

    /// Has a wholesaler send cases to the repackager, unless some are on their way.
    fn fetch(&mut self, product: usize, source: usize, missing: usize) {
        if self.awaited.contains(&product) {
            return;
        }
        let cases = missing.min(20);
        let has = |bins: &Vec<Bin>| bins.get(source).is_some_and(|bin| bin.cases.len() >= cases);
        let depots: Vec<SiteId> = (0..self.bins.len()).filter(|site| has(&self.bins[*site])).collect();
        let Some(depot) = self.chance.pick(&depots).copied() else { return };
        let cases = self.bins[depot][source].cases.drain(..cases).collect();
        self.awaited.insert(product);
        let maker = self.network.products[product].maker;
        let days = supply_days(&mut self.chance).min(EXPRESS_DAYS).max(self.journey_days(depot, maker));
        self.send(depot, maker, Goods { cases, ..Goods::default() }, days, false);
    }

    /// Makes packs of their own out of the packs that arrived.
    pub(super) fn repackage(&mut self, maker: SiteId, time: i64, cases: &[Case]) {
        for case in cases {
            let source = self.lots[case.lot as usize];
            let products = self.network.products.iter().enumerate();
            let mut own = products.filter(|(_, own)| own.maker == maker && own.source == Some(source.product));
            let Some(product) = own.next().map(|(index, _)| index) else { continue };
            self.awaited.remove(&product);
            self.unpack(time, maker, case.container, case.children());
            let lot = self.begin_lot(product, case.count, Some(source.expiry));
            let made = Case { container: self.next_container(), lot, first: 0, count: case.count };
            let later = time + self.chance.between(2 * HOUR, 4 * HOUR);
            let outputs = made.packs().map(|Pack { lot, number }| Epc::Pack(Pack { lot, number })).collect();
            let event = Event::new(Step::Transform, later, maker, case.children());
            self.record(Event { lot: Some(lot), outputs, ..event });
            self.pack(later + HOUR, maker, made.container, made.children());
            self.finished[product].push_back(made);
        }
    }
}
