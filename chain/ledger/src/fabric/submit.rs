//! Submitting: what waits is joined into one transaction of the channel, which is endorsed, ordered, and answered once the
//! replica holds it. Whatever fails on the way is tried again within a bound, under the same names, so that nothing counts
//! twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use borsh::BorshDeserialize as _;
use fabric_sdk::fabric::protos::TxValidationCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use veridose_contract::{Action, Code, Rejection, Transaction, TxId};

use super::failure::Failure;
use super::gateway::{Endorsed, code_name};
use super::link::Shared;
use super::retry::Retries;
use super::settle;
use crate::embedded::Committed;
use crate::error::{ChannelError, SubmitError};
use crate::wire;

/// Transactions joined into one at most.
const JOINED_MAX: usize = 128;
/// Bytes of joined transactions after which no more join.
const JOINED_BYTES_MAX: usize = 1 << 20;
/// Items of joined transactions after which no more join: a large batch goes by itself.
const JOINED_ITEMS_MAX: usize = 2_000;
/// How long one that could go waits for others to join.
const WINDOW: Duration = Duration::from_millis(4);
/// Joined transactions under way at once.
const LANES: usize = 8;
/// How long a transaction that was ordered may take to reach the replica before its outcome is called unknown.
const COMMIT_MAX: Duration = Duration::from_secs(30);
/// How long an ordered transaction is waited for before the gateways are asked what became of it.
const ASK_AFTER: Duration = Duration::from_secs(2);
/// How long each gateway may take to say so; where none knows, the leading orderer may have lost it, and it is handed on again.
const KNOWN_WITHIN: Duration = Duration::from_secs(1);
/// Pause before a transaction that no gateway could hand on is handed on again.
const HAND_ON_AGAIN: Duration = Duration::from_millis(300);

/// A transaction on its way in.
pub(crate) struct Waiting {
    pub(crate) transaction: Transaction,
    pub(crate) id: TxId,
    pub(crate) bytes: Vec<u8>,
    pub(crate) answer: oneshot::Sender<Result<Committed, SubmitError>>,
    /// How often endorsers refused it although this replica would take it.
    pub(crate) doubts: u32,
    pub(crate) permit: OwnedSemaphorePermit,
}

impl Waiting {
    /// Answers whoever asked, who may have gone away.
    pub(crate) fn answer(self, answer: Result<Committed, SubmitError>) {
        drop(self.permit);
        drop(self.answer.send(answer));
    }

    fn items(&self) -> usize {
        self.transaction.body.item_count()
    }

    /// What changes who is a member falls under stricter policies than the rest, which others should not wait for.
    fn goes_alone(&self) -> bool {
        self.transaction.body.commands.iter().any(|command| {
            matches!(
                command.action,
                Action::Admit(_)
                    | Action::UpdateParty(_)
                    | Action::SuspendParty(_)
                    | Action::ReinstateParty(_)
                    | Action::RegisterCertificate(_)
                    | Action::RevokeCertificate(_)
            )
        })
    }
}

/// Joins what waits and sends it, several at once, until nobody can submit any more.
pub(crate) async fn join(link: Shared, mut queue: mpsc::Receiver<Waiting>) {
    let lanes = Arc::new(Semaphore::new(LANES));
    let mut held: Option<Waiting> = None;
    loop {
        let first = match held.take() {
            Some(waiting) => waiting,
            None => match queue.recv().await {
                Some(waiting) => waiting,
                None => return,
            },
        };
        let lane = Arc::clone(&lanes).acquire_owned().await.expect("nobody closes the lanes");
        let (mut bytes, mut items) = (first.bytes.len(), first.items());
        let mut joined = vec![first];
        let window = tokio::time::sleep(WINDOW);
        tokio::pin!(window);
        let has_room = |joined: usize, bytes: usize, items: usize| {
            joined <= JOINED_MAX && bytes <= JOINED_BYTES_MAX && items <= JOINED_ITEMS_MAX
        };
        while has_room(joined.len() + 1, bytes, items) && !joined[0].goes_alone() {
            let next = tokio::select! {
                next = queue.recv() => next,
                () = &mut window => None,
            };
            let Some(next) = next else { break };
            (bytes, items) = (bytes + next.bytes.len(), items + next.items());
            if next.goes_alone() || !has_room(joined.len() + 1, bytes, items) {
                held = Some(next);
                break;
            }
            joined.push(next);
        }
        let link = Shared::clone(&link);
        tokio::spawn(async move {
            carry(&link, joined).await;
            drop(lane);
        });
    }
}

/// Tries until each is answered.
async fn carry(link: &Shared, mut joined: Vec<Waiting>) {
    let mut retries = Retries::new();
    while !joined.is_empty() {
        if let Some(reason) = link.replica.read_only() {
            return answer_all(joined, &SubmitError::ReadOnly(reason.to_owned()));
        }
        let failure = match attempt(link, &joined).await {
            Ok(()) => return answer_taken(link, joined),
            Err(Attempt::Failed(error)) => return answer_all(joined, &error),
            Err(Attempt::Refused(refusals)) => {
                let before = joined.len();
                joined = settle::settle(link, joined, refusals);
                // As long as some are answered, the rest need not wait.
                if joined.len() < before {
                    continue;
                }
                ChannelError::Unavailable("the endorsers' states differ from this node's".to_owned())
            }
            Err(Attempt::Again(error)) => error,
        };
        if !retries.wait(&failure).await {
            return answer_all(joined, &retries.told(failure).into());
        }
    }
}

/// Why an attempt did not succeed.
enum Attempt {
    Refused(wire::Refusals),
    /// Nothing was written, and it may go through another time.
    Again(ChannelError),
    Failed(SubmitError),
}

impl From<ChannelError> for Attempt {
    fn from(error: ChannelError) -> Self {
        Self::Failed(error.into())
    }
}

async fn attempt(link: &Shared, joined: &[Waiting]) -> Result<(), Attempt> {
    let bodies = joined.iter().map(|waiting| waiting.bytes.clone());
    let args = std::iter::once(wire::SUBMIT.as_bytes().to_vec()).chain(bodies).collect();
    let items: usize = joined.iter().map(Waiting::items).sum();
    let timeout = Duration::from_secs(10) + Duration::from_millis(items as u64);
    let endorsed = link.gateways.endorse(args, timeout).await.map_err(not_endorsed)?;
    let ids = Vec::<TxId>::try_from_slice(&endorsed.payload).unwrap_or_default();
    if !ids.iter().eq(joined.iter().map(|waiting| &waiting.id)) {
        return Err(ChannelError::Refused("the chaincode answered for other transactions".to_owned()).into());
    }
    let code = commit(link, &endorsed).await?;
    match TxValidationCode::try_from(code) {
        Ok(TxValidationCode::Valid) => Ok(()),
        Ok(TxValidationCode::MvccReadConflict | TxValidationCode::PhantomReadConflict) => {
            Err(Attempt::Again(ChannelError::Conflict { attempts: 1 }))
        }
        Ok(TxValidationCode::EndorsementPolicyFailure) => {
            Err(ChannelError::NotEndorsed("the endorsements do not satisfy the channel's policy".to_owned()).into())
        }
        Ok(_) | Err(_) => Err(ChannelError::Refused(format!("the peers found it invalid: {}", code_name(code))).into()),
    }
}

fn not_endorsed(failure: Failure) -> Attempt {
    let text = failure.to_string();
    match failure {
        Failure::Refused(refusals) => Attempt::Refused(refusals),
        Failure::Mismatch(_) | Failure::Unreachable(_) | Failure::NoGateway(_) => {
            Attempt::Again(ChannelError::Unavailable(text))
        }
        Failure::NotEndorsed(_) => Attempt::Again(ChannelError::NotEndorsed(text)),
        Failure::Denied(_) => Attempt::Failed(ChannelError::Refused(text).into()),
        Failure::Chaincode { status: wire::STATUS_TOO_LARGE, message } => {
            let rejection = Rejection { code: Code::LimitExceeded, command: 0, item: None, detail: message };
            Attempt::Failed(SubmitError::Rejected(rejection))
        }
        Failure::Chaincode { status: wire::STATUS_FAULT, .. } => Attempt::Again(ChannelError::Unavailable(text)),
        Failure::Chaincode { .. } | Failure::Other(_) => Attempt::Failed(SubmitError::Failed(text)),
    }
}

/// Hands an endorsed transaction on and waits until the replica holds it; the peers' validation code.
async fn commit(link: &Shared, endorsed: &Endorsed) -> Result<i32, ChannelError> {
    let mut expected = link.commits.expect(&endorsed.tx_id);
    let begun = Instant::now();
    let mut is_handed_on = false;
    let mut last = String::new();
    while begun.elapsed() < COMMIT_MAX {
        if !is_handed_on {
            match link.gateways.submit(endorsed).await {
                Ok(()) => is_handed_on = true,
                Err(Failure::Denied(problem)) => return Err(ChannelError::Refused(problem)),
                Err(failure) => last = failure.to_string(),
            }
        }
        let pause = if is_handed_on { ASK_AFTER } else { HAND_ON_AGAIN };
        tokio::select! {
            code = expected.code() => return Ok(code),
            () = tokio::time::sleep(pause) => {}
        }
        if let Some(reason) = link.replica.read_only() {
            last = format!("this node stopped following: {reason}");
            break;
        }
        if is_handed_on {
            match link.gateways.commit_status(&endorsed.tx_id, KNOWN_WITHIN).await {
                // What is valid is waited for until the replica holds it.
                Ok(code) if code == i32::from(TxValidationCode::Valid) => {}
                Ok(code) => return Ok(code),
                Err(failure) => {
                    last = failure.to_string();
                    is_handed_on = false;
                }
            }
        }
    }
    Err(ChannelError::Unknown(format!("transaction {} of the channel was handed on, {last}", endorsed.tx_id)))
}

fn answer_taken(link: &Shared, joined: Vec<Waiting>) {
    for waiting in joined {
        let id = waiting.id;
        let answer = match link.replica.index_of(&id) {
            Ok(Some(index)) => Ok(Committed { index, id, repeated: false }),
            Ok(None) => Err(SubmitError::Failed(format!("transaction {id} was taken and is not in the replica"))),
            Err(error) => Err(SubmitError::Failed(error.to_string())),
        };
        waiting.answer(answer);
    }
}

fn answer_all(joined: Vec<Waiting>, error: &SubmitError) {
    for waiting in joined {
        waiting.answer(Err(error.clone()));
    }
}
