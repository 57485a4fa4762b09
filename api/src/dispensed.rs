//! Dispenses as the ledger has them, and as resources name them.

use serde_json::Value;
use veridose_contract::{Action, Command, Commitment, ConsentId, DispenseId, PartyId, TxId, read, record};
use veridose_ledger::LedgerError;

use crate::node::{ActError, Node};

/// The extension that names the transaction of a dispense, as `valueString`.
pub(crate) const DISPENSE: &str = "urn:veridose:dispense";

/// A dispense as the ledger has it.
pub(crate) struct Dispensed {
    pub(crate) tx: TxId,
    pub(crate) id: DispenseId,
    pub(crate) command: Command,
    pub(crate) consent: ConsentId,
    pub(crate) version: u32,
    pub(crate) prescription: Commitment,
    pub(crate) party: PartyId,
}

/// The dispense that the resource names; none where it names none, or no dispense.
pub(crate) fn dispensed(node: &Node, resource: &Value) -> Result<Option<Dispensed>, ActError> {
    let extensions = resource["extension"].as_array().into_iter().flatten();
    let mut named =
        extensions.filter(|extension| extension["url"] == DISPENSE).filter_map(|e| e["valueString"].as_str());
    match named.next().and_then(|tx| TxId::parse(tx).ok()) {
        Some(tx) => of_transaction(node, tx),
        None => Ok(None),
    }
}

/// The first dispense of a transaction.
pub(crate) fn of_transaction(node: &Node, tx: TxId) -> Result<Option<Dispensed>, ActError> {
    let entry = |tx: &TxId| -> Result<_, LedgerError> {
        let Some(index) = node.ledger().index_of(tx)? else { return Ok(None) };
        Ok(node.ledger().entries(index, 1)?.into_iter().next())
    };
    let Some(entry) = entry(&tx)? else { return Ok(None) };
    let creator = read::certificate(&node.ledger().state(), &entry.transaction.header.creator)?;
    let Some(party) = creator.map(|creator| creator.certificate.party) else { return Ok(None) };
    let mut commands = (0u32..).zip(entry.transaction.body.commands);
    Ok(commands.find_map(|(number, command)| match command.action {
        Action::Dispense { consent, version, prescription } => {
            let (id, party) = (record::dispense_id(&tx, number), party.clone());
            Some(Dispensed { tx, id, command, consent, version, prescription, party })
        }
        _ => None,
    }))
}
