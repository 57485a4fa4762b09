mod owner;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::value::RawValue;
use veridose_contract::{
    AccessAnchor, AccessLogId, Action, Body, CaseId, CaseOutcome, CaseStep, Certificate, ClaimStep, ClaimVerdict,
    Command, Commitment, Consent, ConsentId, ContentKey, CredentialId, Day, Decision, DecommissionReason, Discrepancy,
    DiscrepancyKind, DispenseId, DocumentId, DocumentKind, Fingerprint, HandoffKind, Header, IdempotencyKey, ItemKey,
    LotKey, Model, ModelId, OfferId, Party, PartyId, ProductKey, Purpose, QuarantineTarget, RecallTarget, Role,
    Signature, SignatureMeaning, SignedBy, Site, StudyDocument, StudyId, StudyKind, StudyStep, Subject, Timestamp,
    Transaction,
};

use crate::payload::{Lot, Product, Recall};
use crate::testing::{databases, founding, party};
use crate::{
    DocumentState, EventFilter, HandoffSide, HandoffState, PackState, PageRequest, PartyState, Payload, Store,
    StoreError, Viewer,
};

const NAMES: [&str; 4] = ["maker", "wholesaler", "pharmacy", "agency"];

fn fingerprint(of: &str) -> Fingerprint {
    let mut bytes = [0; 32];
    bytes[..of.len()].copy_from_slice(of.as_bytes());
    Fingerprint(bytes)
}

fn transaction(by: &str, time: i64, commands: Vec<Command>) -> Transaction {
    let body = Body { commands };
    let header = Header {
        version: Header::VERSION,
        network: founding().network,
        idempotency_key: IdempotencyKey([0; 16]),
        time: Timestamp(time),
        creator: fingerprint(by),
        body_root: body.root(),
    };
    Transaction { header, signature: Signature([0; 64]), body }
}

fn command(action: Action, payload: Commitment, items: Vec<ItemKey>) -> Command {
    Command { action, happened: Timestamp(1_000), site: Some(Site(9_506_000_134_352)), payload, items }
}

fn certificate(name: &str) -> Action {
    Action::RegisterCertificate(Certificate {
        fingerprint: fingerprint(name),
        party: party(name),
        role: Role::Manufacturer,
        site: None,
        not_before: Timestamp(0),
        not_after: Timestamp(i64::MAX),
        der: Vec::new(),
    })
}

/// Every member's first certificate registers itself.
fn beginnings() -> Vec<Transaction> {
    NAMES
        .iter()
        .map(|name| transaction(name, 1, vec![command(certificate(name), Commitment([0; 32]), vec![])]))
        .collect()
}

async fn apply(store: &Store, first: u64, transactions: &[Transaction]) -> Result<u64, StoreError> {
    let entries: Vec<(u64, &Transaction)> = (first..).zip(transactions).collect();
    store.projection.apply(&entries).await
}

fn event_json(number: usize) -> Payload {
    let json = format!(
        r#"{{"type":"ObjectEvent","eventID":"urn:event:{number}","action":"OBSERVE","bizStep":"shipping",
        "disposition":"in_transit","readPoint":{{"id":"urn:place:{number}"}},
        "bizTransactionList":[{{"type":"po","bizTransaction":"urn:po:{number}"}},{{"bizTransaction":"urn:x"}}]}}"#
    );
    Payload::Event(RawValue::from_string(json).expect("well-formed JSON"))
}

/// Documents of every kind, the last three of them a patient's.
async fn documents(store: &Store, patient: &str) -> Vec<Commitment> {
    let expiry = time::Date::from_calendar_date(2030, time::Month::May, 31).expect("a day");
    let product = Product {
        gtin: "09506000134352".to_owned(),
        name: "Medicine".to_owned(),
        ndc: None,
        strength: None,
        dosage_form: None,
        package: None,
    };
    let lot = Lot { gtin: "09506000134352".to_owned(), lot: "L1".to_owned(), expiry };
    let recall = Recall { reason: "glass".to_owned(), instructions: None };
    let open = [
        Payload::Product(product),
        Payload::Lot(lot.clone()),
        Payload::Recall(recall.clone()),
        event_json(1),
        event_json(2),
    ];
    let of_patient = [event_json(3), Payload::Recall(recall), Payload::Lot(lot)];
    let sealed = store.vault.seal(&party("maker"), None, &open, &[]).await.expect("sealed");
    let erasable = store.vault.seal_patient(&party("pharmacy"), patient, None, &of_patient, &[]).await.expect("sealed");
    let absent = Commitment([0xAB; 32]);
    sealed.commitments.into_iter().chain(erasable.commitments).chain([absent]).collect()
}

/// Any command over few names, so that commands meet each other's rows.
fn any_action() -> impl Strategy<Value = (Action, Vec<ItemKey>)> {
    let item = (0u8..6).prop_map(|n| ItemKey([n; 32]));
    let lot = (0u8..2).prop_map(|n| LotKey([n; 32]));
    let product = (0u8..2).prop_map(|n| ProductKey([n; 32]));
    let offer = (0u8..3).prop_map(|n| OfferId([n; 16]));
    let member = (0usize..5).prop_map(|n| party(["maker", "wholesaler", "pharmacy", "agency", "newcomer"][n]));
    let kind = prop_oneof![Just(DiscrepancyKind::Missing), Just(DiscrepancyKind::Surplus)];
    let discrepancy = (item.clone(), kind).prop_map(|(item, kind)| Discrepancy { item, kind });
    let recalled = prop_oneof![
        Just(RecallTarget::Items),
        lot.clone().prop_map(RecallTarget::Lot),
        product.clone().prop_map(RecallTarget::Product)
    ];
    let apart = prop_oneof![Just(QuarantineTarget::Items), lot.clone().prop_map(QuarantineTarget::Lot)];
    let consent = (0u8..2).prop_map(|n| ConsentId([n; 16]));
    let goods = prop_oneof![
        product.clone().prop_map(Action::RegisterProduct),
        (lot.clone(), product).prop_map(|(lot, product)| Action::RegisterLot { lot, product, expiry: Day(22_000) }),
        lot.clone().prop_map(|lot| Action::Commission { lot }),
        Just(Action::CommissionContainers),
        item.clone().prop_map(|parent| Action::Aggregate { parent, create: true }),
        item.clone().prop_map(|parent| Action::Disaggregate { parent }),
        (prop::collection::vec(item.clone(), 0..3), lot).prop_map(|(inputs, lot)| Action::Transform { inputs, lot }),
        Just(Action::Decommission { reason: DecommissionReason::Stolen }),
        consent
            .clone()
            .prop_map(|consent| { Action::Dispense { consent, version: 1, prescription: Commitment([3; 32]) } }),
        Just(Action::Undo { not_supplied: true }),
    ];
    let answers = prop_oneof![
        (offer.clone(), member.clone()).prop_map(|(offer, to)| Action::Offer { offer, to, kind: HandoffKind::Return }),
        (offer.clone(), prop::collection::vec(discrepancy, 0..3))
            .prop_map(|(offer, discrepancies)| Action::Accept { offer, discrepancies }),
        offer.clone().prop_map(|offer| Action::Reject { offer }),
        offer.prop_map(|offer| Action::Withdraw { offer }),
        apart.clone().prop_map(Action::Quarantine),
        apart.prop_map(Action::Release),
        (recalled.clone(), 1u8..4).prop_map(|(target, class)| Action::Recall { target, class }),
        recalled.prop_map(|target| Action::EndRecall { target }),
        Just(Action::Anchor),
        Just(Action::Dispute { event: Commitment([1; 32]), partner: None }),
    ];
    let members = prop_oneof![
        (member.clone(), any::<bool>()).prop_map(|(id, one)| Action::Admit(newcomer(id, if one { "A" } else { "B" }))),
        member.clone().prop_map(|id| Action::UpdateParty(newcomer(id, "C"))),
        member.clone().prop_map(Action::SuspendParty),
        member.clone().prop_map(Action::ReinstateParty),
        Just(Action::RevokeCertificate(fingerprint("maker"))),
        (consent.clone(), member.clone()).prop_map(|(id, grantee)| Action::RegisterConsent(care(id, grantee))),
        (consent.clone(), member.clone())
            .prop_map(|(id, grantee)| Action::AmendConsent { consent: care(id, grantee), version: 1 }),
        consent.prop_map(|consent| Action::RevokeConsent { consent, version: 1, signed_by: SignedBy::Patient }),
        Just(Action::RevokeCredential(CredentialId([1; 32]))),
        // The contract takes each place once.
        (0u64..1 << 60).prop_map(|first| {
            Action::AnchorAccess(AccessAnchor { log: AccessLogId([1; 16]), first, count: 1, root: [2; 32] })
        }),
    ];
    let found = found(member);
    (prop_oneof![6 => goods, 6 => answers, 1 => members, 1 => found], prop::collection::vec(item, 0..4))
}

/// Models, what they said, and cases.
fn found(member: impl Strategy<Value = PartyId> + Clone) -> impl Strategy<Value = Action> {
    let site = member.clone();
    let case = (0u8..2).prop_map(|n| CaseId([n; 16]));
    let step = prop_oneof![
        member.prop_map(CaseStep::Assign),
        Just(CaseStep::Escalate),
        Just(CaseStep::Close(CaseOutcome::Stolen)),
        Just(CaseStep::Reopen),
    ];
    prop_oneof![
        any::<[u8; 32]>().prop_map(|id| Action::RegisterModel(Model {
            id: ModelId(id),
            kind: "detector".to_owned(),
            snapshot: [1; 32],
            code: "a1".to_owned(),
            lock: [2; 32],
            seed: 3,
            parent: None,
        })),
        Just(Action::PromoteModel { model: ModelId([6; 32]) }),
        Just(Action::RollBackModel { kind: "detect".to_owned() }),
        (0..=1_000_000_u32).prop_map(|score_millionths| Action::RecordDecision(Decision {
            model: ModelId([6; 32]),
            case: Commitment([7; 32]),
            features: [8; 32],
            score_millionths,
        })),
        case.clone().prop_map(Action::RaiseCase),
        (case, step).prop_map(|(case, step)| Action::MoveCase { case, step }),
        study_step(site.clone()).prop_map(|step| Action::MoveStudy { study: StudyId([9; 16]), step }),
        claim_step(site).prop_map(|step| Action::MoveClaim { dispense: DispenseId([3; 16]), step }),
    ]
}

fn study_step(site: impl Strategy<Value = PartyId> + Clone) -> impl Strategy<Value = StudyStep> {
    let sites = prop::collection::vec(site, 0..3);
    prop_oneof![
        sites.clone().prop_map(|sites| StudyStep::Register { kind: StudyKind::Observational, sites }),
        sites.prop_map(StudyStep::SetSites),
        any::<[u8; 32]>().prop_map(|content| StudyStep::Anchor(StudyDocument {
            document: DocumentId([1; 16]),
            kind: DocumentKind::Protocol,
            version: 1,
            content: ContentKey(content),
        })),
        Just(StudyStep::Sign { content: ContentKey([2; 32]), meaning: SignatureMeaning::Review }),
    ]
}

/// A step with a claim whose document may be one of those that were handed in.
fn claim_step(payer: impl Strategy<Value = PartyId> + Clone) -> impl Strategy<Value = ClaimStep> {
    let claim = (0u8..4).prop_map(|number| Commitment([number; 32]));
    let verdict = prop_oneof![Just(ClaimVerdict::Accepted), Just(ClaimVerdict::Partly), Just(ClaimVerdict::Refused)];
    prop_oneof![
        3 => (payer, 1u32..5).prop_map(|(payer, packs)| ClaimStep::Submit { payer, packs }),
        2 => (claim.clone(), verdict).prop_map(|(claim, verdict)| ClaimStep::Adjudicate { claim, verdict }),
        2 => claim.clone().prop_map(|claim| ClaimStep::Pay { claim }),
        1 => claim.clone().prop_map(|claim| ClaimStep::Reverse { claim }),
        1 => claim.prop_map(|claim| ClaimStep::Withdraw { claim }),
    ]
}

/// The action; a claim that it means is one whose document is of the pool.
fn of_pool(mut action: Action, pool: &[Commitment]) -> Action {
    if let Action::MoveClaim { step, .. } = &mut action {
        match step {
            ClaimStep::Submit { .. } => {}
            ClaimStep::Adjudicate { claim, .. }
            | ClaimStep::Pay { claim }
            | ClaimStep::Reverse { claim }
            | ClaimStep::Withdraw { claim } => *claim = pool[usize::from(claim.0[0])],
        }
    }
    action
}

fn care(id: ConsentId, grantee: PartyId) -> Consent {
    let consent = Consent::to_dispense_record(id, Subject([5; 32]), Timestamp(0));
    Consent { purpose: Purpose::Care, grantee: Some(grantee), ..consent }
}

fn newcomer(id: PartyId, name: &str) -> Party {
    let sites = vec![Site(9)];
    Party { id, name: name.to_owned(), role: Role::Pharmacy, sites, ca: Fingerprint([2; 32]), ca_der: Vec::new() }
}

/// Applies the transactions in small batches with an erasure half-way, then drops the view and applies all at once.
async fn a_rebuild_is_equal(store: &Store, transactions: &[Transaction], batch: usize, patient: &str) {
    let begun = beginnings();
    let mut next = apply(store, 0, &begun).await.expect("applied");
    for (number, some) in transactions.chunks(batch).enumerate() {
        next = apply(store, next, some).await.expect("applied");
        if number == transactions.len() / batch / 2 {
            store.vault.destroy_patient_key(patient).await.expect("destroyed");
        }
    }
    store.projection.apply(&[]).await.expect("takes in what was erased");
    let first = store.projection.dump().await.expect("dumped");
    store.projection.reset().await.expect("emptied");
    let all: Vec<Transaction> = begun.iter().chain(transactions).cloned().collect();
    apply(store, 0, &all).await.expect("applied again");
    let second = store.projection.dump().await.expect("dumped");
    for (one, two) in first.iter().zip(&second) {
        assert_eq!(one, two);
    }
    assert_eq!(first.len(), second.len());
}

#[test]
fn a_rebuild_gives_the_same_rows_whatever_happened() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let cases = [24, 6];
    let databases = runtime.block_on(databases("rebuild"));
    for (database, cases) in databases.iter().zip(cases) {
        let store = runtime.block_on(async { database.open().await });
        let case = std::cell::Cell::new(0);
        let commands = prop::collection::vec((any_action(), 0usize..9, 0usize..4), 1..5);
        let strategy = (prop::collection::vec(commands, 4..40), 1usize..9);
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new(config);
        runner
            .run(&strategy, |(script, batch)| {
                runtime.block_on(async {
                    // A patient erased by the case before stays erased, so each case has its own.
                    case.set(case.get() + 1);
                    let patient = format!("patient {}", case.get());
                    let pool = documents(&store, &patient).await;
                    let transactions: Vec<Transaction> = (10..)
                        .zip(script)
                        .map(|(time, commands)| {
                            let by = NAMES[commands[0].2];
                            let commands = commands.into_iter().map(|((action, items), document, _)| {
                                command(of_pool(action, &pool), pool[document], items)
                            });
                            transaction(by, time, commands.collect())
                        })
                        .collect();
                    store.projection.reset().await.expect("emptied");
                    a_rebuild_is_equal(&store, &transactions, batch, &patient).await;
                });
                Ok(())
            })
            .expect("a rebuild is equal");
    }
}

fn regulator() -> Viewer {
    Viewer::Regulator(party("agency"))
}

fn viewer(name: &str) -> Viewer {
    Viewer::Party(party(name))
}

fn item(number: u16) -> ItemKey {
    let mut key = [0; 32];
    key[..2].copy_from_slice(&number.to_be_bytes());
    ItemKey(key)
}

/// A batch, a pallet of its packs, an offer of pallet and a loose pack to the wholesaler that takes the pallet only.
fn trade(pool: &[Commitment]) -> Vec<Transaction> {
    let (product, lot, offer, pallet) = (ProductKey([1; 32]), LotKey([2; 32]), OfferId([3; 16]), item(9_999));
    let packs: Vec<ItemKey> = (0..500).map(item).collect();
    let missing = Discrepancy { item: item(7), kind: DiscrepancyKind::Missing };
    let later = Discrepancy { item: item(499), kind: DiscrepancyKind::Refused };
    vec![
        transaction(
            "maker",
            10,
            vec![
                command(Action::RegisterProduct(product), pool[0], vec![]),
                command(Action::RegisterLot { lot, product, expiry: Day(22_066) }, pool[1], vec![]),
                command(Action::Commission { lot }, pool[3], packs.clone()),
                command(Action::Aggregate { parent: pallet, create: true }, pool[3], packs[..499].to_vec()),
            ],
        ),
        transaction(
            "maker",
            20,
            vec![command(
                Action::Offer { offer, to: party("wholesaler"), kind: HandoffKind::Shipment },
                pool[4],
                vec![pallet, packs[499]],
            )],
        ),
        transaction(
            "wholesaler",
            30,
            vec![command(Action::Accept { offer, discrepancies: vec![missing] }, pool[4], vec![pallet])],
        ),
        transaction(
            "wholesaler",
            40,
            vec![command(Action::Accept { offer, discrepancies: vec![later] }, pool[4], vec![])],
        ),
        transaction("pharmacy", 50, vec![command(Action::Anchor, pool[5], vec![])]),
    ]
}

#[tokio::test]
async fn trade_becomes_rows_that_their_parties_see() {
    for database in databases("trade").await {
        let store = database.open().await;
        let pool = documents(&store, "one").await;
        apply(&store, 0, &beginnings()).await.expect("applied");
        let trade = trade(&pool);
        apply(&store, 4, &trade[..3]).await.expect("applied");
        let queries = &store.queries;
        let page = PageRequest::default();
        let offer = OfferId([3; 16]);
        let open = queries.handoff(&viewer("wholesaler"), &offer).await.expect("asked").expect("it is party to it");
        assert_eq!((open.state, open.items, open.remaining, open.discrepancies), (HandoffState::Offered, 2, 1, 1));
        apply(&store, 7, &trade[3..]).await.expect("applied");
        let done = queries.handoff(&viewer("maker"), &offer).await.expect("asked").expect("it is party to it");
        assert_eq!((done.state, done.remaining, done.discrepancies), (HandoffState::AcceptedInPart, 0, 2));
        assert!(queries.handoff(&viewer("pharmacy"), &offer).await.expect("asked").is_none());
        let items = queries.handoff_items(&viewer("maker"), &offer, &page).await.expect("asked").items;
        let accepted: Vec<_> = items.iter().filter(|row| row.accepted).map(|row| row.item).collect();
        assert_eq!((items.len(), accepted), (3, vec![item(9_999)]));
        assert!(queries.handoff_items(&viewer("pharmacy"), &offer, &page).await.expect("asked").items.is_empty());
        for (name, side, count) in [
            ("wholesaler", HandoffSide::Incoming, 1),
            ("wholesaler", HandoffSide::Outgoing, 0),
            ("maker", HandoffSide::Both, 1),
            ("pharmacy", HandoffSide::Both, 0),
        ] {
            let rows = queries.handoffs(&viewer(name), side, &[HandoffState::AcceptedInPart], &page).await;
            assert_eq!(rows.expect("asked").items.len(), count, "{name} {side:?}");
        }

        let pallet = queries.container(&viewer("wholesaler"), &item(9_999)).await.expect("asked").expect("holds it");
        assert_eq!((pallet.holder, pallet.tx_index), (party("wholesaler"), 6));
        assert!(queries.container(&viewer("maker"), &item(9_999)).await.expect("asked").is_none());
        let missing = queries.pack(&viewer("maker"), &item(7)).await.expect("asked").expect("still the maker's");
        assert_eq!(missing.state, PackState::Active);
        assert!(queries.pack(&regulator(), &item(8)).await.expect("asked").is_none(), "untouched packs have no row");

        let lot = queries.lot(&LotKey([2; 32])).await.expect("asked").expect("registered");
        assert_eq!((lot.commissioned, lot.number.as_deref(), lot.expiry.year()), (500, Some("L1"), 2030));
        let product = queries.product(&ProductKey([1; 32])).await.expect("asked").expect("registered");
        assert_eq!(product.details.map(|details| details.name).as_deref(), Some("Medicine"));
        assert_eq!(queries.products(&viewer("pharmacy"), &page).await.expect("asked").items.len(), 0);
        assert_eq!(queries.lots(&viewer("maker"), None, &page).await.expect("asked").items.len(), 1);
        let rows = store.projection.dump().await.expect("dumped");
        assert!(rows.len() < 100, "{} rows for 500 packs", rows.len());
    }
}

#[tokio::test]
async fn events_are_found_by_their_parameters_and_only_by_their_parties() {
    for database in databases("events").await {
        let store = database.open().await;
        let pool = documents(&store, "one").await;
        apply(&store, 0, &beginnings()).await.expect("applied");
        apply(&store, 4, &trade(&pool)).await.expect("applied");
        let count = async |viewer: &Viewer, filter: EventFilter| {
            let page = PageRequest { limit: Some(1_000), token: None };
            store.queries.events(viewer, &filter, &page).await.expect("asked").items.len()
        };
        let all = EventFilter::default;
        assert_eq!(count(&regulator(), all()).await, 12);
        assert_eq!(count(&viewer("maker"), all()).await, 8);
        assert_eq!(count(&viewer("wholesaler"), all()).await, 4);
        assert_eq!(count(&viewer("pharmacy"), all()).await, 2);
        assert_eq!(count(&regulator(), EventFilter { epcis_only: true, ..all() }).await, 6);
        let of = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(count(&regulator(), EventFilter { read_points: of(&["urn:place:2"]), ..all() }).await, 3);
        assert_eq!(count(&viewer("pharmacy"), EventFilter { read_points: of(&["urn:place:2"]), ..all() }).await, 0);
        let order = vec![(of(&["bizTransaction_po"]), of(&["urn:po:3", "urn:po:7"]))];
        assert_eq!(count(&regulator(), EventFilter { terms: order.clone(), ..all() }).await, 1);
        assert_eq!(count(&viewer("maker"), EventFilter { terms: order, ..all() }).await, 0);
        let any_order = EventFilter { terms: vec![(of(&["bizTransaction_po"]), Vec::new())], ..all() };
        let orders = count(&regulator(), any_order.clone()).await;
        assert!(orders > 1);
        assert_eq!(store.queries.count(&regulator(), &any_order, 100).await.expect("asked"), orders as u64);
        assert_eq!(store.queries.count(&regulator(), &any_order, 1).await.expect("asked"), 2, "not all are counted");
        let time =
            EventFilter { record_time_from: Some(Timestamp(20)), record_time_before: Some(Timestamp(40)), ..all() };
        assert_eq!(count(&regulator(), time).await, 2);
        let these =
            |commands: &[(u64, u32)]| EventFilter { commands: vec![commands.to_vec()], ..EventFilter::default() };
        assert_eq!(count(&regulator(), these(&[(4, 0), (4, 1), (5, 0)])).await, 3);
        assert_eq!(count(&viewer("pharmacy"), these(&[(4, 0)])).await, 0);
        assert_eq!(count(&regulator(), these(&[])).await, 0, "nothing matches nothing");
        let at = store.queries.events_at(&viewer("wholesaler"), &[4, 5, 6]).await.expect("asked");
        assert_eq!(at.iter().map(|row| (row.tx_index, row.command)).collect::<Vec<_>>(), [(5, 0), (6, 0)]);
        let one = store.queries.event(&viewer("pharmacy"), "urn:event:3").await.expect("asked");
        assert_eq!(one.map(|row| row.kind).as_deref(), Some("anchor"));
        assert!(store.queries.event(&viewer("pharmacy"), "urn:event:1").await.expect("asked").is_none());
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    for database in databases("pages").await {
        let store = database.open().await;
        let pool = documents(&store, "one").await;
        apply(&store, 0, &beginnings()).await.expect("applied");
        apply(&store, 4, &trade(&pool)).await.expect("applied");
        for descending in [false, true] {
            let order = crate::EventOrder { by: crate::OrderBy::RecordTime, descending };
            let filter = EventFilter { order, ..EventFilter::default() };
            let mut page = PageRequest { limit: Some(5), token: None };
            let mut seen = Vec::new();
            loop {
                let found = store.queries.events(&regulator(), &filter, &page).await.expect("asked");
                seen.extend(found.items.iter().map(|row| (row.tx_index, row.command)));
                page.token = found.next;
                if page.token.is_none() {
                    break;
                }
            }
            let mut sorted = seen.clone();
            sorted.sort_unstable();
            if descending {
                sorted.reverse();
            }
            assert_eq!((seen.len(), &seen), (12, &sorted));
            page.token = Some("7b".to_owned());
            let refused = store.queries.events(&regulator(), &filter, &page).await;
            assert!(matches!(refused, Err(StoreError::PageToken)), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn what_is_erased_becomes_a_tombstone_at_once() {
    for database in databases("tombstones").await {
        let store = database.open().await;
        let pool = documents(&store, "one").await;
        apply(&store, 0, &beginnings()).await.expect("applied");
        apply(&store, 4, &trade(&pool)).await.expect("applied");
        let row = async || store.queries.events_at(&viewer("pharmacy"), &[8]).await.expect("asked").remove(0);
        assert_eq!(
            (row().await.document, row().await.event_id.as_deref()),
            (DocumentState::Present, Some("urn:event:3"))
        );
        store.vault.destroy_patient_key("one").await.expect("destroyed");
        store.projection.apply(&[]).await.expect("takes it in");
        let erased = row().await;
        assert_eq!((erased.document, erased.event_id, erased.read_point), (DocumentState::Erased, None, None));
        let dump = store.projection.dump().await.expect("dumped").join("\n");
        assert!(!dump.contains("urn:po:3") && dump.contains("urn:po:2"));
    }
}

#[tokio::test]
async fn gaps_strangers_and_other_networks_are_refused() {
    for database in databases("refusals").await {
        let store = database.open().await;
        apply(&store, 0, &beginnings()).await.expect("applied");
        let more = [transaction("maker", 5, vec![])];
        assert!(matches!(apply(&store, 5, &more).await, Err(StoreError::Gap { expected: 4, given: 5 })));
        assert_eq!(apply(&store, 0, &beginnings()).await.expect("passed over"), 4);
        let stranger = [transaction("nobody", 5, vec![])];
        assert!(matches!(apply(&store, 4, &stranger).await, Err(StoreError::Unprojectable { index: 4, .. })));
        assert_eq!(store.projection.next_index().await.expect("asked"), 4);
        let other = crate::Founding { network: veridose_contract::NetworkId([8; 16]), ..founding() };
        let refused = Store::open(&database.url, crate::testing::master(), database.root.clone(), other).await;
        assert!(matches!(refused, Err(StoreError::OtherNetwork { .. })));
    }
}

#[tokio::test]
async fn a_newcomer_needs_the_threshold_of_the_same_words_by_active_members() {
    for database in databases("admission").await {
        let store = database.open().await;
        apply(&store, 0, &beginnings()).await.expect("applied");
        let say = |by: &str, action: Action| transaction(by, 9, vec![command(action, Commitment([0; 32]), vec![])]);
        let admit = |by: &str, name: &str| say(by, Action::Admit(newcomer(party("newcomer"), name)));
        let state = async || {
            let row = store.queries.party(&party("newcomer")).await.expect("asked");
            row.map(|row| (row.state, row.name))
        };
        apply(&store, 4, &[admit("maker", "A"), admit("wholesaler", "B")]).await.expect("applied");
        assert_eq!(state().await.map(|(state, _)| state), Some(PartyState::Proposed), "the words differ");
        apply(&store, 6, &[say("agency", Action::SuspendParty(party("maker")))]).await.expect("applied");
        apply(&store, 7, &[admit("agency", "A")]).await.expect("applied");
        assert_eq!(state().await.map(|(state, _)| state), Some(PartyState::Proposed), "the maker no longer counts");
        apply(&store, 8, &[admit("pharmacy", "A")]).await.expect("applied");
        assert_eq!(state().await, Some((PartyState::Member, "A".to_owned())));
    }
}
