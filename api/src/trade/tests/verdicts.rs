use serde_json::json;
use veridose_contract::{Action, DecommissionReason, QuarantineTarget, RecallTarget};
use veridose_gs1::Epc;

use super::world::{CORNER, DAY, MAKER, PHARM, World, commissioning, pack, packing, pallet, receiving, shipping};

fn scan(epc: &str, rest: &str) -> String {
    match Epc::parse(epc).expect("an EPC") {
        Epc::Sgtin(pack) => format!("{}{rest}", pack.name()),
        Epc::Sscc(unit) => unit.name(),
        other => panic!("{other:?}"),
    }
}

/// Code, code of the national systems, whether it may be dispensed.
fn told(world: &World, by: &str, text: &str) -> (&'static str, Option<&'static str>, bool) {
    let verdict = world.verify(by, text);
    assert!(!verdict.message.is_empty() && !verdict.next_step.is_empty());
    (verdict.code, verdict.nmvs_code, verdict.dispensable)
}

#[test]
fn a_genuine_pack_may_be_dispensed_where_it_is() {
    let world = World::at_the_pharmacy();
    let text = scan(&pack(1), "(17)250331(10)A");
    assert_eq!(told(&world, "pharm", &text), ("may_be_dispensed", None, true));
    assert_eq!(told(&world, "corner", &text), ("held_elsewhere", None, false));
    let world = World::stocked();
    assert_eq!(told(&world, "maker", &text), ("genuine", None, false));
}

#[test]
fn what_the_code_says_otherwise_is_named() {
    let world = World::at_the_pharmacy();
    let told = |rest: &str| told(&world, "pharm", &scan(&pack(1), rest));
    assert_eq!(told("(17)250331(10)B"), ("lot_mismatch", Some("A68"), false));
    assert_eq!(told("(17)260331(10)A"), ("expiry_mismatch", Some("A52"), false));
    assert_eq!(told("(17)260331(10)B"), ("lot_and_expiry_mismatch", Some("A68"), false));
    assert_eq!(told("(17)250300(10)A"), ("may_be_dispensed", None, true), "day zero is the month's last day");
}

#[test]
fn what_was_never_made_is_told_apart() {
    let world = World::at_the_pharmacy();
    assert_eq!(told(&world, "pharm", &scan(&pack(99), "(10)A")), ("unknown_serial", Some("A3"), false));
    assert_eq!(told(&world, "pharm", &scan(&pack(99), "")), ("unknown_serial", Some("A3"), false));
    assert_eq!(told(&world, "pharm", &scan(&pack(99), "(10)NO")), ("unknown_lot", Some("A2"), false));
    assert_eq!(told(&world, "pharm", &scan(&pallet(9), "")), ("unknown_container", None, false));
}

#[test]
fn a_bad_scan_says_nothing_about_the_pack() {
    let mut world = World::new();
    world.ok("maker", &commissioning(&["urn:epc:id:sgtin:030001.0012345.aBy1".to_owned()], "A", "2025-03-31"));
    assert_eq!(told(&world, "pharm", ""), ("empty", None, false));
    assert_eq!(told(&world, "pharm", "(01)09506000134351(21)X"), ("wrong_check_digit", None, false));
    assert_eq!(told(&world, "pharm", "(01)09506000134352"), ("no_serial", None, false));
    for (serial, code) in [("AbY1", "caps_lock"), ("aBz1", "keyboard_layout")] {
        let verdict = world.verify("pharm", &scan(&format!("urn:epc:id:sgtin:030001.0012345.{serial}"), ""));
        assert_eq!(verdict.code, code);
        assert!(verdict.suggestion.expect("what was meant").ends_with("(21)aBy1"));
    }
}

#[test]
fn a_pack_whose_life_is_over_says_where() {
    let mut world = World::at_the_pharmacy();
    world.register_consent("pharm", 1);
    let dispense = Action::Dispense {
        consent: veridose_contract::ConsentId([1; 16]),
        version: 1,
        prescription: veridose_contract::Commitment([2; 32]),
    };
    world.act("pharm", dispense, &[&pack(1)]);
    for (number, reason) in [(2, DecommissionReason::Stolen), (3, DecommissionReason::Destroyed)] {
        world.act("pharm", Action::Decommission { reason }, &[&pack(number)]);
    }
    let text = |number| scan(&pack(number), "");
    assert_eq!(told(&world, "pharm", &text(1)), ("already_dispensed", Some("A7"), false));
    assert!(world.verify("pharm", &text(1)).message.contains("at this location"));
    assert!(world.verify("corner", &text(1)).message.contains("at another location"));
    assert_eq!(told(&world, "pharm", &text(2)), ("stolen", Some("A7"), false));
    assert_eq!(told(&world, "pharm", &text(3)), ("already_decommissioned", Some("A7"), false));
}

#[test]
fn nobody_did_wrong_where_a_pack_is_withdrawn_or_expired() {
    let mut world = World::at_the_pharmacy();
    let lot = world.standing(&pack(1)).lot.expect("a lot");
    let text = scan(&pack(1), "");
    world.act("reg", Action::Quarantine(QuarantineTarget::Items), &[&pack(1)]);
    assert_eq!(told(&world, "pharm", &text), ("quarantined", None, false));
    world.act("reg", Action::Recall { target: RecallTarget::Lot(lot), class: 2 }, &[]);
    assert_eq!(told(&world, "pharm", &text), ("recalled", None, false));
    assert_eq!(world.verify("pharm", &text).recall_class, Some(2));
    let mut world = World::at_the_pharmacy();
    world.now.0 += 1_000 * DAY;
    assert_eq!(told(&world, "pharm", &text), ("expired", None, false));
    assert!(world.verify("pharm", &text).expired);
}

#[test]
fn containers_and_deliveries() {
    let mut world = World::stocked();
    world.ok("maker", &packing("ADD", &pallet(1), &[pack(1)]));
    world.ok("maker", &shipping(&[pallet(1)], MAKER, PHARM));
    assert_eq!(told(&world, "pharm", &scan(&pack(1), "")), ("not_received", None, false));
    world.ok("pharm", &receiving(&[pallet(1)], MAKER, PHARM));
    assert_eq!(told(&world, "pharm", &scan(&pallet(1), "")), ("container", None, false));
    let verdict = world.verify("pharm", &scan(&pack(1), ""));
    assert_eq!(verdict.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), ["in_container"]);
    world.ok("pharm", &shipping(&[pallet(1)], PHARM, CORNER));
    let shape = serde_json::to_value(world.verify("corner", "(01)09506000134352(21)NEVER")).expect("JSON");
    assert_eq!((&shape["outcome"], &shape["scanned"]["serial"]), (&json!("not_found"), &json!("NEVER")));
}
