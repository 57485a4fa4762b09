use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, oneshot};
use veridose_contract::{NetworkId, PartyId, Timestamp};
use veridose_store::{CaptureState, ErrorBehaviour, Founding, MasterKey, PageRequest, Store};

use crate::{CaptureOutcome, run_captures};

async fn store(directory: &std::path::Path) -> Store {
    let url = format!("sqlite:{}", directory.join("store.db").display());
    let founding = Founding { network: NetworkId([1; 16]), members: Vec::new(), threshold: 1 };
    Store::open(&url, MasterKey::new([1; 32].into()), founding).await.expect("the store opens")
}

#[tokio::test]
async fn jobs_run_a_few_at_a_time_and_an_interrupted_one_runs_again() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = store(directory.path()).await;
    let party = PartyId::parse("maker").expect("a name");
    for now in 0..6 {
        let receive = store.captures.receive(&party, ErrorBehaviour::Proceed, "text/xml", Timestamp(now));
        receive.await.expect("a job").finish().await.expect("whole");
    }
    // The first round interrupts the newest job, the second ends it.
    for (round, interrupt) in [(0, true), (1, false)] {
        let (running, most, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
        let (stop, stopped) = oneshot::channel::<()>();
        let stop = std::sync::Mutex::new(Some(stop));
        let work = |job: veridose_store::CaptureJob| {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            if done.fetch_add(1, Ordering::SeqCst) + 1 == if round == 0 { 6 } else { 1 } {
                drop(stop.lock().expect("nobody panics").take());
            }
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                running.fetch_sub(1, Ordering::SeqCst);
                if interrupt && job.created_at == Timestamp(5) {
                    CaptureOutcome::Interrupted
                } else {
                    CaptureOutcome::Succeeded
                }
            }
        };
        let shutdown = async {
            let _closed = stopped.await;
        };
        let now = || Timestamp(9);
        run_captures(store.captures.clone(), 2, Arc::new(Notify::new()), now, work, shutdown).await.expect("ran");
        assert!(most.load(Ordering::SeqCst) <= 2);
        let jobs = store.captures.jobs(&party, &PageRequest::default()).await.expect("asked").items;
        let ended = jobs.iter().filter(|job| job.state == CaptureState::Succeeded).count();
        assert_eq!(ended, if round == 0 { 5 } else { 6 });
    }
}
