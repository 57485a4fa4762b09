//! Detection from documents to cases: each rule with a history that breaks it and one that only nearly does.

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use veridose_ml::cases::Alert;
use veridose_ml::detect::{Detector, Settings, detect, detect_with, search, suspect, train};
use veridose_ml::evaluate::Truth;
use veridose_ml::events::{EventTable, NO_TIME, load_texts, read_texts};
use veridose_ml::lake::Lake;
use veridose_ml::model;
use world::{Day, Journal};

/// The cases of a history, and how many events were copies.
fn cases_of(documents: &[String]) -> (Vec<Alert>, u64) {
    let named: Vec<(String, &[u8])> =
        documents.iter().enumerate().map(|(at, text)| (format!("{at}.json"), text.as_bytes())).collect();
    let given: Vec<(&str, &[u8])> = named.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let (table, loaded) = load_texts(&given);
    assert_eq!(loaded.problems, [], "the test writes valid documents");
    (detect(&table, Settings::default()).0, loaded.duplicates)
}

fn codes(journal: &Journal) -> BTreeSet<String> {
    let (alerts, _) = cases_of(&[journal.document()]);
    alerts.into_iter().flat_map(|alert| alert.codes).collect()
}

/// A rule's name, a history that breaks it, and one that nearly does.
type Row = (&'static str, fn(&mut Journal), fn(&mut Journal));

const RULES: &[Row] = &[
    (
        "unknown_serial",
        |j| j.inspect("FAKE-9Q", "ph-de-1", Day(20), None),
        |j| j.inspect("P1", "ph-de-1", Day(20), None),
    ),
    (
        "unknown_batch",
        |j| j.inspect("FAKE-9Q", "ph-de-1", Day(20), Some(("L-NEVER", "2027-06-30"))),
        |j| j.inspect("P1", "ph-de-1", Day(20), Some(("L1", "2027-06-30"))),
    ),
    (
        "invented_serials",
        |j| (0..4).for_each(|n| j.inspect(&format!("XQJ00{n}"), "ph-de-1", Day(20 + n), None)),
        |j| ["7KQ2M", "ZP0WW", "AA81X"].iter().for_each(|serial| j.inspect(serial, "ph-de-1", Day(20), None)),
    ),
    (
        "cloned_serial",
        |j| {
            j.inspect("P1", "ph-de-1", Day(20), None);
            j.inspect("P1", "ph-de-2", Day(24), None);
        },
        |j| {
            j.inspect("P1", "ph-de-1", Day(20), None);
            j.ship(&["P1"], "ph-de-1", "ph-de-2", Day(21));
            j.receive(&["P1"], "ph-de-1", "ph-de-2", Day(22));
            j.inspect("P1", "ph-de-2", Day(24), None);
        },
    ),
    (
        "reuse_after_end",
        |j| {
            j.dispense("P1", "ph-de-1", Day(20));
            j.inspect("P1", "ph-fr-1", Day(30), None);
        },
        |j| {
            j.inspect("P1", "ph-de-1", Day(19), None);
            j.dispense("P1", "ph-de-1", Day(20));
        },
    ),
    (
        "expiry_mismatch",
        |j| j.inspect("P1", "ph-de-1", Day(20), Some(("L1", "2029-06-30"))),
        |j| j.inspect("P1", "ph-de-1", Day(20), Some(("L1", "2027-06-30"))),
    ),
    (
        "batch_mismatch",
        |j| j.inspect("P1", "ph-de-1", Day(20), Some(("L9", "2027-06-30"))),
        |j| j.inspect("P1", "ph-de-1", Day(20), Some(("l1", "2027-06-30"))),
    ),
    (
        "dispensed_twice",
        |j| {
            j.dispense("P1", "ph-de-1", Day(20));
            j.dispense("P1", "ph-de-2", Day(25));
        },
        |j| {
            j.dispense("P1", "ph-de-1", Day(20));
            j.restore("P1", "ph-de-1", Day(21));
            j.dispense("P1", "ph-de-1", Day(22));
        },
    ),
    (
        "undo_abuse",
        |j| {
            j.dispense("P1", "ph-de-1", Day(20));
            j.restore("P1", "ph-de-1", Day(35));
        },
        |j| {
            j.dispense("P1", "ph-de-1", Day(20));
            j.restore("P1", "ph-de-1", Day(29));
        },
    ),
    (
        "impossible_travel",
        |j| {
            j.inspect("P1", "ph-de-1", Day(20), None);
            j.at_minute(30).inspect("P1", "ph-fr-1", Day(20), None);
        },
        |j| {
            j.inspect("P1", "ph-de-1", Day(20), None);
            j.inspect("P1", "ph-fr-1", Day(21), None);
        },
    ),
    (
        "forged_pedigree",
        |j| j.receive(&["P1"], "wh-fr-1", "ph-fr-1", Day(20)),
        |j| {
            j.ship(&["P1"], "ph-de-1", "wh-fr-1", Day(18));
            j.receive(&["P1"], "wh-fr-1", "ph-fr-1", Day(20));
        },
    ),
    (
        "unauthorised_source",
        |j| j.receive(&["P1"], "stranger", "wh-de-1", Day(20)),
        |j| {
            j.ship(&["P1"], "wh-fr-1", "wh-de-1", Day(18));
            j.receive(&["P1"], "wh-fr-1", "wh-de-1", Day(20));
        },
    ),
    (
        "resold_empty",
        |j| {
            j.dispense("P1", "ph-de-1", Day(20));
            j.ship(&["P1"], "ph-de-1", "wh-de-1", Day(22));
        },
        |j| {
            j.ship(&["P1"], "ph-de-1", "wh-de-1", Day(19));
            j.receive(&["P1"], "ph-de-1", "wh-de-1", Day(20));
        },
    ),
    (
        "diverted",
        |j| {
            j.ship(&["P9"], "wh-de-1", "ho-de-1", Day(10));
            j.receive(&["P9"], "wh-de-1", "wh-fr-1", Day(14));
        },
        |j| {
            j.ship(&["P9"], "wh-de-1", "ho-de-1", Day(10));
            j.receive(&["P9"], "wh-de-1", "ho-de-1", Day(14));
        },
    ),
    (
        "stolen_moving",
        |j| {
            j.steal("P1", "ph-de-1", Day(15));
            j.dispense("P1", "ph-de-1", Day(20));
        },
        |j| j.dispense("P1", "ph-de-1", Day(20)),
    ),
    (
        "two_parents",
        |j| {
            j.pack("CASE9", &["P8"], "wh-fr-1", Day(12));
            j.ship(&["CASE1"], "wh-de-1", "ph-de-2", Day(14));
        },
        |j| {
            j.unpack("CASE1", &["P8"], "wh-de-1", Day(11));
            j.pack("CASE9", &["P8"], "wh-de-1", Day(12));
        },
    ),
    (
        "content_mismatch",
        |j| {
            j.pack("CASE9", &["P20"], "mf-de", Day(3));
            j.unpack("CASE9", &["P8"], "ph-de-2", Day(12));
        },
        |j| {
            j.pack("CASE9", &["P20"], "mf-de", Day(3));
            j.unpack("CASE9", &["P20"], "ph-de-2", Day(12));
        },
    ),
    (
        "shipped_uncommissioned",
        |j| {
            j.pack("CASE9", &["NEW1"], "mf-de", Day(3));
            j.ship(&["NEW1"], "mf-de", "wh-de-1", Day(4));
        },
        |j| {
            j.pack("CASE9", &["P20"], "mf-de", Day(3));
            j.ship(&["P20"], "mf-de", "wh-de-1", Day(4));
        },
    ),
    (
        "commissioned_twice",
        |j| j.commission(&["P1"], "L1", "mf-de", Day(30)),
        |j| j.commission(&["P1"], "L1", "mf-de", Day(0)),
    ),
    (
        "scanned_before_commissioning",
        |j| {
            j.inspect("EARLY", "ph-de-1", Day(20), None);
            j.commission(&["EARLY"], "L1", "mf-de", Day(25));
        },
        |j| {
            j.commission(&["EARLY"], "L1", "mf-de", Day(20));
            j.inspect("EARLY", "ph-de-1", Day(20), None);
        },
    ),
    (
        "overage",
        |j| {
            j.ship(&["P20", "P21"], "mf-de", "wh-de-1", Day(10));
            j.receive(&["P20", "P21", "P22"], "mf-de", "wh-de-1", Day(12));
        },
        |j| {
            j.ship(&["P20", "P21"], "mf-de", "wh-de-1", Day(10));
            j.receive(&["P20", "P21"], "mf-de", "wh-de-1", Day(12));
        },
    ),
    (
        "shortage",
        |j| {
            j.ship(&["P20", "P21", "P22", "P23"], "mf-de", "wh-de-1", Day(10));
            j.receive(&["P20"], "mf-de", "wh-de-1", Day(12));
        },
        |j| {
            j.ship(&["P20", "P21", "P22", "P23"], "mf-de", "wh-de-1", Day(10));
            j.receive(&["P20"], "mf-de", "wh-de-1", Day(12));
            j.receive(&["P21", "P22", "P23"], "mf-de", "wh-de-1", Day(13));
        },
    ),
    (
        "order_splitting",
        |j| (0..8).for_each(|n| j.at_minute(n).order(n, &[&format!("P{}", 20 + n)], "mf-de", "wh-de-1", Day(10))),
        |j| (0..8).for_each(|n| j.order(n, &[&format!("P{}", 20 + n)], "mf-de", "wh-de-1", Day(10 + n))),
    ),
    (
        "serial_probing",
        |j| (0..6).for_each(|n| j.at_minute(n).inspect(&format!("77000{n}"), "ph-de-1", Day(20), None)),
        |j| (0..3).for_each(|n| j.at_minute(n).inspect(&format!("77000{n}"), "ph-de-1", Day(20), None)),
    ),
    ("expired_moving", |j| j.dispense("P1", "ph-de-1", Day(1_000)), |j| j.dispense("P1", "ph-de-1", Day(400))),
    (
        "recalled_moving",
        |j| {
            j.recall("L1", "mf-de", Day(15));
            j.dispense("P1", "ph-de-1", Day(20));
        },
        |j| {
            j.dispense("P1", "ph-de-1", Day(14));
            j.recall("L1", "mf-de", Day(15));
        },
    ),
    ("caps_lock", |j| j.inspect("p1", "ph-de-1", Day(20), None), |j| j.inspect("P1", "ph-de-1", Day(20), None)),
    ("keyboard_layout", |j| j.inspect("SZ1", "ph-de-1", Day(20), None), |j| j.inspect("SY1", "ph-de-1", Day(20), None)),
    (
        "day_zero",
        |j| j.inspect("P1", "ph-de-1", Day(20), Some(("L1", "270600"))),
        |j| j.inspect("P1", "ph-de-1", Day(20), Some(("L1", "270630"))),
    ),
    (
        "lost_separator",
        |j| j.inspect("P110L1", "ph-de-1", Day(20), None),
        |j| j.inspect("P1", "ph-de-1", Day(20), None),
    ),
    (
        "repeated_scan",
        |j| {
            j.inspect("P1", "ph-de-1", Day(20), None);
            j.at_minute(4).inspect("P1", "ph-de-1", Day(20), None);
        },
        |j| {
            j.inspect("P1", "ph-de-1", Day(20), None);
            j.inspect("P1", "ph-de-1", Day(21), None);
        },
    ),
    (
        "late_upload",
        |j| j.recorded_days_later(3).inspect("P1", "ph-de-1", Day(20), None),
        |j| j.recorded_days_later(0).inspect("P1", "ph-de-1", Day(20), None),
    ),
];

#[test]
fn each_rule_finds_its_history_and_lets_the_near_miss_pass() {
    for (code, broken, sound) in RULES {
        let mut journal = Journal::of_trade();
        broken(&mut journal);
        let found = codes(&journal);
        assert!(found.contains(*code), "{code} is not among {found:?}");
        let mut journal = Journal::of_trade();
        sound(&mut journal);
        let found = codes(&journal);
        assert!(!found.contains(*code), "{code} is among {found:?}, where nothing is wrong");
    }
}

#[test]
fn honest_trade_raises_nothing() {
    let (alerts, _) = cases_of(&[Journal::of_trade().document()]);
    assert_eq!(alerts, []);
}

#[test]
fn a_slip_is_never_called_a_falsification() {
    for (code, broken, _) in RULES.iter().filter(|(code, ..)| SLIPS.contains(code)) {
        let mut journal = Journal::of_trade();
        broken(&mut journal);
        let (alerts, _) = cases_of(&[journal.document()]);
        let kinds: Vec<&str> = alerts.iter().map(|alert| alert.kind.as_str()).collect();
        assert_eq!(kinds, ["operator_error"], "{code}: {alerts:?}");
    }
}

const SLIPS: [&str; 6] = ["caps_lock", "keyboard_layout", "day_zero", "lost_separator", "repeated_scan", "late_upload"];

#[test]
fn an_alert_names_packs_parties_times_and_events() {
    let mut journal = Journal::of_trade();
    journal.dispense("P1", "ph-de-1", Day(20));
    journal.inspect("P1", "ph-fr-1", Day(30), None);
    let (alerts, _) = cases_of(&[journal.document()]);
    let alert = &alerts[0];
    assert_eq!((alert.rank, alert.severity.as_str(), alert.kind.as_str()), (1, "alert", "falsification"));
    assert_eq!(alert.epcs, [world::pack("P1")]);
    assert!(alert.parties.contains(&world::place("ph-fr-1")) && alert.parties.contains(&world::place("ph-de-1")));
    assert_eq!((alert.first_event.get(..10), alert.last_event.get(..10)), (Some("2026-01-21"), Some("2026-01-31")));
    assert!(alert.nmvs.contains(&"A24".to_owned()), "{:?}", alert.nmvs);
    assert!(alert.events.iter().all(|event| event.position.is_some() && event.document == "0.json"));
    assert!(alert.explanation.contains("10 days"), "{}", alert.explanation);
}

#[test]
fn one_cause_is_one_case() {
    let mut journal = Journal::of_trade();
    (0..6).for_each(|n| journal.at_minute(n).inspect(&format!("77000{n}"), "ph-de-1", Day(20), None));
    let (alerts, _) = cases_of(&[journal.document()]);
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    assert_eq!(alerts[0].epcs_total, 6);
}

#[test]
fn copies_of_events_count_once() {
    let mut journal = Journal::of_trade();
    journal.dispense("P1", "ph-de-1", Day(20));
    let (alerts, copies) = cases_of(&[journal.document(), journal.document()]);
    assert_eq!(alerts, []);
    assert_eq!(copies, journal.events() as u64);
}

/// The bytes of every file of a lake, by its path.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(bytes(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).expect("a file"));
        }
    }
    found
}

#[test]
fn a_lake_keeps_what_comes_late_and_twice_and_is_the_same_when_made_anew() {
    let mut journal = Journal::of_trade();
    for (_, broken, _) in RULES {
        broken(&mut journal);
    }
    let documents = journal.shuffled(7);
    let folder = tempfile::tempdir().expect("a folder");
    let table = |at: usize| read_texts(&[(&format!("{at}.json"), documents[at].as_bytes())]).0;
    let lake = Lake::new(folder.path());
    let added: u64 = (0..3).map(|at| lake.add(table(at)).expect("a new lake").events).sum();
    let (whole, _) = load_texts(&documents.iter().map(|text| ("x", text.as_bytes())).collect::<Vec<_>>());
    let distinct = whole.rows.iter().filter(|row| row.time != NO_TIME).count();
    assert_eq!(added, distinct as u64);
    let first = bytes(folder.path());
    assert_eq!(lake.add(table(1)).expect("the lake").events, 0, "they are there already");
    assert_eq!(bytes(folder.path()), first);
    std::fs::remove_dir_all(folder.path().join("events")).expect("its folder");
    (0..3).rev().for_each(|at| _ = lake.add(table(at)).expect("the lake"));
    assert_eq!(bytes(folder.path()), first);
    let told = |table: &EventTable| {
        let (mut alerts, _) = detect(table, Settings::default());
        for alert in &mut alerts {
            alert.events.clear();
        }
        alerts
    };
    assert_eq!(told(&lake.read().expect("the lake")), told(&whole));
}

/// Forty forged packs, and as many findings that were nothing.
fn labelled() -> (Journal, Vec<Truth>) {
    let mut journal = Journal::of_trade();
    let mut labels = Vec::new();
    for n in 0..40 {
        let (forged, sound) = (format!("F{n}Q"), format!("S{n}W"));
        journal.commission(&[&sound], "L1", "mf-de", Day(0));
        journal.inspect(&forged, "ph-de-1", Day(20 + n), Some((&format!("L{n}"), "2027-06-30")));
        journal.inspect(&sound, "ph-de-1", Day(20 + n), Some((&format!("N{n}"), "2027-06-30")));
        labels.push(Truth {
            pattern: "unknown_serial".to_owned(),
            epcs: vec![world::pack(&forged)],
            ..Truth::default()
        });
    }
    (journal, labels)
}

#[test]
fn outcomes_change_the_ranking_and_training_repeats_bit_for_bit() {
    let (journal, labels) = labelled();
    let bytes = |documents: &[String]| {
        let named: Vec<(&str, &[u8])> = documents.iter().map(|text| ("x", text.as_bytes())).collect();
        let (card, detector) = train(&load_texts(&named).0, &labels, 7).expect("enough to learn from");
        model::write(&card, &detector).expect("a whole detector")
    };
    let first = bytes(&[journal.document()]);
    assert_eq!(bytes(&journal.shuffled(3)), first);
    let (_, detector) = model::read::<Detector>(&first).expect("its own bytes");
    let (table, _) = load_texts(&[("x", journal.document().as_bytes())]);
    let (alerts, _) = detect_with(&table, Settings { score_min: 0.0 }, &detector).expect("the same columns");
    let score = |code: &str| {
        let scores =
            alerts.iter().filter(|alert| alert.codes.iter().any(|found| found == code)).map(|alert| alert.score);
        scores.fold(0.0, f64::max)
    };
    let (forged, nothing) = (score("unknown_batch").max(score("unknown_serial")), score("batch_mismatch"));
    assert!(forged > 0.8 && nothing < 0.3, "{forged} {nothing}");
    assert!(alerts[0].explanation.contains("Ranked by outcomes"), "{}", alerts[0].explanation);
}

#[test]
fn nothing_teaches_nothing() {
    train(&load_texts(&[]).0, &[], 1).expect_err("no packs");
}

#[test]
fn an_empty_lake_is_read_and_a_damaged_one_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = Lake::new(folder.path());
    assert_eq!(lake.read().expect("nothing").rows.len(), 0);
    let day = folder.path().join("events/day=2026-01-01");
    std::fs::create_dir_all(&day).expect("a folder");
    std::fs::write(day.join("events.parquet"), b"PAR1 no").expect("a file");
    let problem = lake.read().expect_err("not Parquet").to_string();
    assert!(problem.contains("day=2026-01-01") && problem.contains("add its events again"), "{problem}");
}

#[test]
fn a_dispense_declared_wrong_never_happened() {
    let mut journal = Journal::of_trade();
    journal.dispense("P1", "ph-de-1", Day(20));
    journal.declare_last_wrong(Day(21));
    journal.dispense("P1", "ph-de-1", Day(22));
    assert_eq!(codes(&journal), BTreeSet::new());
}

#[test]
fn nothing_and_little_are_clear_results() {
    let (alerts, _) = cases_of(&[]);
    assert_eq!(alerts, []);
    let mut journal = Journal::empty();
    journal.inspect("P1", "ph-de-1", Day(1), None);
    assert_eq!(codes(&journal), BTreeSet::new(), "where nobody says what was made, nothing is unknown");
}

#[test]
fn broken_documents_are_told_and_the_others_read() {
    let sound = Journal::of_trade();
    let text = sound.document();
    let (table, loaded) = load_texts(&[
        ("sound.json", text.as_bytes()),
        ("cut.json", &text.as_bytes()[..900]),
        ("no.xml", b"<a/>"),
        ("empty.json", b""),
    ]);
    assert_eq!(table.rows.len(), sound.events());
    let told: Vec<&str> = loaded.problems.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(told, ["cut.json", "no.xml", "empty.json"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Shuffled over documents, some of them sent twice: the same cases but for where the events stand.
    #[test]
    fn the_order_of_documents_does_not_matter(order in Just((0..RULES.len()).collect::<Vec<_>>()).prop_shuffle(), seed in any::<u64>()) {
        let mut journal = Journal::of_trade();
        for at in order.iter().take(6) {
            RULES[*at].1(&mut journal);
        }
        let strip = |documents: &[String]| {
            let (mut alerts, _) = cases_of(documents);
            alerts.iter_mut().flat_map(|alert| &mut alert.events).for_each(|event| {
                event.document.clear();
                event.index = 0;
            });
            alerts
        };
        let straight = strip(&[journal.document()]);
        let shuffled = strip(&journal.shuffled(seed));
        prop_assert_eq!(straight, shuffled);
    }

    /// Whatever stands in a document, reading and searching it ends without a crash.
    #[test]
    fn damaged_documents_are_survived(seed in any::<u64>(), cut in 0_usize..4_000) {
        let mut journal = Journal::of_trade();
        RULES[usize::try_from(seed % RULES.len() as u64).expect("a small number")].1(&mut journal);
        let mut text = journal.document().into_bytes();
        let at = usize::try_from(seed >> 8).unwrap_or(0) % text.len();
        text[at] = text[at].wrapping_add(u8::try_from(seed & 0x7f).unwrap_or(1));
        text.truncate(text.len() - cut.min(text.len()));
        let (table, _) = load_texts(&[("damaged.json", &text)]);
        detect(&table, Settings::default());
    }
}

#[test]
fn a_part_of_the_events_tells_of_whole_things_alone_and_a_cause_is_known_again() {
    let mut journal = Journal::of_trade();
    for serial in ["P1", "P7"] {
        journal.inspect(serial, "ph-de-1", Day(20), Some(("L1", "2029-06-30")));
    }
    let load = |journal: &Journal| load_texts(&[("part.json", journal.document().as_bytes())]).0;
    let table = load(&journal);
    let all = search(&table, Settings::default(), None).expect("no model to fail");
    let alerts: Vec<Alert> = all.iter().map(|found| found.alert.clone()).collect();
    assert_eq!(alerts, detect(&table, Settings::default()).0, "the same cases, with their causes");

    let one = |wanted: &'static str| {
        let found = suspect(&table, Settings::default(), None, |uri| uri == world::pack(wanted));
        let found: Vec<_> =
            found.into_iter().filter(|found| found.alert.codes.contains(&"expiry_mismatch".to_owned())).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        found.into_iter().next().expect("one")
    };
    let (first, second) = (one("P1"), one("P7"));
    assert_eq!(first.alert.epcs, [world::pack("P1")], "the other pack is not told of");
    assert!(
        first.causes.iter().any(|cause| second.causes.contains(cause)),
        "the same relabelling: {first:?} {second:?}"
    );
    // More of the same has the same causes, so it is no second case.
    journal.inspect("P1", "ph-de-1", Day(25), Some(("L1", "2029-06-30")));
    let grown = suspect(&load(&journal), Settings::default(), None, |uri| uri == world::pack("P1"));
    assert!(grown.iter().all(|found| found.causes.iter().any(|cause| first.causes.contains(cause))), "{grown:?}");
    assert_eq!(suspect(&table, Settings::default(), None, |_| false), []);
}
