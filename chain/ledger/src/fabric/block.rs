//! Reading a block: its hashes checked, and of each valid transaction what it did to the chaincode's state.

use fabric_sdk::fabric::common::{
    Block, BlockHeader, BlockMetadataIndex, ChannelHeader, Envelope, Header, HeaderType, Payload,
};
use fabric_sdk::fabric::kvrwset::KvrwSet;
use fabric_sdk::fabric::protos::{
    ChaincodeAction, ChaincodeActionPayload, ChaincodeEndorsedAction, ChaincodeInvocationSpec,
    ChaincodeProposalPayload, ProposalResponsePayload, Transaction, TransactionAction, TxValidationCode,
};
use fabric_sdk::fabric::rwset::TxReadWriteSet;
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use veridose_contract::Writes;

use super::evidence::Evidence;
use super::identity::integer;
use crate::log::Hash;
use crate::wire;

/// A block as far as the replica is concerned.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) number: u64,
    pub(crate) hash: Hash,
    /// Hash of the block before; empty for the first.
    pub(crate) previous: Vec<u8>,
    /// In the order of the block.
    pub(crate) transactions: Vec<ChannelTransaction>,
}

/// A transaction of the channel.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ChannelTransaction {
    pub(crate) tx_id: String,
    /// What the peers found when they validated it.
    pub(crate) code: i32,
    /// What it did to the chaincode's state, if it is valid and did anything or was to do.
    pub(crate) call: Option<ChaincodeCall>,
    /// What vouches for it, if it is valid and changes what the chaincode's state or definition is.
    pub(crate) evidence: Option<Evidence>,
    /// The channel's new configuration, if it is valid and brings one.
    pub(crate) configuration: Option<Vec<u8>>,
}

/// A call of the chaincode.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ChaincodeCall {
    /// The function; nothing if another chaincode was called that called this one.
    pub(crate) function: Option<String>,
    pub(crate) args: Vec<Vec<u8>>,
    /// What the endorsers signed that it writes.
    pub(crate) writes: Writes,
    /// What it answered.
    pub(crate) answer: Vec<u8>,
}

/// Reads a block of a channel on which `chaincode` runs; the problem, if it is not what a peer gives out.
pub(crate) fn decode(block: &Block, chaincode: &str) -> Result<Decoded, String> {
    let header = block.header.as_ref().ok_or("it has no header")?;
    let data = block.data.as_ref().map(|data| data.data.as_slice()).unwrap_or_default();
    let mut hasher = Sha256::new();
    for envelope in data {
        hasher.update(envelope);
    }
    let data_hash: Hash = hasher.finalize().into();
    if header.data_hash != data_hash {
        return Err("its transactions are not those that its header names".to_owned());
    }
    let filter = BlockMetadataIndex::TransactionsFilter as usize;
    let codes = block.metadata.as_ref().and_then(|metadata| metadata.metadata.get(filter));
    let codes = codes.map(Vec::as_slice).unwrap_or_default();
    if codes.len() != data.len() && header.number > 0 {
        return Err(format!("it has {} transactions and {} validation codes", data.len(), codes.len()));
    }
    let codes = codes.iter().copied().map(i32::from).chain(std::iter::repeat(TxValidationCode::Valid.into()));
    let transactions = data.iter().zip(codes).enumerate().map(|(place, (envelope, code))| {
        transaction(envelope, code, chaincode).map_err(|problem| format!("its transaction {place}: {problem}"))
    });
    Ok(Decoded {
        number: header.number,
        hash: hash(header),
        previous: header.previous_hash.clone(),
        transactions: transactions.collect::<Result<_, _>>()?,
    })
}

/// SHA-256 of the header's encoding.
pub(crate) fn hash(header: &BlockHeader) -> Hash {
    Sha256::digest(encoded(header)).into()
}

/// The header as a DER sequence of number, previous hash and data hash: what orderers sign.
pub(crate) fn encoded(header: &BlockHeader) -> Vec<u8> {
    let octets = |bytes: &[u8]| {
        let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
        [&[4, length], bytes].concat()
    };
    let number = integer(&header.number.to_be_bytes());
    let body = [number, octets(&header.previous_hash), octets(&header.data_hash)].concat();
    // A number of at most 9 bytes and two hashes of 32 fit the short form.
    let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
    [&[0x30, length], body.as_slice()].concat()
}

fn transaction(envelope: &[u8], code: i32, chaincode: &str) -> Result<ChannelTransaction, String> {
    let is_valid = code == i32::from(TxValidationCode::Valid);
    let mut found = ChannelTransaction { tx_id: String::new(), code, call: None, evidence: None, configuration: None };
    let outer = match outer(envelope) {
        Ok(outer) => outer,
        // What is not valid may be anything.
        Err(_) if !is_valid => return Ok(found),
        Err(error) => return Err(error.to_string()),
    };
    found.tx_id.clone_from(&outer.channel.tx_id);
    if is_valid && outer.channel.r#type == i32::from(HeaderType::Config) {
        found.configuration = Some(outer.data);
    } else if is_valid && outer.channel.r#type == i32::from(HeaderType::EndorserTransaction) {
        let transaction = Transaction::decode(outer.data.as_slice()).map_err(|error| error.to_string())?;
        let [action] = transaction.actions.as_slice() else {
            return Err(format!("it has {} actions, one is allowed", transaction.actions.len()));
        };
        let invoked = invoked(action).map_err(|error| error.to_string())?;
        found.evidence = Evidence::gather(
            (outer.envelope.payload, outer.envelope.signature),
            &outer.header,
            &outer.channel.tx_id,
            &invoked.proposed,
            invoked.endorsed,
            &invoked.done.results,
            (&invoked.proposal_hash, chaincode),
        )?;
        found.call = call(invoked.invocation, invoked.done, chaincode)?;
    }
    Ok(found)
}

struct Outer {
    envelope: Envelope,
    header: Header,
    channel: ChannelHeader,
    data: Vec<u8>,
}

fn outer(envelope: &[u8]) -> Result<Outer, prost::DecodeError> {
    let envelope = Envelope::decode(envelope)?;
    let Payload { header, data } = Payload::decode(envelope.payload.as_slice())?;
    let header = header.unwrap_or_default();
    let channel = ChannelHeader::decode(header.channel_header.as_slice())?;
    Ok(Outer { envelope, header, channel, data })
}

fn call(
    invocation: ChaincodeInvocationSpec,
    done: ChaincodeAction,
    chaincode: &str,
) -> Result<Option<ChaincodeCall>, String> {
    let spec = invocation.chaincode_spec.unwrap_or_default();
    let own = spec.chaincode_id.is_some_and(|id| id.name == chaincode);
    let writes = writes(&done.results, chaincode)?;
    if !own && writes.is_empty() {
        return Ok(None);
    }
    let mut args = spec.input.unwrap_or_default().args.into_iter();
    let name = args.next().unwrap_or_default();
    // fabric-sdk and Fabric's contract API put a contract's name before the function's.
    let name = String::from_utf8_lossy(&name).rsplit(':').next().map(str::to_owned);
    let answer = done.response.unwrap_or_default().payload;
    Ok(Some(ChaincodeCall { function: name.filter(|_| own), args: args.collect(), writes, answer }))
}

struct Invoked {
    invocation: ChaincodeInvocationSpec,
    /// The bytes that say what was asked.
    proposed: Vec<u8>,
    endorsed: ChaincodeEndorsedAction,
    /// Of what was asked, as the endorsers signed it.
    proposal_hash: Vec<u8>,
    done: ChaincodeAction,
}

fn invoked(action: &TransactionAction) -> Result<Invoked, prost::DecodeError> {
    let payload = ChaincodeActionPayload::decode(action.payload.as_slice())?;
    let proposed = payload.chaincode_proposal_payload;
    let proposal = ChaincodeProposalPayload::decode(proposed.as_slice())?;
    let endorsed = payload.action.unwrap_or_default();
    let response = ProposalResponsePayload::decode(endorsed.proposal_response_payload.as_slice())?;
    Ok(Invoked {
        invocation: ChaincodeInvocationSpec::decode(proposal.input.as_slice())?,
        proposed,
        endorsed,
        proposal_hash: response.proposal_hash,
        done: ChaincodeAction::decode(response.extension.as_slice())?,
    })
}

fn writes(results: &[u8], chaincode: &str) -> Result<Writes, String> {
    let sets = TxReadWriteSet::decode(results).map_err(|error| error.to_string())?;
    let mut writes = Writes::new();
    for set in sets.ns_rwset.iter().filter(|set| set.namespace == chaincode) {
        let set = KvrwSet::decode(set.rwset.as_slice()).map_err(|error| error.to_string())?;
        // The chaincode's own records begin with a dot, which no key of the contract does.
        for write in set.writes.into_iter().filter(|write| !write.key.starts_with('.')) {
            let key = wire::parse_state_key(&write.key)
                .ok_or_else(|| format!("it writes {:?}, which is no key of the contract", write.key))?;
            // A peer takes an empty value for a removal, too.
            let value = (!write.is_delete && !write.value.is_empty()).then_some(write.value);
            writes.insert(key, value);
        }
    }
    Ok(writes)
}

#[cfg(test)]
mod tests;
