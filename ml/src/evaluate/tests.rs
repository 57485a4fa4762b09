use super::*;

fn alert(rank: usize, score: f64, kind: &str, epc: &str, code: &str) -> Alert {
    Alert {
        case: format!("case-{rank}"),
        rank,
        score,
        kind: kind.to_owned(),
        severity: "alert".to_owned(),
        codes: vec![code.to_owned()],
        nmvs: Vec::new(),
        lvms: Vec::new(),
        epcs: vec![epc.to_owned()],
        epcs_total: 1,
        lots: Vec::new(),
        parties: Vec::new(),
        first_event: "2026-03-01T10:00:00Z".to_owned(),
        last_event: "2026-03-01T12:00:00Z".to_owned(),
        detected_at: "2026-03-01T12:00:00Z".to_owned(),
        explanation: String::new(),
        contributions: Vec::new(),
        usual_path: Vec::new(),
        position: None,
        events: Vec::new(),
        findings: Vec::new(),
    }
}

fn truth(pattern: &str, epc: &str) -> Truth {
    Truth {
        pattern: pattern.to_owned(),
        epcs: vec![epc.to_owned()],
        from: "2026-03-01T10:00:00Z".to_owned(),
        to: "2026-03-01T12:00:00Z".to_owned(),
        ..Truth::default()
    }
}

const PACKS: [&str; 4] = [
    "urn:epc:id:sgtin:4012345.011111.1",
    "urn:epc:id:sgtin:4012345.011111.2",
    "urn:epc:id:sgtin:4012345.011111.3",
    "urn:epc:id:sgtin:4012345.011111.4",
];

#[test]
fn a_perfect_list_is_perfect() {
    let truths = [truth("fast_clone", PACKS[0]), truth("caps_lock", PACKS[1])];
    let alerts = [
        alert(1, 0.9, "falsification", "https://id.gs1.org/01/04012345111118/21/1", "cloned_serial"),
        alert(2, 0.03, "operator_error", PACKS[1], "caps_lock"),
    ];
    let result = evaluate(&truths, &alerts, Some(1_000_000));
    assert_eq!((result.recall.recall, result.operator_errors.recall), (1.0, 1.0));
    assert_eq!((result.pr_auc, result.precision_at_50_a_day), (Some(1.0), Some(1.0)));
    assert_eq!((result.false_alerts, result.false_alerts_per_million_scans), (0, Some(0.0)));
    assert_eq!(result.hours_to_detect_median, Some(2.0));
}

#[test]
fn an_accusation_for_a_slip_is_false() {
    let truths = [truth("caps_lock", PACKS[0])];
    let result = evaluate(&truths, &[alert(1, 0.9, "falsification", PACKS[0], "unknown_serial")], Some(500_000));
    assert_eq!((result.operator_errors.recall, result.false_alerts), (0.0, 1));
    assert_eq!(result.false_alerts_per_million_scans, Some(2.0));
}

#[test]
fn a_false_alert_before_the_true_one_costs() {
    let truths = [truth("fast_clone", PACKS[0]), truth("overage", PACKS[3])];
    let alerts = [
        alert(1, 0.9, "falsification", PACKS[1], "cloned_serial"),
        alert(2, 0.8, "falsification", PACKS[0], "cloned_serial"),
    ];
    let result = evaluate(&truths, &alerts, None);
    assert_eq!((result.recall.found, result.recall.truths), (1, 2));
    assert_eq!(result.pr_auc, Some(0.25));
    // The day had two true cases, one never found; of its first two cases one is true.
    assert_eq!(result.precision_at_50_a_day, Some(0.5));
    assert_eq!(result.false_alerts_per_million_scans, None);
}

#[test]
fn a_truth_without_packs_is_found_by_lot_or_by_party_and_time() {
    let by_lot = Truth { epcs: Vec::new(), lot: Some("L7".to_owned()), ..truth("expired_moving", "") };
    let by_party = Truth {
        epcs: Vec::new(),
        parties: vec!["urn:epc:id:pgln:4012345.00001".to_owned()],
        ..truth("serial_probing", "")
    };
    let late =
        Truth { from: "2026-04-01T10:00:00Z".to_owned(), to: "2026-04-02T10:00:00Z".to_owned(), ..by_party.clone() };
    let found = Alert {
        lots: vec!["L7".to_owned()],
        parties: vec!["urn:epc:id:pgln:4012345.00001".to_owned()],
        ..alert(1, 0.9, "process", PACKS[0], "expired_moving")
    };
    let result = evaluate(&[by_lot, by_party, late], &[found], None);
    assert_eq!((result.recall.found, result.recall.truths), (2, 3));
}

#[test]
fn nothing_gives_nothing() {
    let result = evaluate(&[], &[], None);
    assert_eq!((result.pr_auc, result.precision_at_50_a_day, result.recall.truths), (None, None, 0));
}

#[test]
fn where_nothing_happened_there_is_no_curve() {
    let false_one = alert(1, 0.9, "falsification", PACKS[0], "cloned_serial");
    let result = evaluate(&[truth("caps_lock", PACKS[1])], &[false_one], None);
    assert_eq!((result.pr_auc, result.false_alerts), (None, 1));
    assert_eq!(evaluate(&[truth("fast_clone", PACKS[0])], &[], None).pr_auc, Some(0.0));
}

#[test]
fn lines_of_another_system_need_not_say_more_than_the_least() {
    let line = |epc: &str, code: &str| {
        let line = serde_json::json!({
            "case": "1", "rank": 1, "score": 0.5, "codes": [code], "epcs": [epc], "parties": [], "explanation": "",
            "first_event": "2026-03-01T10:00:00Z", "last_event": "2026-03-01T11:00:00Z",
        });
        serde_json::from_value::<Alert>(line).expect("an alert")
    };
    let alerts = [line(PACKS[0], "clone of theirs"), line(PACKS[1], "caps_lock")];
    let result = evaluate(&[truth("fast_clone", PACKS[0]), truth("caps_lock", PACKS[1])], &alerts, None);
    assert_eq!((result.recall.found, result.operator_errors.found, result.alerts), (1, 1, 1));
    assert_eq!(result.hours_to_detect_median, Some(1.0));
}
