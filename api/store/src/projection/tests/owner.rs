//! Whose the view is.

use sea_orm::ConnectionTrait as _;

use super::{apply, beginnings};
use crate::testing::{TestDatabase, databases, founding, master};
use crate::{Claim, Store, StoreError};

async fn process(database: &TestDatabase, name: &str) -> Store {
    Store::open(&database.url, master(), database.root.clone(), founding())
        .await
        .expect("the store opens")
        .named(name.to_owned())
}

/// As if the owner had not renewed its lease for as long as it lasts.
async fn let_lapse(store: &Store) {
    let lapse = "UPDATE cursor SET lease_until = 0";
    store.projection.view.read().execute_unprepared(lapse).await.expect("a lapsed lease");
}

#[tokio::test]
async fn one_process_writes_and_one_that_lost_the_view_does_not() {
    for database in databases("owner").await {
        let (one, two) = (process(&database, "one").await, process(&database, "two").await);
        assert!(matches!(apply(&one, 0, &beginnings()).await, Err(StoreError::NotOwner)), "nobody has asked");
        assert!(one.projection.claim(Claim::Start).await.expect("asked"));
        assert!(!two.projection.claim(Claim::Free).await.expect("asked"), "it is the first one's");
        assert!(matches!(apply(&two, 0, &beginnings()).await, Err(StoreError::NotOwner)));
        assert!(matches!(two.projection.reset().await, Err(StoreError::NotOwner)));
        assert_eq!(apply(&one, 0, &beginnings()).await.expect("it owns the view"), 4);
        assert!(one.projection.renew().await.expect("asked"));
        let_lapse(&one).await;
        assert_eq!(apply(&one, 4, &[]).await.expect("nobody else has asked yet"), 4);

        let_lapse(&one).await;
        assert!(two.projection.claim(Claim::Free).await.expect("asked"), "the first one's lease has lapsed");
        // The first one wakes and believes that the view is its own.
        assert!(one.projection.is_owner());
        assert!(matches!(one.projection.reset().await, Err(StoreError::NotOwner)));
        assert!(!one.projection.is_owner(), "now it knows");
        assert!(matches!(apply(&one, 4, &[]).await, Err(StoreError::NotOwner)));
        assert!(!one.projection.renew().await.expect("asked"));
        one.projection.release().await.expect("no harm");
        assert_eq!(two.projection.owner().await.expect("asked").as_deref(), Some("two"));

        two.projection.reset().await.expect("its own");
        assert!(two.projection.renew().await.expect("asked"), "a view that begins anew keeps its owner");
        assert_eq!(apply(&two, 0, &beginnings()).await.expect("it owns the view"), 4);
        two.projection.release().await.expect("given back");
        assert!(one.projection.claim(Claim::Free).await.expect("asked"), "at once");
        assert!(process(&database, "one").await.projection.claim(Claim::Start).await.expect("asked"), "a second start");
        assert!(!one.projection.renew().await.expect("asked"), "of a process of that name only the last one has it");
    }
}

#[tokio::test]
async fn a_lease_on_a_server_is_its_clocks_and_on_a_file_who_starts_has_the_view() {
    for database in databases("owner_start").await {
        let (one, two) = (process(&database, "one").await, process(&database, "two").await);
        assert!(one.projection.claim(Claim::Start).await.expect("asked"));
        let taken = two.projection.claim(Claim::Start).await.expect("asked");
        assert_eq!(taken, !one.is_shared(), "of others only a file's last process is known to be gone");
        assert_eq!(one.projection.renew().await.expect("asked"), one.is_shared());
    }
}
