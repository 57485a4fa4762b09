//! A whole EPCIS document onto the ledger.
//!
//! *Rollback*: every event in one transaction, or nothing. *Proceed*: chunks of events, each one transaction; a bad event
//! is named and left out. Either way an event is first rehearsed on the state, so that its own fault is known by name.
//! Chunks are cut at fixed places of the document and named after them, so a job that is taken up again after a crash
//! finds what it had done.

mod chunk;
mod reading;

#[cfg(test)]
pub(crate) use reading::json;

use std::sync::Arc;

use anyhow::{Context as _, Result};
use sha2::{Digest, Sha256};
use veridose_contract::IdempotencyKey;
use veridose_contract::limits::{COMMANDS_PER_TRANSACTION_MAX, ITEMS_PER_TRANSACTION_MAX};
use veridose_epcis::model::Event;
use veridose_store::{CaptureError, CaptureJob, CaptureState, ErrorBehaviour, Request, Viewer};

use super::plan::Original;
use super::refusal::Refusal;
use crate::node::{ActError, Actor, Node};
use chunk::{Chunk, error, rehearse, too_large};
use reading::Reading;

/// Events of one chunk under `proceed`.
const CHUNK_EVENTS: usize = 200;
/// Items at which a chunk is cut early.
const CHUNK_ITEMS: usize = ITEMS_PER_TRANSACTION_MAX / 4;

/// Works a capture job through, from where it stands.
pub async fn run(node: &Arc<Node>, actor: &Actor, job: &CaptureJob) -> Result<CaptureState> {
    let document = node.store().captures.document(job).await.context("failed to open the captured document")?;
    let mut work = Work { node, actor, job, reading: Reading::start(document), events: 0, captured: 0 };
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
}

impl Work<'_> {
    async fn rollback(&mut self) -> Result<CaptureState> {
        let mut chunk = Chunk::default();
        let mut items = 0usize;
        while let Some(read) = self.reading.next().await {
            self.events += 1;
            items = items.saturating_add(read.items());
            if items > ITEMS_PER_TRANSACTION_MAX || chunk.reads.len() >= COMMANDS_PER_TRANSACTION_MAX {
                chunk.errors.push(too_large(self.events));
                break;
            }
            chunk.take(self.events, read);
        }
        self.plan(&mut chunk).await?;
        if chunk.errors.is_empty() && !chunk.plans.is_empty() {
            let first = chunk.first();
            match self.node.act(self.actor, &chunk.merged(), self.request(first, &chunk)).await {
                Ok(_) => self.captured = self.events,
                Err(ActError::Rejected(rejection)) => {
                    chunk.errors.push(error(first, &Refusal::by_contract(&rejection, None)));
                }
                Err(other) => return Err(other.into()),
            }
        }
        self.progress(&chunk.errors).await?;
        Ok(if chunk.errors.is_empty() { CaptureState::Succeeded } else { CaptureState::Failed })
    }

    async fn proceed(&mut self) -> Result<CaptureState> {
        let resume_at = self.job.events;
        self.captured = self.job.captured;
        let mut chunk = Chunk::default();
        let mut items = 0usize;
        let mut failed = self.job.errors > 0;
        loop {
            let read = self.reading.next().await;
            let end = read.is_none();
            if let Some(read) = read {
                self.events += 1;
                if self.events <= resume_at {
                    continue;
                }
                items = items.saturating_add(read.items());
                chunk.take(self.events, read);
            }
            if end || chunk.len() >= CHUNK_EVENTS || items >= CHUNK_ITEMS {
                failed |= self.commit(std::mem::take(&mut chunk)).await?;
                items = 0;
            }
            if end {
                return Ok(if failed { CaptureState::Failed } else { CaptureState::Succeeded });
            }
        }
    }

    /// Commits what of a chunk is sound; tells whether anything was not.
    async fn commit(&mut self, mut chunk: Chunk) -> Result<bool> {
        if chunk.len() == 0 {
            return Ok(false);
        }
        let first = chunk.first();
        let request = self.request(first, &chunk);
        // A job taken up after a crash: this chunk's errors were recorded before it was submitted.
        if let Some(done) = self.node.done(&self.actor.party, &request.key)? {
            tracing::info!(job = %self.job.id, index = done.index, "chunk was captured before");
            self.captured += u64::try_from(chunk.reads.len())?;
            self.progress(&[]).await?;
            return Ok(false);
        }
        self.plan(&mut chunk).await?;
        self.record(u64::try_from(chunk.len())?, &chunk.errors).await?;
        if !chunk.plans.is_empty() {
            match self.node.act(self.actor, &chunk.merged(), request).await {
                Ok(_) => self.captured += u64::try_from(chunk.plans.len())?,
                // The state moved between the rehearsal and the commit: each event on its own.
                Err(ActError::Rejected(_)) => self.one_by_one(&mut chunk).await?,
                Err(other) => return Err(other.into()),
            }
        }
        self.progress(&chunk.errors).await?;
        Ok(!chunk.errors.is_empty())
    }

    async fn one_by_one(&mut self, chunk: &mut Chunk) -> Result<()> {
        for (number, plan) in std::mem::take(&mut chunk.plans) {
            let request = Request { key: self.key(number, 1), sha256: Sha256::digest(number.to_le_bytes()).into() };
            match self.node.act(self.actor, &plan, request).await {
                Ok(_) => self.captured += 1,
                Err(ActError::Rejected(rejection)) => {
                    chunk.errors.push(error(number, &Refusal::by_contract(&rejection, None)));
                }
                Err(other) => return Err(other.into()),
            }
        }
        Ok(())
    }

    /// Plans and rehearses the chunk's events; those at fault move to its errors.
    async fn plan(&mut self, chunk: &mut Chunk) -> Result<()> {
        let mut originals = Vec::with_capacity(chunk.reads.len());
        for (_, _, event, _) in &chunk.reads {
            originals.push(self.original(event).await?);
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

    /// The caller's own earlier event that an error declaration speaks of.
    async fn original(&self, event: &Event) -> Result<Option<Original>> {
        if event.error_declaration.is_none() {
            return Ok(None);
        }
        let mut bare = event.clone();
        bare.error_declaration = None;
        let queries = &self.node.store().queries;
        let viewer = Viewer::Party(self.actor.party.clone());
        let row = match &bare.event_id {
            Some(id) => queries.event(&viewer, id.as_str()).await?,
            None => queries.event(&viewer, &veridose_epcis::hash(&bare)).await?,
        };
        let own = row.filter(|row| row.party == self.actor.party);
        Ok(own.map(|row| Original { event: bare, commitment: row.commitment }))
    }

    /// The name of a chunk. The same places of the same job make the same name.
    fn key(&self, first: u64, count: usize) -> IdempotencyKey {
        let hash = Sha256::new()
            .chain_update(b"veridose capture 1\n")
            .chain_update(self.job.id.as_bytes())
            .chain_update(first.to_le_bytes())
            .chain_update((count as u64).to_le_bytes())
            .finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&hash[..16]);
        IdempotencyKey(key)
    }

    fn request(&self, first: u64, chunk: &Chunk) -> Request {
        let mut hash = Sha256::new();
        for (_, _, _, event_hash) in &chunk.reads {
            hash.update(event_hash.as_bytes());
        }
        Request { key: self.key(first, chunk.len()), sha256: hash.finalize().into() }
    }

    async fn record(&self, chunk_len: u64, errors: &[CaptureError]) -> Result<()> {
        if !errors.is_empty() {
            // Not yet past this chunk: a crash before its commit repeats it.
            let before = self.events.saturating_sub(chunk_len);
            self.node.store().captures.progress(self.job.id, before, self.captured, errors).await?;
        }
        Ok(())
    }

    async fn progress(&self, errors: &[CaptureError]) -> Result<()> {
        Ok(self.node.store().captures.progress(self.job.id, self.events, self.captured, errors).await?)
    }
}
