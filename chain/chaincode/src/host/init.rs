//! `init` and `import-begin`: the network's beginning on the channel.

use veridose_contract::{genesis_writes, read};
use veridose_ledger::Network;
use veridose_ledger::wire::IMPORT_KEY;

use super::Refusal;
use super::endorsers::{self, Endorsers};
use super::import::Import;
use super::state::{Effect, PeerState};

/// Whether entries of another ledger's log come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Empty,
    Import,
}

pub(super) fn init(state: &PeerState, start: Start, arguments: &[Vec<u8>]) -> Result<Effect, Refusal> {
    let (file, msp_ids) =
        arguments.split_first().ok_or_else(|| Refusal::Malformed("expected the network file's text".to_owned()))?;
    let file = std::str::from_utf8(file).map_err(|_| Refusal::Malformed("the network file is not UTF-8".to_owned()))?;
    let network = Network::parse(file).map_err(|error| Refusal::Malformed(error.to_string()))?;
    let msp_ids = endorsers::parse(msp_ids)?;
    match read::network(state)? {
        // Whoever starts the network may do so again after an answer that was lost.
        Some(standing) if standing.id == network.id => return Ok(Effect::answer(network.id.to_string().into_bytes())),
        Some(standing) => {
            let text = format!("the channel has the network {} already, this is {}", standing.id, network.id);
            return Err(Refusal::Refused(text));
        }
        None => {}
    }
    if Import::open(state)?.is_some() {
        return Err(Refusal::Refused("an import is open on the channel: end it first".to_owned()));
    }
    let mut writes = genesis_writes(&network.genesis);
    let import = match start {
        Start::Empty => None,
        Start::Import => Import::begin(&mut writes),
    };
    let mut effect = state.effect(network.id.to_string().into_bytes(), writes)?;
    if let Some(import) = import {
        effect.put(IMPORT_KEY, Some(import.encode()));
    }
    if !msp_ids.is_empty() {
        effect.guard(&Endorsers::new(msp_ids));
    }
    Ok(effect)
}
