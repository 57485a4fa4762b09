//! A channel made up for the tests: organisations with authorities of their own, configurations, and blocks as orderers and
//! peers make them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use fabric_sdk::fabric::common::implicit_meta_policy::Rule;
use fabric_sdk::fabric::common::msp_role::MspRoleType;
use fabric_sdk::fabric::common::policy::PolicyType;
use fabric_sdk::fabric::common::signature_policy::{NOutOf, Type};
use fabric_sdk::fabric::common::{
    ApplicationPolicy, Block, BlockData, BlockHeader, BlockMetadata, ChannelHeader, Config, ConfigEnvelope,
    ConfigGroup, ConfigPolicy, ConfigValue, Envelope, Header, HeaderType, ImplicitMetaPolicy, Metadata,
    MetadataSignature, MspPrincipal, MspRole, Payload, Policy, SignatureHeader, SignaturePolicy,
    SignaturePolicyEnvelope, application_policy,
};
use fabric_sdk::fabric::kvrwset::{KvMetadataEntry, KvMetadataWrite, KvWrite, KvrwSet};
use fabric_sdk::fabric::msp::{FabricMspConfig, FabricNodeOUs, FabricOuIdentifier, MspConfig, SerializedIdentity};
use fabric_sdk::fabric::protos::{
    ChaincodeAction, ChaincodeActionPayload, ChaincodeEndorsedAction, ChaincodeId, ChaincodeInput,
    ChaincodeInvocationSpec, ChaincodeProposalPayload, ChaincodeSpec, Endorsement, ProposalResponsePayload,
    Transaction, TransactionAction,
};
use fabric_sdk::fabric::rwset::{NsReadWriteSet, TxReadWriteSet};
use prost::Message as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use sha2::{Digest as _, Sha256};

use super::super::super::block;
use super::super::super::evidence::ValidationInfo;

/// The contract's chaincode.
pub(super) const CHAINCODE: &str = "veridose";

pub(super) struct Organisation {
    pub(super) msp_id: String,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
    revoked: Vec<u64>,
    issued: std::cell::Cell<u64>,
}

/// Somebody with a certificate and a key.
pub(super) struct Somebody {
    pub(super) serialized: Vec<u8>,
    pub(super) serial: u64,
    key: EcdsaKeyPair,
}

impl Somebody {
    pub(super) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.key.sign(&SystemRandom::new(), bytes).expect("it signs").as_ref().to_vec()
    }
}

impl Organisation {
    pub(super) fn new(msp_id: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("authority of {msp_id}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key).expect("a certificate").pem();
        let issuer = Issuer::new(params, key);
        Self { msp_id: msp_id.to_owned(), pem, issuer, revoked: Vec::new(), issued: 7.into() }
    }

    /// A certificate for somebody of a unit: `peer`, `client`, `orderer`.
    pub(super) fn issue(&self, unit: &str) -> Somebody {
        let serial = self.issued.get() + 1;
        self.issued.set(serial);
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::OrganizationalUnitName, unit);
        params.serial_number = Some(SerialNumber::from(serial));
        let pem = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        let identity = SerializedIdentity { mspid: self.msp_id.clone(), id_bytes: pem.into_bytes() };
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key.serialize_der()).expect("a key");
        Somebody { serialized: identity.encode_to_vec(), serial, key }
    }

    pub(super) fn revoke(&mut self, somebody: &Somebody) {
        self.revoked.push(somebody.serial);
    }

    fn revocation_list(&self) -> Vec<u8> {
        let entry = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 1),
            next_update: date_time_ymd(2030, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: self.revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).expect("a list").pem().expect("PEM").into_bytes()
    }

    fn section(&self, policy: &str, role: MspRoleType) -> ConfigGroup {
        let unit = |name: &str| {
            let certificate = self.pem.clone().into_bytes();
            Some(FabricOuIdentifier { certificate, organizational_unit_identifier: name.to_owned() })
        };
        let config = FabricMspConfig {
            name: self.msp_id.clone(),
            root_certs: vec![self.pem.clone().into_bytes()],
            revocation_list: if self.revoked.is_empty() { vec![] } else { vec![self.revocation_list()] },
            fabric_node_ous: Some(FabricNodeOUs {
                enable: true,
                client_ou_identifier: unit("client"),
                peer_ou_identifier: unit("peer"),
                admin_ou_identifier: unit("admin"),
                orderer_ou_identifier: unit("orderer"),
            }),
            ..FabricMspConfig::default()
        };
        let value = MspConfig { r#type: 0, config: config.encode_to_vec() }.encode_to_vec();
        let value = ConfigValue { value, ..ConfigValue::default() };
        let signed = n_of(1, &[self], role).encode_to_vec();
        ConfigGroup {
            values: [("MSP".to_owned(), value)].into(),
            policies: [(policy.to_owned(), named(PolicyType::Signature, signed))].into(),
            ..ConfigGroup::default()
        }
    }
}

fn named(kind: PolicyType, value: Vec<u8>) -> ConfigPolicy {
    ConfigPolicy { policy: Some(Policy { r#type: kind.into(), value }), ..ConfigPolicy::default() }
}

/// Any so many of these organisations.
pub(super) fn n_of(n: i32, organisations: &[&Organisation], role: MspRoleType) -> SignaturePolicyEnvelope {
    let principal = |organisation: &&Organisation| MspPrincipal {
        principal_classification: 0,
        principal: MspRole { msp_identifier: organisation.msp_id.clone(), role: role.into() }.encode_to_vec(),
    };
    let places = 0..i32::try_from(organisations.len()).expect("few");
    let rules = places.map(|place| SignaturePolicy { r#type: Some(Type::SignedBy(place)) }).collect();
    SignaturePolicyEnvelope {
        version: 0,
        rule: Some(SignaturePolicy { r#type: Some(Type::NOutOf(NOutOf { n, rules })) }),
        identities: organisations.iter().map(principal).collect(),
    }
}

fn group(policy: &str, rule: Rule, of: &str, sections: Vec<(String, ConfigGroup)>) -> ConfigGroup {
    let meta = ImplicitMetaPolicy { sub_policy: of.to_owned(), rule: rule.into() }.encode_to_vec();
    ConfigGroup {
        groups: sections.into_iter().collect(),
        policies: [(policy.to_owned(), named(PolicyType::ImplicitMeta, meta))].into(),
        ..ConfigGroup::default()
    }
}

/// The transaction of a configuration block.
pub(super) fn configuration(sequence: u64, orderers: &Organisation, members: &[&Organisation]) -> Vec<u8> {
    let section = |member: &&Organisation| (member.msp_id.clone(), member.section("Endorsement", MspRoleType::Peer));
    let application =
        group("LifecycleEndorsement", Rule::Majority, "Endorsement", members.iter().map(section).collect());
    let orderer = (orderers.msp_id.clone(), orderers.section("Writers", MspRoleType::Member));
    let orderer = group("BlockValidation", Rule::Any, "Writers", vec![orderer]);
    let groups = [("Application".to_owned(), application), ("Orderer".to_owned(), orderer)].into();
    let root = ConfigGroup { groups, ..ConfigGroup::default() };
    let config = Config { sequence, channel_group: Some(root) };
    let data = ConfigEnvelope { config: Some(config), last_update: None }.encode_to_vec();
    let channel = ChannelHeader { r#type: HeaderType::Config.into(), ..ChannelHeader::default() };
    let header = Header { channel_header: channel.encode_to_vec(), ..Header::default() };
    let payload = Payload { header: Some(header), data }.encode_to_vec();
    Envelope { payload, signature: Vec::new() }.encode_to_vec()
}

/// What a transaction writes.
#[derive(Default)]
pub(super) struct Written {
    pub(super) namespace: String,
    pub(super) writes: Vec<(String, Option<Vec<u8>>)>,
    pub(super) policies: Vec<(String, Vec<u8>)>,
}

impl Written {
    /// A record of the contract.
    pub(super) fn record(key: &[u8]) -> Self {
        let writes = vec![(crate::wire::state_key(key), Some(b"value".to_vec()))];
        Self { namespace: CHAINCODE.to_owned(), writes, policies: Vec::new() }
    }

    /// The chaincode's definition with this policy.
    pub(super) fn definition(policy: SignaturePolicyEnvelope) -> Self {
        let policy = ApplicationPolicy { r#type: Some(application_policy::Type::SignaturePolicy(policy)) };
        let info = ValidationInfo { plugin: "vscc".to_owned(), policy: policy.encode_to_vec() }.encode_to_vec();
        // `StateData`: the bytes are field 2.
        let length = u8::try_from(info.len() % 128).expect("below 128") | 0x80;
        let data = [&[0x12, length, u8::try_from(info.len() / 128).expect("short")], info.as_slice()].concat();
        let writes = vec![(format!("namespaces/fields/{CHAINCODE}/ValidationInfo"), Some(data))];
        Self { namespace: "_lifecycle".to_owned(), writes, policies: Vec::new() }
    }

    fn encode(&self) -> Vec<u8> {
        let write = |(key, value): &(String, Option<Vec<u8>>)| KvWrite {
            key: key.clone(),
            is_delete: value.is_none(),
            value: value.clone().unwrap_or_default(),
        };
        let policy = |(key, value): &(String, Vec<u8>)| KvMetadataWrite {
            key: key.clone(),
            entries: vec![KvMetadataEntry { name: "VALIDATION_PARAMETER".to_owned(), value: value.clone() }],
        };
        let set = KvrwSet {
            writes: self.writes.iter().map(write).collect(),
            metadata_writes: self.policies.iter().map(policy).collect(),
            ..KvrwSet::default()
        };
        let namespace = self.namespace.clone();
        let set = NsReadWriteSet { namespace, rwset: set.encode_to_vec(), ..NsReadWriteSet::default() };
        TxReadWriteSet { ns_rwset: vec![set], ..TxReadWriteSet::default() }.encode_to_vec()
    }
}

/// A call that these endorsed.
pub(super) fn call(creator: &Somebody, endorsers: &[&Somebody], written: &Written) -> Vec<u8> {
    let nonce = vec![written.writes.len().try_into().expect("few"); 24];
    let named = Sha256::new().chain_update(&nonce).chain_update(&creator.serialized).finalize();
    let channel = ChannelHeader {
        r#type: HeaderType::EndorserTransaction.into(),
        tx_id: hex::encode(named),
        ..ChannelHeader::default()
    };
    let signature_header = SignatureHeader { creator: creator.serialized.clone(), nonce }.encode_to_vec();
    let header = Header { channel_header: channel.encode_to_vec(), signature_header };
    let id = ChaincodeId { name: written.namespace.clone(), ..ChaincodeId::default() };
    let input = ChaincodeInput { args: vec![b"submit".to_vec()], ..ChaincodeInput::default() };
    let spec = ChaincodeSpec { chaincode_id: Some(id), input: Some(input), ..ChaincodeSpec::default() };
    let proposed = ChaincodeProposalPayload {
        input: ChaincodeInvocationSpec { chaincode_spec: Some(spec) }.encode_to_vec(),
        ..ChaincodeProposalPayload::default()
    };
    let proposed = proposed.encode_to_vec();
    let asked = [header.channel_header.as_slice(), &header.signature_header, &proposed].concat();
    let action = ChaincodeAction { results: written.encode(), ..ChaincodeAction::default() };
    let response =
        ProposalResponsePayload { proposal_hash: Sha256::digest(asked).to_vec(), extension: action.encode_to_vec() };
    let response = response.encode_to_vec();
    let endorse = |endorser: &&Somebody| Endorsement {
        endorser: endorser.serialized.clone(),
        signature: endorser.sign(&[response.as_slice(), &endorser.serialized].concat()),
    };
    let endorsements = endorsers.iter().map(endorse).collect();
    let action = ChaincodeEndorsedAction { proposal_response_payload: response.clone(), endorsements };
    let payload = ChaincodeActionPayload { chaincode_proposal_payload: proposed, action: Some(action) };
    let action = TransactionAction { payload: payload.encode_to_vec(), ..TransactionAction::default() };
    let data = Transaction { actions: vec![action] }.encode_to_vec();
    let payload = Payload { header: Some(header), data }.encode_to_vec();
    let signature = creator.sign(&payload);
    Envelope { payload, signature }.encode_to_vec()
}

/// A block that an orderer signed, or nobody.
pub(super) fn block(number: u64, orderer: Option<&Somebody>, envelopes: Vec<Vec<u8>>) -> Block {
    let data_hash = Sha256::digest(envelopes.concat()).to_vec();
    let header = BlockHeader { number, previous_hash: vec![7; 32], data_hash };
    let value = b"what the orderers note".to_vec();
    let sign = |orderer: &Somebody| {
        let signature_header = SignatureHeader { creator: orderer.serialized.clone(), nonce: vec![1] }.encode_to_vec();
        let signed = [value.as_slice(), &signature_header, &block::encoded(&header)].concat();
        MetadataSignature { signature_header, signature: orderer.sign(&signed), ..MetadataSignature::default() }
    };
    let signatures = Metadata { signatures: orderer.map(sign).into_iter().collect(), value: value.clone() };
    let codes = vec![0; envelopes.len()];
    let metadata = BlockMetadata { metadata: vec![signatures.encode_to_vec(), Vec::new(), codes] };
    Block { header: Some(header), data: Some(BlockData { data: envelopes }), metadata: Some(metadata) }
}
