//! What the tests share: a small network with its keys, a clock that is told the time, and a disk that fails on purpose.

#[cfg(test)]
mod disk;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod scale;
mod sequence;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use veridose_contract::{
    Action, Command, Commitment, Day, Genesis, IdempotencyKey, ItemKey, LotKey, Party, PartyId, ProductKey, Role, Site,
    Timestamp, Transaction,
};

#[cfg(test)]
pub(crate) use disk::{Fault, FaultyDisk};
#[cfg(test)]
pub(crate) use folder::{copy, fast_folder, files, flip};
#[cfg(test)]
pub(crate) use scale::{in_parallel, times};
pub use sequence::Sequence;

use crate::pki::{Authority, Request, fingerprint};
use crate::{Embedded, LogKey, Network, Options, Signer, prepare};

/// 2026-06-01, a moment in the middle of every certificate's validity.
pub const NOW: Timestamp = Timestamp(1_780_272_000_000);
const YEAR_MS: i64 = 365 * 24 * 3_600 * 1_000;
/// A site for each member.
pub const SITES: [u64; 4] = [9_506_000_134_352, 9_506_000_134_369, 9_506_000_134_376, 9_506_000_134_383];

/// Repeats the same numbers for the same seed.
pub struct Random(
    /// The seed, then where it stands.
    pub u64,
);

impl Random {
    /// Any number.
    pub fn number(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below the bound.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.number() % bound as u64).expect("below a usize")
    }
}

/// A member, with its authority and a certificate.
pub struct Member {
    /// Its name.
    pub id: PartyId,
    /// What it does.
    pub role: Role,
    /// What issues its certificates.
    pub authority: Authority,
    /// The certificate that it acts with.
    pub signer: Signer,
}

/// A maker, two distributors and a regulator.
pub struct Members {
    /// Founded by the four.
    pub network: Network,
    /// Makes.
    pub maker: Member,
    /// Distributes.
    pub north: Member,
    /// Distributes.
    pub south: Member,
    /// Supervises.
    pub regulator: Member,
    log_key: String,
    clock: Arc<AtomicI64>,
    requests: AtomicU64,
}

/// A year before and after [`NOW`].
pub fn validity() -> (Timestamp, Timestamp) {
    (Timestamp(NOW.0 - YEAR_MS), Timestamp(NOW.0 + YEAR_MS))
}

fn member(id: &str, role: Role) -> Member {
    let id = PartyId::parse(id).expect("a good name");
    let (not_before, not_after) = validity();
    let authority = Authority::create(&id, not_before, not_after).expect("a new authority");
    let signer = issue(&authority, role, not_before, not_after);
    Member { id, role, authority, signer }
}

/// A signer with a new certificate of the authority.
pub fn issue(authority: &Authority, role: Role, not_before: Timestamp, not_after: Timestamp) -> Signer {
    let issued = authority.issue(&Request { role, site: None, not_before, not_after }).expect("a certificate");
    Signer::new(&issued.key, issued.certificate).expect("a signer")
}

impl Default for Members {
    fn default() -> Self {
        Self::new()
    }
}

impl Members {
    /// Four members with new keys.
    pub fn new() -> Self {
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

    /// The log's key.
    pub fn log_key(&self) -> LogKey {
        LogKey::parse(&self.log_key).expect("our own key")
    }

    /// The usual settings, with the members' clock.
    pub fn options(&self) -> Options {
        let clock = Arc::clone(&self.clock);
        Options { verifiers: 2, ..Options::new(Arc::new(move || Timestamp(clock.load(Ordering::Relaxed)))) }
    }

    /// Tells the clock the time.
    pub fn set_clock(&self, now: Timestamp) {
        self.clock.store(now.0, Ordering::Relaxed);
    }

    /// Opens the ledger in a folder.
    pub fn open(&self, folder: &Path) -> Embedded {
        Embedded::open(folder, self.network.clone(), self.log_key(), self.options()).expect("the ledger opens")
    }

    /// A transaction under a request of its own.
    pub fn sign(&self, member: &Member, actions: Vec<(Action, Vec<ItemKey>)>) -> Transaction {
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut key = [0; 16];
        key[..8].copy_from_slice(&request.to_be_bytes());
        self.sign_as(&member.signer, IdempotencyKey(key), NOW, actions)
    }

    /// A transaction under a request of this name, at this time.
    pub fn sign_as(
        &self,
        signer: &Signer,
        key: IdempotencyKey,
        time: Timestamp,
        actions: Vec<(Action, Vec<ItemKey>)>,
    ) -> Transaction {
        prepare(signer, self.network.id, key, time, commands(actions)).expect("it can be signed")
    }

    /// What registers the certificate of each member, the product and the lot: five transactions.
    pub fn beginning(&self) -> Vec<Transaction> {
        let register = |member: &Member| {
            let register = Action::RegisterCertificate(member.signer.certificate().clone());
            self.sign(member, vec![(register, vec![])])
        };
        let lot = Action::RegisterLot { lot: LOT, product: PRODUCT, expiry: Day(NOW.day().0 + 365) };
        let stock = self.sign(&self.maker, vec![(Action::RegisterProduct(PRODUCT), vec![]), (lot, vec![])]);
        let members = [&self.maker, &self.north, &self.south, &self.regulator];
        members.into_iter().map(register).chain([stock]).collect()
    }

    /// Submits them.
    pub async fn begin(&self, ledger: &Embedded) {
        for transaction in self.beginning() {
            ledger.submit(transaction).await.expect("the first certificates, product and lot");
        }
    }

    /// The maker's word that the items are packs of [`LOT`].
    pub fn commission(&self, items: Vec<ItemKey>) -> Transaction {
        self.sign(&self.maker, vec![(Action::Commission { lot: LOT }, items)])
    }
}

/// The actions as commands that happened now.
pub fn commands(actions: Vec<(Action, Vec<ItemKey>)>) -> Vec<Command> {
    let command = |(action, items)| Command { action, happened: NOW, site: None, payload: Commitment([7; 32]), items };
    actions.into_iter().map(command).collect()
}

/// The maker's product.
pub const PRODUCT: ProductKey = ProductKey([1; 32]);
/// Its lot.
pub const LOT: LotKey = LotKey([2; 32]);

/// Packs `first` to `first + count`.
pub fn packs(first: u64, count: u64) -> Vec<ItemKey> {
    (first..first + count).map(pack).collect()
}

/// Pack number so and so.
pub fn pack(number: u64) -> ItemKey {
    ItemKey(veridose_contract::merkle::leaf_hash(&number.to_be_bytes()))
}
