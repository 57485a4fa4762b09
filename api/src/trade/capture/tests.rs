use std::fmt::Write as _;
use std::sync::Arc;

use veridose_contract::{PartyId, Role};
use veridose_store::{CaptureError, CaptureJob, CaptureState, ErrorBehaviour, PageRequest};

use super::run;
use crate::config::Config;
use crate::node::{Actor, Node};
use crate::trade::{Directory, Thing};

const EVENTS: u32 = 1_000;
const BAD: u32 = 617;

async fn node(data: &tempfile::TempDir) -> Arc<Node> {
    let config = Config { data: data.path().to_owned(), ..Config::default() };
    let node = Node::open(&config).await.expect("the node opens");
    node.set_directory(Directory::new(&node.network().genesis.members));
    node
}

fn maker() -> Actor {
    let party = PartyId::parse("alpine-pharma").expect("a party's name");
    Actor { party, role: Role::Manufacturer, site: None }
}

/// A thousand commissionings of one pack each; the bad one repeats the first pack.
fn document(bad: Option<u32>) -> String {
    let mut events = String::new();
    for number in 1..=EVENTS {
        let serial = if bad == Some(number) { 1 } else { number };
        let comma = if number == 1 { "" } else { "," };
        write!(
            events,
            r#"{comma}{{"type":"ObjectEvent","eventTime":"2023-04-02T12:00:00Z","eventTimeZoneOffset":"+00:00",
            "action":"ADD","bizStep":"commissioning","epcList":["https://id.gs1.org/01/09506000134352/21/P{serial}"],
            "ilmd":{{"cbvmda:lotNumber":"A","cbvmda:itemExpirationDate":"2035-03-31"}}}}"#
        )
        .expect("a string takes text");
    }
    format!(
        r#"{{"@context":"https://ref.gs1.org/standards/epcis/epcis-context.jsonld","type":"EPCISDocument",
        "schemaVersion":"2.0","creationDate":"2023-04-02T12:00:00Z","epcisBody":{{"eventList":[{events}]}}}}"#
    )
}

async fn hand_in(node: &Node, behaviour: ErrorBehaviour, text: &str) -> CaptureJob {
    let captures = &node.store().captures;
    let mut upload =
        captures.receive(&maker().party, behaviour, "application/ld+json", node.clock().now()).await.expect("received");
    upload.write(text.as_bytes()).await.expect("written");
    upload.finish().await.expect("handed in");
    captures.claim().await.expect("readable").expect("the job waits")
}

async fn outcome(node: &Node, job: &CaptureJob) -> (CaptureJob, Vec<CaptureError>) {
    let captures = &node.store().captures;
    let errors = captures.errors(&maker().party, job.id, &PageRequest::default()).await.expect("readable").items;
    (captures.job(&maker().party, job.id).await.expect("readable").expect("there"), errors)
}

fn is_known(node: &Node, serial: u32) -> bool {
    let epc = format!("https://id.gs1.org/01/09506000134352/21/P{serial}");
    let key = Thing::of(&epc).key(node.network_key()).expect("a pack");
    veridose_contract::resolve(&node.ledger().state(), &key).expect("readable").is_some()
}

fn numbers(errors: &[CaptureError]) -> Vec<(u64, &str)> {
    errors.iter().map(|error| (error.event, error.code.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_event_among_a_thousand_rolls_back_without_a_trace() {
    let data = tempfile::tempdir().expect("a directory");
    let node = node(&data).await;
    let before = node.ledger().size();
    let job = hand_in(&node, ErrorBehaviour::Rollback, &document(Some(BAD))).await;
    assert_eq!(run(&node, &maker(), &job).await.expect("worked through"), CaptureState::Failed);
    let (job, errors) = outcome(&node, &job).await;
    assert_eq!(numbers(&errors), [(u64::from(BAD), "item_exists")]);
    assert!(errors[0].detail.contains("/21/P1"), "{}", errors[0].detail);
    assert_eq!((job.events, job.captured, job.errors), (1_000, 0, 1));
    assert_eq!(node.ledger().size(), before);
    assert!(!is_known(&node, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_taken_up_again_after_its_commit_succeeds_once() {
    let data = tempfile::tempdir().expect("a directory");
    let node = node(&data).await;
    let job = hand_in(&node, ErrorBehaviour::Rollback, &document(None)).await;
    for _ in 0..2 {
        assert_eq!(run(&node, &maker(), &job).await.expect("worked through"), CaptureState::Succeeded);
        let (job, errors) = outcome(&node, &job).await;
        assert_eq!((job.events, job.captured, errors.len()), (1_000, 1_000, 0));
    }
    let size = node.ledger().size();
    // Handed in as a new document, every event is one that happened before.
    let again = hand_in(&node, ErrorBehaviour::Rollback, &document(None)).await;
    assert_eq!(run(&node, &maker(), &again).await.expect("worked through"), CaptureState::Failed);
    assert_eq!(node.ledger().size(), size);
}

#[tokio::test(flavor = "multi_thread")]
async fn proceed_leaves_out_exactly_the_bad_event_also_when_it_is_taken_up_again() {
    let data = tempfile::tempdir().expect("a directory");
    let node = node(&data).await;
    let job = hand_in(&node, ErrorBehaviour::Proceed, &document(Some(BAD))).await;
    assert_eq!(run(&node, &maker(), &job).await.expect("worked through"), CaptureState::Failed);
    let (done, errors) = outcome(&node, &job).await;
    assert_eq!(numbers(&errors), [(u64::from(BAD), "item_exists")]);
    assert_eq!((done.events, done.captured, done.errors), (1_000, 999, 1));
    assert!(is_known(&node, BAD - 1) && !is_known(&node, BAD) && is_known(&node, EVENTS));
    let size = node.ledger().size();
    // As after a crash before its end was written: the job begins again, and finds what it did.
    node.store().captures.recover().await.expect("recovered");
    let job = node.store().captures.claim().await.expect("readable").expect("the job waits again");
    assert_eq!(run(&node, &maker(), &job).await.expect("worked through"), CaptureState::Failed);
    let (done, errors) = outcome(&node, &job).await;
    assert_eq!(numbers(&errors), [(u64::from(BAD), "item_exists")]);
    assert_eq!((done.events, done.captured, done.errors), (1_000, 999, 1));
    assert_eq!(node.ledger().size(), size);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_reading_are_listed_by_number_and_of_the_document_as_zero() {
    let data = tempfile::tempdir().expect("a directory");
    let node = node(&data).await;
    let broken = document(None).replacen("\"action\":\"ADD\"", "\"action\":\"MAKE\"", 1);
    let job = hand_in(&node, ErrorBehaviour::Proceed, &broken).await;
    assert_eq!(run(&node, &maker(), &job).await.expect("worked through"), CaptureState::Failed);
    let (done, errors) = outcome(&node, &job).await;
    assert_eq!((numbers(&errors), done.captured), (vec![(1, "event_invalid")], 999));
    let job = hand_in(&node, ErrorBehaviour::Rollback, "no document").await;
    assert_eq!(run(&node, &maker(), &job).await.expect("worked through"), CaptureState::Failed);
    let (done, errors) = outcome(&node, &job).await;
    assert_eq!((numbers(&errors), done.events), (vec![(0, "event_invalid")], 0));
}
