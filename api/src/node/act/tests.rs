use std::sync::Arc;

use veridose_contract::{
    Action, Consent, ConsentId, DataForm, DataKind, IdempotencyKey, PartyId, Purpose, Role, Timestamp, read,
};
use veridose_epcis::model::Uri;
use veridose_store::payload::ConsentDocument;
use veridose_store::{Opened, Payload, Request};

use crate::config::Config;
use crate::node::{ActError, Actor, Node};
use crate::trade::{Draft, Plan, happened, record};

const PHARMACY: &str = "harbour-pharmacy";

async fn node() -> (Arc<Node>, Actor, tempfile::TempDir) {
    let data = tempfile::tempdir().expect("a directory");
    let node = Node::open(&Config { data: data.path().into(), ..Config::default() }).await.expect("opens");
    let party = PartyId::parse(PHARMACY).expect("a name");
    (node, Actor { party, role: Role::Pharmacy, site: None }, data)
}

fn request(number: u8) -> Request {
    Request { key: IdempotencyKey([number; 16]), sha256: [number; 32] }
}

fn plan(action: Action, happened: Timestamp, document: Payload) -> Plan {
    let draft = Draft { action, items: Vec::new(), happened, site: None, document: 0 };
    Plan { drafts: vec![draft], documents: vec![document], ..Plan::default() }
}

/// What a request for a consent plans: each time with another salt, and from the moment on at which it is planned.
fn consent(now: Timestamp) -> Plan {
    let salt = uuid::Uuid::new_v4();
    let (patient, purpose) = ("p-1".to_owned(), Purpose::DispenseRecord);
    let document = ConsentDocument {
        consent: ConsentId([5; 16]),
        version: 1,
        custodian: PartyId::parse("harbour-pharmacy").expect("a party"),
        patient: patient.clone(),
        salt,
        purpose,
        data: vec![DataKind::Dispense],
        form: DataForm::Full,
        from: now,
        until: None,
        terms: serde_json::Value::Null,
        signature: None,
    };
    let consent = Consent::to_dispense_record(ConsentId([5; 16]), document.subject(), now);
    let plan = plan(Action::RegisterConsent(consent), now, Payload::Consent(document));
    Plan { patient: Some(patient), ..plan }
}

#[tokio::test]
async fn a_consent_whose_first_attempt_died_before_the_ledger_is_the_one_in_the_vault() {
    let (node, actor, _data) = node().await;
    let now = node.clock().now();
    // The first attempt ends here: its document is sealed, and nothing is on the ledger.
    let sealing = node.seal(&actor, &consent(Timestamp(now.0 - 60_000)), request(1)).await.expect("sealed");
    assert!(node.done(&actor.party, &request(1).key).expect("readable").is_none());
    node.act(&actor, &consent(now), request(1)).await.expect("the retry is carried out");
    let known = read::consent(&node.ledger().state(), &ConsentId([5; 16])).expect("readable").expect("registered");
    let opened = node.store().vault.open(&sealing.commitments[0], &actor.party).await.expect("opened");
    let Opened::Document(Payload::Consent(document)) = opened else { panic!("{opened:?}") };
    assert_eq!(known.consent.subject, document.subject(), "the salt that hides the patient is the one in the vault");
    assert_eq!(known.consent.from, Timestamp(now.0 - 60_000));
    let index = node.ledger().size() - 1;
    let entry = node.ledger().entries(index, 1).expect("readable").pop().expect("the consent's");
    assert_eq!(entry.transaction.body.commands[0].payload, sealing.commitments[0]);
    assert!(node.act(&actor, &consent(now), request(1)).await.expect("answered").repeated);
}

#[tokio::test]
async fn an_event_of_a_first_attempt_keeps_its_time() {
    let (node, actor, _data) = node().await;
    let anchor = |shift_ms: i64| {
        let at = node.clock().date_time() + time::Duration::milliseconds(shift_ms);
        let asset = Uri::parse("urn:epc:id:giai:9506000.1").expect("a URI");
        let event = record::object(record::SHIPPING, at, None, &[asset]);
        (plan(Action::Anchor, happened(&event), Payload::Event(record::json(&event))), happened(&event))
    };
    let (first, then) = anchor(-90_000);
    node.seal(&actor, &first, request(2)).await.expect("sealed");
    let done = node.act(&actor, &anchor(0).0, request(2)).await.expect("the retry is carried out");
    let entry = node.ledger().entries(done.index, 1).expect("readable").pop().expect("the anchor");
    assert_eq!(entry.transaction.body.commands[0].happened, then, "the command and its document tell one time");
}

#[tokio::test]
async fn a_consent_of_a_patient_who_was_erased_meanwhile_is_not_registered() {
    let (node, actor, _data) = node().await;
    let plan = consent(node.clock().now());
    node.seal(&actor, &plan, request(3)).await.expect("sealed");
    node.store().vault.destroy_patient_key("p-1").await.expect("erased");
    let refused = node.act(&actor, &plan, request(3)).await.expect_err("nobody could say whose consent it is");
    assert!(matches!(refused, ActError::Store(veridose_store::StoreError::PatientErased)), "{refused}");
}

#[tokio::test]
async fn what_came_again_is_not_discarded_by_the_first_that_was_refused() {
    let (node, actor, _data) = node().await;
    let plan = consent(node.clock().now());
    let vault = &node.store().vault;
    let first = node.seal(&actor, &plan, request(4)).await.expect("sealed");
    let again = node.seal(&actor, &plan, request(4)).await.expect("sealed");
    assert_eq!((first.repeated, again.repeated), (false, true));
    vault.discard(&actor.party, &first.commitments).await.expect("no harm");
    let kept = vault.open(&first.commitments[0], &actor.party).await.expect("opened");
    assert!(matches!(kept, Opened::Document(_)), "{kept:?}");
    let alone = node.seal(&actor, &plan, request(5)).await.expect("sealed");
    vault.discard(&actor.party, &alone.commitments).await.expect("discarded");
    let gone = vault.open(&alone.commitments[0], &actor.party).await.expect("asked");
    assert!(matches!(gone, Opened::NotFound), "{gone:?}");
}

#[tokio::test]
async fn a_second_start_goes_on_with_the_view_that_is_there() {
    let (node, actor, data) = node().await;
    node.act(&actor, &consent(node.clock().now()), request(6)).await.expect("carried out");
    assert!(node.take_view().await.expect("asked"));
    let size = node.projector().catch_up().await.expect("follows");
    assert_eq!(size, node.ledger().size());
    drop(node);
    let node = Node::open(&Config { data: data.path().into(), ..Config::default() }).await.expect("opens again");
    let progress = node.projector().progress();
    assert_eq!((progress.projected, progress.lag()), (size, 0), "nothing is to be projected again");
}

#[tokio::test]
async fn a_rotated_certificate_is_taken_up_without_a_restart() {
    let (node, actor, data) = node().await;
    assert!(node.take_up_keys().await.expect("looked").is_empty(), "nothing changed");
    let before = node.signer(&actor.party).expect("held").fingerprint();
    // As `veridose key rotate` does, in a process of its own.
    let config = Config { data: data.path().into(), ..Config::default() };
    let keys = crate::node::keys(&config).expect("unlocks");
    let new = keys.issue(&actor.party, actor.role, None, node.clock().now()).expect("issued").fingerprint();
    assert_eq!(node.take_up_keys().await.expect("taken up"), std::slice::from_ref(&actor.party));
    assert!(node.take_up_keys().await.expect("looked").is_empty(), "once");
    let done = node.act(&actor, &consent(node.clock().now()), request(7)).await.expect("carried out");
    let entry = node.ledger().entries(done.index, 1).expect("readable").pop().expect("the consent's");
    assert_eq!(entry.transaction.header.creator, new);
    let registered = |certificate| read::certificate(&node.ledger().state(), &certificate).expect("readable").is_some();
    assert!(new != before && registered(new) && registered(before));
}
