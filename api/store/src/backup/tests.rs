use std::path::Path;

use super::{KeyBackup, restore, unknown_patients};
use crate::testing::{databases, founding, master, party};
use crate::{HeldRoot, Opened, Payload, Root, RootKeeper as _, Store, StoreError};

fn note(text: &str) -> Payload {
    Payload::Note(crate::payload::Note::new(text.into()))
}

async fn write(store: &Store, folder: &Path) {
    let (stillness, snapshot) = store.hold_still().await.expect("held");
    drop(stillness);
    snapshot.write(folder).await.expect("written");
}

async fn tables(store: &Store) -> Vec<String> {
    use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
    let read = store.vault.database.read();
    let query = match read.get_database_backend() {
        DbBackend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
        _ => return Vec::new(),
    };
    let rows = read.query_all_raw(Statement::from_string(DbBackend::Sqlite, query)).await.expect("asked");
    rows.iter().map(|row| row.try_get("", "name").expect("a name")).collect()
}

#[tokio::test]
async fn every_table_of_primary_data_is_in_a_backup_but_those_of_keys() {
    let database = databases("backup_tables").await.remove(0);
    let store = database.open().await;
    let folder = tempfile::tempdir().expect("a folder");
    write(&store, folder.path()).await;
    for table in tables(&store).await {
        // Sessions and ceremonies last for minutes or hours: after a restore everybody signs in again.
        let is_left_out =
            ["vault_party", "vault_ring", "vault_link", "primary_migration", "session", "passkey_ceremony"]
                .contains(&table.as_str());
        assert_eq!(folder.path().join(format!("{table}.rows")).exists(), !is_left_out, "{table}");
    }
}

#[tokio::test]
async fn what_is_erased_after_a_backup_is_not_restored_and_the_rest_is() {
    for (database, other) in databases("backup_from").await.into_iter().zip(databases("backup_to").await) {
        let pharmacy = party("pharmacy");
        let store = database.open().await;
        let folder = tempfile::tempdir().expect("a folder");
        let sealed = |patient: &'static str| {
            let (vault, pharmacy) = (store.vault.clone(), pharmacy.clone());
            async move { vault.seal_patient(&pharmacy, patient, None, &[note(patient)], &[]).await.expect("sealed") }
        };
        let (one, two) = (sealed("patient one").await, sealed("patient two").await);
        write(&store, folder.path()).await;
        let (first, path) = (Root::first(), folder.path().join("keys"));
        store.write_key_backup(&path, &first, Vec::new()).await.expect("written");
        let old = folder.path().join("old");
        std::fs::copy(&path, &old).expect("copied");
        let before = KeyBackup::read(&path, &first).expect("opens");
        assert_eq!((before.patients(), before.erased.len(), before.mark.erasures), (2, 0, 1));
        assert_eq!(unknown_patients(folder.path(), &before).expect("read"), 0);

        store.vault.destroy_patient_key("patient one").await.expect("destroyed");
        let second = first.next();
        store.write_key_backup(&path, &second, vec![("vault.key".into(), vec![1])]).await.expect("written");
        KeyBackup::read(&old, &second).expect_err("the new key opens no old backup");
        KeyBackup::read(&path, &first).expect_err("nor the old one a new backup");
        let keys = KeyBackup::read(&path, &second).expect("opens");
        assert_eq!((keys.patients(), keys.erased.len(), keys.mark.erasures), (1, 1, 2));
        assert_eq!(keys.files, [("vault.key".to_owned(), vec![1])]);

        let root = std::sync::Arc::new(HeldRoot::default());
        let restored = restore(&other.url, master(), root.clone(), folder.path(), &keys).await.expect("restored");
        assert_eq!((restored.patients, restored.erased), (1, 1));
        let again = restore(&other.url, master(), root.clone(), folder.path(), &keys).await;
        assert!(matches!(again, Err(StoreError::NotEmpty(_))), "{again:?}");
        assert_eq!(root.read().expect("held").generation(), 1, "who has no key needs no new root");
        let store = Store::open(&other.url, master(), root, founding()).await.expect("opens");
        let opened = store.vault.open(&one.commitments[0], &pharmacy).await.expect("asked");
        assert!(matches!(opened, Opened::Erased), "{opened:?}");
        let opened = store.vault.open(&two.commitments[0], &pharmacy).await.expect("asked");
        assert!(matches!(opened, Opened::Document(_)), "{opened:?}");
        let late = store.vault.seal_patient(&pharmacy, "patient one", None, &[note("late")], &[]).await;
        assert!(matches!(late, Err(StoreError::PatientErased)), "{late:?}");
    }
}

#[tokio::test]
async fn a_flipped_bit_of_a_key_backup_is_found() {
    let database = databases("backup_flips").await.remove(0);
    let store = database.open().await;
    let folder = tempfile::tempdir().expect("a folder");
    store.vault.know(&["one".into(), "two".into()]).await.expect("known");
    let (key, path) = (Root::first(), folder.path().join("keys"));
    store.write_key_backup(&path, &key, Vec::new()).await.expect("written");
    let bytes = std::fs::read(&path).expect("read");
    for place in (0..bytes.len()).step_by(7) {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << (place % 8);
        std::fs::write(&path, flipped).expect("written");
        KeyBackup::read(&path, &key).expect_err("altered");
    }
}
