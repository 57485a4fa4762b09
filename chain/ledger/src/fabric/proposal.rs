//! Messages to peers: a call of the chaincode as a signed proposal, and other signed envelopes.

use fabric_sdk::fabric::common::{ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader};
use fabric_sdk::fabric::google_protobuf;
use fabric_sdk::fabric::protos::{
    ChaincodeHeaderExtension, ChaincodeId, ChaincodeInput, ChaincodeInvocationSpec, ChaincodeProposalPayload,
    ChaincodeSpec, Proposal, SignedProposal, chaincode_spec,
};
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use veridose_contract::Timestamp;

use super::identity::Identity;
use crate::LedgerError;
use crate::pki::random;

/// A call, ready to be sent; the transaction's name on the channel is drawn anew for each.
pub(crate) struct Call {
    /// SHA-256 of nonce and creator, in hexadecimal.
    pub(crate) tx_id: String,
    pub(crate) proposal: SignedProposal,
}

/// Builds and signs a call of a chaincode's function.
pub(crate) fn call(
    identity: &Identity,
    channel: &str,
    chaincode: &str,
    now: Timestamp,
    args: Vec<Vec<u8>>,
) -> Result<Call, LedgerError> {
    let id = ChaincodeId { name: chaincode.to_owned(), ..ChaincodeId::default() };
    let extension = ChaincodeHeaderExtension { chaincode_id: Some(id.clone()) };
    let (tx_id, header) = header(identity, HeaderType::EndorserTransaction, channel, now, extension.encode_to_vec())?;
    let input = ChaincodeInput { args, ..ChaincodeInput::default() };
    let spec = ChaincodeSpec {
        r#type: chaincode_spec::Type::Golang.into(),
        chaincode_id: Some(id),
        input: Some(input),
        timeout: 0,
    };
    let input = ChaincodeInvocationSpec { chaincode_spec: Some(spec) }.encode_to_vec();
    let payload = ChaincodeProposalPayload { input, ..ChaincodeProposalPayload::default() }.encode_to_vec();
    let proposal = Proposal { header: header.encode_to_vec(), payload, extension: Vec::new() };
    let proposal_bytes = proposal.encode_to_vec();
    let signature = identity.sign(&proposal_bytes)?;
    Ok(Call { tx_id, proposal: SignedProposal { proposal_bytes, signature } })
}

/// A signed envelope of a kind that needs no chaincode.
pub(crate) fn envelope(
    identity: &Identity,
    kind: HeaderType,
    channel: &str,
    now: Timestamp,
    data: Vec<u8>,
) -> Result<Envelope, LedgerError> {
    let (_, header) = header(identity, kind, channel, now, Vec::new())?;
    signed(identity, Payload { header: Some(header), data }.encode_to_vec())
}

/// Signs a payload.
pub(crate) fn signed(identity: &Identity, payload: Vec<u8>) -> Result<Envelope, LedgerError> {
    let signature = identity.sign(&payload)?;
    Ok(Envelope { payload, signature })
}

fn header(
    identity: &Identity,
    kind: HeaderType,
    channel: &str,
    now: Timestamp,
    extension: Vec<u8>,
) -> Result<(String, Header), LedgerError> {
    let nonce = random::<24>()?;
    let creator = identity.serialized();
    let tx_id = hex::encode(Sha256::new().chain_update(nonce).chain_update(creator).finalize());
    let nanos = i32::try_from(now.0.rem_euclid(1_000) * 1_000_000).expect("below a second");
    let timestamp = google_protobuf::Timestamp { seconds: now.0.div_euclid(1_000), nanos };
    let channel_header = ChannelHeader {
        r#type: kind.into(),
        timestamp: Some(timestamp),
        channel_id: channel.to_owned(),
        tx_id: tx_id.clone(),
        extension,
        ..ChannelHeader::default()
    };
    let signature_header = SignatureHeader { creator: creator.to_vec(), nonce: nonce.to_vec() };
    let header =
        Header { channel_header: channel_header.encode_to_vec(), signature_header: signature_header.encode_to_vec() };
    Ok((tx_id, header))
}
