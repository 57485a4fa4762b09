//! The host beside the embedded ledger: the same transactions, the same answers, the same state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use veridose_chaincode::host::Host;
use veridose_chaincode::shim::KeyPolicy;
use veridose_contract::{Action, Fingerprint, IdempotencyKey, Timestamp, Transaction, TxId};
use veridose_ledger::testing::{LOT, Member, Members, NOW, Random, Sequence, pack, packs};
use veridose_ledger::wire::{self, Refusals, Version, Why};
use veridose_ledger::{Committed, Embedded, SubmitError, Unauthentic};

use super::peer::{Done, Peer};
use super::shim::Served;

struct Pair {
    members: Members,
    ledger: Embedded,
    peer: Peer,
    _served: Served,
    _folder: tempfile::TempDir,
}

type Answer = Result<Committed, SubmitError>;

impl Pair {
    /// Both with certificates, product and lot.
    async fn new() -> Self {
        let pair = Self::bare().await;
        let network = pair.members.network.to_toml().into_bytes();
        assert_eq!(pair.peer.submit(wire::INIT, &[network]).await.response.status, 200);
        for transaction in pair.members.beginning() {
            pair.both(&transaction).await.expect("the beginning is accepted");
        }
        pair
    }

    async fn bare() -> Self {
        Self::bare_at(NOW).await
    }

    /// With a chaincode whose clock shows another time than the ledger's.
    async fn bare_at(now: Timestamp) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let members = Members::new();
        let ledger = members.open(folder.path());
        let served = Served::start(Host::new(Arc::new(move || now)), |_| {});
        let peer = Peer::connect(served.address).await;
        Self { members, ledger, peer, _served: served, _folder: folder }
    }

    /// Submits to both, and compares the answers.
    async fn both(&self, transaction: &Transaction) -> Answer {
        let answer = self.ledger.submit(transaction.clone()).await;
        let done = self.peer.submit(wire::SUBMIT, &[transaction.encode()]).await;
        assert_ne!(done.response.status, 500, "{}: {answer:?}, {transaction:?}", done.response.message);
        match refusals(&done) {
            None => {
                let ids: Vec<TxId> = borsh::from_slice(&done.response.payload).expect("a list of names");
                assert!(answer.as_ref().is_ok_and(|found| !found.repeated && ids == [found.id]), "{answer:?}");
            }
            Some(refusals) => {
                assert!(refusals.complete && refusals.refused.len() == 1, "{refusals:?}");
                assert_eq!(refusals.refused[0].id, transaction.header.id());
                compare(&answer, &refusals.refused[0].why);
            }
        }
        answer
    }

    /// Every record of one is the other's.
    fn compare_states(&self) -> usize {
        let ours: BTreeMap<_, _> = self.ledger.state().records().collect::<Result<_, _>>().expect("readable");
        let key = |key: String| wire::parse_state_key(&key).expect("a key of the contract");
        let theirs: BTreeMap<_, _> =
            self.peer.world().state.into_iter().map(|(name, value)| (key(name), value)).collect();
        assert_eq!(ours, theirs);
        ours.len()
    }
}

fn compare(answer: &Answer, why: &Why) {
    match (answer, why) {
        (Ok(committed), Why::Repeated { first }) => {
            assert!(committed.repeated && committed.id == *first, "{committed:?}, {first}");
        }
        (Err(SubmitError::Rejected(ours)), Why::Rejected(theirs)) => assert_eq!(ours, theirs),
        (Err(SubmitError::Unauthenticated(ours)), Why::Unauthenticated { reason }) => assert_eq!(ours, reason),
        (ours, theirs) => panic!("the ledger says {ours:?}, the chaincode {theirs:?}"),
    }
}

fn refusals(done: &Done) -> Option<Refusals> {
    match done.response.status {
        200 => None,
        wire::STATUS_REFUSED => Some(serde_json::from_str(&done.response.message).expect("refusals")),
        other => panic!("status {other}: {}", done.response.message),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_commands_are_answered_alike_and_leave_the_same_state() {
    let pair = Pair::new().await;
    let mut sequence = Sequence::new(&pair.members, 4);
    let (mut accepted, mut repeated, mut reasons) = (0, 0, BTreeSet::new());
    for number in 0..3_000 {
        let transaction = sequence.next(&pair.ledger.state());
        match pair.both(&transaction).await {
            Ok(committed) if committed.repeated => repeated += 1,
            Ok(_) => accepted += 1,
            Err(SubmitError::Rejected(rejection)) => {
                reasons.insert(rejection.code.as_str().to_owned());
            }
            Err(SubmitError::Unauthenticated(reason)) => {
                reasons.insert(format!("{reason:?}").chars().take_while(|c| c.is_alphanumeric()).collect());
            }
            Err(error) => panic!("{error}"),
        }
        if number % 500 == 0 {
            pair.compare_states();
        }
    }
    let records = pair.compare_states();
    println!("{accepted} accepted, {repeated} repeated, {records} records, reasons: {reasons:?}");
    assert!(accepted > 500 && repeated > 10, "{accepted} accepted, {repeated} repeated");
    assert!(reasons.len() > 40, "{reasons:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_answered_as_its_transactions_one_after_another() {
    let pair = Pair::new().await;
    let mut sequence = Sequence::new(&pair.members, 5);
    let mut random = Random(6);
    let (mut accepted, mut divided) = (0, 0);
    for _ in 0..400 {
        let state = pair.ledger.state();
        let mut group: Vec<_> = (0..=random.below(6)).map(|_| sequence.next(&state)).collect();
        let mut answers = Vec::new();
        for transaction in &group {
            answers.push(pair.ledger.submit(transaction.clone()).await);
        }
        let before = pair.peer.world();
        let arguments: Vec<_> = group.iter().map(Transaction::encode).collect();
        if let Some(refusals) = refusals(&pair.peer.submit(wire::SUBMIT, &arguments).await) {
            assert_eq!(pair.peer.world(), before, "a refusal writes nothing");
            let refused: BTreeMap<_, _> = refusals.refused.iter().map(|found| (found.index, &found.why)).collect();
            for (index, answer) in answers.iter().enumerate() {
                match refused.get(&index) {
                    Some(why) => compare(answer, why),
                    None => assert!(answer.as_ref().is_ok_and(|found| !found.repeated), "{answer:?}"),
                }
            }
            divided += 1;
            let mut index = 0;
            group.retain(|_| {
                index += 1;
                !refused.contains_key(&(index - 1))
            });
        }
        // Those that are left are accepted, unless they were on the first try.
        let missing: Vec<_> = group.iter().map(Transaction::encode).collect();
        if pair.peer.world() == before && !missing.is_empty() {
            let done = pair.peer.submit(wire::SUBMIT, &missing).await;
            assert_eq!(done.response.status, 200, "{}", done.response.message);
        }
        accepted += group.len();
        pair.compare_states();
    }
    println!("{accepted} accepted, {divided} groups divided");
    assert!(accepted > 200 && divided > 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_begins_once_and_its_membership_is_guarded() {
    let pair = Pair::bare().await;
    let version = async || {
        let done = pair.peer.evaluate("org.example:version", &[]).await;
        serde_json::from_slice::<Version>(&done.response.payload).expect("a version")
    };
    assert_eq!(version().await.network, None);
    let early = pair.peer.submit(wire::SUBMIT, &[pair.members.beginning()[0].encode()]).await;
    assert_eq!(early.response.status, wire::STATUS_FAULT);
    assert!(early.response.message.contains("call `init`"), "{}", early.response.message);

    let file = pair.members.network.to_toml().into_bytes();
    let msps = ["AMSP", "BMSP", "CMSP"].map(|name| name.as_bytes().to_vec());
    let arguments: Vec<_> = std::iter::once(file.clone()).chain(msps).collect();
    let begun = pair.peer.submit(wire::INIT, &arguments).await;
    assert_eq!(begun.response.payload, pair.members.network.id.to_string().into_bytes());
    assert_eq!(version().await.network, Some(pair.members.network.id));
    assert_eq!(version().await.contract, veridose_contract::VERSION);
    let again = pair.peer.submit(wire::INIT, &[file]).await;
    assert!(again.response.status == 200 && again.writes.is_empty(), "the same network once more");
    let other = pair.peer.submit(wire::INIT, &[Members::new().network.to_toml().into_bytes()]).await;
    assert_eq!(other.response.status, wire::STATUS_REFUSED);

    let policy = KeyPolicy::majority(["AMSP", "BMSP", "CMSP"].map(str::to_owned).to_vec()).encode();
    let registered = pair.members.beginning();
    let submitted = pair.peer.submit(wire::SUBMIT, &[registered[0].encode()]).await;
    assert_eq!(submitted.response.status, 200, "{}", submitted.response.message);
    let world = pair.peer.world();
    let guarded: BTreeSet<_> = world.policies.keys().collect();
    let membership: BTreeSet<_> = world
        .state
        .keys()
        .filter(|key| wire::parse_state_key(key).is_none_or(|key| veridose_contract::decides_membership(&key)))
        .collect();
    assert_eq!(guarded, membership);
    assert_eq!(guarded.len(), 11, "the network, four members and their sites, a certificate, the policy itself");
    assert!(world.policies.values().all(|found| *found == policy));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_majority_decides_who_endorses_changes_of_members() {
    let pair = Pair::bare().await;
    let file = pair.members.network.to_toml().into_bytes();
    let list = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>();
    let bare = pair.peer.submit(wire::ENDORSERS, &list(&["AMSP"])).await;
    assert_eq!(bare.response.status, wire::STATUS_REFUSED, "the network has not begun");
    // The peer's caller is of NorthMSP.
    let begun = [&[file], list(&["NorthMSP", "BMSP", "CMSP"]).as_slice()].concat();
    assert_eq!(pair.peer.submit(wire::INIT, &begun).await.response.status, 200);
    for transaction in pair.members.beginning() {
        let done = pair.peer.submit(wire::SUBMIT, &[transaction.encode()]).await;
        assert_eq!(done.response.status, 200, "{}", done.response.message);
    }
    let wanted = ["NorthMSP", "BMSP", "CMSP", "DMSP"];
    let say = async |caller: &str, names: &[&str]| {
        pair.peer.set_caller(caller);
        let done = pair.peer.submit(wire::ENDORSERS, &list(names)).await;
        match done.response.status {
            200 => Ok(serde_json::from_slice::<wire::EndorsersAgreed>(&done.response.payload).expect("an answer")),
            _ => Err(done.response.message),
        }
    };
    let agreed = |agreed, is_taken| Ok(wire::EndorsersAgreed { agreed, of: 3, is_taken });
    assert_eq!(say("NorthMSP", &wanted).await, agreed(1, false));
    assert_eq!(say("NorthMSP", &wanted).await, agreed(1, false), "one organisation counts once");
    assert!(say("DMSP", &wanted).await.expect_err("not yet").contains("BMSP, CMSP, NorthMSP"));
    assert_eq!(say("BMSP", &["BMSP"]).await, agreed(1, false), "it wants something else");
    let before = pair.peer.world().policies;
    assert_eq!(say("CMSP", &wanted).await, agreed(2, true));
    let policy = KeyPolicy::majority(["BMSP", "CMSP", "DMSP", "NorthMSP"].map(str::to_owned).to_vec()).encode();
    let after = pair.peer.world().policies;
    assert_eq!(
        after.iter().filter(|(_, found)| **found == policy).map(|(key, _)| key).collect::<Vec<_>>(),
        [wire::ENDORSERS_KEY]
    );
    assert_eq!(after.len(), before.len());
    let mut cursor = Vec::new();
    loop {
        let done = pair.peer.submit(wire::GUARD, &[cursor]).await;
        assert_eq!(done.response.status, 200, "{}", done.response.message);
        assert!(done.writes.is_empty(), "it changes no record");
        cursor = done.response.payload;
        if cursor.is_empty() {
            break;
        }
    }
    let world = pair.peer.world();
    assert_eq!(world.policies.len(), before.len(), "no other record is guarded");
    assert!(world.policies.values().all(|found| *found == policy));
    assert_eq!(say("DMSP", &["DMSP"]).await, Ok(wire::EndorsersAgreed { agreed: 1, of: 4, is_taken: false }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_is_attested_and_nothing_else() {
    let pair = Pair::new().await;
    let standing = pair.members.commission(packs(0, 3));
    pair.both(&standing).await.expect("commissioned");
    let never = pair.members.commission(packs(3, 3));
    let key = standing.header.idempotency_key;
    let other = pair.members.sign_as(&pair.members.maker.signer, key, NOW, vec![(Action::Anchor, packs(0, 1))]);
    let mut stranger = standing.header.clone();
    stranger.creator = Fingerprint([1; 32]);
    let headers = [&never.header, &standing.header, &other.header, &stranger];
    let arguments = headers.map(|header| borsh::to_vec(header).expect("encodes"));
    let done = pair.peer.evaluate(wire::ATTEST, &arguments).await;
    let attested: Vec<wire::Attestation> = borsh::from_slice(&done.response.payload).expect("a list");
    let expected = wire::Attestation {
        network: pair.members.network.id,
        tx: standing.header.id(),
        body_root: standing.header.body_root,
    };
    assert_eq!(attested, [expected]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_and_malformed_calls_are_told_apart() {
    let pair = Pair::new().await;
    let one = pair.members.commission(packs(0, 1)).encode();
    let mut longer = one.clone();
    longer.push(0);
    let many = pair.members.commission(packs(0, wire::ITEMS_MAX as u64 + 1)).encode();
    let cases: [(&str, Vec<Vec<u8>>, i32, &str); 7] = [
        (wire::SUBMIT, vec![], wire::STATUS_MALFORMED, "at least one"),
        (wire::SUBMIT, vec![one.clone(), longer], wire::STATUS_MALFORMED, "argument 2 is no transaction"),
        (wire::SUBMIT, vec![one.clone(); wire::TRANSACTIONS_MAX + 1], wire::STATUS_TOO_LARGE, "at most 1000"),
        (wire::SUBMIT, vec![many], wire::STATUS_TOO_LARGE, "at most 25000"),
        (wire::ATTEST, vec![vec![1]], wire::STATUS_MALFORMED, "argument 1 is no header"),
        (wire::INIT, vec![b"name = 1".to_vec()], wire::STATUS_MALFORMED, "the network file"),
        ("destroy", vec![], wire::STATUS_MALFORMED, "there is no function \"destroy\""),
    ];
    for (function, arguments, status, words) in cases {
        let done = pair.peer.submit(function, &arguments).await;
        assert_eq!(done.response.status, status, "{}", done.response.message);
        assert!(done.response.message.contains(words), "{}", done.response.message);
    }
    pair.peer.fail(Some("the disk is full"));
    let failed = pair.peer.submit(wire::SUBMIT, &[one]).await;
    assert_eq!(failed.response.status, wire::STATUS_FAULT);
    assert!(failed.response.message.contains("the disk is full"), "{}", failed.response.message);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_refusals_than_an_answer_lists_come_with_the_next() {
    let pair = Pair::new().await;
    pair.both(&pair.members.commission(packs(0, 1))).await.expect("commissioned");
    let bad = |number: u64| {
        let mut key = [5; 16];
        key[..8].copy_from_slice(&number.to_be_bytes());
        let commission = vec![(Action::Commission { lot: LOT }, vec![pack(0)])];
        pair.members.sign_as(&pair.members.maker.signer, IdempotencyKey(key), NOW, commission).encode()
    };
    let arguments: Vec<_> = (0..100).map(bad).collect();
    let first = refusals(&pair.peer.submit(wire::SUBMIT, &arguments).await).expect("refused");
    assert_eq!((first.refused.len(), first.complete), (wire::REFUSALS_MAX, false));
    let rest = refusals(&pair.peer.submit(wire::SUBMIT, &arguments[wire::REFUSALS_MAX..]).await).expect("refused");
    assert_eq!((rest.refused.len(), rest.complete), (100 - wire::REFUSALS_MAX, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_key_is_asked_for_once() {
    let pair = Pair::new().await;
    let done = pair.peer.submit(wire::SUBMIT, &[pair.members.commission(packs(0, 100)).encode()]).await;
    assert_eq!(done.response.status, 200);
    let written = done.writes.len();
    assert_eq!(written, 102, "packs, their batch, the request");
    assert_eq!(done.calls, written + 100 + 5, "each pack once, network, certificate, request, member and lot");
}

/// A place in a log, as an argument.
fn at(place: usize) -> Vec<u8> {
    (place as u64).to_be_bytes().to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_brought_here_and_goes_on_as_the_members_signed() {
    let pair = Pair::bare_at(Timestamp(NOW.0 + 90 * 86_400_000)).await;
    for transaction in pair.members.beginning() {
        pair.ledger.submit(transaction).await.expect("the beginning");
    }
    let mut sequence = Sequence::new(&pair.members, 7);
    for _ in 0..400 {
        pair.ledger.submit(sequence.next(&pair.ledger.state())).await.ok();
    }
    let suspended = Action::SuspendParty(pair.members.south.id.clone());
    pair.ledger.submit(pair.members.sign(&pair.members.regulator, vec![(suspended, vec![])])).await.ok();
    let log: Vec<_> =
        pair.ledger.entries(0, 1_000).expect("entries").into_iter().map(|entry| entry.transaction).collect();
    let file = pair.members.network.to_toml().into_bytes();
    let import = async |place: usize, transactions: &[Transaction]| {
        let arguments = transactions.iter().map(Transaction::encode);
        let arguments: Vec<_> = std::iter::once(at(place)).chain(arguments).collect();
        pair.peer.submit(wire::IMPORT, &arguments).await
    };
    let early = import(0, &log[..1]).await;
    assert_eq!(early.response.status, wire::STATUS_FAULT, "{}", early.response.message);
    assert_eq!(pair.peer.submit(wire::IMPORT_BEGIN, std::slice::from_ref(&file)).await.response.status, 200);
    assert_eq!(pair.peer.submit(wire::INIT, &[file]).await.response.status, wire::STATUS_REFUSED);
    let closed = pair.peer.submit(wire::SUBMIT, &[log[0].encode()]).await;
    assert!(closed.response.message.contains("end the import"), "{}", closed.response.message);
    let out_of_order = refusals(&import(0, &log[4..5]).await).expect("refused");
    assert!(matches!(out_of_order.refused[0].why, Why::Unauthenticated { .. }), "its certificate is not there yet");
    assert_eq!(import(4, &log[4..5]).await.response.status, wire::STATUS_MISPLACED, "entry 0 is next");
    for (number, part) in log.chunks(40).enumerate() {
        let done = import(number * 40, part).await;
        assert_eq!(done.response.status, 200, "{}", done.response.message);
    }
    assert_eq!(import(0, &log[..1]).await.response.status, wire::STATUS_MISPLACED, "it came before");

    let checkpoint = loop {
        let checkpoint = pair.ledger.checkpoint().expect("a checkpoint");
        if checkpoint.size == log.len() as u64 {
            break checkpoint;
        }
        tokio::task::yield_now().await;
    };
    let bytes = wire::closing_bytes(&pair.members.network.id, &checkpoint.text);
    let word = |member: &Member, bytes: &[u8]| {
        let signature = member.signer.sign_bytes(bytes).expect("it signs");
        borsh::to_vec(&wire::MemberSignature { creator: member.signer.fingerprint(), signature }).expect("encodes")
    };
    let end = async |checkpoint: &str, words: Vec<Vec<u8>>| {
        let arguments: Vec<_> = std::iter::once(checkpoint.as_bytes().to_vec()).chain(words).collect();
        pair.peer.submit(wire::IMPORT_END, &arguments).await.response
    };
    let (maker, north, south) = (&pair.members.maker, &pair.members.north, &pair.members.south);
    let few = end(&checkpoint.text, vec![word(maker, &bytes), word(maker, &bytes), word(south, &bytes)]).await;
    assert!(
        few.message.starts_with("1 of 3 active members"),
        "a member counts once, a suspended one not: {}",
        few.message
    );
    let false_word = end(&checkpoint.text, vec![word(maker, &bytes), word(north, b"something else")]).await;
    assert_eq!(false_word.status, wire::STATUS_REFUSED);
    let older = checkpoint.text.replacen(&format!("\n{}\n", log.len()), "\n7\n", 1);
    let wrong = end(&older, vec![word(maker, &bytes), word(north, &bytes)]).await;
    assert_eq!(wrong.status, wire::STATUS_MISPLACED, "{}", wrong.message);
    let ended = end(&checkpoint.text, vec![word(maker, &bytes), word(north, &bytes)]).await;
    assert_eq!(ended.status, 200, "{}", ended.message);
    assert!(pair.compare_states() > 100);
    let late = refusals(&pair.peer.submit(wire::SUBMIT, &[pair.members.commission(packs(9_000, 1)).encode()]).await);
    let why = late.expect("refused").refused.remove(0).why;
    assert!(matches!(why, Why::Unauthenticated { reason: Unauthentic::Clock { .. } }), "now the clock counts: {why:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_too_large_for_one_call_comes_in_steps() {
    let pair = Pair::bare().await;
    let file = pair.members.network.to_toml().into_bytes();
    assert_eq!(pair.peer.submit(wire::IMPORT_BEGIN, &[file]).await.response.status, 200);
    let beginning = pair.members.beginning();
    let arguments: Vec<_> = std::iter::once(at(0)).chain(beginning.iter().map(Transaction::encode)).collect();
    assert_eq!(pair.peer.submit(wire::IMPORT, &arguments).await.response.status, 200);
    for transaction in &beginning {
        pair.ledger.submit(transaction.clone()).await.expect("the beginning");
    }
    let count = 2 * wire::PART_ITEMS_MAX + 100;
    let (before, large) = (beginning.len(), pair.members.commission(packs(0, count as u64)));
    pair.ledger.submit(large.clone()).await.expect("commissioned");
    let step = async |place: usize, step: u32, rest: &[Vec<u8>]| {
        let arguments = [&[at(place), step.to_be_bytes().to_vec()], rest].concat();
        pair.peer.submit(wire::IMPORT_PART, &arguments).await
    };
    let small = pair.members.commission(packs(0, 1)).encode();
    assert_eq!(step(before, 0, &[small]).await.response.status, wire::STATUS_MALFORMED);
    let mut forged = large.clone();
    forged.signature.0[3] ^= 1;
    let refused = refusals(&step(before, 0, &[forged.encode()]).await).expect("refused");
    assert_eq!(refused.refused[0].why, Why::Unauthenticated { reason: Unauthentic::Signature });
    assert_eq!(step(before, 1, &[]).await.response.status, wire::STATUS_MISPLACED, "step 0 is next");
    let mut number = 0;
    loop {
        let rest = if number == 0 { vec![large.encode()] } else { vec![] };
        let done = step(before, number, &rest).await;
        assert_eq!(done.response.status, 200, "step {number}: {}", done.response.message);
        let contracts = done.writes.keys().filter(|(_, key)| !key.starts_with('.')).count();
        assert!(contracts <= wire::PART_ITEMS_MAX, "step {number} writes {contracts} records");
        assert_eq!(step(before, number, &rest).await.response.status, wire::STATUS_MISPLACED, "once");
        let ids: Vec<TxId> = borsh::from_slice(&done.response.payload).expect("a list of names");
        if ids == [large.header.id()] {
            break;
        }
        assert!(ids.is_empty());
        number += 1;
    }
    // Kept, three times read, judged, three times written.
    assert_eq!(number, 7);
    let own: Vec<_> = pair.peer.world().state.keys().filter(|key| key.starts_with('.')).cloned().collect();
    assert_eq!(own, [wire::IMPORT_KEY], "what was kept is gone");
    let version = pair.peer.evaluate(wire::VERSION, &[]).await.response.payload;
    let version: Version = serde_json::from_slice(&version).expect("a version");
    let imported = version.imported.expect("an open import");
    let checkpoint = pair.ledger.root_at(before as u64 + 1).expect("a root");
    assert_eq!((imported.entries, imported.step), (before as u64 + 1, None));
    assert_eq!(imported.root, wire::root_text(&checkpoint));

    // One that the contract refuses is refused before anything of it is written.
    let again = pair.members.commission(packs(0, count as u64));
    let mut number = 0;
    let refused = loop {
        let rest = if number == 0 { vec![again.encode()] } else { vec![] };
        let done = step(before + 1, number, &rest).await;
        match refusals(&done) {
            Some(refused) => break refused,
            None => assert!(done.writes.keys().all(|(_, key)| key.starts_with('.')), "step {number} writes"),
        }
        number += 1;
    };
    assert!(matches!(&refused.refused[0].why, Why::Rejected(rejection) if rejection.code.as_str() == "item_exists"));
}
