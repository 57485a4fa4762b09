//! What really happened: the labels.

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::event::{Event, Moment, SiteId};
use crate::name::Names;

/// One attack or slip, a line of `truth.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Truth {
    pub(crate) pattern: &'static str,
    /// Packs and containers that it is about, as the events name them.
    pub(crate) epcs: Vec<String>,
    pub(crate) lot: Option<String>,
    /// Places that took part, knowingly or not.
    pub(crate) parties: Vec<String>,
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Truth {
    /// Of the events that an attack or slip consists of.
    pub(crate) fn new(
        pattern: &'static str,
        epcs: Vec<String>,
        lot: Option<String>,
        events: &[Event],
        names: &Names<'_>,
    ) -> Self {
        let ends = |event: &Event| event.handoff.map(|handoff| [handoff.from, handoff.to]);
        let sites =
            events.iter().flat_map(|event| std::iter::once(event.site).chain(ends(event).into_iter().flatten()));
        let mut sites: Vec<SiteId> = sites.collect();
        sites.sort_unstable();
        sites.dedup();
        let times = || events.iter().map(|event| event.time);
        Self {
            pattern,
            epcs,
            lot,
            parties: sites.into_iter().map(|site| names.site(site)).collect(),
            from: rfc3339(times().min().unwrap_or_default()),
            to: rfc3339(times().max().unwrap_or_default()),
        }
    }
}

/// A moment as RFC 3339 writes it, in UTC.
pub(crate) fn rfc3339(moment: Moment) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(moment).expect("a run ends before the year 9999");
    moment.format(&Rfc3339).expect("the years of a run have four digits")
}
