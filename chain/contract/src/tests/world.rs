//! A small network in memory: two manufacturers, a distributor, two pharmacies, a regulator.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::*;

pub(super) type Memory = BTreeMap<Vec<u8>, Vec<u8>>;

impl StateRead for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        Ok(BTreeMap::get(self, key).cloned())
    }
}

pub(super) const DAY: i64 = 86_400_000;
pub(super) const START: i64 = 20_000 * DAY;

pub(super) struct World {
    pub(super) state: Memory,
    pub(super) time: i64,
    pub(super) log: Vec<(Creator, Header, Body)>,
    pub(super) produced: BTreeSet<Code>,
    network: NetworkId,
}

pub(super) fn id(name: &str) -> PartyId {
    PartyId::parse(name).expect("a party's name")
}

pub(super) fn item(number: u16) -> ItemKey {
    let mut key = [7; 32];
    key.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
    ItemKey(key)
}

pub(super) fn product(number: u8) -> ProductKey {
    ProductKey([number; 32])
}

pub(super) fn lot(number: u8) -> LotKey {
    LotKey([number; 32])
}

pub(super) fn party(name: &str, role: Role) -> Party {
    let ca_der = name.as_bytes().to_vec();
    let ca = Fingerprint(Sha256::digest(&ca_der).into());
    Party { id: id(name), name: name.to_owned(), role, sites: vec![site(name, 0), site(name, 1)], ca, ca_der }
}

pub(super) fn site(name: &str, number: u64) -> Site {
    name.bytes()
        .fold(Site(number), |site, byte| Site(site.0.wrapping_mul(31).wrapping_add(byte.into()) % 1_000_000_000))
}

pub(super) fn founders() -> Genesis {
    let members = [
        ("maker", Role::Manufacturer),
        ("rival", Role::Manufacturer),
        ("dist", Role::Distributor),
        ("pharm", Role::Pharmacy),
        ("corner", Role::Pharmacy),
        ("reg", Role::Regulator),
    ];
    Genesis {
        name: "test".into(),
        admit_threshold: 2,
        members: members.iter().map(|(name, role)| party(name, *role)).collect(),
    }
}

impl World {
    pub(super) fn new() -> Self {
        let genesis = founders();
        genesis.check().expect("a good genesis");
        let mut world = Self {
            state: Memory::new(),
            time: START,
            log: Vec::new(),
            produced: BTreeSet::new(),
            network: network_id(&genesis),
        };
        commit(&mut world.state, &genesis_writes(&genesis));
        world
    }

    /// With product 1, lot 1 (30 days of life), and packs 1 to 20 of the maker.
    pub(super) fn stocked() -> Self {
        let mut world = Self::new();
        world.ok("maker", Action::RegisterProduct(product(1)), &[]);
        world.ok("maker", Action::RegisterLot { lot: lot(1), product: product(1), expiry: Day(20_030) }, &[]);
        world.ok("maker", Action::Commission { lot: lot(1) }, &(1..=20).collect::<Vec<_>>());
        world
    }

    pub(super) fn command(&self, by: &str, action: Action, items: &[u16]) -> Command {
        Command {
            action,
            happened: Timestamp(self.time),
            site: Some(site(by, 0)),
            payload: Commitment([9; 32]),
            items: items.iter().map(|number| item(*number)).collect(),
        }
    }

    pub(super) fn transaction(&self, by: &str, commands: Vec<Command>) -> (Creator, Header, Body) {
        let body = Body { commands };
        let creator =
            Creator { party: id(by), role: Role::Manufacturer, site: None, fingerprint: Fingerprint([1; 32]) };
        let mut key = [0; 16];
        key.iter_mut().zip((self.log.len() as u64).to_le_bytes()).for_each(|(to, from)| *to = from);
        let header = Header {
            version: Header::VERSION,
            network: self.network,
            idempotency_key: IdempotencyKey(key),
            time: Timestamp(self.time),
            creator: creator.fingerprint,
            body_root: body.root(),
        };
        (creator, header, body)
    }

    pub(super) fn submit(&mut self, entry: (Creator, Header, Body)) -> Result<Outcome, ApplyError> {
        let outcome = apply(&self.state, &entry.0, &entry.1, &entry.2)?;
        commit(&mut self.state, &outcome.writes);
        self.log.push(entry);
        Ok(outcome)
    }

    pub(super) fn ok(&mut self, by: &str, action: Action, items: &[u16]) -> Outcome {
        let command = self.command(by, action, items);
        let entry = self.transaction(by, vec![command]);
        self.submit(entry).expect("accepted")
    }

    /// The name of the last transaction.
    pub(super) fn last(&self) -> TxId {
        self.log.last().expect("one").1.id()
    }

    pub(super) fn no(&mut self, by: &str, action: Action, items: &[u16], code: Code) {
        let command = self.command(by, action, items);
        let entry = self.transaction(by, vec![command]);
        self.no_entry(entry, code);
    }

    /// A transaction signed with another certificate of the party.
    pub(super) fn signed(&self, by: &str, certificate: u8, action: Action) -> (Creator, Header, Body) {
        let command = self.command(by, action, &[]);
        let (mut creator, mut header, body) = self.transaction(by, vec![command]);
        creator.fingerprint = Fingerprint([certificate; 32]);
        header.creator = creator.fingerprint;
        (creator, header, body)
    }

    pub(super) fn no_entry(&mut self, entry: (Creator, Header, Body), code: Code) {
        match self.submit(entry) {
            Err(ApplyError::Rejected(rejection)) => assert_eq!(rejection.code, code, "{rejection}"),
            other => panic!("expected {code}, got {other:?}"),
        }
        self.produced.insert(code);
    }

    pub(super) fn standing(&self, number: u16) -> Standing {
        resolve(&self.state, &item(number)).expect("readable").expect("known")
    }

    /// Offers and accepts.
    pub(super) fn hand(&mut self, from: &str, to: &str, offer: u8, items: &[u16]) {
        let offer = OfferId([offer; 16]);
        self.ok(from, Action::Offer { offer, to: id(to), kind: HandoffKind::Shipment }, items);
        self.ok(to, Action::Accept { offer, discrepancies: vec![] }, items);
    }
}

pub(super) fn commit(state: &mut Memory, writes: &Writes) {
    for (key, value) in writes {
        match value {
            Some(value) => state.insert(key.clone(), value.clone()),
            None => state.remove(key),
        };
    }
}

pub(super) fn consent(number: u8, grantee: Option<&str>, purpose: Purpose) -> Consent {
    let from = Timestamp(START - DAY);
    Consent {
        purpose,
        form: purpose.form_max(),
        grantee: grantee.map(id),
        until: Some(Timestamp(START + 100 * DAY)),
        ..Consent::to_dispense_record(ConsentId([number; 16]), Subject([number; 32]), from)
    }
}

pub(super) fn frozen(number: u8, kind: &str, parent: Option<u8>) -> Model {
    Model {
        id: ModelId([number; 32]),
        kind: kind.to_owned(),
        snapshot: [6; 32],
        code: "0ddba11".to_owned(),
        lock: [7; 32],
        seed: 8,
        parent: parent.map(|number| ModelId([number; 32])),
    }
}

pub(super) fn dispense(number: u8, version: u32) -> Action {
    Action::Dispense { consent: ConsentId([number; 16]), version, prescription: Commitment([3; 32]) }
}

pub(super) fn offer(number: u8, to: &str) -> Action {
    Action::Offer { offer: OfferId([number; 16]), to: id(to), kind: HandoffKind::Shipment }
}

pub(super) fn accept(number: u8, discrepancies: &[(u16, DiscrepancyKind)]) -> Action {
    let discrepancies = discrepancies.iter().map(|(number, kind)| Discrepancy { item: item(*number), kind: *kind });
    Action::Accept { offer: OfferId([number; 16]), discrepancies: discrepancies.collect() }
}
