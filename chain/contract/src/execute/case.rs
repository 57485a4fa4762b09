//! Cases. Any member may raise one; what becomes of it is the regulators' affair.

use super::{Turn, active_party};
use crate::case::{CaseStage, CaseStep};
use crate::command::{Command, Role};
use crate::id::CaseId;
use crate::key;
use crate::read;
use crate::record::CaseRecord;
use crate::rejection::{Code, Stop, refuse};

/// Raises a case in the acting party's name.
pub(super) fn raise(turn: &mut Turn<'_>, command: &Command, id: &CaseId) -> Result<(), Stop> {
    if read::case(&turn.state, id)?.is_some() {
        return refuse(Code::CaseExists, format!("case {id} exists"));
    }
    let record =
        CaseRecord { raised: turn.mark(command), payload: command.payload, assignee: None, stage: CaseStage::New };
    turn.state.put(key::case(id), &record);
    Ok(())
}

/// Takes a step with a case.
pub(super) fn take(turn: &mut Turn<'_>, command: &Command, id: &CaseId, step: &CaseStep) -> Result<(), Stop> {
    turn.require_role(&[Role::Regulator], command.action.name())?;
    let Some(mut record) = read::case(&turn.state, id)? else {
        return refuse(Code::UnknownCase, format!("case {id} was never raised"));
    };
    record.stage = match (step, record.stage) {
        (CaseStep::Reopen, CaseStage::Closed(_)) if record.assignee.is_some() => CaseStage::Investigating,
        (CaseStep::Reopen, CaseStage::Closed(_)) => CaseStage::New,
        (CaseStep::Reopen, _) => return refuse(Code::CaseOpen, format!("case {id} is not closed")),
        (_, CaseStage::Closed(_)) => {
            return refuse(Code::CaseClosed, format!("case {id} is closed; reopen it first"));
        }
        (CaseStep::Assign(party), stage) => {
            if active_party(&turn.state, party)?.party.role != Role::Regulator {
                return refuse(Code::WrongParty, format!("{party} is no regulator"));
            }
            record.assignee = Some(party.clone());
            if stage == CaseStage::New { CaseStage::Investigating } else { stage }
        }
        (CaseStep::Escalate, CaseStage::Escalated) => {
            return refuse(Code::CaseEscalated, format!("case {id} is escalated already"));
        }
        (CaseStep::Escalate, _) => CaseStage::Escalated,
        (CaseStep::Close(outcome), _) => CaseStage::Closed(*outcome),
    };
    turn.state.put(key::case(id), &record);
    Ok(())
}
