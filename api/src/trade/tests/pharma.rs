//! The direct purchase of the GS1 US guideline, from its file to a dispense.

use std::path::PathBuf;

use serde_json::json;
use veridose_store::Payload;

use super::world::{DIST, PHARM, World, actions, case, event, pack, packing, receiving, shipping};

/// The example of GS1 US, or nothing where the documents were not fetched.
fn example() -> Option<Vec<u8>> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data"));
    let data = std::env::var_os("VERIDOSE_DATA").map_or(beside, PathBuf::from);
    std::fs::read(data.join("epcis/1.2-xml/GS1_US_Pharma_Example_2_2_1_1.xml")).ok()
}

#[test]
#[allow(clippy::print_stderr)]
fn from_the_manufacturers_file_to_a_dispense() {
    let Some(text) = example() else {
        eprintln!("SKIPPED the example of GS1 US: VERIDOSE_DATA has no epcis/1.2-xml");
        return;
    };
    let document = veridose_epcis::read_document(&text).expect("a valid document");
    let mut world = World::new();
    world.header = Some(document.header.clone());
    let mut done = Vec::new();
    for event in &document.events {
        let plan = world.capture("maker", event).unwrap_or_else(|refusal| panic!("{refusal}"));
        if let Some(Payload::Product(product)) = plan.documents.get(1) {
            assert_eq!((product.name.as_str(), product.ndc.as_deref()), ("Epcistra", Some("0001-0123-45")));
            assert_eq!(product.strength.as_deref(), Some("100mg"));
        }
        done.extend(actions(&plan));
    }
    let expected = [
        "RegisterProduct 0",
        "RegisterLot 0",
        "Commission 12",
        "RegisterProduct 0",
        "RegisterLot 0",
        "Commission 3",
        "Aggregate 4",
        "Aggregate 4",
        "Aggregate 4",
        "CommissionContainers 1",
        "Aggregate 3",
        "Offer 1",
    ];
    assert_eq!(done, expected);
    let pallet = "urn:epc:id:sscc:030001.41234567890".to_owned();
    let Ok(veridose_gs1::Epc::Sgtin(sgtin)) = veridose_gs1::Epc::parse(&pack(11)) else { panic!("a pack") };
    let scan = format!("{}(17)250327(10)A123", sgtin.name());
    let scan = scan.as_str();
    assert_eq!(world.verify("dist", scan).code, "not_received");
    world.ok("dist", &receiving(std::slice::from_ref(&pallet), super::world::MAKER, DIST));
    assert_eq!(world.holder(&pack(11)), "dist");
    world.ok("dist", &packing("DELETE", &pallet, &[case(110)]));
    world.ok("dist", &shipping(&[case(110)], DIST, PHARM));
    assert_eq!(world.verify("pharm", scan).code, "not_received");
    world.ok("pharm", &receiving(&[case(110)], DIST, PHARM));
    world.ok("pharm", &packing("DELETE", &case(110), &[]));
    let verdict = world.verify("pharm", scan);
    assert_eq!((verdict.code, verdict.dispensable), ("may_be_dispensed", true));
    let dispensing = event(json!({
        "action": "DELETE", "bizStep": "dispensing", "disposition": "dispensed", "epcList": [pack(11)],
        "readPoint": {"id": PHARM},
    }));
    world.ok("pharm", &dispensing);
    assert_eq!(world.verify("pharm", scan).code, "already_dispensed");
    assert_eq!(world.verify("pharm", &scan.replace("(21)11", "(21)22")).code, "held_elsewhere");
}
