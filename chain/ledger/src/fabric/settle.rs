//! What to make of refusals. An endorser may lag behind the state that the client has read, or be ahead of it. So a refusal
//! stands once this replica refuses too; until then it is tried again, within a bound after which it stands as it is.

use std::time::Duration;

use veridose_contract::TxId;

use super::link::Shared;
use super::submit::Waiting;
use crate::embedded::Committed;
use crate::error::{ChannelError, SubmitError, Unauthentic};
use crate::host::Refused;
use crate::wire::{Refusals, RefusedTransaction, Why};

/// How often a refusal that the replica does not share is tried again.
const DOUBTS_MAX: u32 = 20;
/// How long the transaction that a repetition repeats may take to reach the replica.
const FIRST_MAX: Duration = Duration::from_secs(30);

/// Answers those whose refusal stands, and gives back the others.
pub(crate) fn settle(link: &Shared, joined: Vec<Waiting>, refusals: Refusals) -> Vec<Waiting> {
    let mut refused = refusals.refused;
    let mut left = Vec::new();
    for (place, mut waiting) in joined.into_iter().enumerate() {
        let found = refused.iter().position(|refused| refused.index == place && refused.id == waiting.id);
        let Some(found) = found else {
            left.push(waiting);
            continue;
        };
        let RefusedTransaction { why, .. } = refused.swap_remove(found);
        match judge(link, &waiting, why) {
            Judgement::Stands(error) => waiting.answer(Err(error)),
            Judgement::Repeats(first) => drop(tokio::spawn(answer_first(Shared::clone(link), waiting, first))),
            Judgement::Doubtful => {
                waiting.doubts += 1;
                left.push(waiting);
            }
        }
    }
    left
}

enum Judgement {
    Stands(SubmitError),
    Repeats(TxId),
    Doubtful,
}

fn judge(link: &Shared, waiting: &Waiting, why: Why) -> Judgement {
    let (error, is_final) = match why {
        Why::Repeated { first } => return Judgement::Repeats(first),
        Why::Rejected(rejection) => (SubmitError::Rejected(rejection), false),
        Why::Unauthenticated { reason } => {
            // Only the endorser's clock counts.
            let is_final = matches!(reason, Unauthentic::Clock { .. });
            (SubmitError::Unauthenticated(reason), is_final)
        }
    };
    if is_final || waiting.doubts >= DOUBTS_MAX {
        return Judgement::Stands(error);
    }
    match link.replica.rehearse(&waiting.transaction) {
        Ok(()) => Judgement::Doubtful,
        Err(Refused::Repeated { first }) => Judgement::Repeats(first),
        Err(Refused::Rejected(_) | Refused::Unauthentic(_)) => Judgement::Stands(error),
        Err(Refused::State(error)) => Judgement::Stands(SubmitError::Failed(error.to_string())),
    }
}

/// Answers a repetition with the first one, once the replica holds that.
async fn answer_first(link: Shared, waiting: Waiting, first: TxId) {
    let mut size = link.replica.subscribe();
    let found = async {
        loop {
            size.borrow_and_update();
            match link.replica.index_of(&first) {
                Ok(Some(index)) => return Ok(Committed { index, id: first, repeated: true }),
                Ok(None) => {}
                Err(error) => return Err(SubmitError::Failed(error.to_string())),
            }
            if size.changed().await.is_err() {
                return Err(SubmitError::Closed);
            }
        }
    };
    let found = tokio::time::timeout(FIRST_MAX, found).await.unwrap_or_else(|_| {
        Err(ChannelError::Unknown(format!("it repeats transaction {first}, which did not reach this node yet")).into())
    });
    waiting.answer(found);
}
