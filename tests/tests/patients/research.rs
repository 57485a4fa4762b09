//! Records of many without what identifies, and what consents have to do with it.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use veridose_tests::{Answer, Client, Random, Trial, printed, send};

use super::library::valid;
use super::people::{SECRETS, created, observation, patient};

/// A researcher of a member, and the credential that says so.
pub(crate) struct Researcher {
    client: Client,
    credential: String,
}

impl Researcher {
    pub(crate) fn of(node: &Trial, role: &str, party: &str) -> Self {
        let subject = format!("dr-ray-of-{party}");
        let token =
            veridose_tests::token(node.data(), role, &["--party", party, "--subject", &subject]).expect("a token");
        let client = Client::new(node.server.base(), Some(&token)).expect("a client");
        let issue = ["credential", "issue", "--by", "medicines-agency", "--kind", "researcher", "--holder", &subject];
        Self { client, credential: printed(node.data(), &issue).expect("issued").trim().to_owned() }
    }

    pub(crate) fn asks(&self, method: Method, path: &str, purpose: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, path).header("Veridose-Purpose", purpose);
        request.header("Veridose-Credential", &self.credential)
    }

    async fn page(&self, path: &str) -> Answer {
        send(self.asks(Method::GET, path, "model_training")).await.expect("an answer")
    }
}

/// A node that lets so few be alone.
pub(crate) async fn node(patients: &str) -> Trial {
    let data = tempfile::tempdir().expect("a directory");
    let config = data.path().join("research.toml");
    let text = format!("[detection]\nenabled = false\n[limits]\nrequests_per_second = 0\n[patients]\n{patients}\n");
    std::fs::write(&config, text).expect("written");
    Trial::start_with(data, vec!["--config".to_owned(), config.display().to_string()]).await.expect("starts")
}

/// Registers a consent of a patient, and tells its name.
pub(crate) async fn consent(harbour: &Client, key: &str, wish: &Value) -> String {
    let given = harbour.post("/consents", key, wish).await.expect("an answer").success().expect("registered");
    given["consent"].as_str().expect("a name").to_owned()
}

pub(crate) async fn revoke(harbour: &Client, consent: &str) {
    let path = format!("/consents/{consent}/revoke");
    harbour.post(&path, consent, &json!({"version": 1})).await.expect("an answer").success().expect("revoked");
}

fn matches(bundle: &Value) -> Vec<&Value> {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    entries.filter(|entry| entry["search"]["mode"] == "match").map(|entry| &entry["resource"]).collect()
}

fn next(trial: &Trial, bundle: &Value) -> Option<String> {
    let mut links = bundle["link"].as_array().expect("links").iter();
    let url = links.find(|link| link["relation"] == "next")?["url"].as_str().expect("a URL").to_owned();
    Some(url.replace(trial.server.base(), ""))
}

/// What was measured, a whole number.
fn value(observation: &Value) -> i64 {
    let value = observation["valueQuantity"]["value"].as_f64().expect("a number");
    format!("{value:.0}").parse().expect("a whole number")
}

/// The values of all observations that are found, page by page.
async fn values(trial: &Trial, researcher: &Researcher) -> BTreeSet<i64> {
    let mut found = BTreeSet::new();
    let mut path = Some("/fhir/Observation?_count=2".to_owned());
    while let Some(at) = path {
        let bundle = researcher.page(&at).await.success().expect("a page");
        for one in matches(&bundle) {
            assert!(found.insert(value(one)), "each once");
        }
        path = next(trial, &bundle);
    }
    found
}

#[tokio::test]
#[allow(clippy::too_many_lines)] // One course of things.
async fn records_of_many_come_without_what_identifies() {
    let trial = node("k_anonymity = 3").await;
    let harbour = trial.harbour().expect("a client");
    let mut consents = Vec::new();
    for number in 0..8 {
        let name = format!("of-many-{number}");
        let mut person = patient(&name);
        // Two stand alone by their age, whatever else is left out of them.
        if number >= 6 {
            person["birthDate"] = json!(format!("{}-01-01", 1990 + number));
            person["gender"] = json!("other");
        }
        created(&harbour, &person).await;
        let mut measured = observation(&name, f64::from(number));
        measured["note"] = json!([{"text": SECRETS[1]}]);
        created(&harbour, &measured).await;
        let wish = json!({"patient": name, "purpose": "model_training", "data": ["laboratory", "demographics"]});
        consents.push(consent(&harbour, &name, &wish).await);
    }
    created(&harbour, &observation("silent", 99.0)).await;
    let maker = Researcher::of(&trial, "manufacturer", "alpine-pharma");
    assert_eq!(values(&trial, &maker).await, (0..6).collect());

    let first = maker.page("/fhir/Observation?_count=2").await.success().expect("a page");
    let told = first["entry"].as_array().expect("entries").last().expect("an outcome");
    let words = told["resource"]["issue"][0]["diagnostics"].as_str().expect("words");
    assert!(words.starts_with("6 patients are in the set; 2 are left out"), "{words}");
    let people = maker.page("/fhir/Patient").await.success().expect("a page");
    assert_eq!(matches(&people).len(), 6);
    let names = |bundle: &Value| -> BTreeSet<String> {
        let subjects = matches(bundle).into_iter().map(|one| one["subject"]["reference"].as_str().unwrap_or_default());
        subjects.map(|subject| subject.replace("Patient/", "")).collect()
    };
    let all = maker.page("/fhir/Observation").await.success().expect("a page");
    let ids: BTreeSet<String> =
        matches(&people).into_iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(names(&all), ids, "records and patients belong together");
    for one in matches(&people).into_iter().chain(matches(&all)) {
        assert_eq!(one["meta"]["security"][0]["code"], "PSEUDED");
        assert_eq!((one.get("name"), one.get("birthDate"), one.get("note")), (None, None, None));
    }
    for bundle in [&people, &all] {
        assert!(SECRETS.iter().all(|secret| !bundle.to_string().contains(secret)), "{bundle}");
    }
    assert!(matches(&all).iter().all(|one| one["effectiveDateTime"].as_str().is_some_and(|date| date < "2026-02-03")));
    // Another member's names of the same patients are others.
    let north = Researcher::of(&trial, "distributor", "north-wholesale");
    let others = north.page("/fhir/Observation").await.success().expect("a page");
    assert!(names(&others).is_disjoint(&ids) && names(&others).len() == 6);
    valid(&[people, all, others]);

    // Whoever takes the consent back between two pages is on none that follow.
    let path = next(&trial, &first).expect("a next page");
    let left: BTreeSet<i64> = (0..6).collect();
    let given: BTreeSet<i64> = matches(&first).iter().map(|one| value(one)).collect();
    let gone = *left.difference(&given).next().expect("someone");
    revoke(&harbour, &consents[usize::try_from(gone).expect("a number")]).await;
    let second = maker.page(&path.replace("_count=2", "_count=10")).await.success().expect("a page");
    let rest: BTreeSet<i64> = matches(&second).iter().map(|one| value(one)).collect();
    assert_eq!(rest, left.difference(&given).copied().filter(|value| *value != gone).collect());

    // What is of one patient, or for nobody who shows to be a researcher, is refused; a patient sees who looked.
    let bare = maker.client.request(Method::GET, "/fhir/Observation").header("Veridose-Purpose", "model_training");
    let bare = send(bare).await.expect("an answer");
    assert_eq!((bare.status.as_u16(), &bare.body["issue"][0]["code"]), (403, &json!("forbidden")));
    assert!(bare.body.to_string().contains("credential_missing"), "{}", bare.body);
    for (path, expected) in [
        (format!("/fhir/Patient?patient={}", "0".repeat(64)), 404),
        ("/fhir/Observation?date=2026".to_owned(), 400),
        ("/fhir/Observation?_cursor=x".to_owned(), 400),
    ] {
        assert_eq!(maker.page(&path).await.status, expected, "{path}");
    }
    let own = trial.patient("of-many-0").expect("a client");
    let seen = own.get("/patients/me/accesses?perPage=500").await.expect("an answer").success().expect("a list");
    let records = seen["items"].as_array().expect("a list").iter();
    let records: Vec<Value> =
        records.map(|one| serde_json::from_str(one["record"].as_str().expect("text")).expect("JSON")).collect();
    let looked = |what: &str, party: &str| {
        records.iter().any(|one| {
            (&one["what"], &one["party"], &one["form"]) == (&json!(what), &json!(party), &json!("de_identified"))
        })
    };
    assert!(
        looked("Patient/search", "alpine-pharma") && looked("Observation/search", "north-wholesale"),
        "{records:?}"
    );
    trial.server.stop().await.expect("stops");
}

#[tokio::test]
async fn no_grants_and_revocations_give_a_record_outside_a_consent() {
    let trial = node("k_anonymity = 1").await;
    let harbour = trial.harbour().expect("a client");
    let members = [("manufacturer", "alpine-pharma"), ("distributor", "north-wholesale")];
    let researchers = members.map(|(role, party)| Researcher::of(&trial, role, party));
    for number in 0..5 {
        created(&harbour, &observation(&format!("chance-{number}"), f64::from(number))).await;
    }
    let mut random = Random::from_environment();
    let mut below = |bound: usize| usize::try_from(random.below(bound as u64)).expect("small");
    // Consents that stand: their names, whose they are, and for whom.
    let mut standing: Vec<(String, i64, Option<&str>)> = Vec::new();
    for step in 0..40 {
        if below(3) == 0 && !standing.is_empty() {
            let (name, ..) = standing.swap_remove(below(standing.len()));
            revoke(&harbour, &name).await;
        } else {
            let number = i64::try_from(below(5)).expect("small");
            let purpose = ["model_training", "marketplace", "public_health_research"][below(3)];
            let data = [json!(["laboratory"]), json!(["dispense"]), json!(["laboratory", "genomics"])];
            let data = &data[below(3)];
            let grantee = [None, Some(members[0].1), Some(members[1].1)][below(3)];
            let form = ["aggregated", "de_identified"][below(2)];
            let is_of_records = purpose != "public_health_research" && form == "de_identified";
            let mut wish = json!({"patient": format!("chance-{number}"), "purpose": purpose, "data": data});
            if let Some(grantee) = grantee {
                wish["grantee"] = json!(grantee);
            }
            wish["form"] = json!(if purpose == "public_health_research" { "aggregated" } else { form });
            let is_over = below(4) == 0;
            if is_over {
                wish["from"] = json!("2020-01-01T00:00:00Z");
                wish["until"] = json!("2021-01-01T00:00:00Z");
            }
            let name = consent(&harbour, &format!("chance {step}"), &wish).await;
            if is_of_records && !is_over && purpose == "model_training" && data[0] == "laboratory" {
                standing.push((name, number, grantee));
            }
        }
        for (researcher, (_, party)) in researchers.iter().zip(members) {
            let allowed = standing.iter().filter(|(.., grantee)| grantee.is_none_or(|grantee| grantee == party));
            let allowed: BTreeSet<i64> = allowed.map(|(_, number, _)| *number).collect();
            assert_eq!(values(&trial, researcher).await, allowed, "{party} after step {step}");
        }
    }
    trial.server.stop().await.expect("stops");
}

#[tokio::test]
async fn a_study_gets_the_records_of_who_consents_to_it_or_to_its_kind() {
    let trial = node("k_anonymity = 1").await;
    let harbour = trial.harbour().expect("a client");
    let terms = json!({
        "number": "NCT05000000", "title": "Dose finding", "kind": "interventional", "sites": ["harbour-pharmacy"],
    });
    let sponsor = trial.maker().expect("a client");
    sponsor.post("/studies", "study", &terms).await.expect("an answer").success().expect("registered");
    let purposes =
        ["study:NCT05000000", "study_kind:interventional", "study_kind:observational", "study:NCT05000001", "care"];
    let mut consents = Vec::new();
    for (number, purpose) in (0u8..).zip(purposes) {
        let name = format!("of-study-{number}");
        created(&harbour, &observation(&name, f64::from(number))).await;
        let mut wish = json!({"patient": name, "purpose": purpose, "data": ["laboratory"]});
        if purpose == "care" {
            wish["grantee"] = json!("harbour-pharmacy");
        }
        consents.push(consent(&harbour, &name, &wish).await);
    }
    let found = async |researcher: &Researcher| {
        let request = researcher.asks(Method::GET, "/fhir/Observation", "study:NCT05000000");
        send(request).await.expect("an answer")
    };
    let values = |bundle: &Value| matches(bundle).into_iter().map(value).collect::<BTreeSet<i64>>();
    let maker = Researcher::of(&trial, "manufacturer", "alpine-pharma");
    let site = Researcher::of(&trial, "pharmacy", "harbour-pharmacy");
    for researcher in [&maker, &site] {
        let bundle = found(researcher).await.success().expect("a bundle");
        assert_eq!(values(&bundle), [0, 1].into());
        valid(&[bundle]);
    }
    let outsider = found(&Researcher::of(&trial, "distributor", "north-wholesale")).await;
    assert_eq!(outsider.status, 403, "{}", outsider.body);
    assert!(outsider.body.to_string().contains("not_in_study"), "{}", outsider.body);
    revoke(&harbour, &consents[0]).await;
    assert_eq!(values(&found(&maker).await.success().expect("a bundle")), [1].into());
    trial.server.stop().await.expect("stops");
}
