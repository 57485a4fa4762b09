//! Access to patients' data as it is asked for, decided, recorded and proven.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use veridose_contract::{CredentialKind, PartyId, Timestamp};
use veridose_ledger::LogVerifier;
use veridose_ledger::signer::Signer;

use super::{Server, problem};
use crate::access::credential::{Issue, issue};
use crate::access::proof::{ProvenAccess, check_history};
use crate::auth::{Grant, Role};
use crate::config::Config;

const HARBOUR: &str = "harbour-pharmacy";

impl Server {
    fn person(&self, subject: &str, party: Option<&str>, role: Role, scope: Option<&str>) -> String {
        let grant = Grant {
            subject: subject.to_owned(),
            party: party.map(|party| PartyId::parse(party).expect("a party")),
            role,
            site: None,
            patient: (role == Role::Patient).then(|| subject.to_owned()),
            scope: scope.map(str::to_owned),
            lifetime: Duration::from_mins(5),
        };
        self.issuer.mint(&grant).expect("mints")
    }

    /// A patient whose consents the first pharmacy keeps.
    pub(super) fn patient(&self, name: &str) -> String {
        self.person(name, Some(HARBOUR), Role::Patient, None)
    }

    fn config(&self) -> Config {
        Config { data: self.data.path().into(), ..Config::default() }
    }

    fn agency(&self) -> Signer {
        let keys = crate::node::parts(&self.config()).expect("the network").keys;
        keys.signer(&PartyId::parse("medicines-agency").expect("a party")).expect("a key")
    }

    /// A credential, by a key that is unlocked once, of a person who signs in with this node's own issuer.
    fn credential(&self, by: &Signer, holder: &str, kind: CredentialKind, from: Timestamp) -> String {
        let config = self.config();
        let wanted = Issue { kind, holder_issuer: config.issuer(), holder, from, days: 1 };
        issue(by, &wanted).expect("issued")
    }

    async fn consent(&self, patient: &str, body: Value) -> String {
        let answer = self.post(&self.patient(patient), "/consents", &body).await;
        answer["consent"].as_str().expect("a name").to_owned()
    }

    async fn ask(&self, token: &str, patient: &str, purpose: &str, credentials: &[String]) -> Value {
        let body = json!({
            "patient": patient, "purpose": purpose, "kinds": ["dispense", "laboratory"], "credentials": credentials
        });
        self.post(token, "/access", &body).await
    }

    async fn accesses(&self, patient: &str, query: &str) -> Vec<ProvenAccess> {
        let answer = self.read(&self.patient(patient), &format!("/patients/me/accesses{query}")).await;
        let body: Value = answer.json().await.expect("JSON");
        serde_json::from_value(body["items"].clone()).expect("records")
    }
}

fn now() -> Timestamp {
    crate::node::clock(&Config::default()).now()
}

fn rule(answer: &Value) -> (&str, &str) {
    (answer["decision"].as_str().expect("a decision"), answer["rule"].as_str().expect("a rule"))
}

fn said(access: &ProvenAccess) -> Value {
    serde_json::from_str(access.record.as_deref().expect("not erased")).expect("JSON")
}

#[actix_web::test]
async fn a_token_writes_what_its_scopes_say() {
    let server = Server::start(|config| config.detection.enabled = false).await;
    let patient =
        json!({"resourceType": "Patient", "identifier": [{"system": "urn:veridose:patient", "value": "p-9"}]});
    let create = |scope: &'static str| {
        let token = server.person("dr-lee", Some(HARBOUR), Role::Pharmacy, Some(scope));
        let request = server.request(Method::POST, "/fhir/Patient").bearer_auth(token);
        let request = request.header("content-type", "application/fhir+json").body(patient.to_string());
        async move { request.send().await.expect("answers") }
    };
    for scope in ["user/*.rs", "patient/*.cruds", "user/Observation.cruds", ""] {
        let refused = create(scope).await;
        assert_eq!(refused.status(), 403, "{scope}");
        let outcome: Value = refused.json().await.expect("JSON");
        let told = outcome["issue"][0]["diagnostics"].as_str().expect("words");
        assert!(told.contains("user/Patient.c"), "{scope}: {told}");
    }
    let kept = create("user/Patient.c").await;
    assert_eq!(kept.status(), 201);
    let (etag, kept) = (kept.headers()["etag"].clone(), kept.json::<Value>().await.expect("JSON"));
    let path = format!("/fhir/Patient/{}", kept["id"].as_str().expect("an id"));
    let changed = |method, scope| {
        let token = server.person("dr-lee", Some(HARBOUR), Role::Pharmacy, Some(scope));
        let request = server.request(method, &path).bearer_auth(token).header("if-match", etag.clone());
        let request = request.header("content-type", "application/fhir+json").body(kept.to_string());
        async move { request.send().await.expect("answers").status() }
    };
    assert_eq!(changed(Method::PUT, "user/Patient.crds").await, 403);
    assert_eq!(changed(Method::DELETE, "user/Patient.crus").await, 403);
    assert_eq!(changed(Method::DELETE, "user/Patient.d").await, 204);
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn a_patient_opens_the_record_sees_who_looked_and_closes_it() {
    let server = Server::start(|config| config.detection.enabled = false).await;
    let (doctor, agency) = (server.person("dr-lee", Some(HARBOUR), Role::Pharmacy, None), server.agency());
    let clinician = [server.credential(&agency, "dr-lee", CredentialKind::Clinician, now())];
    assert_eq!(rule(&server.ask(&doctor, "p-1", "care", &clinician).await), ("refused", "no_consent"));
    let terms = json!({ "purpose": "care", "data": ["dispense", "prescription"], "grantee": HARBOUR });
    let consent = server.consent("p-1", terms).await;
    let given = server.ask(&doctor, "p-1", "care", &clinician).await;
    assert_eq!(rule(&given), ("granted", "care"));
    assert_eq!((&given["kinds"], &given["form"]), (&json!(["dispense"]), &json!("full")));
    assert_eq!((&given["consent"], &given["version"]), (&json!(consent), &json!(1)));
    assert_eq!(rule(&server.ask(&doctor, "p-1", "care", &[]).await), ("refused", "credential_missing"));
    let elsewhere = server.person("dr-lee", Some("station-pharmacy"), Role::Pharmacy, None);
    assert_eq!(rule(&server.ask(&elsewhere, "p-1", "care", &clinician).await), ("refused", "no_relationship"));
    let narrow = server.person("dr-lee", Some(HARBOUR), Role::Pharmacy, Some("user/MedicationDispense.rs"));
    let refused = server.ask(&narrow, "p-1", "care", &clinician).await;
    assert_eq!(rule(&refused), ("refused", "scope_missing"));
    assert_eq!(refused["needed"], "a token with the scope user/Observation.r");
    // Taken back, and obeyed by the next request.
    server.post(&server.patient("p-1"), &format!("/consents/{consent}/revoke"), &json!({ "version": 1 })).await;
    assert_eq!(rule(&server.ask(&doctor, "p-1", "care", &clinician).await), ("refused", "consent_revoked"));
    // What came before the patient was known is nobody's; the first record of the list is the reading itself.
    let records: Vec<Value> = server.accesses("p-1", "").await.iter().map(said).collect();
    let rules: Vec<_> = records.iter().map(|record| rule(record).1).collect();
    assert_eq!(
        rules,
        ["own_record", "consent_revoked", "scope_missing", "no_relationship", "credential_missing", "care"]
    );
    assert!(records.iter().filter_map(|record| record["number"].as_u64()).eq((1..=6).rev()));
    assert_eq!(records[0]["who"]["subject"], "patient", "others read records too");
    assert_eq!(records[5]["who"], json!({ "issuer": server.config().issuer(), "subject": "dr-lee" }));
    assert_eq!((&records[5]["party"], &records[5]["purpose"]), (&json!(HARBOUR), &json!("care")));
    // Another patient sees none of it, and a member no patient's list.
    assert_eq!(server.accesses("p-2", "").await, []);
    let refused = problem(server.read(&doctor, "/patients/me/accesses").await).await;
    assert_eq!(refused["code"], "forbidden");
    // Regulators see that it happened, and by whom.
    let log: Value = server
        .read(&server.token_of("medicines-agency", Role::Regulator), "/access/log")
        .await
        .json()
        .await
        .expect("JSON");
    assert!(log["items"].as_array().expect("a list").iter().any(|item| item["record"]["rule"] == "care"));
    assert!(!log.to_string().contains("p-1"), "no patient is named: {log}");
    let log: Value = server
        .read(&server.token_of("alpine-pharma", Role::Manufacturer), "/access/log")
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(log["items"], json!([]));
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn a_history_is_proven_record_by_record_and_no_other_is() {
    let server = Server::start(|config| config.detection.enabled = false).await;
    let doctor = server.person("dr-lee", Some(HARBOUR), Role::Pharmacy, None);
    server.consent("p-1", json!({ "purpose": "dispense_record" })).await;
    for purpose in ["dispense_record", "care", "dispense_record"] {
        server.ask(&doctor, "p-1", purpose, &[]).await;
    }
    let begun = std::time::Instant::now();
    let history = loop {
        let history = server.accesses("p-1", "?proofs=true&perPage=500").await;
        // The readings themselves come first; the ones that were asked before are anchored within a second or two.
        if history.iter().filter(|access| access.proof.is_some()).count() >= 3 {
            break history;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "not anchored in time");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let key = server.get("/log/key").await.text().await.expect("text");
    let log = LogVerifier::parse(key.trim()).expect("a key");
    let checked = check_history(&history, &log, true).expect("proven");
    assert!(checked.anchored >= 3 && checked.records == history.len() as u64, "{checked:?}");
    let refused = |change: &dyn Fn(&mut Vec<ProvenAccess>)| {
        let mut changed = history.clone();
        change(&mut changed);
        check_history(&changed, &log, true).expect_err("changed").problem
    };
    let last = history.len() - 1;
    let alter = |history: &mut Vec<ProvenAccess>| {
        let text = history[last].record.as_mut().expect("not erased");
        *text = text.replace("dr-lee", "nobody");
    };
    assert!(refused(&alter).contains("it was altered"));
    let alter_with_its_leaf = |history: &mut Vec<ProvenAccess>| {
        alter(history);
        let text = history[last].record.clone().expect("not erased");
        history[last].leaf = hex::encode(veridose_contract::merkle::leaf_hash(text.as_bytes()));
    };
    assert!(refused(&alter_with_its_leaf).contains("some are missing"));
    assert!(refused(&|history| drop(history.remove(last - 1))).contains("some are missing"));
    assert!(refused(&|history| drop(history.pop())).contains("those before it are missing"));
    assert!(refused(&|history| history.swap(0, 1)).contains("missing"));
    let foreign = |history: &mut Vec<ProvenAccess>| {
        let proof = history[last].proof.as_mut().expect("anchored");
        if proof.path.is_empty() { proof.path.push("00".repeat(32)) } else { proof.path[0] = "00".repeat(32) }
    };
    assert!(refused(&foreign).contains("does not lead to the root"));
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn an_emergency_opens_the_record_for_two_persons_and_is_told() {
    let server = Server::start(|config| config.detection.enabled = false).await;
    let [anna, ben, eve] = ["anna", "ben", "eve"].map(|name| server.person(name, Some(HARBOUR), Role::Pharmacy, None));
    let agency = server.agency();
    let credential = |name| [server.credential(&agency, name, CredentialKind::Clinician, now())];
    server.consent("p-1", json!({ "purpose": "dispense_record" })).await;
    let body = json!({ "patient": "p-1", "reason": "unconscious after an accident" });
    let declared = server.post(&anna, "/emergencies", &body).await;
    let name = declared["emergency"].as_str().expect("a name").to_owned();
    let purpose = format!("emergency:{name}");
    let asked = |token: String, who: &'static str, patient: &'static str| {
        let (server, purpose, credential) = (&server, &purpose, credential(who));
        async move { server.ask(&token, patient, purpose, &credential).await }
    };
    assert_eq!(rule(&asked(anna.clone(), "anna", "p-1").await), ("refused", "emergency_unconfirmed"));
    let path = format!("/emergencies/{name}/confirm");
    let confirm = |token: &str| server.request(Method::POST, &path).bearer_auth(token).send();
    assert_eq!(problem(confirm(&anna).await.expect("answers")).await["code"], "emergency_unconfirmed");
    let corner = server.person("carl", Some("station-pharmacy"), Role::Pharmacy, None);
    assert_eq!(confirm(&corner).await.expect("answers").status(), 404);
    assert_eq!(confirm(&ben).await.expect("answers").status(), 200);
    assert_eq!(confirm(&ben).await.expect("answers").status(), 200, "said twice is said once");
    assert_eq!(problem(confirm(&eve).await.expect("answers")).await["code"], "conflict");
    for (token, who) in [(&anna, "anna"), (&ben, "ben")] {
        let given = asked(token.clone(), who, "p-1").await;
        assert_eq!((rule(&given), &given["form"]), (("granted", "emergency"), &json!("full")));
        assert_eq!(given["kinds"], json!(["dispense", "laboratory"]));
    }
    assert_eq!(rule(&asked(eve.clone(), "eve", "p-1").await), ("refused", "emergency_of_others"));
    assert_eq!(rule(&asked(anna.clone(), "anna", "p-2").await), ("refused", "emergency_not_declared"));
    // The patient is told, and regulators see it and end it.
    let notices: Value = server.read(&server.patient("p-1"), "/patients/me/notices").await.json().await.expect("JSON");
    assert_eq!(notices["items"][0]["words"]["reason"], "unconscious after an accident");
    assert_eq!(notices["items"][0]["words"]["confirmed_by"]["subject"], "ben");
    let regulator = server.token_of("medicines-agency", Role::Regulator);
    let listed: Value = server.read(&regulator, "/emergencies").await.json().await.expect("JSON");
    assert_eq!(listed["items"][0]["emergency"], json!(name));
    let case: Value = server.read(&regulator, &format!("/cases/{name}")).await.json().await.expect("JSON");
    assert!(case.to_string().contains("break_glass") && !case.to_string().contains("accident"), "{case}");
    server.post(&regulator, &format!("/cases/{name}/close"), &json!({ "outcome": "process" })).await;
    assert_eq!(rule(&asked(anna.clone(), "anna", "p-1").await), ("refused", "emergency_over"));
    let unknown = json!({ "patient": "nobody", "reason": "unconscious" });
    let answer = server.request(Method::POST, "/emergencies").bearer_auth(&anna).json(&unknown).send().await;
    assert_eq!(answer.expect("answers").status(), 404);
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn a_credential_holds_for_whom_it_names_in_its_time_until_it_is_revoked() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
    let server = Server::start(|config| config.detection.enabled = false).await;
    let agency = server.agency();
    let doctor = server.person("dr-lee", Some(HARBOUR), Role::Pharmacy, None);
    let terms = json!({ "purpose": "care", "data": ["dispense"], "grantee": HARBOUR });
    server.consent("p-1", terms).await;
    let with = async |credential: String| server.ask(&doctor, "p-1", "care", &[credential]).await;
    let day = 86_400_000;
    let good = server.credential(&agency, "dr-lee", CredentialKind::Clinician, now());
    assert_eq!(rule(&with(good.clone()).await), ("granted", "care"));
    let at = |shift: i64| Timestamp(now().0 + shift);
    let sealed = |header: Value, change: &dyn Fn(&mut Value)| {
        let mut body: Value = good
            .split('.')
            .nth(1)
            .and_then(|part| serde_json::from_slice(&BASE64URL.decode(part).ok()?).ok())
            .expect("JSON");
        change(&mut body);
        let signed = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(body.to_string()));
        let signature = agency.sign_bytes(signed.as_bytes()).expect("signs");
        format!("{signed}.{}", BASE64URL.encode(signature.0))
    };
    let header = json!({ "alg": "ES256", "typ": "vc+jwt", "kid": agency.fingerprint() });
    let altered = |field: &'static str, value: Value| {
        sealed(header.clone(), &move |body: &mut Value| body[field] = value.clone())
    };
    let wrong = [
        ("somebody else's", server.credential(&agency, "dr-who", CredentialKind::Clinician, now()), "who calls"),
        ("expired", server.credential(&agency, "dr-lee", CredentialKind::Clinician, at(-2 * day)), "expired"),
        ("not yet", server.credential(&agency, "dr-lee", CredentialKind::Clinician, at(day)), "not in force yet"),
        ("a token", doctor.clone(), "type vc+jwt"),
        ("no JWT", "abc".to_owned(), "signed JWT"),
        ("unsigned", format!("{}.", good.rsplit_once('.').expect("parts").0), "has signed"),
        ("no type", altered("type", json!(["VerifiableCredential"])), "ClinicianCredential or"),
        ("of an older model", altered("@context", json!(["https://www.w3.org/2018/credentials/v1"])), "Data Model 2.0"),
        ("of nobody known", altered("issuer", json!("https://university.example")), "issuer that this node knows"),
        (
            "of another member",
            altered("issuer", json!("urn:veridose:party:harbour-pharmacy")),
            "certificate of a regulator",
        ),
        ("without a name", altered("id", Value::Null), "an id"),
        (
            "with a list elsewhere",
            altered("credentialStatus", json!({ "type": "BitstringStatusListEntry" })),
            "credentialStatus",
        ),
        (
            "with another key's name",
            sealed(json!({ "alg": "ES256", "typ": "vc+jwt", "kid": "00" }), &|_| ()),
            "registered certificate",
        ),
        (
            "with another algorithm",
            sealed(json!({ "alg": "HS256", "typ": "vc+jwt", "kid": agency.fingerprint() }), &|_| ()),
            "has signed",
        ),
    ];
    for (what, credential, needed) in wrong {
        let refused = with(credential).await;
        assert_eq!(rule(&refused), ("refused", "credential_refused"), "{what}: {refused}");
        assert!(refused["needed"].as_str().expect("text").contains(needed), "{what}: {refused}");
    }
    let researcher = server.credential(&agency, "dr-lee", CredentialKind::Researcher, now());
    assert_eq!(rule(&with(researcher).await), ("refused", "credential_missing"));
    // Revoked by a regulator, and by nobody else.
    let body: Value =
        serde_json::from_slice(&BASE64URL.decode(good.split('.').nth(1).expect("a part")).expect("base64"))
            .expect("JSON");
    let named = json!({ "issuer": body["issuer"], "id": body["id"] });
    let revoke =
        |token: String| server.request(Method::POST, "/credentials/revocations").bearer_auth(token).json(&named).send();
    assert_eq!(revoke(doctor.clone()).await.expect("answers").status(), 403);
    assert_eq!(revoke(server.token_of("medicines-agency", Role::Regulator)).await.expect("answers").status(), 201);
    let refused = with(good.clone()).await;
    assert!(refused["needed"].as_str().expect("text").contains("revoked"), "{refused}");
    server.running.stop().await.expect("stops");
}
