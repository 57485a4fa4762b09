//! Every code of refusal is reached by a case, and no case by accident with another code.

use sha2::{Digest, Sha256};

use super::world::{DAY, World, accept, consent, dispense, frozen, id, item, lot, offer, party, product, site};
use crate::*;

#[test]
fn every_code_is_reached() {
    let produced = [transactions(), members(), certificates(), products(), holding(), containers(), offers(), ending()]
        .into_iter()
        .chain([undoing(), marks(), consents(), models(), cases(), access(), studies(), claims()])
        .flat_map(|world| world.produced);
    let produced: std::collections::BTreeSet<Code> = produced.collect();
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !produced.contains(code)).collect();
    assert!(missing.is_empty(), "no case reaches {missing:?}");
}

fn transactions() -> World {
    let mut w = World::stocked();
    let anchor = w.command("maker", Action::Anchor, &[]);
    let good = w.transaction("maker", vec![anchor.clone()]);
    let mut bad = good.clone();
    bad.1.version = 2;
    w.no_entry(bad, Code::UnsupportedVersion);
    let mut bad = good.clone();
    bad.1.network = NetworkId([0; 16]);
    w.no_entry(bad, Code::WrongNetwork);
    w.submit(good.clone()).expect("accepted");
    assert!(matches!(w.submit(good.clone()), Err(ApplyError::Repeated { first }) if first == good.1.id()));
    let mut bad = good;
    bad.1.body_root = [0; 32];
    w.no_entry(bad, Code::IdempotencyConflict);
    let empty = w.transaction("maker", vec![]);
    w.no_entry(empty, Code::EmptyTransaction);
    let many = w.transaction("maker", vec![anchor.clone(); limits::COMMANDS_PER_TRANSACTION_MAX + 1]);
    w.no_entry(many, Code::LimitExceeded);
    let many = Command { items: vec![item(1); limits::ITEMS_PER_TRANSACTION_MAX + 1], ..anchor.clone() };
    let many = w.transaction("maker", vec![many]);
    w.no_entry(many, Code::LimitExceeded);
    let late = Command { happened: Timestamp(w.time + limits::HAPPENED_FUTURE_MAX_MS + 1), ..anchor.clone() };
    let late = w.transaction("maker", vec![late]);
    w.no_entry(late, Code::HappenedTooLate);
    let elsewhere = Command { site: Some(site("dist", 0)), ..anchor };
    let elsewhere = w.transaction("maker", vec![elsewhere]);
    w.no_entry(elsewhere, Code::UnknownSite);
    w.no("maker", Action::CommissionContainers, &[], Code::ItemsRequired);
    w.no("maker", Action::RegisterProduct(product(9)), &[1], Code::ItemsNotAllowed);
    w
}

fn members() -> World {
    let mut w = World::new();
    let new = party("newcomer", Role::Pharmacy);
    w.no("newcomer", Action::Admit(new.clone()), &[], Code::UnknownParty);
    w.ok("maker", Action::Admit(new.clone()), &[]);
    w.no("maker", Action::Admit(new.clone()), &[], Code::AlreadyApproved);
    assert!(read::party(&w.state, &new.id).expect("readable").is_none(), "one approval of two is not enough");
    w.ok("dist", Action::Admit(new.clone()), &[]);
    w.no("pharm", Action::Admit(new.clone()), &[], Code::PartyExists);
    w.no("pharm", Action::Admit(Party { sites: vec![], ..party("x", Role::Pharmacy) }), &[], Code::PartyInvalid);
    let ca = Fingerprint([0; 32]);
    w.no("pharm", Action::Admit(Party { ca, ..party("x", Role::Pharmacy) }), &[], Code::PartyInvalid);
    let long = "x".repeat(limits::PARTY_NAME_BYTES_MAX + 1);
    w.no("pharm", Action::Admit(Party { name: long, ..party("x", Role::Pharmacy) }), &[], Code::LimitExceeded);
    let squatter = Party { sites: vec![site("x", 0), site("corner", 0)], ..party("x", Role::Pharmacy) };
    w.no("pharm", Action::Admit(squatter), &[], Code::SiteTaken);
    let two_places = Party { sites: vec![site("newcomer", 0), site("corner", 1)], ..new.clone() };
    w.no("newcomer", Action::UpdateParty(two_places), &[], Code::SiteTaken);
    let moved = Party { sites: vec![site("newcomer", 0)], ..new.clone() };
    w.ok("newcomer", Action::UpdateParty(moved), &[]);
    let left = Party { sites: vec![site("dist", 0), site("newcomer", 1)], ..party("dist", Role::Distributor) };
    w.ok("dist", Action::UpdateParty(left), &[]);
    w.no("newcomer", Action::UpdateParty(new.clone()), &[], Code::SiteTaken);
    let new = Party { sites: vec![site("newcomer", 0), site("dist", 1)], ..new };
    let renamed = Party { name: "New".into(), ..new.clone() };
    w.no("pharm", Action::UpdateParty(renamed.clone()), &[], Code::WrongParty);
    w.no("newcomer", Action::UpdateParty(Party { role: Role::Regulator, ..new }), &[], Code::ImmutableField);
    w.ok("newcomer", Action::UpdateParty(renamed), &[]);
    w.no("pharm", Action::SuspendParty(id("newcomer")), &[], Code::RoleNotAllowed);
    w.no("reg", Action::ReinstateParty(id("newcomer")), &[], Code::NotSuspended);
    w.no("reg", Action::ReinstateParty(id("nobody")), &[], Code::UnknownParty);
    w.ok("reg", Action::SuspendParty(id("newcomer")), &[]);
    w.no("newcomer", Action::Anchor, &[], Code::PartySuspended);
    w.no("reg", Action::SuspendParty(id("newcomer")), &[], Code::PartySuspended);
    w.no("reg", Action::SuspendParty(id("reg")), &[], Code::WrongParty);
    w.ok("reg", Action::ReinstateParty(id("newcomer")), &[]);
    w.ok("newcomer", Action::Anchor, &[]);
    w
}

fn certificates() -> World {
    let mut w = World::new();
    let der = b"certificate".to_vec();
    let good = Certificate {
        fingerprint: Fingerprint(Sha256::digest(&der).into()),
        party: id("pharm"),
        role: Role::Pharmacy,
        site: Some(site("pharm", 0)),
        not_before: Timestamp(0),
        not_after: Timestamp(i64::MAX),
        der,
    };
    w.no("dist", Action::RegisterCertificate(good.clone()), &[], Code::CertificateMismatch);
    let bad = Certificate { site: Some(Site(1)), ..good.clone() };
    w.no("pharm", Action::RegisterCertificate(bad), &[], Code::CertificateMismatch);
    let bad = Certificate { fingerprint: Fingerprint([0; 32]), ..good.clone() };
    w.no("pharm", Action::RegisterCertificate(bad), &[], Code::CertificateMismatch);
    w.no("pharm", Action::RevokeCertificate(good.fingerprint), &[], Code::UnknownCertificate);
    w.ok("pharm", Action::RegisterCertificate(good.clone()), &[]);
    w.no("pharm", Action::RegisterCertificate(good.clone()), &[], Code::CertificateExists);
    w.no("dist", Action::RevokeCertificate(good.fingerprint), &[], Code::WrongParty);
    w.ok("reg", Action::RevokeCertificate(good.fingerprint), &[]);
    w.no("pharm", Action::RevokeCertificate(good.fingerprint), &[], Code::CertificateRevoked);
    w
}

fn products() -> World {
    let mut w = World::stocked();
    let register = |number, of| Action::RegisterLot { lot: lot(number), product: product(of), expiry: Day(19_000) };
    w.no("dist", Action::RegisterProduct(product(2)), &[], Code::RoleNotAllowed);
    w.no("rival", Action::RegisterProduct(product(1)), &[], Code::ProductExists);
    w.no("maker", register(2, 2), &[], Code::UnknownProduct);
    w.no("rival", register(2, 1), &[], Code::NotProductOwner);
    w.no("maker", register(1, 1), &[], Code::LotExists);
    w.ok("maker", register(2, 1), &[]);
    w.no("dist", Action::Commission { lot: lot(1) }, &[30], Code::RoleNotAllowed);
    w.no("rival", Action::Commission { lot: lot(1) }, &[30], Code::NotProductOwner);
    w.no("maker", Action::Commission { lot: lot(3) }, &[30], Code::UnknownLot);
    w.no("maker", Action::Commission { lot: lot(2) }, &[30], Code::Expired);
    w.no("maker", Action::Commission { lot: lot(1) }, &[30, 1], Code::ItemExists);
    w.no("maker", Action::Commission { lot: lot(1) }, &[30, 30], Code::DuplicateItem);
    w.no("maker", Action::Transform { inputs: vec![], lot: lot(1) }, &[30], Code::ItemsRequired);
    w.no("maker", Action::Transform { inputs: vec![item(99)], lot: lot(1) }, &[30], Code::UnknownItem);
    w.ok("maker", Action::Transform { inputs: vec![item(1)], lot: lot(1) }, &[30, 31]);
    w.no("maker", Action::Transform { inputs: vec![item(1)], lot: lot(1) }, &[32], Code::NotActive);
    w
}

fn holding() -> World {
    let mut w = World::stocked();
    w.no("dist", offer(1, "pharm"), &[1], Code::NotHolder);
    w.no("dist", Action::Aggregate { parent: item(100), create: true }, &[1], Code::NotHolder);
    w.no("rival", Action::Decommission { reason: DecommissionReason::Destroyed }, &[1], Code::NotHolder);
    w.no("rival", Action::Quarantine(QuarantineTarget::Items), &[1], Code::NotHolder);
    w.no("maker", offer(1, "pharm"), &[99], Code::UnknownItem);
    w
}

fn containers() -> World {
    let mut w = World::stocked();
    let into = |parent, create| Action::Aggregate { parent: item(parent), create };
    w.no("maker", into(100, false), &[1], Code::UnknownItem);
    w.ok("maker", into(100, true), &[1, 2]);
    w.no("maker", into(101, true), &[1], Code::InContainer);
    w.no("maker", into(100, true), &[3, 3], Code::InContainer);
    w.no("maker", into(100, true), &[100], Code::ContainerCycle);
    w.ok("maker", into(101, true), &[100]);
    w.no("maker", into(100, true), &[101], Code::ContainerCycle);
    for level in 102..107 {
        w.ok("maker", into(level, true), &[level - 1]);
    }
    w.ok("maker", into(107, true), &[106]);
    w.no("maker", into(108, true), &[107], Code::LimitExceeded);
    w.ok("maker", into(110, true), &[5]);
    w.ok("maker", into(111, true), &[110]);
    w.no("maker", into(100, true), &[111], Code::LimitExceeded);
    w.no("maker", Action::Disaggregate { parent: item(100) }, &[3], Code::NotInParent);
    w.ok("maker", Action::Disaggregate { parent: item(100) }, &[]);
    w.no("maker", Action::Disaggregate { parent: item(100) }, &[], Code::ContainerEmpty);
    w
}

fn offers() -> World {
    use DiscrepancyKind::{Missing, Surplus};
    let mut w = World::stocked();
    let name = OfferId([1; 16]);
    w.no("maker", offer(1, "maker"), &[1], Code::WrongParty);
    w.no("maker", offer(1, "nobody"), &[1], Code::UnknownParty);
    w.no("maker", offer(1, "dist"), &[1, 1], Code::Offered);
    w.ok("maker", Action::Aggregate { parent: item(100), create: true }, &[3, 4]);
    w.no("maker", offer(1, "dist"), &[3], Code::InContainer);
    w.ok("maker", offer(1, "dist"), &[1, 2, 100]);
    w.no("maker", offer(1, "dist"), &[5], Code::OfferExists);
    w.no("maker", offer(2, "pharm"), &[1], Code::Offered);
    w.no("maker", Action::Disaggregate { parent: item(100) }, &[3], Code::Offered);
    w.no("pharm", accept(1, &[]), &[1], Code::NotReceiver);
    w.no("maker", Action::Reject { offer: name }, &[], Code::NotReceiver);
    w.no("dist", Action::Withdraw { offer: name }, &[], Code::NotSender);
    w.no("dist", accept(2, &[]), &[1], Code::UnknownOffer);
    w.no("dist", accept(1, &[]), &[], Code::ItemsRequired);
    w.no("dist", accept(1, &[]), &[5], Code::NotInOffer);
    w.no("dist", accept(1, &[]), &[1, 1], Code::DuplicateItem);
    w.no("dist", accept(1, &[(2, Missing), (2, Missing)]), &[1], Code::DuplicateItem);
    w.no("dist", accept(1, &[(1, Missing)]), &[1], Code::DiscrepancyInvalid);
    w.no("dist", accept(1, &[(2, Surplus)]), &[1], Code::DiscrepancyInvalid);
    w.no("dist", accept(1, &[(5, Missing)]), &[1], Code::DiscrepancyInvalid);
    w.no("dist", accept(1, &[(3, Missing)]), &[1], Code::DiscrepancyInvalid);
    w.ok("dist", accept(1, &[(3, Missing), (77, Surplus)]), &[1, 2, 100]);
    w.no("dist", accept(1, &[]), &[1], Code::OfferClosed);
    w.no("maker", Action::Withdraw { offer: name }, &[], Code::OfferClosed);
    w
}

fn ending() -> World {
    let mut w = World::stocked();
    let end = |reason| Action::Decommission { reason };
    w.hand("maker", "pharm", 1, &[1, 2, 3, 4]);
    w.ok("pharm", Action::Aggregate { parent: item(100), create: true }, &[3, 4]);
    w.no("maker", end(DecommissionReason::Supplied), &[5], Code::RoleNotAllowed);
    w.no("pharm", end(DecommissionReason::Exported), &[1], Code::RoleNotAllowed);
    w.no("pharm", end(DecommissionReason::FreeSample), &[1], Code::RoleNotAllowed);
    w.no("pharm", end(DecommissionReason::Error), &[1], Code::NotProductOwner);
    w.no("pharm", end(DecommissionReason::Supplied), &[100], Code::NotAPack);
    w.ok("pharm", end(DecommissionReason::Supplied), &[3]);
    w.no("pharm", end(DecommissionReason::Supplied), &[3], Code::NotActive);
    w.ok("pharm", end(DecommissionReason::Destroyed), &[100]);
    w.no("pharm", end(DecommissionReason::Destroyed), &[4], Code::NotActive);
    w.ok("maker", end(DecommissionReason::Stolen), &[1]);
    w.ok("reg", end(DecommissionReason::Sample), &[2]);
    w.time += 30 * DAY;
    w.ok("maker", end(DecommissionReason::Exported), &[6]);
    w.time += DAY;
    w.no("maker", end(DecommissionReason::Exported), &[7], Code::Expired);
    w.no("maker", offer(2, "dist"), &[7], Code::Expired);
    w.ok("maker", Action::Offer { offer: OfferId([2; 16]), to: id("dist"), kind: HandoffKind::Return }, &[7]);
    w
}

fn undoing() -> World {
    let mut w = World::stocked();
    let supply = Action::Decommission { reason: DecommissionReason::Supplied };
    let undo = Action::Undo { not_supplied: true };
    w.hand("maker", "pharm", 1, &[1, 2, 3, 4, 5]);
    w.no("pharm", undo.clone(), &[1], Code::NotDecommissioned);
    w.ok("pharm", supply.clone(), &[1, 2, 4]);
    w.ok("pharm", Action::Decommission { reason: DecommissionReason::Destroyed }, &[3]);
    w.no("corner", undo.clone(), &[1], Code::UndoOtherPremises);
    let elsewhere = Command { site: Some(site("pharm", 1)), ..w.command("pharm", undo.clone(), &[1]) };
    let elsewhere = w.transaction("pharm", vec![elsewhere]);
    w.no_entry(elsewhere, Code::UndoOtherPremises);
    w.no("pharm", Action::Undo { not_supplied: false }, &[1], Code::UndoSupplied);
    w.no("pharm", undo.clone(), &[3], Code::UndoWithdrawn);
    w.ok("maker", Action::Recall { target: RecallTarget::Items, class: 1 }, &[4]);
    w.no("pharm", undo.clone(), &[4], Code::UndoWithdrawn);
    w.time += 10 * DAY;
    w.ok("pharm", undo.clone(), &[1]);
    w.time += 1;
    w.no("pharm", undo.clone(), &[2], Code::UndoTooLate);
    w.time += 20 * DAY - 1;
    w.ok("pharm", supply, &[5]);
    w.time += DAY;
    w.no("pharm", undo, &[5], Code::UndoExpired);
    w
}

fn marks() -> World {
    let mut w = World::stocked();
    let (quarantine, release) = (Action::Quarantine(QuarantineTarget::Items), Action::Release(QuarantineTarget::Items));
    let recall = |target, class| Action::Recall { target, class };
    w.ok("reg", quarantine.clone(), &[1]);
    w.no("reg", quarantine, &[1], Code::AlreadyQuarantined);
    w.no("maker", offer(1, "dist"), &[1], Code::Quarantined);
    w.no("maker", release.clone(), &[1], Code::NotIssuer);
    w.no("maker", release.clone(), &[2], Code::NotQuarantined);
    w.ok("reg", release, &[1]);
    w.ok("maker", Action::Quarantine(QuarantineTarget::Lot(lot(1))), &[]);
    w.no("maker", offer(1, "dist"), &[1], Code::Quarantined);
    w.no("rival", Action::Quarantine(QuarantineTarget::Lot(lot(1))), &[], Code::NotProductOwner);
    w.no("rival", Action::Release(QuarantineTarget::Lot(lot(9))), &[], Code::UnknownLot);
    w.ok("reg", Action::Quarantine(QuarantineTarget::Lot(lot(1))), &[]);
    w.no("maker", Action::Release(QuarantineTarget::Lot(lot(1))), &[], Code::NotIssuer);
    w.ok("reg", Action::Release(QuarantineTarget::Lot(lot(1))), &[]);
    w.no("maker", recall(RecallTarget::Lot(lot(1)), 4), &[], Code::RecallClass);
    w.no("dist", recall(RecallTarget::Items, 1), &[1], Code::NotProductOwner);
    w.no("dist", recall(RecallTarget::Product(product(9)), 1), &[], Code::UnknownProduct);
    w.ok("reg", recall(RecallTarget::Lot(lot(1)), 2), &[]);
    w.no("maker", recall(RecallTarget::Lot(lot(1)), 2), &[], Code::AlreadyRecalled);
    w.no("maker", Action::EndRecall { target: RecallTarget::Lot(lot(1)) }, &[], Code::NotIssuer);
    w.no("maker", Action::EndRecall { target: RecallTarget::Product(product(1)) }, &[], Code::NotRecalled);
    w.no("maker", offer(1, "dist"), &[1], Code::Recalled);
    w.ok("maker", recall(RecallTarget::Lot(lot(1)), 1), &[]);
    w.no("maker", Action::EndRecall { target: RecallTarget::Lot(lot(1)) }, &[], Code::NotIssuer);
    w.ok("reg", Action::EndRecall { target: RecallTarget::Lot(lot(1)) }, &[]);
    w.ok("maker", offer(1, "dist"), &[1]);
    let dispute = |partner: &str| Action::Dispute { event: Commitment([5; 32]), partner: Some(id(partner)) };
    w.no("maker", dispute("maker"), &[], Code::WrongParty);
    w.no("maker", dispute("nobody"), &[], Code::UnknownParty);
    w.ok("maker", dispute("dist"), &[]);
    w.no("maker", dispute("dist"), &[], Code::AlreadyDisputed);
    w.ok("dist", dispute("maker"), &[]);
    w
}

fn consents() -> World {
    let mut w = World::stocked();
    w.hand("maker", "pharm", 1, &[1, 2, 3]);
    let revoke = |number: u8, version| Action::RevokeConsent {
        consent: ConsentId([number; 16]),
        version,
        signed_by: SignedBy::Patient,
    };
    let register = |consent| Action::RegisterConsent(consent);
    let good = consent(1, None, Purpose::DispenseRecord);
    w.no("pharm", register(Consent { until: Some(good.from), ..good.clone() }), &[], Code::ConsentPeriod);
    w.no("pharm", register(consent(1, Some("nobody"), Purpose::Care)), &[], Code::UnknownParty);
    w.no("pharm", register(Consent { data: vec![], ..good.clone() }), &[], Code::ConsentData);
    let twice = vec![DataKind::Dispense, DataKind::Dispense];
    w.no("pharm", register(Consent { data: twice, ..good.clone() }), &[], Code::ConsentData);
    let telling = Consent { form: DataForm::Full, ..consent(1, None, Purpose::PublicHealthResearch) };
    w.no("pharm", register(telling), &[], Code::ConsentData);
    w.ok("corner", register(good.clone()), &[]);
    w.no("pharm", register(good), &[], Code::ConsentExists);
    w.ok("pharm", register(consent(2, None, Purpose::Care)), &[]);
    w.ok("pharm", register(consent(3, Some("corner"), Purpose::DispenseRecord)), &[]);
    let later = Timestamp(w.time + 1);
    w.ok("pharm", register(Consent { from: later, ..consent(4, None, Purpose::DispenseRecord) }), &[]);
    w.no("maker", dispense(1, 1), &[4], Code::RoleNotAllowed);
    w.no("pharm", dispense(9, 1), &[1], Code::UnknownConsent);
    w.no("pharm", dispense(1, 2), &[1], Code::ConsentVersion);
    w.no("pharm", dispense(2, 1), &[1], Code::ConsentPurpose);
    w.no("pharm", dispense(3, 1), &[1], Code::ConsentGrantee);
    w.no("pharm", dispense(4, 1), &[1], Code::ConsentNotInForce);
    w.no("pharm", dispense(1, 1), &[1, 1], Code::NotActive);
    w.no("pharm", dispense(1, 1), &[4], Code::NotHolder);
    w.ok("pharm", dispense(1, 1), &[1]);
    let amend = |number, purpose, version| Action::AmendConsent { consent: consent(number, None, purpose), version };
    w.no("pharm", amend(1, Purpose::DispenseRecord, 1), &[], Code::NotCustodian);
    w.no("pharm", amend(3, Purpose::Care, 1), &[], Code::ConsentIdentity);
    w.no("pharm", amend(3, Purpose::DispenseRecord, 2), &[], Code::ConsentVersion);
    w.no("pharm", amend(8, Purpose::DispenseRecord, 1), &[], Code::UnknownConsent);
    w.ok("pharm", amend(3, Purpose::DispenseRecord, 1), &[]);
    w.no("pharm", dispense(3, 1), &[3], Code::ConsentVersion);
    w.ok("pharm", dispense(3, 2), &[3]);
    w.no("pharm", revoke(1, 1), &[], Code::NotCustodian);
    w.no("corner", revoke(8, 1), &[], Code::UnknownConsent);
    w.no("corner", revoke(1, 2), &[], Code::ConsentVersion);
    w.ok("corner", revoke(1, 1), &[]);
    w.no("corner", revoke(1, 2), &[], Code::ConsentRevoked);
    w.no("corner", amend(1, Purpose::DispenseRecord, 2), &[], Code::ConsentRevoked);
    w.no("pharm", dispense(1, 1), &[2], Code::ConsentRevoked);
    w.ok("pharm", Action::Decommission { reason: DecommissionReason::Supplied }, &[2]);
    w.ok("pharm", Action::Undo { not_supplied: true }, &[1]);
    w
}

fn models() -> World {
    let mut w = World::new();
    let promote = |number: u8| Action::PromoteModel { model: ModelId([number; 32]) };
    let back = |kind: &str| Action::RollBackModel { kind: kind.to_owned() };
    let decision = |model: u8, case: u8, score_millionths| {
        let (model, case) = (ModelId([model; 32]), Commitment([case; 32]));
        Action::RecordDecision(Decision { model, case, features: [9; 32], score_millionths })
    };
    w.no("reg", Action::RegisterModel(frozen(1, "", None)), &[], Code::ModelInvalid);
    w.no("reg", Action::RegisterModel(frozen(1, "Detect", None)), &[], Code::ModelInvalid);
    w.no("reg", Action::RegisterModel(frozen(1, &"d".repeat(33), None)), &[], Code::ModelInvalid);
    let code = |code: &str| Action::RegisterModel(Model { code: code.to_owned(), ..frozen(1, "detect", None) });
    w.no("reg", code(""), &[], Code::ModelInvalid);
    w.no("reg", code("main"), &[], Code::ModelInvalid);
    w.no("reg", code(&"a".repeat(65)), &[], Code::ModelInvalid);
    w.no("reg", Action::RegisterModel(frozen(1, "detect", Some(7))), &[], Code::UnknownModel);
    w.ok("reg", Action::RegisterModel(frozen(1, "detect", None)), &[]);
    w.no("reg", Action::RegisterModel(frozen(1, "detect", None)), &[], Code::ModelExists);
    w.ok("maker", Action::RegisterModel(frozen(1, "detect", None)), &[]);
    w.ok("reg", Action::RegisterModel(frozen(2, "detect", Some(1))), &[]);
    w.no("reg", promote(1), &[], Code::SecondPersonRequired);
    w.no("dist", promote(1), &[], Code::UnknownModel);
    w.no("reg", back("detect"), &[], Code::NothingToRollBack);
    w.no("reg", decision(1, 1, 5), &[], Code::ModelNotPromoted);
    w.submit(w.signed("reg", 2, promote(1))).expect("a second person");
    w.no_entry(w.signed("reg", 2, promote(1)), Code::ModelInUse);
    w.no("reg", back("detect"), &[], Code::NothingToRollBack);
    w.no("reg", decision(1, 1, limits::SCORE_MILLIONTHS_MAX + 1), &[], Code::ScoreInvalid);
    w.no("reg", decision(9, 1, 5), &[], Code::UnknownModel);
    w.ok("reg", decision(1, 1, limits::SCORE_MILLIONTHS_MAX), &[]);
    w.no("reg", decision(1, 1, 5), &[], Code::DecisionExists);
    w.submit(w.signed("reg", 2, promote(2))).expect("a second person");
    w.ok("reg", decision(1, 2, 0), &[]);
    w.ok("reg", back("detect"), &[]);
    w.no("reg", back("detect"), &[], Code::NothingToRollBack);
    let in_use = |party: &str| read::model_in_use(&w.state, &id(party), "detect").expect("readable");
    assert_eq!(in_use("reg").map(|record| record.model), Some(ModelId([1; 32])));
    assert_eq!(in_use("maker"), None, "each party's models are its own");
    w
}

fn cases() -> World {
    let mut w = World::new();
    let (case, other) = (CaseId([1; 16]), CaseId([2; 16]));
    let step = |step| Action::MoveCase { case, step };
    let stage = |w: &World| read::case(&w.state, &case).expect("readable").expect("raised").stage;
    w.no("maker", Action::RaiseCase(case), &[1], Code::ItemsNotAllowed);
    w.ok("pharm", Action::RaiseCase(case), &[]);
    w.no("reg", Action::RaiseCase(case), &[], Code::CaseExists);
    w.no("pharm", step(CaseStep::Close(CaseOutcome::Technical)), &[], Code::RoleNotAllowed);
    w.no("reg", Action::MoveCase { case: other, step: CaseStep::Escalate }, &[], Code::UnknownCase);
    w.no("reg", step(CaseStep::Reopen), &[], Code::CaseOpen);
    w.no("reg", step(CaseStep::Assign(id("maker"))), &[], Code::WrongParty);
    w.no("reg", step(CaseStep::Assign(id("nobody"))), &[], Code::UnknownParty);
    assert_eq!(stage(&w), CaseStage::New);
    w.ok("reg", step(CaseStep::Close(CaseOutcome::Process)), &[]);
    w.no("reg", step(CaseStep::Escalate), &[], Code::CaseClosed);
    w.ok("reg", step(CaseStep::Reopen), &[]);
    assert_eq!(stage(&w), CaseStage::New, "nobody ever had it");
    w.ok("reg", step(CaseStep::Assign(id("reg"))), &[]);
    assert_eq!(stage(&w), CaseStage::Investigating);
    w.ok("reg", step(CaseStep::Escalate), &[]);
    w.no("reg", step(CaseStep::Escalate), &[], Code::CaseEscalated);
    w.ok("reg", step(CaseStep::Assign(id("reg"))), &[]);
    assert_eq!(stage(&w), CaseStage::Escalated, "another person has it there");
    w.ok("reg", step(CaseStep::Close(CaseOutcome::Falsified)), &[]);
    assert_eq!(stage(&w), CaseStage::Closed(CaseOutcome::Falsified));
    w.ok("reg", step(CaseStep::Reopen), &[]);
    assert_eq!(stage(&w), CaseStage::Investigating);
    w
}

fn access() -> World {
    let mut w = World::new();
    let anchor =
        |first, count| Action::AnchorAccess(AccessAnchor { log: AccessLogId([1; 16]), first, count, root: [2; 32] });
    w.no("pharm", anchor(1, 1), &[], Code::AnchorPlace);
    w.no("pharm", anchor(0, 0), &[], Code::AnchorPlace);
    w.no("pharm", anchor(0, limits::ACCESS_RECORDS_PER_ANCHOR_MAX + 1), &[], Code::LimitExceeded);
    w.ok("pharm", anchor(0, 3), &[]);
    w.no("pharm", anchor(0, 3), &[], Code::AnchorPlace);
    w.no("pharm", anchor(4, 1), &[], Code::AnchorPlace);
    w.no("corner", anchor(3, 1), &[], Code::NotLogKeeper);
    w.ok("pharm", anchor(3, 1), &[]);
    let kept = read::access_log(&w.state, &AccessLogId([1; 16])).expect("readable").expect("anchored");
    assert_eq!((kept.party, kept.records), (id("pharm"), 4));
    let credential = CredentialId([3; 32]);
    w.no("pharm", Action::RevokeCredential(credential), &[], Code::RoleNotAllowed);
    assert_eq!(read::revoked_credential(&w.state, &credential).expect("readable"), None);
    w.ok("reg", Action::RevokeCredential(credential), &[]);
    w.no("reg", Action::RevokeCredential(credential), &[], Code::CredentialRevoked);
    let mark = read::revoked_credential(&w.state, &credential).expect("readable").expect("revoked");
    assert_eq!(mark.by, id("reg"));
    let erasure = ErasureId([4; 32]);
    w.no("pharm", Action::Erase(erasure), &[1], Code::ItemsNotAllowed);
    w.ok("pharm", Action::Erase(erasure), &[]);
    w.no("pharm", Action::Erase(erasure), &[], Code::AlreadyErased);
    assert_eq!(read::erasure(&w.state, &erasure).expect("readable").map(|mark| mark.by), Some(id("pharm")));
    w
}

fn studies() -> World {
    let mut w = World::new();
    let study = StudyId([1; 16]);
    let step = |step| Action::MoveStudy { study, step };
    let sites = |names: &[&str]| names.iter().map(|name| id(name)).collect::<Vec<_>>();
    let register = |names: &[&str]| step(StudyStep::Register { kind: StudyKind::Interventional, sites: sites(names) });
    let document = |name: u8, kind, version, content: u8| {
        let (document, content) = (DocumentId([name; 16]), ContentKey([content; 32]));
        step(StudyStep::Anchor(StudyDocument { document, kind, version, content }))
    };
    let sign = |content: u8, meaning| step(StudyStep::Sign { content: ContentKey([content; 32]), meaning });
    let (protocol, report, approval) =
        (DocumentKind::Protocol, DocumentKind::CaseReportForm, SignatureMeaning::Approval);
    w.no("dist", register(&[]), &[], Code::RoleNotAllowed);
    w.no("maker", register(&["pharm", "corner"]), &[], Code::StudySites);
    w.no("maker", register(&["pharm", "pharm"]), &[], Code::StudySites);
    w.no("maker", register(&["maker"]), &[], Code::StudySites);
    w.no("maker", register(&["nobody"]), &[], Code::UnknownParty);
    w.no("maker", register(&["pharm"; limits::SITES_PER_STUDY_MAX + 1]), &[], Code::LimitExceeded);
    w.no("maker", document(1, protocol, 1, 1), &[], Code::UnknownStudy);
    w.ok("maker", register(&["pharm"]), &[]);
    w.no("maker", register(&["pharm"]), &[], Code::StudyExists);
    w.no("maker", register(&["pharm"]), &[1], Code::ItemsNotAllowed);
    w.no("pharm", document(1, protocol, 1, 1), &[], Code::NotSponsor);
    w.no("corner", document(2, report, 1, 2), &[], Code::NotInStudy);
    w.no("maker", document(1, protocol, 2, 1), &[], Code::DocumentVersion);
    w.ok("maker", document(1, protocol, 1, 1), &[]);
    w.no("maker", document(1, protocol, 1, 3), &[], Code::DocumentVersion);
    w.no("maker", document(1, report, 2, 3), &[], Code::DocumentKind);
    w.no("maker", document(1, protocol, 2, 1), &[], Code::DocumentExists);
    w.ok("pharm", document(2, report, 1, 2), &[]);
    w.no("maker", document(2, report, 2, 3), &[], Code::NotAuthor);
    w.no("corner", sign(1, approval), &[], Code::NotInStudy);
    w.no("pharm", sign(9, approval), &[], Code::UnknownDocument);
    w.ok("pharm", sign(1, approval), &[]);
    w.ok("reg", sign(1, approval), &[]);
    w.ok("maker", document(1, protocol, 2, 4), &[]);
    w.no("pharm", sign(1, approval), &[], Code::DocumentVersion);
    for _ in 0..limits::SIGNATURES_PER_VERSION_MAX {
        w.ok("reg", sign(4, SignatureMeaning::Review), &[]);
    }
    w.no("reg", sign(4, approval), &[], Code::LimitExceeded);
    let version =
        |content: u8| read::version(&w.state, &study, &ContentKey([content; 32])).expect("readable").expect("anchored");
    assert_eq!(
        version(1).signatures.iter().map(|signature| &signature.by.by).collect::<Vec<_>>(),
        [&id("pharm"), &id("reg")]
    );
    assert_eq!(version(4).previous, Some(ContentKey([1; 32])), "the versions are a chain");
    w.no("pharm", step(StudyStep::SetSites(vec![])), &[], Code::NotSponsor);
    w.ok("maker", step(StudyStep::SetSites(sites(&["corner"]))), &[]);
    w.no("pharm", document(2, report, 2, 5), &[], Code::NotInStudy);
    w.ok("corner", document(3, report, 1, 5), &[]);
    w
}

fn claims() -> World {
    let mut w = World::stocked();
    for payer in ["insurer", "fund"] {
        w.ok("maker", Action::Admit(party(payer, Role::Payer)), &[]);
        w.ok("dist", Action::Admit(party(payer, Role::Payer)), &[]);
    }
    w.hand("maker", "pharm", 1, &[1, 2, 3]);
    w.ok("pharm", Action::RegisterConsent(consent(1, None, Purpose::DispenseRecord)), &[]);
    w.ok("pharm", dispense(1, 1), &[1, 2, 3]);
    let id_of = record::dispense_id(&w.last(), 0);
    let step = |step| Action::MoveClaim { dispense: id_of, step };
    let submit = |payer: &str, packs| step(ClaimStep::Submit { payer: id(payer), packs });
    let claim = Commitment([9; 32]);
    let judge = |verdict| step(ClaimStep::Adjudicate { claim, verdict });
    let (pay, reverse, withdraw) =
        (step(ClaimStep::Pay { claim }), step(ClaimStep::Reverse { claim }), step(ClaimStep::Withdraw { claim }));
    let never = Action::MoveClaim { dispense: DispenseId([0; 16]), step: ClaimStep::Pay { claim } };
    w.no("insurer", never, &[], Code::UnknownDispense);
    w.no("pharm", pay.clone(), &[1], Code::ItemsNotAllowed);
    w.no("pharm", withdraw.clone(), &[], Code::UnknownClaim);
    w.no("insurer", submit("insurer", 3), &[], Code::RoleNotAllowed);
    w.no("corner", submit("insurer", 3), &[], Code::NotDispenser);
    w.no("pharm", submit("reg", 3), &[], Code::WrongParty);
    w.no("pharm", submit("nobody", 3), &[], Code::UnknownParty);
    w.no("pharm", submit("insurer", 4), &[], Code::ClaimQuantity);
    let early = Command { happened: Timestamp(w.time - 1), ..w.command("pharm", submit("insurer", 3), &[]) };
    let early = w.transaction("pharm", vec![early]);
    w.no_entry(early, Code::ClaimOrder);
    w.ok("pharm", submit("insurer", 3), &[]);
    w.no("pharm", submit("insurer", 3), &[], Code::ClaimExists);
    w.no("pharm", submit("fund", 3), &[], Code::ClaimExists);
    w.no("fund", judge(ClaimVerdict::Accepted), &[], Code::NotPayer);
    w.no("corner", withdraw.clone(), &[], Code::NotDispenser);
    w.no("insurer", pay.clone(), &[], Code::ClaimStage);
    let other = Commitment([8; 32]);
    w.no("insurer", step(ClaimStep::Pay { claim: other }), &[], Code::UnknownClaim);
    // Refused, it may be handed in again; taken back, too.
    w.ok("insurer", judge(ClaimVerdict::Refused), &[]);
    w.no("insurer", pay.clone(), &[], Code::ClaimStage);
    w.ok("pharm", submit("fund", 3), &[]);
    w.ok("pharm", withdraw.clone(), &[]);
    w.ok("pharm", submit("insurer", 3), &[]);
    // The patient takes the consent back: the dispense was lawful, and is paid.
    w.ok(
        "pharm",
        Action::RevokeConsent { consent: ConsentId([1; 16]), version: 1, signed_by: SignedBy::Custodian },
        &[],
    );
    w.ok("insurer", judge(ClaimVerdict::Partly), &[]);
    w.no("insurer", judge(ClaimVerdict::Accepted), &[], Code::ClaimStage);
    w.ok("insurer", pay.clone(), &[]);
    w.no("insurer", pay.clone(), &[], Code::ClaimStage);
    w.no("pharm", withdraw, &[], Code::ClaimStage);
    w.no("pharm", submit("fund", 3), &[], Code::ClaimExists);
    w.no("insurer", reverse.clone(), &[], Code::DispenseStands);
    w.ok("pharm", Action::Undo { not_supplied: true }, &[3]);
    w.no("pharm", reverse.clone(), &[], Code::NotPayer);
    w.ok("insurer", reverse, &[]);
    w.no("pharm", submit("fund", 3), &[], Code::ClaimQuantity);
    w.ok("pharm", submit("fund", 2), &[]);
    w.ok("pharm", Action::Undo { not_supplied: true }, &[1, 2]);
    w.no("fund", judge(ClaimVerdict::Accepted), &[], Code::DispenseUndone);
    w.ok("fund", judge(ClaimVerdict::Refused), &[]);
    let kept = read::claim(&w.state, &id_of).expect("readable").expect("claimed");
    assert_eq!((kept.claimant, kept.payer, kept.packs), (id("pharm"), id("fund"), 2));
    w
}
