//! `attest`: which transactions stand, for endorsers to sign.

use borsh::BorshDeserialize as _;
use veridose_contract::{Header, read};
use veridose_ledger::host::stands;
use veridose_ledger::wire::{Attestation, TRANSACTIONS_MAX};

use super::Refusal;
use super::state::{Effect, PeerState};
use super::submit::no_network;

pub(super) fn attest(state: &PeerState, arguments: &[Vec<u8>]) -> Result<Effect, Refusal> {
    if arguments.len() > TRANSACTIONS_MAX {
        let text = format!("{} headers, an attest takes at most {TRANSACTIONS_MAX}", arguments.len());
        return Err(Refusal::TooLarge(text));
    }
    let network = read::network(state)?.ok_or_else(no_network)?.id;
    let mut attestations = Vec::new();
    for (index, bytes) in arguments.iter().enumerate() {
        let header = Header::try_from_slice(bytes)
            .map_err(|error| Refusal::Malformed(format!("argument {} is no header: {error}", index + 1)))?;
        if stands(state, &header)? {
            attestations.push(Attestation { network, tx: header.id(), body_root: header.body_root });
        }
    }
    Ok(Effect::answer(borsh::to_vec(&attestations).expect("writing to a Vec does not fail")))
}
