use veridose_contract::Timestamp;

use crate::limits::{CAPTURE_ERRORS_MAX, CAPTURE_FAULTS_MAX, CAPTURE_LEASE_MS, CAPTURE_PIECE_BYTES_MAX};
use crate::testing::{databases, party};
use crate::{
    Abandoned, CaptureError, CaptureFinding, CaptureJob, CaptureState, Clock, ErrorBehaviour, PageRequest, Received,
    Store, StoreError,
};

async fn hand_in(store: &Store, document: &[u8], now: i64) -> CaptureJob {
    let (maker, behaviour) = (party("maker"), ErrorBehaviour::Proceed);
    let receive = store.captures.receive(&maker, behaviour, "application/xml", at(now));
    let mut upload = receive.await.expect("a job");
    for some in document.chunks(100_000) {
        upload.write(some).await.expect("taken");
    }
    upload.finish().await.expect("whole")
}

/// A clock that stands still.
fn at(now: i64) -> Clock {
    std::sync::Arc::new(move || Timestamp(now))
}

fn error(event: u64) -> CaptureError {
    CaptureError { event, code: "bad".to_owned(), detail: "a bad event".to_owned(), place: None }
}

#[tokio::test]
async fn a_document_comes_back_and_goes_away_with_its_job() {
    for database in databases("capture_document").await {
        let store = database.open().await;
        let document: Vec<u8> = (0..=250).cycle().take(CAPTURE_PIECE_BYTES_MAX * 2 + 17).collect();
        let queued = hand_in(&store, &document, 1).await;
        assert_eq!((queued.state, queued.size_bytes), (CaptureState::Queued, document.len() as u64));
        let job = store.captures.claim(Timestamp(10)).await.expect("asked").expect("one waits");
        assert_eq!((job.id, job.state), (queued.id, CaptureState::Running));
        assert!(store.captures.claim(Timestamp(10)).await.expect("asked").is_none(), "nobody takes it twice");
        let mut reader = store.captures.document(&job).await.expect("opened");
        let mut read = Vec::new();
        while let Some(piece) = reader.next().await.expect("read") {
            read.extend(piece);
        }
        assert_eq!(read, document);

        store.captures.progress(&job, 5, 3, &[error(2), error(4)]).await.expect("written");
        store.captures.finish(&job, CaptureState::Failed, Timestamp(9)).await.expect("finished");
        let done = store.captures.job(&party("maker"), job.id).await.expect("asked").expect("its own");
        assert_eq!((done.state, done.events, done.captured, done.errors), (CaptureState::Failed, 5, 3, 2));
        assert!(store.captures.job(&party("pharmacy"), job.id).await.expect("asked").is_none());
        let page = PageRequest { limit: Some(1), token: None };
        let first = store.captures.errors(&party("maker"), job.id, &page).await.expect("asked");
        assert_eq!(first.items, [error(2)]);
        let page = PageRequest { token: first.next, ..page };
        assert_eq!(store.captures.errors(&party("maker"), job.id, &page).await.expect("asked").items, [error(4)]);
        let stranger = store.captures.errors(&party("pharmacy"), job.id, &page).await;
        assert!(matches!(stranger, Err(StoreError::NoCaptureJob)), "{stranger:?}");
        let gone = store.captures.document(&job).await.expect("opened").next().await;
        assert!(matches!(gone, Err(StoreError::Malformed { .. })), "{gone:?}");
    }
}

#[tokio::test]
async fn a_restart_resumes_what_ran_and_drops_what_was_not_received_whole() {
    for database in databases("capture_restart").await {
        let store = database.open().await.named("one".to_owned());
        let job = hand_in(&store, b"<xml/>", 1).await;
        hand_in(&store, b"<later/>", 2).await;
        let maker = party("maker");
        let receive = store.captures.receive(&maker, ErrorBehaviour::Rollback, "text/xml", at(3));
        let mut torn = receive.await.expect("a job");
        torn.write(&vec![0; CAPTURE_PIECE_BYTES_MAX]).await.expect("taken");
        let torn = torn.id();
        let first = store.captures.claim(Timestamp(10)).await.expect("asked").expect("one waits");
        store.captures.progress(&first, 1, 0, &[error(1)]).await.expect("written");
        let gone = store;

        // Another runner leaves alone what this one may still be at.
        let other = database.open().await;
        other.captures.recover(Timestamp(11)).await.expect("recovered");
        other.captures.put_back(Abandoned::OwnAndLapsed, Timestamp(11)).await.expect("looked");
        assert!(other.captures.job(&maker, torn).await.expect("asked").is_some());
        assert_eq!(other.captures.claim(Timestamp(11)).await.expect("asked").map(|job| job.created_at.0), Some(2));

        let store = database.open().await.named("one".to_owned());
        store.captures.recover(Timestamp(12)).await.expect("recovered");
        store.captures.put_back(Abandoned::OwnAndLapsed, Timestamp(12)).await.expect("looked");
        assert!(store.captures.job(&party("maker"), torn).await.expect("asked").is_none());
        let again = store.captures.claim(Timestamp(10)).await.expect("asked").expect("put back");
        assert_eq!((again.id, again.events, again.errors), (job.id, 0, 0), "from its first event");
        let late = gone.captures.progress(&first, 2, 2, &[]).await.expect_err("it was taken anew");
        assert!(matches!(late, StoreError::NoCaptureJob), "{late}");
        assert!(matches!(
            gone.captures.finish(&first, CaptureState::Failed, Timestamp(13)).await,
            Err(StoreError::NoCaptureJob)
        ));
        let jobs = store.captures.jobs(&party("maker"), &PageRequest::default()).await.expect("asked").items;
        assert_eq!(jobs.iter().map(|job| job.created_at.0).collect::<Vec<_>>(), [2, 1]);
    }
}

#[tokio::test]
async fn errors_beyond_the_limit_are_counted_only() {
    for database in databases("capture_errors").await {
        let store = database.open().await;
        hand_in(&store, b"x", 1).await;
        let job = store.captures.claim(Timestamp(10)).await.expect("asked").expect("one waits");
        let errors: Vec<CaptureError> = (1..=u64::from(CAPTURE_ERRORS_MAX) + 5).map(error).collect();
        let (one, two) = errors.split_at(990);
        store.captures.progress(&job, 1, 0, one).await.expect("written");
        store.captures.progress(&job, 2, 0, two).await.expect("written");
        let job = store.captures.job(&party("maker"), job.id).await.expect("asked").expect("its own");
        assert_eq!(job.errors, u64::from(CAPTURE_ERRORS_MAX) + 5);
        let page = PageRequest { limit: Some(1_000), token: None };
        let kept = store.captures.errors(&party("maker"), job.id, &page).await.expect("asked");
        assert_eq!((kept.items.len(), kept.next), (1_000, None));
    }
}

#[tokio::test]
async fn a_document_under_a_name_is_received_once_and_a_broken_upload_gives_way() {
    for database in databases("capture_named").await {
        let store = database.open().await;
        let (maker, id) = (party("maker"), uuid::Uuid::from_u128(7));
        let receive = async || {
            let received = store.captures.receive_as(&maker, id, ErrorBehaviour::Proceed, "application/xml", at(1));
            received.await.expect("asked")
        };
        let Received::New(mut broken) = receive().await else { panic!("nothing was received yet") };
        broken.write(&vec![1; CAPTURE_PIECE_BYTES_MAX]).await.expect("taken");
        let Received::New(mut second) = receive().await else { panic!("the first one never ended") };
        second.write(b"document").await.expect("taken");
        let late = broken.write(&vec![1; CAPTURE_PIECE_BYTES_MAX]).await.expect_err("it was begun again");
        assert!(matches!(late, StoreError::UploadReplaced), "{late}");
        let queued = second.finish().await.expect("whole");
        assert!(matches!(broken.finish().await, Err(StoreError::UploadReplaced)));
        let Received::Known(known) = receive().await else { panic!("it was received") };
        assert_eq!(known, queued);
        let piece = store.captures.document(&known).await.expect("opened").next().await.expect("read");
        assert_eq!(piece.as_deref(), Some(&b"document"[..]));
    }
}

#[tokio::test]
async fn a_job_is_its_runners_as_long_as_it_renews_it() {
    for database in databases("capture_lease").await {
        let (one, other) = (database.open().await, database.open().await);
        let queued = hand_in(&one, b"x", 1).await;
        let job = one.captures.claim(Timestamp(0)).await.expect("asked").expect("one waits");
        let kept = one.captures.renew(std::slice::from_ref(&job), Timestamp(1_000)).await.expect("renewed");
        assert_eq!(kept, [job.id]);
        other.captures.put_back(Abandoned::Lapsed, Timestamp(CAPTURE_LEASE_MS)).await.expect("looked");
        assert!(other.captures.claim(Timestamp(CAPTURE_LEASE_MS)).await.expect("asked").is_none(), "it is renewed");
        let lapsed = Timestamp(CAPTURE_LEASE_MS + 1_000);
        other.captures.put_back(Abandoned::Lapsed, lapsed).await.expect("looked");
        let taken = other.captures.claim(lapsed).await.expect("asked").expect("nobody renewed it");
        assert_eq!((taken.id, taken.claims), (queued.id, 2));
        let kept = one.captures.renew(std::slice::from_ref(&job), lapsed).await.expect("no harm");
        assert!(kept.is_empty(), "it is the other's");
        assert!(matches!(one.captures.release(&job).await, Err(StoreError::NoCaptureJob)));
        other.captures.release(&taken).await.expect("given back");
        assert!(one.captures.claim(lapsed).await.expect("asked").is_some());
    }
}

#[tokio::test]
async fn a_runner_that_breaks_down_tries_again_later_and_gives_up_in_the_end() {
    for database in databases("capture_faults").await {
        let store = database.open().await;
        let queued = hand_in(&store, b"x", 1).await;
        let mut now = Timestamp(100);
        for fault in 1..=CAPTURE_FAULTS_MAX {
            let job = store.captures.claim(now).await.expect("asked").expect("it waits");
            store.captures.broke(&job, now).await.expect("written");
            assert!(store.captures.claim(now).await.expect("asked").is_none(), "not at once: {fault}");
            now.0 += 100_000;
        }
        assert!(store.captures.claim(now).await.expect("asked").is_none(), "given up");
        let maker = party("maker");
        let job = store.captures.job(&maker, queued.id).await.expect("asked").expect("its own");
        assert_eq!((job.state, job.errors), (CaptureState::Failed, 1));
        assert!(job.finished_at.is_some());
        let errors = store.captures.errors(&maker, queued.id, &PageRequest::default()).await.expect("asked").items;
        assert_eq!((errors[0].code.as_str(), errors[0].event), ("internal", 0));
    }
}

#[tokio::test]
async fn findings_are_kept_once_and_survive_a_job_that_is_taken_anew() {
    for database in databases("capture_findings").await {
        let store = database.open().await;
        hand_in(&store, b"<xml/>", 1).await;
        let job = store.captures.claim(Timestamp(10)).await.expect("asked").expect("one waits");
        let finding = |event, code: &str| CaptureFinding { event, item: "urn:pack".to_owned(), code: code.to_owned() };
        store.captures.found(&job, &[finding(2, "b"), finding(1, "a")]).await.expect("written");
        store.captures.release(&job).await.expect("given back");
        let again = store.captures.claim(Timestamp(11)).await.expect("asked").expect("it waits");
        assert!(matches!(store.captures.found(&job, &[finding(3, "c")]).await, Err(StoreError::NoCaptureJob)), "lost");
        store.captures.found(&again, &[finding(1, "a")]).await.expect("written");
        let found = store.captures.findings(&party("maker"), job.id).await.expect("asked");
        assert_eq!(found, [finding(1, "a"), finding(2, "b")]);
        let stranger = store.captures.findings(&party("pharmacy"), job.id).await;
        assert!(matches!(stranger, Err(StoreError::NoCaptureJob)), "{stranger:?}");
    }
}
