//! Many at once: of those that want the same thing one gets it, and one request is carried out once.

use std::path::Path;
use std::sync::Arc;

use tokio::task::JoinSet;
use veridose_contract::{
    Action, Code, HandoffKind, IdempotencyKey, ItemKey, OfferId, Timestamp, Transaction, read, resolve,
};

use crate::testing::{LOT, Member, Members, NOW, fast_folder, pack, packs, times};
use crate::{Committed, Embedded, Options, SubmitError};

/// Packs that two buyers want.
const RACES: u64 = 10_000;
/// Packs that are raced for at once.
const AT_ONCE: u64 = 500;
/// Requests under one key, and requests of another body under it.
const REPEATS: u64 = 10_000;
const OTHERS: u64 = 1_000;

type Answer = Result<Committed, SubmitError>;

/// A ledger that takes so many at once.
fn open(members: &Members, folder: &Path) -> Arc<Embedded> {
    let options = Options { in_flight_max: 50_000, ..members.options() };
    Arc::new(Embedded::open(folder, members.network.clone(), members.log_key(), options).expect("opens"))
}

/// Submits all of them at once; the answers in the order of the transactions.
async fn at_once(ledger: &Arc<Embedded>, transactions: Vec<Transaction>) -> Vec<Answer> {
    let mut tasks = JoinSet::new();
    for (number, transaction) in transactions.into_iter().enumerate() {
        let ledger = Arc::clone(ledger);
        tasks.spawn(async move { (number, ledger.submit(transaction).await) });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

fn is_refused(answer: &Answer, code: Code) -> bool {
    matches!(answer, Err(SubmitError::Rejected(rejection)) if rejection.code == code)
}

/// The place of the one that won; the others were refused with the code.
fn winner(race: &[Answer], code: Code) -> usize {
    let won: Vec<_> = (0..race.len()).filter(|place| race[*place].is_ok()).collect();
    let lost = race.iter().filter(|answer| is_refused(answer, code)).count();
    assert!(won.len() == 1 && lost + 1 == race.len(), "{race:?}");
    won[0]
}

fn offer(number: u64, to: &Member) -> OfferId {
    let mut name = [0; 16];
    name[..8].copy_from_slice(&number.to_be_bytes());
    name[8] = to.id.as_str().as_bytes()[0];
    OfferId(name)
}

fn offered(members: &Members, number: u64, to: &Member) -> Transaction {
    let action = Action::Offer { offer: offer(number, to), to: to.id.clone(), kind: HandoffKind::Shipment };
    members.sign(&members.maker, vec![(action, vec![pack(number)])])
}

fn accepted(members: &Members, number: u64, by: &Member) -> Transaction {
    let action = Action::Accept { offer: offer(number, by), discrepancies: Vec::new() };
    members.sign(by, vec![(action, vec![pack(number)])])
}

/// The maker offers each pack to both buyers at once; then both buyers accept at once, each twice.
#[tokio::test]
async fn of_two_buyers_of_one_pack_exactly_one_wins() {
    let folder = fast_folder();
    let members = Members::new();
    let ledger = open(&members, folder.path());
    members.begin(&ledger).await;
    let buyers = [&members.north, &members.south];
    let races = times(RACES);
    let mut wins = [0; 2];
    for first in (0..races).step_by(usize::try_from(AT_ONCE).expect("small")) {
        let numbers = first..races.min(first + AT_ONCE);
        let made = packs(first, numbers.end - first);
        ledger.submit(members.commission(made)).await.expect("commissioned");
        let offers = numbers.clone().flat_map(|number| {
            // Neither buyer is always the first.
            let turn = usize::from(number % 2 == 1);
            [offered(&members, number, buyers[turn]), offered(&members, number, buyers[1 - turn])]
        });
        let offers = at_once(&ledger, offers.collect()).await;
        let accepts =
            numbers.clone().flat_map(|number| buyers.into_iter().chain(buyers).map(move |buyer| (number, buyer)));
        let accepts = accepts.map(|(number, buyer)| accepted(&members, number, buyer)).collect();
        let accepts = at_once(&ledger, accepts).await;
        for ((number, offers), accepts) in numbers.zip(offers.chunks(2)).zip(accepts.chunks(4)) {
            let place = winner(offers, Code::Offered);
            let won = if number % 2 == 1 { 1 - place } else { place };
            wins[won] += 1;
            for place in [1 - won, 3 - won] {
                assert!(is_refused(&accepts[place], Code::UnknownOffer), "{accepts:?}");
            }
            winner(&[accepts[won].clone(), accepts[won + 2].clone()], Code::OfferClosed);
            let standing = resolve(&ledger.state(), &pack(number)).expect("the state reads").expect("it was made");
            assert_eq!(standing.holder, buyers[won].id, "pack {number}");
        }
    }
    assert!(wins.iter().all(|wins| *wins > 0), "{wins:?}");
    let commissions = races.div_ceil(AT_ONCE);
    assert_eq!(ledger.size(), 5 + commissions + 2 * races, "one offer and one acceptance a pack");
}

#[tokio::test]
async fn of_two_batches_that_claim_one_pack_exactly_one_wins() {
    let folder = fast_folder();
    let members = Members::new();
    let ledger = open(&members, folder.path());
    members.begin(&ledger).await;
    let races = 500;
    let claims = (0..2 * races).map(|race| members.commission(packs(race / 2, 1))).collect();
    for race in at_once(&ledger, claims).await.chunks(2) {
        winner(race, Code::ItemExists);
    }
    assert_eq!(ledger.size(), 5 + races);
}

/// The same request at a thousand moments, so that some are the very same transaction and some another of the same body.
#[tokio::test]
async fn a_request_that_is_repeated_at_once_is_answered_once() {
    let folder = fast_folder();
    let members = Members::new();
    let ledger = open(&members, folder.path());
    members.begin(&ledger).await;
    let key = IdempotencyKey([9; 16]);
    let commission = |time: u64, number: u64| {
        let time = Timestamp(NOW.0 + i64::try_from(time % 1_000).expect("below 1,000"));
        members.sign_as(&members.maker.signer, key, time, vec![(Action::Commission { lot: LOT }, packs(number, 1))])
    };
    let answers = at_once(&ledger, (0..times(REPEATS)).map(|time| commission(time, 0)).collect()).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("answered as the first")).collect();
    let first: Vec<_> = answers.iter().filter(|committed| !committed.repeated).collect();
    assert_eq!(first.len(), 1);
    assert!(answers.iter().all(|committed| committed.index == 5 && committed.id == first[0].id));
    let others = (0..times(OTHERS)).map(|number| commission(number, 1 + number)).collect();
    for answer in at_once(&ledger, others).await {
        assert!(is_refused(&answer, Code::IdempotencyConflict), "{answer:?}");
    }
    assert_eq!(ledger.size(), 6, "one event");
    let made: Vec<ItemKey> = packs(0, 1_001).into_iter().filter(|item| is_there(&ledger, item)).collect();
    assert_eq!(made, packs(0, 1));
    let record = read::idempotency(&ledger.state(), &members.maker.id, &key).expect("the state reads");
    assert_eq!(record.map(|record| record.tx), Some(first[0].id));
}

fn is_there(ledger: &Embedded, item: &ItemKey) -> bool {
    resolve(&ledger.state(), item).expect("the state reads").is_some()
}
