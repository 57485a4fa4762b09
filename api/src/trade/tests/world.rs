//! A small network in memory that speaks EPCIS: what an event asks for is planned, rehearsed and applied.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use veridose_contract::blind::NetworkKey;
use veridose_contract::{
    Action, ApplyError, Body, Commitment, Consent, ConsentId, Creator, Fingerprint, Genesis, Header, IdempotencyKey,
    ItemKey, Party, PartyId, Role, Site, Standing, StateError, StateRead, Subject, Timestamp, apply, genesis_writes,
    network_id, resolve,
};
use veridose_epcis::model::{self, Event};
use veridose_store::Payload;

use crate::trade::{
    Counter, Desk, Directory, Draft, Original, Plan, PlanError, Refusal, Rehearsal, Thing, Verdict, command, directory,
    plan, verify,
};

#[derive(Default)]
pub(super) struct Memory(BTreeMap<Vec<u8>, Vec<u8>>);

impl StateRead for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.0.get(key).cloned())
    }
}

pub(super) const MINUTE: i64 = 60_000;
pub(super) const DAY: i64 = 86_400_000;
/// 2023-04-03T00:00:00Z, two days after the example of GS1 US ends.
pub(super) const START: i64 = 1_680_480_000_000;

pub(super) const MAKER: &str = "urn:epc:id:sgln:030001.111111.0";
pub(super) const MAKER_DC: &str = "urn:epc:id:sgln:030001.111121.0";
pub(super) const DIST: &str = "urn:epc:id:sgln:039999.999999.0";
pub(super) const DIST_DC: &str = "urn:epc:id:sgln:039999.345678.0";
pub(super) const PHARM: &str = "urn:epc:id:sgln:0399998.11111.0";
pub(super) const CORNER: &str = "urn:epc:id:sgln:0399998.22222.0";

pub(super) struct World {
    pub(super) state: Memory,
    pub(super) key: NetworkKey,
    pub(super) directory: Directory,
    pub(super) header: Option<model::Header>,
    pub(super) original: Option<Original>,
    pub(super) now: Timestamp,
    genesis: Genesis,
    applied: u64,
}

pub(super) fn id(name: &str) -> PartyId {
    PartyId::parse(name).expect("a party's name")
}

pub(super) fn site(place: &str) -> Site {
    directory::site_of(place).expect("a place")
}

fn party(name: &str, role: Role, sites: &[&str]) -> Party {
    let sites = sites.iter().map(|place| site(place)).collect();
    let ca_der = name.as_bytes().to_vec();
    let ca = veridose_ledger::pki::fingerprint(&ca_der);
    Party { id: id(name), name: name.to_owned(), role, sites, ca, ca_der }
}

impl World {
    pub(super) fn new() -> Self {
        let members = vec![
            party("maker", Role::Manufacturer, &[MAKER, MAKER_DC]),
            party("rival", Role::Manufacturer, &["urn:epc:id:sgln:0399997.11111.0"]),
            party("dist", Role::Distributor, &[DIST, DIST_DC]),
            party("pharm", Role::Pharmacy, &[PHARM]),
            party("corner", Role::Pharmacy, &[CORNER]),
            party("reg", Role::Regulator, &["urn:epc:id:sgln:0399996.11111.0"]),
        ];
        let genesis = Genesis { name: "test".to_owned(), admit_threshold: 2, members };
        genesis.check().expect("a good genesis");
        let mut world = Self {
            state: Memory::default(),
            key: NetworkKey::new(&[7; 32]),
            directory: Directory::new(&genesis.members),
            header: None,
            original: None,
            now: Timestamp(START),
            genesis,
            applied: 0,
        };
        let writes = genesis_writes(&world.genesis);
        world.write(writes);
        world
    }

    /// With packs 1 to 20 of lot A at the maker.
    pub(super) fn stocked() -> Self {
        let mut world = Self::new();
        let packs: Vec<_> = (1..=20).map(pack).collect();
        world.ok("maker", &commissioning(&packs, "A", "2025-03-31"));
        world
    }

    /// With packs 1 to 20 of lot A at the pharmacy.
    pub(super) fn at_the_pharmacy() -> Self {
        let mut world = Self::stocked();
        let packs: Vec<_> = (1..=20).map(pack).collect();
        world.ok("maker", &shipping(&packs, MAKER, PHARM));
        world.ok("pharm", &receiving(&packs, MAKER, PHARM));
        world
    }

    fn write(&mut self, writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>) {
        for (key, value) in writes {
            match value {
                Some(value) => self.state.0.insert(key, value),
                None => self.state.0.remove(&key),
            };
        }
    }

    pub(super) fn role(&self, by: &str) -> Role {
        self.genesis.members.iter().find(|member| member.id == id(by)).expect("a member").role
    }

    fn creator(&self, by: &str) -> Creator {
        Creator { party: id(by), role: self.role(by), site: None, fingerprint: Fingerprint([1; 32]) }
    }

    pub(super) fn plan(&self, by: &str, event: &Event) -> Result<Plan, Refusal> {
        let caller = id(by);
        let desk = Desk {
            state: &self.state,
            network_key: &self.key,
            directory: &self.directory,
            caller: &caller,
            role: self.role(by),
            header: self.header.as_ref(),
            original: self.original.as_ref(),
            now: self.now,
        };
        match plan(&desk, event, Payload::Event(crate::trade::record::json(event))) {
            Ok(plan) => Ok(plan),
            Err(PlanError::Refused(refusal)) => Err(refusal),
            Err(PlanError::State(error)) => panic!("{error}"),
        }
    }

    /// Plans, rehearses and applies; the rehearsal and the contract must say the same.
    pub(super) fn capture(&mut self, by: &str, event: &Event) -> Result<Plan, Refusal> {
        let planned = self.plan(by, event)?;
        let rehearsed = Rehearsal::new(&self.state).attempt(&self.creator(by), self.now, &planned).expect("readable");
        let applied = self.apply(by, &planned);
        assert_eq!(rehearsed, applied, "the rehearsal and the contract differ");
        applied.map_err(|rejection| Refusal::by_contract(&rejection, None))?;
        Ok(planned)
    }

    pub(super) fn apply(&mut self, by: &str, plan: &Plan) -> Result<(), veridose_contract::Rejection> {
        self.applied += 1;
        let payload = Commitment([9; 32]);
        let body = Body { commands: plan.drafts.iter().map(|draft| command(draft, payload)).collect() };
        let mut key = [0; 16];
        key[..8].copy_from_slice(&self.applied.to_le_bytes());
        let header = Header {
            version: Header::VERSION,
            network: network_id(&self.genesis),
            idempotency_key: IdempotencyKey(key),
            time: self.now,
            creator: Fingerprint([1; 32]),
            body_root: body.root(),
        };
        match apply(&self.state, &self.creator(by), &header, &body) {
            Ok(outcome) => {
                self.write(outcome.writes);
                self.now.0 += MINUTE;
                Ok(())
            }
            Err(ApplyError::Rejected(rejection)) => Err(rejection),
            Err(other) => panic!("{other}"),
        }
    }

    pub(super) fn ok(&mut self, by: &str, event: &Value) -> Plan {
        self.capture(by, &read(event)).unwrap_or_else(|refusal| panic!("{}: {refusal}", refusal.code))
    }

    pub(super) fn no(&mut self, by: &str, event: &Value, code: &str, field: &str) -> Refusal {
        let refusal = self.capture(by, &read(event)).expect_err("refused");
        assert_eq!((refusal.code.as_str(), refusal.field.as_str()), (code, field), "{refusal}");
        refusal
    }

    /// A command that came as no event.
    pub(super) fn act(&mut self, by: &str, action: Action, items: &[&str]) {
        let items = items.iter().map(|epc| self.item(epc)).collect();
        let draft = Draft { action, items, happened: self.now, site: None, document: 0 };
        self.apply(by, &Plan { drafts: vec![draft], ..Plan::default() }).expect("accepted");
    }

    pub(super) fn item(&self, epc: &str) -> ItemKey {
        Thing::of(epc).key(&self.key).expect("a pack or container")
    }

    pub(super) fn standing(&self, epc: &str) -> Standing {
        resolve(&self.state, &self.item(epc)).expect("readable").expect("known")
    }

    pub(super) fn holder(&self, epc: &str) -> String {
        self.standing(epc).holder.as_str().to_owned()
    }

    pub(super) fn verify(&self, by: &str, scan: &str) -> Verdict {
        let party = id(by);
        let counter = Counter {
            state: &self.state,
            network_key: &self.key,
            party: &party,
            role: self.role(by),
            site: None,
            now: self.now,
        };
        verify(&counter, scan).expect("readable")
    }

    pub(super) fn register_consent(&mut self, by: &str, number: u8) {
        let (id, subject) = (ConsentId([number; 16]), Subject([number; 32]));
        let consent = Consent::to_dispense_record(id, subject, Timestamp(START - DAY));
        self.act(by, Action::RegisterConsent(consent), &[]);
    }
}

pub(super) fn read(event: &Value) -> Event {
    veridose_epcis::from_json(event.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}: {event}"))
}

/// What the plan does, by the names of its actions.
pub(super) fn actions(plan: &Plan) -> Vec<String> {
    let name = |action: &Action| format!("{action:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned();
    plan.drafts.iter().map(|draft| format!("{} {}", name(&draft.action), draft.items.len())).collect()
}

pub(super) fn pack(number: u32) -> String {
    format!("urn:epc:id:sgtin:030001.0012345.{number}")
}

pub(super) fn other_pack(number: u32) -> String {
    format!("urn:epc:id:sgtin:030001.0012346.{number}")
}

pub(super) fn case(number: u32) -> String {
    format!("urn:epc:id:sgtin:030001.1012345.{number}")
}

pub(super) fn pallet(number: u64) -> String {
    format!("urn:epc:id:sscc:030001.4{number:010}")
}

/// An event of today, with a context that knows the extensions.
pub(super) fn event(fields: Value) -> Value {
    let mut event = json!({
        "@context": [
            "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
            {"veridose": model::VERIDOSE_NAMESPACE},
        ],
        "type": "ObjectEvent",
        "eventTime": "2023-04-02T12:00:00Z",
        "eventTimeZoneOffset": "+00:00",
    });
    let Value::Object(fields) = fields else { panic!("fields") };
    event.as_object_mut().expect("an object").extend(fields);
    event
}

pub(super) fn commissioning(packs: &[String], lot: &str, expiry: &str) -> Value {
    event(json!({
        "action": "ADD", "bizStep": "commissioning", "epcList": packs, "readPoint": {"id": MAKER},
        "ilmd": {"cbvmda:lotNumber": lot, "cbvmda:itemExpirationDate": expiry},
    }))
}

pub(super) fn packing(action: &str, parent: &str, children: &[String]) -> Value {
    event(json!({
        "type": "AggregationEvent", "action": action, "parentID": parent, "childEPCs": children,
        "bizStep": if action == "DELETE" { "unpacking" } else { "packing" },
    }))
}

fn ends(from: &str, to: &str) -> (Value, Value) {
    let source = json!([{"type": "owning_party", "source": from}]);
    (source, json!([{"type": "owning_party", "destination": to}]))
}

pub(super) fn shipping(epcs: &[String], from: &str, to: &str) -> Value {
    let (source, destination) = ends(from, to);
    event(json!({
        "action": "OBSERVE", "bizStep": "shipping", "disposition": "in_transit", "epcList": epcs,
        "readPoint": {"id": from}, "sourceList": source, "destinationList": destination,
    }))
}

pub(super) fn receiving(epcs: &[String], from: &str, to: &str) -> Value {
    let (source, destination) = ends(from, to);
    event(json!({
        "action": "OBSERVE", "bizStep": "receiving", "disposition": "in_progress", "epcList": epcs,
        "readPoint": {"id": to}, "sourceList": source, "destinationList": destination,
    }))
}

pub(super) fn with(mut event: Value, field: &str, value: Value) -> Value {
    event.as_object_mut().expect("an object").insert(field.to_owned(), value);
    event
}
