//! The contract beside a model that keeps every set in full: who holds which pack, what lies in what, how each stands.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::world::{World, accept, consent, dispense, id, item, offer};
use crate::record::ItemState;
use crate::*;

const PACKS: u16 = 12;
const ITEMS: u16 = 18;
const PARTIES: [&str; 3] = ["maker", "dist", "pharm"];

/// What somebody tries; numbers may fit or not.
#[derive(Debug, Clone)]
enum Try {
    Commission(Vec<u16>),
    Pack(u16, Vec<u16>),
    Unpack(u16, Vec<u16>),
    Offer(u8, usize, Vec<u16>),
    Accept(u8, Vec<u16>, Vec<u16>),
    Reject(u8),
    Withdraw(u8),
    Destroy(Vec<u16>),
    Dispense(Vec<u16>),
    Undo(Vec<u16>),
    /// Its holder offers whatever top-level item the number lies in.
    Ship(u16, usize),
    /// The receiver takes all of the oldest open offer, but for the n-th thing inside.
    Receive(usize),
    /// The pharmacy dispenses the n-th pack that it holds.
    Supply(usize),
}

fn tries() -> impl Strategy<Value = (usize, Try)> {
    let packs = || prop::collection::vec(1..=PACKS, 1..4);
    let any = || prop::collection::vec(1..=ITEMS, 1..4);
    let some = || prop::collection::vec(1..=ITEMS, 0..3);
    let case = || PACKS + 1..=ITEMS;
    let what = prop_oneof![
        2 => packs().prop_map(Try::Commission),
        4 => (case(), any()).prop_map(|(parent, items)| Try::Pack(parent, items)),
        2 => (case(), some()).prop_map(|(parent, items)| Try::Unpack(parent, items)),
        4 => (0..6u8, 0..3usize, any()).prop_map(|(name, to, items)| Try::Offer(name, to, items)),
        5 => (0..6u8, some(), some()).prop_map(|(name, items, missing)| Try::Accept(name, items, missing)),
        1 => (0..6u8).prop_map(Try::Reject),
        1 => (0..6u8).prop_map(Try::Withdraw),
        1 => any().prop_map(Try::Destroy),
        2 => packs().prop_map(Try::Dispense),
        1 => packs().prop_map(Try::Undo),
        8 => (1..=ITEMS, 0..3usize).prop_map(|(number, to)| Try::Ship(number, to)),
        8 => (0..12usize).prop_map(Try::Receive),
        3 => (0..6usize).prop_map(Try::Supply),
    ];
    (0..PARTIES.len(), what)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Active,
    Destroyed,
    Dispensed(usize),
}

#[derive(Debug, Clone)]
struct Thing {
    holder: usize,
    parent: Option<u16>,
    life: Life,
    offer: Option<u8>,
}

#[derive(Debug, Clone)]
struct Promise {
    from: usize,
    to: usize,
    open: BTreeSet<u16>,
}

#[derive(Debug, Clone, Default)]
struct Model {
    things: BTreeMap<u16, Thing>,
    offers: BTreeMap<u8, Promise>,
}

/// The holder of every item is written out in the model, so moving a container moves each thing inside.
impl Model {
    fn thing(&mut self, number: u16) -> Option<&mut Thing> {
        self.things.get_mut(&number)
    }

    fn chain(&self, number: u16) -> Vec<u16> {
        std::iter::successors(Some(number), |at| self.things.get(at).and_then(|thing| thing.parent)).collect()
    }

    fn inside(&self, number: u16) -> Vec<u16> {
        self.things.keys().copied().filter(|other| self.chain(*other).contains(&number)).collect()
    }

    /// Whether the party may move it: it holds it, and nothing up to the top ended or is promised.
    fn free(&self, by: usize, number: u16) -> Option<()> {
        let thing = self.things.get(&number)?;
        let whole = self
            .chain(number)
            .iter()
            .all(|at| self.things.get(at).is_some_and(|thing| thing.life == Life::Active && thing.offer.is_none()));
        (thing.holder == by && whole).then_some(())
    }

    /// Turns a try that aims at what there is into one with its names.
    fn aim(&self, by: usize, what: &Try) -> (usize, Try) {
        let aimed = match what {
            Try::Ship(number, to) => self.chain(*number).last().and_then(|top| {
                let name = u8::try_from(self.offers.len()).expect("few offers").saturating_add(6);
                Some((self.things.get(top)?.holder, Try::Offer(name, *to, vec![*top])))
            }),
            Try::Receive(skip) => {
                self.offers.iter().find(|(_, promise)| !promise.open.is_empty()).map(|(name, promise)| {
                    let items: Vec<u16> = promise.open.iter().copied().collect();
                    let inside =
                        items.iter().flat_map(|top| self.inside(*top)).filter(|number| !items.contains(number));
                    (promise.to, Try::Accept(*name, items.clone(), inside.skip(*skip).take(1).collect()))
                })
            }
            Try::Supply(skip) => {
                let held = self.things.iter().filter(|(number, thing)| **number <= PACKS && thing.holder == 2);
                Some((2, Try::Dispense(held.map(|(number, _)| *number).skip(*skip).take(1).collect())))
            }
            Try::Commission(_)
            | Try::Pack(..)
            | Try::Unpack(..)
            | Try::Offer(..)
            | Try::Accept(..)
            | Try::Reject(_)
            | Try::Withdraw(_)
            | Try::Destroy(_)
            | Try::Dispense(_)
            | Try::Undo(_) => None,
        };
        aimed.unwrap_or_else(|| (by, what.clone()))
    }

    fn act(&mut self, by: usize, what: &Try) -> Option<()> {
        match what {
            Try::Ship(..) | Try::Receive(_) | Try::Supply(_) => None,
            Try::Commission(items) => items.iter().try_for_each(|number| self.make(by, *number, by == 0)),
            Try::Pack(parent, items) => self.pack(by, *parent, items),
            Try::Unpack(parent, items) => self.unpack(by, *parent, items),
            Try::Offer(name, to, items) => self.offer(by, *name, *to, items),
            Try::Accept(name, items, missing) => self.accept(by, *name, items, missing),
            Try::Reject(name) => self.close(*name, |promise| promise.to == by),
            Try::Withdraw(name) => self.close(*name, |promise| promise.from == by),
            Try::Destroy(items) => items.iter().try_for_each(|number| self.end(by, *number, Life::Destroyed)),
            Try::Dispense(items) if items.is_empty() => None,
            Try::Dispense(items) => items.iter().try_for_each(|number| {
                (by == 2).then_some(())?;
                self.end(by, *number, Life::Dispensed(by))
            }),
            Try::Undo(items) => items.iter().try_for_each(|number| {
                let thing = self.thing(*number)?;
                (thing.life == Life::Dispensed(by)).then(|| thing.life = Life::Active)
            }),
        }
    }

    fn make(&mut self, by: usize, number: u16, allowed: bool) -> Option<()> {
        let new = allowed && !self.things.contains_key(&number);
        new.then(|| self.things.insert(number, Thing { holder: by, parent: None, life: Life::Active, offer: None }))
            .map(drop)
    }

    fn pack(&mut self, by: usize, parent: u16, items: &[u16]) -> Option<()> {
        if !self.things.contains_key(&parent) {
            self.make(by, parent, true)?;
        }
        self.free(by, parent)?;
        for number in items {
            self.free(by, *number)?;
            if self.chain(parent).contains(number) || self.things.get(number)?.parent.is_some() {
                return None;
            }
            self.thing(*number)?.parent = Some(parent);
        }
        Some(())
    }

    fn unpack(&mut self, by: usize, parent: u16, items: &[u16]) -> Option<()> {
        self.free(by, parent)?;
        let inside: Vec<u16> =
            self.things.iter().filter(|(_, thing)| thing.parent == Some(parent)).map(|(number, _)| *number).collect();
        let leaving = if items.is_empty() { inside.clone() } else { items.to_vec() };
        (!inside.is_empty()).then_some(())?;
        for number in leaving {
            let thing = self.thing(number)?;
            (thing.parent.take() == Some(parent)).then_some(())?;
        }
        Some(())
    }

    fn offer(&mut self, by: usize, name: u8, to: usize, items: &[u16]) -> Option<()> {
        (by != to && !self.offers.contains_key(&name)).then_some(())?;
        for number in items {
            self.free(by, *number)?;
            let thing = self.thing(*number)?;
            thing.parent.is_none().then_some(())?;
            thing.offer = Some(name);
        }
        self.offers.insert(name, Promise { from: by, to, open: items.iter().copied().collect() });
        Some(())
    }

    fn accept(&mut self, by: usize, name: u8, items: &[u16], missing: &[u16]) -> Option<()> {
        let promise = self.offers.get(&name)?.clone();
        let distinct: BTreeSet<u16> = items.iter().chain(missing).copied().collect();
        let answers = promise.to == by && !promise.open.is_empty() && !distinct.is_empty();
        (answers && distinct.len() == items.len() + missing.len()).then_some(())?;
        items.iter().all(|number| promise.open.contains(number)).then_some(())?;
        for number in missing.iter().filter(|number| !promise.open.contains(number)) {
            let top = *self.chain(*number).last()?;
            (top != *number && items.contains(&top)).then_some(())?;
            self.thing(*number)?.parent = None;
        }
        for number in items {
            for inner in self.inside(*number) {
                self.thing(inner)?.holder = by;
            }
        }
        for number in distinct {
            self.thing(number)?.offer = None;
            self.offers.get_mut(&name)?.open.remove(&number);
        }
        Some(())
    }

    fn close(&mut self, name: u8, may: impl Fn(&Promise) -> bool) -> Option<()> {
        let promise = self.offers.get_mut(&name)?;
        (may(promise) && !promise.open.is_empty()).then_some(())?;
        for number in std::mem::take(&mut promise.open) {
            self.thing(number)?.offer = None;
        }
        Some(())
    }

    fn end(&mut self, by: usize, number: u16, life: Life) -> Option<()> {
        self.free(by, number)?;
        let thing = self.thing(number)?;
        (thing.parent, thing.life) = (None, life);
        Some(())
    }
}

fn action(what: &Try) -> (Action, Vec<u16>) {
    let name = |name: u8| OfferId([name; 16]);
    match what {
        // Aimed at nothing that is there: an unpacking of nothing, which both refuse.
        Try::Ship(..) | Try::Receive(_) | Try::Supply(_) => (Action::Disaggregate { parent: item(999) }, vec![]),
        Try::Commission(items) => (Action::Commission { lot: LotKey([1; 32]) }, items.clone()),
        Try::Pack(parent, items) => (Action::Aggregate { parent: item(*parent), create: true }, items.clone()),
        Try::Unpack(parent, items) => (Action::Disaggregate { parent: item(*parent) }, items.clone()),
        Try::Offer(name, to, items) => (offer(*name, party(*to)), items.clone()),
        Try::Accept(name, items, missing) => {
            let missing: Vec<_> = missing.iter().map(|number| (*number, DiscrepancyKind::Missing)).collect();
            (accept(*name, &missing), items.clone())
        }
        Try::Reject(offer) => (Action::Reject { offer: name(*offer) }, vec![]),
        Try::Withdraw(offer) => (Action::Withdraw { offer: name(*offer) }, vec![]),
        Try::Destroy(items) => (Action::Decommission { reason: DecommissionReason::Destroyed }, items.clone()),
        Try::Dispense(items) => (dispense(1, 1), items.clone()),
        Try::Undo(items) => (Action::Undo { not_supplied: true }, items.clone()),
    }
}

fn party(number: usize) -> &'static str {
    PARTIES.get(number).copied().expect("one of the three")
}

/// Everything that the ledger says of every item is what the model says.
fn compare(world: &World, model: &Model) {
    for number in 1..=ITEMS {
        let standing = resolve(&world.state, &item(number)).expect("readable");
        let Some(thing) = model.things.get(&number) else {
            assert_eq!(standing, None, "item {number}");
            continue;
        };
        let standing = standing.expect("known to the model");
        let above: Vec<_> = model.chain(number).into_iter().skip(1).map(item).collect();
        let children = model.things.values().filter(|thing| thing.parent == Some(number)).count();
        assert_eq!(standing.holder, id(party(thing.holder)), "holder of {number}");
        assert_eq!(standing.containers, above, "containers of {number}");
        assert_eq!(standing.children as usize, children, "children of {number}");
        let life = match standing.own_state {
            ItemState::Active => Life::Active,
            ItemState::Decommissioned { .. } => Life::Destroyed,
            ItemState::Dispensed { .. } => Life::Dispensed(2),
            ItemState::Transformed { .. } => panic!("nobody repackages here"),
        };
        assert_eq!(life, thing.life, "life of {number}");
        let top = model.chain(number).last().copied().expect("the item itself");
        let promised = model.things.get(&top).and_then(|thing| thing.offer);
        assert_eq!(standing.offer.map(|offer| offer.id), promised.map(|name| OfferId([name; 16])), "offer of {number}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn the_contract_does_what_the_model_does(tries in prop::collection::vec(tries(), 1..60)) {
        let mut world = World::new();
        world.ok("maker", Action::RegisterProduct(ProductKey([1; 32])), &[]);
        let lot = Action::RegisterLot { lot: LotKey([1; 32]), product: ProductKey([1; 32]), expiry: Day(20_030) };
        world.ok("maker", lot, &[]);
        world.ok("pharm", Action::RegisterConsent(consent(1, None, Purpose::DispenseRecord)), &[]);
        world.ok("maker", Action::Commission { lot: LotKey([1; 32]) }, &[1, 2, 3, 4, 5, 6]);
        let mut model = Model::default();
        model.act(0, &Try::Commission(vec![1, 2, 3, 4, 5, 6])).expect("new packs");
        for (by, what) in &tries {
            let (by, what) = &model.aim(*by, what);
            let mut next = model.clone();
            let allowed = next.act(*by, what).is_some();
            let (action, items) = action(what);
            let command = world.command(party(*by), action, &items);
            let entry = world.transaction(party(*by), vec![command]);
            let before = world.state.clone();
            match world.submit(entry) {
                Ok(_) => {
                    prop_assert!(allowed, "the model refuses {what:?} by {by}");
                    model = next;
                }
                Err(ApplyError::Rejected(rejection)) => {
                    prop_assert!(!allowed, "the model allows {what:?} by {by}: {rejection}");
                    prop_assert_eq!(&before, &world.state);
                }
                Err(error) => prop_assert!(false, "{error:?}"),
            }
            compare(&world, &model);
        }
    }
}
