use serde_json::json;
use veridose_contract::{Action, HandoffKind};

use super::world::{
    CORNER, DIST, DIST_DC, MAKER, MAKER_DC, PHARM, World, actions, id, pack, packing, pallet, receiving, shipping,
    site, with,
};

fn packs(numbers: std::ops::RangeInclusive<u32>) -> Vec<String> {
    numbers.map(pack).collect()
}

#[test]
fn what_is_shipped_is_offered_and_what_is_received_changes_hands() {
    let mut world = World::stocked();
    let plan = world.ok("maker", &shipping(&packs(1..=3), MAKER, DIST));
    assert!(
        matches!(&plan.drafts[0].action, Action::Offer { to, kind: HandoffKind::Shipment, .. } if *to == id("dist"))
    );
    assert_eq!(plan.drafts[0].site, Some(site(MAKER)));
    assert!(plan.readers.contains(&id("dist")));
    assert_eq!(world.holder(&pack(1)), "maker");
    let plan = world.ok("dist", &receiving(&packs(1..=3), MAKER, DIST));
    assert_eq!(actions(&plan), ["Accept 3"]);
    assert!(plan.readers.contains(&id("maker")));
    assert_eq!(world.holder(&pack(3)), "dist");
    world.no("dist", &receiving(&packs(1..=1), MAKER, DIST), "already_yours", "epcList[0]");
}

#[test]
fn the_receiver_is_the_owner_else_the_keeper_else_whose_place_it_is() {
    let end = |kind: &str, place: &str| json!({"type": kind, "destination": place});
    for (ends, expected) in [
        (json!([end("location", CORNER), end("owning_party", DIST)]), "dist"),
        (json!([end("location", CORNER), end("possessing_party", DIST)]), "dist"),
        (json!([end("location", DIST_DC)]), "dist"),
        (json!([end("owning_party", "urn:epc:id:sgln:4012345.00001.0"), end("location", PHARM)]), "pharm"),
        (json!([end("owning_party", "urn:epc:id:pgln:039999.999999")]), "dist"),
    ] {
        let world = World::stocked();
        let event = with(shipping(&packs(1..=1), MAKER, DIST), "destinationList", ends);
        let plan = world.plan("maker", &super::world::read(&event)).expect("planned");
        assert!(matches!(&plan.drafts[0].action, Action::Offer { to, .. } if *to == id(expected)), "{expected}");
    }
    let mut world = World::stocked();
    let nowhere = shipping(&packs(1..=1), MAKER, "urn:epc:id:sgln:4012345.00001.0");
    world.no("maker", &nowhere, "destination_unknown", "destinationList");
}

#[test]
fn between_ones_own_places_nothing_is_offered() {
    let mut world = World::stocked();
    assert_eq!(actions(&world.ok("maker", &shipping(&packs(1..=2), MAKER, MAKER_DC))), ["Anchor 2"]);
    assert_eq!(actions(&world.ok("maker", &receiving(&packs(1..=2), MAKER, MAKER_DC))), ["Anchor 2"]);
    assert_eq!(world.holder(&pack(1)), "maker");
}

#[test]
fn a_shipment_is_received_piece_by_piece() {
    let mut world = World::stocked();
    world.ok("maker", &shipping(&packs(1..=3), MAKER, DIST));
    assert_eq!(actions(&world.ok("dist", &receiving(&packs(2..=2), MAKER, DIST))), ["Accept 1"]);
    assert_eq!((world.holder(&pack(2)), world.holder(&pack(1))), ("dist".to_owned(), "maker".to_owned()));
    assert!(world.standing(&pack(1)).offer.is_some(), "what was not named stays on its way");
    world.ok("dist", &receiving(&[pack(1), pack(3)], MAKER, DIST));
    assert_eq!(world.holder(&pack(3)), "dist");
}

#[test]
fn two_shipments_are_received_by_one_event() {
    let mut world = World::stocked();
    world.ok("maker", &shipping(&packs(1..=2), MAKER, DIST));
    world.ok("maker", &shipping(&packs(3..=3), MAKER, DIST));
    let mut seen = actions(&world.ok("dist", &receiving(&packs(1..=3), MAKER, DIST)));
    seen.sort();
    assert_eq!(seen, ["Accept 1", "Accept 2"]);
}

#[test]
fn what_cannot_be_received_is_told_apart() {
    let mut world = World::stocked();
    world.ok("maker", &packing("ADD", &pallet(1), &packs(1..=3)));
    world.ok("maker", &shipping(&[pallet(1)], MAKER, DIST));
    let refusal = world.no("dist", &receiving(&[pack(2)], MAKER, DIST), "inside_shipped_container", "epcList[0]");
    assert!(refusal.to_string().contains("inside a container that was shipped"), "{refusal}");
    world.no("dist", &receiving(&[pallet(1), pack(9)], MAKER, DIST), "not_offered", "epcList[1]");
    world.no("dist", &receiving(&[pack(99)], MAKER, DIST), "unknown_item", "epcList[0]");
    world.no("pharm", &receiving(&[pallet(1)], MAKER, PHARM), "not_receiver", "event");
    world.no("dist", &receiving(&[pallet(1), pallet(1)], MAKER, DIST), "duplicate_item", "event");
    world.ok("dist", &receiving(&[pallet(1)], MAKER, DIST));
    assert_eq!(world.holder(&pack(2)), "dist");
}

#[test]
fn what_is_not_ones_own_or_inside_something_is_not_shipped() {
    let mut world = World::stocked();
    world.no("dist", &shipping(&packs(1..=1), DIST, PHARM), "not_holder", "event");
    world.ok("maker", &packing("ADD", &pallet(1), &packs(1..=1)));
    world.no("maker", &shipping(&packs(1..=1), MAKER, DIST), "in_container", "event");
    world.no("maker", &shipping(&[pack(99)], MAKER, DIST), "unknown_item", "event");
}

#[test]
fn a_return_goes_back_though_expired() {
    let mut world = World::stocked();
    world.ok("maker", &shipping(&packs(1..=1), MAKER, DIST));
    world.ok("dist", &receiving(&packs(1..=1), MAKER, DIST));
    world.now.0 += 1_000 * super::world::DAY;
    let late = |event| with(event, "eventTime", json!("2025-12-01T00:00:00Z"));
    world.no("dist", &late(shipping(&packs(1..=1), DIST, PHARM)), "expired", "event");
    let back = with(late(shipping(&packs(1..=1), DIST, MAKER)), "disposition", json!("returned"));
    let plan = world.ok("dist", &back);
    assert!(matches!(&plan.drafts[0].action, Action::Offer { kind: HandoffKind::Return, .. }));
}

#[test]
fn a_shipment_is_taken_back_as_a_whole() {
    let mut world = World::stocked();
    world.ok("maker", &shipping(&packs(1..=2), MAKER, DIST));
    let void = |packs: &[String]| with(shipping(packs, MAKER, DIST), "bizStep", json!("void_shipping"));
    let refusal = world.no("maker", &void(&[pack(1)]), "void_in_part", "epcList");
    assert!(refusal.detail.contains("1 more"), "{refusal}");
    world.no("dist", &void(&packs(1..=2)), "not_sender", "event");
    assert_eq!(actions(&world.ok("maker", &void(&packs(1..=2)))), ["Withdraw 0"]);
    world.no("maker", &void(&packs(1..=2)), "already_yours", "epcList[0]");
    world.no("dist", &receiving(&packs(1..=1), MAKER, DIST), "not_offered", "epcList[0]");
}
