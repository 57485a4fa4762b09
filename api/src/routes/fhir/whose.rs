//! Patients by their ids here and by their names at the custodian.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use veridose_contract::Commitment;
use veridose_fhir::IssueCode;
use veridose_fhir::consent::Whose;
use veridose_fhir::systems;
use veridose_store::payload::{ConsentDocument, FhirDocument};
use veridose_store::{Opened, Payload};

use super::Wrong;
use crate::auth::Role;
use crate::node::Node;
use crate::problem::Problem;
use crate::routes::consents::Keeper;

/// A patient's id: 32 bytes in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PatientId(pub(super) [u8; 32]);

impl PatientId {
    /// Of the patient that the custodian calls so.
    pub(super) fn of(node: &Node, name: &str) -> Self {
        Self(node.store().vault.patient_id(name))
    }

    /// From `ID` or `Patient/ID`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("Patient/").unwrap_or(text);
        let mut id = [0; 32];
        hex::decode_to_slice(text, &mut id).ok()?;
        Some(Self(id))
    }
}

impl fmt::Display for PatientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// A resource of a patient in all its versions.
pub(super) struct Record {
    /// The commitment to its first version.
    pub(super) id: Commitment,
    /// From the first one on; there is one at least.
    versions: Vec<FhirDocument>,
}

impl Record {
    /// Every version, from the first one on.
    pub(super) fn versions(&self) -> &[FhirDocument] {
        &self.versions
    }

    /// The latest version.
    pub(super) fn last(&self) -> &FhirDocument {
        self.versions.last().expect("a record has a version")
    }

    /// The resource as it stands; nothing once it was deleted.
    pub(super) fn current(&self) -> Option<&Value> {
        self.last().resource.as_ref()
    }

    /// What it last said, also where it was deleted since.
    pub(super) fn said(&self) -> &Value {
        self.versions.iter().rev().find_map(|version| version.resource.as_ref()).unwrap_or(&Value::Null)
    }
}

/// Records out of their versions, by id in ascending order.
pub(super) fn records(documents: impl Iterator<Item = (Commitment, FhirDocument)>) -> Vec<Record> {
    let mut records: BTreeMap<Commitment, Vec<FhirDocument>> = BTreeMap::new();
    for (commitment, document) in documents {
        records.entry(document.record.unwrap_or(commitment)).or_default().push(document);
    }
    let in_order = |(id, mut versions): (Commitment, Vec<FhirDocument>)| {
        versions.sort_by_key(|version| version.version);
        Record { id, versions }
    };
    records.into_iter().map(in_order).collect()
}

/// The documents that are kept of a patient.
pub(super) struct Kept {
    /// Resources, by id in ascending order.
    pub(super) records: Vec<Record>,
    /// Consents, each version.
    pub(super) consents: Vec<(Commitment, ConsentDocument)>,
    /// How many documents there are in all.
    pub(super) count: usize,
    /// What the patient is called by who keeps them, if any document says so.
    pub(super) name: Option<String>,
}

/// Opens all that is kept of the patient. Nothing of it may be given out that was not decided on.
pub(super) async fn kept(node: &Node, patient: PatientId) -> Result<Kept, Wrong> {
    let mut kept = kept_of(node, &[patient.0]).await?;
    Ok(kept.pop().expect("an answer for each patient"))
}

/// As [`kept`], for many patients in a few statements, in their order.
pub(super) async fn kept_of(node: &Node, patients: &[[u8; 32]]) -> Result<Vec<Kept>, Wrong> {
    let vault = &node.store().vault;
    let mut of = vault.of_patients(patients).await?;
    let all: Vec<Commitment> = of.values().flatten().copied().collect();
    let mut opened = vault.open_as_owner(&all).await?;
    let mut each = |patient: &[u8; 32]| {
        let commitments = of.remove(patient).unwrap_or_default();
        let (mut documents, mut consents) = (Vec::new(), Vec::new());
        for commitment in &commitments {
            match opened.remove(commitment) {
                Some(Opened::Document(Payload::Fhir(document))) => documents.push((*commitment, document)),
                Some(Opened::Document(Payload::Consent(document))) => consents.push((*commitment, document)),
                _ => {}
            }
        }
        let named = documents.first().map(|(_, document)| &document.patient);
        let name = named.or(consents.first().map(|(_, document)| &document.patient)).cloned();
        Kept { records: records(documents.into_iter()), consents, count: commitments.len(), name }
    };
    Ok(patients.iter().map(&mut each).collect())
}

/// A record of that kind by the id that it has in a URL, and whose it is.
pub(super) async fn find(node: &Node, kind: &str, id: PatientId) -> Result<(PatientId, Record), Wrong> {
    let patient = if kind == "Patient" {
        id
    } else {
        let of = node.store().vault.patients_of(&[Commitment(id.0)]).await?;
        PatientId(*of.get(&Commitment(id.0)).ok_or_else(Wrong::not_found)?)
    };
    let mut records = kept(node, patient).await?.records.into_iter();
    let wanted = |record: &Record| record.said()["resourceType"] == kind && (kind == "Patient" || record.id.0 == id.0);
    Ok((patient, records.find(wanted).ok_or_else(Wrong::not_found)?))
}

/// The name of the patient that a resource is about, `at` being the element that says so.
pub(super) async fn name(node: &Node, keeper: &Keeper, whose: Whose, at: &str) -> Result<String, Wrong> {
    let own = keeper.caller.patient.as_ref().filter(|_| keeper.caller.role == Role::Patient);
    let named = match whose {
        Whose::Named(name) if !name.is_empty() => Some(name),
        Whose::Named(_) | Whose::Unsaid => own.cloned(),
        Whose::Id(id) => {
            let id = PatientId::parse(&id);
            match (id, own) {
                (Some(id), Some(own)) if PatientId::of(node, own) == id => Some(own.clone()),
                (Some(id), None) => kept(node, id).await?.name,
                (Some(_) | None, _) => None,
            }
        }
    };
    let missing =
        format!("name a patient who is known here, by reference or by identifier with system {}", systems::PATIENT);
    let named = named.ok_or_else(|| Wrong::at(IssueCode::BusinessRule, at, missing))?;
    if own.is_some_and(|own| *own != named) {
        return Err(Problem::new(crate::problem::Kind::Forbidden, "a patient speaks for itself only").into());
    }
    Ok(named)
}
