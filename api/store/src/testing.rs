//! Stores for tests: SQLite in a directory that goes away, and PostgreSQL where `VERIDOSE_TEST_POSTGRES` names a server.

use std::sync::Arc;

use veridose_contract::{Fingerprint, NetworkId, Party, PartyId, Role, Site};
use zeroize::Zeroizing;

use crate::{Claim, Founding, HeldRoot, MasterKey, Store};

pub(crate) struct TestDatabase {
    pub(crate) url: String,
    pub(crate) root: Arc<HeldRoot>,
    _directory: Option<tempfile::TempDir>,
}

/// The databases to test on; says plainly when PostgreSQL is left out. `name` keeps the tests' schemas apart.
pub(crate) async fn databases(name: &str) -> Vec<TestDatabase> {
    use sea_orm::ConnectionTrait;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let url = format!("sqlite:{}", directory.path().join("store.db").display());
    let mut databases = vec![TestDatabase { url, root: Arc::default(), _directory: Some(directory) }];
    if let Ok(server) = std::env::var("VERIDOSE_TEST_POSTGRES") {
        let admin = sea_orm::Database::connect(&server).await.expect("PostgreSQL answers");
        admin
            .execute_unprepared(&format!("DROP SCHEMA IF EXISTS store_{name} CASCADE"))
            .await
            .expect("the schema is dropped");
        admin.execute_unprepared(&format!("CREATE SCHEMA store_{name}")).await.expect("the schema is created");
        let url = format!("{server}?options=-csearch_path%3Dstore_{name}");
        databases.push(TestDatabase { url, root: Arc::default(), _directory: None });
    } else {
        skipped("PostgreSQL: VERIDOSE_TEST_POSTGRES names no server");
    }
    databases
}

#[allow(clippy::print_stderr)]
fn skipped(what: &str) {
    eprintln!("SKIPPED {what}");
}

pub(crate) fn party(name: &str) -> PartyId {
    PartyId::parse(name).expect("a well-formed name")
}

pub(crate) fn founding() -> Founding {
    let member = |id: &str, role, site| Party {
        id: party(id),
        name: id.to_uppercase(),
        role,
        sites: vec![Site(site)],
        ca: Fingerprint([1; 32]),
        ca_der: Vec::new(),
    };
    let members = vec![
        member("maker", Role::Manufacturer, 1),
        member("wholesaler", Role::Distributor, 2),
        member("pharmacy", Role::Pharmacy, 3),
        member("agency", Role::Regulator, 4),
    ];
    Founding { network: NetworkId([7; 16]), members, threshold: 2 }
}

pub(crate) fn master() -> MasterKey {
    MasterKey::new(Zeroizing::new([9; 32]))
}

impl TestDatabase {
    /// A store whose process owns the view, if no other one does.
    pub(crate) async fn open(&self) -> Store {
        let store =
            Store::open(&self.url, master(), Arc::clone(&self.root) as _, founding()).await.expect("the store opens");
        store.projection.claim(Claim::Start).await.expect("asked");
        store
    }
}
