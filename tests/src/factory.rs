//! A manufacturer and a depot that sign their own transactions, on a network of their own: what a load is made of.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use borsh::{BorshDeserialize, BorshSerialize};
use veridose_contract::blind::NetworkKey;
use veridose_contract::{
    Action, Certificate, Command, Commitment, Day, DecommissionReason, Genesis, HandoffKind, IdempotencyKey, ItemKey,
    LotKey, OfferId, Party, PartyId, ProductKey, Role, Site, Timestamp, Transaction,
};
use veridose_ledger::pki::{Authority, AuthorityCertificate, Issued, Request, check, fingerprint};
use veridose_ledger::{Embedded, Ledger, LogKey, LogVerifier, Network, Options, Signer, signer};

const DAY_MS: i64 = 86_400_000;

/// Who signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The manufacturer.
    Factory,
    /// A distributor.
    Depot,
}

/// The two members, their network, and the keys of all.
pub struct Factory {
    /// The network that they founded.
    pub network: Network,
    secrets: Secrets,
    signer: Signer,
    depot: Signer,
    names: NetworkKey,
}

/// What a second process needs to go on.
#[derive(BorshSerialize, BorshDeserialize)]
struct Secrets {
    network: String,
    log_key: String,
    factory: (Certificate, Vec<u8>),
    depot: (Certificate, Vec<u8>),
}

impl Side {
    const fn id(self) -> &'static str {
        match self {
            Self::Factory => "factory",
            Self::Depot => "depot",
        }
    }

    const fn role(self) -> Role {
        match self {
            Self::Factory => Role::Manufacturer,
            Self::Depot => Role::Distributor,
        }
    }

    const fn site(self) -> Site {
        match self {
            Self::Factory => Site(9_506_000_134_352),
            Self::Depot => Site(9_506_000_134_369),
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Factory => Self::Depot,
            Self::Depot => Self::Factory,
        }
    }

    /// A member, and what it signs with.
    fn member(self, now: Timestamp) -> anyhow::Result<(Party, (Certificate, Vec<u8>))> {
        let (id, role, site) = (PartyId::parse(self.id())?, self.role(), self.site());
        let (not_before, not_after) = (Timestamp(now.0 - DAY_MS), Timestamp(now.0 + 365 * DAY_MS));
        let authority = Authority::create(&id, not_before, not_after)?;
        let Issued { certificate, key } =
            authority.issue(&Request { role, site: Some(site), not_before, not_after })?;
        let ca_der = authority.der().to_vec();
        let (ca, name) = (fingerprint(&ca_der), self.id().to_owned());
        Ok((Party { id, name, role, sites: vec![site], ca, ca_der }, (certificate, key.to_vec())))
    }
}

impl Factory {
    /// Founds a network for a log of the name.
    pub fn found(origin: &str) -> anyhow::Result<Self> {
        let now = now();
        let (factory, factory_keys) = Side::Factory.member(now)?;
        let (depot, depot_keys) = Side::Depot.member(now)?;
        let genesis = Genesis { name: "Load".to_owned(), admit_threshold: 1, members: vec![factory, depot] };
        let network = Network::new(origin, genesis)?.to_toml();
        let log_key = LogKey::generate(origin)?.text().to_owned();
        Self::from_secrets(Secrets { network, log_key, factory: factory_keys, depot: depot_keys })
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
        let signer = Signer::new(&secrets.factory.1, secrets.factory.0.clone())?;
        let depot = Signer::new(&secrets.depot.1, secrets.depot.0.clone())?;
        Ok(Self { network, signer, depot, secrets, names: NetworkKey::new(&[7; 32]) })
    }

    /// Opens the network's ledger in the folder, or begins it there.
    pub fn ledger(&self, folder: &Path) -> anyhow::Result<Ledger> {
        Ok(Ledger::Embedded(self.embedded(folder)?))
    }

    /// The same, as what it is.
    pub fn embedded(&self, folder: &Path) -> anyhow::Result<Embedded> {
        let options = Options::new(Arc::new(now));
        let key = LogKey::parse(&self.secrets.log_key)?;
        Ok(Embedded::open(folder, self.network.clone(), key, options)?)
    }

    /// The log's public key.
    pub fn verifier(&self) -> anyhow::Result<LogVerifier> {
        Ok(LogKey::parse(&self.secrets.log_key)?.verifier().clone())
    }

    /// What comes before any pack: certificate, product and lot.
    pub fn opening(&self) -> anyhow::Result<Transaction> {
        let expiry = Day(now().day().0 + 365);
        self.sign(
            Side::Factory,
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
        self.sign(Side::Factory, key, [(Action::Commission { lot: self.lot() }, items)])
    }

    /// The depot's certificate.
    pub fn depot_opening(&self) -> anyhow::Result<Transaction> {
        let register = Action::RegisterCertificate(self.depot.certificate().clone());
        self.sign(Side::Depot, "opening", [(register, Vec::new())])
    }

    /// Puts packs into a pallet, which comes into being by it.
    pub fn palletise(&self, key: &str, pallet: ItemKey, packs: Vec<ItemKey>) -> anyhow::Result<Transaction> {
        self.sign(Side::Factory, key, [(Action::Aggregate { parent: pallet, create: true }, packs)])
    }

    /// One side offers an item to the other, under an offer named after the key.
    pub fn offer(&self, from: Side, key: &str, item: ItemKey) -> anyhow::Result<Transaction> {
        let kind = match from {
            Side::Factory => HandoffKind::Shipment,
            Side::Depot => HandoffKind::Return,
        };
        let (offer, to) = (OfferId(first_half(key)), PartyId::parse(from.other().id())?);
        self.sign(from, &format!("{key} offered"), [(Action::Offer { offer, to, kind }, vec![item])])
    }

    /// The other side accepts it.
    pub fn accept(&self, by: Side, key: &str, item: ItemKey) -> anyhow::Result<Transaction> {
        let accept = Action::Accept { offer: OfferId(first_half(key)), discrepancies: Vec::new() };
        self.sign(by, &format!("{key} accepted"), [(accept, vec![item])])
    }

    /// Takes one pack out of the trade: what a dispense is to the ledger, an event and the pack's new state.
    pub fn give_away(&self, key: &str, item: ItemKey) -> anyhow::Result<Transaction> {
        self.sign(Side::Factory, key, [(Action::Decommission { reason: DecommissionReason::FreeSample }, vec![item])])
    }

    /// The key of the pack with the serial number.
    pub fn pack(&self, serial: &str) -> ItemKey {
        self.names.item(&format!("(01)09506000134352(21){serial}"))
    }

    /// The key that its signatures are checked with.
    pub fn public_key(&self) -> anyhow::Result<[u8; 65]> {
        let certificate = self.signer.certificate();
        let mut members = self.network.genesis.members.iter();
        let member = members.find(|member| member.id == certificate.party).context("the factory is a founder")?;
        let authority = AuthorityCertificate::parse(&member.ca_der)?;
        Ok(check(&certificate.der, &authority, &certificate.party)?.public_key)
    }

    /// The key of a pallet.
    pub fn pallet(&self, number: usize) -> ItemKey {
        self.names.item(&format!("(00)pallet {number}"))
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
        side: Side,
        key: &str,
        actions: impl IntoIterator<Item = (Action, Vec<ItemKey>)>,
    ) -> anyhow::Result<Transaction> {
        let signer = match side {
            Side::Factory => &self.signer,
            Side::Depot => &self.depot,
        };
        let (now, payload) = (now(), Commitment([9; 32]));
        let commands = actions.into_iter().map(|(action, items)| Command {
            action,
            happened: now,
            site: Some(side.site()),
            payload,
            items,
        });
        let key = IdempotencyKey(first_half(key));
        signer::prepare(signer, self.network.id, key, now, commands.collect()).context("failed to sign")
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
