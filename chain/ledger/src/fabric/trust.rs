//! Who may speak on the channel, and whether those did who signed a block and its transactions: the orderers, against the
//! channel's block validation policy; a transaction's maker; its endorsers, against the policies of the keys that it writes or
//! of the chaincode. So a peer's word that a transaction is valid is believed only as far as the signatures go.
//!
//! It is read off the channel itself, from the first block on: configuration blocks say who the organisations are, the
//! chaincode's definition and the keys' own policies whose endorsement is needed. What a block changes holds from the next
//! block on. What is not judged again is a change of the configuration: that a majority signed it is the orderers' word.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use fabric_sdk::fabric::common::{Block, BlockMetadataIndex, Metadata, SignatureHeader};
use prost::Message as _;

use super::block::{self, Decoded};
use super::evidence::Evidence;
use super::msp::Person;
use super::policy::{BLOCK_VALIDATION, Configuration, LIFECYCLE, of_key};

/// Certificates that are kept at hand; past this the list starts anew.
const PEOPLE_MAX: usize = 1_000;

/// What is kept from one start to the next.
#[derive(Debug, Default, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Kept {
    /// The channel's configuration.
    configuration: Vec<u8>,
    /// The chaincode's policy.
    policy: Option<Vec<u8>>,
    /// Policies of single keys.
    keys: BTreeMap<String, Vec<u8>>,
}

/// Who may speak, as of a block.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    kept: Kept,
    configuration: Option<Configuration>,
    people: HashMap<Vec<u8>, Result<Arc<Person>, String>>,
    is_changed: bool,
}

impl Trust {
    /// As it was kept.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let kept: Kept = borsh::from_slice(bytes).map_err(|error| error.to_string())?;
        let configuration = Some(Configuration::read(&kept.configuration)?);
        Ok(Self { kept, configuration, ..Self::default() })
    }

    /// As it is to be kept, if it changed since that was asked last.
    pub(crate) fn take_change(&mut self) -> Option<Vec<u8>> {
        let changed = std::mem::take(&mut self.is_changed);
        changed.then(|| borsh::to_vec(&self.kept).expect("writing to a Vec does not fail"))
    }

    /// Checks a block that follows the one before. The first block of a channel is signed by nobody.
    pub(crate) fn check(&mut self, block: &Block, decoded: &Decoded) -> Result<(), String> {
        if decoded.number == 0 {
            return Ok(());
        }
        self.check_orderers(block).map_err(|problem| format!("block {}: {problem}", decoded.number))?;
        for transaction in &decoded.transactions {
            let Some(evidence) = &transaction.evidence else { continue };
            self.check_transaction(evidence)
                .map_err(|problem| format!("block {}, transaction {}: {problem}", decoded.number, transaction.tx_id))?;
        }
        Ok(())
    }

    /// Takes up what a checked block changes.
    pub(crate) fn learn(&mut self, decoded: &Decoded) -> Result<(), String> {
        for transaction in &decoded.transactions {
            if let Some(bytes) = &transaction.configuration {
                let next = Configuration::read(bytes)?;
                if self.configuration.as_ref().is_some_and(|before| next.sequence <= before.sequence) {
                    return Err(format!("block {} brings an older configuration", decoded.number));
                }
                self.configuration = Some(next);
                self.kept.configuration.clone_from(bytes);
                self.people.clear();
                self.is_changed = true;
            }
            let Some(evidence) = &transaction.evidence else { continue };
            if let Some(policy) = &evidence.definition {
                self.kept.policy = Some(policy.clone());
                self.is_changed = true;
            }
            for (key, policy) in &evidence.policies {
                let before = match policy {
                    Some(policy) => self.kept.keys.insert(key.clone(), policy.clone()),
                    None => self.kept.keys.remove(key),
                };
                self.is_changed |= before != *policy;
            }
        }
        Ok(())
    }

    fn check_orderers(&mut self, block: &Block) -> Result<(), String> {
        let header = block.header.as_ref().ok_or("it has no header")?;
        let place = BlockMetadataIndex::Signatures as usize;
        let metadata = block.metadata.as_ref().and_then(|metadata| metadata.metadata.get(place));
        let metadata = Metadata::decode(metadata.map(Vec::as_slice).unwrap_or_default())
            .map_err(|error| format!("its signatures are malformed: {error}"))?;
        let header = block::encoded(header);
        let mut signers = Vec::new();
        let mut problems = Vec::new();
        for signature in &metadata.signatures {
            let signed = [metadata.value.as_slice(), &signature.signature_header, &header].concat();
            let creator = SignatureHeader::decode(signature.signature_header.as_slice()).unwrap_or_default().creator;
            self.hear(&creator, &signed, &signature.signature, &mut signers, &mut problems);
        }
        if self.configuration()?.is_satisfied(BLOCK_VALIDATION, &signers) {
            return Ok(());
        }
        Err(told("it is not signed as the channel's orderers must", &signers, &problems))
    }

    fn check_transaction(&mut self, evidence: &Evidence) -> Result<(), String> {
        if let Some(problem) = evidence.problem {
            return Err(problem.to_owned());
        }
        let creator = self.person(&evidence.creator)?;
        creator.signed(&evidence.payload, &evidence.signature)?;
        let mut signers = Vec::new();
        let mut problems = Vec::new();
        for endorsement in &evidence.endorsements {
            let signed = [evidence.response.as_slice(), &endorsement.endorser].concat();
            self.hear(&endorsement.endorser, &signed, &endorsement.signature, &mut signers, &mut problems);
        }
        let configuration = self.configuration()?;
        let mut needs_chaincodes = false;
        for key in &evidence.keys {
            match self.kept.keys.get(key) {
                Some(policy) if of_key(policy, &signers) => {}
                Some(_) => {
                    return Err(told(&format!("too few endorse a change of the record {key}"), &signers, &problems));
                }
                None => needs_chaincodes = true,
            }
        }
        let policy = self.kept.policy.as_deref();
        if needs_chaincodes && !policy.is_some_and(|policy| configuration.satisfies(policy, &signers)) {
            return Err(told("its endorsements do not satisfy the chaincode's policy", &signers, &problems));
        }
        if evidence.is_definition && !configuration.is_satisfied(LIFECYCLE, &signers) {
            return Err(told("too few endorse the chaincode's definition", &signers, &problems));
        }
        Ok(())
    }

    /// Counts a signer once if the signature is theirs and they are of the channel; notes why not, otherwise.
    fn hear(
        &mut self,
        identity: &[u8],
        signed: &[u8],
        signature: &[u8],
        signers: &mut Vec<Person>,
        problems: &mut Vec<String>,
    ) {
        let person = self.person(identity).and_then(|person| person.signed(signed, signature).map(|()| person));
        match person {
            Ok(person) if signers.contains(&person) => {}
            Ok(person) => signers.push(Person::clone(&person)),
            Err(problem) => problems.push(problem),
        }
    }

    fn person(&mut self, identity: &[u8]) -> Result<Arc<Person>, String> {
        if let Some(known) = self.people.get(identity) {
            return known.clone();
        }
        let person = Person::read(identity, self.configuration()?.msps()).map(Arc::new);
        if self.people.len() >= PEOPLE_MAX {
            self.people.clear();
        }
        self.people.insert(identity.to_vec(), person.clone());
        person
    }

    fn configuration(&self) -> Result<&Configuration, String> {
        self.configuration.as_ref().ok_or_else(|| "the channel's configuration is not known".to_owned())
    }
}

fn told(what: &str, signers: &[Person], problems: &[String]) -> String {
    let counted: Vec<_> = signers.iter().map(|signer| signer.msp_id.as_str()).collect();
    let counted = if counted.is_empty() { "nobody".to_owned() } else { counted.join(", ") };
    let mut parts = vec![format!("{what}: signed by {counted}")];
    parts.extend_from_slice(problems);
    parts.join("; ")
}

#[cfg(test)]
mod tests;
