//! Blocks made as a peer makes them.

use fabric_sdk::fabric::common::{BlockData, BlockMetadata, Header};
use fabric_sdk::fabric::kvrwset::KvWrite;
use fabric_sdk::fabric::protos::{ChaincodeEndorsedAction, ChaincodeId, ChaincodeInput, ChaincodeSpec};
use fabric_sdk::fabric::rwset::NsReadWriteSet;

use super::*;

fn envelope(kind: HeaderType, tx_id: &str, data: Vec<u8>) -> Vec<u8> {
    let header = ChannelHeader { r#type: kind.into(), tx_id: tx_id.into(), ..ChannelHeader::default() };
    let header = Header { channel_header: header.encode_to_vec(), ..Header::default() };
    let payload = Payload { header: Some(header), data }.encode_to_vec();
    Envelope { payload, signature: Vec::new() }.encode_to_vec()
}

fn set(namespace: &str, writes: &[(&str, Option<&[u8]>)]) -> NsReadWriteSet {
    let write = |(key, value): &(&str, Option<&[u8]>)| KvWrite {
        key: (*key).to_owned(),
        is_delete: value.is_none(),
        value: value.unwrap_or_default().to_vec(),
    };
    let set = KvrwSet { writes: writes.iter().map(write).collect(), ..KvrwSet::default() };
    NsReadWriteSet { namespace: namespace.into(), rwset: set.encode_to_vec(), ..NsReadWriteSet::default() }
}

fn call_of(name: &str, args: &[&[u8]], sets: Vec<NsReadWriteSet>) -> Vec<u8> {
    let id = ChaincodeId { name: name.into(), ..ChaincodeId::default() };
    let input = ChaincodeInput { args: args.iter().map(|arg| arg.to_vec()).collect(), ..ChaincodeInput::default() };
    let spec = ChaincodeSpec { chaincode_id: Some(id), input: Some(input), ..ChaincodeSpec::default() };
    let proposal = ChaincodeProposalPayload {
        input: ChaincodeInvocationSpec { chaincode_spec: Some(spec) }.encode_to_vec(),
        ..ChaincodeProposalPayload::default()
    };
    let results = TxReadWriteSet { ns_rwset: sets, ..TxReadWriteSet::default() }.encode_to_vec();
    let action = ChaincodeAction { results, ..ChaincodeAction::default() };
    let response = ProposalResponsePayload { extension: action.encode_to_vec(), ..ProposalResponsePayload::default() };
    let action = ChaincodeEndorsedAction {
        proposal_response_payload: response.encode_to_vec(),
        ..ChaincodeEndorsedAction::default()
    };
    let payload = ChaincodeActionPayload { chaincode_proposal_payload: proposal.encode_to_vec(), action: Some(action) };
    let action = TransactionAction { payload: payload.encode_to_vec(), ..TransactionAction::default() };
    Transaction { actions: vec![action] }.encode_to_vec()
}

fn block(number: u64, envelopes: Vec<Vec<u8>>, codes: Vec<u8>) -> Block {
    let data_hash = Sha256::digest(envelopes.concat()).to_vec();
    let header = BlockHeader { number, previous_hash: vec![7; 32], data_hash };
    let metadata = BlockMetadata { metadata: vec![Vec::new(), Vec::new(), codes] };
    Block { header: Some(header), data: Some(BlockData { data: envelopes }), metadata: Some(metadata) }
}

#[test]
fn calls_of_the_chaincode_come_out_with_what_they_write() {
    let key = wire::state_key(b"key");
    let submit = call_of("veridose", &[b"c:submit", b"TX"], vec![set("veridose", &[(&key, Some(b"v"))])]);
    let gone = call_of(
        "veridose",
        &[b"submit"],
        vec![set("veridose", &[(&key, None), (".own", Some(b"w"))]), set("lscc", &[("x", None)])],
    );
    let foreign = call_of("other", &[b"submit"], vec![set("veridose", &[(&key, Some(b"w"))])]);
    let unconcerned = call_of("other", &[b"submit"], vec![set("other", &[("any key", Some(b"w"))])]);
    let envelopes = [submit.clone(), gone, foreign, unconcerned, submit];
    let envelopes = envelopes.into_iter().enumerate();
    let envelopes =
        envelopes.map(|(place, data)| envelope(HeaderType::EndorserTransaction, &place.to_string(), data)).collect();
    let decoded = decode(&block(3, envelopes, vec![0, 0, 0, 0, 11]), "veridose").expect("a good block");
    let calls: Vec<_> = decoded.transactions.iter().map(|transaction| transaction.call.as_ref()).collect();
    let [Some(submit), Some(gone), Some(foreign), None, None] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!((submit.function.as_deref(), submit.args.as_slice()), (Some("submit"), [b"TX".to_vec()].as_slice()));
    assert_eq!(submit.writes, Writes::from([(b"key".to_vec(), Some(b"v".to_vec()))]));
    assert_eq!(gone.writes, Writes::from([(b"key".to_vec(), None)]));
    assert_eq!((foreign.function.as_deref(), foreign.writes.len()), (None, 1));
    assert_eq!(
        decoded.transactions[4],
        ChannelTransaction { tx_id: "4".into(), code: 11, call: None, evidence: None, configuration: None }
    );
}

#[test]
fn changed_blocks_are_refused() {
    let good = block(1, vec![envelope(HeaderType::Config, "", Vec::new())], vec![0]);
    decode(&good, "veridose").expect("a good block");
    let mut changed = good.clone();
    changed.data.as_mut().expect("data").data[0].push(0);
    assert!(decode(&changed, "veridose").expect_err("changed").contains("not those that its header names"));
    let mut unjudged = good;
    unjudged.metadata = None;
    assert!(decode(&unjudged, "veridose").expect_err("no codes").contains("1 transactions and 0 validation codes"));
    let broken = block(1, vec![envelope(HeaderType::EndorserTransaction, "a", vec![0xff])], vec![0]);
    assert!(decode(&broken, "veridose").expect_err("broken").starts_with("its transaction 0"));
    let key = call_of("veridose", &[b"submit"], vec![set("veridose", &[("no key!", Some(b"v"))])]);
    let key = block(1, vec![envelope(HeaderType::EndorserTransaction, "a", key)], vec![0]);
    assert!(decode(&key, "veridose").expect_err("key").contains("no key of the contract"));
    let invalid = block(1, vec![vec![0xff]], vec![1]);
    assert_eq!(decode(&invalid, "veridose").expect("what is invalid may be anything").transactions[0].call, None);
}

/// The header's hash as Go's `encoding/asn1` has it for the same numbers.
#[test]
fn headers_hash_as_fabric_hashes_them() {
    let header = BlockHeader { number: 200, previous_hash: vec![1; 32], data_hash: vec![2; 32] };
    let mut der = vec![0x30, 0x48, 0x02, 0x02, 0x00, 0xc8, 0x04, 0x20];
    der.extend([1; 32]);
    der.extend([0x04, 0x20]);
    der.extend([2; 32]);
    assert_eq!(hash(&header)[..], Sha256::digest(der)[..]);
}
