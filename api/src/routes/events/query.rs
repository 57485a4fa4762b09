//! The query parameters of EPCIS 2.0 (section 8.2.7.1) that are answered here.

use actix_web::web;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::IntoParams;
use veridose_contract::Timestamp;
use veridose_epcis::model::{Term, Vocabulary};
use veridose_gs1::canonical_uri;
use veridose_store::{EventFilter, MATCH_MAX, OrderBy};

use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::routes::items::item;
use crate::routes::write::millis;
use crate::trade::{Part, Position, mentions};

/// The parameters, for the `OpenAPI` document. Several values of one are separated by `|`.
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
    /// Persistent disposition that is set.
    EQ_persistentDisposition_set: Option<String>,
    /// Persistent disposition that is unset.
    EQ_persistentDisposition_unset: Option<String>,
    /// Read point.
    EQ_readPoint: Option<String>,
    /// Business location.
    EQ_bizLocation: Option<String>,
    /// Purchase order; every type of business transaction has its own parameter, `EQ_bizTransaction_` and the type.
    EQ_bizTransaction_po: Option<String>,
    /// Owner before; every type of source has its own parameter, `EQ_source_` and the type.
    EQ_source_owning_party: Option<String>,
    /// Owner after; every type of destination has its own parameter, `EQ_destination_` and the type.
    EQ_destination_owning_party: Option<String>,
    /// `transformationID`.
    EQ_transformationID: Option<String>,
    /// `eventID`.
    EQ_eventID: Option<String>,
    /// Only events with an error declaration.
    EXISTS_errorDeclaration: Option<String>,
    /// Reason of an error declaration.
    EQ_errorReason: Option<String>,
    /// Event that corrects one in error.
    EQ_correctiveEventID: Option<String>,
    /// Packs or containers in the list of EPCs or of children.
    MATCH_epc: Option<String>,
    /// Containers in `parentID`.
    MATCH_parentID: Option<String>,
    /// Packs used up in a transformation.
    MATCH_inputEPC: Option<String>,
    /// Packs made in a transformation.
    MATCH_outputEPC: Option<String>,
    /// Packs or containers anywhere in an event.
    MATCH_anyEPC: Option<String>,
    /// Class in a list of quantities or of children's.
    MATCH_epcClass: Option<String>,
    /// Class of what is used up in a transformation.
    MATCH_inputEPCClass: Option<String>,
    /// Class of what is made in a transformation.
    MATCH_outputEPCClass: Option<String>,
    /// Class anywhere in an event.
    MATCH_anyEPCClass: Option<String>,
    /// `eventTime` or `recordTime`; the order of the ledger where nothing is said.
    orderBy: Option<String>,
    /// `ASC`, or `DESC` where only `orderBy` is given.
    orderDirection: Option<String>,
    /// Not more events than this, in one page: the first ones by the order.
    #[param(value_type = Option<u32>, minimum = 1)]
    eventCountLimit: Option<u32>,
    /// An error, rather than more events than this.
    #[param(value_type = Option<u32>, minimum = 1)]
    maxEventCount: Option<u32>,
}

/// A query as it was read.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) filter: EventFilter,
    /// Not more events than this.
    pub(super) limit: Option<u32>,
    /// Rather an error than more events than this.
    pub(super) max: Option<u32>,
    is_directed: bool,
}

/// Reads the query string; what is not answered here is refused, so that nobody takes a wide answer for a narrow one. Blocking:
/// packs and containers are looked up in the log.
pub(super) fn parse(node: &Node, query: &str) -> Result<Query, Problem> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query).map_err(Problem::from)?.into_inner();
    let mut read = Query { filter: EventFilter { epcis_only: true, ..EventFilter::default() }, ..Query::default() };
    for (name, value) in &pairs {
        one(node, &mut read, name, value)?;
    }
    if read.limit.is_some() && read.max.is_some() {
        return Err(wrong("maxEventCount", "and eventCountLimit exclude each other"));
    }
    if !read.is_directed && pairs.iter().any(|(name, _)| name == "orderBy") {
        read.filter.order.descending = true;
    }
    Ok(read)
}

fn one(node: &Node, read: &mut Query, name: &str, value: &str) -> Result<(), Problem> {
    let filter = &mut read.filter;
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
        "EQ_readPoint" => filter.read_points.extend(uris(value)),
        "EQ_bizLocation" => filter.biz_locations.extend(uris(value)),
        "EQ_eventID" => filter.event_ids.extend(values(value)),
        "EXISTS_errorDeclaration" => filter.terms.push((vec!["errorDeclaration".to_owned()], Vec::new())),
        "MATCH_epc" => filter.commands.push(concerning(node, name, value, &[Part::Listed])?),
        "MATCH_parentID" => filter.commands.push(concerning(node, name, value, &[Part::Parent])?),
        "MATCH_inputEPC" => filter.commands.push(concerning(node, name, value, &[Part::Input])?),
        "MATCH_outputEPC" => filter.commands.push(concerning(node, name, value, &[Part::Output])?),
        "MATCH_anyEPC" => {
            let parts = [Part::Listed, Part::Parent, Part::Input, Part::Output];
            filter.commands.push(concerning(node, name, value, &parts)?);
        }
        "orderBy" => filter.order.by = order(value)?,
        "orderDirection" => (filter.order.descending, read.is_directed) = (descending(value)?, true),
        "eventCountLimit" => read.limit = Some(count(name, value)?),
        "maxEventCount" => read.max = Some(count(name, value)?),
        _ => filter.terms.push(term(name, value)?),
    }
    Ok(())
}

/// A parameter whose name says by what term events are found.
fn term(name: &str, value: &str) -> Result<(Vec<String>, Vec<String>), Problem> {
    let plain = |name: &str| (vec![name.to_owned()], values(value).collect());
    let classes = |names: &[&str]| (names.iter().map(|name| (*name).to_owned()).collect(), uris(value).collect());
    let typed = |list: &str, vocabulary, kind: &str| {
        let kind = Term::parse(vocabulary, kind).map_err(|error| wrong(name, &error.reason))?;
        Ok((vec![format!("{list}_{}", kind.as_str())], uris(value).collect()))
    };
    match name {
        "EQ_transformationID" => return Ok(plain("transformationID")),
        "EQ_errorReason" => {
            return Ok((vec!["errorReason".to_owned()], words(name, Vocabulary::ErrorReason, value)?));
        }
        "EQ_correctiveEventID" => return Ok(plain("correctiveEventID")),
        "MATCH_epcClass" => return Ok(classes(&["epcClass"])),
        "MATCH_inputEPCClass" => return Ok(classes(&["inputEPCClass"])),
        "MATCH_outputEPCClass" => return Ok(classes(&["outputEPCClass"])),
        "MATCH_anyEPCClass" => return Ok(classes(&["epcClass", "inputEPCClass", "outputEPCClass"])),
        "EQ_persistentDisposition_set" | "EQ_persistentDisposition_unset" => {
            let kind = name.trim_start_matches("EQ_").to_owned();
            return Ok((vec![kind], words(name, Vocabulary::Disposition, value)?));
        }
        _ => {}
    }
    if let Some(kind) = name.strip_prefix("EQ_bizTransaction_") {
        typed("bizTransaction", Vocabulary::BizTransactionType, kind)
    } else if let Some(kind) = name.strip_prefix("EQ_source_") {
        typed("source", Vocabulary::SourceDestType, kind)
    } else if let Some(kind) = name.strip_prefix("EQ_destination_") {
        typed("destination", Vocabulary::SourceDestType, kind)
    } else {
        Err(wrong(name, unanswered(name)))
    }
}

/// Why a parameter is not answered.
fn unanswered(name: &str) -> &'static str {
    let family = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    if family(&["WD_"]) {
        "is not answered here: no hierarchy of places is kept; ask for each place with EQ_readPoint or EQ_bizLocation"
    } else if family(&["HASATTR_", "EQATTR_"]) {
        "is not answered here: no attributes of master data are kept"
    } else if family(&["EQ_", "GT_", "GE_", "LT_", "LE_", "EXISTS_"]) {
        "is not answered here: extension fields, ILMD and sensor data lie encrypted and are not searched"
    } else {
        "is not a query parameter of EPCIS 2.0 that is answered here; /openapi.json lists those that are"
    }
}

fn wrong(name: &str, problem: &str) -> Problem {
    Problem::new(Kind::QueryParameter, format!("{name} {problem}"))
}

fn values(value: &str) -> impl Iterator<Item = String> {
    value.split('|').filter(|value| !value.is_empty()).map(str::to_owned)
}

/// In the canonical form, which is how the view keeps them.
fn uris(value: &str) -> impl Iterator<Item = String> {
    values(value).map(|value| canonical_uri(&value))
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

/// The commands that concern one of the items as one of the parts.
fn concerning(node: &Node, name: &str, value: &str, parts: &[Part]) -> Result<Vec<Position>, Problem> {
    let mut found = Vec::new();
    for text in values(value) {
        let item = item(node.network_key(), name, &text).map_err(|_| {
            wrong(name, "takes packs with their serial numbers and containers (SSCC), without patterns")
        })?;
        let mentions = mentions(node.ledger(), &item.key).map_err(Problem::internal)?;
        let mentions =
            mentions.ok_or_else(|| wrong(name, "names a thing that more events concern than are searched"))?;
        found.extend(mentions.into_iter().filter(|(_, part)| parts.contains(part)).map(|(at, _)| at));
    }
    found.sort_unstable();
    found.dedup();
    if found.len() > MATCH_MAX {
        return Err(wrong(name, "matches more events than are searched; ask for fewer things at once"));
    }
    Ok(found)
}

fn count(name: &str, value: &str) -> Result<u32, Problem> {
    let count = value.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| wrong(name, "is a number of events, at least 1"))
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
