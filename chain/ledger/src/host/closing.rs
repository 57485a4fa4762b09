//! Whether the members have closed a log: more than half of those who may act signed its last checkpoint.

use std::collections::BTreeSet;

use veridose_contract::{NetworkId, PartyId, StateError, StateRead, read};

use super::Keys;
use crate::signer::signature_holds_over;
use crate::wire::{MemberSignature, closing_bytes};

/// Who signed, and who may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// Members that may act.
    pub active: BTreeSet<PartyId>,
    /// Those among them whose signature holds, each once.
    pub signed: BTreeSet<PartyId>,
}

impl Closing {
    /// Whether more than half signed.
    pub fn is_closed(&self) -> bool {
        self.signed.len() > self.active.len() / 2
    }
}

/// Judges the members' signatures over a checkpoint's text. `members` are all, suspended ones too. A signature that does not
/// hold, is of a revoked certificate or of nobody that may act counts for nothing.
pub fn check_closing(
    state: &dyn StateRead,
    keys: &Keys,
    members: &BTreeSet<PartyId>,
    network: NetworkId,
    checkpoint: &str,
    signatures: &[MemberSignature],
) -> Result<Closing, StateError> {
    let mut closing = Closing { active: BTreeSet::new(), signed: BTreeSet::new() };
    for member in members {
        if read::party(state, member)?.is_some_and(|party| party.suspended.is_none()) {
            closing.active.insert(member.clone());
        }
    }
    let bytes = closing_bytes(&network, checkpoint);
    for signature in signatures {
        let record = read::certificate(state, &signature.creator)?.filter(|record| record.revoked.is_none());
        let Some(certificate) = record.map(|record| record.certificate) else { continue };
        let key = keys.get(&certificate).map_err(StateError::new)?;
        if closing.active.contains(&certificate.party) && signature_holds_over(&key, &bytes, &signature.signature) {
            closing.signed.insert(certificate.party);
        }
    }
    Ok(closing)
}
