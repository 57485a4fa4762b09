//! The rows that a batch reads and writes: loaded first, changed by the fold, saved last.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ActiveModelBehavior, ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Value};
use veridose_contract::{Action, Command, Discrepancy, QuarantineTarget, RecallTarget, Transaction};

use crate::StoreError;
use crate::database::{Existing, KEYS_PER_QUERY_MAX, Write, insert_all};
use crate::entity::access::anchor;
use crate::entity::answers::{
    case_file, case_quarantine, case_step, consent, handoff, handoff_item, quarantine, recall,
};
use crate::entity::claims::claim;
use crate::entity::events::{dispute, event, term, viewer};
use crate::entity::goods::{batch, container, lot, pack, product};
use crate::entity::members::{approval, certificate, party, transaction};
use crate::entity::models::{decision, model};
use crate::entity::studies::{study, study_version};
use crate::projection::fold::{claim_named, items_target};

/// Rows of a table by key, and which of them changed.
#[derive(Debug)]
pub(super) struct Rows<K, M> {
    rows: BTreeMap<K, M>,
    changed: BTreeSet<K>,
}

impl<K: Ord + Clone, M> Default for Rows<K, M> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), changed: BTreeSet::new() }
    }
}

impl<K: Ord + Clone, M> Rows<K, M> {
    pub(super) fn get(&self, key: &K) -> Option<&M> {
        self.rows.get(key)
    }

    /// The row, which counts as changed from here on.
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut M> {
        let row = self.rows.get_mut(key)?;
        self.changed.insert(key.clone());
        Some(row)
    }

    pub(super) fn put(&mut self, key: K, row: M) {
        self.changed.insert(key.clone());
        self.rows.insert(key, row);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &M)> {
        self.rows.iter()
    }

    fn load(&mut self, rows: Vec<M>, key: impl Fn(&M) -> K) {
        self.rows.extend(rows.into_iter().map(|row| (key(&row), row)));
    }

    async fn save<E>(self, write: &Write) -> Result<(), StoreError>
    where
        E: EntityTrait<Model = M>,
        M: IntoActiveModel<E::ActiveModel>,
        E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        let Self { rows, changed } = self;
        let rows = rows.into_iter().filter(|(key, _)| changed.contains(key)).map(|(_, row)| row).collect();
        Ok(insert_all::<E>(write.on(), rows, Existing::Replace).await?)
    }
}

/// A key as the databases keep it.
pub(super) type Bytes = Vec<u8>;

/// Everything that a batch touches.
#[derive(Debug, Default)]
pub(super) struct Working {
    pub(super) parties: Rows<String, party::Model>,
    pub(super) approvals: Rows<(String, Bytes, String), approval::Model>,
    pub(super) certificates: Rows<Bytes, certificate::Model>,
    pub(super) products: Rows<Bytes, product::Model>,
    pub(super) lots: Rows<Bytes, lot::Model>,
    pub(super) containers: Rows<Bytes, container::Model>,
    pub(super) packs: Rows<Bytes, pack::Model>,
    pub(super) handoffs: Rows<Bytes, handoff::Model>,
    pub(super) recalls: Rows<i64, recall::Model>,
    pub(super) quarantines: Rows<i64, quarantine::Model>,
    pub(super) consents: Rows<Bytes, consent::Model>,
    pub(super) cases: Rows<Bytes, case_file::Model>,
    pub(super) studies: Rows<Bytes, study::Model>,
    pub(super) claims: Rows<Bytes, claim::Model>,
    /// By offer and item. Only those that a discrepancy names are loaded; the others are written, never read.
    pub(super) handoff_items: Rows<(Bytes, Bytes), handoff_item::Model>,
    pub(super) transactions: Vec<transaction::Model>,
    pub(super) events: Vec<event::Model>,
    pub(super) viewers: BTreeSet<(String, i64)>,
    pub(super) terms: Vec<term::Model>,
    pub(super) batches: Vec<batch::Model>,
    pub(super) disputes: Vec<dispute::Model>,
    pub(super) case_quarantines: Vec<case_quarantine::Model>,
    pub(super) case_steps: Vec<case_step::Model>,
    pub(super) models: Vec<model::Model>,
    pub(super) decisions: Vec<decision::Model>,
    pub(super) access_anchors: Vec<anchor::Model>,
    pub(super) study_versions: Vec<study_version::Model>,
}

/// Keys of the rows that a batch may read.
#[derive(Debug, Default)]
struct Wanted {
    parties: BTreeSet<String>,
    certificates: BTreeSet<Bytes>,
    products: BTreeSet<Bytes>,
    lots: BTreeSet<Bytes>,
    items: BTreeSet<Bytes>,
    emptied: BTreeSet<Bytes>,
    offers: BTreeSet<Bytes>,
    discrepant: BTreeSet<Bytes>,
    recalled: BTreeSet<Bytes>,
    quarantined: BTreeSet<Bytes>,
    consents: BTreeSet<Bytes>,
    cases: BTreeSet<Bytes>,
    studies: BTreeSet<Bytes>,
    claims: BTreeSet<Bytes>,
}

impl Wanted {
    fn command(&mut self, command: &Command) {
        let items = command.items.iter().map(|item| item.0.to_vec());
        match &command.action {
            Action::Admit(party) | Action::UpdateParty(party) => {
                self.parties.insert(party.id.to_string());
            }
            Action::SuspendParty(party) | Action::ReinstateParty(party) => {
                self.parties.insert(party.to_string());
            }
            Action::RegisterCertificate(certificate) => {
                self.certificates.insert(certificate.fingerprint.0.to_vec());
                self.parties.insert(certificate.party.to_string());
            }
            Action::RevokeCertificate(fingerprint) => self.certificates.extend([fingerprint.0.to_vec()]),
            Action::RegisterProduct(product) => self.products.extend([product.0.to_vec()]),
            Action::RegisterLot { lot, .. } | Action::Commission { lot } => {
                self.lots.insert(lot.0.to_vec());
            }
            Action::Aggregate { parent, create: _ } => {
                self.items.insert(parent.0.to_vec());
                self.items.extend(items);
            }
            Action::Disaggregate { parent } => {
                self.items.insert(parent.0.to_vec());
                if command.items.is_empty() {
                    self.emptied.insert(parent.0.to_vec());
                }
                self.items.extend(items);
            }
            Action::Transform { inputs, lot } => {
                self.lots.insert(lot.0.to_vec());
                self.items.extend(inputs.iter().map(|item| item.0.to_vec()));
            }
            Action::Offer { offer, .. } | Action::Reject { offer } | Action::Withdraw { offer } => {
                self.offers.insert(offer.0.to_vec());
                self.items.extend(items);
            }
            Action::Accept { offer, discrepancies } => {
                self.offers.insert(offer.0.to_vec());
                self.items.extend(items);
                self.discrepancies(discrepancies);
            }
            Action::CommissionContainers
            | Action::Decommission { .. }
            | Action::Dispense { .. }
            | Action::Undo { .. } => self.items.extend(items),
            Action::Quarantine(target) | Action::Release(target) => self.quarantine(target, command),
            Action::Recall { target, class: _ } | Action::EndRecall { target } => self.recall(target, command),
            Action::Anchor
            | Action::Dispute { .. }
            | Action::RegisterModel(_)
            | Action::PromoteModel { .. }
            | Action::RollBackModel { .. }
            | Action::RecordDecision(_)
            | Action::AnchorAccess(_)
            | Action::RevokeCredential(_)
            | Action::Erase(_) => {}
            Action::RegisterConsent(consent) | Action::AmendConsent { consent, .. } => {
                self.consents.insert(consent.id.0.to_vec());
            }
            Action::RevokeConsent { consent, .. } => self.consents.extend([consent.0.to_vec()]),
            Action::RaiseCase(case) | Action::MoveCase { case, step: _ } => {
                self.cases.insert(case.0.to_vec());
            }
            Action::MoveStudy { study, step: _ } => self.studies.extend([study.0.to_vec()]),
            Action::MoveClaim { dispense: _, step } => {
                self.claims.extend(claim_named(step).map(|claim| claim.0.to_vec()));
            }
        }
    }

    fn discrepancies(&mut self, discrepancies: &[Discrepancy]) {
        let items = discrepancies.iter().map(|discrepancy| discrepancy.item.0.to_vec());
        self.discrepant.extend(items.clone());
        self.items.extend(items);
    }

    fn quarantine(&mut self, target: &QuarantineTarget, command: &Command) {
        match target {
            QuarantineTarget::Items => {
                self.quarantined.insert(items_target(&command.items));
                self.items.extend(command.items.iter().map(|item| item.0.to_vec()));
            }
            QuarantineTarget::Lot(lot) => {
                self.quarantined.insert(lot.0.to_vec());
                self.lots.insert(lot.0.to_vec());
            }
        }
    }

    fn recall(&mut self, target: &RecallTarget, command: &Command) {
        match target {
            RecallTarget::Items => {
                self.recalled.insert(items_target(&command.items));
                self.items.extend(command.items.iter().map(|item| item.0.to_vec()));
            }
            RecallTarget::Lot(lot) => {
                self.recalled.insert(lot.0.to_vec());
                self.lots.insert(lot.0.to_vec());
            }
            RecallTarget::Product(product) => {
                self.recalled.insert(product.0.to_vec());
                self.products.insert(product.0.to_vec());
            }
        }
    }
}

/// Rows whose column is one of the keys.
async fn find<E: EntityTrait, K: Into<Value> + Clone>(
    write: &Write,
    column: E::Column,
    keys: &BTreeSet<K>,
) -> Result<Vec<E::Model>, StoreError>
where
    E::Model: Send + Sync,
{
    let keys: Vec<&K> = keys.iter().collect();
    let mut rows = Vec::new();
    for some in keys.chunks(KEYS_PER_QUERY_MAX) {
        let keys = some.iter().map(|key| (*key).clone());
        rows.extend(E::find().filter(column.is_in(keys)).all(write.on()).await?);
    }
    Ok(rows)
}

/// The items that discrepancies name, in the offers that are answered.
async fn handoff_items(write: &Write, wanted: &Wanted) -> Result<Vec<handoff_item::Model>, StoreError> {
    let discrepant: Vec<&Bytes> = wanted.discrepant.iter().collect();
    let mut rows = Vec::new();
    for some in discrepant.chunks(KEYS_PER_QUERY_MAX) {
        let find = handoff_item::Entity::find()
            .filter(handoff_item::Column::Offer.is_in(wanted.offers.iter().cloned()))
            .filter(handoff_item::Column::Item.is_in(some.iter().map(|item| (*item).clone())));
        rows.extend(find.all(write.on()).await?);
    }
    Ok(rows)
}

impl Working {
    /// Reads every row that the fold of these entries may look at.
    pub(super) async fn load(write: &Write, entries: &[(u64, &Transaction)]) -> Result<Self, StoreError> {
        let mut wanted = Wanted::default();
        for (_, transaction) in entries {
            wanted.certificates.insert(transaction.header.creator.0.to_vec());
            transaction.body.commands.iter().for_each(|command| wanted.command(command));
        }
        let mut it = Self::default();
        let rows =
            find::<certificate::Entity, _>(write, certificate::Column::Fingerprint, &wanted.certificates).await?;
        // Whether who approves now is suspended decides whether its approval counts.
        wanted.parties.extend(rows.iter().map(|row| row.party.clone()));
        it.certificates.load(rows, |row| row.fingerprint.clone());
        // Whether an earlier approver is suspended since decides whether its approval counts.
        let approvals = find::<approval::Entity, _>(write, approval::Column::Party, &wanted.parties).await?;
        wanted.parties.extend(approvals.iter().map(|row| row.approver.clone()));
        it.approvals.load(approvals, |row| (row.party.clone(), row.words.clone(), row.approver.clone()));
        let parties = find::<party::Entity, _>(write, party::Column::Party, &wanted.parties).await?;
        it.parties.load(parties, |row| row.party.clone());
        let products = find::<product::Entity, _>(write, product::Column::Product, &wanted.products).await?;
        it.products.load(products, |row| row.product.clone());
        let lots = find::<lot::Entity, _>(write, lot::Column::Lot, &wanted.lots).await?;
        it.lots.load(lots, |row| row.lot.clone());
        let emptied = find::<container::Entity, _>(write, container::Column::Parent, &wanted.emptied).await?;
        it.containers.load(emptied, |row| row.item.clone());
        let containers = find::<container::Entity, _>(write, container::Column::Item, &wanted.items).await?;
        it.containers.load(containers, |row| row.item.clone());
        let packs = find::<pack::Entity, _>(write, pack::Column::Item, &wanted.items).await?;
        it.packs.load(packs, |row| row.item.clone());
        let handoffs = find::<handoff::Entity, _>(write, handoff::Column::Offer, &wanted.offers).await?;
        it.handoffs.load(handoffs, |row| row.offer.clone());
        it.handoff_items.load(handoff_items(write, &wanted).await?, |row| (row.offer.clone(), row.item.clone()));
        let recalls = find::<recall::Entity, _>(write, recall::Column::Target, &wanted.recalled).await?;
        it.recalls.load(recalls, |row| row.event_id);
        let rows = find::<quarantine::Entity, _>(write, quarantine::Column::Target, &wanted.quarantined).await?;
        it.quarantines.load(rows, |row| row.event_id);
        let consents = find::<consent::Entity, _>(write, consent::Column::Consent, &wanted.consents).await?;
        it.consents.load(consents, |row| row.consent.clone());
        let cases = find::<case_file::Entity, _>(write, case_file::Column::CaseId, &wanted.cases).await?;
        it.cases.load(cases, |row| row.case_id.clone());
        let studies = find::<study::Entity, _>(write, study::Column::Study, &wanted.studies).await?;
        it.studies.load(studies, |row| row.study.clone());
        let claims = find::<claim::Entity, _>(write, claim::Column::Claim, &wanted.claims).await?;
        it.claims.load(claims, |row| row.claim.clone());
        Ok(it)
    }

    /// Writes what changed.
    pub(super) async fn save(self, write: &Write) -> Result<(), StoreError> {
        let on = write.on();
        let viewers = self.viewers.into_iter().map(|(party, event_id)| viewer::Model { party, event_id }).collect();
        insert_all::<transaction::Entity>(on, self.transactions, Existing::Refuse).await?;
        insert_all::<event::Entity>(on, self.events, Existing::Refuse).await?;
        insert_all::<viewer::Entity>(on, viewers, Existing::Refuse).await?;
        insert_all::<term::Entity>(on, self.terms, Existing::Refuse).await?;
        insert_all::<batch::Entity>(on, self.batches, Existing::Refuse).await?;
        insert_all::<dispute::Entity>(on, self.disputes, Existing::Refuse).await?;
        insert_all::<case_quarantine::Entity>(on, self.case_quarantines, Existing::Refuse).await?;
        insert_all::<case_step::Entity>(on, self.case_steps, Existing::Refuse).await?;
        insert_all::<model::Entity>(on, self.models, Existing::Refuse).await?;
        insert_all::<decision::Entity>(on, self.decisions, Existing::Refuse).await?;
        insert_all::<anchor::Entity>(on, self.access_anchors, Existing::Refuse).await?;
        insert_all::<study_version::Entity>(on, self.study_versions, Existing::Refuse).await?;
        self.parties.save::<party::Entity>(write).await?;
        self.approvals.save::<approval::Entity>(write).await?;
        self.certificates.save::<certificate::Entity>(write).await?;
        self.products.save::<product::Entity>(write).await?;
        self.lots.save::<lot::Entity>(write).await?;
        self.containers.save::<container::Entity>(write).await?;
        self.packs.save::<pack::Entity>(write).await?;
        self.handoffs.save::<handoff::Entity>(write).await?;
        self.handoff_items.save::<handoff_item::Entity>(write).await?;
        self.recalls.save::<recall::Entity>(write).await?;
        self.quarantines.save::<quarantine::Entity>(write).await?;
        self.consents.save::<consent::Entity>(write).await?;
        self.cases.save::<case_file::Entity>(write).await?;
        self.studies.save::<study::Entity>(write).await?;
        self.claims.save::<claim::Entity>(write).await
    }
}
