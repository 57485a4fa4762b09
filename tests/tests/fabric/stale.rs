//! A node that is cut off while a patient takes a consent back elsewhere: it refuses what must be current, records that, and obeys
//! the revocation as soon as it has caught up.

use std::path::Path;
use std::time::Duration;

use reqwest::Url;
use serde_json::{Value, json};
use veridose_tests::{Answer, Client, FabricNetwork, Relay, Trial, copy_founding, eventually, pack, printed, token};

const HARBOUR: &str = "harbour-pharmacy";
const PATIENT: &str = "patient-of-the-cut-off-node";
/// The bound is 5 s; an answer that was under way and the pace of asking come on top.
const STALE_WITHIN: Duration = Duration::from_secs(12);

/// Joins the channel over relays: every peer that the profile names is behind one.
async fn behind_relays(network: &FabricNetwork, folder: &Path) -> (Vec<String>, Vec<Relay>) {
    let from = network.file(HARBOUR, "connection.json");
    let mut profile: Value = serde_json::from_str(&std::fs::read_to_string(&from).expect("a profile")).expect("JSON");
    let organisation = from.parent().expect("a folder");
    let mut relays = Vec::new();
    for peer in profile["peers"].as_object_mut().expect("peers").values_mut() {
        let url = Url::parse(peer["url"].as_str().expect("a URL")).expect("a URL");
        let (host, port) = (url.host_str().expect("a host"), url.port().expect("a port"));
        let relay = Relay::to(&format!("{host}:{port}")).await.expect("a relay");
        peer["url"] = json!(format!("grpcs://{host}:{}", relay.address().port()));
        let authority = peer["tlsCACerts"]["path"].as_str().expect("a path");
        peer["tlsCACerts"]["path"] = json!(organisation.join(authority).display().to_string());
        relays.push(relay);
    }
    let path = folder.join("connection.json");
    std::fs::write(&path, profile.to_string()).expect("written");
    let user = organisation.join("users/client");
    let config = folder.join("node.toml");
    let text = format!(
        "[detection]\nenabled = false\n[ledger]\ncertificate = \"{}\"\nkey = \"{}\"\n",
        user.join("cert.pem").display(),
        user.join("key.pem").display()
    );
    std::fs::write(&config, text).expect("written");
    let [profile, config] = [path, config].map(|path| path.display().to_string());
    let arguments = ["--ledger", "fabric", "--fabric-profile", &profile, "--config", &config].map(str::to_owned).into();
    (arguments, relays)
}

/// Who asks at the node that is cut off.
struct Counter {
    doctor: Client,
    credential: String,
    pharmacy: Client,
    patient: Client,
    consents: [String; 2],
}

impl Counter {
    async fn open(node: &Trial) -> Self {
        let doctor = token(node.data(), "pharmacy", &["--party", HARBOUR, "--subject", "dr-lee"]).expect("a token");
        let issue = ["credential", "issue", "--by", "medicines-agency", "--kind", "clinician", "--holder", "dr-lee"];
        let patient = node.patient(PATIENT).expect("a client");
        let mut consents = Vec::new();
        for body in [
            json!({ "purpose": "care", "data": ["dispense"], "grantee": HARBOUR }),
            json!({ "purpose": "dispense_record" }),
        ] {
            let given = patient.post("/consents", &body["purpose"].to_string(), &body).await.expect("an answer");
            let given = given.success().expect("registered");
            consents.push(given["consent"].as_str().expect("a name").to_owned());
        }
        Self {
            doctor: Client::new(node.server.base(), Some(&doctor)).expect("a client"),
            credential: printed(node.data(), &issue).expect("issued"),
            pharmacy: node.harbour().expect("a client"),
            patient,
            consents: consents.try_into().expect("two"),
        }
    }

    /// Asks for the patient's record.
    async fn look(&self, key: &str) -> Value {
        let body = json!({
            "patient": PATIENT, "purpose": "care", "kinds": ["dispense"], "credentials": [self.credential],
        });
        self.doctor.post("/access", key, &body).await.expect("an answer").success().expect("decided")
    }

    /// Dispenses a pack under the consent.
    async fn dispense(&self, key: &str) -> Answer {
        let body = json!({
            "items": [pack("P1")], "consent": { "id": self.consents[1], "version": 1 }, "prescription": "rx",
        });
        self.pharmacy.post("/dispenses", key, &body).await.expect("an answer")
    }

    async fn status(&self, path: &str) -> u16 {
        self.patient.get(path).await.expect("an answer").status.as_u16()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_cut_off_refuses_and_then_obeys_what_was_revoked_elsewhere() {
    let Some(network) = FabricNetwork::up("stale", &[]).await.expect("a network") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (joining, relays) = behind_relays(&network, folder.path()).await;
    let cut = Trial::start_with(tempfile::tempdir().expect("a folder"), joining).await.expect("starts");
    let copy = tempfile::tempdir().expect("a folder");
    copy_founding(cut.data(), copy.path()).expect("copied");
    let other = Trial::start_with(copy, network.joining("medicines-agency")).await.expect("another node joins");
    let counter = Counter::open(&cut).await;
    assert_eq!(counter.look("before").await["decision"], "granted");
    let before = counter.dispense("before").await;
    assert_eq!(before.refusal().expect("a problem"), "unknown_item", "the consent is not what stands in the way");

    for relay in &relays {
        relay.cut();
    }
    let elsewhere = other.harbour().expect("a client");
    for consent in &counter.consents {
        let path = format!("/consents/{consent}/revoke");
        let revoked = elsewhere.post(&path, consent, &json!({ "version": 1 })).await.expect("an answer");
        revoked.success().expect("revoked where the channel is");
    }

    let mut asked = 0;
    let look = async || {
        asked += 1;
        Ok(counter.look(&format!("cut off {asked}")).await)
    };
    let stale = eventually(STALE_WITHIN, look, |answer| answer["decision"] == "refused").await.expect("it refuses");
    assert_eq!(stale["rule"], "not_current", "{stale}");
    let dispense = counter.dispense("cut off").await;
    assert_eq!(dispense.status.as_u16(), 503, "{}", dispense.body);
    let body = json!({ "purpose": "care", "data": ["dispense"], "grantee": HARBOUR });
    let given = counter.patient.post("/consents", "cut off", &body).await.expect("an answer");
    assert_eq!(given.status.as_u16(), 503, "{}", given.body);
    for path in [format!("/consents/{}", counter.consents[0]), "/consents".to_owned(), "/readyz".to_owned()] {
        assert_eq!(counter.status(&path).await, 503, "{path}");
    }
    // The refusal is on record while the node is still cut off.
    let list = counter.patient.get("/patients/me/accesses").await.expect("an answer").success().expect("a list");
    let leaf = &stale["record"]["leaf"];
    let record = list["items"].as_array().expect("records").iter().find(|record| record["leaf"] == *leaf);
    let record = record.and_then(|record| record["record"].as_str()).expect("the refusal is recorded");
    assert!(record.contains("\"refused\"") && record.contains("\"not_current\""), "{record}");

    for relay in &relays {
        relay.mend();
    }
    let ready = async || Ok(json!(counter.status("/readyz").await));
    eventually(Duration::from_secs(30), ready, |status| *status == 200).await.expect("it catches up");
    let answer = counter.look("after").await;
    assert_eq!((&answer["decision"], &answer["rule"]), (&json!("refused"), &json!("consent_revoked")), "{answer}");
    let dispense = counter.dispense("after").await;
    assert_eq!(dispense.refusal().expect("a problem"), "consent_revoked");
    let path = format!("/consents/{}", counter.consents[0]);
    let seen = async || counter.patient.get(&path).await?.success();
    let seen = eventually(Duration::from_secs(5), seen, |consent| consent["revoked_at"].is_i64()).await;
    assert_eq!(seen.expect("the view follows")["version"], 2);
    cut.server.stop().await.expect("stops");
    other.server.stop().await.expect("stops");
}
