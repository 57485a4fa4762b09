//! What a list of cases asks for, as it stands in its address.

use serde::Deserialize;
use time::Date;
use time::macros::format_description;
use veridose_contract::{PartyId, Timestamp};
use veridose_store::{CaseFilter, CaseState};

use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::cases::Search;
use crate::routes::encoded;

/// Longest word of a filter, in bytes.
const WORD_BYTES_MAX: usize = 200;
/// Cases that are worked on: where nothing is said.
const OPEN: [CaseState; 3] = [CaseState::New, CaseState::Investigating, CaseState::Escalated];
const DAY_MS: i64 = 86_400_000;

/// The fields of the form, as they were filled in; an empty one asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Fields {
    /// `open` (or nothing), `all`, or a state.
    pub(super) state: String,
    pub(super) text: String,
    pub(super) code: String,
    pub(super) severity: String,
    pub(super) party: String,
    pub(super) product: String,
    pub(super) lot: String,
    /// First day on which a case was raised, and the last one.
    pub(super) from: String,
    pub(super) to: String,
    /// `1`: only the caller's own cases.
    pub(super) mine: String,
    /// Which page, from 1.
    pub(super) page: String,
    /// What was just done, told once.
    pub(super) done: String,
}

impl Fields {
    /// As the search that it asks for.
    pub(super) fn search(&self, caller: &Caller) -> Result<Search, Problem> {
        let words = [&self.text, &self.code, &self.severity, &self.product, &self.lot];
        if words.iter().any(|word| word.len() > WORD_BYTES_MAX) {
            return Err(Problem::field("text", format!("a filter has at most {WORD_BYTES_MAX} bytes")));
        }
        let party = Some(self.party.trim()).filter(|party| !party.is_empty()).map(PartyId::parse).transpose();
        let trimmed = |text: &str| text.trim().to_owned();
        Ok(Search {
            filter: CaseFilter {
                states: self.states()?,
                assignee: if self.mine == "1" { caller.party.clone() } else { None },
                from: day("from", &self.from)?,
                before: day("to", &self.to)?.map(|day| Timestamp(day.0 + DAY_MS)),
            },
            code: trimmed(&self.code),
            severity: trimmed(&self.severity),
            party: party.map_err(|error| Problem::field("party", error))?,
            product: trimmed(&self.product),
            lot: trimmed(&self.lot),
            text: trimmed(&self.text),
        })
    }

    fn states(&self) -> Result<Vec<CaseState>, Problem> {
        Ok(match self.state.as_str() {
            "" | "open" => OPEN.to_vec(),
            "all" => Vec::new(),
            "new" => vec![CaseState::New],
            "investigating" => vec![CaseState::Investigating],
            "escalated" => vec![CaseState::Escalated],
            "closed" => vec![CaseState::Closed],
            other => return Err(Problem::field("state", format!("no case stands as {other:?}"))),
        })
    }

    /// The page, from 1; the first where nothing sensible is said.
    pub(super) fn page(&self) -> usize {
        self.page.parse().ok().filter(|page| *page > 0).unwrap_or(1)
    }

    /// Whether more is asked for than a state and a text.
    pub(super) fn is_narrow(&self) -> bool {
        let more =
            [&self.code, &self.severity, &self.party, &self.product, &self.lot, &self.from, &self.to, &self.mine];
        more.iter().any(|field| !field.is_empty())
    }

    /// As the query of an address, without page and message.
    pub(super) fn query(&self) -> String {
        let fields = [
            ("state", &self.state),
            ("text", &self.text),
            ("code", &self.code),
            ("severity", &self.severity),
            ("party", &self.party),
            ("product", &self.product),
            ("lot", &self.lot),
            ("from", &self.from),
            ("to", &self.to),
            ("mine", &self.mine),
        ];
        let said = fields.iter().filter(|(_, value)| !value.is_empty());
        said.map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
    }
}

/// The beginning of a day, UTC.
fn day(field: &str, text: &str) -> Result<Option<Timestamp>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = Date::parse(text, format_description!("[year]-[month]-[day]"));
    let day = day.map_err(|_| Problem::field(field, "a day is written YYYY-MM-DD"))?;
    Ok(Some(Timestamp(day.midnight().assume_utc().unix_timestamp() * 1_000)))
}
