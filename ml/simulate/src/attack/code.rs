//! Attacks on the code on the pack: invented, copied, altered, tried out.

use super::plan::Plan;
use crate::event::{Epc, Event, SiteId, Step};
use crate::network::Role;

impl Plan<'_, '_> {
    pub(super) fn unknown_serial(&mut self) -> Option<Vec<Epc>> {
        let product = self.chance.below(self.world.network.products.len());
        // Real lot numbers begin with a letter.
        let lot = format!("7{}", self.characters(5));
        let expiry = self.world.names().day(self.world.today() + 500).to_string();
        let count = self.chance.count(1, 3);
        let epcs: Vec<Epc> = (0..count).map(|_| self.invented(product)).collect();
        let site = self.pharmacy()?;
        for epc in &epcs {
            let time = self.at(site, 0, (9, 18));
            self.scan_as(site, time, epc, &lot, &expiry);
        }
        self.lot = Some(lot);
        Some(epcs)
    }

    pub(super) fn guessed_serials(&mut self) -> Option<Vec<Epc>> {
        let (_, packs) = self.on_shelf(1, |site| site.role == Role::Pharmacy)?;
        let names = self.world.names();
        let (lot, serial) = (packs[0].lot, names.serial(packs[0]));
        let product = self.world.lots[lot as usize].product;
        let count = self.chance.count(6, 16);
        let mut epcs: Vec<Epc> = Vec::new();
        for _ in 0..count {
            let guess = format!("{}{}", &serial[..8], self.characters(4));
            if guess != serial {
                epcs.push(Epc::Invented(names.sgtin(product, &guess).into()));
            }
        }
        epcs.sort_by_key(|epc| names.uri(epc));
        epcs.dedup();
        for epc in &epcs {
            let (site, day) = (self.pharmacy()?, self.chance.between(0, 4));
            let time = self.at(site, day, (9, 18));
            self.scan_as(site, time, epc, &names.lot(lot), &names.expiry(lot).to_string());
        }
        self.name_lot(lot);
        Some(epcs)
    }

    pub(super) fn fast_clone(&mut self) -> Option<Vec<Epc>> {
        let (_, packs) = self.on_shelf(1, |site| site.role == Role::Pharmacy)?;
        let epc = Epc::Pack(packs[0]);
        for site in self.different_pharmacies(4, 8) {
            let time = self.at(site, 0, (9, 18));
            if self.chance.happens(0.5) { self.sell(site, time, &epc) } else { self.scan(site, time, &epc) }
        }
        self.name_lot(packs[0].lot);
        Some(vec![epc])
    }

    pub(super) fn slow_clone(&mut self) -> Option<Vec<Epc>> {
        let (_, packs) = self.on_shelf(1, |site| site.role == Role::Pharmacy)?;
        let epc = Epc::Pack(packs[0]);
        let sites = self.different_pharmacies(3, 5);
        let mut day = 0;
        for (place, site) in sites.iter().enumerate() {
            let time = self.at(*site, day, (9, 18));
            if place + 1 == sites.len() {
                self.sell(*site, time, &epc);
            } else {
                self.scan(*site, time, &epc);
            }
            // A lorry needs that long from anywhere to anywhere.
            day += self.chance.between(3, 7);
        }
        self.name_lot(packs[0].lot);
        Some(vec![epc])
    }

    fn different_pharmacies(&mut self, low: usize, high: usize) -> Vec<SiteId> {
        let wanted = self.chance.count(low, high);
        let mut sites: Vec<SiteId> = (0..4 * wanted).filter_map(|_| self.pharmacy()).collect();
        let mut seen = std::collections::BTreeSet::new();
        sites.retain(|site| seen.insert(*site));
        sites.truncate(wanted);
        sites
    }

    pub(super) fn replayed_dispensed(&mut self) -> Option<Vec<Epc>> {
        let (pack, home, _) = self.dispensed()?;
        let epc = Epc::Pack(pack);
        let site = self.site(|id, site| site.role == Role::Pharmacy && id != home)?;
        let day = self.chance.between(1, 14);
        let time = self.at(site, day, (9, 18));
        self.scan(site, time, &epc);
        self.take(std::slice::from_ref(&epc), self.tomorrow);
        self.name_lot(pack.lot);
        Some(vec![epc])
    }

    pub(super) fn relabelled_expiry(&mut self) -> Option<Vec<Epc>> {
        let (site, packs) = self.on_shelf(3, |site| site.role == Role::Pharmacy)?;
        let names = self.world.names();
        let lot = packs[0].lot;
        let expiry = self.world.lots[lot as usize].expiry;
        let later = names.day(expiry + 365 + 30 * u32::try_from(self.chance.below(12)).unwrap_or(0)).to_string();
        self.misprinted(site, packs, &names.lot(lot), &later)
    }

    pub(super) fn batch_mismatch(&mut self) -> Option<Vec<Epc>> {
        let (site, packs) = self.on_shelf(2, |site| site.role == Role::Pharmacy)?;
        let names = self.world.names();
        let (lot, product) = (packs[0].lot, self.world.lots[packs[0].lot as usize].product);
        let same = |index: &usize| self.world.lots[*index].product == product && *index != lot as usize;
        let others: Vec<usize> = (0..self.world.lots.len()).filter(same).collect();
        let other = u32::try_from(*self.chance.pick(&others)?).ok()?;
        self.misprinted(site, packs, &names.lot(other), &names.expiry(lot).to_string())
    }

    /// Packs on a shelf whose print is not theirs; they leave it by these scans.
    fn misprinted(
        &mut self,
        site: SiteId,
        packs: Vec<crate::event::Pack>,
        lot: &str,
        expiry: &str,
    ) -> Option<Vec<Epc>> {
        self.name_lot(packs.first()?.lot);
        let epcs: Vec<Epc> = packs.into_iter().map(Epc::Pack).collect();
        self.take(&epcs, self.tomorrow);
        for epc in &epcs {
            let time = self.at(site, 0, (9, 18));
            self.scan_as(site, time, epc, lot, expiry);
        }
        Some(epcs)
    }

    pub(super) fn repeated_state(&mut self) -> Option<Vec<Epc>> {
        let (pack, home, _) = self.dispensed()?;
        let epc = Epc::Pack(pack);
        let site = self.site(|id, site| site.role == Role::Pharmacy && id != home)?;
        let day = self.chance.between(0, 3);
        let time = self.at(site, day, (9, 18));
        self.dispense(site, time, &epc);
        self.take(std::slice::from_ref(&epc), self.tomorrow);
        self.name_lot(pack.lot);
        Some(vec![epc])
    }

    pub(super) fn undo_abuse(&mut self) -> Option<Vec<Epc>> {
        let (pack, home, _) = self.dispensed()?;
        let epc = Epc::Pack(pack);
        let late = self.chance.happens(0.5);
        let site = if late { home } else { self.site(|id, site| site.role == Role::Pharmacy && id != home)? };
        let day = if late { self.chance.between(11, 16) } else { self.chance.between(0, 6) };
        let time = self.at(site, day, (9, 16));
        self.record(Event::new(Step::Undo, time, site, vec![epc.clone()]));
        self.sell(site, time + 3_600, &epc);
        self.take(std::slice::from_ref(&epc), self.tomorrow);
        self.name_lot(pack.lot);
        Some(vec![epc])
    }

    pub(super) fn impossible_travel(&mut self) -> Option<Vec<Epc>> {
        let (home, packs) = self.on_shelf(1, |site| site.role == Role::Pharmacy)?;
        let epc = Epc::Pack(packs[0]);
        let network = self.world.network;
        let far = self.site(|id, site| site.role == Role::Pharmacy && network.distance_km(home, id) > 3_000.0)?;
        let time = self.at(home, 0, (11, 16));
        self.scan(home, time, &epc);
        let later = time + self.chance.between(600, 5_400);
        self.scan(far, later, &epc);
        self.take(std::slice::from_ref(&epc), later);
        self.name_lot(packs[0].lot);
        Some(vec![epc])
    }

    pub(super) fn shortage_falsified(&mut self) -> Option<Vec<Epc>> {
        let network = self.world.network;
        let dear = |site: SiteId, index: usize| network.products[network.listings[site][index].product].price >= 12;
        let empty = |site: &SiteId| {
            let shelves = self.world.shelves[*site].iter().enumerate();
            let mut empty = shelves.filter(|(index, shelf)| shelf.packs.is_empty() && dear(*site, *index));
            empty.next().map(|(index, _)| network.listings[*site][index].product)
        };
        let short: Vec<SiteId> = network.of(Role::Pharmacy).filter(|site| empty(site).is_some()).collect();
        let site = *self.chance.pick(&short)?;
        let product = empty(&site)?;
        let lots: Vec<usize> =
            (0..self.world.lots.len()).filter(|lot| self.world.lots[*lot].product == product).collect();
        let lot = u32::try_from(*self.chance.pick(&lots)?).ok()?;
        let names = self.world.names();
        let count = self.chance.count(2, 5);
        let epcs: Vec<Epc> = (0..count).map(|_| self.invented(product)).collect();
        for epc in &epcs {
            let time = self.at(site, 0, (9, 18));
            self.scan_as(site, time, epc, &names.lot(lot), &names.expiry(lot).to_string());
            self.dispense(site, time + 60, epc);
        }
        self.name_lot(lot);
        Some(epcs)
    }

    pub(super) fn serial_probing(&mut self) -> Option<Vec<Epc>> {
        let site = self.pharmacy()?;
        let names = self.world.names();
        let lot = u32::try_from(self.chance.below(self.world.lots.len())).ok()?;
        let product = self.world.lots.get(lot as usize)?.product;
        let (prefix, first) = (self.characters(8), self.chance.between(0, 8_000));
        let count = self.chance.between(25, 60);
        let mut time = self.at(site, 0, (1, 5));
        let mut epcs = Vec::new();
        for number in first..first + count {
            let epc = Epc::Invented(names.sgtin(product, &format!("{prefix}{number:04}")).into());
            self.scan_as(site, time, &epc, &names.lot(lot), &names.expiry(lot).to_string());
            time += self.chance.between(5, 40);
            epcs.push(epc);
        }
        self.name_lot(lot);
        Some(epcs)
    }
}
