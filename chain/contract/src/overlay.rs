//! The state as a transaction sees it: what it wrote itself, then what stood before.

use std::cell::RefCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::id::ItemKey;
use crate::key;
use crate::record::{ItemRecord, Record};
use crate::state::{StateError, StateRead};

/// A write set: the new value of each key, nothing for a key that is removed.
pub type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// What came of trying to make an item.
pub(crate) enum Creation {
    /// It is new.
    Made,
    /// The state had it before.
    Existed,
    /// This transaction made or changed it already.
    Repeated,
}

pub(crate) struct Overlay<'a> {
    state: &'a dyn StateRead,
    writes: Writes,
    touched: BTreeSet<ItemKey>,
    /// Values read before, but for items: a thousand packs of one batch read its record once.
    seen: RefCell<BTreeMap<Vec<u8>, Option<Vec<u8>>>>,
}

impl StateRead for Overlay<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        if let Some(value) = self.writes.get(key) {
            return Ok(value.clone());
        }
        if key.first() == Some(&key::ITEM) {
            return self.state.get(key);
        }
        if let Some(value) = self.seen.borrow().get(key) {
            return Ok(value.clone());
        }
        let value = self.state.get(key)?;
        self.seen.borrow_mut().insert(key.to_vec(), value.clone());
        Ok(value)
    }
}

impl<'a> Overlay<'a> {
    pub(crate) fn new(state: &'a dyn StateRead) -> Self {
        Self { state, writes: Writes::new(), touched: BTreeSet::new(), seen: RefCell::default() }
    }

    pub(crate) fn put(&mut self, key: Vec<u8>, record: &impl Record) {
        self.writes.insert(key, Some(record.encode()));
    }

    pub(crate) fn remove(&mut self, key: Vec<u8>) {
        self.writes.insert(key, None);
    }

    /// Makes an item, with the one read that it takes to know that it is new.
    pub(crate) fn create_item(&mut self, item: &ItemKey, encoded: Vec<u8>) -> Result<Creation, StateError> {
        match self.writes.entry(key::item(item)) {
            Entry::Occupied(_) => Ok(Creation::Repeated),
            Entry::Vacant(entry) => {
                if self.state.contains(entry.key())? {
                    return Ok(Creation::Existed);
                }
                entry.insert(Some(encoded));
                Ok(Creation::Made)
            }
        }
    }

    /// Writes an item that was read before.
    pub(crate) fn put_item(&mut self, item: &ItemKey, record: &ItemRecord) {
        // The first write of an item that this transaction did not make itself: it stood in the state.
        if self.writes.insert(key::item(item), Some(record.encode())).is_none() {
            self.touched.insert(*item);
        }
    }

    /// Notes an item that stood in the state before, without writing it.
    pub(crate) fn touch(&mut self, item: &ItemKey) -> Result<(), StateError> {
        if self.state.contains(&key::item(item))? {
            self.touched.insert(*item);
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> (Writes, Vec<ItemKey>) {
        (self.writes, self.touched.into_iter().collect())
    }
}
