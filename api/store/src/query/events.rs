//! Events by the EPCIS query parameters.

use sea_orm::sea_query::{ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use veridose_contract::{Commitment, ConsentId, Site, Timestamp, TxId};

use crate::database::{KEYS_PER_QUERY_MAX, fixed, signed, unsigned};
use crate::entity::events::{event, term, viewer as viewers};
use crate::limits::COMMITMENTS_PER_CALL_MAX;
use crate::projection::{COMMANDS_STRIDE, CONSENT_TERM};
use crate::query::{EventRow, Queries, Viewer};
use crate::vault::within;
use crate::{Page, PageRequest, StoreError, text};

/// Events that one parameter may match by what the ledger knows of items.
pub const MATCH_MAX: usize = 5_000;

/// The EPCIS query parameters that the projection answers. An empty list or `None` asks for nothing in particular.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// `eventType`.
    pub event_types: Vec<String>,
    /// Commands of these names.
    pub kinds: Vec<String>,
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
    /// Terms by which events are found beside their columns: names as in `EQ_` and `MATCH_` parameters (`bizTransaction_po`,
    /// `source_owning_party`, `epcClass`) of which one must be there, with a value of those asked for, or any where none is; every
    /// entry of the list must be met.
    pub terms: Vec<(Vec<String>, Vec<String>)>,
    /// `EQ_eventID`.
    pub event_ids: Vec<String>,
    /// `MATCH_epc` and its like: the commands, each by its transaction's index and its own, that concern what was asked for, of
    /// each parameter.
    pub commands: Vec<Vec<(u64, u32)>>,
    /// Only commands whose document is an EPCIS event.
    pub epcis_only: bool,
    /// `orderBy` and `orderDirection`.
    pub order: EventOrder,
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

/// Position of the last row of a page: what it is ordered by, and the event.
type Position = (i64, i64);

impl Queries {
    /// Events that meet the filter and that the caller may see.
    pub async fn events(
        &self,
        viewer: &Viewer,
        filter: &EventFilter,
        page: &PageRequest,
    ) -> Result<Page<EventRow>, StoreError> {
        let descending = filter.order.descending;
        let by = match filter.order.by {
            OrderBy::RecordTime => event::Column::Recorded,
            OrderBy::EventTime => event::Column::Happened,
        };
        let mut find = event::Entity::find().filter(seen_by(viewer)).filter(condition(filter)?);
        if let Some((value, id)) = page.after::<Position>()? {
            let (beyond, next) = if descending {
                (by.lt(value), event::Column::Id.lt(id))
            } else {
                (by.gt(value), event::Column::Id.gt(id))
            };
            find = find.filter(Condition::any().add(beyond).add(by.eq(value).and(next)));
        }
        let order = if descending { Order::Desc } else { Order::Asc };
        let rows = find
            .order_by(by, order.clone())
            .order_by(event::Column::Id, order)
            .limit(page.limit_and_one())
            .all(self.view.read())
            .await?;
        let position = |row: &event::Model| match filter.order.by {
            OrderBy::RecordTime => (row.recorded, row.id),
            OrderBy::EventTime => (row.happened, row.id),
        };
        Page::cut(rows, page.limit(), position).try_map(EventRow::try_from)
    }

    /// How many events meet the filter and may be seen by the caller, counted up to `max` and one more.
    pub async fn count(&self, viewer: &Viewer, filter: &EventFilter, max: u64) -> Result<u64, StoreError> {
        let find = event::Entity::find().filter(seen_by(viewer)).filter(condition(filter)?);
        let ids = find.select_only().column(event::Column::Id).limit(max.saturating_add(1));
        let found: Vec<i64> = ids.into_tuple().all(self.view.read()).await?;
        Ok(u64::try_from(found.len()).unwrap_or(u64::MAX))
    }

    /// The first event with this `eventID`, if the caller may see it.
    pub async fn event(&self, viewer: &Viewer, event_id: &str) -> Result<Option<EventRow>, StoreError> {
        let find = event::Entity::find().filter(event::Column::EventId.eq(event_id)).filter(seen_by(viewer));
        let row = find.order_by_asc(event::Column::Id).one(self.view.read()).await?;
        row.map(EventRow::try_from).transpose()
    }

    /// The event of a commitment, if the caller may see it.
    pub async fn event_of(&self, viewer: &Viewer, commitment: &Commitment) -> Result<Option<EventRow>, StoreError> {
        let of = event::Column::Commitment.eq(commitment.0.to_vec());
        let find = event::Entity::find().filter(of).filter(seen_by(viewer));
        let row = find.order_by_asc(event::Column::Id).one(self.view.read()).await?;
        row.map(EventRow::try_from).transpose()
    }

    /// Dispenses under these consents, the latest first, for the patient whose consents they are: whoever asks has their documents
    /// under the patient's key.
    pub async fn dispenses_under(
        &self,
        consents: &[ConsentId],
        page: &PageRequest,
    ) -> Result<Page<EventRow>, StoreError> {
        within("consents of a call", consents.len(), COMMITMENTS_PER_CALL_MAX)?;
        let mut under = Query::select();
        under
            .column(term::Column::EventId)
            .from(term::Entity)
            .and_where(term::Column::Kind.eq(CONSENT_TERM))
            .and_where(term::Column::Value.is_in(consents.iter().map(ToString::to_string)));
        let mut find = event::Entity::find().filter(event::Column::Id.in_subquery(under));
        if let Some(id) = page.after::<i64>()? {
            find = find.filter(event::Column::Id.lt(id));
        }
        let find = find.order_by_desc(event::Column::Id).limit(page.limit_and_one());
        Page::cut(find.all(self.view.read()).await?, page.limit(), |row| row.id).try_map(EventRow::try_from)
    }

    /// Events of these commands, each by its transaction's index and its own, in the ledger's order, that the caller may see.
    pub async fn events_of(&self, viewer: &Viewer, commands: &[(u64, u32)]) -> Result<Vec<EventRow>, StoreError> {
        within("commands of a call", commands.len(), COMMITMENTS_PER_CALL_MAX)?;
        let numbers = numbers(commands)?;
        let mut rows = Vec::new();
        for some in numbers.chunks(KEYS_PER_QUERY_MAX) {
            let of = event::Column::Id.is_in(some.iter().copied());
            rows.extend(event::Entity::find().filter(of).filter(seen_by(viewer)).all(self.view.read()).await?);
        }
        rows.sort_by_key(|row| row.id);
        rows.into_iter().map(EventRow::try_from).collect()
    }

    /// Events of the transactions, in the ledger's order, that the caller may see.
    pub async fn events_at(&self, viewer: &Viewer, tx_indexes: &[u64]) -> Result<Vec<EventRow>, StoreError> {
        within("transactions of a call", tx_indexes.len(), COMMITMENTS_PER_CALL_MAX)?;
        let mut rows = Vec::new();
        // Each transaction is a range of two parameters.
        for some in tx_indexes.chunks(500) {
            let find = event::Entity::find().filter(at(some)?).filter(seen_by(viewer));
            rows.extend(find.all(self.view.read()).await?);
        }
        rows.sort_by_key(|row| row.id);
        rows.dedup_by_key(|row| row.id);
        rows.into_iter().map(EventRow::try_from).collect()
    }
}

/// What the caller may see, as part of the query: no row leaves the database that is not the caller's.
fn seen_by(viewer: &Viewer) -> Condition {
    match viewer {
        Viewer::Regulator(_) => Condition::all(),
        Viewer::Party(party) => {
            let mut own = Query::select();
            own.column(viewers::Column::EventId)
                .from(viewers::Entity)
                .and_where(viewers::Column::Party.eq(party.as_str()));
            Condition::all().add(event::Column::Id.in_subquery(own))
        }
    }
}

/// Events of these transactions: an event's number is its transaction's times the stride, plus its command.
fn at(tx_indexes: &[u64]) -> Result<Condition, StoreError> {
    // An empty `any` would be met by every event.
    let mut any = Condition::any().add(event::Column::Id.lt(0));
    for index in tx_indexes {
        let first = signed("ledger index", index.saturating_mul(COMMANDS_STRIDE))?;
        let last = signed("ledger index", index.saturating_mul(COMMANDS_STRIDE).saturating_add(COMMANDS_STRIDE - 1))?;
        any = any.add(event::Column::Id.between(first, last));
    }
    Ok(any)
}

/// Numbers of events: the transaction's index times the stride, plus the command's.
fn numbers(commands: &[(u64, u32)]) -> Result<Vec<i64>, StoreError> {
    let number = |(index, command): &(u64, u32)| {
        signed("ledger index", index.saturating_mul(COMMANDS_STRIDE).saturating_add(u64::from(*command)))
    };
    commands.iter().map(number).collect()
}

fn condition(filter: &EventFilter) -> Result<Condition, StoreError> {
    let one_of = |column: event::Column, values: &[String]| (!values.is_empty()).then(|| column.is_in(values));
    let mut all = Condition::all()
        .add_option(one_of(event::Column::EventType, &filter.event_types))
        .add_option(one_of(event::Column::Kind, &filter.kinds))
        .add_option(one_of(event::Column::Action, &filter.actions))
        .add_option(one_of(event::Column::BizStep, &filter.biz_steps))
        .add_option(one_of(event::Column::Disposition, &filter.dispositions))
        .add_option(one_of(event::Column::ReadPoint, &filter.read_points))
        .add_option(one_of(event::Column::BizLocation, &filter.biz_locations))
        .add_option(one_of(event::Column::EventId, &filter.event_ids))
        .add_option(filter.event_time_from.map(|time| event::Column::Happened.gte(time.0)))
        .add_option(filter.event_time_before.map(|time| event::Column::Happened.lt(time.0)))
        .add_option(filter.record_time_from.map(|time| event::Column::Recorded.gte(time.0)))
        .add_option(filter.record_time_before.map(|time| event::Column::Recorded.lt(time.0)));
    if filter.epcis_only {
        all = all.add(event::Column::EventType.is_not_null());
    }
    for (kinds, values) in &filter.terms {
        let mut named = Query::select();
        named.column(term::Column::EventId).from(term::Entity).and_where(term::Column::Kind.is_in(kinds));
        if !values.is_empty() {
            named.and_where(term::Column::Value.is_in(values));
        }
        all = all.add(event::Column::Id.in_subquery(named));
    }
    for commands in &filter.commands {
        within("matched events", commands.len(), MATCH_MAX)?;
        all = all.add(event::Column::Id.is_in(numbers(commands)?));
    }
    Ok(all)
}

impl TryFrom<event::Model> for EventRow {
    type Error = StoreError;

    fn try_from(row: event::Model) -> Result<Self, StoreError> {
        let id = unsigned(row.id);
        Ok(Self {
            tx_index: id / COMMANDS_STRIDE,
            command: u32::try_from(id % COMMANDS_STRIDE).unwrap_or(u32::MAX),
            tx: TxId(fixed("transaction", &row.tx)?),
            party: text::party(&row.party)?,
            kind: row.kind,
            happened: Timestamp(row.happened),
            recorded: Timestamp(row.recorded),
            site: row.site.map(|site| Site(unsigned(site))),
            commitment: Commitment(fixed("commitment", &row.commitment)?),
            document: text::variant("document state", &row.document)?,
            event_id: row.event_id,
            event_type: row.event_type,
            action: row.action,
            biz_step: row.biz_step,
            disposition: row.disposition,
            read_point: row.read_point,
            biz_location: row.biz_location,
            items: unsigned(row.items),
        })
    }
}
