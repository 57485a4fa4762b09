//! What must not reach patients any more: recalled and expired.

use super::{Case, Goods, HOUR, Quarantine, World};
use crate::event::{Event, Pack, SiteId, Step};
use crate::network::Product;

/// Mean days between two recalls.
const RECALL_DAYS: f64 = 40.0;
/// The first one comes on this day, so that short runs have one.
const FIRST_RECALL: u32 = 10;
/// Days before its expiry from which a pack is sorted out; a sweep comes once a week.
const EXPIRY_MARGIN_DAYS: u32 = 9;
/// EPCs of one event of destruction, at most.
const DESTROYED_AT_ONCE: usize = 500;

impl World<'_> {
    /// Now and then a maker recalls a lot; whoever has some sets it apart.
    pub(super) fn recall(&mut self) {
        let due = self.chance.happens(1.0 / RECALL_DAYS) && self.day > FIRST_RECALL;
        if self.lots.is_empty() || !(due || self.day == FIRST_RECALL) {
            return;
        }
        let stocked: Vec<u32> =
            self.shelves.iter().flatten().filter_map(|shelf| shelf.packs.front()).map(|pack| pack.lot).collect();
        let Some(lot) = self.chance.pick(&stocked).copied() else { return };
        self.recalled.insert(lot);
        let maker = self.network.products[self.lots[lot as usize].product].maker;
        let event = Event::new(Step::Recall, self.midnight + 600, maker, Vec::new());
        self.record(Event { lot: Some(lot), ..event });
        let (mut set_apart, product) = (Vec::new(), self.lots[lot as usize].product);
        for site in 0..self.shelves.len() {
            let goods = self.set_apart(site, product, |held| held == lot);
            if !goods.is_empty() {
                set_apart.push(Quarantine { site, goods });
            }
        }
        self.finished[product].retain(|case| case.lot != lot);
        for quarantine in set_apart {
            let due = self.day + u32::try_from(self.chance.between(2, 5)).unwrap_or(2);
            self.quarantine.entry(due).or_default().push(quarantine);
        }
    }

    /// Takes packs and cases of some lots of a product off a site's stock.
    fn set_apart(&mut self, site: SiteId, product: usize, of: impl Fn(u32) -> bool) -> Goods {
        let mut goods = Goods::default();
        if let Some(index) = self.listing(site, product) {
            let packs = std::mem::take(&mut self.shelves[site][index].packs);
            let (out, kept): (Vec<Pack>, Vec<Pack>) = packs.into_iter().partition(|pack| of(pack.lot));
            self.shelves[site][index].packs = kept.into();
            goods.packs.extend(out);
        }
        if let Some(bin) = self.bins[site].get_mut(product) {
            let (out, kept): (Vec<Case>, Vec<Case>) =
                std::mem::take(&mut bin.cases).into_iter().partition(|case| of(case.lot));
            bin.cases = kept.into();
            goods.cases.extend(out);
            let (out, kept): (Vec<Pack>, Vec<Pack>) =
                std::mem::take(&mut bin.loose).into_iter().partition(|pack| of(pack.lot));
            bin.loose = kept.into();
            goods.packs.extend(out);
        }
        goods
    }

    /// Once a week each site destroys what has expired.
    pub(super) fn destroy_expired(&mut self) {
        let limit = self.day + EXPIRY_MARGIN_DAYS;
        if !self.lots.iter().any(|lot| lot.expiry <= limit) {
            return;
        }
        let expires = |product: &Product| product.shelf_days < self.options.days;
        let products: Vec<usize> =
            (0..self.network.products.len()).filter(|index| expires(&self.network.products[*index])).collect();
        for site in 0..self.shelves.len() {
            if !(site + self.day as usize).is_multiple_of(7) {
                continue;
            }
            for product in &products {
                let lots = std::mem::take(&mut self.lots);
                let goods = self.set_apart(site, *product, |lot| lots[lot as usize].expiry <= limit);
                self.lots = lots;
                self.destroy(site, &goods);
            }
        }
    }

    /// Destroys what was set apart long enough.
    pub(super) fn destroy_quarantined(&mut self) {
        for Quarantine { site, goods } in self.quarantine.remove(&self.day).unwrap_or_default() {
            self.destroy(site, &goods);
        }
    }

    fn destroy(&mut self, site: SiteId, goods: &Goods) {
        for epcs in goods.top().chunks(DESTROYED_AT_ONCE) {
            let time = self.moment(site, 20 * HOUR, 21 * HOUR);
            self.record(Event::new(Step::Destroy, time, site, epcs.to_vec()));
        }
    }
}
