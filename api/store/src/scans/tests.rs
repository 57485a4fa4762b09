use sea_orm::EntityTrait as _;
use veridose_contract::{ItemKey, Site, Timestamp};

use crate::Scan;
use crate::limits::{SCANS_KEPT_MS, SCANS_PER_BATCH_MAX};
use crate::testing::{databases, party};

fn scan(item: u8, at: i64) -> Scan {
    Scan {
        item: ItemKey([item; 32]),
        epc: format!("https://id.gs1.org/01/09506000134352/21/S{item}"),
        at: Timestamp(at),
        site: Some(Site(9_501_101_530_003)),
        party: party("pharmacy"),
        lot: Some("L1".to_owned()),
        expiry: None,
    }
}

#[tokio::test]
async fn scans_are_found_by_number_and_by_item_and_are_not_readable_on_disk() {
    for database in databases("scans").await {
        let store = database.open().await;
        store.scans.add(&[]).await.expect("nothing to keep");
        store.scans.add(&[scan(1, 10), scan(2, 11), scan(1, 12)]).await.expect("kept");
        store.scans.add(&[scan(1, 13)]).await.expect("kept");
        let batches = store.scans.after(0, 10).await.expect("read");
        assert_eq!(batches.iter().map(|batch| (batch.seq, batch.scans.len())).collect::<Vec<_>>(), [(1, 3), (2, 1)]);
        assert_eq!(store.scans.after(1, 10).await.expect("read")[0].scans, [scan(1, 13)]);
        assert!(store.scans.after(2, 10).await.expect("read").is_empty());
        assert_eq!(
            store.scans.of(&[ItemKey([1; 32]), ItemKey([8; 32])]).await.expect("read"),
            [scan(1, 10), scan(1, 12), scan(1, 13)]
        );
        assert!(store.scans.of(&[ItemKey([9; 32])]).await.expect("read").is_empty());
        let row = super::scan_batch::Entity::find_by_id(1).one(store.scans.database.read()).await.expect("read");
        let sealed = row.expect("it is there").sealed;
        assert!(!sealed.windows(5).any(|bytes| bytes == b"gs1.o"), "a serial number lies in the clear");
        // What is old goes, with its index; numbers go on.
        assert_eq!(store.scans.prune(Timestamp(13 + SCANS_KEPT_MS)).await.expect("pruned"), 1);
        assert_eq!(store.scans.of(&[ItemKey([1; 32]), ItemKey([8; 32])]).await.expect("read"), [scan(1, 13)]);
        store.scans.add(&[scan(3, 14)]).await.expect("kept");
        assert_eq!(store.scans.after(2, 10).await.expect("read")[0].seq, 3);
    }
}

#[tokio::test]
async fn a_batch_has_a_limit() {
    let store = databases("scans_limit").await[0].open().await;
    store.scans.add(&vec![scan(1, 1); SCANS_PER_BATCH_MAX]).await.expect("kept");
    assert!(store.scans.add(&vec![scan(1, 1); SCANS_PER_BATCH_MAX + 1]).await.is_err());
    assert_eq!(store.scans.after(0, 1).await.expect("read")[0].scans.len(), SCANS_PER_BATCH_MAX);
}
