use std::sync::Arc;

use sea_orm::{ConnectionTrait, EntityTrait};
use veridose_contract::{Commitment, IdempotencyKey};
use zeroize::Zeroizing;

use crate::entity::vault::document;
use crate::payload::Note;
use crate::testing::{databases, founding, party};
use crate::{HeldRoot, MasterKey, Opened, Payload, Request, RootKeeper, Store, StoreError};

fn note(text: &str) -> Payload {
    Payload::Note(Note::new(text.to_owned()))
}

fn text(opened: &Opened) -> &str {
    match opened {
        Opened::Document(Payload::Note(note)) => &note.text,
        other => panic!("expected a note, found {other:?}"),
    }
}

fn request(key: u8, hash: u8) -> Request {
    Request { key: IdempotencyKey([key; 16]), sha256: [hash; 32] }
}

#[tokio::test]
async fn readers_read_others_do_not() {
    for database in databases("vault_readers").await {
        let vault = database.open().await.vault;
        let (maker, agency, pharmacy) = (party("maker"), party("agency"), party("pharmacy"));
        let documents = [note("first"), note("second")];
        let sealed = vault.seal(&maker, None, &documents, std::slice::from_ref(&agency)).await.expect("sealed");
        for reader in [&maker, &agency] {
            let opened = vault.open_many(&sealed.commitments, reader).await.expect("opened");
            assert_eq!(opened.iter().map(text).collect::<Vec<_>>(), ["first", "second"]);
        }
        let first = sealed.commitments[0];
        assert!(matches!(vault.open(&first, &pharmacy).await.expect("asked"), Opened::NotYours));
        assert!(matches!(vault.open(&Commitment([0; 32]), &maker).await.expect("asked"), Opened::NotFound));

        let stranger = vault.grant(&party("wholesaler"), &[first], &pharmacy).await;
        assert!(matches!(stranger, Err(StoreError::NotYours { .. })), "who cannot read cannot grant: {stranger:?}");
        vault.grant(&maker, &[first], &pharmacy).await.expect("granted");
        vault.grant(&maker, &[first], &pharmacy).await.expect("twice changes nothing");
        assert_eq!(text(&vault.open(&first, &pharmacy).await.expect("opened")), "first");
    }
}

#[tokio::test]
async fn an_event_comes_back_byte_for_byte() {
    for database in databases("vault_bytes").await {
        let json = r#"{"type":"ObjectEvent","z":1.00,"a":12345678901234567890123,"text":"\u00e9é"}"#;
        let event = serde_json::value::RawValue::from_string(json.to_owned()).expect("well-formed JSON");
        let maker = party("maker");
        let vault = database.open().await.vault;
        let sealed = vault.seal(&maker, None, &[Payload::Event(event)], &[]).await.expect("sealed");
        let opened = vault.open(&sealed.commitments[0], &maker).await.expect("opened");
        let Opened::Document(Payload::Event(event)) = opened else { panic!("expected an event, found {opened:?}") };
        assert_eq!(event.get(), json);
    }
}

#[tokio::test]
async fn a_retry_gets_the_first_commitments_also_after_a_restart() {
    for database in databases("vault_retry").await {
        let maker = party("maker");
        let vault = database.open().await.vault;
        let first = vault.seal(&maker, Some(request(1, 1)), &[note("a")], &[]).await.expect("sealed");
        assert!(!first.repeated);
        drop(vault);
        let vault = database.open().await.vault;
        let again = vault.seal(&maker, Some(request(1, 1)), &[note("a")], &[]).await.expect("recognised");
        assert!(again.repeated);
        assert_eq!(again.commitments, first.commitments);
        let other = vault.seal(&maker, Some(request(1, 2)), &[note("b")], &[]).await;
        assert!(matches!(other, Err(StoreError::RequestConflict { .. })), "{other:?}");
        let of_another =
            vault.seal(&party("pharmacy"), Some(request(1, 2)), &[note("b")], &[]).await.expect("own names");
        assert!(!of_another.repeated);

        vault.discard(&party("pharmacy"), &first.commitments).await.expect("not the owner's");
        assert_eq!(text(&vault.open(&first.commitments[0], &maker).await.expect("still there")), "a");
        vault.discard(&maker, &first.commitments).await.expect("no harm");
        let kept = vault.open(&first.commitments[0], &maker).await.expect("asked");
        assert_eq!(text(&kept), "a", "the request came again, and may be about to commit to it");
        let once = vault.seal(&maker, Some(request(2, 1)), &[note("c")], &[]).await.expect("sealed");
        vault.discard(&maker, &once.commitments).await.expect("discarded");
        assert!(matches!(vault.open(&once.commitments[0], &maker).await.expect("asked"), Opened::NotFound));
        assert!(!vault.seal(&maker, Some(request(2, 2)), &[note("b")], &[]).await.expect("the key is free").repeated);
    }
}

#[tokio::test]
async fn concurrent_seals_of_one_request_make_one_document() {
    for database in databases("vault_concurrent").await {
        let store = database.open().await;
        let seal = |index: u8| {
            let vault = store.vault.clone();
            async move { vault.seal(&party("maker"), Some(request(index / 4, index / 4)), &[note("x")], &[]).await }
        };
        let tasks: Vec<_> = (0..200).map(|index| tokio::spawn(seal(index))).collect();
        let mut first = 0;
        let mut commitments = std::collections::BTreeSet::new();
        for task in tasks {
            let sealed = task.await.expect("no panic").expect("sealed");
            first += usize::from(!sealed.repeated);
            commitments.extend(sealed.commitments);
        }
        assert_eq!((first, commitments.len()), (50, 50));
        let rows = document::Entity::find().all(store.vault.database.read()).await.expect("rows");
        assert_eq!(rows.len(), 50);
    }
}

#[tokio::test]
async fn a_destroyed_patient_key_erases_for_everybody_for_good() {
    for database in databases("vault_patient").await {
        let (pharmacy, agency) = (party("pharmacy"), party("agency"));
        let vault = database.open().await.vault;
        let erasures = vault.erasures();
        let sealed = vault
            .seal_patient(&pharmacy, "patient one", None, &[note("a"), note("b")], std::slice::from_ref(&agency))
            .await
            .expect("sealed");
        let other = vault.seal_patient(&pharmacy, "patient two", None, &[note("c")], &[]).await.expect("sealed");
        assert_eq!(text(&vault.open(&sealed.commitments[1], &agency).await.expect("opened")), "b");

        assert_eq!(vault.destroy_patient_key("patient one").await.expect("destroyed"), 2);
        assert_eq!(vault.destroy_patient_key("patient one").await.expect("twice"), 0);
        assert!(erasures.has_changed().expect("the vault lives"));
        for reader in [&pharmacy, &agency] {
            let opened = vault.open(&sealed.commitments[0], reader).await.expect("asked");
            assert!(matches!(opened, Opened::Erased), "{opened:?}");
        }
        let stranger = vault.open(&sealed.commitments[0], &party("maker")).await.expect("asked");
        assert!(matches!(stranger, Opened::NotYours), "erasing tells a stranger nothing: {stranger:?}");
        assert_eq!(text(&vault.open(&other.commitments[0], &pharmacy).await.expect("another patient's")), "c");
        let late = vault.seal_patient(&pharmacy, "patient one", None, &[note("d")], &[]).await;
        assert!(matches!(late, Err(StoreError::PatientErased)), "{late:?}");
    }
}

#[tokio::test]
async fn what_an_older_copy_holds_opens_with_nothing_that_is_left() {
    use crate::entity::vault::{link, patient, ring};
    use crate::vault::Held;
    for database in databases("vault_older").await {
        let pharmacy = party("pharmacy");
        let vault = database.open().await.vault;
        let names: Vec<String> = (0..3_000).map(|number| format!("patient {number}")).collect();
        vault.know(&names).await.expect("known");
        let sealed = vault.seal_patient(&pharmacy, "patient 1", None, &[note("a")], &[]).await.expect("sealed");
        let neighbour = vault.seal_patient(&pharmacy, "patient 2", None, &[note("b")], &[]).await.expect("sealed");
        let read = vault.database.read();
        let id = vault.patient_id("patient 1");
        let rows = patient::Entity::find().all(read).await.expect("read");
        let old = ring::Entity::find().one(read).await.expect("read").expect("a ring");
        let first = vault.keys.patients.held();

        assert_eq!(vault.destroy_patient_key("patient 1").await.expect("destroyed"), 1);
        let left = RootKeeper::read(&*database.root).expect("held");
        assert_eq!(left.generation(), 2);
        Held::open(left.clone(), &old).err().expect("the older ring does not open");
        let now = vault.keys.patients.held();
        let opens = |row: &&patient::Model| now.unwrap(&row.patient, row.wrapped.as_deref().expect("a key")).is_some();
        let bucket = |row: &&patient::Model| (row.patient[0], row.patient[1] >> 6) == (id[0], id[1] >> 6);
        let opened: Vec<_> = rows.iter().filter(opens).map(|row| &row.patient).collect();
        let in_other_buckets: Vec<_> = rows.iter().filter(|row| !bucket(row)).map(|row| &row.patient).collect();
        assert_eq!(opened, in_other_buckets, "what the older copy has of the bucket does not open");
        if read.get_database_backend() == sea_orm::DbBackend::Sqlite {
            assert!(
                link::Entity::find().all(read).await.expect("read").is_empty(),
                "nothing leads on from the old root"
            );
        }
        // The others go on, also after a kill before the root's file was replaced, and also in a process that has the old one.
        assert_eq!(text(&vault.open(&neighbour.commitments[0], &pharmacy).await.expect("opened")), "b");
        let row = patient::Entity::find_by_id(rows[7].patient.clone()).one(read).await.expect("read").expect("a row");
        let before = first.unwrap(&rows[7].patient, rows[7].wrapped.as_deref().expect("a key")).expect("opens");
        assert_eq!(vault.keys.open_patient(Some(row)).await.expect("opened"), Some(before));
        let again = database.open().await.vault;
        assert!(matches!(again.open(&sealed.commitments[0], &pharmacy).await.expect("asked"), Opened::Erased));
        let older = Arc::new(HeldRoot::default());
        let strange = Store::open(&database.url, crate::testing::master(), older, founding()).await;
        assert!(matches!(strange, Err(StoreError::OtherRoot)), "another root leads nowhere");
    }
}

#[tokio::test]
async fn a_kill_before_the_root_is_replaced_is_made_good() {
    /// A keeper whose disk fails.
    #[derive(Debug, Default)]
    struct Failing(HeldRoot);
    impl RootKeeper for Failing {
        fn read(&self) -> std::io::Result<crate::Root> {
            self.0.read()
        }
        fn replace(&self, _: &crate::Root) -> std::io::Result<()> {
            Err(std::io::Error::other("the disk fails"))
        }
    }
    let database = databases("vault_killed").await.remove(0);
    let failing = Arc::new(Failing::default());
    let store = Store::open(&database.url, crate::testing::master(), failing.clone(), founding()).await.expect("opens");
    let pharmacy = party("pharmacy");
    store.vault.seal_patient(&pharmacy, "one", None, &[note("a")], &[]).await.expect("sealed");
    let other = store.vault.seal_patient(&pharmacy, "two", None, &[note("b")], &[]).await.expect("sealed");
    let failed = store.vault.destroy_patient_key("one").await;
    assert!(matches!(failed, Err(StoreError::Root(_))), "it is not said to be done: {failed:?}");
    drop(store);
    let root = Arc::new(HeldRoot::default());
    // What lay on the disk when it failed.
    root.replace(&failing.read().expect("held")).expect("replaced");
    let store = Store::open(&database.url, crate::testing::master(), root.clone(), founding()).await.expect("opens");
    assert_eq!(root.read().expect("held").generation(), 2);
    assert_eq!(text(&store.vault.open(&other.commitments[0], &pharmacy).await.expect("opened")), "b");
}

#[tokio::test]
async fn a_flipped_bit_is_named_never_served() {
    for database in databases("vault_tamper").await {
        let maker = party("maker");
        let vault = database.open().await.vault;
        let sealed = vault.seal(&maker, None, &[note("a"), note("b")], &[]).await.expect("sealed");
        let altered = sealed.commitments[1];
        let row = document::Entity::find_by_id(altered.0).one(vault.database.read()).await.expect("read");
        let bytes = row.expect("a row").sealed.expect("not erased");
        for position in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[position] ^= 1 << (position % 8);
            overwrite(&vault.database, &altered, flipped).await;
            let opened = vault.open(&altered, &maker).await;
            assert!(matches!(opened, Err(StoreError::Altered(named)) if named == altered), "{position}: {opened:?}");
        }
        // A whole ciphertext of the same group in another's place.
        let first = document::Entity::find_by_id(sealed.commitments[0].0).one(vault.database.read()).await;
        let swapped = first.expect("read").expect("a row").sealed.expect("not erased");
        overwrite(&vault.database, &altered, swapped).await;
        assert!(matches!(vault.open(&altered, &maker).await, Err(StoreError::Altered(_))));
        overwrite(&vault.database, &altered, bytes).await;
        assert_eq!(text(&vault.open(&altered, &maker).await.expect("whole again")), "b");
    }
}

async fn overwrite(database: &crate::database::Database, commitment: &Commitment, sealed: Vec<u8>) {
    use sea_orm::{ColumnTrait, QueryFilter, sea_query::Expr};
    document::Entity::update_many()
        .col_expr(document::Column::Sealed, Expr::value(Some(sealed)))
        .filter(document::Column::Commitment.eq(commitment.0.to_vec()))
        .exec(database.read())
        .await
        .expect("overwritten");
}

#[tokio::test]
async fn limits_and_another_master_key_are_refused() {
    for database in databases("vault_limits").await {
        let store = database.open().await;
        let large = note(&"x".repeat(crate::limits::DOCUMENT_BYTES_MAX));
        let refused = store.vault.seal(&party("maker"), None, &[large], &[]).await;
        assert!(matches!(refused, Err(StoreError::TooLarge { .. })), "{refused:?}");
        let other = MasterKey::new(Zeroizing::new([8; 32]));
        let refused = Store::open(&database.url, other, database.root.clone(), founding()).await;
        assert!(matches!(refused, Err(StoreError::OtherMasterKey)), "another master key opens nothing");
    }
}

#[tokio::test]
async fn sqlite_keeps_primary_data_through_a_power_cut() {
    let database = databases("vault_pragmas").await.remove(0);
    let store = database.open().await;
    let sql = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, "PRAGMA synchronous");
    let row = store.vault.database.read().query_one_raw(sql).await.expect("asked").expect("answered");
    assert_eq!(row.try_get_by_index::<i32>(0).expect("a number"), 2, "2 is FULL");
}
