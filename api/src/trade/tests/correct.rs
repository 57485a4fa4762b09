use serde_json::{Value, json};
use veridose_contract::Commitment;
use veridose_contract::record::ItemState;

use super::world::{
    DIST, MAKER, PHARM, World, actions, commissioning, event, id, pack, packing, pallet, read, receiving, shipping,
    with,
};
use crate::trade::{Original, Plan};

/// Declares an event of the party wrong.
fn declare(world: &mut World, by: &str, wrong: &Value) -> Plan {
    world.original = Some(Original { event: read(wrong), commitment: Commitment([8; 32]) });
    let declared = with(
        wrong.clone(),
        "errorDeclaration",
        json!({"declarationTime": "2023-04-02T13:00:00Z", "reason": "incorrect_data"}),
    );
    let plan = world.ok(by, &declared);
    world.original = None;
    plan
}

#[test]
fn a_commissioning_in_error_is_undone() {
    let mut world = World::stocked();
    let wrong = commissioning(&[pack(30), pack(31)], "A", "2025-03-31");
    world.ok("maker", &wrong);
    assert_eq!(actions(&declare(&mut world, "maker", &wrong)), ["Decommission 2"]);
    assert!(matches!(world.standing(&pack(30)).state, ItemState::Decommissioned { .. }));
    // Once more: nothing is left to reverse, the word of it stands.
    let plan = declare(&mut world, "maker", &wrong);
    assert_eq!((actions(&plan), plan.warnings.len()), (vec!["Dispute 0".to_owned()], 1));
}

#[test]
fn packing_and_unpacking_are_turned_round() {
    let mut world = World::stocked();
    let packed = packing("ADD", &pallet(1), &[pack(1), pack(2)]);
    world.ok("maker", &packed);
    assert_eq!(actions(&declare(&mut world, "maker", &packed)), ["Disaggregate 2"]);
    world.ok("maker", &packed);
    let unpacked = packing("DELETE", &pallet(1), &[pack(1)]);
    world.ok("maker", &unpacked);
    assert_eq!(actions(&declare(&mut world, "maker", &unpacked)), ["Aggregate 1"]);
    assert_eq!(world.standing(&pallet(1)).children, 2);
    // Which packs came out is not said, so nothing puts them back.
    let emptied = packing("DELETE", &pallet(1), &[]);
    world.ok("maker", &emptied);
    assert_eq!(actions(&declare(&mut world, "maker", &emptied)), ["Dispute 0"]);
}

#[test]
fn a_shipment_that_nobody_answered_is_withdrawn() {
    let mut world = World::stocked();
    let shipped = shipping(&[pack(1), pack(2)], MAKER, DIST);
    world.ok("maker", &shipped);
    let plan = declare(&mut world, "maker", &shipped);
    assert_eq!(actions(&plan), ["Withdraw 0"]);
    assert!(plan.readers.contains(&id("dist")));
    assert!(world.standing(&pack(1)).offer.is_none());
}

#[test]
fn a_shipment_that_was_answered_even_in_part_becomes_a_dispute_of_both() {
    let mut world = World::stocked();
    let shipped = shipping(&[pack(1), pack(2)], MAKER, DIST);
    world.ok("maker", &shipped);
    let received = receiving(&[pack(1)], MAKER, DIST);
    world.ok("dist", &received);
    let plan = declare(&mut world, "maker", &shipped);
    assert_eq!((actions(&plan), plan.warnings.len()), (vec!["Dispute 0".to_owned()], 1));
    assert!(plan.readers.contains(&id("dist")));
    assert!(world.standing(&pack(2)).offer.is_some(), "what has no answer stays on its way");
    world.original = Some(Original { event: read(&received), commitment: Commitment([7; 32]) });
    let plan = declare(&mut world, "dist", &received);
    assert_eq!(actions(&plan), ["Dispute 0"]);
    assert!(plan.readers.contains(&id("maker")));
    assert_eq!(world.holder(&pack(1)), "dist");
}

#[test]
fn no_file_undoes_a_dispense() {
    let mut world = World::at_the_pharmacy();
    let dispensed = event(json!({
        "action": "DELETE", "bizStep": "dispensing", "epcList": [pack(1)], "readPoint": {"id": PHARM},
    }));
    world.ok("pharm", &dispensed);
    assert_eq!(actions(&declare(&mut world, "pharm", &dispensed)), ["Dispute 0"]);
    assert!(matches!(world.standing(&pack(1)).state, ItemState::Decommissioned { .. }));
}

#[test]
fn a_declaration_of_an_unknown_event_is_recorded() {
    let mut world = World::stocked();
    let declared =
        with(shipping(&[pack(1)], MAKER, DIST), "errorDeclaration", json!({"declarationTime": "2023-04-02T13:00:00Z"}));
    let plan = world.ok("maker", &declared);
    assert_eq!((actions(&plan), plan.warnings.len()), (vec!["Anchor 0".to_owned()], 1));
    assert!(world.standing(&pack(1)).offer.is_none(), "the shipment that it speaks of is not made by it");
}
