//! The record of a pack or container, kept small because there are many millions: 19 bytes while nothing happened to it.
//!
//! `version ‖ flags (u16 little-endian) ‖ batch (16)`, then each field whose flag is set, in the order of the flags.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{ItemState, Mark, RecallMark, Record, VERSION, versioned};
use crate::id::{BatchId, ItemKey, OfferId, PartyId};
use crate::state::StateError;

const CONTAINER: u16 = 1;
const DISPUTED: u16 = 1 << 1;
const PARENT: u16 = 1 << 2;
const HOLDER: u16 = 1 << 3;
const NEST: u16 = 1 << 4;
const STATE: u16 = 1 << 5;
const OFFER: u16 = 1 << 6;
const RECALL: u16 = 1 << 7;
const QUARANTINE: u16 = 1 << 8;
const KNOWN: u16 = (1 << 9) - 1;

/// A pack of a lot (or a serialised case of one), or a container without a lot (SSCC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    /// Belongs to a lot.
    Pack,
    /// Has no lot of its own.
    Container,
}

/// In which container an item lies. It holds as long as the container has that generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ParentLink {
    /// The container.
    pub parent: ItemKey,
    /// The container's generation when the item went in.
    pub generation: u32,
}

/// What an item that holds others knows of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct Nest {
    /// Goes up by one each time the container is emptied in one go, so that no child need be written.
    pub generation: u32,
    /// How many items lie directly inside.
    pub children: u32,
    /// Levels of containers below and including this one, at most; zero when empty.
    pub height: u8,
}

/// A pack or container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRecord {
    /// Pack or container.
    pub kind: ItemKind,
    /// The batch in which it came into being.
    pub batch: BatchId,
    /// The receiver of an offer said that it was not as offered.
    pub disputed: bool,
    /// The container it lies in.
    pub parent: Option<ParentLink>,
    /// Who holds it when it is loose; nobody named means the party of its batch.
    pub holder: Option<PartyId>,
    /// What it holds; set for containers, and for a pack from the first item that is put into it.
    pub nest: Option<Nest>,
    /// Where it stands in its life.
    pub state: ItemState,
    /// The open offer that it is part of.
    pub offer: Option<OfferId>,
    /// A recall of this very item.
    pub recall: Option<RecallMark>,
    /// A quarantine of this very item.
    pub quarantine: Option<Mark>,
}

impl ItemRecord {
    /// An item as it comes into being.
    pub fn new(kind: ItemKind, batch: BatchId) -> Self {
        Self {
            kind,
            batch,
            disputed: false,
            parent: None,
            holder: None,
            nest: match kind {
                ItemKind::Pack => None,
                ItemKind::Container => Some(Nest::default()),
            },
            state: ItemState::Active,
            offer: None,
            recall: None,
            quarantine: None,
        }
    }

    fn flags(&self) -> u16 {
        let flag = |set: bool, flag: u16| if set { flag } else { 0 };
        flag(self.kind == ItemKind::Container, CONTAINER)
            | flag(self.disputed, DISPUTED)
            | flag(self.parent.is_some(), PARENT)
            | flag(self.holder.is_some(), HOLDER)
            | flag(self.nest.is_some(), NEST)
            | flag(self.state != ItemState::Active, STATE)
            | flag(self.offer.is_some(), OFFER)
            | flag(self.recall.is_some(), RECALL)
            | flag(self.quarantine.is_some(), QUARANTINE)
    }
}

impl Record for ItemRecord {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(19);
        bytes.push(VERSION);
        bytes.extend(self.flags().to_le_bytes());
        bytes.extend_from_slice(self.batch.as_bytes());
        append(&mut bytes, self.parent.as_ref());
        append(&mut bytes, self.holder.as_ref());
        append(&mut bytes, self.nest.as_ref());
        append(&mut bytes, (self.state != ItemState::Active).then_some(&self.state));
        append(&mut bytes, self.offer.as_ref());
        append(&mut bytes, self.recall.as_ref());
        append(&mut bytes, self.quarantine.as_ref());
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        let mut rest = versioned(bytes)?;
        let flags: u16 = read(&mut rest)?;
        if flags & !KNOWN != 0 {
            return Err(StateError::corrupt("item with unknown flags"));
        }
        let record = Self {
            kind: if flags & CONTAINER == 0 { ItemKind::Pack } else { ItemKind::Container },
            disputed: flags & DISPUTED != 0,
            batch: read(&mut rest)?,
            parent: optional(flags, PARENT, &mut rest)?,
            holder: optional(flags, HOLDER, &mut rest)?,
            nest: optional(flags, NEST, &mut rest)?,
            state: optional(flags, STATE, &mut rest)?.unwrap_or(ItemState::Active),
            offer: optional(flags, OFFER, &mut rest)?,
            recall: optional(flags, RECALL, &mut rest)?,
            quarantine: optional(flags, QUARANTINE, &mut rest)?,
        };
        if rest.is_empty() && record.flags() == flags {
            Ok(record)
        } else {
            Err(StateError::corrupt("item not canonical"))
        }
    }
}

fn append<T: BorshSerialize>(bytes: &mut Vec<u8>, field: Option<&T>) {
    if let Some(field) = field {
        field.serialize(bytes).expect("writing to a Vec does not fail");
    }
}

fn read<T: BorshDeserialize>(bytes: &mut &[u8]) -> Result<T, StateError> {
    T::deserialize(bytes).map_err(StateError::new)
}

fn optional<T: BorshDeserialize>(flags: u16, flag: u16, bytes: &mut &[u8]) -> Result<Option<T>, StateError> {
    if flags & flag == 0 { Ok(None) } else { read(bytes).map(Some) }
}
