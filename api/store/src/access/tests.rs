//! The log of accesses, on every database.

use veridose_contract::access::{Access, Refusal, RefusalRule};
use veridose_contract::{DataKind, Timestamp, merkle};

use crate::testing::{databases, party};
use crate::{AccessNote, AccessRecord, NewAccess, PageRequest, Payload, Person, Store, payload::Note};

fn note(number: i64) -> AccessNote {
    AccessNote {
        at: Timestamp(number),
        who: Person { issuer: "https://id.example".into(), subject: "dr-lee".into() },
        party: Some(party("pharmacy")),
        purpose: "care".into(),
        asked: vec![DataKind::Dispense],
        what: "MedicationDispense/search".into(),
        access: Access::Refused(Refusal { rule: RefusalRule::NoConsent, needed: "a consent".into() }),
    }
}

fn access(store: &Store, patient: &str, number: i64) -> NewAccess {
    NewAccess { patient: Some(store.vault.patient_id(patient)), note: note(number) }
}

/// Makes the patient known: something lies under a key of it.
async fn known(store: &Store, patient: &str) {
    let words = [Payload::Note(Note::new("known".into()))];
    store.vault.seal_patient(&party("pharmacy"), patient, None, &words, &[]).await.expect("sealed");
}

async fn all_of(store: &Store, patient: &str, limit: u32) -> Vec<AccessRecord> {
    let (mut records, mut page) = (Vec::new(), PageRequest { limit: Some(limit), token: None });
    loop {
        let found = store.accesses.of_patient(patient, &page).await.expect("a page");
        for kept in found.items {
            let record: AccessRecord = serde_json::from_str(&kept.record.expect("not erased")).expect("a record");
            assert_eq!((record.log, record.index), (kept.log, kept.index));
            assert_eq!(record.previous, kept.previous.map(hex::encode));
            records.push(record);
        }
        match found.next {
            Some(token) => page.token = Some(token),
            None => return records,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_a_patient_name_each_other_and_stand_without_a_gap() {
    for database in databases("access_chain").await {
        let store = database.open().await;
        for patient in ["one", "two"] {
            known(&store, patient).await;
        }
        let asks = (0..40).map(|number| {
            let (store, patient) = (store.clone(), if number % 3 == 0 { "two" } else { "one" });
            tokio::spawn(async move { store.accesses.record(access(&store, patient, number)).await.expect("recorded") })
        });
        let mut places = Vec::new();
        for ask in asks.collect::<Vec<_>>() {
            places.push(ask.await.expect("answered"));
        }
        let many = store.accesses.record_all((0..1_500).map(|number| access(&store, "one", number)).collect()).await;
        places.extend(many.expect("recorded"));
        places.sort_unstable_by_key(|place| place.index);
        assert!(places.iter().map(|place| place.index).eq(0..1_540), "numbered without a gap");
        let leaves = store.accesses.leaves(0, 2_000).await.expect("leaves");
        assert!(leaves.iter().eq(places.iter().map(|place| &place.leaf)));
        for (patient, count) in [("one", 1_526), ("two", 14)] {
            let records = all_of(&store, patient, 100).await;
            assert!(records.iter().filter_map(|record| record.number).eq((1..=count).rev()), "{patient}");
            for (later, earlier) in records.iter().zip(&records[1..]) {
                let json = serde_json::to_vec(earlier).expect("JSON");
                assert_eq!(
                    later.previous,
                    Some(hex::encode(merkle::leaf_hash(&json))),
                    "the record names the one before"
                );
            }
            assert_eq!(records.last().and_then(|first| first.previous.clone()), None);
        }
        // After a new start it goes on where it was.
        drop(store);
        let store = database.open().await;
        let next = store.accesses.record(access(&store, "two", 9)).await.expect("recorded");
        assert_eq!((next.log, next.index), (places[0].log, 1_540));
        assert_eq!(all_of(&store, "two", 3).await.first().and_then(|record| record.number), Some(15));
    }
}

#[tokio::test]
async fn strangers_make_no_patients_and_erased_ones_leave_their_leaves() {
    for database in databases("access_erased").await {
        let store = database.open().await;
        known(&store, "one").await;
        store.accesses.record_all(vec![access(&store, "one", 1), access(&store, "nobody", 2)]).await.expect("recorded");
        let kept = store.accesses.from_place(0, 10).await.expect("records");
        assert_eq!(kept.iter().map(|kept| kept.of_patient).collect::<Vec<_>>(), [true, false]);
        let stranger: AccessRecord = serde_json::from_str(kept[1].record.as_deref().expect("open")).expect("a record");
        assert_eq!((stranger.number, stranger.note), (None, note(2)));
        assert!(store.accesses.of_patient("nobody", &PageRequest::default()).await.expect("a page").items.is_empty());
        store.vault.destroy_patient_key("one").await.expect("destroyed");
        store
            .accesses
            .record(access(&store, "one", 3))
            .await
            .expect("what is asked of somebody who was erased is noted too");
        let after = store.accesses.from_place(0, 10).await.expect("records");
        assert_eq!((after[0].leaf, after[0].record.as_deref()), (kept[0].leaf, None), "only the leaf is left");
        assert!(!after[2].of_patient);
    }
}

#[tokio::test]
async fn what_was_altered_is_not_shown() {
    use sea_orm::ConnectionTrait;
    for database in databases("access_altered").await {
        let store = database.open().await;
        known(&store, "one").await;
        store.accesses.record(access(&store, "one", 1)).await.expect("recorded");
        let log = &store.accesses;
        let change = "UPDATE access_record SET leaf = (SELECT patient FROM access_head)";
        log.database.read().execute_unprepared(change).await.expect("changed");
        let told = log.of_patient("one", &PageRequest::default()).await.expect_err("altered").to_string();
        assert!(told.contains("place 0 is not what its leaf covers"), "{told}");
    }
}

#[tokio::test]
async fn a_new_log_begins_at_the_end_of_the_last() {
    for database in databases("access_anew").await {
        let store = database.open().await;
        known(&store, "one").await;
        store.accesses.record_all(vec![access(&store, "one", 1), access(&store, "one", 2)]).await.expect("recorded");
        let anew = store.accesses.begin_anew().await.expect("begun");
        let next = store.accesses.record(access(&store, "one", 3)).await.expect("recorded");
        assert_eq!((next.log, next.index), (anew, 0));
        let logs = store.accesses.logs().await.expect("logs");
        assert_eq!(logs.iter().map(|log| (log.start, log.records)).collect::<Vec<_>>(), [(0, 2), (2, 1)]);
        let records = all_of(&store, "one", 30).await;
        assert!(records.iter().filter_map(|record| record.number).eq([3, 2, 1]), "the patient's records go on");
    }
}
