//! Bytes that must never change: what is signed, what is hashed, what stands in the state.

use std::fmt::Write;

use super::world::{World, accept, consent, dispense, founders, frozen, id, item, lot, offer, party, product, site};
use crate::record::{Act, ItemKind, ItemRecord, ItemState, Mark, Nest, ParentLink, RecallMark, Record};
use crate::*;

fn actions() -> Vec<Action> {
    let (fingerprint, der) = (Fingerprint([4; 32]), vec![1, 2]);
    let certificate = Certificate {
        fingerprint,
        party: id("pharm"),
        role: Role::Pharmacy,
        site: Some(Site(5)),
        not_before: Timestamp(1),
        not_after: Timestamp(2),
        der,
    };
    vec![
        Action::Admit(party("x", Role::Regulator)),
        Action::UpdateParty(party("x", Role::Distributor)),
        Action::SuspendParty(id("x")),
        Action::ReinstateParty(id("x")),
        Action::RegisterCertificate(certificate),
        Action::RevokeCertificate(fingerprint),
        Action::RegisterProduct(product(1)),
        Action::RegisterLot { lot: lot(1), product: product(1), expiry: Day(20_000) },
        Action::Commission { lot: lot(1) },
        Action::CommissionContainers,
        Action::Aggregate { parent: item(1), create: true },
        Action::Disaggregate { parent: item(1) },
        Action::Transform { inputs: vec![item(1)], lot: lot(1) },
        offer(1, "x"),
        accept(1, &[(1, DiscrepancyKind::Damaged)]),
        Action::Reject { offer: OfferId([1; 16]) },
        Action::Withdraw { offer: OfferId([1; 16]) },
        Action::Decommission { reason: DecommissionReason::Destroyed },
        dispense(1, 2),
        Action::Undo { not_supplied: true },
        Action::Quarantine(QuarantineTarget::Lot(lot(1))),
        Action::Release(QuarantineTarget::Items),
        Action::Recall { target: RecallTarget::Product(product(1)), class: 2 },
        Action::EndRecall { target: RecallTarget::Items },
        Action::Anchor,
        Action::Dispute { event: Commitment([1; 32]), partner: Some(id("x")) },
        Action::RegisterConsent(consent(1, Some("x"), Purpose::Care)),
        Action::RevokeConsent { consent: ConsentId([1; 16]), version: 1, signed_by: SignedBy::Custodian },
        Action::RaiseCase(CaseId([1; 16])),
        Action::MoveCase { case: CaseId([1; 16]), step: CaseStep::Assign(id("x")) },
        Action::MoveCase { case: CaseId([1; 16]), step: CaseStep::Close(CaseOutcome::Diverted) },
    ]
}

/// Actions that came later: not in the transaction below, whose bytes stay.
fn later_actions() -> Vec<Action> {
    let model = ModelId([1; 32]);
    let decision = Decision { model, case: Commitment([2; 32]), features: [3; 32], score_millionths: 4 };
    let step = |step| Action::MoveStudy { study: StudyId([5; 16]), step };
    let claim = |step| Action::MoveClaim { dispense: DispenseId([11; 16]), step };
    vec![
        Action::RegisterModel(frozen(1, "detect", Some(2))),
        Action::PromoteModel { model },
        Action::RollBackModel { kind: "detect".to_owned() },
        Action::RecordDecision(decision),
        Action::AmendConsent {
            consent: Consent {
                credential: Some(CredentialKind::Researcher),
                form: DataForm::DeIdentified,
                signed_by: SignedBy::Patient,
                ..consent(1, None, Purpose::Study(StudyId([4; 16])))
            },
            version: 2,
        },
        Action::AnchorAccess(AccessAnchor { log: AccessLogId([5; 16]), first: 6, count: 7, root: [8; 32] }),
        Action::RevokeCredential(CredentialId([9; 32])),
        step(StudyStep::Register { kind: StudyKind::Observational, sites: vec![id("x")] }),
        step(StudyStep::SetSites(vec![id("x"), id("y")])),
        step(StudyStep::Anchor(StudyDocument {
            document: DocumentId([6; 16]),
            kind: DocumentKind::ConsentForm,
            version: 7,
            content: ContentKey([8; 32]),
        })),
        step(StudyStep::Sign { content: ContentKey([8; 32]), meaning: SignatureMeaning::Responsibility }),
        Action::Erase(ErasureId([10; 32])),
        claim(ClaimStep::Submit { payer: id("x"), packs: 3 }),
        claim(ClaimStep::Adjudicate { claim: Commitment([12; 32]), verdict: ClaimVerdict::Partly }),
        claim(ClaimStep::Pay { claim: Commitment([12; 32]) }),
        claim(ClaimStep::Reverse { claim: Commitment([12; 32]) }),
        claim(ClaimStep::Withdraw { claim: Commitment([12; 32]) }),
    ]
}

/// An item with every field set.
fn full_item() -> ItemRecord {
    let act = Act { by: id("pharm"), site: Some(Site(5)), at: Timestamp(6) };
    ItemRecord {
        disputed: true,
        parent: Some(ParentLink { parent: item(2), generation: 3 }),
        holder: Some(id("pharm")),
        nest: Some(Nest { generation: 1, children: 2, height: 1 }),
        state: ItemState::Decommissioned { reason: DecommissionReason::Locked, act },
        offer: Some(OfferId([7; 16])),
        recall: Some(RecallMark { class: 1, by: id("reg"), since: Timestamp(8) }),
        quarantine: Some(Mark { by: id("reg"), since: Timestamp(9) }),
        ..ItemRecord::new(ItemKind::Container, BatchId([1; 16]))
    }
}

#[test]
fn encodings_stay_as_they_are() {
    let mut text = String::new();
    let mut line = |name: &str, bytes: &[u8]| writeln!(text, "{name}: {}", hex::encode(bytes)).expect("a String");
    let world = World::new();
    let commands: Vec<Command> = actions().into_iter().map(|action| world.command("maker", action, &[1, 2])).collect();
    for (index, command) in commands.iter().enumerate() {
        line(&format!("action {index}"), &crate::transaction::encode(&command.action));
    }
    for (index, action) in (commands.len()..).zip(later_actions()) {
        line(&format!("action {index}"), &crate::transaction::encode(&action));
    }
    let (_, header, body) = world.transaction("maker", commands);
    line("command", &crate::transaction::encode(body.commands.get(24).expect("the anchor")));
    line("body root", &body.root());
    line("signing bytes", &header.signing_bytes());
    line("transaction id", header.id().as_bytes());
    line("batch id", record::batch_id(&header.id(), 1).as_bytes());
    line("network id", network_id(&founders()).as_bytes());
    line("untouched pack", &ItemRecord::new(ItemKind::Pack, BatchId([1; 16])).encode());
    line("fresh container", &ItemRecord::new(ItemKind::Container, BatchId([1; 16])).encode());
    line("item with everything", &full_item().encode());
    insta::assert_snapshot!(text);
    let transaction = Transaction { header, signature: Signature([2; 64]), body };
    assert_eq!(borsh::from_slice::<Transaction>(&transaction.encode()).expect("decodes"), transaction);
}

#[test]
fn an_untouched_pack_takes_19_bytes_and_comes_back_to_them() {
    let mut w = World::stocked();
    let fresh = ItemRecord::new(ItemKind::Pack, w.standing(1).batch_id).encode();
    assert_eq!(fresh.len(), 19);
    w.ok("maker", Action::Aggregate { parent: item(100), create: true }, &[1]);
    w.ok("maker", Action::Disaggregate { parent: item(100) }, &[1]);
    assert_eq!(w.state.get(&crate::key::item(&item(1))), Some(&fresh));
}

#[test]
fn records_that_are_not_canonical_are_refused() {
    let good = full_item().encode();
    assert_eq!(ItemRecord::decode(&good).expect("decodes"), full_item());
    for length in 0..good.len() {
        assert!(ItemRecord::decode(good.get(..length).expect("shorter")).is_err(), "cut to {length}");
    }
    let flip = |at: usize, byte: u8| {
        let mut bad = good.clone();
        *bad.get_mut(at).expect("inside") = byte;
        ItemRecord::decode(&bad).is_err()
    };
    assert!(flip(0, 2), "unknown version");
    assert!(flip(2, 0xff), "unknown flags");
    assert!(ItemRecord::decode(&[good.as_slice(), &[0]].concat()).is_err(), "trailing byte");
}

#[test]
fn leaf_indices_point_at_their_leaves() {
    let world = World::new();
    let commands = vec![world.command("maker", Action::Anchor, &[1, 2]), world.command("maker", Action::Anchor, &[3])];
    let body = Body { commands };
    let leaves: Vec<_> = body.leaves().map(|leaf| merkle::leaf_hash(&leaf)).collect();
    let third = [&[1, 1, 0, 0, 0], item(3).as_bytes().as_slice()].concat();
    let index = body.leaf_index(1, Some(0)).expect("there");
    assert_eq!((index, leaves.get(index)), (4, Some(&merkle::leaf_hash(&third))));
    assert_eq!(
        (body.leaf_index(1, None), body.leaf_index(0, Some(2)), body.leaf_index(2, None)),
        (Some(3), None, None)
    );
    let path = merkle::path(&leaves, index).expect("in range");
    assert!(merkle::verify(&merkle::leaf_hash(&third), 4, 5, &path, &body.root()));
}

#[test]
fn subtrees_and_ranges_of_leaves_are_those_of_the_whole_tree() {
    let world = World::new();
    for items in [0u16, 1, 254, 255, 256, 510, 511, 512, 1_500] {
        let numbers: Vec<u16> = (0..items).collect();
        let commands =
            [numbers.as_slice(), &[7], numbers.as_slice()].map(|items| world.command("maker", Action::Anchor, items));
        let body = Body { commands: commands.to_vec() };
        let leaves: Vec<_> = body.leaves().map(|leaf| merkle::leaf_hash(&leaf)).collect();
        assert_eq!((body.leaf_count(), body.root()), (leaves.len(), merkle::root(leaves.iter().copied())));
        let subtrees = body.subtrees();
        assert_eq!(subtrees.len(), leaves.len().div_ceil(SUBTREE_LEAVES));
        assert_eq!(merkle::root(subtrees.iter().copied()), body.root(), "{items} items");
        for (start, subtree) in (0..).step_by(SUBTREE_LEAVES).zip(&subtrees) {
            let part = body.leaf_hashes(start..start + SUBTREE_LEAVES);
            assert_eq!(leaves.get(start..start + part.len()), Some(part.as_slice()));
            assert_eq!(merkle::root(part.into_iter()), *subtree);
        }
        assert_eq!(body.leaf_hashes(leaves.len()..leaves.len() + 9), Vec::<[u8; 32]>::new());
    }
}

#[test]
fn a_network_needs_a_threshold_that_can_be_met_and_distinct_members() {
    let mut genesis = founders();
    genesis.admit_threshold = 7;
    assert!(matches!(genesis.check(), Err(GenesisError::Threshold { .. })));
    genesis.admit_threshold = 1;
    genesis.members.push(party("maker", Role::Pharmacy));
    assert_eq!(genesis.check(), Err(GenesisError::Duplicate(id("maker"))));
    genesis.members.pop();
    genesis.members.push(Party { sites: vec![], ..party("x", Role::Pharmacy) });
    assert!(matches!(genesis.check(), Err(GenesisError::Member { .. })));
    genesis.members.pop();
    genesis.members.push(Party { sites: vec![site("maker", 1)], ..party("x", Role::Pharmacy) });
    assert!(matches!(genesis.check(), Err(GenesisError::SiteTwice { .. })));
}
