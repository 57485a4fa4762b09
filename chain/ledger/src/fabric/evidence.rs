//! What a transaction of the channel brings for those who check it: who made it, who endorsed it, and which records they
//! speak for.

use fabric_sdk::fabric::common::{Header, SignatureHeader};
use fabric_sdk::fabric::kvrwset::KvrwSet;
use fabric_sdk::fabric::protos::{ChaincodeEndorsedAction, Endorsement, MetaDataKeys};
use fabric_sdk::fabric::rwset::TxReadWriteSet;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

/// The namespace of chaincodes' definitions.
const LIFECYCLE_NAMESPACE: &str = "_lifecycle";

/// What vouches for a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Evidence {
    /// Its maker, as it says.
    pub(crate) creator: Vec<u8>,
    /// Of the maker, over the payload.
    pub(crate) signature: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    /// What the endorsers signed, each with its own name behind it.
    pub(crate) response: Vec<u8>,
    pub(crate) endorsements: Vec<Endorsement>,
    /// Keys of the contract's chaincode that it writes, or sets the policy of.
    pub(crate) keys: Vec<String>,
    /// New policies of keys; nothing where a key is removed, and its policy with it.
    pub(crate) policies: Vec<(String, Option<Vec<u8>>)>,
    /// The chaincode's new policy, if this changes its definition.
    pub(crate) definition: Option<Vec<u8>>,
    /// Whether it changes the definition in any way.
    pub(crate) is_definition: bool,
    /// Why its parts do not belong together, if they do not.
    pub(crate) problem: Option<&'static str>,
}

/// `StateData` of Fabric's lifecycle, as far as it is needed.
#[derive(Clone, PartialEq, prost::Message)]
struct StateData {
    #[prost(bytes = "vec", tag = "2")]
    bytes: Vec<u8>,
}

/// `ChaincodeValidationInfo` of Fabric's lifecycle.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ValidationInfo {
    #[prost(string, tag = "1")]
    pub(super) plugin: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) policy: Vec<u8>,
}

impl Evidence {
    /// Gathers it; nothing if the transaction concerns neither the chaincode nor its definition. `proposed` is what the
    /// endorsers were asked.
    pub(crate) fn gather(
        envelope: (Vec<u8>, Vec<u8>),
        header: &Header,
        tx_id: &str,
        proposed: &[u8],
        action: ChaincodeEndorsedAction,
        results: &[u8],
        (proposal_hash, chaincode): (&[u8], &str),
    ) -> Result<Option<Self>, String> {
        let (payload, signature) = envelope;
        let mut evidence = Self { signature, payload, ..Self::default() };
        evidence.touch(results, chaincode)?;
        if evidence.keys.is_empty() && !evidence.is_definition {
            return Ok(None);
        }
        let signed = SignatureHeader::decode(header.signature_header.as_slice()).map_err(|error| error.to_string())?;
        let asked = Sha256::new()
            .chain_update(&header.channel_header)
            .chain_update(&header.signature_header)
            .chain_update(proposed)
            .finalize();
        if proposal_hash != asked.as_slice() {
            evidence.problem = Some("what was endorsed is not what was proposed");
        }
        let named = Sha256::new().chain_update(&signed.nonce).chain_update(&signed.creator).finalize();
        if hex::encode(named) != tx_id {
            evidence.problem = Some("its name is not that of its maker and nonce");
        }
        evidence.creator = signed.creator;
        evidence.response = action.proposal_response_payload;
        evidence.endorsements = action.endorsements;
        Ok(Some(evidence))
    }

    /// Notes which records it speaks for.
    fn touch(&mut self, results: &[u8], chaincode: &str) -> Result<(), String> {
        let sets = TxReadWriteSet::decode(results).map_err(|error| error.to_string())?;
        for set in &sets.ns_rwset {
            let decoded = || KvrwSet::decode(set.rwset.as_slice()).map_err(|error| error.to_string());
            if set.namespace == chaincode {
                self.touch_own(decoded()?);
            }
            if set.namespace == LIFECYCLE_NAMESPACE {
                self.touch_definition(decoded()?, chaincode)?;
            }
        }
        Ok(())
    }

    fn touch_own(&mut self, set: KvrwSet) {
        for write in set.writes {
            if write.is_delete || write.value.is_empty() {
                self.policies.push((write.key.clone(), None));
            }
            self.keys.push(write.key);
        }
        let name = MetaDataKeys::ValidationParameter.as_str_name();
        for write in set.metadata_writes {
            let policy = write.entries.into_iter().find(|entry| entry.name == name).map(|entry| entry.value);
            self.policies.push((write.key.clone(), policy));
            self.keys.push(write.key);
        }
    }

    fn touch_definition(&mut self, set: KvrwSet, chaincode: &str) -> Result<(), String> {
        let of_chaincode = |key: &str| {
            let name =
                ["namespaces/fields/", "namespaces/metadata/"].iter().find_map(|prefix| key.strip_prefix(prefix));
            name.is_some_and(|name| name.split('/').next() == Some(chaincode))
        };
        for write in set.writes.into_iter().filter(|write| of_chaincode(&write.key)) {
            self.is_definition = true;
            if write.key.ends_with("/ValidationInfo") {
                let malformed = |error: prost::DecodeError| format!("the chaincode's definition: {error}");
                let data = StateData::decode(write.value.as_slice()).map_err(malformed)?;
                self.definition = Some(ValidationInfo::decode(data.bytes.as_slice()).map_err(malformed)?.policy);
            }
        }
        Ok(())
    }
}
