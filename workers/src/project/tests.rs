use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use veridose_ledger::testing::{Members, pack};
use veridose_ledger::{Embedded, Ledger};
use veridose_store::{Claim, Founding, HeldRoot, MasterKey, Store};

use super::{Duty, ProjectError, Projector};

/// Within this time another process writes the view.
const FAIL_OVER_MAX: Duration = Duration::from_secs(10);

/// All processes have the same keys.
static ROOT: LazyLock<Arc<HeldRoot>> = LazyLock::new(Arc::default);

async fn process(url: &str, members: &Members, ledger: &Arc<Ledger>, name: &str) -> Projector {
    let founding = Founding {
        network: members.network.id,
        members: members.network.genesis.members.clone(),
        threshold: members.network.genesis.admit_threshold,
    };
    let master = MasterKey::new([1; 32].into());
    let store = Store::open(url, master, ROOT.clone(), founding).await.expect("the store opens");
    Projector::new(Arc::clone(ledger), store.named(name.to_owned())).await.expect("a projector")
}

async fn begun(members: &Members, folder: &Path) -> Arc<Ledger> {
    let ledger = members.open(folder);
    members.begin(&ledger).await;
    Arc::new(Ledger::Embedded(ledger))
}

async fn submit(ledger: &Ledger, members: &Members, number: u64) {
    ledger.submit(members.commission(vec![pack(number)])).await.expect("accepted");
}

/// A schema of this test's own on the server that `VERIDOSE_TEST_POSTGRES` names.
async fn postgres() -> Option<String> {
    let Ok(server) = std::env::var("VERIDOSE_TEST_POSTGRES") else {
        eprintln!("SKIPPED PostgreSQL: VERIDOSE_TEST_POSTGRES names no server");
        return None;
    };
    let schema = format!("workers_owner_{}", std::process::id());
    let pool = sqlx::PgPool::connect(&server).await.expect("PostgreSQL answers");
    let make = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    sqlx::query(make).execute(&pool).await.expect("the schema is created");
    Some(format!("{server}?options=-csearch_path%3D{schema}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_view_passes_on_when_its_owner_is_gone() {
    let Some(url) = postgres().await else { return };
    let (members, folder) = (Members::new(), tempfile::tempdir().expect("a folder"));
    let ledger = begun(&members, folder.path()).await;
    let one = process(&url, &members, &ledger, "one").await;
    assert!(one.claim(Claim::Start).await.expect("asked"));
    let two = process(&url, &members, &ledger, "two").await;
    let owner = one.clone();
    let working = tokio::spawn(async move { owner.run(Duty::Write, std::future::pending()).await });
    let (stop, stopped) = oneshot::channel::<()>();
    let heir = two.clone();
    let waiting = tokio::spawn(async move {
        let until = async {
            let _closed = stopped.await;
        };
        heir.run(Duty::Write, until).await;
    });
    submit(&ledger, &members, 1).await;
    let last = ledger.size() - 1;
    assert!(two.wait_for(last, FAIL_OVER_MAX).await, "who does not write the view sees how far it is");
    assert!(one.is_owner() && !two.is_owner());

    // As a process that is killed: nothing is given back.
    working.abort();
    let begun = Instant::now();
    submit(&ledger, &members, 2).await;
    assert!(two.wait_for(last + 1, FAIL_OVER_MAX).await, "nobody took the view over");
    assert!(two.is_owner() && begun.elapsed() < FAIL_OVER_MAX);
    // The first one wakes and writes.
    let late = one.rebuild().await.expect_err("it is another's view");
    assert!(matches!(late, ProjectError::Store(veridose_store::StoreError::NotOwner)), "{late}");

    drop(stop);
    waiting.await.expect("ends");
    assert!(one.claim(Claim::Free).await.expect("asked"), "the second one gave it back");
    submit(&ledger, &members, 3).await;
    assert_eq!(one.catch_up().await.expect("follows"), ledger.size());
}

#[tokio::test]
async fn a_view_of_another_ledger_is_not_taken() {
    let (members, folders) = (Members::new(), [(); 2].map(|()| tempfile::tempdir().expect("a folder")));
    let url = format!("sqlite:{}", folders[0].path().join("store.db").display());
    let ledger = begun(&members, folders[0].path()).await;
    submit(&ledger, &members, 1).await;
    let one = process(&url, &members, &ledger, "one").await;
    assert!(one.claim(Claim::Start).await.expect("asked"));
    one.catch_up().await.expect("follows");

    let other = begun(&members, folders[1].path()).await;
    submit(&other, &members, 2).await;
    let two = process(&url, &members, &other, "two").await;
    let refused = two.claim(Claim::Start).await.expect_err("the last transaction is another one");
    assert!(matches!(refused, ProjectError::OtherLedger { index: 5 }), "{refused}");
    assert!(one.store.projection.renew().await.expect("asked"), "the first one keeps the view");
    let empty =
        Embedded::open(&folders[1].path().join("empty"), members.network.clone(), members.log_key(), members.options());
    let three = process(&url, &members, &Arc::new(Ledger::Embedded(empty.expect("opens"))), "three").await;
    let behind = three.claim(Claim::Start).await.expect_err("the view has more");
    assert!(matches!(behind, ProjectError::Ahead { projected: 6, ledger: 0 }), "{behind}");
    assert!(one.store.projection.renew().await.expect("asked"), "the first one keeps the view");
}
