use serde_json::json;
use veridose_contract::Action;
use veridose_store::Payload;

use super::world::{World, actions, commissioning, event, other_pack, pack, pallet, with};

#[test]
fn commissioning_registers_what_is_new_once() {
    let mut world = World::new();
    let plan = world.ok("maker", &commissioning(&[pack(1), pack(2)], "A", "2025-03-31"));
    assert_eq!(actions(&plan), ["RegisterProduct 0", "RegisterLot 0", "Commission 2"]);
    assert_eq!(plan.documents.len(), 3, "the event, the product, the lot");
    assert_eq!(plan.drafts[2].document, 0, "the packs commit to the event");
    assert!(
        matches!(&plan.documents[2], Payload::Lot(lot) if lot.lot == "A" && lot.expiry.to_string() == "2025-03-31")
    );
    assert_eq!(plan.readers.iter().map(veridose_contract::PartyId::as_str).collect::<Vec<_>>(), ["reg"]);
    let plan = world.ok("maker", &commissioning(&[pack(3)], "A", "2025-03-31"));
    assert_eq!(actions(&plan), ["Commission 1"]);
    let plan = world.ok("maker", &commissioning(&[pack(4)], "B", "2025-06-30"));
    assert_eq!(actions(&plan), ["RegisterLot 0", "Commission 1"]);
}

#[test]
fn two_products_of_one_event_have_a_lot_each() {
    let mut world = World::new();
    let plan = world.ok("maker", &commissioning(&[pack(1), other_pack(1), pack(2), pallet(1)], "A", "2025-03-31"));
    let expected = [
        "RegisterProduct 0",
        "RegisterLot 0",
        "Commission 2",
        "RegisterProduct 0",
        "RegisterLot 0",
        "Commission 1",
        "CommissionContainers 1",
    ];
    assert_eq!(actions(&plan), expected);
    assert_ne!(world.standing(&pack(1)).lot, world.standing(&other_pack(1)).lot);
    assert_eq!(world.standing(&pallet(1)).lot, None);
}

#[test]
fn what_the_lot_lacks_is_named() {
    let mut world = World::new();
    let bare = event(json!({"action": "ADD", "bizStep": "commissioning", "epcList": [pack(1)]}));
    world.no("maker", &bare, "lot_missing", "ilmd.cbvmda:lotNumber");
    let dateless = with(bare.clone(), "ilmd", json!({"cbvmda:lotNumber": "A"}));
    world.no("maker", &dateless, "expiry_missing", "ilmd.cbvmda:itemExpirationDate");
    world.no(
        "maker",
        &commissioning(&[pack(1)], "A", "2025-02-30"),
        "expiry_invalid",
        "ilmd.cbvmda:itemExpirationDate",
    );
    world.no("maker", &commissioning(&[pack(1)], "no blanks", "2025-03-31"), "lot_invalid", "ilmd.cbvmda:lotNumber");
    // A date and time, as some lines write, means its day; a known lot needs no date, but must not get another.
    world.ok("maker", &commissioning(&[pack(1)], "A", "2025-03-31T00:00:00Z"));
    let later = with(dateless, "epcList", json!([pack(2)]));
    assert_eq!(actions(&world.ok("maker", &later)), ["Commission 1"]);
    let other = commissioning(&[pack(3)], "A", "2026-03-31");
    world.no("maker", &other, "expiry_differs", "ilmd.cbvmda:itemExpirationDate");
}

#[test]
fn only_the_manufacturer_of_a_product_commissions_it_and_each_pack_once() {
    let mut world = World::stocked();
    world.no("maker", &commissioning(&[pack(1)], "A", "2025-03-31"), "item_exists", "event");
    world.no("maker", &commissioning(&[pack(30), pack(30)], "A", "2025-03-31"), "duplicate_item", "event");
    world.no("rival", &commissioning(&[pack(30)], "A", "2025-03-31"), "not_product_owner", "event");
    world.no("rival", &commissioning(&[pack(30)], "Z", "2025-03-31"), "not_product_owner", "event");
    world.no("dist", &commissioning(&[pack(30)], "A", "2025-03-31"), "role_not_allowed", "event");
    // A manufacturer's mistyped identifier is no private one.
    let bad = "https://id.gs1.org/01/09506000134351/21/X".to_owned();
    let refusal =
        world.no("maker", &commissioning(&[pack(31), bad.clone()], "A", "2025-03-31"), "epc_invalid", "epcList[1]");
    assert!(refusal.detail.contains(&bad), "{refusal}");
}

#[test]
fn a_distributor_labels_pallets() {
    let mut world = World::new();
    let label = event(json!({"action": "ADD", "bizStep": "commissioning", "epcList": [pallet(1)]}));
    assert_eq!(actions(&world.ok("maker", &label)), ["CommissionContainers 1"]);
}

#[test]
fn repackaging_ends_packs_and_begins_others() {
    let mut world = World::stocked();
    let repack = event(json!({
        "type": "TransformationEvent", "bizStep": "repackaging",
        "inputEPCList": [pack(1), pack(2)], "outputEPCList": [other_pack(1), other_pack(2), other_pack(3)],
        "ilmd": {"cbvmda:lotNumber": "R", "cbvmda:itemExpirationDate": "2025-03-31"},
    }));
    let plan = world.ok("maker", &repack);
    assert_eq!(actions(&plan), ["RegisterProduct 0", "RegisterLot 0", "Transform 3"]);
    assert!(matches!(&plan.drafts[2].action, Action::Transform { inputs, .. } if inputs.len() == 2));
    let into_nothing = event(json!({
        "type": "TransformationEvent", "inputEPCList": [pack(3)],
        "outputQuantityList": [{"epcClass": "urn:epc:class:lgtin:030001.0012345.A", "quantity": 1}],
    }));
    world.no("maker", &into_nothing, "output_missing", "outputEPCList");
    let mixed = with(
        with(repack.clone(), "inputEPCList", json!([pack(3)])),
        "outputEPCList",
        json!([pack(40), other_pack(40)]),
    );
    world.no("maker", &mixed, "outputs_mixed", "outputEPCList");
}

#[test]
fn packs_are_filled_from_bulk() {
    let mut world = World::new();
    let bulk = json!([{"epcClass": "urn:epc:class:lgtin:030001.0099999.B", "quantity": 12, "uom": "KGM"}]);
    let filling = event(json!({
        "type": "TransformationEvent", "bizStep": "commissioning",
        "inputQuantityList": bulk, "outputEPCList": [pack(1), pack(2)],
        "ilmd": {"cbvmda:lotNumber": "A", "cbvmda:itemExpirationDate": "2025-03-31"},
    }));
    assert_eq!(actions(&world.ok("maker", &filling)), ["RegisterProduct 0", "RegisterLot 0", "Commission 2"]);
    let mixing = event(json!({"type": "TransformationEvent", "inputQuantityList": bulk, "outputQuantityList": bulk}));
    assert_eq!(actions(&world.ok("maker", &mixing)), ["Anchor 0"]);
    let bulk_begins = event(json!({"action": "ADD", "bizStep": "commissioning", "quantityList": bulk}));
    assert_eq!(actions(&world.ok("maker", &bulk_begins)), ["Anchor 0"]);
}
