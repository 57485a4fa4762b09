use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use veridose_contract::{NetworkId, PartyId, Timestamp};
use veridose_store::{CaptureState, ErrorBehaviour, Founding, HeldRoot, MasterKey, PageRequest, Store};

use crate::{CaptureOutcome, Pace, run_captures};

const PACE: Pace = Pace { jobs_max: 2, tick: Duration::from_millis(1) };

async fn store(directory: &std::path::Path) -> Store {
    let url = format!("sqlite:{}", directory.join("store.db").display());
    let founding = Founding { network: NetworkId([1; 16]), members: Vec::new(), threshold: 1 };
    Store::open(&url, MasterKey::new([1; 32].into()), Arc::<HeldRoot>::default(), founding)
        .await
        .expect("the store opens")
}

#[tokio::test]
async fn jobs_run_a_few_at_a_time_and_an_interrupted_one_runs_again() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = store(directory.path()).await;
    let party = PartyId::parse("maker").expect("a name");
    for now in 0..6 {
        let receive =
            store.captures.receive(&party, ErrorBehaviour::Proceed, "text/xml", Arc::new(move || Timestamp(now)));
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
        run_captures(store.captures.clone(), PACE, Arc::new(Notify::new()), now, work, shutdown).await.expect("ran");
        assert!(most.load(Ordering::SeqCst) <= 2);
        let jobs = store.captures.jobs(&party, &PageRequest::default()).await.expect("asked").items;
        let ended = jobs.iter().filter(|job| job.state == CaptureState::Succeeded).count();
        assert_eq!(ended, if round == 0 { 5 } else { 6 });
    }
}

#[tokio::test]
async fn a_job_that_panics_is_tried_again_and_does_not_stay_running() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = store(directory.path()).await;
    let party = PartyId::parse("maker").expect("a name");
    for now in 0..2 {
        let receive =
            store.captures.receive(&party, ErrorBehaviour::Proceed, "text/xml", Arc::new(move || Timestamp(now)));
        receive.await.expect("a job").finish().await.expect("whole");
    }
    let (stop, stopped) = oneshot::channel::<()>();
    let stop = std::sync::Mutex::new(Some(stop));
    // The older job panics once; the younger one always, until it is given up.
    let (tries, clock) = (Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]), AtomicI64::new(10));
    let captures = store.captures.clone();
    let work = |job: veridose_store::CaptureJob| {
        let which = usize::try_from(job.created_at.0).expect("small");
        let before = tries[which].fetch_add(1, Ordering::SeqCst);
        async move {
            assert!(which == 0 && before > 0, "a fault of the program");
            CaptureOutcome::Succeeded
        }
    };
    // Seconds pass at each look at the clock: more than the longest pause, far less than the lease.
    let now = || Timestamp(clock.fetch_add(5_000, Ordering::SeqCst));
    let ended = async {
        loop {
            let jobs = captures.jobs(&party, &PageRequest::default()).await.expect("asked").items;
            if jobs.iter().all(|job| matches!(job.state, CaptureState::Succeeded | CaptureState::Failed)) {
                drop(stop.lock().expect("nobody panics").take());
                return jobs;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let shutdown = async {
        let _closed = stopped.await;
    };
    let run = run_captures(store.captures.clone(), PACE, Arc::new(Notify::new()), now, work, shutdown);
    let (ran, jobs) = tokio::join!(run, ended);
    ran.expect("ran");
    let states: Vec<_> = jobs.iter().map(|job| (job.created_at.0, job.state, job.errors)).collect();
    assert_eq!(states, [(1, CaptureState::Failed, 1), (0, CaptureState::Succeeded, 0)]);
    assert_eq!(tries.each_ref().map(|tries| tries.load(Ordering::SeqCst)), [2, 3]);
}
