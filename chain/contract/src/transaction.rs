//! A transaction: a signed header that commits to its commands, so that a batch of any size is one small log entry.

use std::ops::Range;

use borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest, Sha256};

use crate::command::{Action, Command};
use crate::id::{Fingerprint, IdempotencyKey, ItemKey, NetworkId, Timestamp, TxId};
use crate::merkle;

/// Everything the signature covers.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Header {
    /// Version of the encoding: 1.
    pub version: u8,
    /// The network this is meant for; a transaction of another is refused.
    pub network: NetworkId,
    /// The client's own name for the request.
    pub idempotency_key: IdempotencyKey,
    /// The creator's clock; the host refuses one that is minutes off.
    pub time: Timestamp,
    /// Fingerprint of the creator's certificate.
    pub creator: Fingerprint,
    /// Root of the Merkle tree over the body's leaves.
    pub body_root: [u8; 32],
}

impl Header {
    /// The encoding this crate writes.
    pub const VERSION: u8 = 1;

    /// What is signed (ECDSA P-256 over SHA-256 of it): a domain label and the canonical header.
    pub fn signing_bytes(&self) -> Vec<u8> {
        let mut bytes = b"veridose transaction 1\n".to_vec();
        bytes.extend(encode(self));
        bytes
    }

    /// SHA-256 of [`Self::signing_bytes`]. It does not cover the signature, so no second signature makes a second name.
    pub fn id(&self) -> TxId {
        TxId(Sha256::digest(self.signing_bytes()).into())
    }
}

/// ECDSA P-256, `r ‖ s`, 64 bytes, `s` in the lower half of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Signature(pub [u8; 64]);

/// Leaves of a full subtree of [`Body::subtrees`]: a power of two.
pub const SUBTREE_LEAVES: usize = 256;

/// The commands; all of them take effect, or none.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Body {
    /// In order.
    pub commands: Vec<Command>,
}

impl Body {
    /// Leaves of the body's tree in order: for each command its head (`0 ‖ index ‖ head`), then one leaf for each of its
    /// items (`1 ‖ index ‖ item key`), index as u32 little-endian. So a receipt for one pack of a batch needs only a path.
    pub fn leaves(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        (0u32..).zip(&self.commands).flat_map(|(index, command)| {
            let head = Self::head_leaf(index, command);
            std::iter::once(head).chain(command.items.iter().map(move |item| Self::item_leaf(index, item).to_vec()))
        })
    }

    /// The leaf of a command's head.
    pub fn head(&self, command: usize) -> Option<Vec<u8>> {
        Some(Self::head_leaf(u32::try_from(command).ok()?, self.commands.get(command)?))
    }

    /// How many leaves there are.
    pub fn leaf_count(&self) -> usize {
        self.commands.iter().fold(0, |sum, command| sum.saturating_add(command.items.len()).saturating_add(1))
    }

    /// Hashes of the leaves at a range of places; the items before it are not walked over.
    pub fn leaf_hashes(&self, places: Range<usize>) -> Vec<[u8; 32]> {
        let mut hashes = Vec::new();
        let mut head = 0usize;
        for (index, command) in (0u32..).zip(&self.commands) {
            if places.contains(&head) {
                hashes.push(merkle::leaf_hash(&Self::head_leaf(index, command)));
            }
            let first = head.saturating_add(1);
            let skip = places.start.saturating_sub(first);
            let take = places.end.saturating_sub(places.start.max(first));
            let items = command.items.iter().skip(skip).take(take);
            hashes.extend(items.map(|item| merkle::leaf_hash(&Self::item_leaf(index, item))));
            head = first.saturating_add(command.items.len());
        }
        hashes
    }

    /// Roots of the full subtrees of [`SUBTREE_LEAVES`] leaves, in order, and of what is left after them. They are the
    /// leaves of a tree with the same root; with them, a path takes the hashing of one subtree.
    pub fn subtrees(&self) -> Vec<[u8; 32]> {
        let mut hashes = self.hashes().peekable();
        let mut roots = Vec::new();
        while hashes.peek().is_some() {
            roots.push(merkle::root(hashes.by_ref().take(SUBTREE_LEAVES)));
        }
        roots
    }

    fn hashes(&self) -> impl Iterator<Item = [u8; 32]> + '_ {
        (0u32..).zip(&self.commands).flat_map(|(index, command)| {
            let head = merkle::leaf_hash(&Self::head_leaf(index, command));
            let items = command.items.iter().map(move |item| merkle::leaf_hash(&Self::item_leaf(index, item)));
            std::iter::once(head).chain(items)
        })
    }

    fn item_leaf(index: u32, item: &ItemKey) -> [u8; 37] {
        let mut leaf = [0; 37];
        let bytes = [1].into_iter().chain(index.to_le_bytes()).chain(*item.as_bytes());
        leaf.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        leaf
    }

    fn head_leaf(index: u32, command: &Command) -> Vec<u8> {
        let mut leaf = vec![0];
        leaf.extend(index.to_le_bytes());
        leaf.extend(encode(&command.action));
        leaf.extend(encode(&command.happened));
        leaf.extend(encode(&command.site));
        leaf.extend(encode(&command.payload));
        leaf.extend(encode(&(command.items.len() as u64)));
        leaf
    }

    /// Root of the RFC 6962 tree over [`Self::leaves`].
    pub fn root(&self) -> [u8; 32] {
        merkle::root(self.hashes())
    }

    /// Place among [`Self::leaves`] of a command's item; with no item, of the command's head. Nothing if there is none.
    pub fn leaf_index(&self, command: usize, item: Option<usize>) -> Option<usize> {
        let at = self.commands.get(command)?;
        let inside = match item {
            Some(item) if item < at.items.len() => item.checked_add(1)?,
            Some(_) => return None,
            None => 0,
        };
        let before = self
            .commands
            .iter()
            .take(command)
            .try_fold(0usize, |sum, command| sum.checked_add(command.items.len())?.checked_add(1))?;
        before.checked_add(inside)
    }

    /// Items named over all commands, inputs of transformations included.
    pub fn item_count(&self) -> usize {
        self.commands.iter().fold(0, |sum, command| {
            let inputs = match &command.action {
                Action::Transform { inputs, .. } => inputs.len(),
                Action::Accept { discrepancies, .. } => discrepancies.len(),
                Action::Admit(_)
                | Action::UpdateParty(_)
                | Action::SuspendParty(_)
                | Action::ReinstateParty(_)
                | Action::RegisterCertificate(_)
                | Action::RevokeCertificate(_)
                | Action::RegisterProduct(_)
                | Action::RegisterLot { .. }
                | Action::Commission { .. }
                | Action::CommissionContainers
                | Action::Aggregate { .. }
                | Action::Disaggregate { .. }
                | Action::Offer { .. }
                | Action::Reject { .. }
                | Action::Withdraw { .. }
                | Action::Decommission { .. }
                | Action::Dispense { .. }
                | Action::Undo { .. }
                | Action::Quarantine(_)
                | Action::Release(_)
                | Action::Recall { .. }
                | Action::EndRecall { .. }
                | Action::Anchor
                | Action::Dispute { .. }
                | Action::RegisterConsent(_)
                | Action::RevokeConsent { .. }
                | Action::RegisterModel(_)
                | Action::PromoteModel { .. }
                | Action::RollBackModel { .. }
                | Action::RecordDecision(_)
                | Action::RaiseCase(_)
                | Action::MoveCase { .. }
                | Action::AmendConsent { .. }
                | Action::AnchorAccess(_)
                | Action::RevokeCredential(_)
                | Action::MoveStudy { .. }
                | Action::MoveClaim { .. }
                | Action::Erase(_) => 0,
            };
            sum.saturating_add(command.items.len()).saturating_add(inputs)
        })
    }
}

/// A header, its signature and its body.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Transaction {
    /// What is signed.
    pub header: Header,
    /// By the creator.
    pub signature: Signature,
    /// What the header's root commits to.
    pub body: Body,
}

impl Transaction {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

pub(crate) fn encode<T: BorshSerialize>(value: &T) -> Vec<u8> {
    borsh::to_vec(value).expect("writing to a Vec fails only for a length over u32, and every list has a limit")
}
