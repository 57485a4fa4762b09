//! Receipts of a channel: one peer of each organisation is asked to sign that a transaction stands.

use std::collections::BTreeMap;
use std::time::Duration;

use fabric_sdk::fabric::protos::TxValidationCode;
use tokio::task::JoinSet;
use veridose_contract::Header;

use super::connection::Connection;
use super::fresh;
use super::link::Shared;
use crate::LedgerError;
use crate::proof::{Attestations, Base64, Endorsement};
use crate::wire;

/// How long a peer may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// Organisations that must vouch.
const ORGANISATIONS_MIN: usize = 2;

/// Has the organisations' peers sign that a transaction of the replica stands.
pub(crate) async fn attest(link: &Shared, header: &Header) -> Result<Attestations, LedgerError> {
    let id = header.id();
    let mark =
        link.replica.mark(&id)?.ok_or_else(|| LedgerError::NotFound(format!("the block of transaction {id}")))?;
    let mut organisations: BTreeMap<String, Vec<Connection>> = BTreeMap::new();
    for peer in &link.gateways.peers {
        organisations.entry(peer.msp_id.clone()).or_default().push(peer.clone());
    }
    let mut asked = JoinSet::new();
    for peers in organisations.into_values() {
        let (link, header) = (Shared::clone(link), header.clone());
        asked.spawn(async move { of_organisation(&link, &peers, &header).await });
    }
    let mut endorsements = Vec::new();
    while let Some(answer) = asked.join_next().await {
        endorsements.extend(answer.map_err(|error| LedgerError::Channel(error.to_string()))?);
    }
    if endorsements.len() < ORGANISATIONS_MIN {
        let problem = format!(
            "{} organisations' peers vouch for transaction {id} at the moment, {ORGANISATIONS_MIN} are needed",
            endorsements.len()
        );
        return Err(LedgerError::Channel(problem));
    }
    Ok(Attestations {
        channel: link.gateways.channel.clone(),
        chaincode: link.gateways.chaincode.clone(),
        block: mark.block,
        tx_id: mark.tx_id,
        // The replica takes in nothing else.
        validation_code: TxValidationCode::Valid.as_str_name().to_owned(),
        endorsements,
    })
}

/// The answer of the first of an organisation's peers that vouches.
async fn of_organisation(link: &Shared, peers: &[Connection], header: &Header) -> Option<Endorsement> {
    for peer in peers {
        let header = borsh::to_vec(header).expect("writing to a Vec does not fail");
        let args = vec![wire::ATTEST.as_bytes().to_vec(), header];
        match fresh::ask(link, peer, &link.gateways.chaincode, args, ANSWER).await {
            Ok(answer) => {
                let is_empty = borsh::to_vec(&Vec::<wire::Attestation>::new()).expect("writing to a Vec does not fail");
                if answer.response.unwrap_or_default().payload == is_empty {
                    tracing::debug!(peer = peer.name, "a peer does not know the transaction yet");
                    continue;
                }
                let Some(endorsement) = answer.endorsement else { continue };
                return Some(Endorsement {
                    payload: Base64(answer.payload),
                    endorser: Base64(endorsement.endorser),
                    signature: Base64(endorsement.signature),
                });
            }
            Err(error) => tracing::warn!(peer = peer.name, %error, "a peer does not attest"),
        }
    }
    None
}
