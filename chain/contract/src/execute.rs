//! Executing commands: what all of them share, and which file has which.

mod accept;
mod access;
mod aggregate;
mod case;
mod certificate;
mod claim;
mod close_offer;
mod commission;
mod consent;
mod decommission;
mod disaggregate;
mod dispense;
mod dispute;
mod member;
mod model;
mod offer;
mod pack;
mod product;
mod quarantine;
mod recall;
mod study;
mod transform;
mod undo;

use crate::apply::Creator;
use crate::command::{Action, Command, QuarantineTarget, RecallTarget, Role};
use crate::id::{PartyId, Site, Timestamp, TxId};
use crate::limits::{HAPPENED_FUTURE_MAX_MS, HAPPENED_PAST_MAX_MS};
use crate::overlay::Overlay;
use crate::read;
use crate::record::{Act, Mark, PartyRecord};
use crate::rejection::{Code, Stop, refuse};
use crate::state::StateRead;
use crate::transaction::Header;

pub(crate) use member::party_problem;

/// A transaction while its commands are executed.
pub(crate) struct Turn<'a> {
    pub(crate) state: Overlay<'a>,
    pub(crate) creator: &'a Creator,
    pub(crate) header: &'a Header,
    /// The acting party, as this transaction sees it.
    pub(crate) party: PartyRecord,
    pub(crate) tx: TxId,
    /// Of the current command.
    pub(crate) index: u32,
}

impl Turn<'_> {
    fn me(&self) -> &PartyId {
        &self.party.party.id
    }

    fn role(&self) -> Role {
        self.party.party.role
    }

    fn require_role(&self, allowed: &[Role], what: &str) -> Result<(), Stop> {
        if allowed.contains(&self.role()) {
            return Ok(());
        }
        refuse(Code::RoleNotAllowed, format!("{what} is not for a party of role {:?}", self.role()))
    }

    /// Where the command happened: as said, else the certificate's place, else the party's only one.
    fn site(&self, command: &Command) -> Option<Site> {
        let only = match self.party.party.sites.as_slice() {
            [site] => Some(*site),
            _ => None,
        };
        command.site.or(self.creator.site).or(only)
    }

    /// The time at which expiry, consent and term are judged: as said, but no longer ago than an offline week.
    fn judged_at(&self, command: &Command) -> Timestamp {
        command.happened.max(Timestamp(self.header.time.0.saturating_sub(HAPPENED_PAST_MAX_MS)))
    }

    fn mark(&self, command: &Command) -> Mark {
        Mark { by: self.me().clone(), since: command.happened }
    }

    fn act(&self, command: &Command) -> Act {
        Act { by: self.me().clone(), site: self.site(command), at: command.happened }
    }
}

/// A member that may act.
pub(crate) fn active_party(state: &dyn StateRead, id: &PartyId) -> Result<PartyRecord, Stop> {
    let Some(record) = read::party(state, id)? else {
        return refuse(Code::UnknownParty, format!("{id} is not a member"));
    };
    match &record.suspended {
        Some(mark) => refuse(Code::PartySuspended, format!("{id} is suspended by {}", mark.by)),
        None => Ok(record),
    }
}

pub(crate) fn execute(turn: &mut Turn<'_>, command: &Command) -> Result<(), Stop> {
    check_items(command)?;
    check_happened(command.happened, turn.header.time)?;
    if let Some(site) = command.site
        && !turn.party.party.sites.contains(&site)
    {
        return refuse(Code::UnknownSite, format!("{:013} is no site of {}", site.0, turn.me()));
    }
    dispatch(turn, command)
}

fn dispatch(turn: &mut Turn<'_>, command: &Command) -> Result<(), Stop> {
    match &command.action {
        Action::Admit(party) => member::admit(turn, party),
        Action::UpdateParty(party) => member::update(turn, party),
        Action::SuspendParty(party) => member::suspend(turn, command, party),
        Action::ReinstateParty(party) => member::reinstate(turn, party),
        Action::RegisterCertificate(certificate) => certificate::register(turn, certificate),
        Action::RevokeCertificate(fingerprint) => certificate::revoke(turn, command, fingerprint),
        Action::RegisterProduct(product) => product::register(turn, product),
        Action::RegisterLot { lot, product, expiry } => product::register_lot(turn, lot, product, *expiry),
        Action::Commission { lot } => commission::packs(turn, command, lot),
        Action::CommissionContainers => commission::containers(turn, command),
        Action::Aggregate { parent, create } => aggregate::execute(turn, command, parent, *create),
        Action::Disaggregate { parent } => disaggregate::execute(turn, command, parent),
        Action::Transform { inputs, lot } => transform::execute(turn, command, inputs, lot),
        Action::Offer { offer, to, kind } => offer::execute(turn, command, offer, to, *kind),
        Action::Accept { offer, discrepancies } => accept::execute(turn, command, offer, discrepancies),
        Action::Reject { offer } => close_offer::reject(turn, command, offer),
        Action::Withdraw { offer } => close_offer::withdraw(turn, command, offer),
        Action::Decommission { reason } => decommission::execute(turn, command, *reason),
        Action::Dispense { consent, version, prescription } => {
            dispense::execute(turn, command, consent, *version, *prescription)
        }
        Action::Undo { not_supplied } => undo::execute(turn, command, *not_supplied),
        Action::Quarantine(target) => quarantine::place(turn, command, target),
        Action::Release(target) => quarantine::release(turn, command, target),
        Action::Recall { target, class } => recall::call(turn, command, target, *class),
        Action::EndRecall { target } => recall::end(turn, command, target),
        // The signed body says all there is to say: it moves nothing, but stands in the history of what it names.
        Action::Anchor => command.items.iter().try_for_each(|item| Ok(turn.state.touch(item)?)),
        Action::Dispute { event, partner } => dispute::execute(turn, command, event, partner.as_ref()),
        Action::RegisterConsent(consent) => consent::register(turn, consent),
        Action::RevokeConsent { consent, version, signed_by } => consent::revoke(turn, consent, *version, *signed_by),
        Action::AmendConsent { consent, version } => consent::amend(turn, consent, *version),
        Action::AnchorAccess(anchor) => access::anchor(turn, anchor),
        Action::RevokeCredential(credential) => access::revoke_credential(turn, command, credential),
        Action::Erase(erasure) => consent::erase(turn, command, erasure),
        Action::RegisterModel(model) => model::register(turn, command, model),
        Action::PromoteModel { model } => model::promote(turn, model),
        Action::RollBackModel { kind } => model::roll_back(turn, kind),
        Action::RecordDecision(decision) => model::decide(turn, command, decision),
        Action::RaiseCase(case) => case::raise(turn, command, case),
        Action::MoveCase { case, step } => case::take(turn, command, case, step),
        Action::MoveStudy { study, step } => study::take(turn, command, study, step),
        Action::MoveClaim { dispense, step } => claim::take(turn, command, dispense, step),
    }
}

/// Whether an action takes items.
enum Items {
    Required,
    Optional,
    None,
}

fn check_items(command: &Command) -> Result<(), Stop> {
    let rule = match &command.action {
        Action::Admit(_)
        | Action::UpdateParty(_)
        | Action::SuspendParty(_)
        | Action::ReinstateParty(_)
        | Action::RegisterCertificate(_)
        | Action::RevokeCertificate(_)
        | Action::RegisterProduct(_)
        | Action::RegisterLot { .. }
        | Action::Reject { .. }
        | Action::Withdraw { .. }
        | Action::Quarantine(QuarantineTarget::Lot(_))
        | Action::Release(QuarantineTarget::Lot(_))
        | Action::Recall { target: RecallTarget::Lot(_) | RecallTarget::Product(_), .. }
        | Action::EndRecall { target: RecallTarget::Lot(_) | RecallTarget::Product(_) }
        | Action::RegisterConsent(_)
        | Action::RevokeConsent { .. }
        | Action::AmendConsent { .. }
        | Action::AnchorAccess(_)
        | Action::RevokeCredential(_)
        | Action::Erase(_)
        | Action::RegisterModel(_)
        | Action::PromoteModel { .. }
        | Action::RollBackModel { .. }
        | Action::RecordDecision(_)
        | Action::RaiseCase(_)
        | Action::MoveCase { .. }
        | Action::MoveStudy { .. }
        | Action::MoveClaim { .. } => Items::None,
        Action::Commission { .. }
        | Action::CommissionContainers
        | Action::Aggregate { .. }
        | Action::Transform { .. }
        | Action::Offer { .. }
        | Action::Decommission { .. }
        | Action::Dispense { .. }
        | Action::Undo { .. }
        | Action::Quarantine(QuarantineTarget::Items)
        | Action::Release(QuarantineTarget::Items)
        | Action::Recall { target: RecallTarget::Items, .. }
        | Action::EndRecall { target: RecallTarget::Items } => Items::Required,
        Action::Disaggregate { .. } | Action::Accept { .. } | Action::Anchor | Action::Dispute { .. } => {
            Items::Optional
        }
    };
    match rule {
        Items::Required if command.items.is_empty() => {
            refuse(Code::ItemsRequired, "the action needs at least one item")
        }
        Items::None if !command.items.is_empty() => refuse(Code::ItemsNotAllowed, "the action takes no items"),
        Items::Required | Items::None | Items::Optional => Ok(()),
    }
}

fn check_happened(happened: Timestamp, time: Timestamp) -> Result<(), Stop> {
    if happened.0 > time.0.saturating_add(HAPPENED_FUTURE_MAX_MS) {
        let text = format!("happens more than {HAPPENED_FUTURE_MAX_MS} ms after the transaction's time");
        return refuse(Code::HappenedTooLate, text);
    }
    Ok(())
}
