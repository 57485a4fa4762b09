//! The counters of pharmacies and the wards of hospitals.

use super::{Goods, HOUR, World};
use crate::event::{Epc, Event, Pack, Scan, SiteId, Step};
use crate::network::Role;
use crate::options::OPENING_DAYS;
use crate::stock::{Closing, Spell};

/// Share of dispenses that are undone within the hour.
const UNDONE: f64 = 0.001;
/// Probability that a site sends packs back on a day.
const SENT_BACK: f64 = 0.04;

impl World<'_> {
    /// Dispenses what is asked for, as far as it is there.
    pub(super) fn serve(&mut self) {
        for site in 0..self.shelves.len() {
            for index in 0..self.shelves[site].len() {
                let listing = &self.network.listings[site][index];
                let wanted = self.demand.draw(site, listing, self.network, self.day, &mut self.chance);
                if wanted > 0 || self.options.stock {
                    self.serve_listing(site, index, wanted);
                }
            }
        }
    }

    fn serve_listing(&mut self, site: SiteId, index: usize, wanted: u32) {
        let (mut given, mut expired) = (Vec::new(), Vec::new());
        while given.len() < wanted as usize {
            let Some(pack) = self.shelves[site][index].packs.pop_front() else { break };
            let list = if self.may_be_given(pack) { &mut given } else { &mut expired };
            list.push(pack);
        }
        // Left for the sweep that destroys what has expired.
        expired.into_iter().rev().for_each(|pack| self.shelves[site][index].packs.push_front(pack));
        let dispensed = u32::try_from(given.len()).unwrap_or(u32::MAX);
        if self.network.sites[site].role == Role::Hospital {
            self.supply_ward(site, given);
        } else {
            let undone: Vec<Pack> = given.into_iter().filter(|pack| self.dispense(site, *pack)).collect();
            for pack in undone {
                self.shelves[site][index].packs.push_front(pack);
            }
        }
        self.note_closing(site, index, wanted, dispensed);
    }

    /// Whether a pack keeps for longer than a day.
    fn may_be_given(&self, pack: Pack) -> bool {
        self.lots[pack.lot as usize].expiry > self.day + 1
    }

    /// One pack over the counter. Whether it came back at once.
    fn dispense(&mut self, site: SiteId, pack: Pack) -> bool {
        let time = self.moment(site, 9 * HOUR, 19 * HOUR);
        let terminal = if self.chance.happens(0.6) { 1 } else { 2 };
        self.record(Event::inspect(time, site, terminal, Epc::Pack(pack)));
        let given = time + self.chance.between(20, 90);
        self.record(Event::new(Step::Dispense, given, site, vec![Epc::Pack(pack)]));
        let undone = self.chance.happens(UNDONE);
        if undone {
            let later = given + self.chance.between(300, 3_600);
            self.record(Event::new(Step::Undo, later, site, vec![Epc::Pack(pack)]));
        }
        undone
    }

    /// Packs for a ward, scanned and given out together.
    fn supply_ward(&mut self, site: SiteId, given: Vec<Pack>) {
        if given.is_empty() {
            return;
        }
        let epcs: Vec<Epc> = given.into_iter().map(Epc::Pack).collect();
        let time = self.moment(site, 9 * HOUR, 18 * HOUR);
        let scan = Some(Box::new(Scan::AsPrinted));
        self.record(Event { scan, ..Event::new(Step::Inspect, time, site, epcs.clone()) });
        let later = time + self.chance.between(60, 600);
        self.record(Event::new(Step::Dispense, later, site, epcs));
    }

    fn note_closing(&mut self, site: SiteId, index: usize, demand: u32, dispensed: u32) {
        if !self.options.stock {
            return;
        }
        let product = self.network.listings[site][index].product;
        let packs = &self.shelves[site][index].packs;
        let on_hand = packs.iter().filter(|pack| self.may_be_given(**pack)).count();
        let on_hand = u32::try_from(on_hand).unwrap_or(u32::MAX);
        self.closings.push(Closing { product, site, day: self.day, demand, dispensed, on_hand });
    }

    /// Keeps account of the times without stock.
    pub(super) fn close(&mut self) {
        if self.day < OPENING_DAYS {
            return;
        }
        for closing in &self.closings {
            let Closing { product, site, day, demand, dispensed, on_hand } = *closing;
            let index = self.network.listings[site].binary_search_by_key(&product, |listing| listing.product);
            let held = &mut self.shelves[site][index.expect("what closes is listed")];
            if on_hand > 0 {
                self.spells.extend(held.spell.take());
            } else {
                let spell = held.spell.get_or_insert(Spell { product, site, from: day, to: day, lost: 0 });
                spell.to = day;
                spell.lost += demand - dispensed;
            }
        }
    }

    /// Some sites send packs back that they do not need.
    pub(super) fn send_back(&mut self) {
        for site in 0..self.shelves.len() {
            if self.shelves[site].is_empty() || !self.chance.happens(SENT_BACK) {
                continue;
            }
            let index = self.chance.below(self.shelves[site].len());
            let count = self.chance.count(1, 3);
            let rate = self.network.listings[site][index].rate;
            let packs = &mut self.shelves[site][index].packs;
            if packs.len() <= count + 4 || crate::chance::number(packs.len()) < 3.0 * rate {
                continue;
            }
            let packs = packs.split_off(packs.len() - count).into();
            let days = u32::try_from(self.chance.between(1, 3)).unwrap_or(1);
            let goods = Goods { packs, ..Goods::default() };
            self.send(site, self.network.sites[site].supplier, goods, days, true);
        }
    }
}
