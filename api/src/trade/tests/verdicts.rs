use std::collections::BTreeMap;

use serde_json::json;
use veridose_contract::{Action, DecommissionReason, Discrepancy, DiscrepancyKind, QuarantineTarget, RecallTarget};
use veridose_gs1::Epc;

use crate::trade::{Outcome, Severity};

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
    assert_eq!(told(&world, "pharm", "(01)09506000134352(21)X"), ("unknown_product", None, false));
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
    ended(&mut world);
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

/// Every way in which a verification can end, as JSON: what clients are built on.
#[test]
fn every_kind_of_verdict() {
    let mut told = BTreeMap::new();
    let mut tell = |name: &'static str, world: &World, by: &str, text: &str| {
        assert!(told.insert(name, world.verify(by, text)).is_none(), "{name} is told once");
    };
    let text = |number: u32| scan(&pack(number), "(17)250331(10)A");
    let world = World::stocked();
    tell("genuine_at_the_manufacturer", &world, "maker", &text(1));
    let mut world = World::at_the_pharmacy();
    tell("may_be_dispensed", &world, "pharm", &text(1));
    tell("in_anothers_custody", &world, "corner", &text(1));
    tell("lot_differs", &world, "pharm", &scan(&pack(1), "(17)250331(10)B"));
    tell("expiry_differs", &world, "pharm", &scan(&pack(1), "(17)260331(10)A"));
    tell("both_differ", &world, "pharm", &scan(&pack(1), "(17)260331(10)B"));
    tell("unknown_serial", &world, "pharm", &text(99));
    tell("unknown_lot", &world, "pharm", &scan(&pack(99), "(10)NO"));
    tell("unknown_product", &world, "pharm", "(01)09506000134352(17)250331(10)A(21)X");
    tell("unknown_container", &world, "pharm", &scan(&pallet(9), ""));
    tell("no_serial", &world, "pharm", "(01)09506000134352");
    tell("unreadable", &world, "pharm", "(01)09506000134351(21)X");
    let of_caps = commissioning(&["urn:epc:id:sgtin:030001.0012345.aBy1".to_owned()], "A", "2025-03-31");
    world.ok("maker", &of_caps);
    tell("caps_lock", &world, "pharm", &scan("urn:epc:id:sgtin:030001.0012345.AbY1", ""));
    world.ok("pharm", &shipping(&[pack(9)], PHARM, CORNER));
    tell("on_its_way", &world, "corner", &text(9));
    ended(&mut world);
    tell("dispensed_here", &world, "pharm", &text(1));
    tell("dispensed_elsewhere", &world, "corner", &text(1));
    tell("stolen", &world, "pharm", &text(2));
    tell("destroyed_here", &world, "pharm", &text(3));
    tell("destroyed_elsewhere", &world, "corner", &text(3));
    world.act("reg", Action::Quarantine(QuarantineTarget::Items), &[&pack(4)]);
    tell("quarantined", &world, "pharm", &text(4));
    let (mut expired, mut recalled) = (World::at_the_pharmacy(), World::at_the_pharmacy());
    expired.now.0 += 1_000 * DAY;
    tell("expired", &expired, "pharm", &text(1));
    let lot = recalled.standing(&pack(1)).lot.expect("a lot");
    recalled.act("reg", Action::Recall { target: RecallTarget::Lot(lot), class: 1 }, &[]);
    tell("recalled", &recalled, "pharm", &text(1));
    let mut world = World::stocked();
    world.ok("maker", &packing("ADD", &pallet(1), &[pack(1), pack(2)]));
    tell("in_a_container", &world, "maker", &text(1));
    tell("container", &world, "maker", &scan(&pallet(1), ""));
    let lot = world.standing(&pack(5)).lot.expect("a lot");
    world.act("maker", Action::Transform { inputs: vec![world.item(&pack(5))], lot }, &[&pack(50)]);
    tell("repackaged_here", &world, "maker", &text(5));
    tell("repackaged_elsewhere", &world, "pharm", &text(5));
    disputed(&mut world);
    tell("disputed", &world, "maker", &text(6));
    insta::assert_json_snapshot!(told);
    for (name, verdict) in &told {
        assert!(!verdict.dispensable || verdict.severity == Severity::None, "{name}");
        assert!(
            verdict.outcome != Outcome::Unreadable || verdict.severity == Severity::Warning,
            "{name}: no scan accuses"
        );
        let withdrawn = verdict.expired || verdict.quarantined || verdict.recall_class.is_some();
        assert!(!withdrawn || (verdict.severity == Severity::Notice && verdict.nmvs_code.is_none()), "{name}");
    }
}

/// Pack 1 is dispensed, 2 stolen, 3 destroyed.
fn ended(world: &mut World) {
    world.register_consent("pharm", 1);
    let (consent, prescription) = (veridose_contract::ConsentId([1; 16]), veridose_contract::Commitment([2; 32]));
    world.act("pharm", Action::Dispense { consent, version: 1, prescription }, &[&pack(1)]);
    for (number, reason) in [(2, DecommissionReason::Stolen), (3, DecommissionReason::Destroyed)] {
        world.act("pharm", Action::Decommission { reason }, &[&pack(number)]);
    }
}

/// Pack 6 was offered and reported as damaged.
fn disputed(world: &mut World) {
    world.ok("maker", &shipping(&[pack(6)], MAKER, PHARM));
    let offer = world.standing(&pack(6)).offer.expect("offered").id;
    let damaged = Discrepancy { item: world.item(&pack(6)), kind: DiscrepancyKind::Damaged };
    world.act("pharm", Action::Accept { offer, discrepancies: vec![damaged] }, &[]);
}
