use serde_json::{Value, json};
use veridose_contract::{Action, Commitment, ConsentId, DecommissionReason};

use super::world::{PHARM, World, actions, event, pack, with};

fn ending(step: &str, disposition: &str, packs: &[String]) -> Value {
    event(json!({
        "action": "DELETE", "bizStep": step, "disposition": disposition, "epcList": packs, "readPoint": {"id": PHARM},
    }))
}

#[test]
fn each_way_out_has_its_reason() {
    let mut world = World::at_the_pharmacy();
    for (number, step, disposition, reason) in [
        (1, "destroying", "destroyed", DecommissionReason::Destroyed),
        (2, "decommissioning", "destroyed", DecommissionReason::Destroyed),
        (3, "sampling", "inactive", DecommissionReason::Sample),
        (4, "retail_selling", "retail_sold", DecommissionReason::Supplied),
        (5, "decommissioning", "stolen", DecommissionReason::Stolen),
        (6, "decommissioning", "inactive", DecommissionReason::Locked),
        (7, "dispensing", "dispensed", DecommissionReason::Supplied),
    ] {
        let plan = world.ok("pharm", &ending(step, disposition, &[pack(number)]));
        assert_eq!(plan.drafts[0].action, Action::Decommission { reason }, "{step} {disposition}");
    }
    world.no("pharm", &ending("destroying", "destroyed", &[pack(1)]), "not_active", "event");
    world.no("corner", &ending("destroying", "destroyed", &[pack(8)]), "not_holder", "event");
}

#[test]
fn a_dispense_names_the_consent_and_its_version() {
    let mut world = World::at_the_pharmacy();
    world.register_consent("pharm", 5);
    let (id, prescription) = (ConsentId([5; 16]), Commitment([6; 32]));
    let words =
        |version: Value| json!({"id": id.to_string(), "version": version, "prescription": prescription.to_string()});
    let dispense = |number, words| with(ending("dispensing", "dispensed", &[pack(number)]), "veridose:consent", words);
    let plan = world.ok("pharm", &dispense(1, words(json!("1"))));
    assert_eq!(plan.drafts[0].action, Action::Dispense { consent: id, version: 1, prescription });
    world.ok("pharm", &dispense(2, words(json!(1))));
    world.no("pharm", &dispense(3, words(json!("2"))), "consent_version", "event");
    world.no("pharm", &dispense(3, words(json!("one"))), "consent_invalid", "veridose:consent");
    world.no("pharm", &dispense(3, json!({"id": "who"})), "consent_invalid", "veridose:consent");
    world.no("pharm", &dispense(3, json!("yes")), "consent_invalid", "veridose:consent");
    world.no("pharm", &dispense(1, words(json!("1"))), "not_active", "event");
    world.no("corner", &dispense(4, words(json!("1"))), "not_holder", "event");
}

#[test]
fn part_of_a_pack_handed_out_leaves_it_in_the_trade() {
    let mut world = World::at_the_pharmacy();
    let part = with(ending("dispensing", "partially_dispensed", &[pack(1)]), "action", json!("OBSERVE"));
    assert_eq!(actions(&world.ok("pharm", &part)), ["Anchor 1"]);
    let whole = with(ending("dispensing", "dispensed", &[pack(1)]), "action", json!("OBSERVE"));
    assert_eq!(actions(&world.ok("pharm", &whole)), ["Decommission 1"]);
}
