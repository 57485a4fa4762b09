//! Some events of a document, and what became of them.

use std::collections::BTreeMap;

use anyhow::Result;
use veridose_contract::limits::{COMMANDS_PER_TRANSACTION_MAX, ITEMS_PER_TRANSACTION_MAX};
use veridose_epcis::Header;
use veridose_epcis::model::{Event, Uri};
use veridose_store::{CaptureError, Payload};

use super::reading::Read;
use crate::node::{Actor, Node};
use crate::trade::plan::{Desk, Original, Plan, plan};
use crate::trade::refusal::{PlanError, Refusal};
use crate::trade::{Rehearsal, Thing};

pub(super) type Numbered = (u64, Box<serde_json::value::RawValue>, Event, String);

/// Events read and what became of them.
#[derive(Default)]
pub(super) struct Chunk {
    pub(super) reads: Vec<Numbered>,
    pub(super) plans: Vec<(u64, Plan)>,
    pub(super) errors: Vec<CaptureError>,
    /// Where the events of a table or of XML begin.
    pub(super) lines: BTreeMap<u64, u64>,
}

impl Chunk {
    pub(super) fn take(&mut self, number: u64, read: Read) {
        match read {
            Read::Event { event, json, hash, line } => {
                self.lines.extend(line.map(|line| (number, line)));
                self.reads.push((number, json, *event, hash));
            }
            Read::Fault(refusal) | Read::Unreadable(refusal) => self.errors.push(error(number, &refusal)),
            Read::Lost(_) => unreachable!("a document that is lost ends the job"),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.reads.len() + self.errors.len()
    }

    pub(super) fn first(&self) -> u64 {
        let read = self.reads.first().map(|(number, ..)| *number);
        let error = self.errors.first().map(|error| error.event);
        read.into_iter().chain(error).min().unwrap_or(0)
    }

    /// The event that a command of the merged plan came from.
    pub(super) fn event_of(&self, command: u32) -> u64 {
        let mut before = 0usize;
        let owner = self.plans.iter().find(|(_, plan)| {
            before += plan.drafts.len();
            usize::try_from(command).is_ok_and(|command| command < before)
        });
        owner.map_or_else(|| self.first(), |(number, _)| *number)
    }

    /// The errors, with the lines beside the fields of their events.
    pub(super) fn placed(&self) -> Vec<CaptureError> {
        let placed = |error: &CaptureError| match (self.lines.get(&error.event), &error.place) {
            (Some(line), Some(field)) if !field.starts_with("line ") => {
                CaptureError { place: Some(format!("line {line}, {field}")), ..error.clone() }
            }
            (Some(line), None) => CaptureError { place: Some(format!("line {line}")), ..error.clone() },
            (Some(_), Some(_)) | (None, _) => error.clone(),
        };
        self.errors.iter().map(placed).collect()
    }

    /// All plans as one.
    pub(super) fn merged(&self) -> Plan {
        let mut merged = Plan::default();
        for (_, plan) in &self.plans {
            let offset = merged.documents.len();
            merged.documents.extend(plan.documents.iter().cloned());
            merged.readers.extend(plan.readers.iter().cloned());
            merged.drafts.extend(plan.drafts.iter().cloned().map(|mut draft| {
                draft.document += offset;
                draft
            }));
        }
        merged
    }
}

type Rehearsed = (Vec<Numbered>, Vec<(u64, Plan)>, Vec<CaptureError>);

pub(super) fn rehearse(
    node: &Node,
    actor: &Actor,
    header: &Header,
    reads: Vec<Numbered>,
    originals: &[Option<Original>],
) -> Result<Rehearsed> {
    let base = node.ledger().state();
    let directory = node.directory();
    let now = node.clock().now();
    let creator = node.creator(actor);
    let mut rehearsal = Rehearsal::new(&base);
    let (mut plans, mut errors) = (Vec::new(), Vec::new());
    for ((number, json, event, _), original) in reads.iter().zip(originals) {
        let desk = Desk {
            state: &rehearsal,
            network_key: node.network_key(),
            directory: &directory,
            caller: &actor.party,
            role: actor.role,
            header: Some(header),
            original: original.as_ref(),
            now,
        };
        let planned = match plan(&desk, event, Payload::Event(json.clone())) {
            Ok(planned) => planned,
            Err(PlanError::Refused(refusal)) => {
                errors.push(error(*number, &refusal));
                continue;
            }
            Err(PlanError::State(state)) => return Err(state.into()),
        };
        match rehearsal.attempt(&creator, now, &planned)? {
            Ok(()) => plans.push((*number, planned)),
            Err(rejection) => {
                let name = rejection.item.and_then(|item| name_of(node, event, item));
                errors.push(error(*number, &Refusal::by_contract(&rejection, name)));
            }
        }
    }
    Ok((reads, plans, errors))
}

/// What the event calls the item.
pub(super) fn name_of<'e>(node: &Node, event: &'e Event, item: veridose_contract::ItemKey) -> Option<&'e str> {
    event.epcs().map(Uri::as_str).find(|epc| Thing::of(epc).key(node.network_key()) == Some(item))
}

pub(super) fn error(event: u64, refusal: &Refusal) -> CaptureError {
    CaptureError {
        event,
        code: refusal.code.clone(),
        detail: format!("{}; {}", refusal.detail, refusal.fix),
        place: Some(refusal.field.clone()),
    }
}

pub(super) fn too_large(event: u64) -> CaptureError {
    let detail = format!(
        "a document under rollback is one transaction, which holds at most {ITEMS_PER_TRANSACTION_MAX} items in \
         {COMMANDS_PER_TRANSACTION_MAX} commands; send it with GS1-Capture-Error-Behaviour: proceed, or in parts"
    );
    CaptureError { event, code: "limit_exceeded".to_owned(), detail, place: None }
}
