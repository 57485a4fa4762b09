//! A day of trade, played through the real HTTP interface and told as a story.
//!
//! Nothing here reaches into the node: every person of the story is a client with a token, and each receipt is checked as a
//! stranger would, with the log's public key alone.

mod goods;
mod narrator;
mod person;
mod story;

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use veridose_ledger::LogVerifier;

use crate::auth::Embedded;
use person::Cast;

/// What the story needs of the node that runs.
pub struct Stage<'a> {
    /// Where it listens.
    pub address: SocketAddr,
    /// Mints the tokens of the people.
    pub issuer: &'a Embedded,
    /// The log's public key, which everybody knows.
    pub log: LogVerifier,
    /// The node's time when the day begins: names of this day's goods are made from it, so that the next day has others.
    pub now: time::OffsetDateTime,
}

/// Plays the day. Any answer that is not the one that the story tells is an error.
pub async fn play(stage: &Stage<'_>) -> Result<()> {
    let cast = Cast::new(stage)?;
    let goods = goods::Goods::of(stage.now);
    story::tell(&cast, &goods).await.context("the day did not go as told")
}
