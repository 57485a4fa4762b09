//! The contract beside a model that keeps every set in full: who holds which pack, what lies in what, how each stands.

mod naive;

use naive::{Life, Model};
use proptest::prelude::*;

use super::world::{World, accept, consent, dispense, id, item, lot, offer};
use crate::record::ItemState;
use crate::*;

const PACKS: u16 = 12;
const ITEMS: u16 = 18;
/// The first three trade; the last supervises.
const PARTIES: [&str; 4] = ["maker", "dist", "pharm", "reg"];
const MAKER: usize = 0;
const PHARMACY: usize = 2;
const REGULATOR: usize = 3;

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
    /// The first are used up, the others begin.
    Transform(Vec<u16>, Vec<u16>),
    /// Nothing named is the lot.
    Quarantine(Vec<u16>),
    Release(Vec<u16>),
    Recall(Vec<u16>, u8),
    EndRecall(Vec<u16>),
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
    // Now and then the whole lot.
    let one = || prop::collection::vec(1..=ITEMS, 0..3);
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
        2 => (packs(), packs()).prop_map(|(inputs, outputs)| Try::Transform(inputs, outputs)),
        2 => one().prop_map(Try::Quarantine),
        2 => one().prop_map(Try::Release),
        2 => (one(), 1..=3u8).prop_map(|(items, class)| Try::Recall(items, class)),
        1 => one().prop_map(Try::EndRecall),
        8 => (1..=ITEMS, 0..3usize).prop_map(|(number, to)| Try::Ship(number, to)),
        8 => (0..12usize).prop_map(Try::Receive),
        3 => (0..6usize).prop_map(Try::Supply),
    ];
    (0..PARTIES.len(), what)
}

fn action(what: &Try) -> (Action, Vec<u16>) {
    let name = |name: u8| OfferId([name; 16]);
    match what {
        // Aimed at nothing that is there: an unpacking of nothing, which both refuse.
        Try::Ship(..) | Try::Receive(_) | Try::Supply(_) => (Action::Disaggregate { parent: item(999) }, vec![]),
        Try::Commission(items) => (Action::Commission { lot: lot(1) }, items.clone()),
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
        Try::Transform(inputs, outputs) => {
            let inputs = inputs.iter().map(|number| item(*number)).collect();
            (Action::Transform { inputs, lot: lot(1) }, outputs.clone())
        }
        Try::Quarantine(items) => (Action::Quarantine(apart(items)), items.clone()),
        Try::Release(items) => (Action::Release(apart(items)), items.clone()),
        Try::Recall(items, class) => (Action::Recall { target: recalled(items), class: *class }, items.clone()),
        Try::EndRecall(items) => (Action::EndRecall { target: recalled(items) }, items.clone()),
    }
}

const fn apart(items: &[u16]) -> QuarantineTarget {
    if items.is_empty() { QuarantineTarget::Lot(LotKey([1; 32])) } else { QuarantineTarget::Items }
}

const fn recalled(items: &[u16]) -> RecallTarget {
    if items.is_empty() { RecallTarget::Lot(LotKey([1; 32])) } else { RecallTarget::Items }
}

fn party(number: usize) -> &'static str {
    PARTIES.get(number).copied().expect("one of them")
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
            ItemState::Dispensed { .. } => Life::Dispensed(PHARMACY),
            ItemState::Transformed { .. } => Life::Transformed,
        };
        let recall = standing.recall.map(|recall| (recall.mark.class, recall.mark.by));
        assert_eq!(recall, model.recall(number).map(|(class, by)| (class, id(party(by)))), "recall of {number}");
        let apart = standing.quarantine.map(|quarantine| quarantine.mark.by);
        assert_eq!(apart, model.apart(number).map(|by| id(party(by))), "quarantine of {number}");
        assert_eq!(life, thing.life, "life of {number}");
        let top = model.chain(number).last().copied().expect("the item itself");
        let promised = model.things.get(&top).and_then(|thing| thing.offer);
        assert_eq!(standing.offer.map(|offer| offer.id), promised.map(|name| OfferId([name; 16])), "offer of {number}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

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
