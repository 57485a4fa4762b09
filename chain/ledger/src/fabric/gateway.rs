//! The peers as gateways: endorse, submit, evaluate, and what became of a transaction. One gateway after another is asked
//! until one answers.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fabric_sdk::fabric::common::{Envelope, Payload};
use fabric_sdk::fabric::gateway::gateway_client::GatewayClient;
use fabric_sdk::fabric::gateway::{
    CommitStatusRequest, EndorseRequest, EvaluateRequest, SignedCommitStatusRequest, SubmitRequest,
};
use fabric_sdk::fabric::protos::{
    ChaincodeAction, ChaincodeActionPayload, ProposalResponsePayload, Transaction, TxValidationCode,
};
use prost::Message as _;
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::connection::{Connection, MESSAGE_BYTES_MAX};
use super::failure::Failure;
use super::identity::Identity;
use super::proposal;
use crate::embedded::Clock;

/// How long a gateway may take to answer what does not depend on the size of what it is given.
pub(crate) const ANSWER: Duration = Duration::from_secs(10);

/// The way into the channel.
pub(crate) struct Gateways {
    pub(crate) identity: Arc<Identity>,
    /// All peers, the organisation's own first.
    pub(crate) peers: Vec<Connection>,
    pub(crate) channel: String,
    pub(crate) chaincode: String,
    pub(crate) clock: Clock,
    /// The one that answered last.
    pub(crate) first: AtomicUsize,
}

/// An endorsed and signed transaction.
pub(crate) struct Endorsed {
    /// Its name on the channel.
    pub(crate) tx_id: String,
    /// What the chaincode answered.
    pub(crate) payload: Vec<u8>,
    envelope: Envelope,
}

impl Gateways {
    /// Asks the chaincode without writing anything.
    pub(crate) async fn evaluate(&self, args: Vec<Vec<u8>>) -> Result<Vec<u8>, Failure> {
        let call = proposal::call(&self.identity, &self.channel, &self.chaincode, (self.clock)(), args)?;
        let request = EvaluateRequest {
            transaction_id: call.tx_id,
            channel_id: self.channel.clone(),
            proposed_transaction: Some(call.proposal),
            target_organizations: Vec::new(),
        };
        let answer = self.ask(ANSWER, async |mut client| client.evaluate(request.clone()).await).await?;
        let result = answer.result.unwrap_or_default();
        // A gateway turns every other status into an error of its own.
        Ok(result.payload)
    }

    /// Has a call endorsed by as many organisations as the channel's policies demand, and signs the outcome.
    pub(crate) async fn endorse(&self, args: Vec<Vec<u8>>, timeout: Duration) -> Result<Endorsed, Failure> {
        let call = proposal::call(&self.identity, &self.channel, &self.chaincode, (self.clock)(), args)?;
        let request = EndorseRequest {
            transaction_id: call.tx_id.clone(),
            channel_id: self.channel.clone(),
            proposed_transaction: Some(call.proposal),
            endorsing_organizations: Vec::new(),
        };
        let answer = self.ask(timeout, async |mut client| client.endorse(request.clone()).await).await?;
        let envelope = answer.prepared_transaction.unwrap_or_default();
        let payload = answered(&envelope.payload).map_err(Failure::malformed)?;
        let envelope = proposal::signed(&self.identity, envelope.payload)?;
        Ok(Endorsed { tx_id: call.tx_id, payload, envelope })
    }

    /// Hands an endorsed transaction to the orderers. The same one again does no harm: the channel takes it once.
    pub(crate) async fn submit(&self, endorsed: &Endorsed) -> Result<(), Failure> {
        let request = SubmitRequest {
            transaction_id: endorsed.tx_id.clone(),
            channel_id: self.channel.clone(),
            prepared_transaction: Some(endorsed.envelope.clone()),
        };
        self.ask(ANSWER, async |mut client| client.submit(request.clone()).await).await.map(drop)
    }

    /// What became of a transaction. A gateway that knows answers at once, another waits for it as long as it may.
    pub(crate) async fn commit_status(&self, tx_id: &str, wait: Duration) -> Result<i32, Failure> {
        let request = CommitStatusRequest {
            transaction_id: tx_id.to_owned(),
            channel_id: self.channel.clone(),
            identity: self.identity.serialized().to_vec(),
        };
        let request = request.encode_to_vec();
        let signature = self.identity.sign(&request)?;
        let request = SignedCommitStatusRequest { request, signature };
        let answer = self.ask(wait, async |mut client| client.commit_status(request.clone()).await).await?;
        Ok(answer.result)
    }

    /// Asks one gateway after another, beginning with the one that answered last, until one has an answer of its own.
    async fn ask<T, F>(&self, timeout: Duration, ask: impl Fn(GatewayClient<Channel>) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<tonic::Response<T>, Status>>,
    {
        let first = self.first.load(Ordering::Relaxed);
        let mut last = None;
        for step in 0..self.peers.len() {
            let place = (first + step) % self.peers.len();
            let peer = &self.peers[place];
            let client = GatewayClient::new(peer.channel.clone())
                .max_decoding_message_size(MESSAGE_BYTES_MAX)
                .max_encoding_message_size(MESSAGE_BYTES_MAX);
            let failure = match tokio::time::timeout(timeout, ask(client)).await {
                Ok(Ok(answer)) => {
                    self.first.store(place, Ordering::Relaxed);
                    return Ok(answer.into_inner());
                }
                Ok(Err(status)) => Failure::of(&peer.name, &status),
                Err(_) => Failure::of(&peer.name, &Status::new(Code::DeadlineExceeded, "it did not answer in time")),
            };
            if !failure.is_of_the_peer() {
                return Err(failure);
            }
            tracing::debug!(peer = peer.name, %failure, "a gateway failed");
            last = Some(failure);
        }
        Err(last.unwrap_or_else(|| Failure::Unreachable("the profile names no peer".to_owned())))
    }
}

/// What the chaincode answered, from an endorsed transaction.
fn answered(payload: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    let transaction = Transaction::decode(Payload::decode(payload)?.data.as_slice())?;
    let action = transaction.actions.into_iter().next().unwrap_or_default();
    let action = ChaincodeActionPayload::decode(action.payload.as_slice())?.action.unwrap_or_default();
    let response = ProposalResponsePayload::decode(action.proposal_response_payload.as_slice())?;
    let action = ChaincodeAction::decode(response.extension.as_slice())?;
    Ok(action.response.unwrap_or_default().payload)
}

/// A validation code's name.
pub(crate) fn code_name(code: i32) -> String {
    TxValidationCode::try_from(code).map_or_else(|_| code.to_string(), |code| code.as_str_name().to_owned())
}
