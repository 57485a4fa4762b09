//! Cases as a regulator works through them: the surest first, filtered by what their documents say.
//!
//! What a case is about lies sealed in the vault, so filters and order are applied to the opened documents of those cases that the
//! view's own columns leave; at most [`CASES_MAX`], the latest ones.

use serde::Deserialize;
use veridose_contract::{PartyId, Timestamp};
use veridose_ml::cases::{Contribution, Found, Proof};
use veridose_store::payload::Case;
use veridose_store::{CaseFilter, CaseRow, PageRequest};

use super::about;
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::Problem;
use crate::routes::lists::viewer_of;
use crate::routes::write::actor;

/// Cases whose documents one search opens.
pub(crate) const CASES_MAX: usize = 2_000;
const PAGE: u32 = 1_000;
/// Where a case stands that says no score: a member's own word is worth even odds.
const SCORE_UNSAID: f64 = 0.5;

/// What detection says in a case's document. A case that a member raised says less of it, or nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Evidence {
    /// How sure, 0 to 1.
    pub(crate) score: Option<f64>,
    /// How grave: `notice`, `warning`, `alert`.
    pub(crate) severity: String,
    /// How many packs and containers it is about.
    pub(crate) items_total: Option<usize>,
    pub(crate) lots: Vec<String>,
    pub(crate) detected_at: String,
    pub(crate) events: Vec<Proof>,
    pub(crate) findings: Vec<Found>,
    pub(crate) contributions: Vec<Contribution>,
    pub(crate) usual_path: Vec<String>,
}

impl Evidence {
    /// Of a case's document.
    pub(crate) fn of(about: &Case) -> Self {
        Self::deserialize(&about.evidence).unwrap_or_default()
    }
}

/// What is looked for; what is empty asks for nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Search {
    pub(crate) filter: CaseFilter,
    pub(crate) code: String,
    pub(crate) severity: String,
    pub(crate) party: Option<PartyId>,
    /// A part of a product's number.
    pub(crate) product: String,
    /// A part of a lot's number.
    pub(crate) lot: String,
    /// Stands in the title, the explanation, the codes or the packs, whatever its case.
    pub(crate) text: String,
}

/// A case in its place.
#[derive(Debug, Clone)]
pub(crate) struct Ranked {
    pub(crate) row: CaseRow,
    /// Nothing where this node cannot open the document.
    pub(crate) about: Option<Case>,
    pub(crate) evidence: Evidence,
    /// By when partners and the authority must know.
    pub(crate) notify_by: Option<Timestamp>,
}

/// What a search found.
#[derive(Debug, Default)]
pub(crate) struct Ranking {
    /// The surest first, of equals the latest.
    pub(crate) cases: Vec<Ranked>,
    /// Whether older cases were not looked at.
    pub(crate) is_cut: bool,
}

/// The cases that the caller may see and that meet the search.
pub(crate) async fn ranked(node: &Node, caller: &Caller, search: &Search) -> Result<Ranking, Problem> {
    node.caught_up().await;
    let actor = actor(node, caller)?;
    let viewer = viewer_of(&actor);
    let mut ranking = Ranking::default();
    let mut page = PageRequest { limit: Some(PAGE), token: None };
    let mut seen = 0;
    loop {
        let found = node.store().queries.cases(&viewer, &search.filter, &page).await?;
        let commitments: Vec<_> = found.items.iter().map(|row| row.commitment).collect();
        let documents = node.store().vault.open_many(&commitments, &actor.party).await?;
        seen += found.items.len();
        let opened = found.items.into_iter().zip(documents).map(|(row, document)| Ranked::new(row, about(document)));
        ranking.cases.extend(opened.filter(|case| search.meets(case)));
        page.token = found.next;
        if page.token.is_none() || seen >= CASES_MAX {
            break;
        }
    }
    ranking.is_cut = page.token.is_some();
    // They came latest first, and a stable sort leaves equals so.
    ranking.cases.sort_by(|a, b| b.score().total_cmp(&a.score()));
    Ok(ranking)
}

impl Ranked {
    pub(super) fn new(row: CaseRow, about: Option<Case>) -> Self {
        let evidence = about.as_ref().map(Evidence::of).unwrap_or_default();
        Self { notify_by: super::notify_by(&row), row, about, evidence }
    }

    /// A case that is known in full.
    pub(crate) fn of(file: &super::CaseFile) -> Self {
        Self::new(file.row.clone(), file.about.clone())
    }

    fn score(&self) -> f64 {
        self.evidence.score.unwrap_or(SCORE_UNSAID)
    }

    /// The products that its packs are of: GTINs of 14 digits.
    pub(crate) fn products(&self) -> Vec<&str> {
        let items = self.about.iter().flat_map(|about| &about.items);
        let mut products: Vec<&str> = items.filter_map(|item| item.strip_prefix("(01)")?.get(..14)).collect();
        products.sort_unstable();
        products.dedup();
        products
    }
}

impl Search {
    fn meets(&self, case: &Ranked) -> bool {
        let is_bare =
            [&self.code, &self.severity, &self.product, &self.lot, &self.text].iter().all(|part| part.is_empty());
        let Some(about) = &case.about else { return is_bare && self.party.is_none() };
        let is_of = |party: &PartyId| case.row.party == *party || about.parties.contains(party);
        (self.code.is_empty() || about.codes.contains(&self.code))
            && (self.severity.is_empty() || case.evidence.severity == self.severity)
            && self.party.as_ref().is_none_or(is_of)
            && (self.product.is_empty() || case.products().iter().any(|gtin| gtin.contains(&self.product)))
            && (self.lot.is_empty() || case.evidence.lots.iter().any(|lot| lot.contains(&self.lot)))
            && (self.text.is_empty() || says(about, &self.text.to_lowercase()))
    }
}

fn says(about: &Case, text: &str) -> bool {
    let texts = [&about.title, &about.explanation].into_iter().chain(&about.codes).chain(&about.items);
    texts.into_iter().any(|said| said.to_lowercase().contains(text))
}

/// A case like another one, and what they share.
#[derive(Debug)]
pub(crate) struct Similar {
    pub(crate) case: Ranked,
    pub(crate) shared: Vec<Mark>,
}

/// By what cases are compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    Code(String),
    Item(String),
    Lot(String),
    Party(PartyId),
    Place(String),
}

/// Cases that are told of as similar.
const SIMILAR_MAX: usize = 5;

/// The cases that have most in common with one, by the Jaccard index of their codes, packs, lots, members and places.
pub(crate) fn similar(to: &Ranked, among: Vec<Ranked>) -> Vec<Similar> {
    let own = marks(to);
    let mut found: Vec<(f64, Similar)> = among
        .into_iter()
        .filter(|case| case.row.case != to.row.case)
        .filter_map(|case| {
            let others = marks(&case);
            let shared: Vec<Mark> = own.iter().filter(|mark| others.contains(mark)).cloned().collect();
            #[expect(clippy::cast_precision_loss, reason = "a few dozen")]
            let index = shared.len() as f64 / (own.len() + others.len() - shared.len()).max(1) as f64;
            (index > 0.0).then_some((index, Similar { case, shared }))
        })
        .collect();
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    found.truncate(SIMILAR_MAX);
    found.into_iter().map(|(_, similar)| similar).collect()
}

fn marks(case: &Ranked) -> Vec<Mark> {
    let Some(about) = &case.about else { return Vec::new() };
    let places = case.evidence.events.iter().map(|event| &event.place).filter(|place| !place.is_empty());
    let mut marks: Vec<Mark> = (about.codes.iter().cloned().map(Mark::Code))
        .chain(about.items.iter().cloned().map(Mark::Item))
        .chain(case.evidence.lots.iter().cloned().map(Mark::Lot))
        .chain(about.parties.iter().cloned().map(Mark::Party))
        .chain(places.cloned().map(Mark::Place))
        .collect();
    marks.sort_unstable();
    marks.dedup();
    marks
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use veridose_contract::{CaseId, Commitment};
    use veridose_store::CaseState;

    use super::*;

    fn case(number: u8, codes: &[&str], items: &[&str], evidence: serde_json::Value) -> Ranked {
        let party = PartyId::parse("agency").expect("a party");
        let row = CaseRow {
            case: CaseId([number; 16]),
            party,
            raised_at: Timestamp(1),
            state: CaseState::New,
            outcome: None,
            assignee: None,
            commitment: Commitment([number; 32]),
            moved_at: Timestamp(1),
        };
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let about = Case {
            title: "Odd pack".to_owned(),
            explanation: String::new(),
            codes: texts(codes),
            items: texts(items),
            parties: Vec::new(),
            evidence,
        };
        Ranked::new(row, Some(about))
    }

    #[test]
    fn each_filter_leaves_out_what_it_does_not_ask_for() {
        let found = case(
            1,
            &["cloned_serial"],
            &["(01)09506000134352(21)C1"],
            json!({"score": 0.9, "severity": "alert", "lots": ["L7"]}),
        );
        let own = |search: Search| search.meets(&found);
        assert!(own(Search::default()));
        assert!(own(Search { code: "cloned_serial".into(), lot: "L7".into(), ..Search::default() }));
        assert!(own(Search { product: "9506000134352".into(), text: "ODD".into(), ..Search::default() }));
        for other in [
            Search { code: "cloned".into(), ..Search::default() },
            Search { severity: "warning".into(), ..Search::default() },
            Search { party: PartyId::parse("maker").ok(), ..Search::default() },
            Search { product: "0950600013436".into(), ..Search::default() },
            Search { lot: "L8".into(), ..Search::default() },
            Search { text: "even".into(), ..Search::default() },
        ] {
            assert!(!own(other.clone()), "{other:?}");
        }
        let closed = Ranked { about: None, ..found.clone() };
        assert!(Search::default().meets(&closed) && !Search { text: "odd".into(), ..Search::default() }.meets(&closed));
    }

    #[test]
    fn similar_cases_share_something_and_the_nearest_comes_first() {
        let evidence = || json!({"lots": ["L7"]});
        let own = case(1, &["cloned_serial"], &["(01)09506000134352(21)C1"], evidence());
        let near = case(2, &["cloned_serial"], &["(01)09506000134352(21)C2"], evidence());
        let far = case(3, &["diverted", "shortage"], &["(01)09506000134352(21)C3"], evidence());
        let strange = case(4, &["diverted"], &[], json!("a text"));
        let found = similar(&own, vec![strange, far, own.clone(), near]);
        let names: Vec<u8> = found.iter().map(|similar| similar.case.row.case.0[0]).collect();
        assert_eq!(names, [2, 3]);
        assert_eq!(found[0].shared, [Mark::Code("cloned_serial".into()), Mark::Lot("L7".into())]);
    }
}
