//! `init` and `import-begin`: the network's beginning on the channel.

use veridose_contract::{genesis_writes, read};
use veridose_ledger::Network;
use veridose_ledger::wire::IMPORT_KEY;

use super::Refusal;
use super::import::Import;
use super::state::{Effect, PeerState};
use crate::shim::KeyPolicy;

/// Organisations whose majority can be asked for.
const ORGANISATIONS_MAX: usize = 1_000;

/// Whether entries of another ledger's log come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Empty,
    Import,
}

pub(super) fn init(state: &PeerState, start: Start, arguments: &[Vec<u8>]) -> Result<Effect, Refusal> {
    let mut texts = arguments
        .iter()
        .map(|bytes| std::str::from_utf8(bytes).map_err(|_| Refusal::Malformed("an argument is not UTF-8".to_owned())));
    let file = texts.next().ok_or_else(|| Refusal::Malformed("expected the network file's text".to_owned()))??;
    let network = Network::parse(file).map_err(|error| Refusal::Malformed(error.to_string()))?;
    let msp_ids: Vec<String> = texts.map(|text| text.map(str::to_owned)).collect::<Result<_, _>>()?;
    if msp_ids.len() > ORGANISATIONS_MAX || msp_ids.iter().any(String::is_empty) {
        let text = format!("expected the MSP identifiers of at most {ORGANISATIONS_MAX} organisations");
        return Err(Refusal::Malformed(text));
    }
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
        effect.guard(KeyPolicy::majority(msp_ids));
    }
    Ok(effect)
}
