//! A manufacturer that signs its own transactions, on a network of its own: what a load is made of.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use borsh::{BorshDeserialize, BorshSerialize};
use veridose_contract::blind::NetworkKey;
use veridose_contract::{
    Action, Certificate, Command, Commitment, Day, DecommissionReason, Genesis, IdempotencyKey, ItemKey, LotKey, Party,
    PartyId, ProductKey, Role, Site, Timestamp, Transaction,
};
use veridose_ledger::pki::{Authority, AuthorityCertificate, Issued, Request, check, fingerprint};
use veridose_ledger::{Embedded, Ledger, LogKey, LogVerifier, Network, Options, Signer, signer};

const DAY_MS: i64 = 86_400_000;
const SITE: Site = Site(9_506_000_134_352);

/// The manufacturer, its network, and the keys of both.
pub struct Factory {
    /// The network that it alone founded.
    pub network: Network,
    secrets: Secrets,
    signer: Signer,
    names: NetworkKey,
}

/// What a second process needs to go on.
#[derive(BorshSerialize, BorshDeserialize)]
struct Secrets {
    network: String,
    log_key: String,
    certificate: Certificate,
    key: Vec<u8>,
}

impl Factory {
    /// Founds a network for a log of the name.
    pub fn found(origin: &str) -> anyhow::Result<Self> {
        let now = now();
        let id = PartyId::parse("factory")?;
        let (not_before, not_after) = (Timestamp(now.0 - DAY_MS), Timestamp(now.0 + 365 * DAY_MS));
        let authority = Authority::create(&id, not_before, not_after)?;
        let Issued { certificate, key } =
            authority.issue(&Request { role: Role::Manufacturer, site: Some(SITE), not_before, not_after })?;
        let ca_der = authority.der().to_vec();
        let ca = fingerprint(&ca_der);
        let name = "Factory".to_owned();
        let party = Party { id, name, role: Role::Manufacturer, sites: vec![SITE], ca, ca_der };
        let genesis = Genesis { name: "Load".to_owned(), admit_threshold: 1, members: vec![party] };
        let network = Network::new(origin, genesis)?.to_toml();
        let log_key = LogKey::generate(origin)?.text().to_owned();
        Self::from_secrets(Secrets { network, log_key, certificate, key: key.to_vec() })
    }

    /// The factory that another process saved.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        Self::from_secrets(borsh::from_slice(&std::fs::read(file)?)?)
    }

    /// Saves it, keys in the clear: they sign nothing but a test's load.
    pub fn save(&self, file: &Path) -> anyhow::Result<()> {
        Ok(std::fs::write(file, borsh::to_vec(&self.secrets)?)?)
    }

    fn from_secrets(secrets: Secrets) -> anyhow::Result<Self> {
        let network = Network::parse(&secrets.network)?;
        let signer = Signer::new(&secrets.key, secrets.certificate.clone())?;
        Ok(Self { network, signer, secrets, names: NetworkKey::new(&[7; 32]) })
    }

    /// Opens the network's ledger in the folder, or begins it there.
    pub fn ledger(&self, folder: &Path) -> anyhow::Result<Ledger> {
        let options = Options::new(Arc::new(now));
        let key = LogKey::parse(&self.secrets.log_key)?;
        Ok(Ledger::Embedded(Embedded::open(folder, self.network.clone(), key, options)?))
    }

    /// The log's public key.
    pub fn verifier(&self) -> anyhow::Result<LogVerifier> {
        Ok(LogKey::parse(&self.secrets.log_key)?.verifier().clone())
    }

    /// What comes before any pack: certificate, product and lot.
    pub fn opening(&self) -> anyhow::Result<Transaction> {
        let expiry = Day(now().day().0 + 365);
        self.sign(
            "opening",
            [
                (Action::RegisterCertificate(self.signer.certificate().clone()), Vec::new()),
                (Action::RegisterProduct(self.product()), Vec::new()),
                (Action::RegisterLot { lot: self.lot(), product: self.product(), expiry }, Vec::new()),
            ],
        )
    }

    /// Commissions packs.
    pub fn commission(&self, key: &str, items: Vec<ItemKey>) -> anyhow::Result<Transaction> {
        self.sign(key, [(Action::Commission { lot: self.lot() }, items)])
    }

    /// Takes one pack out of the trade: what a dispense is to the ledger, an event and the pack's new state.
    pub fn give_away(&self, key: &str, item: ItemKey) -> anyhow::Result<Transaction> {
        self.sign(key, [(Action::Decommission { reason: DecommissionReason::FreeSample }, vec![item])])
    }

    /// The key of the pack with the serial number.
    pub fn pack(&self, serial: &str) -> ItemKey {
        self.names.item(&format!("(01)09506000134352(21){serial}"))
    }

    /// The key that its signatures are checked with.
    pub fn public_key(&self) -> anyhow::Result<[u8; 65]> {
        let certificate = self.signer.certificate();
        let member = self.network.genesis.members.first().context("the factory founded the network")?;
        let authority = AuthorityCertificate::parse(&member.ca_der)?;
        Ok(check(&certificate.der, &authority, &certificate.party)?.public_key)
    }

    /// The manufacturer's certificate and key.
    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    fn product(&self) -> ProductKey {
        self.names.product("(01)09506000134352")
    }

    fn lot(&self) -> LotKey {
        self.names.lot("(01)09506000134352(10)L1")
    }

    fn sign(
        &self,
        key: &str,
        actions: impl IntoIterator<Item = (Action, Vec<ItemKey>)>,
    ) -> anyhow::Result<Transaction> {
        let (now, payload) = (now(), Commitment([9; 32]));
        let commands = actions.into_iter().map(|(action, items)| Command {
            action,
            happened: now,
            site: Some(SITE),
            payload,
            items,
        });
        let key = IdempotencyKey(first_half(key));
        signer::prepare(&self.signer, self.network.id, key, now, commands.collect()).context("failed to sign")
    }
}

fn first_half(text: &str) -> [u8; 16] {
    let hash = veridose_contract::merkle::leaf_hash(text.as_bytes());
    hash[..16].try_into().expect("16 of 32 bytes")
}

/// This moment.
#[expect(clippy::disallowed_methods, reason = "a load is at the edge: its transactions are of now")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("the clock stands after 1970");
    Timestamp(i64::try_from(since.as_millis()).expect("milliseconds fit for 292 million years"))
}
