//! How many alerts there are for the scans that were made.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use time::{Date, Duration};
use utoipa::{IntoParams, ToSchema};
use veridose_contract::{PartyId, Timestamp};
use veridose_ml::scans::scans_by_day_and_place;
use veridose_store::{PageRequest, Viewer, word};

use super::about;
use crate::analysis::Analyses;
use crate::auth::Caller;
use crate::node::{Node, date_time};
use crate::problem::Problem;
use crate::routes::lists::viewer_of;
use crate::routes::refusals::Refusals;
use crate::routes::write::{actor, node};

/// Days counted where nothing is said, and at most.
const DAYS: (i64, i64) = (28, 366);
/// Cases that are counted, at most.
const CASES_MAX: usize = 100_000;
const PAGE: u32 = 1_000;
const DAY_MS: i64 = 86_400_000;

/// The period.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Period {
    /// First day, UTC; 27 days before the last one where nothing is said.
    #[serde(default, with = "crate::iso_date::option")]
    #[param(value_type = Option<String>, format = Date)]
    pub(crate) from: Option<Date>,
    /// Last day, UTC; today where nothing is said.
    #[serde(default, with = "crate::iso_date::option")]
    #[param(value_type = Option<String>, format = Date)]
    pub(crate) to: Option<Date>,
}

/// Alerts against scans.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Counted {
    /// Alerts: cases that were raised.
    pub(crate) alerts: u64,
    /// Scans: packs that were verified, dispensed or decommissioned.
    pub(crate) scans: u64,
    /// Alerts for a million scans; nothing without scans.
    pub(crate) alerts_per_million_scans: Option<f64>,
}

/// The counts of a period.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Statistics {
    /// First day.
    #[schema(value_type = String, format = Date)]
    pub(crate) from: String,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    pub(crate) to: String,
    /// In all.
    pub(crate) all: Counted,
    /// By day.
    pub(crate) by_day: BTreeMap<String, Counted>,
    /// By code; a case counts once under each of its codes, against all scans.
    pub(crate) by_code: BTreeMap<String, Counted>,
    /// By member: its scans, and the cases that concern it. A case counts once under each member concerned.
    pub(crate) by_party: BTreeMap<String, Counted>,
    /// Alerts by what they turned out to be so far; `open` if they are not closed.
    pub(crate) by_outcome: BTreeMap<String, u64>,
}

/// Alerts for a million scans by day, code and member, of what the caller may see: a regulator of all, a member of the cases that it
/// raised and the scans at its own places.
///
/// An *alert* is a case that was raised on a day of the period, by a member or a detector, whatever became of it. A *scan* is one pack that
/// was verified, dispensed or decommissioned on such a day by the event's own time; an event that names ten packs is ten scans.
#[utoipa::path(
    tag = "cases",
    params(Period),
    responses((status = 200, description = "The counts", body = Statistics), Refusals)
)]
#[get("/cases/statistics")]
pub(in crate::routes) async fn statistics(
    request: HttpRequest,
    caller: Caller,
    period: web::Query<Period>,
    analyses: web::Data<Analyses>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(counted(node(&request), &caller, &period, &analyses).await?))
}

/// The counts of a period, as far as the caller may see them.
pub(crate) async fn counted(
    node: &Node,
    caller: &Caller,
    period: &Period,
    analyses: &Analyses,
) -> Result<Statistics, Problem> {
    node.caught_up().await;
    let actor = actor(node, caller)?;
    let viewer = viewer_of(&actor);
    let (from, to) = days(period, date_time(node.clock().now()).date())?;
    let mut counts = Counts { from, to, ..Counts::default() };
    counts.scans(node, &viewer, analyses).await?;
    counts.alerts(node, &viewer, &actor.party).await?;
    Ok(counts.told())
}

/// The first and the last day.
fn days(period: &Period, today: Date) -> Result<(Date, Date), Problem> {
    let to = period.to.unwrap_or(today);
    let from = period.from.unwrap_or_else(|| to.saturating_sub(Duration::days(DAYS.0 - 1)));
    let days = (to - from).whole_days() + 1;
    if !(1..=DAYS.1).contains(&days) {
        let detail = format!("a period has 1 to {} days, from the first to the last; this one {days}", DAYS.1);
        return Err(Problem::field("from", detail));
    }
    Ok((from, to))
}

struct Counts {
    from: Date,
    to: Date,
    all: Counted,
    by_day: BTreeMap<String, Counted>,
    by_code: BTreeMap<String, Counted>,
    by_party: BTreeMap<String, Counted>,
    by_outcome: BTreeMap<String, u64>,
}

impl Default for Counts {
    fn default() -> Self {
        let none = || BTreeMap::new();
        let (from, to) = (Date::MIN, Date::MIN);
        let all = Counted::default();
        Self { from, to, all, by_day: none(), by_code: none(), by_party: none(), by_outcome: BTreeMap::new() }
    }
}

impl Counts {
    async fn scans(&mut self, node: &Node, viewer: &Viewer, analyses: &Analyses) -> Result<(), Problem> {
        let (from, to) = (self.from.to_string(), self.to.to_string());
        let counted = analyses
            .of(move |lake| Ok(scans_by_day_and_place(&lake.read_days(&from, &to).map_err(Problem::internal)?)))
            .await?;
        let directory = node.directory();
        for ((day, place), scans) in counted {
            let party = directory.find(&place).map(|(_, party)| party);
            if let Viewer::Party(own) = viewer
                && party != Some(own)
            {
                continue;
            }
            self.all.scans += scans;
            self.by_day.entry(day).or_default().scans += scans;
            if let Some(party) = party {
                self.by_party.entry(party.to_string()).or_default().scans += scans;
            }
        }
        Ok(())
    }

    async fn alerts(&mut self, node: &Node, viewer: &Viewer, reader: &PartyId) -> Result<(), Problem> {
        let start = |day: Date| Timestamp(day.midnight().assume_utc().unix_timestamp() * 1_000);
        let span = (start(self.from), Timestamp(start(self.to).0 + DAY_MS));
        let mut page = PageRequest { limit: Some(PAGE), token: None };
        let mut seen = 0;
        loop {
            let cases = node.store().queries.cases_raised(viewer, span, &page).await?;
            let commitments: Vec<_> = cases.items.iter().map(|row| row.commitment).collect();
            let documents = node.store().vault.open_many(&commitments, reader).await?;
            seen += cases.items.len();
            if seen > CASES_MAX {
                return Err(Problem::field("from", format!("more than {CASES_MAX} cases: ask for fewer days")));
            }
            for (row, document) in cases.items.iter().zip(documents) {
                self.all.alerts += 1;
                self.by_day.entry(date_time(row.raised_at).date().to_string()).or_default().alerts += 1;
                let outcome = row.outcome.as_ref().map_or_else(|| "open".to_owned(), word);
                *self.by_outcome.entry(outcome).or_default() += 1;
                let Some(about) = about(document) else { continue };
                for code in distinct(about.codes) {
                    self.by_code.entry(code).or_default().alerts += 1;
                }
                for party in distinct(about.parties) {
                    self.by_party.entry(party.to_string()).or_default().alerts += 1;
                }
            }
            let Some(next) = cases.next else { return Ok(()) };
            page.token = Some(next);
        }
    }

    fn told(mut self) -> Statistics {
        for of in self.by_code.values_mut() {
            of.scans = self.all.scans;
        }
        let others = self.by_day.values_mut().chain(self.by_code.values_mut()).chain(self.by_party.values_mut());
        for of in others.chain([&mut self.all]) {
            #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53")]
            let rate = of.alerts as f64 / of.scans as f64 * 1e6;
            of.alerts_per_million_scans = (of.scans > 0).then_some(rate);
        }
        let Self { from, to, all, by_day, by_code, by_party, by_outcome } = self;
        Statistics { from: from.to_string(), to: to.to_string(), all, by_day, by_code, by_party, by_outcome }
    }
}

fn distinct<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values.dedup();
    values
}
