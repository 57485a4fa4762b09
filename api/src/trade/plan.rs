//! What one EPCIS event asks of the ledger.
//!
//! An event *concerns the network* when the state knows one of its items or their product, or when it hands over to or
//! from another member. One that does not is anchored by its hash and moves nothing. One that does must obey the rules.

mod aggregation;
mod correction;
mod object;
mod shipping;
mod transformation;

use std::collections::BTreeSet;

use veridose_contract::blind::NetworkKey;
use veridose_contract::{Action, Commitment, ItemKey, PartyId, Role, Site, StateRead, Timestamp, read};
use veridose_epcis::model::{Action as EventAction, Event, EventKind, Header, Uri};
use veridose_store::Payload;

use super::directory::{Directory, site_of};
use super::refusal::{PlanError, Refusal};
use super::thing::Thing;

/// What a plan is made from.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The state as it stands before the event.
    pub state: &'a dyn StateRead,
    /// Blinds the names.
    pub network_key: &'a NetworkKey,
    /// The members.
    pub directory: &'a Directory,
    /// Who hands the event in.
    pub caller: &'a PartyId,
    /// What the caller does in the trade.
    pub role: Role,
    /// Header of the document, for its master data.
    pub header: Option<&'a Header>,
    /// The event that an error declaration speaks of, if the caller captured it before.
    pub original: Option<&'a Original>,
    /// The time that the transaction will carry.
    pub now: Timestamp,
}

/// An event captured earlier.
#[derive(Debug, Clone)]
pub struct Original {
    /// The event.
    pub event: Event,
    /// Its commitment on the ledger.
    pub commitment: Commitment,
}

/// A command to be, with the document that it will commit to.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What is done.
    pub action: Action,
    /// To what.
    pub items: Vec<ItemKey>,
    /// When, in the trade.
    pub happened: Timestamp,
    /// Where, if the place is the caller's own.
    pub site: Option<Site>,
    /// Index into [`Plan::documents`].
    pub document: usize,
}

/// What one event asks for.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The commands in order.
    pub drafts: Vec<Draft>,
    /// What they commit to; the event itself is the first.
    pub documents: Vec<Payload>,
    /// The patient under whose key the documents lie, so that they can be erased.
    pub patient: Option<String>,
    /// Who may read the documents, beside the caller.
    pub readers: BTreeSet<PartyId>,
    /// What the one who hands it in should know though it is not wrong.
    pub warnings: Vec<String>,
}

/// Turns an event into commands.
pub fn plan(desk: &Desk<'_>, event: &Event, document: Payload) -> Result<Plan, PlanError> {
    let mut sketch = Sketch {
        desk: *desk,
        happened: happened(event),
        site: own_site(desk, event),
        plan: Plan {
            documents: vec![document],
            readers: desk.directory.regulators().iter().cloned().collect(),
            ..Plan::default()
        },
    };
    if event.error_declaration.is_some() {
        correction::plan(&mut sketch)?;
    } else if event.epcs().all(|epc| Thing::of(epc.as_str()) == Thing::Other) {
        // Assets, documents, quantities of a class: nothing that the ledger follows, whoever is at the other end.
        sketch.plan.readers.extend(partners(desk, event));
        sketch.push(Action::Anchor, Vec::new());
    } else if !concerns_network(desk, event)? {
        sketch.plan.warnings.push(
            "no product, pack or partner of this event is known to this network: recorded, but it moved nothing"
                .to_owned(),
        );
        sketch.push(Action::Anchor, Vec::new());
    } else {
        match event.kind {
            EventKind::Object => object::plan(&mut sketch, event)?,
            EventKind::Aggregation => aggregation::plan(&mut sketch, event)?,
            EventKind::Transformation => transformation::plan(&mut sketch, event)?,
            EventKind::Transaction | EventKind::Association => sketch.anchor(event)?,
        }
    }
    Ok(sketch.plan)
}

/// A plan in the making.
struct Sketch<'a> {
    desk: Desk<'a>,
    happened: Timestamp,
    site: Option<Site>,
    plan: Plan,
}

impl Sketch<'_> {
    /// Adds a command that commits to the event itself.
    fn push(&mut self, action: Action, items: Vec<ItemKey>) {
        self.push_with(action, items, 0);
    }

    /// Adds a command that commits to a document of its own.
    fn push_document(&mut self, action: Action, document: Payload) {
        self.plan.documents.push(document);
        self.push_with(action, Vec::new(), self.plan.documents.len().saturating_sub(1));
    }

    fn push_with(&mut self, action: Action, items: Vec<ItemKey>, document: usize) {
        self.plan.drafts.push(Draft { action, items, happened: self.happened, site: self.site, document });
    }

    /// Records the event without moving anything; it stands in the history of the items that the ledger knows.
    fn anchor(&mut self, event: &Event) -> Result<(), PlanError> {
        let mut items = BTreeSet::new();
        for epc in event.epcs() {
            if let Some(key) = Thing::of(epc.as_str()).key(self.desk.network_key)
                && read::item(self.desk.state, &key)?.is_some()
            {
                items.insert(key);
            }
        }
        self.plan.readers.extend(partners(&self.desk, event));
        self.push(Action::Anchor, items.into_iter().collect());
        Ok(())
    }

    /// The keys of EPCs that must all be packs or containers.
    fn keys(&self, field: &str, epcs: &[Uri]) -> Result<Vec<ItemKey>, Refusal> {
        epcs.iter().enumerate().map(|(index, epc)| self.key(&format!("{field}[{index}]"), epc)).collect()
    }

    /// The key of an EPC that must be a pack or container.
    fn key(&self, field: &str, epc: &Uri) -> Result<ItemKey, Refusal> {
        self.key_of(field, epc, &Thing::of(epc.as_str()))
    }

    /// The key of what an EPC was read as.
    fn key_of(&self, field: &str, epc: &Uri, thing: &Thing) -> Result<ItemKey, Refusal> {
        let fault = |code, why: String, fix| Refusal::new(code, field, why, fix);
        match thing {
            Thing::Pack(pack) => Ok(self.desk.network_key.item(&pack.name())),
            Thing::Container(unit) => Ok(self.desk.network_key.item(&unit.name())),
            Thing::Other => Err(fault(
                "item_not_serialised",
                format!("{} names neither a pack (SGTIN) nor a container (SSCC)", epc.as_str()),
                "give the SGTIN or SSCC, or put other things into an event of their own",
            )),
            Thing::Broken(why) => {
                Err(fault("epc_invalid", format!("{}: {why}", epc.as_str()), "correct the identifier"))
            }
        }
    }
}

/// When the event happened.
pub fn happened(event: &Event) -> Timestamp {
    let instant = event.event_time.instant();
    Timestamp(instant.unix_timestamp().saturating_mul(1_000).saturating_add(i64::from(instant.millisecond())))
}

/// The event's place when it belongs to the caller; a place of others is told by the document only.
fn own_site(desk: &Desk<'_>, event: &Event) -> Option<Site> {
    [&event.read_point, &event.biz_location]
        .into_iter()
        .flatten()
        .filter_map(|place| desk.directory.find(place.id.as_str()))
        .find_map(|(site, party)| (party == desk.caller).then_some(site))
}

/// Whether any item or product of the event is known, the caller commissions, or a member stands at an end of it.
fn concerns_network(desk: &Desk<'_>, event: &Event) -> Result<bool, PlanError> {
    let begins = match event.kind {
        EventKind::Object => event.action == Some(EventAction::Add),
        EventKind::Transformation => true,
        EventKind::Aggregation | EventKind::Transaction | EventKind::Association => false,
    };
    if (begins && desk.role == Role::Manufacturer) || partners(desk, event).next().is_some() {
        return Ok(true);
    }
    // A container that is packed at a place of the caller's is the caller's, whatever goes into it.
    let packs_own = matches!(event.kind, EventKind::Aggregation) && own_site(desk, event).is_some();
    let mut products = BTreeSet::new();
    for epc in event.epcs() {
        let thing = Thing::of(epc.as_str());
        if packs_own && matches!(thing, Thing::Container(_)) {
            return Ok(true);
        }
        if let Some(key) = thing.key(desk.network_key)
            && read::item(desk.state, &key)?.is_some()
        {
            return Ok(true);
        }
        if let Thing::Pack(sgtin) = &thing
            && products.insert(sgtin.gtin)
            && read::product(desk.state, &desk.network_key.product(&sgtin.gtin.name()))?.is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The other members that stand at an end of the event.
fn partners(desk: &Desk<'_>, event: &Event) -> impl Iterator<Item = PartyId> {
    let ends = event.source_list.iter().chain(&event.destination_list);
    ends.filter_map(|end| desk.directory.find(end.id.as_str()))
        .filter(|(_, party)| *party != desk.caller)
        .map(|(_, party)| party.clone())
        .collect::<BTreeSet<_>>()
        .into_iter()
}

/// The party at an end of a transfer: the owner, else who holds it, else whose place it is.
fn party_at<'a>(desk: &Desk<'a>, ends: &[veridose_epcis::model::Party]) -> Option<&'a PartyId> {
    ["owning_party", "possessing_party", "location"].into_iter().find_map(|kind| {
        ends.iter()
            .filter(|end| end.kind.as_str() == kind && site_of(end.id.as_str()).is_some())
            .find_map(|end| desk.directory.find(end.id.as_str()))
            .map(|(_, party)| party)
    })
}
