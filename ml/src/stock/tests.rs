use serde_json::{Value, json};
use veridose_gs1::Gtin;

use super::*;
use crate::events::load_texts;

const SHOP: &str = "https://id.gs1.org/414/9520000000028";
const DEPOT: &str = "https://id.gs1.org/414/9520000000011";
const CASE: &str = "https://id.gs1.org/00/095200000000000014";

fn pack(number: u32) -> String {
    format!("https://id.gs1.org/01/09520001000003/21/S{number}")
}

fn event(day: u32, hour: u32, step: &str, place: &str, numbers: std::ops::Range<u32>) -> Value {
    let action = if matches!(step, "dispensing" | "destroying") { "DELETE" } else { "OBSERVE" };
    let mut event = json!({
        "type": "ObjectEvent", "eventTime": format!("2026-01-{day:02}T{hour:02}:00:00Z"), "eventTimeZoneOffset": "+00:00",
        "action": action, "bizStep": step, "epcList": numbers.map(pack).collect::<Vec<_>>(), "readPoint": {"id": place},
    });
    if step == "shipping" || step == "receiving" {
        let (from, to) = if place == SHOP && step == "shipping" { (SHOP, DEPOT) } else { (DEPOT, SHOP) };
        event["sourceList"] = json!([{"type": "owning_party", "source": from}]);
        event["destinationList"] = json!([{"type": "owning_party", "destination": to}]);
    }
    event
}

fn accounts(events: &[Value]) -> Accounts {
    let document = json!({
        "@context": "https://ref.gs1.org/standards/epcis/epcis-context.jsonld", "type": "EPCISDocument",
        "schemaVersion": "2.0", "creationDate": "2026-02-01T00:00:00Z", "epcisBody": {"eventList": events},
    });
    let (table, loaded) = load_texts(&[("test.jsonld", document.to_string().as_bytes())]);
    assert_eq!(table.rows.len(), events.len(), "{loaded:?}");
    Accounts::of(&table)
}

fn on_hand(accounts: &Accounts) -> Vec<u32> {
    accounts.list[0].days.iter().map(|day| day.on_hand).collect()
}

#[test]
fn on_hand_is_what_came_less_what_went() {
    let mut packing = event(1, 8, "packing", DEPOT, 0..8);
    packing["type"] = json!("AggregationEvent");
    packing["action"] = json!("ADD");
    packing["parentID"] = json!(CASE);
    packing["childEPCs"] = packing["epcList"].take();
    packing.as_object_mut().expect("an object").remove("epcList");
    let mut shipping = event(2, 18, "shipping", DEPOT, 0..0);
    shipping["epcList"] = json!([CASE, pack(8), pack(9)]);
    let mut receiving = event(4, 8, "receiving", SHOP, 0..0);
    receiving["epcList"] = shipping["epcList"].clone();
    let found = accounts(&[
        event(5, 9, "dispensing", SHOP, 0..2),
        packing,
        shipping,
        receiving,
        event(6, 9, "shipping", SHOP, 2..4),
        event(7, 9, "destroying", SHOP, 4..5),
        event(7, 10, "dispensing", SHOP, 5..6),
    ]);
    assert_eq!(found.lead_days, [2; 10]);
    let delivery = Delivery { sent: 1, came: Some(3), packs: 10 };
    assert_eq!(found.list[0].deliveries, [delivery]);
    let days = &found.list[0].days;
    assert_eq!((days[1].sent, days[1].incoming, days[2].incoming, days[3].incoming), (10, 10, 10, 0));
    assert_eq!((days[3].received, days[4].dispensed), (10, 2));
    // The days before the account began are there too.
    assert_eq!(on_hand(&found), [0, 0, 0, 10, 8, 6, 4]);
}

#[test]
fn packs_in_a_case_of_other_products_are_followed_too() {
    let thing = |product: u32| {
        let gtin = (0..10).find_map(|check| Gtin::parse(&format!("0952000100{product:03}{check}")).ok());
        format!("https://id.gs1.org/01/{}/21/S1", gtin.expect("one check digit is right"))
    };
    let packs: Vec<String> = (1..=8).map(thing).collect();
    // The case has a serial number of a product, as the packs have.
    let case = thing(9);
    let mut packing = event(1, 8, "packing", DEPOT, 0..0);
    packing["type"] = json!("AggregationEvent");
    packing["action"] = json!("ADD");
    packing["parentID"] = json!(case);
    packing["childEPCs"] = json!(packs);
    packing.as_object_mut().expect("an object").remove("epcList");
    let mut receiving = event(4, 8, "receiving", SHOP, 0..0);
    receiving["epcList"] = json!([case]);
    let mut dispensing = event(5, 8, "dispensing", SHOP, 0..0);
    dispensing["epcList"] = json!([packs[0]]);
    let found = accounts(&[packing, receiving, dispensing]);
    let last: Vec<u32> = found.list.iter().map(|account| account.days[4].on_hand).collect();
    assert_eq!((last.len(), last.iter().sum::<u32>()), (9, 8), "eight products and the case, less a pack");
    assert!(found.list.is_sorted_by_key(|account| account.gtin));
}

#[test]
fn missed_reads_do_not_fill_the_shelf_for_ever() {
    let found = accounts(&[
        event(1, 8, "receiving", SHOP, 0..3),
        // The receipt of 3 to 5 was missed, the scan of one was not; 0 was given out unseen.
        event(24, 8, "receiving", SHOP, 6..8),
        event(25, 9, "inspecting", SHOP, 3..4),
        event(25, 10, "dispensing", SHOP, 1..3),
        event(26, 10, "dispensing", SHOP, 6..7),
    ]);
    let days = on_hand(&found);
    assert_eq!((days[0], days[23], days[24], days[25]), (3, 5, 4, 2));
}

#[test]
fn what_the_reader_missed_of_a_delivery_came_with_it() {
    let found = accounts(&[
        event(1, 18, "shipping", DEPOT, 0..4),
        // One of four is not read.
        event(3, 8, "receiving", SHOP, 0..3),
        event(4, 18, "shipping", DEPOT, 4..8),
        event(5, 8, "receiving", SHOP, 4..5),
        event(6, 10, "dispensing", SHOP, 0..2),
    ]);
    let (account, days) = (&found.list[0], &found.list[0].days);
    assert_eq!(on_hand(&found), [0, 0, 4, 4, 5, 3]);
    // Three of the second delivery are still on their way: too many to have been missed.
    assert_eq!((days[2].incoming, days[4].incoming), (0, 3));
    let told: Vec<_> = account.deliveries.iter().map(|of| (of.sent, of.came, of.packs)).collect();
    assert_eq!(told, [(0, Some(2), 4), (3, None, 3), (3, Some(4), 1)]);
}

#[test]
fn a_pack_that_is_sent_on_had_come() {
    let elsewhere = "https://id.gs1.org/414/9520000000035";
    let mut back = event(4, 9, "shipping", SHOP, 0..2);
    back["destinationList"] = json!([{"type": "owning_party", "destination": elsewhere}]);
    let found = accounts(&[event(1, 18, "shipping", DEPOT, 0..3), back, event(5, 9, "dispensing", SHOP, 2..3)]);
    let days = &found.list[0].days;
    assert_eq!((days[0].incoming, days[3].incoming, days[3].received, days[4].incoming), (3, 1, 2, 0));
}

#[test]
fn a_pack_first_seen_when_it_was_given_out_overtakes_nothing() {
    let found = accounts(&[
        event(1, 8, "receiving", SHOP, 0..4),
        // The receipt of 4 was missed: nobody knows since when it lay there.
        event(20, 9, "inspecting", SHOP, 4..5),
        event(20, 10, "dispensing", SHOP, 4..5),
        event(21, 10, "dispensing", SHOP, 0..1),
    ]);
    let days = on_hand(&found);
    assert_eq!((days[18], days[19], days[20]), (4, 4, 3));
}

#[test]
fn a_new_shelf_asks_for_what_its_siblings_ask_for() {
    let day = |dispensed| Day { received: 0, dispensed, on_hand: 200, ..Day::default() };
    let shelf =
        |gtin, place, days| Account { gtin, place, supplier: 9, days, deliveries: Vec::new(), packs: Vec::new() };
    // Product 1 sells four a day; the place 3 sells half as much as others of product 2, and has product 1 since three days.
    let before = vec![Day::default(); 57];
    let mut new = before.clone();
    new.extend([day(0), day(2), Day { on_hand: 5, ..day(1) }]);
    let list = vec![
        shelf(1, 1, vec![day(4); 60]),
        shelf(1, 2, vec![day(4); 60]),
        shelf(1, 3, new),
        shelf(2, 1, vec![day(8); 60]),
        shelf(2, 2, vec![day(8); 60]),
        shelf(2, 3, vec![day(4); 60]),
    ];
    let accounts = Accounts { first_day: 0, list, lead_days: vec![1], ..Accounts::default() };
    let found = outlook(&accounts, 59, &Settings { horizon: 14, paths: 200, seed: 3 }).expect("looks ahead");
    // About two and a half a day: five packs do not last a week, and are not gone on the first day.
    assert!(found[2].empty_by[0] < 0.01 && found[2].empty_by[6] > 0.9, "{:?}", found[2].empty_by);
    assert!((20..60).contains(&found[2].order.median), "{:?}", found[2].order);
}

fn account(on_hand: u32, demand: u32, sent: u32) -> Accounts {
    let day = Day { sent, received: sent, dispensed: demand, on_hand, incoming: 0 };
    let days = vec![day; 60];
    let list = vec![Account { gtin: 1, place: 0, supplier: 1, days, deliveries: Vec::new(), packs: Vec::new() }];
    Accounts { first_day: 0, list, lead_days: vec![1, 1, 1, 2], ..Accounts::default() }
}

fn looked(accounts: &Accounts) -> Outlook {
    outlook(accounts, 59, &Settings { horizon: 14, paths: 200, seed: 3 }).expect("looks ahead").remove(0)
}

#[test]
fn a_shelf_that_nobody_fills_is_empty_when_it_is_used_up() {
    let found = looked(&account(5, 1, 0));
    assert_eq!((found.empty_by[3], found.empty_by[4], found.empty_by[13]), (0.0, 1.0, 1.0));
    // Fourteen days and one of lead, or two, less the five that are there.
    assert_eq!((found.order.tenths.0, found.order.median), (10, 10));
    assert!(found.empty_by.is_sorted());
    assert!(looked(&account(100, 1, 0)).empty_by[13] <= 0.0);
}

#[test]
fn the_same_seed_gives_the_same_outlook_and_wrong_settings_are_named() {
    let accounts = account(3, 2, 2);
    assert_eq!(looked(&accounts), looked(&accounts));
    let refused = outlook(&accounts, 59, &Settings { horizon: 0, paths: 1, seed: 1 }).expect_err("refused");
    assert_eq!(refused.to_string(), "horizon is 0: give 1 to 365");
    let refused = outlook(&accounts, 60, &Settings { horizon: 1, paths: 1, seed: 1 }).expect_err("refused");
    assert_eq!(refused.to_string(), "day 60 is asked for, there are 60");
    let settings = Settings { horizon: 1, paths: 1, seed: 1 };
    assert!(outlook(&Accounts::default(), 0, &settings).expect("nothing to look at").is_empty());
}
