//! The truth about stock agrees with the events.

use std::collections::HashMap;

use crate::ran;
use crate::record::{Record, site};

#[test]
fn demand_that_is_met_is_dispensed_in_events() {
    let files = ran(|options| (options.prevalence, options.noise, options.stock) = (0.0, 0.0, true));
    let record = Record::read(&files);
    let mut dispensed: HashMap<(String, String), u32> = HashMap::new();
    for event in record.of_step("dispensing") {
        let gln = site(event).rsplit('/').next().expect("a GLN").to_owned();
        for epc in &event.epc_list {
            let gtin = epc.as_str().split('/').nth(4).expect("a GTIN").to_owned();
            *dispensed.entry((gtin, gln.clone())).or_default() += 1;
        }
    }
    let (mut unmet, mut empty, mut undone) = (0, 0, 0);
    let mut rows = csv::Reader::from_reader(&files["demand.csv"][..]);
    for row in rows.deserialize::<(String, String, String, u32, u32, u32)>() {
        let (gtin, gln, _, demand, given, on_hand) = row.expect("a row");
        // A dispense that was undone in the evening is on the shelf again.
        assert!(given <= demand && (given == demand || on_hand <= 1), "{gtin} {gln}");
        undone += if given < demand { on_hand } else { 0 };
        unmet += demand - given;
        empty += usize::from(on_hand == 0);
        if given > 0 {
            *dispensed.get_mut(&(gtin, gln)).expect("dispensed in events") -= given;
        }
    }
    assert!(dispensed.values().all(|left| *left == 0));
    let mut spells = csv::Reader::from_reader(&files["stockouts.csv"][..]);
    let lost: Vec<u32> =
        spells.deserialize::<(String, String, String, String, u32)>().map(|row| row.expect("a row").4).collect();
    assert!(
        empty > lost.len() && lost.iter().sum::<u32>() <= unmet && unmet > 0 && undone * 50 < unmet,
        "{unmet} {}",
        lost.len()
    );
}
