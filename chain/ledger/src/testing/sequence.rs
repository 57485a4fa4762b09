//! A long run of transactions, good and bad, for two ledgers to agree on.

use veridose_contract::{
    AccessAnchor, AccessLogId, Action, CaseId, CaseOutcome, CaseStep, ClaimStep, Commitment, Consent, ConsentId,
    ContentKey, CredentialId, DataKind, Day, Decision, DecommissionReason, Discrepancy, DiscrepancyKind, DispenseId,
    DocumentId, DocumentKind, ErasureId, Fingerprint, HandoffKind, IdempotencyKey, ItemKey, LotKey, Model, ModelId,
    NetworkId, OfferId, PartyId, ProductKey, QuarantineTarget, RecallTarget, SignatureMeaning, SignedBy, StateRead,
    StudyDocument, StudyId, StudyKind, StudyStep, Subject, Timestamp, Transaction, read, resolve,
};

use super::{LOT, Member, Members, NOW, PRODUCT, Random, commands, pack, validity};
use crate::pki::Authority;
use crate::{Signer, prepare};

/// Items that are acted on at one time; they move on, so that fresh ones keep coming.
const WINDOW: u64 = 24;
/// Offers that are answered at one time.
const OFFERS: u64 = 6;

/// Chooses transactions, aimed at the state as it stands, so that many of them are accepted.
pub struct Sequence<'a> {
    members: &'a Members,
    random: Random,
    stranger: Signer,
    step: u64,
    offers: u64,
    last: Option<Transaction>,
}

type Choice = (Action, Vec<ItemKey>);

impl<'a> Sequence<'a> {
    /// The same seed chooses the same, but for the signatures.
    pub fn new(members: &'a Members, seed: u64) -> Self {
        let (not_before, not_after) = validity();
        let stranger = Authority::create(&members.maker.id, not_before, not_after).expect("a new authority");
        let stranger = super::issue(&stranger, members.maker.role, not_before, not_after);
        Self { members, random: Random(seed), stranger, step: 0, offers: 0, last: None }
    }

    /// The next one.
    pub fn next(&mut self, state: &dyn StateRead) -> Transaction {
        self.step += 1;
        let first = self.choose(state);
        let by = self.actor(state, &first);
        let mut choices = vec![first];
        while self.random.below(6) == 0 {
            choices.push(self.choose(state));
        }
        let transaction = self.sign(by, &choices);
        self.last = Some(transaction.clone());
        transaction
    }

    /// Signs it, and now and then spoils it.
    fn sign(&mut self, by: usize, choices: &[Choice]) -> Transaction {
        let member = self.all()[by];
        let key = |number: u64| {
            let mut key = [1; 16];
            key[..8].copy_from_slice(&number.to_be_bytes());
            IdempotencyKey(key)
        };
        let fresh = key(self.step);
        let signed = |signer: &Signer, network: NetworkId, key, time: i64| {
            prepare(signer, network, key, Timestamp(NOW.0 + time), commands(choices.to_vec()))
                .expect("it can be signed")
        };
        let network = self.members.network.id;
        match self.random.below(60) {
            0 => signed(&self.stranger, network, fresh, 0),
            1 => signed(&member.signer, NetworkId([9; 16]), fresh, 0),
            2 => signed(&member.signer, network, fresh, 3_600_000),
            3 => signed(&member.signer, network, key(self.step.saturating_sub(3)), 0),
            4 => Transaction {
                signature: veridose_contract::Signature([3; 64]),
                ..signed(&member.signer, network, fresh, 0)
            },
            5 => {
                let mut transaction = signed(&member.signer, network, fresh, 0);
                transaction.body.commands[0].payload = Commitment([8; 32]);
                transaction
            }
            6 => {
                let mut transaction = signed(&member.signer, network, fresh, 0);
                transaction.header.version = 7;
                transaction
            }
            7 | 8 => self.last.clone().unwrap_or_else(|| signed(&member.signer, network, fresh, 0)),
            _ => signed(&member.signer, network, fresh, i64::try_from(self.step % 1_000).expect("small")),
        }
    }

    fn all(&self) -> [&'a Member; 4] {
        [&self.members.maker, &self.members.north, &self.members.south, &self.members.regulator]
    }

    fn number(&self, id: &PartyId) -> Option<usize> {
        self.all().iter().position(|member| member.id == *id)
    }

    /// Who acts: mostly whoever may.
    fn actor(&mut self, state: &dyn StateRead, (action, items): &Choice) -> usize {
        if self.random.below(8) == 0 {
            return self.random.below(4);
        }
        let offer = |id: &OfferId| read::offer(state, id).expect("readable");
        let may = match action {
            Action::Accept { offer: id, .. } | Action::Reject { offer: id } => offer(id).map(|offer| offer.to),
            Action::Withdraw { offer: id } => offer(id).map(|offer| offer.from),
            Action::SuspendParty(_)
            | Action::ReinstateParty(_)
            | Action::Recall { .. }
            | Action::EndRecall { .. }
            | Action::Quarantine(QuarantineTarget::Lot(_))
            | Action::Release(_)
            | Action::MoveCase { .. } => Some(self.members.regulator.id.clone()),
            Action::UpdateParty(party) => Some(party.id.clone()),
            Action::Disaggregate { parent } => resolve(state, parent).expect("readable").map(|found| found.holder),
            _ => items.first().and_then(|item| resolve(state, item).expect("readable")).map(|found| found.holder),
        };
        may.and_then(|id| self.number(&id)).unwrap_or(0)
    }

    fn pack(&mut self) -> ItemKey {
        pack(self.step / 4 + self.random.number() % WINDOW)
    }

    /// Packs that are mostly still to come.
    fn fresh(&mut self) -> Vec<ItemKey> {
        let ahead = if self.random.below(4) == 0 { 0 } else { WINDOW };
        let count = self.random.number() % 4;
        let first = (self.step / 4 + ahead).saturating_sub(self.random.number() % 8);
        (first..=first + count).map(pack).collect()
    }

    fn container(&mut self) -> ItemKey {
        pack(1_000_000 + self.step / 30 + self.random.number() % 6)
    }

    fn items(&mut self) -> Vec<ItemKey> {
        let count = 1 + self.random.below(6).saturating_sub(3);
        (0..count).map(|_| if self.random.below(4) == 0 { self.container() } else { self.pack() }).collect()
    }

    fn offer(&mut self) -> OfferId {
        let number = self.offers.saturating_sub(self.random.number() % OFFERS);
        OfferId([[7; 8], number.to_be_bytes()].concat().try_into().expect("16 bytes"))
    }

    fn choose(&mut self, state: &dyn StateRead) -> Choice {
        let lot = read::lot(state, &LOT).expect("readable");
        if lot.as_ref().is_some_and(|lot| lot.quarantine.is_some()) && self.random.below(3) == 0 {
            return (Action::Release(QuarantineTarget::Lot(LOT)), vec![]);
        }
        if lot.is_some_and(|lot| lot.recall.is_some()) && self.random.below(3) == 0 {
            return (Action::EndRecall { target: RecallTarget::Lot(LOT) }, vec![]);
        }
        let south = self.members.south.id.clone();
        let suspended = read::party(state, &south).expect("readable").is_some_and(|party| party.suspended.is_some());
        if suspended && self.random.below(3) == 0 {
            return (Action::ReinstateParty(south), vec![]);
        }
        match self.random.below(100) {
            0..20 => (Action::Commission { lot: LOT }, self.fresh()),
            20..36 => self.answer(state),
            36..50 => self.handoff(),
            50..70 => self.container_action(),
            70..88 => self.item_action(),
            _ => self.rare_action(),
        }
    }

    fn handoff(&mut self) -> Choice {
        if self.random.below(5) != 0 {
            self.offers += 1;
        }
        let to = self.all()[self.random.below(4)].id.clone();
        let kind = if self.random.below(4) == 0 { HandoffKind::Return } else { HandoffKind::Shipment };
        let offer = OfferId([[7; 8], self.offers.to_be_bytes()].concat().try_into().expect("16 bytes"));
        (Action::Offer { offer, to, kind }, self.items())
    }

    fn answer(&mut self, state: &dyn StateRead) -> Choice {
        let offer = self.offer();
        let remaining = read::offer(state, &offer).expect("readable").map(|offer| offer.remaining).unwrap_or_default();
        match self.random.below(8) {
            0 => (Action::Reject { offer }, vec![]),
            1 => (Action::Withdraw { offer }, vec![]),
            2 => (Action::Accept { offer, discrepancies: vec![] }, self.items()),
            3 => {
                let (missing, rest) = remaining.split_at(remaining.len().min(1));
                let discrepancy = |item: &ItemKey| Discrepancy { item: *item, kind: DiscrepancyKind::Missing };
                let discrepancies = missing.iter().map(discrepancy).collect();
                (Action::Accept { offer, discrepancies }, rest.to_vec())
            }
            _ => (Action::Accept { offer, discrepancies: vec![] }, remaining),
        }
    }

    fn container_action(&mut self) -> Choice {
        let parent = self.container();
        match self.random.below(5) {
            0 => (Action::CommissionContainers, vec![parent]),
            1 => (Action::Disaggregate { parent }, vec![]),
            2 => (Action::Disaggregate { parent }, vec![self.pack()]),
            _ => (Action::Aggregate { parent, create: self.random.below(4) != 0 }, self.items()),
        }
    }

    fn item_action(&mut self) -> Choice {
        let items = self.items();
        let action = match self.random.below(9) {
            0 => Action::Decommission { reason: DecommissionReason::Sample },
            1 => Action::Decommission { reason: DecommissionReason::Destroyed },
            2 => Action::Undo { not_supplied: self.random.below(2) == 0 },
            3 => Action::Quarantine(QuarantineTarget::Items),
            4 => Action::Release(QuarantineTarget::Items),
            5 => Action::Recall { target: RecallTarget::Items, class: 1 + u8::from(self.random.below(2) == 0) },
            6 => Action::EndRecall { target: RecallTarget::Items },
            7 => Action::Transform { inputs: vec![self.pack()], lot: LOT },
            _ => Action::Anchor,
        };
        (action, items)
    }

    fn step(&mut self) -> CaseStep {
        match self.random.below(4) {
            0 => CaseStep::Assign(self.members.regulator.id.clone()),
            1 => CaseStep::Escalate,
            2 => CaseStep::Close(CaseOutcome::Process),
            _ => CaseStep::Reopen,
        }
    }

    fn study_step(&mut self, number: u8) -> StudyStep {
        let sites = vec![self.members.south.id.clone()];
        let content = ContentKey([number; 32]);
        match self.random.below(4) {
            0 => StudyStep::Register { kind: StudyKind::Interventional, sites },
            1 => StudyStep::SetSites(sites),
            2 => StudyStep::Anchor(StudyDocument {
                document: DocumentId([number % 3; 16]),
                kind: DocumentKind::CaseReportForm,
                version: u32::from(number % 2) + 1,
                content,
            }),
            _ => StudyStep::Sign { content, meaning: SignatureMeaning::Review },
        }
    }

    fn rare_action(&mut self) -> Choice {
        let number = u8::try_from(self.random.below(6)).expect("small");
        let consent = ConsentId([number; 16]);
        let south = self.members.south.id.clone();
        let mut member = self.members.network.genesis.members[1].clone();
        let action = match self.random.below(27) {
            0 => Action::SuspendParty(south),
            1 => Action::ReinstateParty(south),
            2 => Action::Quarantine(QuarantineTarget::Lot(LOT)),
            3 => Action::Recall { target: RecallTarget::Lot(LOT), class: 2 },
            4 => Action::Recall { target: RecallTarget::Product(PRODUCT), class: 9 },
            5 => Action::RegisterProduct(ProductKey([number; 32])),
            6 => Action::RegisterLot { lot: LotKey([number; 32]), product: PRODUCT, expiry: Day(NOW.day().0 + 9) },
            7 => {
                member.name = format!("North {number}");
                Action::UpdateParty(member)
            }
            8 => Action::RevokeCertificate(Fingerprint([number; 32])),
            9 => Action::RegisterCertificate(self.members.north.signer.certificate().clone()),
            10 => Action::RevokeConsent { consent, version: 1, signed_by: SignedBy::Patient },
            11 => Action::Dispute { event: Commitment([number; 32]), partner: Some(south) },
            13 => Action::RaiseCase(CaseId([number; 16])),
            14 => Action::MoveCase { case: CaseId([number; 16]), step: self.step() },
            12 => Action::Dispense { consent, version: 1, prescription: Commitment([number; 32]) },
            15 => {
                let mut amended = Consent::to_dispense_record(consent, Subject([number; 32]), NOW);
                amended.data.push(DataKind::Prescription);
                Action::AmendConsent { consent: amended, version: 1 }
            }
            16 => Action::RegisterModel(model(number)),
            17 => Action::PromoteModel { model: model(number).id },
            18 => Action::RollBackModel { kind: model(number).kind },
            19 => Action::RecordDecision(Decision {
                model: model(number).id,
                case: Commitment([number; 32]),
                features: [number; 32],
                score_millionths: 500_000,
            }),
            20 => Action::RevokeCredential(CredentialId([number; 32])),
            21 => {
                let (log, first) = (AccessLogId([1; 16]), self.random.below(4) as u64);
                Action::AnchorAccess(AccessAnchor { log, first, count: 1, root: [number; 32] })
            }
            22 | 23 => Action::MoveStudy { study: StudyId([number % 2; 16]), step: self.study_step(number) },
            24 => Action::Erase(ErasureId([number; 32])),
            25 => {
                let claim = Commitment([number; 32]);
                Action::MoveClaim { dispense: DispenseId([number; 16]), step: ClaimStep::Withdraw { claim } }
            }
            _ => Action::RegisterConsent(Consent::to_dispense_record(consent, Subject([number; 32]), NOW)),
        };
        let items = if matches!(action, Action::Dispense { .. }) { self.items() } else { vec![] };
        (action, items)
    }
}

fn model(number: u8) -> Model {
    Model {
        id: ModelId([number; 32]),
        kind: "detect".to_owned(),
        snapshot: [number; 32],
        code: "0ddba11".to_owned(),
        lock: [number; 32],
        seed: u64::from(number),
        parent: None,
    }
}
