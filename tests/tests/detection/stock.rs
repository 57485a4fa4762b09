//! Shelves of a simulated chain: what is on hand as the chain's own books have it, and what runs out.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use veridose_tests::printed;

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn lines(told: &str) -> Vec<Value> {
    told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn shelves_are_as_the_books_say_and_orders_follow_the_risk() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| printed(folder.path(), arguments).expect("runs");
    let trade = folder.path().join("trade");
    run(&["simulate", "--out", text(&trade), "--seed", "106", "--packs", "20000", "--stock"]);
    // The books' last day: gtin, gln, date, demand, dispensed, on hand.
    let books = std::fs::read_to_string(trade.join("demand.csv")).expect("written");
    let mut on_hand: BTreeMap<(String, String), (String, u64)> = BTreeMap::new();
    for row in books.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let (key, day) = ((cells[0].to_owned(), cells[1].to_owned()), cells[2].to_owned());
        let packs = cells[5].parse().expect("a number");
        let last = on_hand.entry(key).or_insert_with(|| (day.clone(), packs));
        if day >= last.0 {
            *last = (day, packs);
        }
    }
    let data = ["--events", text(&trade), "--json"];
    let outlook = lines(&run(&[&["stock", "outlook"], data.as_slice()].concat()));
    assert!(outlook.len() > 20, "{} shelves", outlook.len());
    let risk = |row: &Value| row["empty_by"].as_array().and_then(|by| by.last()?.as_f64()).expect("a probability");
    assert!(outlook.windows(2).all(|pair| risk(&pair[0]) >= risk(&pair[1])), "the greatest risk first");
    let holders: Vec<&Value> = outlook.iter().flat_map(|row| row["elsewhere"].as_array().expect("holders")).collect();
    assert!(holders.iter().any(|held| held["is_depot"] == true && held["risk"].is_null()), "depots hold stock too");
    assert!(holders.iter().any(|held| held["is_depot"] == false && held["risk"].is_f64()));
    let (mut off, mut all) = (0, 0);
    for row in &outlook {
        let gln = row["place"].as_str().and_then(|place| place.rsplit('/').next()).expect("a place");
        let gtin = row["gtin"].as_str().expect("a product");
        if let Some((_, packs)) = on_hand.get(&(gtin.to_owned(), gln.to_owned())) {
            all += packs;
            off += packs.abs_diff(row["on_hand"].as_u64().expect("a number"));
        }
    }
    println!("measured: on hand off by {off} of {all} packs on {} shelves", outlook.len());
    assert!(all > 100 && off * 4 < all, "off by {off} of {all}");
    let orders = lines(&run(&[&["stock", "orders"], data.as_slice()].concat()));
    assert!(!orders.is_empty() && orders.iter().all(|row| row["order"].as_u64() > Some(0)));
    assert_eq!(
        run(&[&["stock", "orders"], data.as_slice()].concat()),
        run(&[&["stock", "orders"], data.as_slice()].concat())
    );
    let shortages = lines(&run(&[&["stock", "shortages"], data.as_slice()].concat()));
    let places: u64 = shortages.iter().map(|row| row["places"].as_u64().expect("a number")).sum();
    assert_eq!(places, outlook.len() as u64, "each shelf is of one product");
    assert!(shortages.iter().all(|row| row["shortage_risk"].as_f64().is_some_and(|risk| (0.0..=1.0).contains(&risk))));
}
