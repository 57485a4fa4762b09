//! The query parameters of EPCIS 2.0 that are answered here.

use actix_web::web;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::IntoParams;
use veridose_contract::Timestamp;
use veridose_epcis::model::{Term, Vocabulary};
use veridose_gs1::canonical_uri;
use veridose_store::{EventFilter, MatchItems, OrderBy};

use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::routes::items::item;
use crate::routes::write::millis;

/// Transactions of one item that a match looks at, at most.
const HISTORY_MAX: usize = 10_000;

/// The parameters, for the `OpenAPI` document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, non_snake_case)] // It only describes; the names are the standard's.
pub(super) struct Described {
    /// `ObjectEvent`, `AggregationEvent`, ….
    eventType: Option<String>,
    /// At or after this time.
    #[param(format = DateTime)]
    GE_eventTime: Option<String>,
    /// Before this time.
    #[param(format = DateTime)]
    LT_eventTime: Option<String>,
    /// Recorded at or after this time.
    #[param(format = DateTime)]
    GE_recordTime: Option<String>,
    /// Recorded before this time.
    #[param(format = DateTime)]
    LT_recordTime: Option<String>,
    /// `ADD`, `OBSERVE` or `DELETE`.
    EQ_action: Option<String>,
    /// Business step, as a word of the vocabulary or a URI.
    EQ_bizStep: Option<String>,
    /// Disposition, as a word of the vocabulary or a URI.
    EQ_disposition: Option<String>,
    /// Read point.
    EQ_readPoint: Option<String>,
    /// Business location.
    EQ_bizLocation: Option<String>,
    /// `eventID`.
    EQ_eventID: Option<String>,
    /// Packs or containers that an event names.
    MATCH_epc: Option<String>,
    /// The same as `MATCH_epc`.
    MATCH_anyEPC: Option<String>,
    /// `eventTime` or `recordTime`.
    orderBy: Option<String>,
    /// `ASC` or `DESC`.
    orderDirection: Option<String>,
}

/// Reads the query string; what is not answered here is refused, so that nobody takes a wide answer for a narrow one.
pub(super) fn parse(node: &Node, query: &str) -> Result<EventFilter, Problem> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query).map_err(Problem::from)?.into_inner();
    let mut filter = EventFilter { epcis_only: true, ..EventFilter::default() };
    for (name, value) in &pairs {
        one(node, &mut filter, name, value)?;
    }
    Ok(filter)
}

fn one(node: &Node, filter: &mut EventFilter, name: &str, value: &str) -> Result<(), Problem> {
    match name {
        "perPage" | "nextPageToken" => {}
        "eventType" => filter.event_types.extend(values(value)),
        "GE_eventTime" => filter.event_time_from = Some(moment(name, value)?),
        "LT_eventTime" => filter.event_time_before = Some(moment(name, value)?),
        "GE_recordTime" => filter.record_time_from = Some(moment(name, value)?),
        "LT_recordTime" => filter.record_time_before = Some(moment(name, value)?),
        "EQ_action" => filter.actions.extend(values(value)),
        "EQ_bizStep" => filter.biz_steps.extend(words(name, Vocabulary::BizStep, value)?),
        "EQ_disposition" => filter.dispositions.extend(words(name, Vocabulary::Disposition, value)?),
        "EQ_readPoint" => filter.read_points.extend(values(value).flat_map(spellings)),
        "EQ_bizLocation" => filter.biz_locations.extend(values(value).flat_map(spellings)),
        "EQ_eventID" => filter.event_ids.extend(values(value)),
        "MATCH_epc" | "MATCH_anyEPC" => match_items(node, filter, name, value)?,
        "orderBy" => filter.order.by = order(value)?,
        "orderDirection" => filter.order.descending = descending(value)?,
        _ => match name.strip_prefix("EQ_bizTransaction_") {
            Some(kind) => {
                filter.biz_transactions.push((kind.to_owned(), values(value).flat_map(spellings).collect()));
            }
            None => return Err(wrong(name, "is not a query parameter that is answered here")),
        },
    }
    Ok(())
}

fn wrong(name: &str, problem: &str) -> Problem {
    Problem::new(Kind::BadRequest, format!("{name} {problem}"))
}

fn values(value: &str) -> impl Iterator<Item = String> {
    value.split('|').filter(|value| !value.is_empty()).map(str::to_owned)
}

/// As it came, and in its canonical form: documents keep what their author wrote.
fn spellings(value: String) -> Vec<String> {
    let canonical = canonical_uri(&value);
    if canonical == value { vec![value] } else { vec![value, canonical] }
}

fn words(name: &str, vocabulary: Vocabulary, value: &str) -> Result<Vec<String>, Problem> {
    let parse = |word: String| {
        let term = Term::parse(vocabulary, &word).map_err(|error| wrong(name, &error.reason))?;
        Ok(term.as_str().to_owned())
    };
    values(value).map(parse).collect()
}

fn moment(name: &str, value: &str) -> Result<Timestamp, Problem> {
    // A plus sign that nobody escaped arrives as a space.
    let text = value.replace(' ', "+");
    let at = OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| wrong(name, "is not a date and time (RFC 3339)"))?;
    Ok(millis(at))
}

fn match_items(node: &Node, filter: &mut EventFilter, name: &str, value: &str) -> Result<(), Problem> {
    let found = filter.items.get_or_insert_with(MatchItems::default);
    for text in values(value) {
        let item = item(node.network_key(), name, &text)?;
        found.tx_indexes.extend(node.ledger().history(&item.key, HISTORY_MAX)?);
        found.tx_indexes.extend(made_at(node, &item.key)?);
        found.items.push(item.key);
    }
    Ok(())
}

/// The transaction that made the item.
fn made_at(node: &Node, item: &veridose_contract::ItemKey) -> Result<Option<u64>, Problem> {
    match veridose_contract::resolve(&node.ledger().state(), item)? {
        Some(standing) => Ok(node.ledger().index_of(&standing.batch.tx)?),
        None => Ok(None),
    }
}

fn order(value: &str) -> Result<OrderBy, Problem> {
    match value {
        "eventTime" => Ok(OrderBy::EventTime),
        "recordTime" => Ok(OrderBy::RecordTime),
        _ => Err(wrong("orderBy", "is eventTime or recordTime")),
    }
}

fn descending(value: &str) -> Result<bool, Problem> {
    match value {
        "DESC" => Ok(true),
        "ASC" => Ok(false),
        _ => Err(wrong("orderDirection", "is ASC or DESC")),
    }
}
