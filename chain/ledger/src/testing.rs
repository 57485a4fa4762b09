//! What the tests share: a small network with its keys, a clock that is told the time, and a disk that fails on purpose.

mod disk;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use veridose_contract::{
    Action, Command, Commitment, Day, Genesis, IdempotencyKey, ItemKey, LotKey, Party, PartyId, ProductKey, Role, Site,
    Timestamp, Transaction,
};

pub(crate) use disk::{Fault, FaultyDisk};

use crate::pki::{Authority, Request, fingerprint};
use crate::{Embedded, LogKey, Network, Options, Signer, prepare};

/// 2026-06-01, a moment in the middle of every certificate's validity.
pub(crate) const NOW: Timestamp = Timestamp(1_780_272_000_000);
const YEAR_MS: i64 = 365 * 24 * 3_600 * 1_000;
pub(crate) const SITES: [u64; 4] = [9_506_000_134_352, 9_506_000_134_369, 9_506_000_134_376, 9_506_000_134_383];

/// Repeats the same numbers for the same seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("below a usize")
    }
}

pub(crate) struct Member {
    pub(crate) id: PartyId,
    pub(crate) role: Role,
    pub(crate) authority: Authority,
    pub(crate) signer: Signer,
}

/// A maker, two distributors and a regulator.
pub(crate) struct Members {
    pub(crate) network: Network,
    pub(crate) maker: Member,
    pub(crate) north: Member,
    pub(crate) south: Member,
    pub(crate) regulator: Member,
    log_key: String,
    clock: Arc<AtomicI64>,
    requests: AtomicU64,
}

pub(crate) fn validity() -> (Timestamp, Timestamp) {
    (Timestamp(NOW.0 - YEAR_MS), Timestamp(NOW.0 + YEAR_MS))
}

fn member(id: &str, role: Role) -> Member {
    let id = PartyId::parse(id).expect("a good name");
    let (not_before, not_after) = validity();
    let authority = Authority::create(&id, not_before, not_after).expect("a new authority");
    let signer = issue(&authority, role, not_before, not_after);
    Member { id, role, authority, signer }
}

pub(crate) fn issue(authority: &Authority, role: Role, not_before: Timestamp, not_after: Timestamp) -> Signer {
    let issued = authority.issue(&Request { role, site: None, not_before, not_after }).expect("a certificate");
    Signer::new(&issued.key, issued.certificate).expect("a signer")
}

impl Members {
    pub(crate) fn new() -> Self {
        let maker = member("maker", Role::Manufacturer);
        let north = member("north", Role::Distributor);
        let south = member("south", Role::Distributor);
        let regulator = member("regulator", Role::Regulator);
        let party = |(member, site): (&Member, u64)| Party {
            id: member.id.clone(),
            name: member.id.to_string(),
            role: member.role,
            sites: vec![Site(site)],
            ca: fingerprint(member.authority.der()),
            ca_der: member.authority.der().to_vec(),
        };
        let members = [&maker, &north, &south, &regulator].into_iter().zip(SITES).map(party).collect();
        let genesis = Genesis { name: "Test".to_owned(), admit_threshold: 2, members };
        let network = Network::new("ledger.example.org/test", genesis).expect("a good network");
        let log_key = LogKey::generate(&network.origin).expect("a key").text().to_owned();
        let clock = Arc::new(AtomicI64::new(NOW.0));
        Self { network, maker, north, south, regulator, log_key, clock, requests: AtomicU64::new(0) }
    }

    pub(crate) fn log_key(&self) -> LogKey {
        LogKey::parse(&self.log_key).expect("our own key")
    }

    pub(crate) fn options(&self) -> Options {
        let clock = Arc::clone(&self.clock);
        Options { verifiers: 2, ..Options::new(Arc::new(move || Timestamp(clock.load(Ordering::Relaxed)))) }
    }

    pub(crate) fn set_clock(&self, now: Timestamp) {
        self.clock.store(now.0, Ordering::Relaxed);
    }

    pub(crate) fn open(&self, folder: &Path) -> Embedded {
        Embedded::open(folder, self.network.clone(), self.log_key(), self.options()).expect("the ledger opens")
    }

    /// A transaction under a request of its own.
    pub(crate) fn sign(&self, member: &Member, actions: Vec<(Action, Vec<ItemKey>)>) -> Transaction {
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut key = [0; 16];
        key[..8].copy_from_slice(&request.to_be_bytes());
        self.sign_as(&member.signer, IdempotencyKey(key), NOW, actions)
    }

    pub(crate) fn sign_as(
        &self,
        signer: &Signer,
        key: IdempotencyKey,
        time: Timestamp,
        actions: Vec<(Action, Vec<ItemKey>)>,
    ) -> Transaction {
        prepare(signer, self.network.id, key, time, commands(actions)).expect("it can be signed")
    }

    /// Registers the certificate of each member, the product and the lot: five entries.
    pub(crate) async fn begin(&self, ledger: &Embedded) {
        for member in [&self.maker, &self.north, &self.south, &self.regulator] {
            let register = Action::RegisterCertificate(member.signer.certificate().clone());
            ledger.submit(self.sign(member, vec![(register, vec![])])).await.expect("the first certificate");
        }
        let lot = Action::RegisterLot { lot: LOT, product: PRODUCT, expiry: Day(NOW.day().0 + 365) };
        let transaction = self.sign(&self.maker, vec![(Action::RegisterProduct(PRODUCT), vec![]), (lot, vec![])]);
        ledger.submit(transaction).await.expect("product and lot");
    }

    pub(crate) fn commission(&self, items: Vec<ItemKey>) -> Transaction {
        self.sign(&self.maker, vec![(Action::Commission { lot: LOT }, items)])
    }
}

pub(crate) fn commands(actions: Vec<(Action, Vec<ItemKey>)>) -> Vec<Command> {
    let command = |(action, items)| Command { action, happened: NOW, site: None, payload: Commitment([7; 32]), items };
    actions.into_iter().map(command).collect()
}

pub(crate) const PRODUCT: ProductKey = ProductKey([1; 32]);
pub(crate) const LOT: LotKey = LotKey([2; 32]);

/// Packs `first` to `first + count`.
pub(crate) fn packs(first: u64, count: u64) -> Vec<ItemKey> {
    (first..first + count).map(pack).collect()
}

pub(crate) fn pack(number: u64) -> ItemKey {
    ItemKey(veridose_contract::merkle::leaf_hash(&number.to_be_bytes()))
}
