//! Custody by inheritance, at a constant number of writes, and the same outcome every time.

use super::world::{DAY, Memory, World, accept, commit, founders, id, item, lot, offer};
use crate::record::ItemState;
use crate::*;

/// A pallet 200 of two cases 100 and 101 with five packs each.
fn pallet() -> World {
    let mut w = World::stocked();
    let into = |parent| Action::Aggregate { parent: item(parent), create: true };
    w.ok("maker", into(100), &[1, 2, 3, 4, 5]);
    w.ok("maker", into(101), &[6, 7, 8, 9, 10]);
    w.ok("maker", into(200), &[100, 101]);
    w
}

#[test]
fn a_pallet_moves_with_a_constant_number_of_writes() {
    let mut w = pallet();
    let offered = w.ok("maker", offer(1, "dist"), &[200]);
    let accepted = w.ok("dist", accept(1, &[]), &[200]);
    assert_eq!((offered.writes.len(), accepted.writes.len()), (3, 3), "item, offer, idempotency");
    assert_eq!((w.standing(7).holder, w.standing(7).containers), (id("dist"), vec![item(101), item(200)]));
    let emptied = w.ok("dist", Action::Disaggregate { parent: item(101) }, &[]);
    assert_eq!(emptied.writes.len(), 3, "container, what became of its children, idempotency");
    assert_eq!((w.standing(7).holder, w.standing(7).containers), (id("dist"), vec![]));
}

#[test]
fn what_left_a_dissolved_container_does_not_follow_it() {
    let mut w = pallet();
    w.ok("reg", Action::Recall { target: RecallTarget::Items, class: 2 }, &[101]);
    w.ok("maker", Action::Disaggregate { parent: item(101) }, &[]);
    w.hand("maker", "dist", 1, &[200]);
    assert_eq!(w.standing(6).holder, id("maker"));
    assert!(w.standing(6).recall.is_some(), "the recall went with the packs");
    assert_eq!(w.standing(101).holder, id("dist"));
}

#[test]
fn a_pack_that_takes_others_in_refuses_one_that_is_in_already() {
    let mut w = World::stocked();
    let into = |parent| Action::Aggregate { parent: item(parent), create: false };
    w.no("maker", into(1), &[2, 2], Code::InContainer);
    w.ok("maker", into(3), &[4]);
    w.no("maker", into(1), &[3, 4], Code::InContainer);
    w.ok("maker", into(1), &[2, 3]);
    assert_eq!(w.standing(4).containers, [item(3), item(1)]);
}

#[test]
fn one_of_two_buyers_gets_the_pack() {
    let mut w = World::stocked();
    w.ok("maker", offer(1, "pharm"), &[1]);
    w.no("maker", offer(2, "corner"), &[1], Code::Offered);
    w.ok("pharm", accept(1, &[]), &[1]);
    w.no("maker", offer(2, "corner"), &[1], Code::NotHolder);
    assert_eq!(w.standing(1).holder, id("pharm"));
}

#[test]
fn a_missing_pack_stays_with_the_sender_and_the_rest_of_an_offer_open() {
    let mut w = pallet();
    w.ok("maker", offer(1, "dist"), &[200, 11, 12]);
    w.ok("dist", accept(1, &[(3, DiscrepancyKind::Missing), (12, DiscrepancyKind::Damaged)]), &[200]);
    assert_eq!((w.standing(3).holder, w.standing(3).disputed, w.standing(3).containers), (id("maker"), true, vec![]));
    assert_eq!((w.standing(12).holder, w.standing(12).disputed), (id("maker"), true));
    assert_eq!((w.standing(100).children, w.standing(2).holder), (4, id("dist")));
    let record = read::offer(&w.state, &OfferId([1; 16])).expect("readable").expect("there");
    assert_eq!((record.state.clone(), record.remaining.clone()), (record::OfferState::Open, vec![item(11)]));
    assert_eq!(record.accepted().collect::<Vec<_>>(), [&item(200)]);
    w.ok("dist", Action::Reject { offer: OfferId([1; 16]) }, &[]);
    assert_eq!((w.standing(11).holder, w.standing(11).offer), (id("maker"), None));
}

#[test]
fn a_pack_that_is_destroyed_leaves_its_case_and_comes_back_only_lawfully() {
    let mut w = pallet();
    let locked = Action::Decommission { reason: DecommissionReason::Locked };
    w.ok("maker", locked.clone(), &[1]);
    assert_eq!((w.standing(100).children, w.standing(1).containers), (4, vec![]));
    w.ok("maker", Action::Undo { not_supplied: true }, &[1]);
    assert_eq!(w.standing(1).state, ItemState::Active);
    w.ok("maker", locked, &[100]);
    assert!(matches!(w.standing(2).state, ItemState::Decommissioned { .. }), "the case covers what is in it");
    assert_eq!(w.standing(2).own_state, ItemState::Active);
}

#[test]
fn old_files_are_taken_but_an_old_date_does_not_make_an_expired_pack_good() {
    let mut w = World::stocked();
    w.hand("maker", "pharm", 1, &[1]);
    w.time += 60 * DAY;
    let supply = w.command("pharm", Action::Decommission { reason: DecommissionReason::Supplied }, &[1]);
    let back = Command { happened: Timestamp(w.time - 50 * DAY), ..supply };
    let entry = w.transaction("pharm", vec![back]);
    w.no_entry(entry, Code::Expired);
    let made = w.command("maker", Action::Commission { lot: lot(1) }, &[50]);
    let entry = w.transaction("maker", vec![Command { happened: Timestamp(w.time - 50 * DAY), ..made }]);
    w.submit(entry).expect("the lot was good when the packs were made");
}

#[test]
fn only_items_that_stood_there_before_are_touched() {
    let mut w = World::stocked();
    let make = w.command("maker", Action::Commission { lot: lot(1) }, &[40]);
    let pack = w.command("maker", Action::Aggregate { parent: item(100), create: true }, &[40, 1]);
    let seen = w.command("maker", Action::Anchor, &[2, 98, 40]);
    let entry = w.transaction("maker", vec![make, pack, seen]);
    let outcome = w.submit(entry).expect("accepted");
    assert_eq!(outcome.touched, [item(1), item(2)]);
}

#[test]
fn the_same_log_gives_the_same_state() {
    let mut w = pallet();
    w.hand("maker", "dist", 1, &[200]);
    w.ok("dist", Action::Disaggregate { parent: item(200) }, &[]);
    w.hand("dist", "pharm", 2, &[100]);
    w.ok("pharm", Action::Decommission { reason: DecommissionReason::Supplied }, &[1, 2]);
    let mut fresh = Memory::new();
    commit(&mut fresh, &genesis_writes(&founders()));
    for (creator, header, body) in &w.log {
        let outcome = apply(&fresh, creator, header, body).expect("accepted before");
        commit(&mut fresh, &outcome.writes);
    }
    assert_eq!(fresh, w.state);
}

#[test]
fn who_built_a_container_has_no_say_over_it_once_it_is_handed_over() {
    let mut w = World::stocked();
    w.hand("maker", "dist", 1, &[1, 2]);
    w.ok("dist", Action::Aggregate { parent: item(100), create: true }, &[1, 2]);
    w.hand("dist", "pharm", 2, &[100]);
    w.no("dist", Action::Quarantine(QuarantineTarget::Items), &[100], Code::NotHolder);
    w.no("dist", Action::Recall { target: RecallTarget::Items, class: 1 }, &[100], Code::NotProductOwner);
    w.no("dist", Action::Decommission { reason: DecommissionReason::Stolen }, &[100], Code::NotHolder);
    w.no("maker", Action::Decommission { reason: DecommissionReason::Error }, &[1], Code::NotHolder);
    w.ok("maker", Action::Quarantine(QuarantineTarget::Items), &[1]);
    assert!(w.standing(1).quarantine.is_some() && w.standing(2).quarantine.is_none());
}

#[test]
fn locking_and_undoing_moves_no_custody() {
    let mut w = World::stocked();
    w.hand("maker", "pharm", 1, &[1]);
    w.ok("maker", Action::Decommission { reason: DecommissionReason::Locked }, &[1]);
    w.no("pharm", Action::Undo { not_supplied: true }, &[1], Code::UndoOtherPremises);
    w.ok("maker", Action::Undo { not_supplied: true }, &[1]);
    assert_eq!((w.standing(1).holder, w.standing(1).state), (id("pharm"), ItemState::Active));
}
