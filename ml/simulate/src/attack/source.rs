//! Attacks at the source: commissioning, and packs that must not move any more.

use super::plan::Plan;
use crate::event::{Epc, Event, Pack, SiteId, Step};
use crate::network::Role;

/// How many days ahead a pack is looked for that will have expired.
const EXPIRES_WITHIN_DAYS: u32 = 14;

impl Plan<'_, '_> {
    pub(super) fn shipped_uncommissioned(&mut self) -> Option<Vec<Epc>> {
        let product = self.chance.below(self.world.network.products.len());
        let (maker, depot) =
            (self.world.network.products[product].maker, self.site(|_, site| site.role == Role::Wholesaler)?);
        let count = self.chance.count(10, 20);
        let epcs: Vec<Epc> = (0..count).map(|_| self.invented(product)).collect();
        self.hand_over(maker, depot, 0, &epcs);
        Some(epcs)
    }

    pub(super) fn commissioned_twice(&mut self) -> Option<Vec<Epc>> {
        let (_, case) = self.in_depot()?;
        let maker = self.world.network.products[self.world.lots[case.lot as usize].product].maker;
        let time = self.at(maker, 0, (6, 15));
        let epcs = case.children();
        let event = Event::new(Step::Commission, time, maker, epcs.clone());
        self.record(Event { lot: Some(case.lot), ..event });
        self.name_lot(case.lot);
        Some(epcs)
    }

    pub(super) fn expired_moving(&mut self) -> Option<Vec<Epc>> {
        let today = self.world.today();
        let mut found: Vec<(SiteId, Pack)> = Vec::new();
        for (site, shelves) in self.world.shelves.iter().enumerate() {
            let packs = shelves.iter().filter_map(|shelf| shelf.packs.back().map(|pack| (site, *pack)));
            let expires = |pack: &Pack| self.world.lots[pack.lot as usize].expiry <= today + EXPIRES_WITHIN_DAYS;
            found.extend(packs.filter(|(_, pack)| expires(pack) && self.is_free(&Epc::Pack(*pack))));
        }
        let (site, pack) = *self.chance.pick(&found)?;
        let wait = i64::from(self.world.lots[pack.lot as usize].expiry.saturating_sub(today)) + 1;
        self.move_on(site, pack, wait)
    }

    pub(super) fn recalled_moving(&mut self) -> Option<Vec<Epc>> {
        let set_apart = self.world.quarantine.values().flatten();
        let packs = set_apart.flat_map(|held| held.goods.packs.iter().map(|pack| (held.site, *pack)));
        let recalled = |pack: &Pack| self.world.is_recalled(pack.lot) && self.is_free(&Epc::Pack(*pack));
        let found: Vec<(SiteId, Pack)> = packs.filter(|(_, pack)| recalled(pack)).collect();
        let (site, pack) = *self.chance.pick(&found)?;
        self.move_on(site, pack, 0)
    }

    /// A site sends on what it should destroy, and another gives it out.
    fn move_on(&mut self, site: SiteId, pack: Pack, day: i64) -> Option<Vec<Epc>> {
        let buyer = self.site(|id, other| other.role == Role::Pharmacy && id != site)?;
        let epc = Epc::Pack(pack);
        self.take(std::slice::from_ref(&epc), self.tomorrow);
        let arrived = self.hand_over(site, buyer, day, std::slice::from_ref(&epc));
        let time = self.at(buyer, arrived, (9, 18));
        self.sell(buyer, time, &epc);
        self.name_lot(pack.lot);
        Some(vec![epc])
    }
}
