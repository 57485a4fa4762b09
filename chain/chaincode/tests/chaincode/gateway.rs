//! A small client of a peer's gateway, for tests against a real network.

use std::path::Path;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use fabric_sdk::fabric::common::{ChannelHeader, Header, HeaderType, SignatureHeader};
use fabric_sdk::fabric::gateway::gateway_client::GatewayClient;
use fabric_sdk::fabric::gateway::{
    CommitStatusRequest, EndorseRequest, ErrorDetail, EvaluateRequest, SignedCommitStatusRequest, SubmitRequest,
};
use fabric_sdk::fabric::google_protobuf::Timestamp;
use fabric_sdk::fabric::msp::SerializedIdentity;
use fabric_sdk::fabric::protos::{
    ChaincodeHeaderExtension, ChaincodeId, ChaincodeInput, ChaincodeInvocationSpec, ChaincodeProposalPayload,
    ChaincodeSpec, Proposal, SignedProposal, TxValidationCode,
};
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

/// What an error of a gateway carries: `google.rpc.Status`, as far as it is needed.
#[derive(Clone, PartialEq, prost::Message)]
struct Details {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Any {
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// How long a transaction took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    pub(crate) endorse: Duration,
    pub(crate) all: Duration,
}

pub(crate) struct Gateway {
    client: GatewayClient<Channel>,
    channel: String,
    chaincode: String,
    creator: Vec<u8>,
    key: EcdsaKeyPair,
}

impl Gateway {
    /// The gateway of an organisation's own peer.
    pub(crate) fn open(folder: &Path, org: &str) -> Self {
        let read = |path: &str| {
            let path = folder.join(path);
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let json = |path: &str| serde_json::from_str::<serde_json::Value>(&read(path)).expect("JSON");
        let network = json("network.json");
        let profile = json(&format!("organizations/{org}/connection.json"));
        let peer = &profile["peers"][&format!("peer-{org}")];
        let url = peer["url"].as_str().expect("an address").replace("grpcs://", "https://");
        let authority = match peer["tlsCACerts"]["path"].as_str() {
            Some(path) => read(path),
            None => peer["tlsCACerts"]["pem"].as_str().expect("an authority").to_owned(),
        };
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority));
        let endpoint = Endpoint::from_shared(url).expect("an address").tls_config(tls).expect("TLS");
        let channel = endpoint.tcp_nodelay(true).http2_max_header_list_size(256 << 10).connect_lazy();
        let mspid = profile["organizations"][org]["mspid"].as_str().expect("an MSP").to_owned();
        let id_bytes = read(&format!("organizations/{org}/users/client/cert.pem")).into_bytes();
        let key = read(&format!("organizations/{org}/users/client/key.pem"));
        let (_, key) = x509_parser::pem::parse_x509_pem(key.as_bytes()).expect("PEM");
        let text = |name: &str| network[name].as_str().expect("a name").to_owned();
        Self {
            client: GatewayClient::new(channel).max_decoding_message_size(200 << 20),
            channel: text("channel"),
            chaincode: text("chaincode"),
            creator: SerializedIdentity { mspid, id_bytes }.encode_to_vec(),
            key: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key.contents).expect("a key"),
        }
    }

    /// Asks the own peer alone.
    pub(crate) async fn evaluate(&self, function: &str, arguments: &[Vec<u8>]) -> Result<Vec<u8>, String> {
        let (transaction_id, proposal) = self.propose(function, arguments);
        let request = EvaluateRequest {
            transaction_id,
            channel_id: self.channel.clone(),
            proposed_transaction: Some(proposal),
            target_organizations: Vec::new(),
        };
        let answer = self.client.clone().evaluate(request).await.map_err(|status| reason(&status))?;
        Ok(answer.into_inner().result.expect("an answer").payload)
    }

    /// Has a transaction endorsed and ordered, and waits for its place in a block.
    pub(crate) async fn submit(&self, function: &str, arguments: &[Vec<u8>]) -> Result<Took, String> {
        let begun = Instant::now();
        let (transaction_id, proposal) = self.propose(function, arguments);
        let mut client = self.client.clone();
        let request = EndorseRequest {
            transaction_id: transaction_id.clone(),
            channel_id: self.channel.clone(),
            proposed_transaction: Some(proposal),
            endorsing_organizations: Vec::new(),
        };
        let endorsed = client.endorse(request).await.map_err(|status| reason(&status))?.into_inner();
        let endorse = begun.elapsed();
        let mut envelope = endorsed.prepared_transaction.expect("a transaction");
        envelope.signature = self.sign(&envelope.payload);
        let request = SubmitRequest {
            transaction_id: transaction_id.clone(),
            channel_id: self.channel.clone(),
            prepared_transaction: Some(envelope),
        };
        client.submit(request).await.map_err(|status| reason(&status))?;
        let request =
            CommitStatusRequest { transaction_id, channel_id: self.channel.clone(), identity: self.creator.clone() };
        let request = request.encode_to_vec();
        let signature = self.sign(&request);
        let status = client.commit_status(SignedCommitStatusRequest { request, signature }).await;
        let status = status.map_err(|status| reason(&status))?.into_inner().result();
        match status {
            TxValidationCode::Valid => Ok(Took { endorse, all: begun.elapsed() }),
            other => Err(other.as_str_name().to_owned()),
        }
    }

    fn propose(&self, function: &str, arguments: &[Vec<u8>]) -> (String, SignedProposal) {
        let mut nonce = vec![0; 24];
        aws_lc_rs::rand::SecureRandom::fill(&SystemRandom::new(), &mut nonce).expect("chance");
        let tx_id: [u8; 32] = Sha256::new().chain_update(&nonce).chain_update(&self.creator).finalize().into();
        let tx_id = veridose_contract::TxId(tx_id).to_string();
        let id = ChaincodeId { name: self.chaincode.clone(), ..ChaincodeId::default() };
        let args = std::iter::once(function.as_bytes().to_vec()).chain(arguments.iter().cloned()).collect();
        let input = ChaincodeInput { args, ..ChaincodeInput::default() };
        let spec =
            ChaincodeSpec { chaincode_id: Some(id.clone()), input: Some(input), r#type: 1, ..ChaincodeSpec::default() };
        let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970");
        let channel = ChannelHeader {
            r#type: HeaderType::EndorserTransaction.into(),
            channel_id: self.channel.clone(),
            tx_id: tx_id.clone(),
            timestamp: Some(Timestamp { seconds: i64::try_from(now.as_secs()).expect("a date"), nanos: 0 }),
            extension: ChaincodeHeaderExtension { chaincode_id: Some(id) }.encode_to_vec(),
            ..ChannelHeader::default()
        };
        let signature = SignatureHeader { creator: self.creator.clone(), nonce };
        let header = Header { channel_header: channel.encode_to_vec(), signature_header: signature.encode_to_vec() };
        let payload = ChaincodeProposalPayload {
            input: ChaincodeInvocationSpec { chaincode_spec: Some(spec) }.encode_to_vec(),
            ..ChaincodeProposalPayload::default()
        };
        let proposal =
            Proposal { header: header.encode_to_vec(), payload: payload.encode_to_vec(), extension: Vec::new() };
        let proposal_bytes = proposal.encode_to_vec();
        let signature = self.sign(&proposal_bytes);
        (tx_id, SignedProposal { proposal_bytes, signature })
    }

    /// DER, with an `s` that is surely in the lower half: another signature is made until it is.
    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        loop {
            let signature = self.key.sign(&SystemRandom::new(), bytes).expect("it signs");
            let (r, s) = signature.as_ref().split_at(32);
            if s[0] < 0x7f {
                let body = [integer(r), integer(s)].concat();
                return [vec![0x30, u8::try_from(body.len()).expect("short")], body].concat();
            }
        }
    }
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = bytes.iter().copied().skip_while(|digit| *digit == 0).collect();
    let sign = if digits.first().is_none_or(|digit| *digit > 0x7f) { vec![0] } else { vec![] };
    let content = [sign, digits].concat();
    [vec![2, u8::try_from(content.len()).expect("short")], content].concat()
}

/// What the chaincode said, or the gateway if it was not the chaincode.
fn reason(status: &tonic::Status) -> String {
    let details = Details::decode(status.details()).expect("details in their form");
    let first = details.details.first().map(|any| ErrorDetail::decode(any.value.as_slice()).expect("a detail"));
    match first {
        Some(detail) => detail.message,
        None => status.message().to_owned(),
    }
}
