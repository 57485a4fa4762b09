//! The network file: who founds the network, and what its log is called.
//!
//! ```toml
//! name = "Trial of the north"
//! origin = "ledger.example.org/trial"
//! admit_threshold = 2
//!
//! [[member]]
//! id = "maker"
//! name = "Maker Ltd"
//! role = "manufacturer"
//! sites = [9506000134352]
//! authority = """
//! -----BEGIN CERTIFICATE-----
//! …
//! -----END CERTIFICATE-----
//! """
//! ```

use serde::{Deserialize, Serialize};
use veridose_contract::{Genesis, NetworkId, Party, PartyId, Role, Site, network_id};

use crate::LedgerError;
use crate::pki::{AuthorityCertificate, fingerprint, parse_pem, to_pem};

/// A network as its file describes it, checked.
#[derive(Debug, Clone)]
pub struct Network {
    /// Name of the log in its checkpoints, a URL without a scheme; two logs never share one.
    pub origin: String,
    /// The founding members and the threshold.
    pub genesis: Genesis,
    /// What transactions name the network by.
    pub id: NetworkId,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    origin: String,
    admit_threshold: u32,
    member: Vec<Member>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    id: PartyId,
    name: String,
    role: Role,
    sites: Vec<Site>,
    authority: String,
}

impl Network {
    /// From its parts.
    pub fn new(origin: &str, genesis: Genesis) -> Result<Self, LedgerError> {
        genesis.check().map_err(|error| LedgerError::Configuration(format!("the network file: {error}")))?;
        if !signed_note::is_key_name_valid(origin) {
            let problem = format!("the network file: the origin {origin:?} has a space or a plus in it, or is empty");
            return Err(LedgerError::Configuration(problem));
        }
        for member in &genesis.members {
            AuthorityCertificate::parse(&member.ca_der)?;
        }
        Ok(Self { origin: origin.to_owned(), id: network_id(&genesis), genesis })
    }

    /// Reads a network file.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let file: File =
            toml::from_str(text).map_err(|error| LedgerError::Configuration(format!("the network file: {error}")))?;
        let members = file.member.into_iter().map(founding_member).collect::<Result<_, _>>()?;
        Self::new(&file.origin, Genesis { name: file.name, admit_threshold: file.admit_threshold, members })
    }

    /// Writes the network file.
    pub fn to_toml(&self) -> String {
        let member = |party: &Party| Member {
            id: party.id.clone(),
            name: party.name.clone(),
            role: party.role,
            sites: party.sites.clone(),
            authority: to_pem(&party.ca_der),
        };
        let file = File {
            name: self.genesis.name.clone(),
            origin: self.origin.clone(),
            admit_threshold: self.genesis.admit_threshold,
            member: self.genesis.members.iter().map(member).collect(),
        };
        toml::to_string_pretty(&file).expect("texts, numbers and lists are valid TOML")
    }
}

fn founding_member(member: Member) -> Result<Party, LedgerError> {
    let ca_der = parse_pem(&member.authority)?;
    let ca = fingerprint(&ca_der);
    Ok(Party { id: member.id, name: member.name, role: member.role, sites: member.sites, ca, ca_der })
}

#[cfg(test)]
mod tests;
