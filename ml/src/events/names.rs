//! Text kept once: each distinct thing gets a number.

use hashbrown::HashTable;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// No thing.
pub const NONE: u32 = u32::MAX;

/// Distinct things in the order in which they were first met, each under a 128-bit key of what it *is* and with the
/// spelling in which it was received. Of several spellings the first in the order of bytes is kept, so that the order
/// of the input does not matter.
#[derive(Debug, Default)]
pub struct Names {
    text: String,
    spans: Vec<(u32, u32)>,
    keys: Vec<u128>,
    index: HashTable<u32>,
}

impl Names {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The spelling of one; empty for [`NONE`].
    pub fn text(&self, id: u32) -> &str {
        let Some(&(start, length)) = self.spans.get(id as usize) else { return "" };
        &self.text[start as usize..(start + length) as usize]
    }

    /// The key of one.
    pub(crate) fn key(&self, id: u32) -> u128 {
        self.keys[id as usize]
    }

    /// The number of the thing with this key.
    pub(crate) fn find(&self, key: u128) -> Option<u32> {
        self.index.find(fold(key), |id| self.keys[*id as usize] == key).copied()
    }

    /// The number of a text that is its own key.
    pub(crate) fn find_text(&self, text: &str) -> Option<u32> {
        self.find(xxh3_128(text.as_bytes()))
    }

    /// The number of the thing, which is new if the second value is true.
    pub(crate) fn intern(&mut self, key: u128, text: &str) -> (u32, bool) {
        if let Some(id) = self.find(key) {
            if text < self.text(id) {
                self.spans[id as usize] = self.append(text);
            }
            return (id, false);
        }
        let id = u32::try_from(self.keys.len()).expect("fewer than 2^32 names fit into memory");
        let span = self.append(text);
        self.spans.push(span);
        self.keys.push(key);
        let keys = &self.keys;
        self.index.insert_unique(fold(key), id, |id| fold(keys[*id as usize]));
        (id, true)
    }

    /// The number of a text that is its own key.
    pub(crate) fn intern_text(&mut self, text: &str) -> u32 {
        self.intern(xxh3_128(text.as_bytes()), text).0
    }

    fn append(&mut self, text: &str) -> (u32, u32) {
        let start = u32::try_from(self.text.len()).expect("fewer than 2^32 bytes of names fit into memory");
        self.text.push_str(text);
        (start, u32::try_from(text.len()).expect("a name is short"))
    }
}

/// The key is a hash already.
#[expect(clippy::cast_possible_truncation, reason = "the low half is as good a hash as the whole")]
fn fold(key: u128) -> u64 {
    (key >> 64) as u64 ^ key as u64
}

/// A short hash of a text, for keys of cases.
pub(crate) fn hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}
