//! How a network begins: its founding members and the threshold that admits others.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::command::Party;
use crate::execute::party_problem;
use crate::id::{NetworkId, PartyId};
use crate::key;
use crate::overlay::Writes;
use crate::record::{NetworkRecord, PartyRecord, Record, SiteRecord};

/// The network file's content.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Genesis {
    /// Name of the network, for people.
    pub name: String,
    /// Distinct active members whose approval admits another.
    pub admit_threshold: u32,
    /// Founding members; regulators among them are those with that role.
    pub members: Vec<Party>,
}

/// Why a network cannot begin so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// Nobody could ever be admitted, or anybody would be.
    #[error("the threshold is {threshold}, expected 1 to the number of founding members, {members}")]
    Threshold {
        /// As given.
        threshold: u32,
        /// How many members there are.
        members: usize,
    },
    /// A member stands there twice.
    #[error("founding member {0} stands twice")]
    Duplicate(PartyId),
    /// Two members claim one place.
    #[error("GLN {site:013} stands at {first} and at {second}, and it is a site of one of them")]
    SiteTwice {
        /// The place's number.
        site: u64,
        /// Who names it first.
        first: PartyId,
        /// Who names it again.
        second: PartyId,
    },
    /// A member's record is not well formed.
    #[error("founding member {party}: {problem}")]
    Member {
        /// Which.
        party: PartyId,
        /// What is wrong.
        problem: String,
    },
}

impl Genesis {
    /// Whether a network can begin so; a host asks before it uses [`genesis_writes`].
    pub fn check(&self) -> Result<(), GenesisError> {
        let members = self.members.len();
        if self.admit_threshold == 0 || usize::try_from(self.admit_threshold).is_ok_and(|threshold| threshold > members)
        {
            return Err(GenesisError::Threshold { threshold: self.admit_threshold, members });
        }
        let mut seen = BTreeSet::new();
        let mut sites = BTreeMap::new();
        for member in &self.members {
            if !seen.insert(&member.id) {
                return Err(GenesisError::Duplicate(member.id.clone()));
            }
            if let Some((_, problem)) = party_problem(member) {
                return Err(GenesisError::Member { party: member.id.clone(), problem });
            }
            for site in &member.sites {
                if let Some(first) = sites.insert(*site, &member.id) {
                    let (first, second) = (first.clone(), member.id.clone());
                    return Err(GenesisError::SiteTwice { site: site.0, first, second });
                }
            }
        }
        Ok(())
    }
}

/// First 16 bytes of SHA-256 of a domain label and the canonical network file.
pub fn network_id(genesis: &Genesis) -> NetworkId {
    let bytes = crate::transaction::encode(genesis);
    let hash: [u8; 32] = Sha256::new().chain_update(b"veridose network 1\n").chain_update(bytes).finalize().into();
    let mut id = [0; 16];
    id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    NetworkId(id)
}

/// The state before the first transaction.
pub fn genesis_writes(genesis: &Genesis) -> Writes {
    let network =
        NetworkRecord { id: network_id(genesis), name: genesis.name.clone(), admit_threshold: genesis.admit_threshold };
    let members = genesis.members.iter().map(|member| {
        let record = PartyRecord { party: member.clone(), suspended: None };
        (key::party(&member.id), Some(record.encode()))
    });
    let sites = genesis.members.iter().flat_map(|member| {
        let record = SiteRecord { party: member.id.clone() }.encode();
        member.sites.iter().map(move |site| (key::site(*site), Some(record.clone())))
    });
    std::iter::once((key::network(), Some(network.encode()))).chain(members).chain(sites).collect()
}
