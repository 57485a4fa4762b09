//! What all events together say of products, lots, places and parties, found out once for all rules.

use std::sync::OnceLock;

use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;

use super::rare::Handoffs;
use crate::events::{Disposition, EventTable, NO_DAY, NO_TIME, NONE, Role, Row, Step, ThingKind, flag, number};
use crate::history::Histories;
use crate::ways::Ways;

const DAY_MS: i64 = 86_400_000;
/// From this share of places in master data on, a party that is not there is conspicuous.
const LISTED_SHARE_MIN: f64 = 0.8;

/// A lot as its maker described it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lot {
    /// Expiry, in days since 1970; absent where nothing says it.
    pub expiry: Option<i32>,
}

/// What the rules look up.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The events.
    pub table: &'a EventTable,
    /// Their order by thing.
    pub histories: &'a Histories,
    parties: Vec<u32>,
    roles: Vec<Role>,
    /// The first commissioning of each thing.
    commissioned: Vec<u32>,
    products: HashMap<u64, u32>,
    lots: HashMap<(u64, u32), Lot>,
    recalls: HashMap<u32, i64>,
    handoffs: Handoffs,
    /// Counted when they are first asked for.
    ways: OnceLock<Ways>,
    /// Products of which master data names sellers.
    sold: HashSet<u64>,
    are_places_listed: bool,
    are_products_made_here: bool,
    /// The first and the last time of an event.
    pub span: (i64, i64),
}

impl<'a> Facts<'a> {
    /// One pass over the events.
    pub fn new(table: &'a EventTable, histories: &'a Histories) -> Self {
        let parties = parties(table);
        let roles = roles(table, &parties);
        let commissioned = commissioned(table, histories);
        let mut facts = Self {
            table,
            histories,
            parties,
            roles,
            commissioned,
            products: HashMap::new(),
            lots: HashMap::new(),
            recalls: HashMap::new(),
            handoffs: Handoffs::default(),
            ways: OnceLock::new(),
            sold: HashSet::new(),
            are_places_listed: false,
            are_products_made_here: false,
            span: (i64::MAX, i64::MIN),
        };
        facts.learn_products();
        facts.learn_shares();
        facts.learn_recalls();
        facts.learn_places();
        facts.handoffs = Handoffs::count(table, &facts);
        facts
    }

    fn learn_products(&mut self) {
        let table = self.table;
        for (at, event) in self.commissioned.iter().enumerate() {
            let gtin = table.things.gtin(number(at));
            if *event == NONE || gtin == 0 {
                continue;
            }
            *self.products.entry(gtin).or_default() += 1;
            let row = &table.rows[*event as usize];
            if row.lot != NONE {
                learn_lot(&mut self.lots, gtin, row);
            }
        }
        for (event, class, _) in &table.quantities {
            let row = &table.rows[*event as usize];
            let lot = table.things.lot(*class).and_then(|lot| table.texts.find_text(&lot));
            if row.step == Step::Commissioning
                && let Some(lot) = lot
            {
                learn_lot(&mut self.lots, table.things.gtin(*class), &Row { lot, ..*row });
            }
        }
    }

    /// How many of the products of which packs are named were commissioned.
    fn learn_shares(&mut self) {
        let things = &self.table.things;
        let packs = (0..number(things.len())).filter(|thing| things.kind(*thing) == ThingKind::Pack);
        let named: HashSet<u64> = packs.map(|thing| things.gtin(thing)).collect();
        self.are_products_made_here = self.products.len() * 10 >= named.len() * 9;
    }

    /// Recalls of packs, and of lots and products as classes.
    fn learn_recalls(&mut self) {
        let table = self.table;
        let recalls = &mut self.recalls;
        let mut note = |thing: u32, time: i64| {
            recalls.entry(thing).and_modify(|first| *first = time.min(*first)).or_insert(time);
        };
        let is_recall = |row: &Row| {
            row.disposition == Disposition::Recalled
                && !row.step.is_transfer()
                && row.time != NO_TIME
                && !row.is(flag::RETRACTED | flag::DECLARATION)
        };
        for row in table.rows.iter().filter(|row| is_recall(row)) {
            table.named(row).iter().for_each(|thing| note(*thing, row.time));
        }
        for (event, class, _) in &table.quantities {
            let row = &table.rows[*event as usize];
            if is_recall(row) {
                note(*class, row.time);
            }
        }
    }

    fn learn_places(&mut self) {
        let (mut listed, mut all) = (0_u32, 0_u32);
        let mut is_used = vec![false; self.table.places.len()];
        for row in self.table.rows.iter().filter(|row| row.time != NO_TIME) {
            self.span = (self.span.0.min(row.time), self.span.1.max(row.time));
            for place in [row.place, row.source, row.destination] {
                if place != NONE && !std::mem::replace(&mut is_used[place as usize], true) {
                    all += 1;
                    listed += u32::from(self.is_listed(place));
                }
            }
        }
        let places = &self.table.places;
        self.sold = (0..number(places.len())).flat_map(|place| &places.known(place).sells).copied().collect();
        self.are_places_listed = all >= 5 && f64::from(listed) >= LISTED_SHARE_MIN * f64::from(all);
    }

    /// The party to which a place belongs; [`NONE`] for no place.
    pub fn party(&self, place: u32) -> u32 {
        self.parties.get(place as usize).copied().unwrap_or(NONE)
    }

    /// The party where an event happened.
    pub fn party_of(&self, row: &Row) -> u32 {
        self.party(row.place)
    }

    /// The role of a place or its party.
    pub fn role(&self, place: u32) -> Role {
        self.roles.get(place as usize).copied().unwrap_or(Role::Unknown)
    }

    /// Whether master data names a place or its party.
    pub fn is_listed(&self, place: u32) -> bool {
        let of = |place: u32| place != NONE && self.table.places.known(place).is_listed;
        of(place) || of(self.party(place))
    }

    /// Whether a party is conspicuous for not being in the master data.
    pub fn is_stranger(&self, place: u32) -> bool {
        self.are_places_listed && place != NONE && !self.is_listed(place)
    }

    /// Whether a party may sell a product: master data names it as a seller, or names none at all.
    pub fn may_sell(&self, place: u32, gtin: u64) -> bool {
        let sells = |place: u32| place != NONE && self.table.places.known(place).sells.binary_search(&gtin).is_ok();
        !self.sold.contains(&gtin) || sells(place) || sells(self.party(place))
    }

    /// Latitude and longitude.
    pub fn position(&self, place: u32) -> Option<(f64, f64)> {
        let of = |place: u32| self.table.places.known(place).position;
        (place != NONE).then(|| of(place).or_else(|| of(self.party(place))))?
    }

    /// The country of a place.
    pub fn country(&self, place: u32) -> Option<&str> {
        let of = |place: u32| self.table.places.known(place).country.as_deref();
        (place != NONE).then(|| of(place).or_else(|| of(self.party(place))))?
    }

    /// Whether two places are known to be in different countries.
    pub fn are_countries_apart(&self, a: u32, b: u32) -> bool {
        matches!((self.country(a), self.country(b)), (Some(a), Some(b)) if a != b)
    }

    /// A place or party as it is called: its identifier, and a name where one is known.
    pub fn called(&self, place: u32) -> String {
        if place == NONE {
            return "an unnamed place".to_owned();
        }
        let text = self.table.places.text(place);
        let role = match self.role(place) {
            Role::Unknown | Role::Other => String::new(),
            role => format!("{} ", role.name()),
        };
        match (&self.table.places.known(place).name, self.country(place)) {
            (Some(name), Some(country)) => format!("{role}{name} ({text}, {country})"),
            (Some(name), None) => format!("{role}{name} ({text})"),
            (None, Some(country)) => format!("{role}{text} ({country})"),
            (None, None) => format!("{role}{text}"),
        }
    }

    /// The event that commissioned a thing.
    pub fn commissioning(&self, thing: u32) -> Option<&Row> {
        self.table.rows.get(self.commissioned[thing as usize] as usize)
    }

    /// The number of that event.
    pub fn commissioning_event(&self, thing: u32) -> Option<u32> {
        Some(self.commissioned[thing as usize]).filter(|event| *event != NONE)
    }

    /// How many packs of a product were commissioned.
    pub fn packs_of(&self, gtin: u64) -> u32 {
        self.products.get(&gtin).copied().unwrap_or(0)
    }

    /// How often each kind of handoff happens.
    pub(crate) fn handoffs(&self) -> &Handoffs {
        &self.handoffs
    }

    /// Whether anything happened to a pack itself but to be made and packed.
    pub(crate) fn is_seen_alone(&self, thing: u32) -> bool {
        self.table.things.kind(thing) == ThingKind::Pack && self.histories.is_seen_alone(thing)
    }

    /// The ways that most packs take.
    pub(crate) fn ways(&self) -> &Ways {
        self.ways.get_or_init(|| Ways::of(self))
    }

    /// Whether packs of some product were commissioned: else nothing is known to be unknown.
    pub fn has_products(&self) -> bool {
        !self.products.is_empty()
    }

    /// Whether packs of most products were commissioned, so that a product without any is conspicuous.
    pub fn are_products_made_here(&self) -> bool {
        self.are_products_made_here
    }

    /// A lot of a product, by the number of its text.
    pub fn lot(&self, gtin: u64, lot: u32) -> Option<Lot> {
        self.lots.get(&(gtin, lot)).copied()
    }

    /// The expiry of a pack, in days since 1970.
    pub fn expiry(&self, thing: u32) -> Option<i32> {
        let row = self.commissioning(thing)?;
        if row.expiry == NO_DAY { self.lot(self.table.things.gtin(thing), row.lot)?.expiry } else { Some(row.expiry) }
    }

    /// When a pack was recalled: itself, its lot or its product.
    pub fn recall(&self, thing: u32) -> Option<i64> {
        if self.recalls.is_empty() {
            return None;
        }
        let things = &self.table.things;
        let gtin = things.gtin(thing);
        let lot = self.commissioning(thing).filter(|row| row.lot != NONE);
        let lot = lot.and_then(|row| things.find_lot(gtin, self.table.texts.text(row.lot)));
        let product = (gtin != 0 && things.kind(thing) == ThingKind::Pack).then(|| things.find_product(gtin)).flatten();
        [Some(thing), lot, product].into_iter().flatten().filter_map(|thing| self.recalls.get(&thing).copied()).min()
    }
}

/// The day of a time, since 1970.
pub(crate) fn day(time: i64) -> i32 {
    i32::try_from(time.div_euclid(DAY_MS)).unwrap_or(i32::MAX)
}

fn learn_lot(lots: &mut HashMap<(u64, u32), Lot>, gtin: u64, row: &Row) {
    let lot = lots.entry((gtin, row.lot)).or_default();
    if row.expiry != NO_DAY {
        lot.expiry = Some(lot.expiry.map_or(row.expiry, |expiry| expiry.max(row.expiry)));
    }
}

/// The first event that brought each thing about: a commissioning, or a transformation that it came out of.
fn commissioned(table: &EventTable, histories: &Histories) -> Vec<u32> {
    let makes = |event: &&u32| {
        let row = &table.rows[**event as usize];
        let is_made = match row.step {
            Step::Commissioning => !row.is(flag::AGGREGATION) && !row.is(flag::DELETE),
            Step::Repackaging => row.is(flag::OUTPUT) || (row.is(flag::ADD) && !row.is(flag::AGGREGATION)),
            _ => false,
        };
        is_made && !row.is(flag::RETRACTED | flag::DECLARATION)
    };
    (0..number(table.things.len()))
        .into_par_iter()
        .map(|thing| histories.own(thing).iter().find(makes).copied().unwrap_or(NONE))
        .collect()
}

/// The owner of each place, through one step of ownership and the GLN without extension.
fn parties(table: &EventTable) -> Vec<u32> {
    let step = |place: u32| table.places.known(place).owner.or_else(|| table.places.base(place)).unwrap_or(place);
    (0..number(table.places.len())).map(|place| step(step(place))).collect()
}

/// The role by master data; where that is silent, by what the party does most.
fn roles(table: &EventTable, parties: &[u32]) -> Vec<Role> {
    let mut counts = vec![[0_u32; 4]; table.places.len()];
    for row in table.rows.iter().filter(|row| row.place != NONE) {
        let kind = match row.step {
            Step::Commissioning => 0,
            Step::Dispensing | Step::Inspecting => 1,
            Step::Shipping => 2,
            Step::Receiving => 3,
            _ => continue,
        };
        counts[parties[row.place as usize] as usize][kind] += 1;
    }
    let told = |place: u32| table.places.known(place).role;
    let done = |place: u32| match counts[place as usize] {
        [made, _, _, received] if made > 0 && made >= received => Role::Manufacturer,
        [_, supplied, shipped, _] if supplied > 0 && supplied >= shipped => Role::Pharmacy,
        [_, _, shipped, _] if shipped > 0 => Role::Wholesaler,
        _ => Role::Unknown,
    };
    (0..number(table.places.len()))
        .map(|place| {
            let party = parties[place as usize];
            told(place).or_else(|| told(party)).unwrap_or_else(|| done(party))
        })
        .collect()
}
