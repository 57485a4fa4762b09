use veridose_contract::Timestamp;

use crate::limits::{CAPTURE_ERRORS_MAX, CAPTURE_PIECE_BYTES_MAX};
use crate::testing::{databases, party};
use crate::{CaptureError, CaptureJob, CaptureState, ErrorBehaviour, PageRequest, Received, Store, StoreError};

async fn hand_in(store: &Store, document: &[u8], now: i64) -> CaptureJob {
    let (maker, behaviour) = (party("maker"), ErrorBehaviour::Proceed);
    let receive = store.captures.receive(&maker, behaviour, "application/xml", Timestamp(now));
    let mut upload = receive.await.expect("a job");
    for some in document.chunks(100_000) {
        upload.write(some).await.expect("taken");
    }
    upload.finish().await.expect("whole")
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
        let job = store.captures.claim().await.expect("asked").expect("one waits");
        assert_eq!((job.id, job.state), (queued.id, CaptureState::Running));
        assert!(store.captures.claim().await.expect("asked").is_none(), "nobody takes it twice");
        let mut reader = store.captures.document(&job).await.expect("opened");
        let mut read = Vec::new();
        while let Some(piece) = reader.next().await.expect("read") {
            read.extend(piece);
        }
        assert_eq!(read, document);

        store.captures.progress(job.id, 5, 3, &[error(2), error(4)]).await.expect("written");
        store.captures.finish(job.id, CaptureState::Failed, Timestamp(9)).await.expect("finished");
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
        let store = database.open().await;
        let job = hand_in(&store, b"<xml/>", 1).await;
        hand_in(&store, b"<later/>", 2).await;
        let maker = party("maker");
        let receive = store.captures.receive(&maker, ErrorBehaviour::Rollback, "text/xml", Timestamp(3));
        let mut torn = receive.await.expect("a job");
        torn.write(&vec![0; CAPTURE_PIECE_BYTES_MAX]).await.expect("taken");
        let torn = torn.id();
        store.captures.claim().await.expect("asked").expect("one waits");
        store.captures.progress(job.id, 1, 0, &[error(1)]).await.expect("written");
        drop(store);

        let store = database.open().await;
        store.captures.recover().await.expect("recovered");
        assert!(store.captures.job(&party("maker"), torn).await.expect("asked").is_none());
        let again = store.captures.claim().await.expect("asked").expect("put back");
        assert_eq!((again.id, again.events, again.errors), (job.id, 0, 0), "the oldest first, from its first event");
        let jobs = store.captures.jobs(&party("maker"), &PageRequest::default()).await.expect("asked").items;
        assert_eq!(jobs.iter().map(|job| job.created_at.0).collect::<Vec<_>>(), [2, 1]);
    }
}

#[tokio::test]
async fn errors_beyond_the_limit_are_counted_only() {
    for database in databases("capture_errors").await {
        let store = database.open().await;
        let job = hand_in(&store, b"x", 1).await;
        let errors: Vec<CaptureError> = (1..=u64::from(CAPTURE_ERRORS_MAX) + 5).map(error).collect();
        let (one, two) = errors.split_at(990);
        store.captures.progress(job.id, 1, 0, one).await.expect("written");
        store.captures.progress(job.id, 2, 0, two).await.expect("written");
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
            let received =
                store.captures.receive_as(&maker, id, ErrorBehaviour::Proceed, "application/xml", Timestamp(1));
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
