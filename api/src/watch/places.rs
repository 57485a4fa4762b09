//! What is known of places: members' roles from the ledger, and what members told in the master data of captured documents.
//!
//! Of a member's own place its own word counts before others'; of other tellings the latest does. What a member does in the trade the ledger
//! says, and master data no more than in which way: a pharmacy may be a hospital's, and never a maker.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use veridose_contract::{PartyId, Role};
use veridose_epcis::Header;
use veridose_ml::events::{self, EventTable, Known, Places};
use veridose_store::PlaceTold;

use crate::node::Node;
use crate::trade::{Directory, record};

/// From a place to whom it belongs, and whom that belongs to.
const STEPS: usize = 3;

/// Keeps what the header of a member's document tells.
pub(crate) async fn keep(node: &Node, party: &PartyId, header: &Header) -> anyhow::Result<()> {
    let told = told(party, header);
    if told.is_empty() {
        return Ok(());
    }
    node.store().places.tell(party, told).await.context("the master data of places were not kept")
}

fn told(party: &PartyId, header: &Header) -> Vec<PlaceTold> {
    let mut places = Places::default();
    places.learn(header);
    let ids = (0..u32::try_from(places.len()).unwrap_or(u32::MAX)).filter(|id| *places.known(*id) != Known::default());
    let told = |id: u32| {
        let known = places.known(id);
        PlaceTold {
            place: places.key(id),
            party: party.clone(),
            uri: places.text(id).to_owned(),
            country: known.country.as_deref().map(str::to_owned),
            position: known.position,
            role: known.role.map(|role| role.word().to_owned()),
            owner: known.owner.map(|owner| places.text(owner).to_owned()),
            name: known.name.as_deref().map(str::to_owned),
            listed: known.is_listed,
            sells: known.sells.iter().map(|gtin| format!("{gtin:014}")).collect::<Vec<_>>().join(" "),
            seq: 0,
        }
    };
    ids.map(told).collect()
}

/// Adds what is known of the places that the table names.
pub(super) async fn of_those_named(node: &Node, table: &mut EventTable) -> anyhow::Result<()> {
    let mut asked = BTreeSet::new();
    for _ in 0..STEPS {
        let places = &table.places;
        let ids = 0..u32::try_from(places.len()).unwrap_or(u32::MAX);
        let keys = ids.flat_map(|id| std::iter::once(places.key(id)).chain(places.base_key(id)));
        let new: Vec<String> = keys.collect::<BTreeSet<_>>().difference(&asked).cloned().collect();
        if new.is_empty() {
            break;
        }
        add(&node.directory(), table, node.store().places.of(&new).await?);
        asked.extend(new);
    }
    members(&node.directory(), table);
    Ok(())
}

/// All that is known of places.
pub(super) async fn all(node: &Node) -> anyhow::Result<EventTable> {
    let mut table = EventTable::default();
    add(&node.directory(), &mut table, node.store().places.all().await?);
    members(&node.directory(), &mut table);
    Ok(table)
}

/// A place as people may be told of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Place {
    /// Its name, where one is known.
    pub(crate) name: Option<String>,
    /// ISO 3166 code.
    pub(crate) country: Option<String>,
    /// Latitude and longitude, in degrees.
    pub(crate) position: Option<(f64, f64)>,
}

/// What is known of these places, by their identifiers as given; nothing empty among them.
pub(crate) async fn described<'p>(
    node: &Node,
    uris: impl Iterator<Item = &'p str>,
) -> anyhow::Result<BTreeMap<String, Place>> {
    let mut table = EventTable::default();
    let ids: BTreeMap<&str, u32> =
        uris.filter(|uri| !uri.is_empty()).map(|uri| (uri, table.places.intern(uri))).collect();
    of_those_named(node, &mut table).await?;
    let described = |(uri, id): (&str, u32)| {
        let known = table.places.known(id);
        let text = |text: &Option<_>| text.as_deref().map(str::to_owned);
        (uri.to_owned(), Place { name: text(&known.name), country: text(&known.country), position: known.position })
    };
    Ok(ids.into_iter().map(described).collect())
}

/// Adds of each place what counts.
fn add(directory: &Directory, table: &mut EventTable, told: Vec<PlaceTold>) {
    let mut chosen: BTreeMap<String, PlaceTold> = BTreeMap::new();
    for told in told {
        let owner = directory.find(&told.uri).map(|(_, party)| party);
        let weight = |told: &PlaceTold| (Some(&told.party) == owner, told.seq);
        match chosen.entry(told.place.clone()) {
            std::collections::btree_map::Entry::Vacant(free) => drop(free.insert(told)),
            std::collections::btree_map::Entry::Occupied(mut held) if weight(held.get()) < weight(&told) => {
                held.insert(told);
            }
            std::collections::btree_map::Entry::Occupied(_) => {}
        }
    }
    for told in chosen.into_values() {
        let role = told.role.as_deref().map(events::Role::parse);
        let known = Known {
            country: told.country.map(Into::into),
            position: told.position,
            role: match directory.find(&told.uri) {
                Some((_, party)) => directory.role(party).map(|own| within(own, role)),
                None => role,
            },
            owner: told.owner.map(|owner| table.places.intern(&owner)),
            name: told.name.map(Into::into),
            is_listed: told.listed,
            sells: told.sells.split_ascii_whitespace().filter_map(|gtin| gtin.parse().ok()).collect(),
        };
        table.places.add_known(&told.uri, known);
    }
}

/// Adds the members' places.
fn members(directory: &Directory, table: &mut EventTable) {
    for party in directory.members() {
        let mut owner = None;
        for site in &party.sites {
            let uri = record::place_uri(*site);
            let place = table.places.intern(uri.as_str());
            let told = table.places.known(place);
            let role = Some(within(party.role, told.role));
            let name = told.name.clone().or_else(|| Some(party.name.as_str().into()));
            let known = Known { role, owner, name, is_listed: true, ..Known::default() };
            table.places.add_known(uri.as_str(), known);
            owner = owner.or(Some(place));
        }
    }
}

/// What a member does, as the ledger says, and in which way, as master data says.
fn within(member: Role, told: Option<events::Role>) -> events::Role {
    match (member, told) {
        (Role::Pharmacy, Some(events::Role::Hospital)) => events::Role::Hospital,
        (Role::Manufacturer | Role::Distributor, Some(events::Role::Repackager)) => events::Role::Repackager,
        (Role::Manufacturer, _) => events::Role::Manufacturer,
        (Role::Distributor, _) => events::Role::Wholesaler,
        (Role::Pharmacy, _) => events::Role::Pharmacy,
        (Role::Regulator | Role::Payer, _) => events::Role::Other,
    }
}

#[cfg(test)]
mod tests {
    use veridose_contract::{Party, Site};

    use super::*;

    fn party(id: &str) -> PartyId {
        PartyId::parse(id).expect("a party")
    }

    fn told(by: &str, position: (f64, f64), role: &str, seq: u64) -> PlaceTold {
        let mut places = Places::default();
        let uri = record::place_uri(Site(9_506_000_400_013));
        let id = places.intern(uri.as_str());
        PlaceTold {
            place: places.key(id),
            party: party(by),
            uri: uri.as_str().to_owned(),
            country: Some("AT".to_owned()),
            position: Some(position),
            role: Some(role.to_owned()),
            owner: None,
            name: None,
            listed: true,
            sells: String::new(),
            seq,
        }
    }

    #[test]
    fn the_owners_word_counts_and_the_ledger_says_what_a_member_does() {
        let member = Party {
            id: party("harbour"),
            role: Role::Pharmacy,
            name: "Harbour".to_owned(),
            sites: [Site(9_506_000_400_013)].into(),
            ca: veridose_contract::Fingerprint([0; 32]),
            ca_der: Vec::new(),
        };
        let directory = Directory::new([&member]);
        let known = |rows: Vec<PlaceTold>| {
            let mut table = EventTable::default();
            add(&directory, &mut table, rows);
            members(&directory, &mut table);
            table.places.known(0).clone()
        };
        let own = told("harbour", (48.0, 16.0), "hospital", 1);
        let others = [told("alpine", (-33.0, 151.0), "manufacturer", 2), told("north", (1.0, 1.0), "wholesaler", 3)];
        for rows in [vec![own.clone(), others[0].clone()], vec![others[1].clone(), own.clone()]] {
            let known = known(rows);
            assert_eq!((known.position, known.role), (Some((48.0, 16.0)), Some(events::Role::Hospital)));
        }
        let known = known(others.to_vec());
        assert_eq!((known.position, known.role), (Some((1.0, 1.0)), Some(events::Role::Pharmacy)), "the latest");
        assert_eq!(known.country.as_deref(), Some("AT"));
    }
}
