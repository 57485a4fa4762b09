//! Attacks on the trade itself: goods that go where they should not, sold by those who may not.

use super::plan::Plan;
use crate::event::{Epc, Pack, SiteId};
use crate::network::Role;

impl Plan<'_, '_> {
    pub(super) fn rare_transition(&mut self) -> Option<Vec<Epc>> {
        let (seller, packs) = self.on_shelf(2, |site| site.role == Role::Pharmacy)?;
        let network = self.world.network;
        let buyer = self.site(|id, site| site.role == Role::Pharmacy && !network.same_country(id, seller))?;
        let epcs: Vec<Epc> = packs.iter().copied().map(Epc::Pack).collect();
        self.take(&epcs, self.tomorrow);
        let arrived = self.hand_over(seller, buyer, 0, &epcs);
        for epc in &epcs {
            let time = self.at(buyer, arrived, (9, 18));
            self.sell(buyer, time, epc);
        }
        self.name_lot(packs[0].lot);
        Some(epcs)
    }

    pub(super) fn resold_empties(&mut self) -> Option<Vec<Epc>> {
        let (first, home, _) = self.dispensed()?;
        let network = self.world.network;
        let near = |site: SiteId| network.same_country(site, home);
        let others =
            self.memory.dispensed.iter().filter(|(pack, site, _)| near(*site) && self.is_free(&Epc::Pack(*pack)));
        let mut packs: Vec<Pack> = others.map(|(pack, ..)| *pack).collect();
        self.chance.shuffle(&mut packs);
        packs.truncate(5);
        packs.retain(|pack| *pack != first);
        packs.push(first);
        let collector = self.site(|id, site| site.role == Role::Pharmacy && near(id))?;
        let buyer = self.site(|id, site| site.role == Role::Pharmacy && id != collector && id != home)?;
        let epcs: Vec<Epc> = packs.into_iter().map(Epc::Pack).collect();
        self.take(&epcs, self.tomorrow);
        let day = self.chance.between(2, 8);
        let arrived = self.hand_over(collector, buyer, day, &epcs);
        for epc in &epcs {
            let time = self.at(buyer, arrived, (9, 18));
            self.sell(buyer, time, epc);
        }
        self.name_lot(first.lot);
        Some(epcs)
    }

    pub(super) fn diversion(&mut self) -> Option<Vec<Epc>> {
        let (depot, case) = self.in_depot()?;
        let abroad = self.foreign_wholesaler(depot)?;
        let network = self.world.network;
        let buyer = self.site(|id, site| site.role == Role::Pharmacy && network.same_country(id, abroad))?;
        let container = Epc::Container(case.container);
        let packs = case.children();
        self.take(std::slice::from_ref(&container), self.tomorrow);
        self.take(&packs, self.tomorrow);
        let arrived = self.hand_over(depot, abroad, 0, std::slice::from_ref(&container));
        let time = self.at(abroad, arrived, (9, 12));
        let event = crate::event::Event::new(crate::event::Step::Unpacking, time, abroad, packs.clone());
        self.record(crate::event::Event { parent: Some(container.clone()), ..event });
        let sold = self.hand_over(abroad, buyer, arrived, &packs);
        let later = self.at(buyer, sold, (9, 18));
        self.sell(buyer, later, &packs[0]);
        self.name_lot(case.lot);
        Some([vec![container], packs].concat())
    }

    pub(super) fn colluding_wholesaler(&mut self) -> Option<Vec<Epc>> {
        let place = self.chance.below(self.memory.shipped.len());
        let depot = self.memory.shipped.get(place)?.1;
        if self.world.network.sites[depot].role != Role::Wholesaler {
            return None;
        }
        let own = self.memory.shipped.iter().filter(|(pack, from)| *from == depot && self.is_free(&Epc::Pack(*pack)));
        let mut packs: Vec<Pack> = own.map(|(pack, _)| *pack).collect();
        self.chance.shuffle(&mut packs);
        packs.truncate(24);
        if packs.len() < 8 {
            return None;
        }
        let mut epcs = Vec::new();
        for (week, group) in packs.chunks(8).enumerate() {
            let group: Vec<Epc> = group.iter().copied().map(Epc::Pack).collect();
            let buyer = self.buyer_of(depot)?;
            let day = 4 * i64::try_from(week).ok()?;
            let arrived = self.hand_over(depot, buyer, day, &group);
            for epc in group.iter().take(3) {
                let time = self.at(buyer, arrived, (9, 18));
                self.sell(buyer, time, epc);
            }
            epcs.extend(group);
        }
        Some(epcs)
    }

    pub(super) fn order_splitting(&mut self) -> Option<Vec<Epc>> {
        let (depot, case) = self.in_depot()?;
        let buyer = self.buyer_of(depot)?;
        let abroad = self.foreign_wholesaler(depot)?;
        let epcs = case.children();
        self.take(std::slice::from_ref(&Epc::Container(case.container)), self.tomorrow);
        self.take(&epcs, self.tomorrow);
        for order in epcs.chunks(2) {
            let handoff = self.papers(depot, buyer);
            let left = self.at(depot, 0, (18, 20));
            self.ship(handoff, left, order);
            let arrived = self.at(buyer, 1, (6, 8));
            self.receive(handoff, arrived, order);
        }
        self.hand_over(buyer, abroad, 2, &epcs);
        self.name_lot(case.lot);
        Some(epcs)
    }
}
