use serde_json::{Value, json};

use super::world::{DIST, MAKER, World, actions, event, pack, shipping, with};

fn foreign(number: u32) -> String {
    format!("urn:epc:id:sgtin:0614141.107346.{number}")
}

fn seen(epcs: &[String]) -> Value {
    event(json!({"action": "OBSERVE", "bizStep": "storing", "epcList": epcs}))
}

#[test]
fn what_concerns_nobody_here_is_recorded_with_a_warning() {
    let mut world = World::stocked();
    let plan = world.ok("dist", &seen(&[foreign(1)]));
    assert_eq!((actions(&plan), plan.warnings.len()), (vec!["Anchor 0".to_owned()], 1));
    let abroad = shipping(&[foreign(1)], "urn:epc:id:sgln:4012345.00001.0", "urn:epc:id:sgln:4012345.00002.0");
    assert_eq!(actions(&world.ok("dist", &abroad)), ["Anchor 0"]);
    let made = with(seen(&[foreign(1)]), "action", json!("ADD"));
    assert_eq!(actions(&world.ok("dist", &made)), ["Anchor 0"]);
    let broken = world.ok("dist", &seen(&["https://id.gs1.org/01/09506000134351/21/X".to_owned()]));
    assert_eq!((actions(&broken), broken.warnings.len()), (vec!["Anchor 0".to_owned()], 1));
}

#[test]
fn what_the_ledger_does_not_follow_is_recorded_without_a_word() {
    let mut world = World::stocked();
    for epc in
        ["urn:epc:id:giai:4000001.111", "https://example.com/things/1", "urn:uuid:5b1c1f4e-6f0e-4e6f-9c3a-000000000001"]
    {
        let plan = world.ok("maker", &with(seen(&[epc.to_owned()]), "action", json!("ADD")));
        assert_eq!((actions(&plan), plan.warnings.len()), (vec!["Anchor 0".to_owned()], 0), "{epc}");
    }
    // Also when it goes to a member, who may then read of it.
    let plan = world.ok("maker", &shipping(&["urn:epc:id:giai:4000001.111".to_owned()], MAKER, DIST));
    assert_eq!(actions(&plan), ["Anchor 0"]);
    assert!(plan.readers.contains(&super::world::id("dist")));
    let bulk = event(json!({
        "action": "OBSERVE", "bizStep": "receiving",
        "quantityList": [{"epcClass": "urn:epc:class:lgtin:030001.0012345.A", "quantity": 5}],
    }));
    assert_eq!(actions(&world.ok("dist", &bulk)), ["Anchor 0"]);
}

#[test]
fn as_soon_as_something_is_known_the_rules_hold() {
    let mut world = World::stocked();
    // The product is known, this pack of it never began.
    let ghost = with(seen(&[pack(99)]), "bizStep", json!("receiving"));
    world.no("dist", &ghost, "unknown_item", "epcList[0]");
    world.no("dist", &shipping(&[foreign(1)], DIST, MAKER), "unknown_item", "event");
    let elsewhere = "urn:epc:id:sgln:4012345.00001.0";
    world.no("maker", &shipping(&[foreign(1), pack(1)], MAKER, elsewhere), "destination_unknown", "destinationList");
    let mixed = shipping(&[pack(1), "urn:epc:id:giai:4000001.111".to_owned()], MAKER, DIST);
    world.no("maker", &mixed, "item_not_serialised", "epcList[1]");
}
