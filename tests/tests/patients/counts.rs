//! Counts over those who consented, on a budget.

use reqwest::Method;
use serde_json::{Value, json};
use veridose_tests::{Answer, Trial, send};

use super::people::{created, observation, patient, prescription};
use super::research::{Researcher, consent, node, revoke};

const RESEARCH: &str = "public_health_research";

async fn count(researcher: &Researcher, purpose: &str, question: &Value) -> Answer {
    send(researcher.asks(Method::POST, "/research/counts", purpose).json(question)).await.expect("an answer")
}

fn question(kind: &str, epsilon_millis: u32) -> Value {
    json!({"kind": kind, "epsilon_millis": epsilon_millis})
}

async fn released(trial: &Trial) -> Vec<Value> {
    trial.agency().expect("a client").rows("/research/counts").await.expect("a list")
}

#[tokio::test]
#[allow(clippy::too_many_lines)] // One course of things.
async fn those_who_consented_are_counted_on_a_budget_that_runs_out() {
    let trial = node("epsilon_millis_max = 30000\nepsilon_millis_all_max = 35000").await;
    let harbour = trial.harbour().expect("a client");
    let mut last = String::new();
    for number in 0..40 {
        let name = format!("counted-{number}");
        created(&harbour, &observation(&name, 13.5)).await;
        created(&harbour, &observation(&name, 14.5)).await;
        created(&harbour, &patient(&name)).await;
        if number < 3 {
            created(&harbour, &prescription(&name)).await;
        }
        let wish =
            json!({"patient": name, "purpose": RESEARCH, "data": ["laboratory", "prescription", "demographics"]});
        last = consent(&harbour, &name, &wish).await;
    }
    created(&harbour, &observation("silent", 13.5)).await;
    revoke(&harbour, &last).await;

    let agency = Researcher::of(&trial, "regulator", "medicines-agency");
    let mut by = question("laboratory", 10_000);
    by["codes"] = json!(["http://loinc.org|718-7", "http://loinc.org|4548-4"]);
    by["months"] = json!(["2026-02", "2026-03"]);
    by["regions"] = json!(["US-NH"]);
    by["by_gender"] = json!(true);
    let told = count(&agency, RESEARCH, &by).await.success().expect("counted");
    assert_eq!((&told["left_millis"], &told["left_to_all_millis"]), (&json!(20_000), &json!(25_000)));
    // Epsilon 10 a cell: noise of more than 3 comes once in 10^13. Two measurements of a patient are one patient.
    let cells = told["answer"]["cells"].as_array().expect("cells");
    let [cell] = cells.as_slice() else { panic!("{told}") };
    let expected = json!({"code": "http://loinc.org|718-7", "month": "2026-02", "region": "US-NH", "gender": "female"});
    assert_eq!(cell["cell"], expected);
    assert!((36..=42).contains(&cell["patients"].as_i64().expect("a number")), "39 consent: {cell}");
    assert_eq!((&told["answer"]["suppressed"], &told["answer"]["cell_min"]), (&json!(15), &json!(11)));
    let few = count(&agency, RESEARCH, &question("prescription", 10_000)).await.success().expect("counted");
    assert_eq!((&few["answer"]["cells"], &few["answer"]["suppressed"]), (&json!([]), &json!(1)), "three are too few");

    // The same question gets the same answer and costs nothing, whatever happened meanwhile, also after a kill.
    let trial = trial.kill_and_resume().await.expect("starts again");
    let agency = Researcher::of(&trial, "regulator", "medicines-agency");
    let again = count(&agency, RESEARCH, &by).await.success().expect("counted");
    assert_eq!((&again["answer"], &again["tx"], &again["at"]), (&told["answer"], &told["tx"], &told["at"]));
    assert_eq!(again["left_millis"], 10_000);

    // Another member pays from its own budget and that of all.
    let maker = Researcher::of(&trial, "manufacturer", "alpine-pharma");
    let spent = count(&maker, RESEARCH, &question("laboratory", 10_000)).await.success().expect("counted");
    assert_eq!((&spent["left_millis"], &spent["left_to_all_millis"]), (&json!(20_000), &json!(5_000)));
    let refused = count(&maker, RESEARCH, &question("laboratory", 5_001)).await;
    assert_eq!(refused.refusal().expect("a problem"), "budget_spent");
    assert!(refused.body["detail"].as_str().is_some_and(|detail| detail.contains("5000")), "{}", refused.body);

    // Many at once never spend more than there is.
    let asks = (0..10).map(|number| {
        let question = question("laboratory", 1_000 + number);
        tokio::spawn(send(maker.asks(Method::POST, "/research/counts", RESEARCH).json(&question)))
    });
    let mut answers = Vec::new();
    for ask in asks.collect::<Vec<_>>() {
        answers.push(ask.await.expect("ends").expect("an answer").status.as_u16());
    }
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 4, "{answers:?}");
    assert!(answers.iter().all(|status| [200, 403].contains(status)), "{answers:?}");

    let releases = released(&trial).await;
    let spent: i64 = releases.iter().map(|one| one["epsilon_millis"].as_i64().expect("a number")).sum();
    assert!(releases.len() == 7 && (34_000..=35_000).contains(&spent), "{releases:?}");
    let patient = trial.patient("counted-1").expect("a client");
    let seen = patient.get("/research/counts").await.expect("an answer").success().expect("a list");
    assert_eq!(seen["items"].as_array().map(Vec::len), Some(7));
    assert!(seen["items"].as_array().expect("a list").iter().all(|one| one.get("answer").is_none()));
    for (purpose, wrong, status) in [
        (RESEARCH, question("laboratory", 9), 422),
        (RESEARCH, json!({"kind": "laboratory", "epsilon_millis": 10, "shoe": 1}), 400),
        ("care", question("laboratory", 10), 400),
        ("sunshine", question("laboratory", 10), 400),
    ] {
        assert_eq!(count(&maker, purpose, &wrong).await.status, status, "{purpose} {wrong}");
    }
    trial.server.stop().await.expect("stops");
}
