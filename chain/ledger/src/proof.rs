//! Receipts: what an organisation, a pharmacist or a court can check offline, with the log's public key and no ledger.
//!
//! A receipt holds the log entry (header, signature, and the body if it is small), a C2SP tlog-proof of its inclusion
//! under a signed checkpoint, and for each item its leaf's place and path in the tree over the body, whose root the
//! creator signed. With an item's blinding value `t` it also shows which pack the key stands for:
//! `key = SHA-256(name ‖ t)`.

mod attested;
mod paths;
mod text;
mod verify;

use serde::{Deserialize, Serialize};
use veridose_contract::{Action, Commitment, Header, ItemKey, Site, Timestamp, TxId};

pub use attested::{Attestations, Endorsement, Organisation, verify_attestations};
pub(crate) use paths::{Paths, item_leaf};
pub(crate) use text::{Base64, Proof};
pub use verify::{VerifyError, verify};

/// A receipt; its text form is JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Version of this form: 1.
    pub version: u8,
    /// The log entry, see [`crate::LoggedEntry`].
    pub entry: Base64,
    /// Inclusion of the entry, in the text form of C2SP tlog-proof.
    pub proof: String,
    /// Leaves in the tree over the body.
    pub leaves: u64,
    /// The commands concerned.
    pub commands: Vec<CommandProof>,
    /// The items asked for.
    pub items: Vec<ItemProof>,
    /// What the organisations of a channel signed of the transaction, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestations: Option<Attestations>,
}

/// That a command stands in the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandProof {
    /// The leaf: 0, index of the command (u32 little-endian), action, time, place, commitment and number of items.
    pub leaf: Base64,
    /// Place of the leaf.
    pub leaf_index: u64,
    /// Hashes from the leaf's sibling up.
    pub path: Vec<Base64>,
}

/// That an item stands in a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemProof {
    /// The item.
    pub item: ItemKey,
    /// Index of the command in the transaction.
    pub command: u32,
    /// Place of the leaf.
    pub leaf_index: u64,
    /// Hashes from the leaf's sibling up.
    pub path: Vec<Base64>,
    /// The blinding value of the item's name, in hexadecimal: whoever has it and the pack can check the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t: Option<String>,
}

/// What a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Place of the transaction in the log.
    pub index: u64,
    /// Name of the log.
    pub origin: String,
    /// Entries in the log when the checkpoint was signed.
    pub size: u64,
    /// Root of the log then.
    pub root: [u8; 32],
    /// Name of the transaction.
    pub id: TxId,
    /// What was signed.
    pub header: Header,
    /// Whether the creator's certificate was given, and its signature checked.
    pub signature_checked: bool,
    /// The commands shown.
    pub commands: Vec<CommandHead>,
    /// The items shown, with the index of their command.
    pub items: Vec<(ItemKey, u32)>,
}

/// A command without its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandHead {
    /// Index in the transaction.
    pub index: u32,
    /// What was done.
    pub action: Action,
    /// When it happened in the trade.
    pub happened: Timestamp,
    /// Where.
    pub site: Option<Site>,
    /// Commitment to the document.
    pub payload: Commitment,
    /// How many items it names.
    pub items: u64,
}

impl Receipt {
    /// Puts in the blinding value of an item, so that its name can be checked.
    pub fn disclose(&mut self, item: &ItemKey, t: &[u8; 32]) {
        for proof in self.items.iter_mut().filter(|proof| proof.item == *item) {
            proof.t = Some(hex::encode(t));
        }
    }

    /// The text form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a struct of texts, numbers and lists is valid JSON")
    }

    /// Reads the text form. Nothing is proven before [`verify`].
    pub fn parse(text: &str) -> Result<Self, VerifyError> {
        serde_json::from_str(text).map_err(|error| VerifyError::Malformed(error.to_string()))
    }
}

#[cfg(test)]
mod tests;
