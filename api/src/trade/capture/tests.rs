use std::fmt::Write as _;
use std::sync::Arc;

use veridose_contract::limits::COMMANDS_PER_TRANSACTION_MAX;
use veridose_contract::{PartyId, Role};
use veridose_store::{
    Abandoned, CaptureError, CaptureJob, CaptureState, ErrorBehaviour, PageRequest, Payload, Request,
};

use super::chunk::Chunk;
use super::reading::Reading;
use super::submit::Place;
use super::{Work, run};
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
    document_of(EVENTS, bad)
}

fn document_of(count: u32, bad: Option<u32>) -> String {
    let mut events = String::new();
    for number in 1..=count {
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
    let (captures, clock) = (&node.store().captures, node.clock());
    let mut upload = captures
        .receive(&maker().party, behaviour, "application/ld+json", Arc::new(move || clock.now()))
        .await
        .expect("received");
    upload.write(text.as_bytes()).await.expect("written");
    upload.finish().await.expect("handed in");
    captures.claim(clock.now()).await.expect("readable").expect("the job waits")
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
    let (captures, now) = (&node.store().captures, node.clock().now());
    captures.put_back(Abandoned::OwnAndLapsed, now).await.expect("put back");
    let job = captures.claim(now).await.expect("readable").expect("the job waits again");
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

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_of_more_than_one_transaction_holds_is_refused_with_the_limit() {
    let data = tempfile::tempdir().expect("a directory");
    let node = node(&data).await;
    let (before, events) = (node.ledger().size(), u32::try_from(COMMANDS_PER_TRANSACTION_MAX).expect("small") + 1);
    let job = hand_in(&node, ErrorBehaviour::Rollback, &document_of(events, None)).await;
    assert_eq!(run(&node, &maker(), &job).await.expect("worked through"), CaptureState::Failed);
    let (job, errors) = outcome(&node, &job).await;
    assert_eq!(numbers(&errors), [(u64::from(events), "limit_exceeded")]);
    assert!(errors[0].detail.contains(&COMMANDS_PER_TRANSACTION_MAX.to_string()), "{}", errors[0].detail);
    assert_eq!((job.captured, node.ledger().size()), (0, before));
}

/// A job taken up at its document's beginning, and its first chunk planned on the state as it is.
async fn planned<'a>(node: &'a Arc<Node>, actor: &'a Actor, job: &'a CaptureJob) -> (Work<'a>, Chunk) {
    let document = node.store().captures.document(job).await.expect("there");
    let mut work =
        Work { node, actor, job, reading: Reading::start(document, &job.media_type), events: 0, captured: 0, told: 0 };
    let mut chunk = Chunk::default();
    while let Some((number, read)) = work.next().await.expect("readable") {
        chunk.take(number, read);
    }
    work.plan(&mut chunk).await.expect("planned");
    assert!(chunk.errors.is_empty());
    (work, chunk)
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_judged_one_by_one_when_the_state_moved_after_the_rehearsal() {
    let data = tempfile::tempdir().expect("a directory");
    let (node, actor) = (node(&data).await, maker());
    let job = hand_in(&node, ErrorBehaviour::Proceed, &document_of(3, None)).await;
    let (mut work, trial) = planned(&node, &actor, &job).await;
    // Meanwhile another document brings pack 1 into being.
    let other = hand_in(&node, ErrorBehaviour::Rollback, &document_of(1, None)).await;
    assert_eq!(run(&node, &actor, &other).await.expect("worked through"), CaptureState::Succeeded);
    let size = node.ledger().size();
    let mut chunk = Chunk::default();
    work.land(Place::Chunk { first: 1, events: 3 }, true, trial, &mut chunk).await.expect("worked through");
    assert_eq!(numbers(&chunk.errors), [(1, "item_exists")], "the one whose pack is there by now");
    assert_eq!((work.captured, node.ledger().size()), (2, size + 2));
    assert!(is_known(&node, 2) && is_known(&node, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_another_document_registered_meanwhile_is_not_registered_twice() {
    let data = tempfile::tempdir().expect("a directory");
    let (node, actor) = (node(&data).await, maker());
    let job = hand_in(&node, ErrorBehaviour::Rollback, &document_of(2, None)).await;
    let (mut work, mut chunk) = planned(&node, &actor, &job).await;
    let other = hand_in(&node, ErrorBehaviour::Rollback, &document_of(2, None).replace("/21/P", "/21/Q")).await;
    assert_eq!(run(&node, &actor, &other).await.expect("worked through"), CaptureState::Succeeded);
    let size = node.ledger().size();
    work.settle(Place::Whole(2), &mut chunk).await.expect("worked through");
    assert_eq!((numbers(&chunk.errors), work.captured, node.ledger().size()), (vec![], 2, size + 1));
    assert!(is_known(&node, 1) && is_known(&node, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_whose_name_was_sealed_with_other_documents_gets_another_name() {
    let data = tempfile::tempdir().expect("a directory");
    let (node, actor) = (node(&data).await, maker());
    let job = hand_in(&node, ErrorBehaviour::Rollback, &document_of(2, None)).await;
    let (work, chunk) = planned(&node, &actor, &job).await;
    let place = Place::Whole(2);
    // A crash left another plan's documents under the place's first name, and nothing of them on the ledger.
    let words = Payload::Note(veridose_store::payload::Note::new("another plan".to_owned()));
    let request = Request { key: work.key(place, 0), sha256: [0; 32] };
    node.store().vault.seal(&actor.party, Some(request), &[words], &[]).await.expect("sealed");
    assert!(!work.was_captured(place).expect("readable"));
    work.submit(place, &chunk.merged()).await.expect("submitted").expect("accepted");
    assert!(work.was_captured(place).expect("readable") && is_known(&node, 1) && is_known(&node, 2));
    assert!(node.done(&actor.party, &work.key(place, 0)).expect("readable").is_none(), "under its second name");
}
