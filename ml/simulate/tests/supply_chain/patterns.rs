//! Every pattern breaks what it says, in events that the truth names.

use std::collections::{BTreeSet, HashSet};

use veridose_epcis::model::Event;
use veridose_simulate::Pattern;

use crate::ran;
use crate::record::{Record, Truth, ends, is, order, scanned, seconds, site};

const DAY: i64 = 86_400;

#[test]
fn every_pattern_breaks_what_it_says() {
    let record = Record::read(&ran(|options| options.noise = 0.0));
    let mut seen = BTreeSet::new();
    for truth in record.attacks() {
        for epc in &truth.epcs {
            assert!(!record.of(epc).is_empty(), "{truth:?}: {epc} is in no event");
        }
        let pattern = Pattern::parse_list(&truth.pattern).expect("a pattern")[0];
        assert!(breaks(&record, pattern, truth), "{truth:?}");
        seen.insert(pattern);
    }
    let missing: Vec<&Pattern> = Pattern::ALL.iter().filter(|pattern| !seen.contains(pattern)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn breaks(record: &Record, pattern: Pattern, truth: &Truth) -> bool {
    let any = |test: &dyn Fn(&str) -> bool| truth.epcs.iter().any(|epc| test(epc));
    let all = |test: &dyn Fn(&str) -> bool| truth.epcs.iter().all(|epc| test(epc));
    let unmade = all(&|epc| record.made(epc).is_none());
    let scans = |epc: &str| record.steps(epc, "inspecting");
    match pattern {
        Pattern::UnknownSerial => unmade && all(&|epc| scans(epc).iter().all(|scan| !lot_is_known(record, scan))),
        Pattern::GuessedSerials => {
            let prefix = &truth.epcs[0][..truth.epcs[0].len() - 4];
            unmade && truth.epcs.len() > 4 && all(&|epc| epc.starts_with(prefix) && lot_is_known(record, scans(epc)[0]))
        }
        Pattern::FastClone => any(&|epc| sites_within(&scans(epc), DAY) >= 4),
        Pattern::SlowClone => any(&|epc| {
            let scans = scans(epc);
            let elsewhere = |pair: &&[&Event]| site(pair[0]) != site(pair[1]);
            let sites: HashSet<&str> = scans.iter().map(|scan| site(scan)).collect();
            // The genuine pack may be scanned too, wherever it lies.
            let slow = scans.windows(2).filter(elsewhere).filter(|pair| speed(record, pair) < 900.0).count();
            sites.len() >= 3 && slow >= 2
        }),
        Pattern::ReplayedDispensed => any(&|epc| {
            let last = scans(epc).pop().expect("scanned");
            record
                .steps(epc, "dispensing")
                .iter()
                .any(|given| seconds(given) < seconds(last) && site(given) != site(last))
        }),
        Pattern::RelabelledExpiry => all(&|epc| {
            let made = record.made(epc).and_then(Event::item_expiration_date).expect("made");
            scans(epc).iter().any(|scan| scanned(scan, "expiry").is_some_and(|read| read > made))
        }),
        Pattern::BatchMismatch => all(&|epc| {
            let made = record.made(epc).and_then(Event::lot_number).expect("made");
            scans(epc).iter().any(|scan| scanned(scan, "lot").is_some_and(|read| read != made))
        }),
        Pattern::ImpossibleTravel => any(&|epc| scans(epc).windows(2).any(|pair| speed(record, pair) > 1_500.0)),
        Pattern::ShortageFalsified => unmade && all(&|epc| !record.steps(epc, "dispensing").is_empty()),
        Pattern::SerialProbing => {
            let clients: HashSet<String> = truth.epcs.iter().map(|epc| site(scans(epc)[0]).to_owned()).collect();
            let times: Vec<i64> = truth.epcs.iter().map(|epc| seconds(scans(epc)[0])).collect();
            unmade && clients.len() == 1 && times.len() >= 25 && times.is_sorted() && truth.epcs.is_sorted()
        }
        _ => breaks_custody(record, pattern, truth),
    }
}

fn breaks_custody(record: &Record, pattern: Pattern, truth: &Truth) -> bool {
    let any = |test: &dyn Fn(&str) -> bool| truth.epcs.iter().any(|epc| test(epc));
    let all = |test: &dyn Fn(&str) -> bool| truth.epcs.iter().all(|epc| test(epc));
    let shipments = |epc: &str| record.steps(epc, "shipping");
    let receipts = |epc: &str| record.steps(epc, "receiving");
    let role = |place: &str| record.about(place, "role").to_owned();
    match pattern {
        Pattern::RepeatedState => any(&|epc| {
            let sites: HashSet<&str> = record.steps(epc, "dispensing").into_iter().map(site).collect();
            sites.len() > 1
        }),
        Pattern::UndoAbuse => any(&|epc| {
            let given = record.steps(epc, "dispensing")[0];
            let late_or_foreign =
                |undo: &&Event| seconds(undo) - seconds(given) > 10 * DAY || site(undo) != site(given);
            record.steps(epc, "other").iter().any(late_or_foreign)
        }),
        Pattern::RareTransition => all(&|epc| {
            let strange = |(from, to): (&str, &str)| {
                role(from) == "pharmacy" && role(to) == "pharmacy" && record.abroad(from, to)
            };
            shipments(epc).into_iter().any(|event| strange(ends(event)))
        }),
        Pattern::ForgedPedigree => all(&|epc| {
            let unshipped = |receipt: &&Event| !shipments(epc).iter().any(|sent| order(sent) == order(receipt));
            receipts(epc).iter().any(unshipped)
        }),
        Pattern::UnauthorisedSeller => {
            all(&|epc| shipments(epc).into_iter().any(|sent| role(ends(sent).0) == "broker"))
        }
        Pattern::ResoldEmpties => any(&|epc| {
            let given = record.steps(epc, "dispensing")[0];
            shipments(epc).iter().any(|sent| seconds(sent) > seconds(given))
        }),
        Pattern::StolenLaundered => all(&|epc| {
            let at_hospital = record.of(epc).iter().any(|event| role(site(event)) == "hospital");
            let sent = shipments(epc).into_iter().any(|sent| role(ends(sent).0) == "hospital");
            let fenced = receipts(epc).into_iter().any(|receipt| role(ends(receipt).0) == "broker");
            at_hospital && !sent && fenced
        }),
        Pattern::Diversion => any(&|epc| {
            let abroad = |(from, to): (&str, &str)| {
                role(from) == "wholesaler" && role(to) == "wholesaler" && record.abroad(from, to)
            };
            shipments(epc).into_iter().any(|sent| abroad(ends(sent)))
        }),
        Pattern::OrderSplitting => {
            let small: HashSet<&str> = truth
                .epcs
                .iter()
                .flat_map(|epc| shipments(epc))
                .filter(|sent| sent.epc_list.len() <= 2)
                .map(order)
                .collect();
            small.len() >= 5
        }
        Pattern::ColludingWholesaler => all(&|epc| {
            let sellers: Vec<&str> = shipments(epc).into_iter().map(|sent| ends(sent).0).collect();
            (0..sellers.len()).any(|at| sellers[..at].contains(&sellers[at]))
        }),
        _ => breaks_goods(record, pattern, truth),
    }
}

fn breaks_goods(record: &Record, pattern: Pattern, truth: &Truth) -> bool {
    let any = |test: &dyn Fn(&str) -> bool| truth.epcs.iter().any(|epc| test(epc));
    let all = |test: &dyn Fn(&str) -> bool| truth.epcs.iter().all(|epc| test(epc));
    let orders = |epc: &str, step: &str| record.steps(epc, step).into_iter().map(order).collect::<BTreeSet<&str>>();
    let moves_after = |epc: &str, limit: i64| {
        ["shipping", "dispensing"].iter().all(|step| record.steps(epc, step).iter().any(|event| seconds(event) > limit))
    };
    match pattern {
        Pattern::TamperedAggregation => any(&|epc| {
            let packings = record.steps(epc, "packing");
            let children = packings.iter().filter(|event| event.child_epcs.iter().any(|child| child.as_str() == epc));
            children.count() > 1 && record.steps(epc, "unpacking").len() < 2
        }),
        Pattern::SwappedCase => any(&|epc| {
            let content = |step: &str| -> BTreeSet<String> {
                let events = record.steps(epc, step).into_iter();
                let own = events.filter(|event| event.parent_id.as_ref().is_some_and(|parent| parent.as_str() == epc));
                own.flat_map(|event| &event.child_epcs).map(ToString::to_string).collect()
            };
            let (packed, unpacked) = (content("packing"), content("unpacking"));
            !packed.is_empty() && !unpacked.is_empty() && packed.is_disjoint(&unpacked)
        }),
        Pattern::ShippedUncommissioned => {
            all(&|epc| record.made(epc).is_none() && !record.steps(epc, "shipping").is_empty())
        }
        Pattern::CommissionedTwice => all(&|epc| record.steps(epc, "commissioning").len() > 1),
        Pattern::Overage => all(&|epc| !orders(epc, "receiving").is_subset(&orders(epc, "shipping"))),
        Pattern::Shortage => all(&|epc| !orders(epc, "shipping").is_subset(&orders(epc, "receiving"))),
        Pattern::ExpiredMoving => all(&|epc| {
            let expiry = record.made(epc).and_then(Event::item_expiration_date).expect("made");
            let after =
                |step: &str| record.steps(epc, step).iter().any(|event| event.event_time.as_str()[..10] > *expiry);
            after("shipping") && after("dispensing")
        }),
        Pattern::RecalledMoving => all(&|epc| {
            let lot = record.made(epc).and_then(Event::lot_number).expect("made");
            let recalls =
                |event: &&Event| event.quantity_list.iter().any(|class| class.epc_class.as_str().ends_with(lot));
            record.of_step("holding").find(recalls).is_some_and(|recall| moves_after(epc, seconds(recall)))
        }),
        _ => unreachable!("the patterns of codes and of custody are checked above"),
    }
}

fn lot_is_known(record: &Record, scan: &Event) -> bool {
    let lot = scanned(scan, "lot").expect("a lot");
    record.events.iter().any(|event| event.lot_number() == Some(lot))
}

/// How many sites scanned within some seconds of the first scan of any stretch.
fn sites_within(scans: &[&Event], window: i64) -> usize {
    let from = |first: usize| {
        let near = scans[first..].iter().take_while(|scan| seconds(scan) - seconds(scans[first]) <= window);
        near.map(|scan| site(scan)).collect::<HashSet<_>>().len()
    };
    (0..scans.len()).map(from).max().unwrap_or(0)
}

/// Kilometres an hour between two scans.
fn speed(record: &Record, pair: &[&Event]) -> f64 {
    let apart = i32::try_from(seconds(pair[1]) - seconds(pair[0])).expect("a run is short").max(1);
    assert!(is(pair[0], "inspecting"));
    record.kilometres(site(pair[0]), site(pair[1])) / f64::from(apart) * 3_600.0
}
