//! Which member a place belongs to.

use std::collections::BTreeMap;

use veridose_contract::{Party, PartyId, Role, Site};
use veridose_gs1::Epc;

/// The members by their sites.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    sites: BTreeMap<Site, PartyId>,
    members: Vec<Party>,
    regulators: Vec<PartyId>,
}

impl Directory {
    /// From the members as they stand.
    pub fn new<'a>(parties: impl IntoIterator<Item = &'a Party>) -> Self {
        let mut directory = Self::default();
        for party in parties {
            directory.members.push(party.clone());
            directory.sites.extend(party.sites.iter().map(|site| (*site, party.id.clone())));
            if party.role == Role::Regulator {
                directory.regulators.push(party.id.clone());
            }
        }
        directory
    }

    /// The member that a place (SGLN or party GLN, as URN or Digital Link) belongs to, and the place.
    pub fn find(&self, place: &str) -> Option<(Site, &PartyId)> {
        let site = site_of(place)?;
        self.sites.get(&site).map(|party| (site, party))
    }

    /// The members as they stand.
    pub fn members(&self) -> &[Party] {
        &self.members
    }

    /// What a member does in the trade.
    pub fn role(&self, party: &PartyId) -> Option<Role> {
        self.members.iter().find(|member| member.id == *party).map(|member| member.role)
    }

    /// Those who may read everything.
    pub fn regulators(&self) -> &[PartyId] {
        &self.regulators
    }
}

/// The GLN in a place's or party's identifier.
pub(super) fn site_of(place: &str) -> Option<Site> {
    match Epc::parse(place).ok()? {
        Epc::Sgln(place) => Some(Site(place.gln().number())),
        Epc::Pgln(party) => Some(Site(party.number())),
        Epc::Sgtin(_) | Epc::Lgtin(..) | Epc::Gtin(_) | Epc::Sscc(_) | Epc::Key(_) | Epc::Other(_) => None,
    }
}
