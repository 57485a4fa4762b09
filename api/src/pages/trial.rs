//! The people of a trial network: whoever tries it out becomes one of them by a click. Only on a network of invented members,
//! only on this machine.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use veridose_contract::{PartyId, Site};

use crate::auth::{Grant, Role};
use crate::found::trial_members;
use crate::node::Node;

/// A person that one can be.
pub(super) struct Person {
    /// Name in addresses and in the catalogue, `person-NAME`.
    pub(super) name: &'static str,
    pub(super) party: Option<&'static str>,
    pub(super) role: Role,
    patient: Option<&'static str>,
}

/// The patient of the demonstration's story.
pub(crate) const PATIENT: &str = "demo-patient-1";

const PEOPLE: [Person; 8] = [
    person("pharmacist", "harbour-pharmacy", Role::Pharmacy),
    person("other-pharmacist", "station-pharmacy", Role::Pharmacy),
    person("shipping-clerk", "alpine-pharma", Role::Manufacturer),
    person("wholesaler", "north-wholesale", Role::Distributor),
    person("other-wholesaler", "south-wholesale", Role::Distributor),
    person("inspector", "medicines-agency", Role::Regulator),
    // The pharmacy of the story keeps the patient's consents.
    Person { name: "patient", party: Some("harbour-pharmacy"), role: Role::Patient, patient: Some(PATIENT) },
    Person { name: "operator", party: None, role: Role::Operator, patient: None },
];

const fn person(name: &'static str, party: &'static str, role: Role) -> Person {
    Person { name, party: Some(party), role, patient: None }
}

impl Person {
    /// What the person's token says.
    pub(super) fn grant(&self) -> Grant {
        let party = self.party.map(|party| PartyId::parse(party).expect("written here"));
        let member = trial_members().into_iter().find(|member| Some(&member.id) == party.as_ref());
        let site: Option<Site> = member.and_then(|member| member.sites.first().copied());
        Grant {
            subject: self.name.to_owned(),
            site: site.filter(|_| self.patient.is_none()),
            party,
            role: self.role,
            patient: self.patient.map(str::to_owned),
            scope: None,
            lifetime: Duration::from_hours(1),
        }
    }
}

/// Whether a node may be tried out as its people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trial {
    is_open: bool,
}

impl Trial {
    /// On a network as [`trial_members`] makes it, of a node that listens to this machine alone.
    pub(crate) fn of(node: &Node, address: SocketAddr) -> Self {
        let (members, invented) = (&node.network().genesis.members, trial_members());
        let is_invented = members.len() == invented.len()
            && members.iter().zip(&invented).all(|(member, invented)| {
                member.id == invented.id && member.name == invented.name && member.sites == invented.sites
            });
        Self { is_open: is_invented && address.ip().is_loopback() }
    }

    /// The people, for a request from this machine; none for one that came through a proxy or under another name, behind which
    /// could be anybody.
    pub(super) fn people(self, request: &HttpRequest) -> &'static [Person] {
        let is_here = request.peer_addr().is_some_and(|peer| peer.ip().is_loopback());
        let headers = request.headers();
        let is_direct = !headers.contains_key("x-forwarded-for") && !headers.contains_key("forwarded");
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let host = host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
        let is_named = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        if self.is_open && is_here && is_direct && is_named { &PEOPLE } else { &[] }
    }
}
