//! Another ledger's log, brought here: every transaction is judged again as it was there, but for the host's clock, and at
//! the end the members sign that what came is what the log's last checkpoint says. So nothing is taken on trust, and the
//! log goes on: its entries keep their places and its old proofs hold.
//!
//! While an import is open the network's own record waits in the import's. So `submit` finds no network, without a read
//! more than it makes anyway, and nothing that came so far counts for anybody.

mod part;

use std::collections::BTreeSet;

use borsh::{BorshDeserialize, BorshSerialize};
use veridose_contract::merkle::{Frontier, leaf_hash};
use veridose_contract::{NetworkId, PartyId, StateError, Transaction, Writes, network_key, party_of, read};
use veridose_ledger::host::{Group, Refused, check_closing, check_signature};
use veridose_ledger::wire::{IMPORT_KEY, Imported, MemberSignature, Refusals, RefusedTransaction, root_text};
use veridose_ledger::{SignedCheckpoint, encode_entry};

use super::state::{Effect, PeerState};
use super::submit::{no_network, why};
use super::{Inner, Refusal};
pub(super) use part::part;

/// An import that is under way.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Import {
    /// The network's record.
    network: Vec<u8>,
    /// Members so far, suspended ones too.
    members: BTreeSet<PartyId>,
    /// Of the log's tree.
    frontier: Frontier,
    /// The next step of an entry that comes in steps.
    step: Option<u32>,
}

impl Import {
    /// Takes the network's record out of a genesis.
    pub(super) fn begin(writes: &mut Writes) -> Option<Self> {
        let network = writes.remove(&network_key()).flatten()?;
        let members = writes.keys().filter_map(|key| party_of(key)).collect();
        Some(Self { network, members, frontier: Frontier::default(), step: None })
    }

    /// The open import; nothing if none is open.
    pub(super) fn open(state: &PeerState) -> Result<Option<Self>, Refusal> {
        let Some(bytes) = state.host_record(IMPORT_KEY)? else { return Ok(None) };
        let import: Self = borsh::from_slice(&bytes).map_err(|error| Refusal::State(error.to_string()))?;
        Ok(Some(import))
    }

    /// The open import at a place of the log, with the network's record shown to the contract.
    fn open_at(state: &PeerState, place: u64) -> Result<(Self, NetworkId), Refusal> {
        let import =
            Self::open(state)?.ok_or_else(|| Refusal::State("no import is open on this channel".to_owned()))?;
        if import.frontier.size() != place {
            let text = format!("entry {} is next, not entry {place}", import.frontier.size());
            return Err(Refusal::Misplaced(text));
        }
        let network = import.show(state)?;
        Ok((import, network))
    }

    fn show(&self, state: &PeerState) -> Result<NetworkId, Refusal> {
        state.show(network_key(), Some(self.network.clone()));
        Ok(read::network(state)?.ok_or_else(no_network)?.id)
    }

    /// How far it is.
    pub(super) fn progress(&self, state: &PeerState) -> Result<Imported, Refusal> {
        Ok(Imported {
            network: self.show(state)?,
            entries: self.frontier.size(),
            root: root_text(&self.frontier.root()),
            step: self.step,
        })
    }

    /// Appends an entry.
    fn push(&mut self, transaction: &Transaction) {
        self.frontier.push(leaf_hash(&encode_entry(transaction).0));
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        borsh::to_vec(self).expect("writing to a Vec does not fail")
    }
}

/// The first argument of an import: the place of what it brings.
pub(super) fn place(arguments: &[Vec<u8>]) -> Result<(u64, &[Vec<u8>]), Refusal> {
    let read = |place: &Vec<u8>| place.as_slice().try_into().map(u64::from_be_bytes).ok();
    let split = arguments.split_first().and_then(|(place, rest)| Some((read(place)?, rest)));
    split.ok_or_else(|| Refusal::Malformed("the first argument is no place of 8 bytes".to_owned()))
}

pub(super) fn import(
    host: &Inner,
    state: &PeerState,
    place: u64,
    transactions: &[Transaction],
) -> Result<Effect, Refusal> {
    let (mut import, network) = Import::open_at(state, place)?;
    if import.step.is_some() {
        return Err(Refusal::Misplaced(format!("entry {place} is being brought in steps")));
    }
    let mut group = Group::new(state);
    for (index, transaction) in transactions.iter().enumerate() {
        take(host, &mut group, network, index, transaction)?;
        import.push(transaction);
    }
    let taken = group.into_taken();
    let answer = borsh::to_vec(&taken.transactions).expect("writing to a Vec does not fail");
    let writes = taken.into_writes();
    import.members.extend(writes.keys().filter_map(|key| party_of(key)));
    let mut effect = state.effect(answer, writes)?;
    effect.put(IMPORT_KEY, Some(import.encode()));
    Ok(effect)
}

/// Judges a transaction as the ledger did that it comes from.
fn take(
    host: &Inner,
    group: &mut Group<'_>,
    network: NetworkId,
    index: usize,
    transaction: &Transaction,
) -> Result<(), Refusal> {
    let judged = check_signature(group, &host.keys, network, transaction).map_err(Into::into);
    match judged.and_then(|()| group.take(transaction, transaction.header.id())) {
        Ok(_) => Ok(()),
        Err(refused) => Err(refusal(index, transaction, refused)?),
    }
}

/// That a transaction was refused. What follows rests on it, as the order is the log's, and is not looked at.
fn refusal(index: usize, transaction: &Transaction, refused: Refused) -> Result<Refusal, StateError> {
    let (id, why) = (transaction.header.id(), why(refused)?);
    Ok(Refusals { refused: vec![RefusedTransaction { index, id, why }], complete: false }.into())
}

pub(super) fn end(host: &Inner, state: &PeerState, arguments: &[Vec<u8>]) -> Result<Effect, Refusal> {
    let (checkpoint, signatures) =
        arguments.split_first().ok_or_else(|| Refusal::Malformed("expected the log's last checkpoint".to_owned()))?;
    let text =
        std::str::from_utf8(checkpoint).map_err(|_| Refusal::Malformed("the checkpoint is not UTF-8".to_owned()))?;
    let (_, said) = SignedCheckpoint::read(text).map_err(|error| Refusal::Malformed(error.to_string()))?;
    let (import, network) = Import::open_at(state, said.size)?;
    if import.step.is_some() || said.root != import.frontier.root() {
        let problem = format!("the checkpoint is not that of the {} entries that came", import.frontier.size());
        return Err(Refusal::Refused(problem));
    }
    let read = |signature: &Vec<u8>| {
        MemberSignature::try_from_slice(signature)
            .map_err(|error| Refusal::Malformed(format!("an argument is no member's signature: {error}")))
    };
    let signatures: Vec<_> = signatures.iter().map(read).collect::<Result<_, _>>()?;
    let closing = check_closing(state, &host.keys, &import.members, network, text, &signatures)?;
    if !closing.is_closed() {
        let (signed, active) = (closing.signed.len(), closing.active.len());
        let problem =
            format!("{signed} of {active} active members signed that the import is complete; more than half must");
        return Err(Refusal::Refused(problem));
    }
    let mut effect = state.begin(network.to_string().into_bytes(), import.network)?;
    effect.put(IMPORT_KEY, None);
    Ok(effect)
}
