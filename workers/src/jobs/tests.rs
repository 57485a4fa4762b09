use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Notify, oneshot};
use veridose_contract::NetworkId;
use veridose_store::{Founding, HeldRoot, Job, JobKind, JobState, Jobs, MasterKey, NewJob, Store};

use crate::{JobOutcome, Pace, run_jobs};

const PACE: Pace = Pace { jobs_max: 2, tick: Duration::from_millis(1) };

async fn store(directory: &std::path::Path) -> Store {
    let url = format!("sqlite:{}", directory.join("store.db").display());
    let founding = Founding { network: NetworkId([1; 16]), members: Vec::new(), threshold: 1 };
    Store::open(&url, MasterKey::new([1; 32].into()), Arc::<HeldRoot>::default(), founding)
        .await
        .expect("the store opens")
}

fn new(id: &str) -> NewJob {
    let (kind, payload) = (JobKind::Prune, json!(null));
    NewJob { id: id.into(), kind, payload, attempts_max: 3, pause_ms: 1, every_ms: None }
}

/// Runs until every job has ended.
async fn run_all<F>(jobs: &Jobs, names: &[&str], work: impl Fn(Job) -> F)
where
    F: Future<Output = JobOutcome> + Send + 'static,
{
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = async {
        for name in names {
            while matches!(state(jobs, name).await, JobState::Queued | JobState::Running) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        drop(stop);
    };
    let shutdown = async {
        let _closed = stopped.await;
    };
    let (ran, ()) = tokio::join!(run_jobs(jobs.clone(), PACE, Arc::new(Notify::new()), work, shutdown), ended);
    ran.expect("ran");
}

async fn state(jobs: &Jobs, name: &str) -> JobState {
    jobs.job(name).await.expect("asked").expect("it is there").state
}

#[tokio::test]
async fn failures_and_panics_are_tried_again_and_given_up() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let jobs = store(directory.path()).await.jobs;
    jobs.add(&[new("good"), new("late"), new("bad"), new("panics")]).await.expect("added");
    let runs = Arc::new(AtomicUsize::new(0));
    let work = |job: Job| {
        let runs = Arc::clone(&runs);
        async move {
            runs.fetch_add(1, Ordering::SeqCst);
            match job.id.as_str() {
                "good" => JobOutcome::Done(None),
                "late" if job.attempts == 3 => JobOutcome::Done(None),
                "panics" => panic!("on purpose"),
                _ => JobOutcome::Failed("not yet".to_owned()),
            }
        }
    };
    let names = ["good", "late", "bad", "panics"];
    run_all(&jobs, &names, work).await;
    let mut states = Vec::new();
    for name in names {
        states.push(state(&jobs, name).await);
    }
    assert_eq!(states, [JobState::Succeeded, JobState::Succeeded, JobState::Dead, JobState::Dead]);
    assert_eq!(runs.load(Ordering::SeqCst), 1 + 3 + 3 + 3);
    let error = jobs.job("panics").await.expect("asked").expect("there").error.expect("it failed");
    assert!(error.contains("panic"), "{error}");
}

#[tokio::test]
async fn a_run_that_is_called_off_is_stopped() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let jobs = store(directory.path()).await.jobs;
    jobs.add(&[new("endless")]).await.expect("added");
    let work = |job: Job| {
        let jobs = jobs.clone();
        async move {
            jobs.cancel(&job.id).await.expect("called off");
            std::future::pending().await
        }
    };
    run_all(&jobs, &["endless"], work).await;
    assert_eq!(state(&jobs, "endless").await, JobState::Cancelled);
}
