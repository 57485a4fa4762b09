//! Another ledger's log, brought here: every transaction is judged again as it was there, but for the host's clock, and at
//! the end the members sign that what came is what the log's last checkpoint says. So nothing is taken on trust, and the
//! log goes on: its entries keep their places and its old proofs hold.
//!
//! While an import is open the network's own record waits in the import's. So `submit` finds no network, without a read
//! more than it makes anyway.

use std::collections::BTreeSet;

use borsh::{BorshDeserialize, BorshSerialize};
use veridose_contract::merkle::{Frontier, leaf_hash};
use veridose_contract::{PartyId, StateError, StateRead, Transaction, Writes, network_key, party_of, read};
use veridose_ledger::host::{Group, check_signature};
use veridose_ledger::signer::signature_holds_over;
use veridose_ledger::wire::{IMPORT_KEY, MemberSignature, Refusals, RefusedTransaction, closing_bytes};
use veridose_ledger::{SignedCheckpoint, encode_entry};

use super::state::{Effect, PeerState};
use super::submit::{no_network, why};
use super::{Inner, Refusal};

/// An import that is under way.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Import {
    /// The network's record.
    network: Vec<u8>,
    /// Members so far, suspended ones too.
    members: BTreeSet<PartyId>,
    /// Of the log's tree.
    frontier: Frontier,
}

impl Import {
    /// Takes the network's record out of a genesis.
    pub(super) fn begin(writes: &mut Writes) -> Option<Self> {
        let network = writes.remove(&network_key()).flatten()?;
        let members = writes.keys().filter_map(|key| party_of(key)).collect();
        Some(Self { network, members, frontier: Frontier::default() })
    }

    /// The open import, with the network's record shown to the contract; nothing if none is open.
    pub(super) fn open(state: &PeerState) -> Result<Option<Self>, Refusal> {
        let Some(bytes) = state.host_record(IMPORT_KEY)? else { return Ok(None) };
        let import: Self = borsh::from_slice(&bytes).map_err(|error| Refusal::State(error.to_string()))?;
        Ok(Some(import))
    }

    /// Entries so far.
    pub(super) const fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        borsh::to_vec(self).expect("writing to a Vec does not fail")
    }
}

fn require_open(state: &PeerState) -> Result<Import, Refusal> {
    Import::open(state)?.ok_or_else(|| Refusal::State("no import is open on this channel".to_owned()))
}

pub(super) fn import(host: &Inner, state: &PeerState, transactions: &[Transaction]) -> Result<Effect, Refusal> {
    let mut import = require_open(state)?;
    state.show(network_key(), import.network.clone());
    let network = read::network(state)?.ok_or_else(no_network)?.id;
    let mut group = Group::new(state);
    for (index, transaction) in transactions.iter().enumerate() {
        let id = transaction.header.id();
        let judged = check_signature(&group, &host.keys, network, transaction).map_err(Into::into);
        if let Err(refused) = judged.and_then(|()| group.take(transaction, id)) {
            let why = why(refused)?;
            // What follows rests on what was refused: the order is the log's.
            return Err(Refusals { refused: vec![RefusedTransaction { index, id, why }], complete: false }.into());
        }
        import.frontier.push(leaf_hash(&encode_entry(transaction).0));
    }
    let taken = group.into_taken();
    let answer = borsh::to_vec(&taken.transactions).expect("writing to a Vec does not fail");
    let writes = taken.into_writes();
    import.members.extend(writes.keys().filter_map(|key| party_of(key)));
    let mut effect = state.effect(answer, writes)?;
    effect.put(IMPORT_KEY, Some(import.encode()));
    Ok(effect)
}

pub(super) fn end(host: &Inner, state: &PeerState, arguments: &[Vec<u8>]) -> Result<Effect, Refusal> {
    let import = require_open(state)?;
    let (checkpoint, signatures) =
        arguments.split_first().ok_or_else(|| Refusal::Malformed("expected the log's last checkpoint".to_owned()))?;
    let text =
        std::str::from_utf8(checkpoint).map_err(|_| Refusal::Malformed("the checkpoint is not UTF-8".to_owned()))?;
    let (_, said) = SignedCheckpoint::read(text).map_err(|error| Refusal::Malformed(error.to_string()))?;
    if said.size != import.frontier.size() || said.root != import.frontier.root() {
        let problem = format!("the checkpoint is not that of the {} entries that came", import.frontier.size());
        return Err(Refusal::Refused(problem));
    }
    let active = active(state, &import.members)?;
    state.show(network_key(), import.network.clone());
    let network = read::network(state)?.ok_or_else(no_network)?.id;
    let bytes = closing_bytes(&network, text);
    let mut signed = BTreeSet::new();
    for signature in signatures {
        let signature = MemberSignature::try_from_slice(signature)
            .map_err(|error| Refusal::Malformed(format!("an argument is no member's signature: {error}")))?;
        let record = read::certificate(state, &signature.creator)?.filter(|record| record.revoked.is_none());
        let Some(certificate) = record.map(|record| record.certificate) else { continue };
        let key = host.keys.get(&certificate).map_err(|error| Refusal::State(error.to_string()))?;
        if active.contains(&certificate.party) && signature_holds_over(&key, &bytes, &signature.signature) {
            signed.insert(certificate.party);
        }
    }
    if signed.len() <= active.len() / 2 {
        let problem = format!(
            "{} of {} active members signed that the import is complete; more than half must",
            signed.len(),
            active.len()
        );
        return Err(Refusal::Refused(problem));
    }
    let mut effect = state.begin(network.to_string().into_bytes(), import.network)?;
    effect.put(IMPORT_KEY, None);
    Ok(effect)
}

/// The members that may act.
fn active(state: &dyn StateRead, members: &BTreeSet<PartyId>) -> Result<BTreeSet<PartyId>, StateError> {
    let mut active = BTreeSet::new();
    for member in members {
        if read::party(state, member)?.is_some_and(|party| party.suspended.is_none()) {
            active.insert(member.clone());
        }
    }
    Ok(active)
}
