//! `submit`: transactions applied in order, each seeing the ones before; all are written, or nothing is.

use borsh::BorshDeserialize as _;
use veridose_contract::{NetworkId, StateError, Timestamp, Transaction, TxId, read};
use veridose_ledger::host::{Group, Refused, check_clock, check_signature, stands};
use veridose_ledger::wire::{ITEMS_MAX, REFUSALS_MAX, Refusals, RefusedTransaction, TRANSACTIONS_MAX, Why};

use super::state::{Effect, PeerState};
use super::{Inner, Refusal};

pub(super) fn submit(host: &Inner, state: &PeerState, transactions: &[Transaction]) -> Result<Effect, Refusal> {
    let network = read::network(state)?.ok_or_else(no_network)?.id;
    let now = (host.clock)();
    let mut group = Group::new(state);
    let mut refusals = Refusals { refused: Vec::new(), complete: true };
    for (index, transaction) in transactions.iter().enumerate() {
        if refusals.refused.len() == REFUSALS_MAX {
            refusals.complete = false;
            break;
        }
        let id = transaction.header.id();
        if let Some(why) = take(host, &mut group, network, now, transaction, id)? {
            refusals.refused.push(RefusedTransaction { index, id, why });
        }
    }
    if !refusals.refused.is_empty() {
        return Err(refusals.into());
    }
    let taken = group.into_taken();
    let answer = borsh::to_vec(&taken.transactions).expect("writing to a Vec does not fail");
    state.effect(answer, taken.into_writes())
}

/// Judges one transaction as the embedded ledger does, in its order; why it was refused, if so.
fn take(
    host: &Inner,
    group: &mut Group<'_>,
    network: NetworkId,
    now: Timestamp,
    transaction: &Transaction,
    id: TxId,
) -> Result<Option<Why>, StateError> {
    let judged = check_signature(group, &host.keys, network, transaction).map_err(Refused::from).and_then(|()| {
        // The very same transaction again: its clock was judged the first time.
        if stands(group, &transaction.header)? {
            return Err(Refused::Repeated { first: id });
        }
        check_clock(transaction.header.time, now, host.clock_skew_max_ms).map_err(Refused::Unauthentic)?;
        group.take(transaction, id).map(drop)
    });
    judged.err().map(why).transpose()
}

/// What the client is told.
pub(super) fn why(refused: Refused) -> Result<Why, StateError> {
    match refused {
        Refused::Unauthentic(reason) => Ok(Why::Unauthenticated { reason }),
        Refused::Rejected(rejection) => Ok(Why::Rejected(rejection)),
        Refused::Repeated { first } => Ok(Why::Repeated { first }),
        Refused::State(error) => Err(error),
    }
}

/// The transactions of a submit that keeps within the limits.
pub(super) fn parse(arguments: &[Vec<u8>]) -> Result<Vec<Transaction>, Refusal> {
    if arguments.is_empty() {
        return Err(Refusal::Malformed("a submit needs at least one transaction".to_owned()));
    }
    if arguments.len() > TRANSACTIONS_MAX {
        let text = format!("{} transactions, a submit takes at most {TRANSACTIONS_MAX}", arguments.len());
        return Err(Refusal::TooLarge(text));
    }
    let read = |(index, bytes): (usize, &Vec<u8>)| {
        Transaction::try_from_slice(bytes)
            .map_err(|error| Refusal::Malformed(format!("argument {} is no transaction: {error}", index + 1)))
    };
    let transactions: Vec<_> = arguments.iter().enumerate().map(read).collect::<Result<_, _>>()?;
    let items: usize = transactions.iter().map(|transaction| transaction.body.item_count()).sum();
    if items > ITEMS_MAX {
        let text = format!("{items} items, a submit takes at most {ITEMS_MAX}: divide it");
        return Err(Refusal::TooLarge(text));
    }
    Ok(transactions)
}

/// What functions other than `init` and `version` answer before there is a network.
pub(super) fn no_network() -> Refusal {
    Refusal::State(
        "the channel has no network yet: call `init` with the network file first, or end the import".to_owned(),
    )
}
