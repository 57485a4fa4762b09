//! Attacks on who has what: containers, receipts, goods that change hands as nobody said.

use super::plan::Plan;
use crate::event::{Epc, Event, Pack, Step};
use crate::network::Role;

impl Plan<'_, '_> {
    pub(super) fn forged_pedigree(&mut self) -> Option<Vec<Epc>> {
        let (_, case) = self.in_depot()?;
        let count = self.chance.count(3, 8);
        let epcs: Vec<Epc> = case.packs().take(count).map(Epc::Pack).collect();
        let buyer = self.pharmacy()?;
        let supplier = self.world.network.sites[buyer].supplier;
        let named = self.site(|id, site| site.role == Role::Wholesaler && id != supplier)?;
        let handoff = self.papers(named, buyer);
        let day = self.chance.between(0, 2);
        let time = self.at(buyer, day, (6, 8));
        self.take(&epcs, self.tomorrow);
        self.receive(handoff, time, &epcs);
        for epc in &epcs {
            let later = self.at(buyer, day + 1, (9, 18));
            self.sell(buyer, later, epc);
        }
        self.name_lot(case.lot);
        Some(epcs)
    }

    pub(super) fn unauthorised_seller(&mut self) -> Option<Vec<Epc>> {
        let (depot, case) = self.in_depot()?;
        let broker = self.site(|_, site| site.role == Role::Broker)?;
        let buyer = self.pharmacy()?;
        let count = self.chance.count(4, 10);
        let epcs: Vec<Epc> = case.packs().take(count).map(Epc::Pack).collect();
        self.take(&epcs, self.tomorrow);
        let arrived = self.hand_over(depot, broker, 0, &epcs);
        let sold = self.hand_over(broker, buyer, arrived, &epcs);
        let time = self.at(buyer, sold, (9, 18));
        self.scan(buyer, time, &epcs[0]);
        self.name_lot(case.lot);
        Some(epcs)
    }

    pub(super) fn stolen_laundered(&mut self) -> Option<Vec<Epc>> {
        let count = self.chance.count(3, 6);
        let (hospital, packs) = self.on_shelf(count, |site| site.role == Role::Hospital)?;
        let fence = self.foreign_wholesaler(hospital)?;
        let broker = self.site(|_, site| site.role == Role::Broker)?;
        let network = self.world.network;
        let buyer = self.site(|id, site| site.role == Role::Pharmacy && network.same_country(id, fence))?;
        let epcs: Vec<Epc> = packs.iter().copied().map(Epc::Pack).collect();
        self.take(&epcs, self.tomorrow);
        let day = self.chance.between(2, 6);
        let handoff = self.papers(broker, fence);
        let time = self.at(fence, day, (6, 8));
        self.receive(handoff, time, &epcs);
        let sold = self.hand_over(fence, buyer, day, &epcs);
        for epc in &epcs {
            let later = self.at(buyer, sold, (9, 18));
            self.sell(buyer, later, epc);
        }
        self.name_lot(packs[0].lot);
        Some(epcs)
    }

    pub(super) fn tampered_aggregation(&mut self) -> Option<Vec<Epc>> {
        let (depot, case) = self.in_depot()?;
        let children: Vec<Epc> = case.packs().take(self.chance.count(2, 6)).map(Epc::Pack).collect();
        let second = Epc::Container(self.container());
        let time = self.at(depot, 0, (9, 15));
        self.take(&children, self.tomorrow);
        self.take(&[Epc::Container(case.container)], self.tomorrow);
        let event = Event::new(Step::Packing, time, depot, children.clone());
        self.record(Event { parent: Some(second.clone()), ..event });
        let buyer = self.site(|_, site| site.role == Role::Hospital)?;
        let arrived = self.hand_over(depot, buyer, 0, std::slice::from_ref(&second));
        let opened = self.at(buyer, arrived, (9, 10));
        let event = Event::new(Step::Unpacking, opened, buyer, children.clone());
        self.record(Event { parent: Some(second.clone()), ..event });
        self.name_lot(case.lot);
        Some([vec![second, Epc::Container(case.container)], children].concat())
    }

    pub(super) fn swapped_case(&mut self) -> Option<Vec<Epc>> {
        let (depot, first) = self.in_depot()?;
        let pairs = self.world.bins[depot].iter().filter_map(|bin| bin.cases.back());
        let others: Vec<_> = pairs.filter(|case| case.container != first.container && case.lot != first.lot).collect();
        let second = **self.chance.pick(&others)?;
        if !self.is_free(&Epc::Container(second.container))
            || !second.packs().all(|pack| self.is_free(&Epc::Pack(pack)))
        {
            return None;
        }
        let cases = [Epc::Container(first.container), Epc::Container(second.container)];
        self.take(&cases, self.tomorrow);
        let packs: Vec<Epc> = first.packs().chain(second.packs()).map(Epc::Pack).collect();
        self.take(&packs, self.tomorrow);
        for (parent, content) in [(&cases[0], second), (&cases[1], first)] {
            let time = self.at(depot, 1, (9, 15));
            let event = Event::new(Step::Unpacking, time, depot, content.children());
            self.record(Event { parent: Some(parent.clone()), ..event });
        }
        self.name_lot(first.lot);
        Some([cases.to_vec(), packs].concat())
    }

    pub(super) fn overage(&mut self) -> Option<Vec<Epc>> {
        let (depot, case) = self.in_depot()?;
        let (elsewhere, extra) = self.in_depot()?;
        if elsewhere == depot || extra.container == case.container {
            return None;
        }
        let buyer = self.buyer_of(depot)?;
        let count = self.chance.count(4, 8);
        let shipped: Vec<Epc> = case.packs().take(count).map(Epc::Pack).collect();
        let over: Vec<Epc> = extra.packs().take(self.chance.count(2, 4)).map(Epc::Pack).collect();
        self.take(&shipped, self.tomorrow);
        self.take(&over, self.tomorrow);
        let handoff = self.papers(depot, buyer);
        let left = self.at(depot, 0, (18, 20));
        self.ship(handoff, left, &shipped);
        let arrived = self.at(buyer, 1, (6, 8));
        self.receive(handoff, arrived, &[shipped, over.clone()].concat());
        self.name_lot(extra.lot);
        Some(over)
    }

    pub(super) fn shortage(&mut self) -> Option<Vec<Epc>> {
        let (depot, case) = self.in_depot()?;
        let buyer = self.buyer_of(depot)?;
        let packs: Vec<Pack> = case.packs().collect();
        let epcs: Vec<Epc> = packs.iter().copied().map(Epc::Pack).collect();
        let missing = epcs.len() / 3 + self.chance.below(epcs.len() / 3 + 1);
        self.take(&epcs, self.tomorrow);
        let handoff = self.papers(depot, buyer);
        let left = self.at(depot, 0, (18, 20));
        self.ship(handoff, left, &epcs);
        let arrived = self.at(buyer, 1, (6, 8));
        self.receive(handoff, arrived, &epcs[missing..]);
        self.name_lot(case.lot);
        Some(epcs[..missing].to_vec())
    }

    /// A pharmacy that the wholesaler serves.
    pub(super) fn buyer_of(&mut self, depot: usize) -> Option<usize> {
        self.site(|_, site| site.role == Role::Pharmacy && site.supplier == depot)
    }
}
