use serde_json::json;

use super::world::{World, actions, case, commissioning, event, pack, packing, pallet, with};

#[test]
fn packs_go_into_a_pallet_that_comes_into_being_and_out_again() {
    let mut world = World::stocked();
    let plan = world.ok("maker", &packing("ADD", &pallet(1), &[pack(1), pack(2), pack(3)]));
    assert_eq!(actions(&plan), ["Aggregate 3"]);
    assert_eq!(world.standing(&pallet(1)).children, 3);
    assert_eq!(world.standing(&pack(1)).containers, [world.item(&pallet(1))]);
    assert_eq!(actions(&world.ok("maker", &packing("DELETE", &pallet(1), &[pack(1)]))), ["Disaggregate 1"]);
    assert_eq!(world.standing(&pallet(1)).children, 2);
    assert_eq!(actions(&world.ok("maker", &packing("DELETE", &pallet(1), &[]))), ["Disaggregate 0"]);
    assert_eq!(world.standing(&pack(3)).containers, []);
    world.no("maker", &packing("DELETE", &pallet(1), &[]), "container_empty", "event");
}

#[test]
fn a_serialised_case_is_a_parent_once_it_is_commissioned() {
    let mut world = World::stocked();
    world.no("maker", &packing("ADD", &case(1), &[pack(1)]), "unknown_item", "event");
    world.ok("maker", &commissioning(&[case(1)], "A", "2025-03-31"));
    world.ok("maker", &packing("ADD", &case(1), &[pack(1), pack(2)]));
    world.no("maker", &packing("ADD", &pallet(1), &[pack(1)]), "in_container", "event");
    world.ok("maker", &packing("ADD", &pallet(1), &[case(1)]));
    assert_eq!(world.standing(&pack(1)).containers.len(), 2);
    world.no("maker", &packing("ADD", &case(1), &[pallet(1)]), "container_cycle", "event");
}

#[test]
fn an_observation_moves_nothing_and_stands_in_the_history() {
    let mut world = World::stocked();
    let plan = world.ok("maker", &packing("OBSERVE", &pallet(1), &[pack(1), pack(2)]));
    assert_eq!(actions(&plan), ["Anchor 2"], "the packs are known, the pallet is not");
    assert_eq!(world.standing(&pack(1)).containers, []);
    let seen = event(json!({"action": "OBSERVE", "bizStep": "storing", "epcList": [pack(1)]}));
    assert_eq!(actions(&world.ok("maker", &seen)), ["Anchor 1"]);
}

#[test]
fn quantities_and_other_parents_are_recorded_only() {
    let mut world = World::stocked();
    world.ok("maker", &packing("ADD", &pallet(1), &[pack(1)]));
    let amount = json!([{"epcClass": "urn:epc:class:lgtin:030001.0012345.A", "quantity": 5}]);
    // Taking a quantity out is not taking everything out.
    let some = with(packing("DELETE", &pallet(1), &[]), "childQuantityList", amount.clone());
    let plan = world.ok("maker", &some);
    assert_eq!((actions(&plan), plan.warnings.len()), (vec!["Anchor 1".to_owned()], 1));
    assert_eq!(world.standing(&pallet(1)).children, 1);
    let more = with(packing("ADD", &pallet(1), &[]), "childQuantityList", amount);
    assert_eq!(actions(&world.ok("maker", &more)), ["Anchor 1"]);
    let tote = packing("ADD", "urn:epc:id:grai:030001.123456.400", &[pack(2)]);
    let plan = world.ok("maker", &tote);
    assert_eq!((actions(&plan), plan.warnings.len()), (vec!["Anchor 1".to_owned()], 1));
    let asset = packing("ADD", &pallet(1), &["urn:epc:id:grai:030001.123456.400".to_owned()]);
    world.no("maker", &asset, "item_not_serialised", "childEPCs[0]");
}

#[test]
fn only_the_holder_packs() {
    let mut world = World::stocked();
    world.no("dist", &packing("ADD", &pallet(1), &[pack(1)]), "not_holder", "event");
    // A container at a place of one's own is packed with what was never commissioned: refused, not merely recorded.
    let own = with(
        packing("ADD", &pallet(2), &["urn:epc:id:sgtin:0614141.107346.1".to_owned()]),
        "readPoint",
        json!({"id": super::world::DIST}),
    );
    world.no("dist", &own, "unknown_item", "event");
}
