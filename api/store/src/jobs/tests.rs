use std::collections::BTreeSet;

use sea_orm::ConnectionTrait as _;
use serde_json::json;

use crate::testing::databases;
use crate::{Hold, Job, JobFilter, JobKind, JobState, NewJob, PageRequest, Store, StoreError};

fn new(id: &str, attempts_max: u64) -> NewJob {
    let payload = json!({ "what": id });
    NewJob { id: id.into(), kind: JobKind::Prune, payload, attempts_max, pause_ms: 60_000, every_ms: None }
}

async fn state(store: &Store, id: &str) -> (JobState, u64, Option<String>) {
    let job = store.jobs.job(id).await.expect("asked").expect("it is there");
    (job.state, job.attempts, job.error)
}

async fn take(store: &Store) -> Job {
    store.jobs.claim().await.expect("asked").expect("a job is due")
}

/// Lets time pass for one job: its wait, or its lease.
async fn pass(store: &Store, column: &str, id: &str) {
    let sql = format!("UPDATE job SET {column} = 1 WHERE id = '{id}'");
    store.jobs.database.read().execute_unprepared(&sql).await.expect("changed");
}

#[tokio::test]
async fn a_job_is_handed_in_once_run_once_and_kept() {
    for database in databases("jobs_once").await {
        let store = database.open().await;
        store.jobs.add(&[new("a", 3), new("b", 3)]).await.expect("added");
        store.jobs.add(&[new("a", 3)]).await.expect("the same again changes nothing");
        let (first, second) = (take(&store).await, take(&store).await);
        assert_eq!([first.id.as_str(), second.id.as_str()], ["a", "b"]);
        assert!(store.jobs.claim().await.expect("asked").is_none(), "both are held");
        store.jobs.progress(&first, 3, 10).await.expect("written");
        let told = store.jobs.job("a").await.expect("asked").expect("there");
        assert_eq!((told.done, told.total, told.state), (3, 10, JobState::Running));
        store.jobs.finish(&first, None).await.expect("written");
        assert!(matches!(store.jobs.finish(&first, None).await, Err(StoreError::NoJob)), "it is nobody's any more");
        store.jobs.release(&second).await.expect("given back");
        assert_eq!(state(&store, "a").await, (JobState::Succeeded, 1, None));
        assert_eq!(state(&store, "b").await, (JobState::Queued, 0, None), "a run that was broken off does not count");
        let page = PageRequest { limit: Some(1), token: None };
        let one = store.jobs.jobs(JobFilter::default(), &page).await.expect("listed");
        let next = PageRequest { token: one.next.clone(), ..page };
        let two = store.jobs.jobs(JobFilter::default(), &next).await.expect("listed");
        assert_eq!((one.items[0].id.as_str(), two.items[0].id.as_str(), two.next), ("b", "a", None));
        let filter = JobFilter { state: Some(JobState::Succeeded), ..JobFilter::default() };
        assert_eq!(store.jobs.jobs(filter, &PageRequest::default()).await.expect("listed").items.len(), 1);
        assert_eq!(store.jobs.prune().await.expect("pruned"), 0, "it ended a moment ago");
        pass(&store, "finished_at", "a").await;
        assert_eq!(store.jobs.prune().await.expect("pruned"), 1);
    }
}

#[tokio::test]
async fn a_run_that_fails_is_tried_again_later_and_later_and_then_given_up() {
    for database in databases("jobs_retry").await {
        let store = database.open().await;
        store.jobs.add(&[new("a", 4)]).await.expect("added");
        for attempt in 1..=4_u32 {
            let job = take(&store).await;
            assert_eq!(job.attempts, u64::from(attempt));
            let state = store.jobs.fail(&job, "no answer").await.expect("written");
            if attempt < 4 {
                assert_eq!(state, JobState::Queued);
                assert!(store.jobs.claim().await.expect("asked").is_none(), "it waits");
                let waits = store.jobs.job("a").await.expect("asked").expect("there");
                let now = store.jobs.database.now(store.jobs.database.read()).await.expect("a clock");
                let (pause, least) = (waits.due_at.0 - now, 60_000 * (1 << (attempt - 1)));
                assert!((least - 5_000..least * 11 / 10 + 1).contains(&pause), "{pause} after try {attempt}");
                pass(&store, "due_at", "a").await;
            } else {
                assert_eq!(state, JobState::Dead);
            }
        }
        assert_eq!(state(&store, "a").await, (JobState::Dead, 4, Some("no answer".to_owned())));
        assert_eq!(store.jobs.count(JobState::Dead).await.expect("counted"), 1);
        assert!(store.jobs.claim().await.expect("asked").is_none(), "a dead letter is not taken");
        store.jobs.retry("a").await.expect("put back");
        assert_eq!(take(&store).await.attempts, 1, "with all its tries");
        assert!(matches!(store.jobs.retry("a").await, Err(StoreError::JobState { .. })), "it runs");
        assert!(matches!(store.jobs.retry("z").await, Err(StoreError::NoJob)));
    }
}

#[tokio::test]
async fn a_lost_runner_is_followed_by_another_and_refused_when_it_comes_back() {
    for database in databases("jobs_lost").await {
        let one = database.open().await.named("one".into());
        let two = database.open().await.named("two".into());
        one.jobs.add(&[new("a", 2)]).await.expect("added");
        let lost = take(&one).await;
        assert_eq!(one.jobs.renew(&lost).await.expect("renewed"), Hold::Kept);
        assert!(two.jobs.claim().await.expect("asked").is_none(), "the lease holds");
        pass(&one, "lease_until", "a").await;
        let taken = take(&two).await;
        assert_eq!((taken.id.as_str(), taken.attempts, taken.claims), ("a", 2, 2));
        assert_eq!(one.jobs.renew(&lost).await.expect("asked"), Hold::Lost);
        assert!(matches!(one.jobs.finish(&lost, None).await, Err(StoreError::NoJob)));
        assert!(matches!(one.jobs.progress(&lost, 1, 1).await, Err(StoreError::NoJob)));
        // A job that kills every runner ends too.
        pass(&one, "lease_until", "a").await;
        assert!(one.jobs.claim().await.expect("asked").is_none());
        assert_eq!(state(&one, "a").await, (JobState::Dead, 2, Some("its runner was lost".to_owned())));
        // What a runner left when it died is its own at its next start.
        one.jobs.add(&[new("b", 2)]).await.expect("added");
        let held = take(&one).await;
        two.jobs.recover().await.expect("recovered");
        assert!(two.jobs.claim().await.expect("asked").is_none(), "another's");
        one.jobs.recover().await.expect("recovered");
        assert!(take(&one).await.claims > held.claims);
    }
}

#[tokio::test]
async fn a_job_is_called_off() {
    for database in databases("jobs_cancel").await {
        let store = database.open().await;
        store.jobs.add(&[new("waits", 3), new("works", 3)]).await.expect("added");
        store.jobs.cancel("waits").await.expect("called off");
        let job = take(&store).await;
        assert_eq!(job.id, "works");
        assert!(store.jobs.cancel("works").await.expect("called off").cancelling);
        assert_eq!(store.jobs.renew(&job).await.expect("renewed"), Hold::Cancelled);
        store.jobs.stopped(&job).await.expect("written");
        for id in ["waits", "works"] {
            assert_eq!(state(&store, id).await.0, JobState::Cancelled);
            assert!(matches!(store.jobs.cancel(id).await, Err(StoreError::JobState { .. })));
        }
        // One whose runner dies while it is called off is not taken up.
        store.jobs.retry("works").await.expect("put back");
        take(&store).await;
        store.jobs.cancel("works").await.expect("called off");
        pass(&store, "lease_until", "works").await;
        assert!(store.jobs.claim().await.expect("asked").is_none());
        assert_eq!(state(&store, "works").await.0, JobState::Cancelled);
    }
}

#[tokio::test]
async fn a_periodic_job_comes_again_with_what_it_left_and_is_never_given_up() {
    for database in databases("jobs_periodic").await {
        let store = database.open().await;
        store.jobs.schedule(JobKind::Prune, 3_600_000).await.expect("scheduled");
        store.jobs.schedule(JobKind::Prune, 60_000).await.expect("at another pace");
        let job = take(&store).await;
        store.jobs.finish(&job, Some(&json!({ "next": 7 }))).await.expect("written");
        assert!(store.jobs.claim().await.expect("asked").is_none(), "it waits for its turn");
        for _ in 0..3 {
            pass(&store, "due_at", "prune").await;
            let job = take(&store).await;
            assert_eq!((job.every_ms, &job.payload), (Some(60_000), &json!({ "next": 7 })));
            assert_eq!(store.jobs.fail(&job, "no disk").await.expect("written"), JobState::Queued);
        }
        let waits = store.jobs.job("prune").await.expect("asked").expect("there");
        assert_eq!((waits.attempts, waits.error.as_deref()), (3, Some("no disk")));
    }
}

#[tokio::test]
async fn runners_at_once_never_take_the_same_job() {
    const JOBS: usize = 60;
    for database in databases("jobs_race").await {
        let stores = [database.open().await, database.open().await, database.open().await];
        let names: Vec<NewJob> = (0..JOBS).map(|at| new(&format!("job {at:02}"), 1)).collect();
        stores[0].jobs.add(&names).await.expect("added");
        let runners = stores.map(|store| {
            tokio::spawn(async move {
                let mut taken = Vec::new();
                while let Some(job) = store.jobs.claim().await.expect("asked") {
                    store.jobs.finish(&job, None).await.expect("it is ours");
                    taken.push(job.id);
                }
                taken
            })
        });
        let mut taken = Vec::new();
        for runner in runners {
            taken.extend(runner.await.expect("no panic"));
        }
        assert_eq!((taken.len(), taken.into_iter().collect::<BTreeSet<_>>().len()), (JOBS, JOBS));
    }
}

#[tokio::test]
async fn the_queue_and_its_jobs_have_limits() {
    let databases = databases("jobs_limits").await;
    let store = databases[0].open().await;
    let large = NewJob { payload: json!("x".repeat(70_000)), ..new("large", 1) };
    assert!(matches!(store.jobs.add(&[large]).await, Err(StoreError::TooLarge { .. })));
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
                INSERT INTO job SELECT 'j' || i, 'prune', 'null', 'dead', 0, 0, 0, NULL, 0, 1, 0, 0, NULL, NULL, FALSE, 0, 0, NULL FROM n";
    store.jobs.database.read().execute_unprepared(many).await.expect("filled");
    assert!(matches!(store.jobs.add(&[new("one more", 1)]).await, Err(StoreError::QueueFull { .. })));
    assert_eq!(store.jobs.prune().await.expect("pruned"), 100_000, "they ended long ago");
    store.jobs.add(&[new("one more", 1)]).await.expect("there is room again");
}
