//! Checking a receipt, offline.

use borsh::BorshDeserialize as _;
use veridose_contract::{Action, Commitment, ItemKey, Site, Timestamp, blind, merkle};

use super::{CommandHead, CommandProof, Proof, Receipt, Verified, item_leaf};
use crate::log::{Hash, LogVerifier, LoggedEntry};
use crate::pki;
use crate::signer::signature_holds;

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be read.
    #[error("the receipt is malformed: {0}")]
    Malformed(String),
    /// The checkpoint is not this log's.
    #[error("the checkpoint is not signed by this log's key: {0}")]
    Checkpoint(String),
    /// The entry is not in the log.
    #[error("the entry is not in the log that the checkpoint describes")]
    Inclusion,
    /// A command or item is not in the body.
    #[error("{0} is not in what the creator signed")]
    Leaf(String),
    /// The certificate is not the creator's, or the signature does not hold.
    #[error("the creator's signature does not hold: {0}")]
    Signature(String),
    /// What organisations of a channel signed does not hold, or is of something else.
    #[error("the attestations do not hold: {0}")]
    Attestation(String),
    /// The pack is not the one that the receipt is about.
    #[error("the receipt is about another item than {0}")]
    Name(String),
}

/// Checks a receipt against the log's public key. With a name (`(01)GTIN(21)SERIAL`, `(00)SSCC`) the receipt must be about
/// that item and disclose its `t`; with the creator's certificate (DER) the signature is checked too. Whether that
/// certificate is a member's is for whoever hands it in: its fingerprint is in the signed header.
pub fn verify(
    receipt: &Receipt,
    name: Option<&str>,
    log: &LogVerifier,
    creator: Option<&[u8]>,
) -> Result<Verified, VerifyError> {
    let malformed = |problem: &dyn std::fmt::Display| VerifyError::Malformed(problem.to_string());
    if receipt.version != 1 {
        return Err(malformed(&"its version is not known"));
    }
    let proof = Proof::parse(&receipt.proof)?;
    let checkpoint = log.check(&proof.checkpoint).map_err(|error| VerifyError::Checkpoint(error.to_string()))?;
    let leaf = merkle::leaf_hash(&receipt.entry.0);
    if !merkle::verify(&leaf, proof.index, checkpoint.size, &proof.hashes, &checkpoint.root) {
        return Err(VerifyError::Inclusion);
    }
    let entry = LoggedEntry::decode(&receipt.entry.0).map_err(|error| malformed(&error))?;
    let root = entry.header.body_root;
    if let Some(certificate) = creator {
        check_signature(&entry, certificate)?;
    }
    let commands = receipt.commands.iter().map(|command| check_command(command, receipt.leaves, &root));
    let commands = commands.collect::<Result<Vec<_>, _>>()?;
    for item in &receipt.items {
        let leaf = item_leaf(item.command, &item.item);
        if !in_body(&leaf, item.leaf_index, &item.path, receipt.leaves, &root) {
            return Err(VerifyError::Leaf(format!("item {}", item.item)));
        }
        if !commands.iter().any(|command| command.index == item.command) {
            return Err(VerifyError::Leaf(format!("the command of item {}", item.item)));
        }
    }
    if let Some(name) = name {
        check_name(receipt, name)?;
    }
    Ok(Verified {
        index: proof.index,
        origin: log.origin().to_owned(),
        size: checkpoint.size,
        root: checkpoint.root,
        id: entry.header.id(),
        header: entry.header,
        signature_checked: creator.is_some(),
        commands,
        items: receipt.items.iter().map(|item| (item.item, item.command)).collect(),
    })
}

fn check_signature(entry: &LoggedEntry, certificate: &[u8]) -> Result<(), VerifyError> {
    let failed = |problem: &str| VerifyError::Signature(problem.to_owned());
    if pki::fingerprint(certificate) != entry.header.creator {
        return Err(failed("the certificate is another one"));
    }
    let (_, key) = pki::subject_and_key(certificate).map_err(|error| failed(&error.to_string()))?;
    if signature_holds(&key, &entry.header, &entry.signature) {
        Ok(())
    } else {
        Err(failed("it is not over this header"))
    }
}

fn check_command(proof: &CommandProof, leaves: u64, root: &Hash) -> Result<CommandHead, VerifyError> {
    let decode = |mut bytes: &[u8]| {
        type Head = (u8, u32, Action, Timestamp, Option<Site>, Commitment, u64);
        let (kind, index, action, happened, site, payload, items) = Head::deserialize(&mut bytes)?;
        let head = CommandHead { index, action, happened, site, payload, items };
        if kind == 0 && bytes.is_empty() { Ok(head) } else { Err(std::io::Error::other("it is no command's leaf")) }
    };
    let head = decode(&proof.leaf.0).map_err(|error| VerifyError::Malformed(format!("a command: {error}")))?;
    if in_body(&proof.leaf.0, proof.leaf_index, &proof.path, leaves, root) {
        Ok(head)
    } else {
        Err(VerifyError::Leaf(format!("command {}", head.index)))
    }
}

fn in_body(leaf: &[u8], index: u64, path: &[super::Base64], leaves: u64, root: &Hash) -> bool {
    let path: Option<Vec<Hash>> = path.iter().map(|hash| hash.0.as_slice().try_into().ok()).collect();
    path.is_some_and(|path| merkle::verify(&merkle::leaf_hash(leaf), index, leaves, &path, root))
}

fn check_name(receipt: &Receipt, name: &str) -> Result<(), VerifyError> {
    let is_it = receipt.items.iter().any(|item| {
        let t = item.t.as_ref().and_then(|t| hex::decode(t).ok()).and_then(|t| <[u8; 32]>::try_from(t).ok());
        t.is_some_and(|t| ItemKey(blind::key(name, &t)) == item.item)
    });
    if is_it { Ok(()) } else { Err(VerifyError::Name(name.to_owned())) }
}
