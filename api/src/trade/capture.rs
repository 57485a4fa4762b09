//! A whole EPCIS document onto the ledger.
//!
//! *Rollback*: every event in one transaction, or nothing. *Proceed*: chunks of events; a sound chunk is one transaction, of
//! another each event is its own, and a bad event is named and left out. Either way an event is first rehearsed on the
//! state, so that its own fault is known by name. Chunks are cut at fixed places of the document and every transaction is
//! named after its place, so a job that is taken up again after a crash finds what it had done.

mod chunk;
mod look;
mod original;
mod reading;
mod submit;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use anyhow::{Context as _, Result};
use veridose_contract::limits::{COMMANDS_PER_TRANSACTION_MAX, ITEMS_PER_TRANSACTION_MAX};
use veridose_store::{CaptureError, CaptureJob, CaptureState, ErrorBehaviour};

use super::refusal::Refusal;
use crate::node::{Actor, Node};
use crate::watch::places;
use chunk::{Chunk, Numbered, error, name_of, rehearse, too_large};
use look::sightings;
use reading::{Read, Reading};
use submit::Place;

/// Events of one chunk under `proceed`.
const CHUNK_EVENTS: usize = 200;
/// Items at which a chunk is cut early.
const CHUNK_ITEMS: usize = ITEMS_PER_TRANSACTION_MAX / 4;

/// How often events are planned anew because the state moved under their plan.
const PLANS_MAX: u8 = 3;

/// Works a capture job through, from where it stands.
pub async fn run(node: &Arc<Node>, actor: &Actor, job: &CaptureJob) -> Result<CaptureState> {
    let document = node.store().captures.document(job).await.context("failed to open the captured document")?;
    let mut work =
        Work { node, actor, job, reading: Reading::start(document, &job.media_type), events: 0, captured: 0, told: 0 };
    match job.behaviour {
        ErrorBehaviour::Rollback => work.rollback().await,
        ErrorBehaviour::Proceed => work.proceed().await,
    }
}

struct Work<'a> {
    node: &'a Arc<Node>,
    actor: &'a Actor,
    job: &'a CaptureJob,
    reading: Reading,
    events: u64,
    captured: u64,
    /// How many vocabularies of its master data were kept.
    told: usize,
}

impl Work<'_> {
    /// The next thing of the document with its number: events count from 1, a fault of the whole document is 0.
    async fn next(&mut self) -> Result<Option<(u64, Read)>> {
        let Some(read) = self.reading.next().await else { return Ok(None) };
        let number = match &read {
            Read::Event { .. } | Read::Fault(_) => {
                self.events += 1;
                self.events
            }
            Read::Unreadable(_) => 0,
            Read::Lost(reason) => anyhow::bail!("failed to read the captured document: {reason}"),
        };
        Ok(Some((number, read)))
    }

    async fn rollback(&mut self) -> Result<CaptureState> {
        let mut chunk = Chunk::default();
        let mut items = 0usize;
        while let Some((number, read)) = self.next().await? {
            items = items.saturating_add(read.items());
            if items > ITEMS_PER_TRANSACTION_MAX || chunk.reads.len() >= COMMANDS_PER_TRANSACTION_MAX {
                self.progress(&[too_large(number)]).await?;
                return Ok(CaptureState::Failed);
            }
            chunk.take(number, read);
        }
        let place = Place::Whole(self.events);
        let count = u64::try_from(chunk.reads.len())?;
        let seen = sightings(self.node, &chunk.reads);
        // A job taken up after a crash: on the state that it made itself, its own events would look like repeats.
        if chunk.errors.is_empty() && count > 0 && self.was_captured(place)? {
            self.captured = count;
            self.tell_places().await?;
            self.look(seen, &[]).await?;
            self.progress(&[]).await?;
            return Ok(CaptureState::Succeeded);
        }
        self.plan(&mut chunk).await?;
        self.settle(place, &mut chunk).await?;
        self.tell_places().await?;
        self.look(seen, &chunk.errors).await?;
        self.progress(&chunk.placed()).await?;
        Ok(if chunk.errors.is_empty() { CaptureState::Succeeded } else { CaptureState::Failed })
    }

    async fn proceed(&mut self) -> Result<CaptureState> {
        let resume_at = self.job.events;
        self.captured = self.job.captured;
        let mut chunk = Chunk::default();
        let mut items = 0usize;
        let mut failed = self.job.errors > 0;
        loop {
            let read = self.next().await?;
            let end = read.is_none();
            if let Some((number, read)) = read {
                if number > 0 && number <= resume_at {
                    continue;
                }
                items = items.saturating_add(read.items());
                chunk.take(number, read);
            }
            if end || chunk.len() >= CHUNK_EVENTS || items >= CHUNK_ITEMS {
                failed |= self.commit(std::mem::take(&mut chunk)).await?;
                items = 0;
            }
            if end {
                // What a document of few chunks says of places behind its events.
                self.tell_places().await?;
                return Ok(if failed { CaptureState::Failed } else { CaptureState::Succeeded });
            }
        }
    }

    /// Commits what of a chunk is sound; tells whether anything was not. How far the job is and the errors are written
    /// once, at the chunk's end, so that a crash before it repeats the chunk and counts nothing twice.
    async fn commit(&mut self, mut chunk: Chunk) -> Result<bool> {
        if chunk.len() == 0 {
            return Ok(false);
        }
        let place = Place::Chunk { first: chunk.first(), events: u64::try_from(chunk.len())? };
        let seen = sightings(self.node, &chunk.reads);
        if self.was_captured(place)? {
            self.captured += u64::try_from(chunk.reads.len())?;
        } else {
            let waiting = self.not_captured(std::mem::take(&mut chunk.reads))?;
            let whole = waiting.len() + chunk.errors.len() == usize::try_from(place.events())?;
            chunk.reads = waiting;
            self.capture(place, whole, &mut chunk).await?;
        }
        self.tell_places().await?;
        self.look(seen, &chunk.errors).await?;
        self.progress(&chunk.placed()).await?;
        Ok(!chunk.errors.is_empty())
    }

    /// Keeps what the document's master data say of places: where one of its events stands, so do they.
    async fn tell_places(&mut self) -> Result<()> {
        let header = self.reading.header();
        if self.captured > 0 && header.master_data.len() > self.told {
            places::keep(self.node, &self.actor.party, &header).await?;
            self.told = header.master_data.len();
        }
        Ok(())
    }

    /// The events that were not captured by themselves before a crash.
    fn not_captured(&mut self, reads: Vec<Numbered>) -> Result<Vec<Numbered>> {
        let mut waiting = Vec::with_capacity(reads.len());
        for read in reads {
            if self.was_captured(Place::Event(read.0))? {
                self.captured += 1;
            } else {
                waiting.push(read);
            }
        }
        Ok(waiting)
    }

    /// One transaction if the chunk is `whole` and sound. Else each event is its own: which of them the transaction of a
    /// chunk holds must be plain from its place alone.
    async fn capture(&mut self, place: Place, whole: bool, chunk: &mut Chunk) -> Result<()> {
        let mut trial = Chunk { reads: std::mem::take(&mut chunk.reads), ..Chunk::default() };
        self.plan(&mut trial).await?;
        self.land(place, whole, trial, chunk).await
    }

    /// Brings a planned chunk onto the ledger; what is refused goes to the errors of `chunk`.
    async fn land(&mut self, place: Place, whole: bool, mut trial: Chunk, chunk: &mut Chunk) -> Result<()> {
        let faults = chunk.errors.len();
        if whole {
            self.settle(place, &mut trial).await?;
            if trial.errors.is_empty() {
                return Ok(());
            }
        }
        for read in trial.reads {
            let place = Place::Event(read.0);
            let mut single = Chunk { reads: vec![read], ..Chunk::default() };
            self.plan(&mut single).await?;
            self.settle(place, &mut single).await?;
            chunk.errors.append(&mut single.errors);
        }
        if chunk.errors.len() > faults {
            chunk.errors.sort_by_key(|error| error.event);
        }
        Ok(())
    }

    /// Brings a planned chunk onto the ledger as one transaction, if it has no errors. When the state moved between the rehearsal and
    /// the commit, the events may still be right and only the plan is not (another document registered the product first):
    /// so it is made again.
    async fn settle(&mut self, place: Place, chunk: &mut Chunk) -> Result<()> {
        let mut again = 0;
        while chunk.errors.is_empty() && !chunk.plans.is_empty() {
            match self.submit(place, &chunk.merged()).await? {
                Ok(()) => {
                    self.captured += u64::try_from(chunk.reads.len())?;
                    return Ok(());
                }
                Err(rejection) if again == PLANS_MAX => chunk.errors.push(self.refused(chunk, &rejection)),
                Err(_) => self.plan(chunk).await?,
            }
            again += 1;
        }
        if !chunk.errors.is_empty() && self.was_captured(place)? {
            // By a runner that had lost the job and did not know yet.
            chunk.errors.clear();
            self.captured += u64::try_from(chunk.reads.len())?;
        }
        Ok(())
    }

    /// The error of the event that the refused command came from.
    fn refused(&self, chunk: &Chunk, rejection: &veridose_contract::Rejection) -> CaptureError {
        let number = chunk.event_of(rejection.command);
        let event = chunk.reads.iter().find(|(read, ..)| *read == number).map(|(_, _, event, _)| event);
        let name = event.zip(rejection.item).and_then(|(event, item)| name_of(self.node, event, item));
        error(number, &Refusal::by_contract(rejection, name))
    }

    /// Plans and rehearses the chunk's events; those at fault get their errors.
    async fn plan(&mut self, chunk: &mut Chunk) -> Result<()> {
        let mut originals = Vec::with_capacity(chunk.reads.len());
        for (_, _, event, _) in &chunk.reads {
            originals.push(original::find(self.node, self.actor, event).await?);
        }
        let node = Arc::clone(self.node);
        let actor = self.actor.clone();
        let header = self.reading.header();
        let reads = std::mem::take(&mut chunk.reads);
        let (reads, plans, errors) =
            tokio::task::spawn_blocking(move || rehearse(&node, &actor, &header, reads, &originals)).await??;
        chunk.reads = reads;
        chunk.plans = plans;
        chunk.errors.extend(errors);
        chunk.errors.sort_by_key(|error| error.event);
        Ok(())
    }

    async fn progress(&self, errors: &[CaptureError]) -> Result<()> {
        Ok(self.node.store().captures.progress(self.job, self.events, self.captured, errors).await?)
    }
}
