//! Models: registered by one person, put to use by a second, and what they said.

use super::Turn;
use crate::command::{Command, Decision, Model};
use crate::id::ModelId;
use crate::key;
use crate::limits::{MODEL_CODE_LENGTH_MAX, MODEL_KIND_LENGTH_MAX, SCORE_MILLIONTHS_MAX};
use crate::read;
use crate::record::{DecisionRecord, ModelInUseRecord, ModelRecord, Promotion};
use crate::rejection::{Code, Stop, refuse};

/// Registers a model of the acting party. It is not in use yet.
pub(super) fn register(turn: &mut Turn<'_>, command: &Command, model: &Model) -> Result<(), Stop> {
    let of_kind = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=MODEL_KIND_LENGTH_MAX).contains(&model.kind.len()) || !model.kind.bytes().all(of_kind) {
        let text = format!("a kind has 1 to {MODEL_KIND_LENGTH_MAX} lower-case letters, digits and hyphens");
        return refuse(Code::ModelInvalid, text);
    }
    let of_code = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if !(1..=MODEL_CODE_LENGTH_MAX).contains(&model.code.len()) || !model.code.bytes().all(of_code) {
        let text = format!("a commit has 1 to {MODEL_CODE_LENGTH_MAX} lower-case hexadecimal digits");
        return refuse(Code::ModelInvalid, text);
    }
    if read::model(&turn.state, turn.me(), &model.id)?.is_some() {
        return refuse(Code::ModelExists, format!("model {} is registered", model.id));
    }
    if let Some(parent) = &model.parent {
        find(turn, parent)?;
    }
    let record = ModelRecord {
        model: model.clone(),
        card: command.payload,
        tx: turn.tx,
        registrar: turn.creator.fingerprint,
        promotion: None,
    };
    turn.state.put(key::model(turn.me(), &model.id), &record);
    Ok(())
}

/// Puts a model to use in the place of the one of its kind that is.
pub(super) fn promote(turn: &mut Turn<'_>, id: &ModelId) -> Result<(), Stop> {
    let mut record = find(turn, id)?;
    let by = turn.creator.fingerprint;
    if record.registrar == by {
        return refuse(Code::SecondPersonRequired, format!("model {id} was registered with the same certificate"));
    }
    let current = read::model_in_use(&turn.state, turn.me(), &record.model.kind)?.map(|current| current.model);
    if current == Some(*id) {
        return refuse(Code::ModelInUse, format!("model {id} is in use"));
    }
    record.promotion = Some(Promotion { by, at: turn.header.time, replaced: current });
    turn.state.put(key::model(turn.me(), id), &record);
    put_to_use(turn, &record.model.kind, *id);
    Ok(())
}

/// One signature is enough for it: two persons put the earlier model to use before.
pub(super) fn roll_back(turn: &mut Turn<'_>, kind: &str) -> Result<(), Stop> {
    let Some(current) = read::model_in_use(&turn.state, turn.me(), kind)? else {
        return refuse(Code::NothingToRollBack, format!("no model of kind {kind} is in use"));
    };
    let Some(earlier) = find(turn, &current.model)?.promotion.and_then(|promotion| promotion.replaced) else {
        return refuse(Code::NothingToRollBack, format!("no model was in use before {}", current.model));
    };
    put_to_use(turn, kind, earlier);
    Ok(())
}

/// Records what a model said of a case, once.
pub(super) fn decide(turn: &mut Turn<'_>, command: &Command, decision: &Decision) -> Result<(), Stop> {
    if decision.score_millionths > SCORE_MILLIONTHS_MAX {
        let text = format!("a probability of {} millionths", decision.score_millionths);
        return refuse(Code::ScoreInvalid, text);
    }
    if find(turn, &decision.model)?.promotion.is_none() {
        return refuse(Code::ModelNotPromoted, format!("model {} was never in use", decision.model));
    }
    if read::decision(&turn.state, turn.me(), &decision.model, &decision.case)?.is_some() {
        return refuse(Code::DecisionExists, format!("what model {} said of the case is recorded", decision.model));
    }
    let record =
        DecisionRecord { decision: decision.clone(), payload: command.payload, tx: turn.tx, at: command.happened };
    turn.state.put(key::decision(turn.me(), &decision.model, &decision.case), &record);
    Ok(())
}

fn find(turn: &Turn<'_>, id: &ModelId) -> Result<ModelRecord, Stop> {
    match read::model(&turn.state, turn.me(), id)? {
        Some(record) => Ok(record),
        None => refuse(Code::UnknownModel, format!("{} has registered no model {id}", turn.me())),
    }
}

fn put_to_use(turn: &mut Turn<'_>, kind: &str, model: ModelId) {
    let record = ModelInUseRecord { model, since: turn.header.time };
    turn.state.put(key::model_in_use(turn.me(), kind), &record);
}
