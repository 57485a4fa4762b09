//! Claims. What the ledger itself shows of a dispense decides here: no payer can accept what it contradicts.

use super::{Turn, active_party};
use crate::claim::{ClaimStep, ClaimVerdict};
use crate::command::{Command, Role};
use crate::id::{Commitment, DispenseId, PartyId, Timestamp};
use crate::key;
use crate::read;
use crate::record::{ClaimRecord, ClaimStage, DispenseRecord};
use crate::rejection::{Code, Stop, refuse};

/// Takes a step with the claim for a dispense. The dispense was lawful when it was made, and the consent that it names covered it then:
/// a patient who takes the consent back later does not take the payment from who dispensed.
pub(super) fn take(turn: &mut Turn<'_>, command: &Command, id: &DispenseId, step: &ClaimStep) -> Result<(), Stop> {
    let Some(dispense) = read::dispense(&turn.state, id)? else {
        return refuse(Code::UnknownDispense, format!("dispense {id} was never made"));
    };
    if let ClaimStep::Submit { payer, packs } = step {
        return submit(turn, command, (id, &dispense), payer, *packs);
    }
    let mut record = standing(turn, id, meant(step))?;
    require_party(turn, &record, step)?;
    let Some(stage) = after(step, record.stage) else {
        return refuse(Code::ClaimStage, format!("the claim is {:?}: this cannot be done with it", record.stage));
    };
    match &stage {
        ClaimStage::Adjudicated(ClaimVerdict::Accepted | ClaimVerdict::Partly) | ClaimStage::Paid(_) => {
            require_packs(&dispense, record.packs)?;
        }
        ClaimStage::Reversed if dispense.standing >= record.packs => {
            return refuse(Code::DispenseStands, "what was paid for stands as it was dispensed");
        }
        ClaimStage::Submitted
        | ClaimStage::Adjudicated(ClaimVerdict::Refused)
        | ClaimStage::Reversed
        | ClaimStage::Withdrawn => {}
    }
    require_after(command.happened, record.moved, "what came before")?;
    (record.stage, record.moved, record.latest) = (stage, command.happened, command.payload);
    turn.state.put(key::claim(id), &record);
    Ok(())
}

/// How a claim stands after a step; nothing where it does not take that step.
const fn after(step: &ClaimStep, stage: ClaimStage) -> Option<ClaimStage> {
    match (step, stage) {
        (ClaimStep::Adjudicate { verdict, .. }, ClaimStage::Submitted) => Some(ClaimStage::Adjudicated(*verdict)),
        (ClaimStep::Pay { .. }, ClaimStage::Adjudicated(verdict @ (ClaimVerdict::Accepted | ClaimVerdict::Partly))) => {
            Some(ClaimStage::Paid(verdict))
        }
        (ClaimStep::Reverse { .. }, ClaimStage::Paid(_)) => Some(ClaimStage::Reversed),
        (ClaimStep::Withdraw { .. }, ClaimStage::Submitted | ClaimStage::Adjudicated(_)) => Some(ClaimStage::Withdrawn),
        (
            ClaimStep::Submit { .. }
            | ClaimStep::Adjudicate { .. }
            | ClaimStep::Pay { .. }
            | ClaimStep::Reverse { .. }
            | ClaimStep::Withdraw { .. },
            _,
        ) => None,
    }
}

fn submit(
    turn: &mut Turn<'_>,
    command: &Command,
    (id, dispense): (&DispenseId, &DispenseRecord),
    payer: &PartyId,
    packs: u32,
) -> Result<(), Stop> {
    turn.require_role(&[Role::Pharmacy], "claiming")?;
    if dispense.act.by != *turn.me() {
        return refuse(Code::NotDispenser, format!("{} did not make dispense {id}", turn.me()));
    }
    if active_party(&turn.state, payer)?.party.role != Role::Payer {
        return refuse(Code::WrongParty, format!("{payer} is no payer"));
    }
    require_packs(dispense, packs)?;
    require_after(command.happened, dispense.act.at, "the dispense")?;
    if let Some(before) = read::claim(&turn.state, id)?.filter(|before| before.stage.is_open_or_paid()) {
        let text =
            format!("the claim for dispense {id} to {} is {:?}: a dispense is paid once", before.payer, before.stage);
        return refuse(Code::ClaimExists, text);
    }
    let record = ClaimRecord {
        claimant: turn.me().clone(),
        payer: payer.clone(),
        packs,
        payload: command.payload,
        tx: turn.tx,
        stage: ClaimStage::Submitted,
        moved: command.happened,
        latest: command.payload,
    };
    turn.state.put(key::claim(id), &record);
    Ok(())
}

const fn meant(step: &ClaimStep) -> Option<&Commitment> {
    match step {
        ClaimStep::Submit { .. } => None,
        ClaimStep::Adjudicate { claim, .. }
        | ClaimStep::Pay { claim }
        | ClaimStep::Reverse { claim }
        | ClaimStep::Withdraw { claim } => Some(claim),
    }
}

/// The claim for the dispense, if it is the one that is meant.
fn standing(turn: &Turn<'_>, id: &DispenseId, meant: Option<&Commitment>) -> Result<ClaimRecord, Stop> {
    match read::claim(&turn.state, id)? {
        Some(record) if meant == Some(&record.payload) => Ok(record),
        Some(_) => refuse(Code::UnknownClaim, format!("another claim for dispense {id} was handed in since")),
        None => refuse(Code::UnknownClaim, format!("nobody claimed dispense {id}")),
    }
}

fn require_party(turn: &Turn<'_>, record: &ClaimRecord, step: &ClaimStep) -> Result<(), Stop> {
    let (party, code, what) = match step {
        ClaimStep::Submit { .. } | ClaimStep::Withdraw { .. } => {
            (&record.claimant, Code::NotDispenser, "handed it in and takes it back")
        }
        ClaimStep::Adjudicate { .. } | ClaimStep::Pay { .. } | ClaimStep::Reverse { .. } => {
            (&record.payer, Code::NotPayer, "decides on it and pays")
        }
    };
    if party == turn.me() { Ok(()) } else { refuse(code, format!("{party} {what}")) }
}

/// Packs are counted on the ledger: what was dispensed and not taken back is what can be paid for.
fn require_packs(dispense: &DispenseRecord, packs: u32) -> Result<(), Stop> {
    if dispense.standing == 0 {
        return refuse(Code::DispenseUndone, "the dispense was undone");
    }
    if dispense.standing != packs {
        let text = format!("{} packs of the dispense stand, and {packs} are claimed", dispense.standing);
        return refuse(Code::ClaimQuantity, text);
    }
    Ok(())
}

fn require_after(happened: Timestamp, before: Timestamp, what: &str) -> Result<(), Stop> {
    if happened >= before { Ok(()) } else { refuse(Code::ClaimOrder, format!("it happens before {what}")) }
}
