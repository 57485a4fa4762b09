//! The root that all patients' keys hang from, and the ring of bucket keys under it.

use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::StoreError;
use crate::database::{signed, unsigned};
use crate::entity::vault::{patient, ring};
use crate::vault::cipher::{self, Key, key, random_key, unwrap, wrap};

const PATIENT: &str = "patient key";
const RING: &str = "patient ring";
const LINK: &str = "patient root";
/// Buckets that patients fall into by the first bits of what they are called; of a nation of 1.3 M people each has some 1,300.
const BUCKETS: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 10;
/// Bits of a name's first two bytes that do not tell the bucket.
const REST: u16 = (1 << (16 - BUCKET_BITS)) - 1;
const GENERATION_BYTES: usize = 8;

/// What the keys of all patients hang from. It must lie outside of the database, so that a copy of that does not hold it.
#[derive(Clone)]
pub struct Root {
    pub(super) generation: u64,
    pub(crate) key: Key,
}

/// Where the root lies.
pub trait RootKeeper: Send + Sync {
    /// The root.
    fn read(&self) -> io::Result<Root>;
    /// Puts a root in the place of the one before, whole or not at all, and durably; that one is then nowhere any more. A root of
    /// an earlier generation than the one that lies there is passed over.
    fn replace(&self, root: &Root) -> io::Result<()>;
}

/// A root that is held in memory: for what ends with the process.
#[derive(Debug)]
pub struct HeldRoot(Mutex<Root>);

impl Default for HeldRoot {
    fn default() -> Self {
        Self(Mutex::new(Root::first()))
    }
}

impl RootKeeper for HeldRoot {
    fn read(&self) -> io::Result<Root> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn replace(&self, root: &Root) -> io::Result<()> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = root.clone();
        Ok(())
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Root({}, hidden)", self.generation)
    }
}

impl Root {
    /// A first root, of chance.
    pub fn first() -> Self {
        Self::at(1)
    }

    /// A root of chance that begins at a generation: for data that are restored.
    pub fn at(generation: u64) -> Self {
        Self { generation, key: random_key() }
    }

    /// Which root it is: each erasure of a patient makes the next one.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Its 40 bytes: the generation, big-endian, and the key.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([self.generation.to_be_bytes().as_slice(), self.key.as_ref()].concat())
    }

    /// From its bytes; nothing if they are not as many.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (generation, material) = bytes.split_at_checked(GENERATION_BYTES)?;
        Some(Self { generation: u64::from_be_bytes(generation.try_into().ok()?), key: key(material)? })
    }

    /// The one that follows it, of chance.
    #[must_use]
    pub fn next(&self) -> Self {
        Self { generation: self.generation.saturating_add(1), key: random_key() }
    }

    /// The root, sealed under the one before.
    pub(super) fn link(&self, before: &Self) -> Vec<u8> {
        wrap(&before.key, LINK, &self.generation.to_be_bytes(), self.key.as_ref())
    }

    /// The root that a link leads to from this one.
    pub(super) fn follow(&self, link: &[u8]) -> Option<Self> {
        let generation = self.generation.checked_add(1)?;
        let material = unwrap(&self.key, LINK, &generation.to_be_bytes(), link)?;
        Some(Self { generation, key: key(&material)? })
    }
}

/// A root and the ring of bucket keys that is sealed under it.
#[derive(Clone)]
pub(crate) struct Held {
    pub(super) root: Root,
    ring: Zeroizing<Vec<u8>>,
}

impl Held {
    /// A new ring under a root.
    pub(super) fn new(root: Root) -> Self {
        let ring = (0..BUCKETS).flat_map(|_| *random_key()).collect();
        Self { root, ring: Zeroizing::new(ring) }
    }

    /// The ring in a row, opened with the root of its generation.
    pub(super) fn open(root: Root, row: &ring::Model) -> Result<Self, StoreError> {
        let ring = unwrap(&root.key, RING, &row.generation.to_be_bytes(), &row.sealed);
        let ring = ring.filter(|ring| ring.len() == BUCKETS * 32 && unsigned(row.generation) == root.generation);
        ring.map(|ring| Self { root, ring }).ok_or(StoreError::OtherRoot)
    }

    /// Its row.
    pub(super) fn row(&self) -> Result<ring::Model, StoreError> {
        let generation = signed("generation", self.root.generation)?;
        Ok(ring::Model { id: 0, generation, sealed: wrap(&self.root.key, RING, &generation.to_be_bytes(), &self.ring) })
    }

    /// Under the next root, with a new key for the bucket of a patient.
    pub(super) fn next(&self, patient: &[u8; 32]) -> Self {
        let mut ring = self.ring.clone();
        ring[place(patient)].copy_from_slice(random_key().as_ref());
        Self { root: self.root.next(), ring }
    }

    pub(super) fn wrap(&self, patient: &[u8], key: &Key) -> Vec<u8> {
        wrap(&self.bucket_key(patient), PATIENT, patient, key.as_ref())
    }

    /// The key in a patient's row; nothing where it lies under another ring, or was altered.
    pub(crate) fn unwrap(&self, patient: &[u8], wrapped: &[u8]) -> Option<Key> {
        let material = cipher::unwrap(&self.bucket_key(patient), PATIENT, patient, wrapped)?;
        key(&material)
    }

    fn bucket_key(&self, patient: &[u8]) -> Key {
        key(&self.ring[place(patient)]).expect("a bucket's key has 32 bytes")
    }

    /// From the bytes of a ring, for the keys in a backup.
    pub(crate) fn from_ring(root: Root, ring: Zeroizing<Vec<u8>>) -> Option<Self> {
        (ring.len() == BUCKETS * 32).then_some(Self { root, ring })
    }

    /// All bucket keys, for a backup of them.
    pub(crate) fn ring(&self) -> &[u8] {
        &self.ring
    }
}

/// Where a patient's bucket key stands in the ring.
fn place(patient: &[u8]) -> std::ops::Range<usize> {
    let bucket = usize::from(head(patient) >> (16 - BUCKET_BITS));
    bucket * 32..(bucket + 1) * 32
}

fn head(patient: &[u8]) -> u16 {
    patient.first_chunk::<2>().map_or(0, |head| u16::from_be_bytes(*head))
}

/// The first and the last name of the bucket that a patient falls into.
pub(super) fn bucket(patient: &[u8; 32]) -> [Vec<u8>; 2] {
    let end = |head: u16, fill: u8| [head.to_be_bytes().as_slice(), &[fill; 30]].concat();
    [end(head(patient) & !REST, 0), end(head(patient) | REST, u8::MAX)]
}

/// A patient's row with its key wrapped under the ring.
pub(super) fn row(held: &Held, patient: &[u8], key: &Key) -> patient::Model {
    patient::Model { patient: patient.to_vec(), wrapped: Some(held.wrap(patient, key)) }
}
