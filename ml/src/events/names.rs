//! Text kept once: each distinct thing gets a number.

use hashbrown::HashTable;
use rayon::prelude::*;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// No thing.
pub const NONE: u32 = u32::MAX;

/// Distinct things in the order in which they were first met, each under a 128-bit key of what it *is* and with the
/// spelling in which it was received. Of several spellings the first in the order of bytes is kept, so that the order
/// of the input does not matter.
#[derive(Debug, Default)]
pub struct Names {
    text: String,
    list: Vec<Name>,
    /// By a part of the key, which stands here too, so that a larger index is made without going back to the list.
    index: HashTable<(u32, u32)>,
}

/// One of them. All that is looked at when it is met again stands together, so that it costs one look into memory.
#[derive(Debug, Clone, Copy)]
struct Name {
    key: u128,
    /// Hash of the spelling: the text is compared only where it differs.
    spelling: u64,
    start: u32,
    length: u32,
}

impl Names {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The spelling of one; empty for [`NONE`].
    pub fn text(&self, id: u32) -> &str {
        let Some(name) = self.list.get(id as usize) else { return "" };
        &self.text[name.start as usize..(name.start + name.length) as usize]
    }

    /// The key of one.
    pub(crate) fn key(&self, id: u32) -> u128 {
        self.list[id as usize].key
    }

    /// The number of the thing with this key.
    pub(crate) fn find(&self, key: u128) -> Option<u32> {
        let part = part(key);
        let is_it = |(other, id): &(u32, u32)| *other == part && self.list[*id as usize].key == key;
        self.index.find(spread(part), is_it).map(|(_, id)| *id)
    }

    /// The number of a text that is its own key.
    pub(crate) fn find_text(&self, text: &str) -> Option<u32> {
        self.find(xxh3_128(text.as_bytes()))
    }

    /// The number of the thing, which is new if the second value is true.
    pub(crate) fn intern(&mut self, key: u128, text: &str) -> (u32, bool) {
        self.insert(key, xxh3_64(text.as_bytes()), text)
    }

    /// The number of a text that is its own key.
    pub(crate) fn intern_text(&mut self, text: &str) -> u32 {
        let key = xxh3_128(text.as_bytes());
        self.insert(key, fold(key), text).0
    }

    /// Takes over another list. The result says what each of its names is called here, and whether it is new.
    pub(crate) fn absorb(&mut self, other: &Self) -> Vec<(u32, bool)> {
        /// Fewer at once are not worth handing to another processor.
        const AT_ONCE: usize = 1024;
        let ids = 0..u32::try_from(other.len()).expect("as many as fit into a list");
        let met = |id: u32| {
            let name = &other.list[id as usize];
            let found = self.find(name.key)?;
            Some((found, self.list[found as usize].spelling == name.spelling))
        };
        // Most of the time goes into looking, which changes nothing.
        let met: Vec<Option<(u32, bool)>> = ids.clone().into_par_iter().with_min_len(AT_ONCE).map(met).collect();
        let take = |(met, id): (Option<(u32, bool)>, u32)| {
            let Name { key, spelling, .. } = other.list[id as usize];
            match met {
                Some((found, true)) => (found, false),
                Some((_, false)) => self.insert(key, spelling, other.text(id)),
                None => (self.add(key, spelling, other.text(id)), true),
            }
        };
        met.into_iter().zip(ids).map(take).collect()
    }

    fn insert(&mut self, key: u128, spelling: u64, text: &str) -> (u32, bool) {
        if let Some(id) = self.find(key) {
            if self.list[id as usize].spelling != spelling && text < self.text(id) {
                let (start, length) = self.append(text);
                self.list[id as usize] = Name { key, spelling, start, length };
            }
            return (id, false);
        }
        (self.add(key, spelling, text), true)
    }

    /// Adds one that is not there.
    fn add(&mut self, key: u128, spelling: u64, text: &str) -> u32 {
        let id = u32::try_from(self.list.len()).expect("fewer than 2^32 names fit into memory");
        let (start, length) = self.append(text);
        self.list.push(Name { key, spelling, start, length });
        let part = part(key);
        self.index.insert_unique(spread(part), (part, id), |(part, _)| spread(*part));
        id
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

/// What of a key stands in the index.
fn part(key: u128) -> u32 {
    (key >> 96) as u32
}

/// That part over all bits of a hash: 2^64 by the golden ratio (Knuth, The Art of Computer Programming, volume 3, section 6.4).
fn spread(part: u32) -> u64 {
    u64::from(part).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A short hash of a text, for keys of cases.
pub(crate) fn hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}
