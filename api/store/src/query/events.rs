//! Events by the EPCIS query parameters.

use veridose_contract::{ItemKey, Timestamp};

use crate::query::{EventRow, Queries, Viewer};
use crate::{Page, PageRequest, StoreError};

/// The EPCIS query parameters that the projection answers. An empty list or `None` asks for nothing in particular.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// `eventType`.
    pub event_types: Vec<String>,
    /// `GE_eventTime`.
    pub event_time_from: Option<Timestamp>,
    /// `LT_eventTime`.
    pub event_time_before: Option<Timestamp>,
    /// `GE_recordTime`.
    pub record_time_from: Option<Timestamp>,
    /// `LT_recordTime`.
    pub record_time_before: Option<Timestamp>,
    /// `EQ_action`.
    pub actions: Vec<String>,
    /// `EQ_bizStep`.
    pub biz_steps: Vec<String>,
    /// `EQ_disposition`.
    pub dispositions: Vec<String>,
    /// `EQ_readPoint`.
    pub read_points: Vec<String>,
    /// `EQ_bizLocation`.
    pub biz_locations: Vec<String>,
    /// `EQ_bizTransaction_TYPE`: the type and the values asked for; every type must be met.
    pub biz_transactions: Vec<(String, Vec<String>)>,
    /// `EQ_eventID`.
    pub event_ids: Vec<String>,
    /// `MATCH_epc`, `MATCH_anyEPC`: the items, and the transactions in which the ledger's history index saw them.
    pub items: Option<MatchItems>,
    /// `orderBy` and `orderDirection`.
    pub order: EventOrder,
}

/// Items to be matched.
#[derive(Debug, Clone, Default)]
pub struct MatchItems {
    /// Keys of the items.
    pub items: Vec<ItemKey>,
    /// Transactions that named one of them, by the ledger's history.
    pub tx_indexes: Vec<u64>,
}

/// What a list of events is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrderBy {
    /// When it was recorded, that is the order of the ledger.
    #[default]
    RecordTime,
    /// When it happened.
    EventTime,
}

/// Order and direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventOrder {
    /// By what.
    pub by: OrderBy,
    /// Latest first.
    pub descending: bool,
}

impl Queries {
    /// Events that meet the filter and that the caller may see.
    pub async fn events(
        &self,
        viewer: &Viewer,
        filter: &EventFilter,
        page: &PageRequest,
    ) -> Result<Page<EventRow>, StoreError> {
        todo!()
    }

    /// The event with this `eventID`, if the caller may see it.
    pub async fn event(&self, viewer: &Viewer, event_id: &str) -> Result<Option<EventRow>, StoreError> {
        todo!()
    }

    /// Events of the transactions, in the ledger's order, that the caller may see.
    pub async fn events_at(&self, viewer: &Viewer, tx_indexes: &[u64]) -> Result<Vec<EventRow>, StoreError> {
        todo!()
    }
}
