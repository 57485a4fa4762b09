//! Cases.

use veridose_contract::{CaseId, CaseOutcome, CaseStep};

use crate::entity::answers::{case_file, case_step};
use crate::projection::fold::Place;
use crate::projection::working::Working;
use crate::query::{CaseMove, CaseState};
use crate::text;

pub(super) fn raise(working: &mut Working, place: &Place<'_>, case: &CaseId) {
    let row = case_file::Model {
        case_id: case.0.to_vec(),
        party: place.holder(),
        raised_at: place.happened(),
        stage: text::word(&CaseState::New),
        outcome: None,
        assignee: None,
        commitment: place.commitment(),
        moved_at: place.happened(),
        event_id: place.event,
    };
    working.cases.put(case.0.to_vec(), row);
}

pub(super) fn take(working: &mut Working, place: &Place<'_>, case: &CaseId, step: &CaseStep) {
    let Some(row) = working.cases.get_mut(&case.0.to_vec()) else { return };
    if let CaseStep::Assign(party) = step {
        row.assignee = Some(party.to_string());
    }
    let (taken, value) = match step {
        CaseStep::Assign(party) => (CaseMove::Assign, Some(party.to_string())),
        CaseStep::Escalate => (CaseMove::Escalate, None),
        CaseStep::Close(outcome) => (CaseMove::Close, Some(text::word(outcome))),
        CaseStep::Reopen => (CaseMove::Reopen, None),
    };
    working.case_steps.push(case_step::Model {
        event_id: place.event,
        case_id: case.0.to_vec(),
        step: text::word(&taken),
        value,
        party: place.holder(),
        at: place.happened(),
        commitment: place.commitment(),
    });
    let state = match step {
        CaseStep::Assign(_) if row.stage == text::word(&CaseState::Escalated) => CaseState::Escalated,
        CaseStep::Assign(_) => CaseState::Investigating,
        CaseStep::Escalate => CaseState::Escalated,
        CaseStep::Close(_) => CaseState::Closed,
        CaseStep::Reopen if row.assignee.is_some() => CaseState::Investigating,
        CaseStep::Reopen => CaseState::New,
    };
    row.outcome = outcome(step).map(|outcome| text::word(&outcome));
    row.stage = text::word(&state);
    row.moved_at = place.happened();
}

fn outcome(step: &CaseStep) -> Option<CaseOutcome> {
    if let CaseStep::Close(outcome) = step { Some(*outcome) } else { None }
}
