//! Patients by their ids here and by their names at the custodian.

use std::fmt;

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

/// The documents that are kept of a patient.
pub(super) struct Kept {
    /// Resources, by commitment in ascending order.
    pub(super) records: Vec<(Commitment, FhirDocument)>,
    /// Consents, each version.
    pub(super) consents: Vec<(Commitment, ConsentDocument)>,
    /// How many there are in all.
    pub(super) count: usize,
    /// What the patient is called by who keeps them, if any document says so.
    pub(super) name: Option<String>,
}

/// Opens all that is kept of the patient. Nothing of it may be given out that was not decided on.
pub(super) async fn kept(node: &Node, patient: PatientId) -> Result<Kept, Wrong> {
    let vault = &node.store().vault;
    let commitments = vault.of_patient_id(&patient.0).await?;
    let mut opened = vault.open_as_owner(&commitments).await?;
    let mut kept = Kept { records: Vec::new(), consents: Vec::new(), count: commitments.len(), name: None };
    for commitment in commitments {
        match opened.remove(&commitment) {
            Some(Opened::Document(Payload::Fhir(document))) => {
                kept.name.get_or_insert_with(|| document.patient.clone());
                kept.records.push((commitment, document));
            }
            Some(Opened::Document(Payload::Consent(document))) => {
                kept.name.get_or_insert_with(|| document.patient.clone());
                kept.consents.push((commitment, document));
            }
            _ => {}
        }
    }
    Ok(kept)
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
