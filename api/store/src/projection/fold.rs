//! One accepted command after another becomes rows. Pure: the same transactions and documents always give the same rows.

mod access;
mod cases;
mod claims;
mod goods;
mod handoffs;
mod measures;
mod members;
mod models;
mod studies;

use sha2::{Digest, Sha256};
use veridose_contract::{Action, Command, ItemKey, PartyId, Transaction};

use crate::database::signed;
use crate::entity::events::{dispute, event, term};
use crate::entity::members::transaction;
use crate::projection::Founding;
use crate::projection::detail::{self, Documents};
use crate::projection::working::{Bytes, Working};
use crate::{StoreError, text};

pub(super) use claims::named as claim_named;
pub(super) use members::party_row;

/// Commands of a transaction are numbered below this, so that position × this + command is unique and in order.
pub(crate) const COMMANDS_STRIDE: u64 = 16_384;
const _: () = assert!(veridose_contract::limits::COMMANDS_PER_TRANSACTION_MAX < 16_384);

/// The term by which a dispense is found: the consent that it was made under.
pub(crate) const CONSENT_TERM: &str = "veridose:consent";

/// The command that is being folded, and where it stands.
pub(super) struct Place<'a> {
    event: i64,
    party: &'a PartyId,
    command: &'a Command,
    documents: &'a Documents,
}

impl Place<'_> {
    fn holder(&self) -> String {
        self.party.to_string()
    }

    fn happened(&self) -> i64 {
        self.command.happened.0
    }

    fn commitment(&self) -> Bytes {
        self.command.payload.0.to_vec()
    }

    fn item_keys(&self) -> impl Iterator<Item = Bytes> + '_ {
        self.command.items.iter().map(|item| item.0.to_vec())
    }
}

/// Folds in a transaction.
pub(super) fn transaction(
    working: &mut Working,
    founding: &Founding,
    documents: &Documents,
    index: u64,
    transaction: &Transaction,
) -> Result<(), StoreError> {
    let party = members::creator(working, index, transaction)?;
    let tx = transaction.header.id();
    working.transactions.push(transaction::Model {
        tx_index: signed("ledger index", index)?,
        tx: tx.0.to_vec(),
        party: party.to_string(),
        recorded: transaction.header.time.0,
        commands: i64::try_from(transaction.body.commands.len()).unwrap_or(i64::MAX),
    });
    for (number, command) in (0..).zip(&transaction.body.commands) {
        let event = signed("ledger index", index.saturating_mul(COMMANDS_STRIDE).saturating_add(number))?;
        let place = Place { event, party: &party, command, documents };
        record(working, &place, transaction, tx.0.to_vec())?;
        apply(working, founding, &place)?;
    }
    Ok(())
}

/// The row of the event itself, who may see it and what it names.
fn record(working: &mut Working, place: &Place<'_>, transaction: &Transaction, tx: Bytes) -> Result<(), StoreError> {
    let Place { event, party, command, documents } = place;
    let detail = detail::event(documents, &command.payload);
    let items = command.items.len().saturating_add(inputs(&command.action).len());
    working.events.push(event::Model {
        id: *event,
        tx,
        party: party.to_string(),
        kind: command.action.name().to_owned(),
        happened: command.happened.0,
        recorded: transaction.header.time.0,
        site: command.site.map(|site| signed("site", site.0)).transpose()?,
        commitment: place.commitment(),
        document: text::word(&detail::state(documents, &command.payload)),
        event_id: detail.event_id,
        event_type: detail.event_type,
        action: detail.action,
        biz_step: detail.biz_step,
        disposition: detail.disposition,
        read_point: detail.read_point,
        biz_location: detail.biz_location,
        items: i64::try_from(items).unwrap_or(i64::MAX),
    });
    // First, and from the ledger: it stays where it is when the document's terms go.
    let consent = if let Action::Dispense { consent, .. } = &command.action { Some(consent) } else { None };
    let consent = consent.map(|consent| (CONSENT_TERM.to_owned(), consent.to_string()));
    for (number, (kind, value)) in (0..).zip(consent.into_iter().chain(detail.terms)) {
        working.terms.push(term::Model { event_id: *event, number, kind, value });
    }
    let viewers = viewers(working, command);
    working.viewers.extend(viewers.into_iter().chain([party.to_string()]).map(|viewer| (viewer, *event)));
    Ok(())
}

/// What changes beside the event.
fn apply(working: &mut Working, founding: &Founding, place: &Place<'_>) -> Result<(), StoreError> {
    match &place.command.action {
        Action::Admit(party) => members::admit(working, founding, place, party),
        Action::UpdateParty(party) => members::update(working, place, party),
        Action::SuspendParty(party) => members::suspend(working, party, true),
        Action::ReinstateParty(party) => members::suspend(working, party, false),
        Action::RegisterCertificate(certificate) => members::register(working, place, certificate)?,
        Action::RevokeCertificate(fingerprint) => members::revoke(working, place, fingerprint),
        Action::RegisterProduct(product) => goods::product(working, place, product),
        Action::RegisterLot { lot, product, expiry } => goods::lot(working, place, lot, product, *expiry),
        Action::Commission { lot } => goods::commission(working, place, lot),
        Action::CommissionContainers => goods::containers(working, place),
        Action::Aggregate { parent, create: _ } => goods::aggregate(working, place, parent),
        Action::Disaggregate { parent } => goods::disaggregate(working, place, parent),
        Action::Transform { inputs, lot } => goods::transform(working, place, inputs, lot),
        Action::Decommission { reason } => goods::decommission(working, place, *reason),
        Action::Dispense { .. } => goods::dispense(working, place),
        Action::Undo { not_supplied: _ } => goods::undo(working, place),
        Action::Offer { offer, to, kind } => handoffs::offer(working, place, offer, to, *kind),
        Action::Accept { offer, discrepancies } => handoffs::accept(working, place, offer, discrepancies),
        Action::Reject { offer } => handoffs::reject(working, place, offer),
        Action::Withdraw { offer } => handoffs::withdraw(working, place, offer),
        Action::Quarantine(target) => measures::quarantine(working, place, target),
        Action::Release(target) => measures::release(working, place, target),
        Action::Recall { target, class } => measures::recall(working, place, target, *class),
        Action::EndRecall { target } => measures::end_recall(working, place, target),
        Action::RegisterModel(model) => models::register(working, place, model),
        Action::RecordDecision(decision) => models::decide(working, place, decision),
        Action::AnchorAccess(anchor) => access::anchor(working, place, anchor)?,
        // Beside the event, the contract's state says which model is in use.
        Action::Anchor
        | Action::PromoteModel { .. }
        | Action::RollBackModel { .. }
        | Action::RevokeCredential(_)
        | Action::Erase(_) => {}
        Action::Dispute { event, partner } => working.disputes.push(dispute::Model {
            event_id: place.event,
            party: place.holder(),
            partner: partner.as_ref().map(PartyId::to_string),
            disputed: event.0.to_vec(),
        }),
        Action::RegisterConsent(consent) => measures::consent(working, place, consent, 1),
        Action::AmendConsent { consent, version } => {
            measures::consent(working, place, consent, version.saturating_add(1));
        }
        Action::RevokeConsent { consent, version, signed_by } => {
            measures::revoke(working, place, consent, *version, *signed_by);
        }
        Action::RaiseCase(case) => cases::raise(working, place, case),
        Action::MoveCase { case, step } => cases::take(working, place, case, step),
        Action::MoveStudy { study, step } => studies::take(working, place, study, step),
        Action::MoveClaim { dispense, step } => claims::take(working, place, dispense, step),
    }
    Ok(())
}

/// Who, beside the creator, is party to the command.
fn viewers(working: &Working, command: &Command) -> Vec<String> {
    match &command.action {
        Action::Offer { to, .. } => vec![to.to_string()],
        Action::Accept { offer, .. } | Action::Reject { offer } | Action::Withdraw { offer } => {
            let handoff = working.handoffs.get(&offer.0.to_vec());
            handoff.map(|row| vec![row.sender.clone(), row.receiver.clone()]).unwrap_or_default()
        }
        Action::Dispute { partner, .. } => partner.iter().map(PartyId::to_string).collect(),
        Action::SuspendParty(party) | Action::ReinstateParty(party) => vec![party.to_string()],
        Action::RegisterConsent(consent) => consent.grantee.iter().map(PartyId::to_string).collect(),
        // Who loses a consent by the amendment learns of it too.
        Action::AmendConsent { consent, .. } => {
            let before = working.consents.get(&consent.id.0.to_vec()).and_then(|row| row.grantee.clone());
            before.into_iter().chain(consent.grantee.iter().map(PartyId::to_string)).collect()
        }
        Action::RevokeConsent { consent, .. } => {
            working.consents.get(&consent.0.to_vec()).and_then(|row| row.grantee.clone()).into_iter().collect()
        }
        Action::Admit(party) | Action::UpdateParty(party) => vec![party.id.to_string()],
        // Who raised it learns what becomes of it.
        Action::MoveCase { case, .. } => {
            working.cases.get(&case.0.to_vec()).map(|row| row.party.clone()).into_iter().collect()
        }
        Action::MoveStudy { study, step } => studies::viewers(working, study, step),
        Action::MoveClaim { step, .. } => claims::viewers(working, step),
        Action::RegisterCertificate(_)
        | Action::RevokeCertificate(_)
        | Action::RegisterProduct(_)
        | Action::RegisterLot { .. }
        | Action::Commission { .. }
        | Action::CommissionContainers
        | Action::Aggregate { .. }
        | Action::Disaggregate { .. }
        | Action::Transform { .. }
        | Action::Decommission { .. }
        | Action::Dispense { .. }
        | Action::Undo { .. }
        | Action::Quarantine(_)
        | Action::Release(_)
        | Action::Recall { .. }
        | Action::EndRecall { .. }
        | Action::RaiseCase(_)
        | Action::Anchor
        | Action::AnchorAccess(_)
        | Action::RevokeCredential(_)
        | Action::Erase(_)
        | Action::RegisterModel(_)
        | Action::PromoteModel { .. }
        | Action::RollBackModel { .. }
        | Action::RecordDecision(_) => Vec::new(),
    }
}

fn inputs(action: &Action) -> &[ItemKey] {
    if let Action::Transform { inputs, .. } = action { inputs } else { &[] }
}

/// What a measure on single items is found by when it is lifted: SHA-256 over the sorted items.
pub(super) fn items_target(items: &[ItemKey]) -> Bytes {
    let mut items: Vec<&ItemKey> = items.iter().collect();
    items.sort_unstable();
    let hash = items.into_iter().fold(Sha256::new(), |hash, item| hash.chain_update(item.as_bytes()));
    hash.finalize().to_vec()
}
