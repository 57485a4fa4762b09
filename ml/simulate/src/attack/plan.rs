//! What attacks are made of: scans, dispenses, handoffs, and where their packs come from.

use std::collections::HashMap;

use super::{Ids, Memory};
use crate::chance::Chance;
use crate::event::{DAY, Epc, Event, Handoff, Moment, Pack, Scan, SiteId, Step};
use crate::name::base36;
use crate::network::{Role, Site};
use crate::pattern::Pattern;
use crate::world::{Case, World};

/// How often a place that may not fit is drawn again.
const TRIES: usize = 60;

/// An attack in the making.
pub(super) struct Plan<'p, 'w> {
    pub(super) world: &'p World<'w>,
    pub(super) chance: &'p mut Chance,
    pub(super) memory: &'p Memory,
    taken_before: &'p HashMap<Epc, Moment>,
    ids: &'p mut Ids,
    /// Midnight of the first day on which it can begin.
    pub(super) tomorrow: Moment,
    events: Vec<Event>,
    taken: Vec<(Epc, Moment)>,
    pub(super) lot: Option<String>,
}

impl<'p, 'w> Plan<'p, 'w> {
    pub(super) fn new(
        world: &'p World<'w>,
        chance: &'p mut Chance,
        memory: &'p Memory,
        taken_before: &'p HashMap<Epc, Moment>,
        ids: &'p mut Ids,
    ) -> Self {
        let tomorrow = world.midnight() + DAY;
        Self { world, chance, memory, taken_before, ids, tomorrow, events: Vec::new(), taken: Vec::new(), lot: None }
    }

    pub(super) fn into_parts(self) -> (Vec<Event>, Vec<(Epc, Moment)>, Option<String>) {
        (self.events, self.taken, self.lot)
    }

    /// Plans an attack: what it is about, or nothing where the circumstances do not allow it now.
    pub(super) fn attempt(&mut self, pattern: Pattern) -> Option<Vec<Epc>> {
        match pattern {
            Pattern::UnknownSerial => self.unknown_serial(),
            Pattern::GuessedSerials => self.guessed_serials(),
            Pattern::FastClone => self.fast_clone(),
            Pattern::SlowClone => self.slow_clone(),
            Pattern::ReplayedDispensed => self.replayed_dispensed(),
            Pattern::RelabelledExpiry => self.relabelled_expiry(),
            Pattern::BatchMismatch => self.batch_mismatch(),
            Pattern::RepeatedState => self.repeated_state(),
            Pattern::UndoAbuse => self.undo_abuse(),
            Pattern::ImpossibleTravel => self.impossible_travel(),
            Pattern::RareTransition => self.rare_transition(),
            Pattern::ForgedPedigree => self.forged_pedigree(),
            Pattern::UnauthorisedSeller => self.unauthorised_seller(),
            Pattern::ResoldEmpties => self.resold_empties(),
            Pattern::StolenLaundered => self.stolen_laundered(),
            Pattern::Diversion => self.diversion(),
            Pattern::TamperedAggregation => self.tampered_aggregation(),
            Pattern::SwappedCase => self.swapped_case(),
            Pattern::ShippedUncommissioned => self.shipped_uncommissioned(),
            Pattern::CommissionedTwice => self.commissioned_twice(),
            Pattern::Overage => self.overage(),
            Pattern::Shortage => self.shortage(),
            Pattern::ShortageFalsified => self.shortage_falsified(),
            Pattern::SerialProbing => self.serial_probing(),
            Pattern::ExpiredMoving => self.expired_moving(),
            Pattern::RecalledMoving => self.recalled_moving(),
            Pattern::ColludingWholesaler => self.colluding_wholesaler(),
            Pattern::OrderSplitting => self.order_splitting(),
        }
    }

    /// A local time of a day, counted from tomorrow, between two hours.
    pub(super) fn at(&mut self, site: SiteId, days: i64, hours: (i64, i64)) -> Moment {
        let seconds = self.chance.between(hours.0 * 3_600, hours.1 * 3_600);
        self.world.network.sites[site].at(self.tomorrow + days * DAY, seconds)
    }

    pub(super) fn record(&mut self, mut event: Event) {
        self.ids.events += 1;
        event.id = self.ids.events;
        event.recorded = event.time + self.chance.between(1, 30);
        self.events.push(event);
    }

    pub(super) fn scan(&mut self, site: SiteId, time: Moment, epc: &Epc) {
        self.record(Event::inspect(time, site, 1, epc.clone()));
    }

    pub(super) fn scan_as(&mut self, site: SiteId, time: Moment, epc: &Epc, lot: &str, expiry: &str) {
        let scan = Scan::Read { lot: Some(lot.into()), expiry: expiry.into() };
        let event = Event::inspect(time, site, 1, epc.clone());
        self.record(Event { scan: Some(Box::new(scan)), ..event });
    }

    pub(super) fn dispense(&mut self, site: SiteId, time: Moment, epc: &Epc) {
        self.record(Event::new(Step::Dispense, time, site, vec![epc.clone()]));
    }

    /// Scanned and given out, as at any counter.
    pub(super) fn sell(&mut self, site: SiteId, time: Moment, epc: &Epc) {
        self.scan(site, time, epc);
        let later = time + self.chance.between(20, 90);
        self.dispense(site, later, epc);
    }

    pub(super) fn papers(&mut self, from: SiteId, to: SiteId) -> Handoff {
        self.ids.papers += 1;
        Handoff { from, to, papers: self.ids.papers }
    }

    pub(super) fn container(&mut self) -> u64 {
        self.ids.containers += 1;
        self.ids.containers
    }

    pub(super) fn ship(&mut self, handoff: Handoff, time: Moment, epcs: &[Epc]) {
        let event = Event::new(Step::Ship, time, handoff.from, epcs.to_vec());
        self.record(Event { handoff: Some(handoff), ..event });
    }

    pub(super) fn receive(&mut self, handoff: Handoff, time: Moment, epcs: &[Epc]) {
        let event = Event::new(Step::Receive, time, handoff.to, epcs.to_vec());
        self.record(Event { handoff: Some(handoff), ..event });
    }

    /// Shipped in the evening of a day and received some days later. The day after that.
    pub(super) fn hand_over(&mut self, from: SiteId, to: SiteId, day: i64, epcs: &[Epc]) -> i64 {
        let handoff = self.papers(from, to);
        let left = self.at(from, day, (18, 20));
        self.ship(handoff, left, epcs);
        let arrives = day + self.chance.between(1, 3);
        let time = self.at(to, arrives, (6, 8));
        self.receive(handoff, time, epcs);
        arrives
    }

    /// Makes things disappear from where honest trade would have had them.
    pub(super) fn take(&mut self, epcs: &[Epc], since: Moment) {
        self.taken.extend(epcs.iter().map(|epc| (epc.clone(), since)));
    }

    pub(super) fn is_free(&self, epc: &Epc) -> bool {
        !self.taken_before.contains_key(epc) && !self.taken.iter().any(|(taken, _)| taken == epc)
    }

    /// The lot of the packs becomes the lot of the case.
    pub(super) fn name_lot(&mut self, lot: u32) {
        self.lot = Some(self.world.names().lot(lot));
    }

    /// A site that fits, if one is found soon.
    pub(super) fn site(&mut self, fits: impl Fn(SiteId, &Site) -> bool) -> Option<SiteId> {
        let sites = &self.world.network.sites;
        for _ in 0..TRIES {
            let site = self.chance.below(sites.len());
            if fits(site, &sites[site]) {
                return Some(site);
            }
        }
        sites.iter().enumerate().find(|(id, site)| fits(*id, site)).map(|(id, _)| id)
    }

    pub(super) fn pharmacy(&mut self) -> Option<SiteId> {
        self.site(|_, site| site.role == Role::Pharmacy)
    }

    /// A wholesaler in another country.
    pub(super) fn foreign_wholesaler(&mut self, home: SiteId) -> Option<SiteId> {
        let network = self.world.network;
        self.site(|id, site| site.role == Role::Wholesaler && !network.same_country(id, home))
    }

    /// Packs of one lot that lie on the shelf of a site that fits, those that would be given out last.
    pub(super) fn on_shelf(&mut self, count: usize, fits: impl Fn(&Site) -> bool) -> Option<(SiteId, Vec<Pack>)> {
        for _ in 0..TRIES {
            let site = self.chance.below(self.world.network.sites.len());
            if !fits(&self.world.network.sites[site]) || self.world.shelves[site].is_empty() {
                continue;
            }
            let index = self.chance.below(self.world.shelves[site].len());
            let packs = &self.world.shelves[site][index].packs;
            let Some(last) = packs.back() else { continue };
            let same: Vec<Pack> =
                packs.iter().rev().take_while(|pack| pack.lot == last.lot).take(count).copied().collect();
            if same.len() == count && same.iter().all(|pack| self.is_free(&Epc::Pack(*pack))) {
                return Some((site, same));
            }
        }
        None
    }

    /// A case that lies at a wholesaler, the one that would be sold last.
    pub(super) fn in_depot(&mut self) -> Option<(SiteId, Case)> {
        for _ in 0..TRIES {
            let site = self.site(|_, site| site.role == Role::Wholesaler)?;
            let product = self.chance.below(self.world.bins[site].len());
            let Some(case) = self.world.bins[site][product].cases.back() else { continue };
            let whole = self.is_free(&Epc::Container(case.container));
            if whole && case.packs().all(|pack| self.is_free(&Epc::Pack(pack))) {
                return Some((site, *case));
            }
        }
        None
    }

    /// A pack that was dispensed lately.
    pub(super) fn dispensed(&mut self) -> Option<(Pack, SiteId, Moment)> {
        for _ in 0..TRIES {
            let place = self.chance.below(self.memory.dispensed.len());
            let found = *self.memory.dispensed.get(place)?;
            if self.is_free(&Epc::Pack(found.0)) {
                return Some(found);
            }
        }
        None
    }

    /// Characters of serial numbers at random.
    pub(super) fn characters(&mut self, count: usize) -> String {
        let value = self.chance.between(0, i64::MAX).unsigned_abs();
        base36(u128::from(value), count)
    }

    /// A serial number of the product that nobody issued.
    pub(super) fn invented(&mut self, product: usize) -> Epc {
        let serial = self.characters(12);
        Epc::Invented(self.world.names().sgtin(product, &serial).into())
    }
}
