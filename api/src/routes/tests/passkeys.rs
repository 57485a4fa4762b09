//! Patients who sign their consents. The authenticator and the browser are 1Password's, so only one side is ours.

use std::process::ExitCode;

use clap::Parser as _;
use passkey_authenticator::{Authenticator, MemoryStore, UiHint, UserCheck, UserValidationMethod};
use passkey_client::{Client, DefaultClientData};
use passkey_crypto::AvailableBackend;
use passkey_types::Passkey;
use passkey_types::ctap2::{Aaguid, Ctap2Error};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use veridose_contract::SignedBy;
use veridose_ledger::LogVerifier;

use super::{Server, problem};
use crate::cli;
use crate::passkey::proof::{ConsentProof, Unproven, check, fingerprint};

const RP: &str = "clinic.example";
const PORTAL: &str = "https://portal.clinic.example";
const ANNA: &str = "anna-of-the-passkeys";

/// Who holds the phone: somebody who unlocks it, or touches it alone.
struct Holder {
    unlocks: bool,
}

#[async_trait::async_trait]
impl UserValidationMethod for Holder {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _hint: UiHint<'a, Passkey>,
        presence: bool,
        _verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence, verification: self.unlocks })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(self.unlocks)
    }
}

type Phone = Authenticator<MemoryStore, Holder, AvailableBackend>;

/// A phone with these keys in it, which counts what it signs.
fn phone(keys: &MemoryStore, unlocks: bool) -> Phone {
    let mut phone = Authenticator::new(Aaguid::new_empty(), keys.clone(), Holder { unlocks }, AvailableBackend);
    phone.set_make_credentials_with_signature_counter(true);
    phone
}

/// What a browser answers on a page to creation options.
async fn made(keys: &mut MemoryStore, page: &str, options: &Value) -> Value {
    let mut browser = Client::new(phone(keys, true)).allows_insecure_localhost(true);
    let asked = serde_json::from_value(options.clone()).expect("creation options");
    let page = Url::parse(page).expect("a URL");
    let made = browser.register(&page, asked, DefaultClientData).await.expect("a new passkey");
    keys.clone_from(browser.authenticator().store());
    serde_json::to_value(made).expect("JSON")
}

/// What a browser answers on a page to request options.
async fn signed(keys: &mut MemoryStore, page: &str, unlocks: bool, options: &Value) -> Value {
    let mut browser = Client::new(phone(keys, unlocks)).allows_insecure_localhost(true);
    let asked = serde_json::from_value(options.clone()).expect("request options");
    let page = Url::parse(page).expect("a URL");
    let signed = browser.authenticate(&page, asked, DefaultClientData).await.expect("an assertion");
    keys.clone_from(browser.authenticator().store());
    serde_json::to_value(signed).expect("JSON")
}

impl Server {
    async fn clinic() -> Self {
        Self::start(|config| {
            config.patients.passkeys.rp_id = Some(RP.to_owned());
            config.patients.passkeys.origins = vec![PORTAL.to_owned()];
        })
        .await
    }

    async fn passkey(&self, token: &str, keys: &mut MemoryStore, label: &str) -> Value {
        let options = self.post(token, "/patients/me/passkeys/options", &json!({})).await;
        let body = json!({
            "ceremony": options["ceremony"], "label": label, "credential": made(keys, PORTAL, &options).await,
        });
        self.post(token, "/patients/me/passkeys", &body).await
    }

    async fn to_sign(&self, token: &str, wish: Value) -> Value {
        self.post(token, "/patients/me/signatures", &wish).await
    }

    async fn finish(&self, token: &str, asked: &Value, credential: &Value, key: &str) -> reqwest::Response {
        let path = format!("/patients/me/signatures/{}", asked["ceremony"].as_str().expect("a name"));
        let request = self.request(Method::POST, &path).bearer_auth(token).header("idempotency-key", key);
        request.json(&json!({ "credential": credential })).send().await.expect("answers")
    }

    async fn sign(&self, token: &str, keys: &mut MemoryStore, wish: Value) -> Value {
        let asked = self.to_sign(token, wish).await;
        let credential = signed(keys, PORTAL, true, &asked).await;
        let key = asked["ceremony"].as_str().expect("a name");
        let answer = self.finish(token, &asked, &credential, key).await;
        let (status, body) = (answer.status(), answer.json::<Value>().await.expect("JSON"));
        assert_eq!(status, 200, "{body}");
        body
    }

    async fn refused(&self, token: &str, asked: &Value, credential: &Value) -> (u16, String) {
        let body = problem(self.finish(token, asked, credential, &uuid::Uuid::new_v4().to_string()).await).await;
        let status = u16::try_from(body["status"].as_u64().expect("a status")).expect("small");
        (status, body["detail"].as_str().expect("words").to_owned())
    }

    async fn log(&self) -> LogVerifier {
        LogVerifier::parse(self.get("/log/key").await.text().await.expect("text").trim()).expect("a key")
    }

    async fn row(&self, token: &str, consent: &str) -> Value {
        self.read(token, &format!("/consents/{consent}")).await.json().await.expect("JSON")
    }

    async fn proof(&self, token: &str, consent: &str) -> ConsentProof {
        self.read(token, &format!("/consents/{consent}/proof")).await.json().await.expect("a proof")
    }
}

fn to_study() -> Value {
    json!({ "register": { "purpose": "study:NCT01234567", "data": ["laboratory"], "terms": "I agree." } })
}

fn name(answer: &Value) -> String {
    answer["consent"].as_str().expect("a name").to_owned()
}

#[actix_web::test]
async fn a_patient_signs_each_version_and_a_stranger_checks_it() {
    let server = Server::clinic().await;
    let (token, mut keys) = (server.patient(ANNA), MemoryStore::new());
    let passkey = server.passkey(&token, &mut keys, "my phone").await;
    let consent = name(&server.sign(&token, &mut keys, to_study()).await);
    assert_eq!(server.row(&token, &consent).await["signed_by"], "patient");
    let to = json!({ "purpose": "study:NCT01234567", "data": ["laboratory", "genomics"], "terms": "I agree to more." });
    let amended =
        server.sign(&token, &mut keys, json!({ "amend": { "consent": consent, "version": 1, "to": to } })).await;
    assert_eq!(amended["version"], 2);
    server.sign(&token, &mut keys, json!({ "revoke": { "consent": consent, "version": 2 } })).await;
    let row = server.row(&token, &consent).await;
    assert_eq!((&row["version"], &row["signed_by"], row["revoked_at"].is_i64()), (&json!(3), &json!("patient"), true));

    let (proof, log) = (server.proof(&token, &consent).await, server.log().await);
    let fingerprint = passkey["fingerprint"].as_str().expect("a fingerprint");
    let proven: Vec<_> = proof
        .versions
        .iter()
        .map(|version| check(proof.consent, version, &log, Some(fingerprint)).expect("proven"))
        .map(|proven| (proven.version, proven.act, proven.signed_by, proven.origin))
        .collect();
    let by_anna = |version, act| (version, act, SignedBy::Patient, Some(PORTAL.to_owned()));
    let acts = [by_anna(1, "register_consent"), by_anna(2, "amend_consent"), by_anna(3, "revoke_consent")];
    assert_eq!(proven, acts);

    // The same on the command line, with nothing but the answer and the log's key.
    let file = server.data.path().join("consent.json");
    std::fs::write(&file, serde_json::to_vec(&proof).expect("JSON")).expect("written");
    let log_key = server.get("/log/key").await.text().await.expect("text");
    let verify = |passkey: &str| {
        let file = file.to_str().expect("text");
        let arguments =
            ["veridose", "consent", "verify", file, "--log-key", log_key.trim(), "--passkey", passkey, "--json"];
        cli::run(cli::Arguments::parse_from(arguments))
    };
    assert_eq!(verify(fingerprint), ExitCode::SUCCESS);
    assert_eq!(verify(&fingerprint_of_nobody()), ExitCode::from(1));

    // Another text, another key, another version's receipt or consent: each is seen.
    let mut changed = proof.versions[0].clone();
    changed.document = changed.document.replace("I agree.", "I agree to all.");
    assert_eq!(check(proof.consent, &changed, &log, None), Err(Unproven::Document));
    let mut changed = proof.versions[0].clone();
    changed.receipt = proof.versions[1].receipt.clone();
    assert_eq!(check(proof.consent, &changed, &log, None), Err(Unproven::Document));
    let other = fingerprint_of_nobody();
    assert_eq!(check(proof.consent, &proof.versions[0], &log, Some(&other)), Err(Unproven::OtherKey));
    let other = veridose_contract::ConsentId([9; 16]);
    assert_eq!(check(other, &proof.versions[0], &log, None), Err(Unproven::Contradiction));

    // What the custodian witnessed says so, and is the patient's signature to nobody.
    let harbour = server.token();
    let body = json!({ "patient": ANNA, "purpose": "dispense_record" });
    let witnessed = name(&server.post(&harbour, "/consents", &body).await);
    assert_eq!(server.row(&harbour, &witnessed).await["signed_by"], "custodian");
    let proof = server.proof(&harbour, &witnessed).await;
    let proven = check(proof.consent, &proof.versions[0], &log, None).expect("proven");
    assert_eq!((proven.signed_by, proven.key), (SignedBy::Custodian, None));
    assert_eq!(check(proof.consent, &proof.versions[0], &log, Some(fingerprint)), Err(Unproven::OtherKey));
    server.running.stop().await.expect("stops");
}

fn fingerprint_of_nobody() -> String {
    fingerprint(b"nobody's key")
}

#[actix_web::test]
async fn what_is_not_the_patients_signature_over_this_consent_is_refused_with_its_reason() {
    let server = Server::clinic().await;
    let (token, mut keys) = (server.patient(ANNA), MemoryStore::new());
    let answer = server.request(Method::POST, "/patients/me/signatures").bearer_auth(&token).json(&to_study()).send();
    assert!(problem(answer.await.expect("answers")).await["detail"].as_str().expect("words").contains("passkey first"));
    server.passkey(&token, &mut keys, "my phone").await;

    // On a page of somebody else, and for another relying party on a page of ours.
    let asked = server.to_sign(&token, to_study()).await;
    let mut elsewhere = asked.clone();
    elsewhere["publicKey"]["rpId"] = json!("evil.example");
    let phished = signed(&mut keys, "https://evil.example", true, &elsewhere).await;
    let (status, why) = server.refused(&token, &asked, &phished).await;
    assert_eq!((status, why.contains("https://evil.example")), (422, true), "{why}");
    elsewhere["publicKey"]["rpId"] = json!("portal.clinic.example");
    let other = signed(&mut keys, PORTAL, true, &elsewhere).await;
    let (status, why) = server.refused(&token, &asked, &other).await;
    assert_eq!((status, why.contains("another relying party")), (422, true), "{why}");

    // Nobody unlocked the phone.
    let mut touched = asked.clone();
    touched["publicKey"]["userVerification"] = json!("discouraged");
    let touched = signed(&mut keys, PORTAL, false, &touched).await;
    let (_, why) = server.refused(&token, &asked, &touched).await;
    assert!(why.contains("did not verify"), "{why}");

    // The text that was signed is another one.
    let mut wider = to_study();
    wider["register"]["data"] = json!(["laboratory", "genomics"]);
    let wider = server.to_sign(&token, wider).await;
    assert_ne!(wider["publicKey"]["challenge"], asked["publicKey"]["challenge"]);
    let good = signed(&mut keys, PORTAL, true, &asked).await;
    let (_, why) = server.refused(&token, &wider, &good).await;
    assert!(why.contains("another challenge"), "{why}");
    let mut forged = good.clone();
    forged["response"]["signature"] = phished["response"]["signature"].clone();
    let (_, why) = server.refused(&token, &asked, &forged).await;
    assert!(why.contains("not by this passkey"), "{why}");

    // It holds once, and for the request that it came with.
    let first: Value = server.finish(&token, &asked, &good, "once").await.json().await.expect("JSON");
    let again: Value = server.finish(&token, &asked, &good, "once").await.json().await.expect("JSON");
    assert_eq!((&again["tx"], &again["repeated"], &first["repeated"]), (&first["tx"], &json!(true), &json!(false)));
    let (status, why) = server.refused(&token, &asked, &good).await;
    assert_eq!((status, why.contains("answered before")), (409, true), "{why}");
    let somebody = server.patient("ben-of-the-passkeys");
    assert_eq!(server.refused(&somebody, &asked, &good).await.0, 404, "another patient's challenge");
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn a_copied_a_removed_and_an_erased_passkey_sign_nothing() {
    let server = Server::clinic().await;
    let (token, mut keys) = (server.patient(ANNA), MemoryStore::new());
    let phone = server.passkey(&token, &mut keys, "my phone").await;
    let mut copy = keys.clone();
    server.sign(&token, &mut keys, to_study()).await;
    server.sign(&token, &mut keys, to_study()).await;
    let asked = server.to_sign(&token, to_study()).await;
    let copied = signed(&mut copy, PORTAL, true, &asked).await;
    let (status, why) = server.refused(&token, &asked, &copied).await;
    assert_eq!((status, why.contains("went back")), (422, true), "{why}");

    // The same credential is taken once, of whomever.
    let options = server.post(&token, "/patients/me/passkeys/options", &json!({})).await;
    assert_eq!(options["publicKey"]["excludeCredentials"].as_array().map(Vec::len), Some(1));
    let again = json!({ "ceremony": options["ceremony"], "label": "", "credential": {} });
    let answer = server.request(Method::POST, "/patients/me/passkeys").bearer_auth(&token).json(&again).send().await;
    assert_eq!(problem(answer.expect("answers")).await["status"], 400, "no credential");

    let tablet = server.passkey(&token, &mut keys, "my tablet").await;
    assert_ne!(tablet["id"], phone["id"]);
    let path = format!("/patients/me/passkeys/{}", phone["id"].as_str().expect("a name"));
    let stranger = server.request(Method::DELETE, &path).bearer_auth(server.patient("ben")).send().await;
    assert_eq!(problem(stranger.expect("answers")).await["status"], 404);
    let removed = server.request(Method::DELETE, &path).bearer_auth(&token).send().await.expect("answers");
    assert_eq!(removed.status(), 204);
    let late = signed(
        &mut keys,
        PORTAL,
        true,
        &json!({ "publicKey": {
            "challenge": asked["publicKey"]["challenge"], "rpId": RP, "userVerification": "required",
            "allowCredentials": asked["publicKey"]["allowCredentials"],
        }}),
    )
    .await;
    let (status, why) = server.refused(&token, &asked, &late).await;
    assert_eq!((status, why.contains("was removed")), (422, true), "{why}");

    let erased = server.post(&token, "/patients/me/erase", &json!({ "erase_everything": true })).await;
    assert!(erased["tx"].is_string());
    let list: Value = server.read(&token, "/patients/me/passkeys").await.json().await.expect("JSON");
    assert_eq!(list, json!({ "items": [] }));
    let answer = server.request(Method::POST, "/patients/me/passkeys/options").bearer_auth(&token).send().await;
    assert_eq!(problem(answer.expect("answers")).await["status"], 409, "nothing more is taken in");
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn nothing_outside_the_vault_tells_of_a_passkey_or_joins_what_it_signed() {
    let server = Server::start(|config| config.detection.enabled = false).await;
    let (token, mut keys) = (server.patient(ANNA), MemoryStore::new());
    let options = server.post(&token, "/patients/me/passkeys/options", &json!({})).await;
    let page = "http://localhost:8080";
    let credential = made(&mut keys, page, &options).await;
    let body = json!({ "ceremony": options["ceremony"], "label": "my phone", "credential": credential });
    server.post(&token, "/patients/me/passkeys", &body).await;
    let mut statements: Vec<Value> = Vec::new();
    for _ in 0..2 {
        let asked = server.to_sign(&token, to_study()).await;
        statements.push(serde_json::from_str(asked["statement"].as_str().expect("text")).expect("JSON"));
        let credential = signed(&mut keys, page, true, &asked).await;
        assert_eq!(server.finish(&token, &asked, &credential, &statements.len().to_string()).await.status(), 200);
    }
    for member in ["nonce", "consent", "subject"] {
        assert_ne!(statements[0][member], statements[1][member], "{member}");
    }
    let raw = crate::passkey::bytes(credential["rawId"].as_str().expect("text")).expect("base64url");
    let consent = statements[0]["consent"].as_str().expect("a name");
    let document: Value =
        serde_json::from_str(&server.proof(&token, consent).await.versions[0].document).expect("JSON");
    let key = document["consent"]["signature"]["key"].as_str().expect("the public key");
    let point = crate::passkey::bytes(key).expect("base64url")[27..].to_vec();
    server.running.stop().await.expect("stops");
    let needles = [raw, credential["rawId"].as_str().expect("text").into(), point, key.into(), ANNA.into()];
    assert_eq!(found_below(server.data.path(), &needles), Vec::<String>::new());
}

/// Files below the folder that hold one of the needles.
fn found_below(folder: &std::path::Path, needles: &[Vec<u8>]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(found_below(&path, needles));
            continue;
        }
        // What the database's connections leave to be removed tells nothing any more.
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let holds = |needle: &Vec<u8>| bytes.windows(needle.len()).any(|window| window == needle.as_slice());
        if needles.iter().any(holds) {
            found.push(path.display().to_string());
        }
    }
    found
}
