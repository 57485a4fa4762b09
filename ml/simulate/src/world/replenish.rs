//! Orders, deliveries and their arrival.

use super::{Arrival, Goods, HOUR, Order, Quarantine, World};
use crate::chance::whole;
use crate::event::{Epc, Event, Moment, Pack, SiteId, Step, Temperature};
use crate::lead::delivery_days;
use crate::network::Role;
use crate::options::OPENING_DAYS;

/// Share of cold deliveries that grow too warm on the way.
const TOO_WARM: f64 = 0.003;
/// Share of packs that a pharmacy checks when they arrive.
const CHECKED_ON_ARRIVAL: f64 = 0.03;
/// Standard deviations of the demand until an order has come that are held in safety: enough in 98 of 100 times. Textbooks
/// add up the variance of demand and that of the delivery (Silver, Pyke, Thomas 2017, 6.10).
const SAFETY: f64 = 2.05;
/// Variance of the days of a delivery, by [`delivery_days`].
const DELIVERY_VARIANCE: f64 = 3.3;
/// Days that pass until what was recalled or came in too warm is destroyed.
const DESTROYED_WITHIN: (i64, i64) = (1, 5);

impl World<'_> {
    /// Each pharmacy and hospital orders what is below its reorder point; its wholesaler sends what it has.
    pub(super) fn order_for_shelves(&mut self) {
        for site in 0..self.shelves.len() {
            let mut goods = Goods::default();
            for listing in 0..self.shelves[site].len() {
                self.order_listing(site, listing, &mut goods);
            }
            if goods.is_empty() {
                continue;
            }
            let days = if self.day < OPENING_DAYS { 1 } else { delivery_days(&mut self.chance) };
            self.send(self.network.sites[site].supplier, site, goods, days, false);
        }
    }

    fn order_listing(&mut self, site: SiteId, index: usize, goods: &mut Goods) {
        let listing = &self.network.listings[site][index];
        let held = &self.shelves[site][index];
        let stands = u32::try_from(held.packs.len()).unwrap_or(u32::MAX).saturating_add(held.on_order);
        let ahead = 2.5 * listing.rate;
        let variance = ahead * listing.lumpy.unwrap_or(1.0) + DELIVERY_VARIANCE * listing.rate.powi(2);
        let reorder = ahead + SAFETY * variance.sqrt();
        if f64::from(stands) > reorder {
            return;
        }
        let mut wanted = whole(reorder + 4.0 * listing.rate + 1.0).saturating_sub(stands);
        let (product, supplier) = (listing.product, self.network.sites[site].supplier);
        let in_case = self.network.products[product].case;
        if self.network.sites[site].role == Role::Hospital {
            while wanted >= in_case / 2 {
                let Some(case) = self.bins[supplier][product].cases.pop_front() else { break };
                goods.cases.push(case);
                self.shelves[site][index].on_order += case.count;
                wanted = wanted.saturating_sub(case.count);
            }
        }
        for _ in 0..wanted {
            let Some(pack) = self.pick_loose(supplier, product) else { break };
            goods.packs.push(pack);
            self.shelves[site][index].on_order += 1;
        }
    }

    /// A single pack, out of a case that is opened for it where none is loose.
    fn pick_loose(&mut self, depot: SiteId, product: usize) -> Option<Pack> {
        if self.bins[depot][product].loose.is_empty() {
            let case = self.bins[depot][product].cases.pop_front()?;
            let time = self.moment(depot, 15 * HOUR, 17 * HOUR);
            self.unpack(time, depot, case.container, case.children());
            self.bins[depot][product].loose.extend(case.packs());
        }
        self.bins[depot][product].loose.pop_front()
    }

    /// Wholesalers order whole cases of what is below their reorder point.
    pub(super) fn order_for_depots(&mut self) {
        for depot in 0..self.bins.len() {
            for product in 0..self.bins[depot].len() {
                let bin = &self.bins[depot][product];
                if bin.rate <= 0.0 {
                    continue;
                }
                let size = self.network.products[product].case;
                let held: u32 = bin.cases.iter().map(|case| case.count).sum();
                let stands = held + u32::try_from(bin.loose.len()).unwrap_or(u32::MAX) + bin.on_order;
                let (low, high) = self.network.products[product].cover_days();
                // Nobody has anything when the run begins: the shelves have to be filled too.
                let opening = if self.day == 0 { 8.0 } else { 0.0 };
                if f64::from(stands) > bin.rate * low {
                    continue;
                }
                let wanted = whole(bin.rate * (high + opening)).saturating_sub(stands).max(1);
                let cases = wanted.div_ceil(size);
                self.bins[depot][product].on_order += cases * size;
                self.orders.push(Order { buyer: depot, product, cases });
            }
        }
    }

    /// Goods whose day has come arrive.
    pub(super) fn arrive(&mut self) {
        for arrival in self.arrivals.remove(&self.day).unwrap_or_default() {
            let site = arrival.handoff.to;
            let time = self.moment(site, 6 * HOUR, 8 * HOUR);
            let too_warm = self.receive(time, &arrival);
            self.book(site, &arrival);
            let recalled = arrival.goods.lots().any(|lot| self.recalled.contains(&lot));
            if recalled || too_warm {
                let due =
                    self.day + u32::try_from(self.chance.between(DESTROYED_WITHIN.0, DESTROYED_WITHIN.1)).unwrap_or(1);
                self.quarantine.entry(due).or_default().push(Quarantine { site, goods: arrival.goods });
                continue;
            }
            match self.network.sites[site].role {
                Role::Hospital | Role::Pharmacy => self.fill_shelves(time, site, &arrival.goods),
                Role::Repackager => self.repackage(site, time + HOUR, &arrival.goods.cases),
                Role::Manufacturer | Role::Wholesaler | Role::Broker => self.fill_bins(time, site, arrival),
            }
        }
    }

    fn receive(&mut self, time: Moment, arrival: &Arrival) -> bool {
        let cold = arrival.goods.lots().any(|lot| self.network.products[self.lots[lot as usize].product].cold);
        let too_warm = cold && self.chance.happens(TOO_WARM);
        let step = if arrival.returned { Step::ReceiveReturn } else { Step::Receive };
        let low = i32::try_from(self.chance.between(22, 45)).unwrap_or(30);
        let rise = if too_warm { self.chance.between(60, 150) } else { self.chance.between(5, 30) };
        let high = low + i32::try_from(rise).unwrap_or(10);
        let temperature = cold.then_some(Temperature { since: arrival.left, low, high });
        let event = Event::new(step, time, arrival.handoff.to, arrival.goods.top());
        self.record(Event { handoff: Some(arrival.handoff), temperature, ..event });
        too_warm
    }

    /// What arrived is no longer awaited.
    fn book(&mut self, site: SiteId, arrival: &Arrival) {
        let goods = &arrival.goods;
        let cases = goods.pallets.iter().flat_map(|pallet| &pallet.cases).chain(&goods.cases);
        let lots = cases.map(|case| (case.lot, case.count)).chain(goods.packs.iter().map(|pack| (pack.lot, 1)));
        for (lot, count) in lots.collect::<Vec<_>>() {
            let product = self.lots[lot as usize].product;
            if let Some(index) = self.listing(site, product) {
                let held = &mut self.shelves[site][index];
                held.on_order = held.on_order.saturating_sub(count);
            } else if !arrival.returned
                && let Some(bin) = self.bins[site].get_mut(product)
            {
                bin.on_order = bin.on_order.saturating_sub(count);
            }
        }
    }

    /// Where a site lists the product.
    pub(crate) fn listing(&self, site: SiteId, product: usize) -> Option<usize> {
        self.network.listings[site].binary_search_by_key(&product, |listing| listing.product).ok()
    }

    fn fill_shelves(&mut self, time: Moment, site: SiteId, goods: &Goods) {
        for case in &goods.cases {
            let later = time + self.chance.between(300, 1_800);
            self.unpack(later, site, case.container, case.children());
        }
        let packs = goods.cases.iter().flat_map(|case| case.packs()).chain(goods.packs.iter().copied());
        for pack in packs.collect::<Vec<_>>() {
            if self.network.sites[site].role == Role::Pharmacy && self.chance.happens(CHECKED_ON_ARRIVAL) {
                let later = time + self.chance.between(60, 3_000);
                self.record(Event::inspect(later, site, 2, Epc::Pack(pack)));
            }
            let listing = self.listing(site, self.lots[pack.lot as usize].product);
            if let Some(index) = listing {
                self.shelves[site][index].packs.push_back(pack);
            }
        }
    }

    fn fill_bins(&mut self, time: Moment, site: SiteId, arrival: Arrival) {
        let Goods { pallets, mut cases, packs } = arrival.goods;
        for pallet in pallets {
            let later = time + self.chance.between(300, 1_800);
            let children = pallet.cases.iter().map(|case| Epc::Container(case.container)).collect();
            self.unpack(later, site, pallet.container, children);
            cases.extend(pallet.cases);
        }
        for case in cases {
            let product = self.lots[case.lot as usize].product;
            self.bins[site][product].cases.push_back(case);
        }
        for pack in packs {
            let later = time + self.chance.between(600, 7_200);
            self.record(Event::inspect(later, site, 9, Epc::Pack(pack)));
            let product = self.lots[pack.lot as usize].product;
            self.bins[site][product].loose.push_back(pack);
        }
    }
}
