//! An entry too large for one call of a chaincode, brought in steps, each a transaction of the channel:
//!
//! | step | what it does |
//! |---|---|
//! | 0 | checks the signature and keeps the transaction |
//! | then | reads what stands of the next items, and keeps that |
//! | then | runs the contract, and keeps what else it read: nothing was written yet, so a refusal leaves nothing |
//! | then | runs it again on what was kept, and writes the next part of what it writes |
//!
//! No step sees what another wrote, because each reads what was kept. The entry counts with its last step; until then the
//! import has neither its leaf nor its place.

use borsh::{BorshDeserialize, to_vec};
use veridose_contract::{Action, ItemKey, NetworkId, Transaction, TxId, Writes, item_key, party_of};
use veridose_ledger::host::{Group, check_signature};
use veridose_ledger::wire::{IMPORT_KEY, PART_ITEMS_MAX};

use super::{Import, refusal, take};
use crate::host::state::{Effect, Pair, PeerState};
use crate::host::{Inner, Refusal};

/// Where the transaction is kept.
const HELD_KEY: &str = ".import.held";
/// Where what stood is kept, a record each step.
const READ_KEY: &str = ".import.read.";

type Kept = Vec<Pair>;

pub(in crate::host) fn part(
    host: &Inner,
    state: &PeerState,
    place: u64,
    arguments: &[Vec<u8>],
) -> Result<Effect, Refusal> {
    let malformed = |text: &str| Refusal::Malformed(text.to_owned());
    let (step, rest) = arguments.split_first().ok_or_else(|| malformed("expected the number of a step"))?;
    let step = step.as_slice().try_into().map(u32::from_be_bytes);
    let step = step.map_err(|_| malformed("the number of the step is not of 4 bytes"))?;
    let (import, network) = Import::open_at(state, place)?;
    let next = import.step.unwrap_or(0);
    if step != next {
        return Err(Refusal::Misplaced(format!("step {next} of entry {place} is next, not step {step}")));
    }
    match (step, rest) {
        (0, [transaction]) => hold(host, state, import, network, transaction),
        (0, _) => Err(malformed("expected the transaction")),
        (_, []) => go_on(host, state, import, network, step),
        (..) => Err(malformed("the transaction comes with step 0")),
    }
}

/// Keeps the transaction.
fn hold(host: &Inner, state: &PeerState, import: Import, network: NetworkId, bytes: &[u8]) -> Result<Effect, Refusal> {
    let transaction = Transaction::try_from_slice(bytes)
        .map_err(|error| Refusal::Malformed(format!("it is no transaction: {error}")))?;
    if transaction.body.item_count() <= PART_ITEMS_MAX {
        return Err(Refusal::Malformed(format!("an entry of at most {PART_ITEMS_MAX} items is imported at once")));
    }
    if let Err(refused) = check_signature(state, &host.keys, network, &transaction) {
        return Err(refusal(0, &transaction, refused.into())?);
    }
    let mut effect = Effect::answer(no_ids());
    effect.put(HELD_KEY, Some(bytes.to_vec()));
    Ok(next(effect, import, 1))
}

/// What a step after the first does depends on how many items there are.
fn go_on(host: &Inner, state: &PeerState, import: Import, network: NetworkId, step: u32) -> Result<Effect, Refusal> {
    let held = state.host_record(HELD_KEY)?.ok_or_else(|| lost("transaction"))?;
    let transaction = Transaction::try_from_slice(&held).map_err(|error| Refusal::State(error.to_string()))?;
    let items = named(&transaction);
    let slices: Vec<_> = items.chunks(PART_ITEMS_MAX).collect();
    let judging = number(slices.len()) + 1;
    if let Some(slice) = slices.get(place_of(step) - 1) {
        let kept = state.read_all(slice.iter().map(item_key).collect())?;
        return Ok(next(keep(step, &kept), import, step + 1));
    }
    for kept in 1..step.min(judging + 1) {
        let bytes = state.host_record(&format!("{READ_KEY}{kept}"))?.ok_or_else(|| lost("record"))?;
        let kept: Kept = borsh::from_slice(&bytes).map_err(|error| Refusal::State(error.to_string()))?;
        for (key, value) in kept {
            state.show(key, value);
        }
    }
    let before = state.seen();
    let mut group = Group::new(state);
    take(host, &mut group, network, 0, &transaction)?;
    let writes = group.into_taken().into_writes();
    if step == judging {
        let seen = state.seen();
        let mut kept: Kept = seen.into_iter().filter(|(key, _)| !before.contains_key(key)).collect();
        kept.sort_unstable();
        return Ok(next(keep(step, &kept), import, step + 1));
    }
    if state.seen().len() != before.len() {
        return Err(Refusal::State("a step read what the judging one did not".to_owned()));
    }
    write(state, import, &transaction, writes, step, judging)
}

/// The items that it names, each of which the contract reads.
fn named(transaction: &Transaction) -> Vec<ItemKey> {
    let mut items = Vec::new();
    for command in &transaction.body.commands {
        items.extend(&command.items);
        if let Action::Transform { inputs, .. } = &command.action {
            items.extend(inputs);
        }
        if let Action::Accept { discrepancies, .. } = &command.action {
            items.extend(discrepancies.iter().map(|discrepancy| discrepancy.item));
        }
    }
    items
}

/// Writes the next part; with the last one the entry counts.
fn write(
    state: &PeerState,
    mut import: Import,
    transaction: &Transaction,
    writes: Writes,
    step: u32,
    judging: u32,
) -> Result<Effect, Refusal> {
    let first = place_of(step - judging - 1) * PART_ITEMS_MAX;
    let is_last = first + PART_ITEMS_MAX >= writes.len();
    let members: Vec<_> = writes.keys().filter_map(|key| party_of(key)).collect();
    let slice: Writes = writes.into_iter().skip(first).take(PART_ITEMS_MAX).collect();
    if !is_last {
        return Ok(next(state.effect(no_ids(), slice)?, import, step + 1));
    }
    let ids = vec![transaction.header.id()];
    let mut effect = state.effect(to_vec(&ids).expect("writing to a Vec does not fail"), slice)?;
    effect.put(HELD_KEY, None);
    for kept in 1..=judging {
        effect.put(&format!("{READ_KEY}{kept}"), None);
    }
    import.members.extend(members);
    import.push(transaction);
    import.step = None;
    effect.put(IMPORT_KEY, Some(import.encode()));
    Ok(effect)
}

fn keep(step: u32, kept: &Kept) -> Effect {
    let mut effect = Effect::answer(no_ids());
    effect.put(&format!("{READ_KEY}{step}"), Some(to_vec(kept).expect("writing to a Vec does not fail")));
    effect
}

fn next(mut effect: Effect, mut import: Import, step: u32) -> Effect {
    import.step = Some(step);
    effect.put(IMPORT_KEY, Some(import.encode()));
    effect
}

fn lost(what: &str) -> Refusal {
    Refusal::State(format!("a {what} that an earlier step kept is gone"))
}

fn no_ids() -> Vec<u8> {
    to_vec(&Vec::<TxId>::new()).expect("writing to a Vec does not fail")
}

fn number(count: usize) -> u32 {
    u32::try_from(count).expect("a transaction has at most 100,000 items")
}

fn place_of(step: u32) -> usize {
    usize::try_from(step).expect("a step fits a usize")
}
