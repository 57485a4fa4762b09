//! Counts of patients over everybody who consents, with noise, on a budget that runs out.
//!
//! Which cells are counted is said by the question and not by the data, so that a cell's being there tells nothing; a patient counts
//! in a limited number of cells, which is what the noise is measured by.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use veridose_contract::{Action, DataKind, IdempotencyKey, PartyId, Purpose, Timestamp};
use veridose_fhir::counts::{CELL_MIN, EPSILON_MILLIS, noisy};
use veridose_store::payload::Note;
use veridose_store::{BudgetLeft, BudgetLimits, Payload, Release, Request, Viewer};

use self::cells::Cells;
use super::access::Reader;
use super::whose::kept_of;
use crate::access::Use;
use crate::access::anchor::keeper_of;
use crate::access::cohort::Cohort;
use crate::auth::{Caller, Interaction, Role};
use crate::name::first_half;
use crate::node::{Node, random};
use crate::problem::{Kind, Problem};
use crate::routes::lists::{List, Paging, list, viewer};
use crate::routes::refusals::Refusals;
use crate::routes::write::member;
use crate::trade::{Draft, Plan};

mod cells;

/// Consents that one count goes through.
const CONSENTS_MAX: u64 = 100_000;
/// Patients whose records are open at the same time.
const OPEN_MAX: usize = 500;

/// What is to be counted: patients of whom there is a record of the kind, in each cell of the table that the lists span.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = CountQuestion)]
#[serde(deny_unknown_fields)]
pub(in crate::routes) struct Question {
    /// The kind of data: `dispense`, `prescription`, `demographics`, `laboratory` or `genomics`.
    #[schema(value_type = String, example = "laboratory")]
    kind: DataKind,
    /// Codes of what was measured or of the medication, each as system, a bar and the code.
    #[serde(default)]
    #[schema(example = json!(["http://loinc.org|718-7"]))]
    codes: Vec<String>,
    /// Months of the record, `2026-01`.
    #[serde(default)]
    months: Vec<String>,
    /// Countries, or a country and a state: `US`, `US-NH`.
    #[serde(default)]
    regions: Vec<String>,
    /// Whether by gender.
    #[serde(default)]
    by_gender: bool,
    /// Whether by age, in bands of five years.
    #[serde(default)]
    by_age_band: bool,
    /// In how many cells one patient counts at most, 1 to 20; the more, the more noise.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 20)]
    cells_per_patient: u32,
    /// How much privacy it may cost, in thousandths of epsilon: the less, the more noise.
    #[schema(minimum = 10, maximum = 10000)]
    epsilon_millis: u32,
}

const fn one() -> u32 {
    1
}

/// A cell that is told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CountTold)]
struct Told {
    /// Code, month, region, gender and age band, as far as the question asks for them.
    #[schema(value_type = Object)]
    cell: serde_json::Map<String, serde_json::Value>,
    /// How many patients, with noise.
    patients: u64,
}

/// The answer to a question. The same question of the same member for the same purpose gets it again, and pays nothing.
#[derive(Debug, Serialize, ToSchema)]
struct Counts {
    /// Cells of at least `cell_min`.
    cells: Vec<Told>,
    /// How many cells are not told, because with noise they are smaller.
    suppressed: usize,
    /// Cells smaller than this are not told.
    cell_min: i64,
    /// Epsilon of each cell's noise, in thousandths: the two-sided geometric mechanism.
    cell_epsilon_millis: f64,
}

/// An answer, what it cost, and what is left.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::routes) struct Answered {
    #[serde(flatten)]
    release: Shown,
    /// What is left to the member for this purpose, in thousandths of epsilon. It does not grow again.
    left_millis: u32,
    /// What is left to all members together.
    left_to_all_millis: u32,
    /// The transaction that commits to the answer.
    #[schema(value_type = String)]
    tx: veridose_contract::TxId,
}

/// A release.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CountShown)]
pub(in crate::routes) struct Shown {
    /// SHA-256 of the question with who asked and what for, in hexadecimal.
    question: String,
    /// The member that asked.
    #[schema(value_type = String)]
    party: PartyId,
    /// What for.
    #[schema(value_type = String)]
    purpose: Purpose,
    /// When, in milliseconds since 1970.
    #[schema(value_type = i64)]
    at: Timestamp,
    /// What it cost, in thousandths of epsilon; losses add up.
    epsilon_millis: u32,
    /// SHA-256 of the answer's JSON text, in hexadecimal: the transaction's document names it.
    answer_sha256: String,
    /// The answer; patients see that and what it cost, members their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Counts>)]
    answer: Option<Box<RawValue>>,
}

impl Shown {
    fn of(release: Release, with_answer: bool) -> Result<Self, Problem> {
        let answer_sha256 = hex::encode(Sha256::digest(&release.answer));
        let answer = with_answer.then(|| RawValue::from_string(release.answer)).transpose();
        let Release { question, party, purpose, at, epsilon_millis, .. } = release;
        let (question, answer) = (hex::encode(question), answer.map_err(Problem::internal)?);
        Ok(Self { question, party, purpose, at, epsilon_millis, answer_sha256, answer })
    }
}

/// Counts patients who consent to the purpose that `Veridose-Purpose` names. Each answer has noise (differential privacy) and is paid
/// from two budgets, the member's for the purpose and that of all; it is durable, and the ledger commits to it, before it is given.
#[utoipa::path(
    tag = "research",
    responses((status = 200, description = "Counts", body = Answered), Refusals)
)]
#[post("/research/counts")]
pub(in crate::routes) async fn count(
    reader: Reader,
    node: web::Data<Node>,
    body: web::Json<Question>,
) -> Result<HttpResponse, Problem> {
    let wanted = body.into_inner();
    let purpose = purpose(&reader)?;
    let party = reader.caller.party()?.clone();
    let cells = Cells::of(&wanted)?;
    if !EPSILON_MILLIS.contains(&wanted.epsilon_millis) {
        let (least, most) = (EPSILON_MILLIS.start(), EPSILON_MILLIS.end());
        return Err(Problem::field("epsilon_millis", format!("give {least} to {most}")));
    }
    let question = name(&party, purpose, &wanted);
    let mut kinds = vec![wanted.kind];
    kinds.extend(cells.is_of_people().then_some(DataKind::Demographics));
    let ask = reader.ask(kinds.clone(), Interaction::Search, "research/counts");
    // Who may not ask is refused whatever was answered before.
    let cohort = Cohort::of(&node, &ask, CONSENTS_MAX).await?;
    let (budgets, limits) = (&node.store().budgets, limits(&node));
    let release = if let Some(release) = budgets.released(&question).await? {
        release
    } else {
        check_left(budgets.left(&party, purpose, limits).await?, wanted.epsilon_millis)?;
        cohort.record(&node, &ask, |_| true, true).await?;
        let counted = counted(&node, &cohort, &cells, &wanted, &question, &kinds).await?;
        let answer = told(&cells, &wanted, &counted)?;
        let (at, epsilon_millis) = (cohort.at, wanted.epsilon_millis);
        budgets.release(Release { question, party: party.clone(), purpose, at, epsilon_millis, answer }, limits).await?
    };
    let tx = committed(&node, &release).await?;
    let BudgetLeft { each_millis, all_millis } = budgets.left(&party, purpose, limits).await?;
    let release = Shown::of(release, true)?;
    Ok(HttpResponse::Ok().json(Answered { release, left_millis: each_millis, left_to_all_millis: all_millis, tx }))
}

/// What was told of many patients together, and what it cost of their privacy, the latest first: a member's own, all of it for
/// regulators and, without the answers, for patients.
#[utoipa::path(
    tag = "research",
    params(Paging),
    responses((status = 200, description = "Releases", body = List<Shown>), Refusals)
)]
#[get("/research/counts")]
pub(in crate::routes) async fn index(
    request: HttpRequest,
    caller: Caller,
    node: web::Data<Node>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let is_patient = caller.role == Role::Patient;
    let of = if is_patient {
        None
    } else {
        match viewer(&node, &caller).await? {
            Viewer::Regulator(_) => None,
            Viewer::Party(party) => Some(party),
        }
    };
    let page = node.store().budgets.releases(of.as_ref(), &paging.request()).await?;
    let items = page.items.into_iter().map(|release| Shown::of(release, !is_patient)).collect::<Result<Vec<_>, _>>()?;
    Ok(list(&request, veridose_store::Page { items, next: page.next }))
}

fn purpose(reader: &Reader) -> Result<Purpose, Problem> {
    match reader.asked.what_for {
        Use::Purpose(
            purpose @ (Purpose::PublicHealthResearch
            | Purpose::Study(_)
            | Purpose::StudyKind(_)
            | Purpose::ModelTraining
            | Purpose::Marketplace),
        ) => Ok(purpose),
        Use::Purpose(Purpose::Care | Purpose::DispenseRecord) | Use::OwnRecord | Use::Emergency(_) | Use::Claim(_) => {
            let detail = "say in Veridose-Purpose what the counts are for: public_health_research, a study …";
            Err(Problem::new(Kind::BadRequest, detail))
        }
    }
}

/// The same for the same question of the same member for the same purpose.
fn name(party: &PartyId, purpose: Purpose, wanted: &Question) -> [u8; 32] {
    let text =
        serde_json::to_vec(&(party, purpose.to_string(), wanted)).expect("a question is plain strings and numbers");
    Sha256::digest(text).into()
}

fn limits(node: &Node) -> BudgetLimits {
    let patients = node.patients();
    BudgetLimits { each_millis: patients.epsilon_millis_max, all_millis: patients.epsilon_millis_all_max }
}

/// Refuses before anything is counted what could not be paid; that is looked at again when it is.
fn check_left(left: BudgetLeft, epsilon_millis: u32) -> Result<(), Problem> {
    let BudgetLeft { each_millis, all_millis } = left;
    if epsilon_millis <= each_millis.min(all_millis) {
        return Ok(());
    }
    Err(veridose_store::StoreError::BudgetSpent { each_millis, all_millis }.into())
}

/// How many patients count in each cell.
async fn counted(
    node: &Node,
    cohort: &Cohort,
    cells: &Cells,
    wanted: &Question,
    question: &[u8; 32],
    kinds: &[DataKind],
) -> Result<Vec<u64>, Problem> {
    let mut counts = vec![0_u64; cells.count()];
    let scope = hex::encode(question);
    for some in cohort.granted.chunks(OPEN_MAX) {
        // A consent to the one kind and not to the other is no consent to put them together.
        let whole: Vec<[u8; 32]> = some
            .iter()
            .filter(|(_, grant)| kinds.iter().all(|kind| grant.kinds.contains(kind)))
            .map(|(patient, _)| *patient)
            .collect();
        let kept = kept_of(node, &whole).await.map_err(|_| Problem::internal("records cannot be opened"))?;
        for (patient, kept) in whole.iter().zip(kept) {
            let records: Vec<_> = kept.records.iter().filter_map(super::whose::Record::current).collect();
            let found: BTreeSet<usize> = cells.of_patient(wanted.kind, &records, cohort.at);
            let mut found: Vec<usize> = found.into_iter().collect();
            if found.len() > wanted.cells_per_patient as usize {
                // Which ones count is as if drawn, and the same whenever it is counted.
                let lot = node.store().vault.pseudonym(&scope, patient);
                found.sort_by_cached_key(|cell| {
                    Sha256::new().chain_update(lot).chain_update(cell.to_be_bytes()).finalize()
                });
            }
            for cell in found.into_iter().take(wanted.cells_per_patient as usize) {
                counts[cell] += 1;
            }
        }
    }
    Ok(counts)
}

/// The answer, with noise.
fn told(cells: &Cells, wanted: &Question, counted: &[u64]) -> Result<String, Problem> {
    let mut chance = ChaCha20Rng::from_seed(*random().map_err(Problem::internal)?);
    let told = noisy(counted, wanted.cells_per_patient, wanted.epsilon_millis, &mut chance);
    let told = told.map_err(|error| Problem::field("epsilon_millis", error))?;
    let suppressed = told.iter().filter(|cell| cell.is_none()).count();
    let named = told
        .into_iter()
        .enumerate()
        .filter_map(|(at, patients)| Some(Told { cell: cells.named(at), patients: patients? }));
    let cell_epsilon_millis = f64::from(wanted.epsilon_millis) / f64::from(wanted.cells_per_patient);
    let counts = Counts { cells: named.collect(), suppressed, cell_min: CELL_MIN, cell_epsilon_millis };
    serde_json::to_string(&counts).map_err(Problem::internal)
}

/// Puts a commitment to the release on the ledger; the same again finds it there.
async fn committed(node: &Node, release: &Release) -> Result<veridose_contract::TxId, Problem> {
    let signer = keeper_of(node, None).ok_or_else(|| Problem::internal("this node signs for nobody"))?;
    let actor = member(node, &signer.certificate().party, None)?;
    let Release { question, party, purpose, epsilon_millis, answer, .. } = release;
    let words = format!(
        "counts for {party}, {purpose}, {epsilon_millis} thousandths of epsilon: question {}, answer {}",
        hex::encode(question),
        hex::encode(Sha256::digest(answer)),
    );
    let draft = Draft { action: Action::Anchor, items: Vec::new(), happened: release.at, site: None, document: 0 };
    let mut readers: BTreeSet<PartyId> = node.directory().regulators().iter().cloned().collect();
    readers.insert(party.clone());
    let documents = vec![Payload::Note(Note::new(words))];
    let plan = Plan { drafts: vec![draft], documents, readers, ..Plan::default() };
    let key = IdempotencyKey(first_half(Sha256::new().chain_update("counts").chain_update(question).finalize()));
    Ok(node.act(&actor, &plan, Request { key, sha256: *question }).await?.tx)
}
