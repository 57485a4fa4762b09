//! What a transaction brings along: function and arguments, who, when, and what stays off the ledger.

use std::collections::HashMap;

use fabric_sdk::fabric::common::{ChannelHeader, Header, SignatureHeader};
use fabric_sdk::fabric::protos::{ChaincodeInput, ChaincodeMessage, ChaincodeProposalPayload, Proposal};
use prost::Message;

use super::{Creator, ShimError};

/// A moment, as the submitter's clock tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Of the second.
    pub nanoseconds: i32,
}

/// A transaction's own data, read from the peer's message.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) channel: String,
    pub(super) tx_id: String,
    pub(super) timestamp: Option<Moment>,
    pub(super) creator: Option<Creator>,
    pub(super) transient: HashMap<String, Vec<u8>>,
}

impl Context {
    pub(super) fn read(message: &ChaincodeMessage) -> Result<Self, ShimError> {
        let mut context = Self {
            channel: message.channel_id.clone(),
            tx_id: message.txid.clone(),
            timestamp: None,
            creator: None,
            transient: HashMap::new(),
        };
        // Absent only when the peer itself calls, as for the old `Init`.
        let Some(signed) = &message.proposal else { return Ok(context) };
        let proposal: Proposal = decode("proposal", &signed.proposal_bytes)?;
        let header: Header = decode("proposal's header", &proposal.header)?;
        let channel: ChannelHeader = decode("channel header", &header.channel_header)?;
        let signature: SignatureHeader = decode("signature header", &header.signature_header)?;
        let payload: ChaincodeProposalPayload = decode("proposal's payload", &proposal.payload)?;
        context.timestamp = channel.timestamp.map(|time| Moment { seconds: time.seconds, nanoseconds: time.nanos });
        context.creator = Some(Creator::decode(&signature.creator)?);
        context.transient = payload.transient_map;
        Ok(context)
    }
}

/// The function's name and the arguments after it.
pub(super) fn call(message: &ChaincodeMessage) -> Result<(String, Vec<Vec<u8>>), ShimError> {
    let mut arguments = decode::<ChaincodeInput>("input", &message.payload)?.args.into_iter();
    let function = arguments.next().unwrap_or_default();
    let function =
        String::from_utf8(function).map_err(|_| ShimError::malformed("input", "the function's name is not UTF-8"))?;
    Ok((function, arguments.collect()))
}

pub(super) fn decode<M: Message + Default>(what: &'static str, bytes: &[u8]) -> Result<M, ShimError> {
    M::decode(bytes).map_err(|error| ShimError::malformed(what, error.to_string()))
}
