//! What is kept of the patient who asks, for the patient's own pages.

use serde_json::Value;
use veridose_contract::Commitment;
use veridose_fhir::systems;
use veridose_store::ConsentRow;
use veridose_store::payload::ConsentDocument;

use super::Wrong;
use super::access::{Reader, admit};
use super::consents::rows_of;
use super::records::present;
use super::whose::{PatientId, Record, kept};
use crate::access::{AskedFor, Use};
use crate::auth::{CallingPatient, Interaction};
use crate::node::Node;
use crate::problem::Problem;
use crate::routes::consents::Keeper;

/// A record of the patient's.
pub(crate) struct OwnRecord {
    /// The commitment to its first version.
    pub(crate) id: Commitment,
    /// How many versions there are.
    pub(crate) versions: usize,
    /// The resource as it is served.
    pub(crate) resource: Value,
}

impl OwnRecord {
    fn of(record: &Record, patient: PatientId) -> Option<Self> {
        let resource = present(record.id, record.last(), patient)?;
        Some(Self { id: record.id, versions: record.versions().len(), resource })
    }
}

/// All records that are kept of the patient. That they are seen is recorded before they are given.
pub(in crate::routes) async fn records(node: &Node, own: &CallingPatient) -> Result<Vec<OwnRecord>, Problem> {
    let patient = PatientId::of(node, &own.name);
    let kept = kept(node, patient).await.map_err(problem)?;
    if kept.count == 0 {
        return Ok(Vec::new());
    }
    let asked = AskedFor { what_for: Use::OwnRecord, credentials: Vec::new() };
    let reader = Reader { caller: own.caller.clone(), asked };
    let kinds = systems::KINDS.to_vec();
    let admitted = admit(node, &reader, patient, kinds, Interaction::Read, "Patient/everything").await;
    let admitted = admitted.map_err(problem)?;
    let covered = kept.records.iter().filter(|record| record.current().is_some_and(|one| admitted.covers(one)));
    Ok(covered.filter_map(|record| OwnRecord::of(record, patient)).collect())
}

/// The patient's consents as they stand, also those that were revoked, with what they say. Whoever gives them out records it.
pub(in crate::routes) async fn consents(
    node: &Node,
    keeper: &Keeper,
    own: &CallingPatient,
) -> Result<Vec<(ConsentRow, ConsentDocument)>, Problem> {
    rows_of(node, keeper, PatientId::of(node, &own.name)).await.map_err(problem)
}

/// What is wrong with a resource cannot come of a request that sends none.
fn problem(wrong: Wrong) -> Problem {
    match wrong {
        Wrong::Problem(problem) => problem,
        Wrong::Resource(issues) => Problem::internal(format!("{} issues of a resource that nobody sent", issues.len())),
    }
}
