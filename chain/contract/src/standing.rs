//! What an item's records mean together: an item inherits custody, state, recall and quarantine from what it lies in.

use crate::id::{BatchId, Day, ItemKey, LotKey, OfferId, PartyId, ProductKey};
use crate::key;
use crate::limits::AGGREGATION_DEPTH_MAX;
use crate::read;
use crate::record::{
    BatchRecord, DissolvedRecord, ItemKind, ItemRecord, ItemState, LotRecord, Mark, PendingOffer, ProductRecord,
    RecallMark,
};
use crate::state::{StateError, StateRead};

/// How an item stands now, everything inherited taken into account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Pack or container.
    pub kind: ItemKind,
    /// The batch in which it came into being.
    pub batch_id: BatchId,
    /// That batch: commissioner, transaction, place and time.
    pub batch: BatchRecord,
    /// Its lot; containers (SSCC) have none.
    pub lot: Option<LotKey>,
    /// Its product.
    pub product: Option<ProductKey>,
    /// The last day on which it may be dispensed.
    pub expiry: Option<Day>,
    /// Its own state.
    pub own_state: ItemState,
    /// Its own state if it is out of the trade, else that of the nearest container above that is.
    pub state: ItemState,
    /// The most severe recall that covers it.
    pub recall: Option<RecallStanding>,
    /// A quarantine that covers it.
    pub quarantine: Option<QuarantineStanding>,
    /// Who holds it.
    pub holder: PartyId,
    /// The containers it lies in, nearest first; the last one is top-level.
    pub containers: Vec<ItemKey>,
    /// How many items lie directly in it.
    pub children: u32,
    /// The open offer that it is part of, by itself or by its top container.
    pub offer: Option<PendingOffer>,
    /// The receiver of an offer said that it was not as offered.
    pub disputed: bool,
}

/// A recall that covers an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallStanding {
    /// What was recalled.
    pub target: Covered,
    /// Class, who, since when.
    pub mark: RecallMark,
}

/// A quarantine that covers an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineStanding {
    /// What was set apart.
    pub target: Covered,
    /// Who, since when.
    pub mark: Mark,
}

/// By what a recall or quarantine reaches an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covered {
    /// The item itself, or the container it lies in.
    Item(ItemKey),
    /// Its lot.
    Lot(LotKey),
    /// Its product.
    Product(ProductKey),
}

/// How the item stands; nothing for one that was never commissioned.
pub fn resolve(state: &dyn StateRead, item: &ItemKey) -> Result<Option<Standing>, StateError> {
    let Some(place) = locate(state, item)? else { return Ok(None) };
    let origin = origin(state, &place.record)?;
    let holder = place.holder(&origin.batch, state)?;
    let offer = match place.offer() {
        Some(id) => {
            let offer = read::offer(state, &id)?.ok_or_else(|| StateError::corrupt("item locked by no offer"))?;
            Some(PendingOffer { id, to: offer.to })
        }
        None => None,
    };
    Ok(Some(Standing {
        kind: place.record.kind,
        batch_id: place.record.batch,
        lot: origin.batch.lot,
        product: origin.lot.as_ref().map(|lot| lot.product),
        expiry: origin.lot.as_ref().map(|lot| lot.expiry),
        own_state: place.record.state.clone(),
        state: place.state().clone(),
        recall: place.recall(&origin),
        quarantine: place.quarantine(&origin),
        holder,
        containers: place.above.iter().map(|(key, _)| *key).collect(),
        children: place.record.nest.map_or(0, |nest| nest.children),
        offer,
        disputed: place.record.disputed,
        batch: origin.batch,
    }))
}

/// An item and the containers above it, all as if every link to a dissolved container were written out.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) key: ItemKey,
    pub(crate) record: ItemRecord,
    /// Nearest first.
    pub(crate) above: Vec<(ItemKey, ItemRecord)>,
}

/// Where an item comes from.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) batch: BatchRecord,
    pub(crate) lot: Option<LotRecord>,
    pub(crate) product: Option<ProductRecord>,
}

/// The batch of an item, its lot and its product.
pub(crate) fn origin(state: &dyn StateRead, record: &ItemRecord) -> Result<Origin, StateError> {
    let batch = batch(state, record)?;
    let lot = match &batch.lot {
        Some(lot) => Some(read::lot(state, lot)?.ok_or_else(|| StateError::corrupt("batch of no lot"))?),
        None => None,
    };
    let product = match &lot {
        Some(lot) => Some(read::product(state, &lot.product)?.ok_or_else(|| StateError::corrupt("lot of no product"))?),
        None => None,
    };
    Ok(Origin { batch, lot, product })
}

fn batch(state: &dyn StateRead, record: &ItemRecord) -> Result<BatchRecord, StateError> {
    read::batch(state, &record.batch)?.ok_or_else(|| StateError::corrupt("item of no batch"))
}

/// Reads an item and everything above it.
pub(crate) fn locate(state: &dyn StateRead, item: &ItemKey) -> Result<Option<Place>, StateError> {
    let Some(record) = read::item(state, item)? else { return Ok(None) };
    let mut place = Place { key: *item, record, above: Vec::new() };
    while let Some(link) = place.top_mut().parent {
        if place.above.len() > AGGREGATION_DEPTH_MAX {
            return Err(StateError::corrupt("containers too deep"));
        }
        let parent = read::item(state, &link.parent)?.ok_or_else(|| StateError::corrupt("item in no container"))?;
        let nest = parent.nest.ok_or_else(|| StateError::corrupt("item in something that is no container"))?;
        if nest.generation == link.generation {
            place.above.push((link.parent, parent));
        } else {
            let dissolved = read::record::<DissolvedRecord>(state, &key::dissolved(&link.parent, link.generation))?
                .ok_or_else(|| StateError::corrupt("container emptied without a record"))?;
            let top = place.top_mut();
            let home = batch(state, top)?.party;
            loosen(top, &home, dissolved);
        }
    }
    Ok(Some(place))
}

/// Writes into an item's record what it inherited from the container that it left.
pub(crate) fn loosen(record: &mut ItemRecord, home: &PartyId, inherited: DissolvedRecord) {
    record.parent = None;
    // The batch's party stays unwritten, so that the record of a pack that came back is the one it began with.
    record.holder = (inherited.holder != *home).then_some(inherited.holder);
    record.recall = severe(record.recall.take(), inherited.recall);
    record.quarantine = record.quarantine.take().or(inherited.quarantine);
}

/// The more severe of two recalls, the first if they are equal.
fn severe(first: Option<RecallMark>, second: Option<RecallMark>) -> Option<RecallMark> {
    [first, second].into_iter().flatten().min_by_key(|mark| mark.class)
}

impl Place {
    fn top_mut(&mut self) -> &mut ItemRecord {
        self.above.last_mut().map_or(&mut self.record, |(_, record)| record)
    }

    fn top(&self) -> &ItemRecord {
        self.above.last().map_or(&self.record, |(_, record)| record)
    }

    fn chain(&self) -> impl Iterator<Item = (&ItemKey, &ItemRecord)> {
        std::iter::once((&self.key, &self.record)).chain(self.above.iter().map(|(key, record)| (key, record)))
    }

    /// Who holds it; `own` is the item's own batch.
    pub(crate) fn holder(&self, own: &BatchRecord, state: &dyn StateRead) -> Result<PartyId, StateError> {
        match &self.top().holder {
            Some(holder) => Ok(holder.clone()),
            None if self.above.is_empty() => Ok(own.party.clone()),
            None => Ok(batch(state, self.top())?.party),
        }
    }

    /// The offer that locks it.
    pub(crate) fn offer(&self) -> Option<OfferId> {
        self.top().offer
    }

    /// Its own state if it is out of the trade, else that of the nearest container that is.
    pub(crate) fn state(&self) -> &ItemState {
        self.chain()
            .map(|(_, record)| &record.state)
            .find(|state| **state != ItemState::Active)
            .unwrap_or(&self.record.state)
    }

    /// The most severe recall of the item, of what it lies in, of its lot or product.
    pub(crate) fn recall(&self, origin: &Origin) -> Option<RecallStanding> {
        let items = self.chain().filter_map(|(key, record)| Some((Covered::Item(*key), record.recall.as_ref()?)));
        let lot = origin.batch.lot.zip(origin.lot.as_ref().and_then(|lot| lot.recall.as_ref()));
        let product = origin.lot.as_ref().map(|lot| lot.product);
        let product = product.zip(origin.product.as_ref().and_then(|product| product.recall.as_ref()));
        items
            .chain(lot.map(|(lot, mark)| (Covered::Lot(lot), mark)))
            .chain(product.map(|(product, mark)| (Covered::Product(product), mark)))
            .min_by_key(|(_, mark)| mark.class)
            .map(|(target, mark)| RecallStanding { target, mark: mark.clone() })
    }

    /// A quarantine of the item, of what it lies in, or of its lot.
    pub(crate) fn quarantine(&self, origin: &Origin) -> Option<QuarantineStanding> {
        let mut items =
            self.chain().filter_map(|(key, record)| Some((Covered::Item(*key), record.quarantine.as_ref()?)));
        let lot = origin.batch.lot.zip(origin.lot.as_ref().and_then(|lot| lot.quarantine.as_ref()));
        items
            .next()
            .or(lot.map(|(lot, mark)| (Covered::Lot(lot), mark)))
            .map(|(target, mark)| QuarantineStanding { target, mark: mark.clone() })
    }

    /// What an item takes with it when it leaves what it lies in; nothing of its own marks changes by it.
    pub(crate) fn inheritance(&self, holder: PartyId) -> DissolvedRecord {
        let recall = self.chain().fold(None, |sum, (_, record)| severe(sum, record.recall.clone()));
        let quarantine = self.chain().find_map(|(_, record)| record.quarantine.clone());
        DissolvedRecord { holder, recall, quarantine }
    }
}
