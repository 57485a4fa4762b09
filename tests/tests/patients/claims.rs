//! Claims over HTTP: a dispense is paid once, what does not fit it is refused, and what looks like fraud becomes a case.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use veridose_tests::{Answer, Client, Trial, pack, send, token, veridose};

use super::people::{SECRETS, consent, create, created, issue, prescription, subject};
use super::records::stocked;

const NAME: &str = SECRETS[0];
pub(crate) const GTIN: &str = "09506000134352";
pub(crate) const FUND: &str = "health-fund";

/// A dispense as its claims name it.
pub(crate) struct Given {
    pub(crate) tx: Value,
    pub(crate) record: String,
    pub(crate) prescription: String,
    pub(crate) consent: String,
}

/// Packs supplied to the patient today.
pub(crate) async fn given(trial: &Trial, name: &str, serials: &[&str]) -> Given {
    stocked(trial, serials).await;
    let harbour = trial.harbour().expect("a client");
    let (prescription, consent) =
        (created(&harbour, &prescription(name)).await, created(&harbour, &consent(name)).await);
    let items: Vec<_> = serials.iter().map(|serial| pack(serial)).collect();
    let dispense = json!({"items": items, "prescription": format!("MedicationRequest/{prescription}"),
        "consent": {"id": consent, "version": 1}});
    let done =
        harbour.post("/dispenses", serials[0], &dispense).await.expect("an answer").success().expect("dispensed");
    let record = json!({"resourceType": "MedicationDispense", "status": "completed", "subject": subject(name),
        "medicationCodeableConcept": {"text": "one a day"},
        "authorizingPrescription": [{"reference": format!("MedicationRequest/{prescription}")}],
        "extension": [{"url": "urn:veridose:dispense", "valueString": done["tx"]}]});
    let record = created(&harbour, &record).await;
    Given { tx: done["tx"].clone(), record, prescription, consent }
}

pub(crate) fn money(value: &str) -> Value {
    let value: Value = serde_json::from_str(value).expect("a number");
    json!({"value": value, "currency": "EUR"})
}

/// The day on which claims are made.
#[expect(clippy::disallowed_methods, reason = "claims are of today, as the node's clock has it")]
pub(crate) fn today() -> String {
    time::OffsetDateTime::now_utc().date().to_string()
}

/// A claim for the dispense, at 12.30 a pack.
pub(crate) fn claim(name: &str, given: &Given, packs: u32) -> Value {
    let concept = |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
    let member = |name: &str| json!({"identifier": {"system": "urn:veridose:party", "value": name}});
    let cents = 1_230 * packs;
    let net = money(&format!("{}.{:02}", cents / 100, cents % 100));
    json!({"resourceType": "Claim", "status": "active", "use": "claim", "patient": subject(name),
        "type": concept("http://terminology.hl7.org/CodeSystem/claim-type", "pharmacy"),
        "created": today(),
        "insurer": member(FUND), "provider": member("harbour-pharmacy"),
        "priority": concept("http://terminology.hl7.org/CodeSystem/processpriority", "normal"),
        "prescription": {"reference": format!("MedicationRequest/{}", given.prescription)},
        "insurance": [{"sequence": 1, "focal": true, "coverage": {"identifier": {"value": "policy-17"}}}],
        "supportingInfo": [{"sequence": 1,
            "category": concept("http://terminology.hl7.org/CodeSystem/claiminformationcategory", "info"),
            "valueReference": {"reference": format!("MedicationDispense/{}", given.record)}}],
        "item": [{"sequence": 1, "informationSequence": [1], "productOrService": concept("https://www.gs1.org/gtin", GTIN),
            "quantity": {"value": packs}, "unitPrice": money("12.30"), "net": net}],
        "total": net})
}

pub(crate) fn fund(trial: &Trial) -> Client {
    trial.member("payer", FUND).expect("a client")
}

/// Hands a claim in under a key.
async fn hand_in(client: &Client, key: &str, claim: &Value) -> Answer {
    let request = client.request(Method::POST, "/claims").header("Idempotency-Key", key);
    let request = request.header(CONTENT_TYPE, "application/fhir+json").body(claim.to_string());
    send(request).await.expect("an answer")
}

async fn handed_in(client: &Client, key: &str, claim: &Value) -> String {
    let answer = hand_in(client, key, claim).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["claim"].as_str().expect("a name").to_owned()
}

async fn step(client: &Client, claim: &str, step: &str, key: &str, body: Value) -> Answer {
    client.post(&format!("/claims/{claim}/{step}"), key, &body).await.expect("an answer")
}

async fn got(client: &Client, path: &str) -> Value {
    client.get(path).await.expect("an answer").success().expect("ours to see")
}

/// The first word and the place of each thing that an `OperationOutcome` tells.
fn reasons(answer: &Answer) -> Vec<(String, String)> {
    let told = answer.body["issue"].as_array().unwrap_or_else(|| panic!("{}: {}", answer.status, answer.body));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let word = |issue: &Value| text(&issue["diagnostics"]).split(':').next().unwrap_or_default().to_owned();
    told.iter().map(|issue| (word(issue), text(&issue["expression"][0]))).collect()
}

/// Codes of the cases that were raised about claims, and their documents.
async fn cases(trial: &Trial) -> Vec<Value> {
    let agency = trial.agency().expect("a client");
    let list = got(&agency, "/cases").await;
    let mut about = Vec::new();
    for row in list["items"].as_array().expect("cases") {
        let file = got(&agency, &format!("/cases/{}", row["case"].as_str().expect("a name"))).await;
        about.extend(Some(file["about"].clone()).filter(|about| about["evidence"]["kind"] == "claim"));
    }
    about
}

/// A payer pays in part what was claimed at 24.60, once it has said so as it must be said.
async fn decided_and_paid(harbour: &Client, fund: &Client, id: &str) {
    let unpaid = step(fund, id, "pay", "early", json!({"reference": "P-1"})).await;
    assert_eq!(unpaid.refusal().expect("a problem"), "claim_stage");
    for (field, body) in [
        ("reason", json!({"verdict": "partly", "benefit": {"value": "20", "currency": "EUR"}})),
        ("benefit", json!({"verdict": "partly", "reason": "not_covered"})),
        (
            "benefit",
            json!({"verdict": "partly", "reason": "not_covered", "benefit": {"value": "24.60", "currency": "EUR"}}),
        ),
        (
            "benefit",
            json!({"verdict": "partly", "reason": "not_covered", "benefit": {"value": "2", "currency": "USD"}}),
        ),
        ("benefit", json!({"verdict": "accepted", "benefit": {"value": "1e-9", "currency": "EUR"}})),
    ] {
        let wrong = step(fund, id, "adjudicate", "wrong", body).await;
        assert_eq!((wrong.status.as_u16(), &wrong.body["field"]), (422, &json!(field)), "{}", wrong.body);
    }
    let partly =
        json!({"verdict": "partly", "reason": "not_covered", "benefit": {"value": "20.05", "currency": "EUR"}});
    let foreign = step(harbour, id, "adjudicate", "mine", partly.clone()).await;
    assert_eq!(foreign.refusal().expect("a problem"), "not_payer");
    step(fund, id, "adjudicate", "decide", partly).await.success().expect("decided");
    step(fund, id, "pay", "pay", json!({"reference": "P-1"})).await.success().expect("paid");
    let again = step(fund, id, "pay", "pay again", json!({"reference": "P-2"})).await;
    assert_eq!(again.refusal().expect("a problem"), "claim_stage");
    let told = got(harbour, &format!("/fhir/ClaimResponse/{id}")).await;
    assert_eq!((&told["disposition"], &told["payment"]["amount"]), (&json!("partly"), &money("20.05")));
    assert_eq!(told["payment"]["identifier"]["value"], "P-1");
    assert_eq!(told["adjudication"][0]["reason"]["coding"][0]["code"], "not_covered");
}

#[tokio::test]
async fn a_claim_is_decided_on_and_paid_and_the_patient_sees_who_looked() {
    let trial = Trial::start().await.expect("starts");
    let (harbour, own, fund) =
        (trial.harbour().expect("a client"), trial.patient(NAME).expect("a client"), fund(&trial));
    let given = given(&trial, NAME, &["A", "B"]).await;
    let asked = claim(NAME, &given, 2);
    let id = created(&harbour, &asked).await;
    let listed = got(&fund, "/claims?state=submitted").await;
    assert_eq!((&listed["items"][0]["claim"], &listed["items"][0]["packs"]), (&json!(id), &json!(2)));
    assert_eq!(
        got(&trial.member("pharmacy", "station-pharmacy").expect("a client"), "/claims").await["items"],
        json!([])
    );

    // The patient takes the consent back: the dispense was lawful, and is paid.
    let path = format!("/consents/{}/revoke", given.consent);
    own.post(&path, "revoke", &json!({"version": 1})).await.expect("an answer").success().expect("revoked");
    let least = got(&fund, &format!("/fhir/Claim/{id}")).await;
    assert_eq!((&least["item"][0]["net"], &least["total"]), (&money("24.60"), &money("24.6")));
    assert_eq!(least["insurance"][0]["coverage"]["identifier"]["value"], "policy-17");
    let text = least.to_string();
    assert!(
        ![NAME, "MedicationRequest", "MedicationDispense", "supportingInfo"].iter().any(|w| text.contains(w)),
        "{text}"
    );
    let file = got(&fund, &format!("/claims/{id}")).await;
    assert_eq!((&file["findings"], &file["response"]["outcome"]), (&json!([]), &json!("queued")));
    let record = format!("/fhir/MedicationDispense/{}", given.record);
    assert_eq!(fund.get(&record).await.expect("an answer").status, 403, "the record is not the payer's");
    let stranger = trial.agency().expect("a client").get(&format!("/fhir/Claim/{id}")).await.expect("an answer");
    assert_eq!(
        stranger.body["issue"][0]["diagnostics"].as_str().map(|text| text.starts_with("not_in_claim")),
        Some(true)
    );

    decided_and_paid(&harbour, &fund, &id).await;
    let mine = got(&own, &format!("/fhir/Claim/{id}")).await;
    assert_eq!(mine["insurer"], asked["insurer"]);
    let bundle = got(&own, "/patients/me/export").await.to_string();
    assert!(bundle.contains("\"Claim\"") && bundle.contains("\"ClaimResponse\""));
    let accesses = got(&own, "/patients/me/accesses").await["items"].to_string();
    for who in [FUND, "Claim/read", "Claim/adjudicate", "not_in_claim", r#"\"purpose\":\"claim\""#] {
        assert!(accesses.contains(who), "{who} in {accesses}");
    }
    // Erased, the claim is unreadable, and that it was paid stands.
    let erase = json!({"erase_everything": true});
    own.post("/patients/me/erase", "erase", &erase).await.expect("an answer").success().expect("erased");
    assert_eq!(fund.get(&format!("/claims/{id}")).await.expect("an answer").status, 409);
    assert_eq!(got(&fund, "/claims").await["items"][0]["state"], "paid");
    trial.server.stop().await.expect("stops");
}

#[tokio::test]
async fn what_does_not_fit_the_dispense_is_refused_and_fraud_becomes_a_case() {
    let trial = Trial::start().await.expect("starts");
    let harbour = trial.harbour().expect("a client");
    let (one, other) = (given(&trial, NAME, &["A", "B"]).await, given(&trial, "p-2", &["C"]).await);
    let good = claim(NAME, &one, 2);
    let changed = |change: fn(&mut Value)| {
        let mut claim = good.clone();
        change(&mut claim);
        claim
    };
    let mut never = good.clone();
    never["supportingInfo"][0]["valueReference"]["reference"] = json!(format!("MedicationDispense/{}", "0".repeat(64)));
    let mut foreign = good.clone();
    foreign["prescription"]["reference"] = json!(format!("MedicationRequest/{}", other.prescription));
    let phantom = {
        let mut claim = good.clone();
        claim["patient"] = subject("nobody-at-all");
        claim
    };
    let refused = [
        (never, "dispense_never_made", "Claim.supportingInfo"),
        (phantom, "phantom_patient", "Claim.patient"),
        (foreign, "prescription_other", "Claim.prescription"),
        (claim(NAME, &one, 1), "quantity_changed", "Claim.item"),
        (claim(NAME, &one, 3), "quantity_changed", "Claim.item[0].quantity"),
        (
            changed(|claim| claim["item"][0]["productOrService"]["coding"][0]["code"] = json!("09506000134376")),
            "upcoding",
            "Claim.item[0].productOrService",
        ),
        (changed(|claim| claim["item"][0]["net"] = money("25.60")), "amount_wrong", "Claim.item[0].net"),
        (changed(|claim| claim["total"] = money("24.61")), "amount_wrong", "Claim.total"),
        (changed(|claim| claim["created"] = json!("2020-01-01")), "claim_before_dispense", "Claim.created"),
        (
            changed(|claim| claim["item"][0]["servicedDate"] = json!("2020-01-01")),
            "date_wrong",
            "Claim.item[0].serviced",
        ),
    ];
    for (number, (claim, reason, at)) in refused.iter().enumerate() {
        let answer = hand_in(&harbour, &format!("refused {number}"), claim).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        let told = reasons(&answer);
        assert!(told.contains(&((*reason).to_owned(), (*at).to_owned())), "{reason}: {told:?}");
        assert!(!answer.body.to_string().contains(NAME));
    }
    let station = trial.member("pharmacy", "station-pharmacy").expect("a client");
    let mut theirs = good.clone();
    theirs["provider"] = json!({"display": "us"});
    assert_eq!(reasons(&hand_in(&station, "theirs", &theirs).await)[0].0, "dispense_of_others");
    for (body, status, place) in [
        (json!({"resourceType": "Claim", "status": "active"}), 400, "Claim.type"),
        (changed(|claim| claim["item"][0]["net"]["value"] = json!("12")), 400, "Claim.item[0].net.value"),
        (changed(|claim| claim["insurer"] = json!({"display": "a fund"})), 422, "Claim.insurer"),
    ] {
        let answer = create(&harbour, &body).await;
        assert_eq!((issue(&answer).0, issue(&answer).2.as_str()), (status, place), "{}", answer.body);
    }
    assert_eq!(got(&harbour, "/claims").await["items"], json!([]), "nothing of it was kept");

    let raised = cases(&trial).await;
    let mut codes: Vec<_> = raised.iter().map(|case| case["codes"][0].as_str().expect("a code").to_owned()).collect();
    codes.sort();
    assert_eq!(codes, ["dispense_never_made", "phantom_patient", "upcoding"], "each once, and no slip among them");
    assert!(raised.iter().all(|case| case["parties"] == json!(["harbour-pharmacy", FUND])), "{raised:?}");
    let told = json!(raised).to_string();
    assert!(![NAME, "nobody-at-all", "p-2"].iter().any(|name| told.contains(name)), "{told}");
    // The same again is the same case.
    hand_in(&harbour, "again", &changed(|claim| claim["patient"] = subject("somebody-else"))).await;
    assert_eq!(cases(&trial).await.len(), 3);
    trial.server.stop().await.expect("stops");
}

/// A pack of a paid dispense of two is taken back: the money comes back, and what was supplied is claimed anew.
async fn taken_back(harbour: &Client, fund: &Client, id: &str, given: &Given) {
    let undo = json!({"items": [pack("B")], "not_supplied": true});
    let early = step(fund, id, "reverse", "early", json!({})).await;
    assert_eq!(early.refusal().expect("a problem"), "dispense_stands");
    harbour.post("/dispenses/undo", "undo", &undo).await.expect("an answer").success().expect("undone");
    step(fund, id, "reverse", "reverse", json!({"note": "one pack came back"})).await.success().expect("reversed");
    let whole = hand_in(harbour, "whole", &claim(NAME, given, 2)).await;
    assert_eq!(reasons(&whole)[0].0, "quantity_changed");
    // By the transaction, without a record of the dispense.
    let mut rest = claim(NAME, given, 1);
    rest.as_object_mut().expect("an object").remove("supportingInfo");
    rest["item"][0].as_object_mut().expect("an object").remove("informationSequence");
    rest["extension"] = json!([{"url": "urn:veridose:dispense", "valueString": given.tx}]);
    let rest = handed_in(harbour, "rest", &rest).await;
    // Undone while it waits: the payer cannot accept it, and the contract would not either.
    let undo = json!({"items": [pack("A")], "not_supplied": true});
    harbour.post("/dispenses/undo", "undo all", &undo).await.expect("an answer").success().expect("undone");
    let refused = step(fund, &rest, "adjudicate", "accept", json!({"verdict": "accepted"})).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(refused.body["detail"].as_str().is_some_and(|text| text.contains("dispense_undone")), "{}", refused.body);
    step(harbour, &rest, "withdraw", "withdraw", json!({})).await.success().expect("withdrawn");
    assert_eq!(
        fund.get(&format!("/claims/{rest}")).await.expect("an answer").status,
        403,
        "it is not the payer's any more"
    );
    let states: Vec<_> =
        got(fund, "/claims").await["items"].as_array().expect("rows").iter().map(|row| row["state"].clone()).collect();
    assert_eq!(states, ["withdrawn", "reversed"]);
}

#[tokio::test]
async fn a_dispense_is_paid_once_whoever_claims_it_and_however_often() {
    let trial = Trial::start().await.expect("starts");
    let (harbour, fund) = (trial.harbour().expect("a client"), fund(&trial));
    let given = given(&trial, NAME, &["A", "B"]).await;
    let asked = claim(NAME, &given, 2);
    // Twenty at once, half of them the same request.
    let all = (0..20).map(|number| {
        let (client, mut claim) = (harbour.clone(), asked.clone());
        let key = if number % 2 == 0 { "same".to_owned() } else { format!("other {number}") };
        claim["identifier"] = json!([{"value": if number % 2 == 0 { "same".to_owned() } else { number.to_string() }}]);
        tokio::spawn(async move { hand_in(&client, &key, &claim).await })
    });
    let mut names = Vec::new();
    for answer in all.collect::<Vec<_>>() {
        let answer = answer.await.expect("joined");
        match answer.status.as_u16() {
            201 => names.push(answer.body["claim"].as_str().expect("a name").to_owned()),
            409 => assert!(
                ["claim_exists", "duplicate_claim"].contains(&reasons(&answer)[0].0.as_str()),
                "{}",
                answer.body
            ),
            other => panic!("{other}: {}", answer.body),
        }
    }
    names.sort();
    names.dedup();
    let [id] = names.as_slice() else { panic!("one claim stands: {names:?}") };
    step(&fund, id, "adjudicate", "decide", json!({"verdict": "accepted"})).await.success().expect("accepted");
    let pays = (0..20).map(|number| {
        let (client, path) = (fund.clone(), format!("/claims/{id}/pay"));
        let (key, reference) = if number % 2 == 0 { (0, 0) } else { (number, number) };
        tokio::spawn(async move {
            client.post(&path, &format!("pay {key}"), &json!({"reference": format!("P-{reference}")})).await
        })
    });
    let mut paid = Vec::new();
    for answer in pays.collect::<Vec<_>>() {
        let answer = answer.await.expect("joined").expect("an answer");
        match answer.status.as_u16() {
            200 => paid.push(answer.body["tx"].clone()),
            _ => assert_eq!(answer.refusal().expect("a problem"), "claim_stage"),
        }
    }
    assert!(!paid.is_empty() && paid.iter().all(|tx| *tx == paid[0]), "one payment: {paid:?}");
    // Under its own names again, and again, until somebody asks why.
    for number in 0..4 {
        let mut again = asked.clone();
        again["identifier"] = json!([{"value": format!("again {number}")}]);
        let answer = hand_in(&harbour, &format!("again {number}"), &again).await;
        assert_eq!((answer.status.as_u16(), issue(&answer).1.as_str()), (409, "duplicate"), "{}", answer.body);
    }
    let raised = cases(&trial).await;
    assert_eq!(raised.iter().map(|case| &case["codes"]).collect::<Vec<_>>(), [&json!(["duplicate_claim"])]);

    taken_back(&harbour, &fund, id, &given).await;
    trial.server.stop().await.expect("stops");
}

#[tokio::test]
async fn a_claim_goes_its_way_by_the_command_line() {
    let trial = Trial::start().await.expect("starts");
    let given = given(&trial, NAME, &["A"]).await;
    let run = |role: &str, party: &str, arguments: &[&str]| {
        let token_file = trial.data().join(format!("{party}.token"));
        std::fs::write(&token_file, token(trial.data(), role, &["--party", party]).expect("a token")).expect("written");
        let connection = ["--server", trial.server.base(), "--token-file", token_file.to_str().expect("text")];
        let output = veridose(trial.data(), &[&["claim"], arguments, &connection[..]].concat()).expect("runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let file = trial.data().join("claim.json");
    let path = file.to_str().expect("text").to_owned();
    std::fs::write(&file, claim(NAME, &given, 2).to_string()).expect("written");
    let (code, _, told) = run("pharmacy", "harbour-pharmacy", &["submit", &path]);
    assert_eq!(code, Some(1));
    assert!(told.contains("Claim.item[0].quantity: quantity_changed"), "{told}");
    std::fs::write(&file, claim(NAME, &given, 1).to_string()).expect("written");
    let submit = ["submit", &path, "--idempotency-key", "once", "--json"];
    let (code, first, told) = run("pharmacy", "harbour-pharmacy", &submit);
    assert_eq!(code, Some(0), "{told}");
    let name =
        |text: &str| serde_json::from_str::<Value>(text).expect("JSON")["claim"].as_str().expect("a name").to_owned();
    let id = name(&first);
    assert_eq!(id, name(&run("pharmacy", "harbour-pharmacy", &submit).1), "the same key, the same claim");
    let payer = |arguments: &[&str]| run("payer", FUND, arguments);
    assert_eq!(
        payer(&["list", "--state", "submitted"]).1.trim(),
        format!("{id} submitted: 1 packs, harbour-pharmacy to {FUND}")
    );
    let shown = payer(&["show", &id]).1;
    assert!(shown.contains(&format!("1 x {GTIN}: 12.3 EUR")) && !shown.contains("against it"), "{shown}");
    assert_eq!(payer(&["pay", &id, "--reference", "P-1"]).0, Some(1), "nobody decided");
    assert_eq!(payer(&["adjudicate", &id, "--verdict", "accepted"]).0, Some(0));
    assert_eq!(payer(&["pay", &id, "--reference", "P-1"]).0, Some(0));
    assert!(payer(&["list"]).1.contains(" paid: "));
    trial.server.stop().await.expect("stops");
}
