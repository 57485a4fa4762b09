//! Models, and what they said of cases. Which one is in use, the contract's state tells.

use veridose_contract::{Decision, Model};

use crate::entity::models::{decision, model};
use crate::projection::fold::Place;
use crate::projection::working::Working;

pub(super) fn register(working: &mut Working, place: &Place<'_>, registered: &Model) {
    working.models.push(model::Model {
        party: place.holder(),
        model: registered.id.0.to_vec(),
        kind: registered.kind.clone(),
        registered_at: place.happened(),
        commitment: place.commitment(),
        event_id: place.event,
    });
}

pub(super) fn decide(working: &mut Working, place: &Place<'_>, said: &Decision) {
    working.decisions.push(decision::Model {
        event_id: place.event,
        party: place.holder(),
        model: said.model.0.to_vec(),
        subject: said.case.0.to_vec(),
        features: said.features.to_vec(),
        score_millionths: i64::from(said.score_millionths),
        commitment: place.commitment(),
        decided_at: place.happened(),
    });
}
