//! A replica fed with what another ledger took: the same log, no doubling, and no lie taken in.

use veridose_contract::{Action, StateRead as _};

use super::*;
use crate::testing::{LOT, Members, pack, packs};

/// A ledger, and a replica that is fed from it.
struct Pair {
    members: Members,
    origin: Embedded,
    replica: Embedded,
    feed: Feed,
    folder: tempfile::TempDir,
    blocks: u64,
}

fn open(members: &Members, folder: &Path) -> (Embedded, Feed) {
    let (network, key) = (members.network.clone(), members.log_key());
    Embedded::open_replica(&folder.join("replica"), network, key, members.options()).expect("a replica")
}

impl Pair {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let members = Members::new();
        let origin = members.open(&folder.path().join("origin"));
        members.begin(&origin).await;
        let (replica, feed) = open(&members, folder.path());
        Self { members, origin, replica, feed, folder, blocks: 0 }
    }

    /// What the origin has and the replica has not, as one submission; its writes as an honest endorser has them.
    fn submission(&self) -> Submission {
        let entries = self.origin.entries(self.replica.size(), 100).expect("entries");
        let transactions: Vec<_> = entries.into_iter().map(|entry| entry.transaction).collect();
        let state = self.replica.state();
        let mut group = Group::new(&state);
        for transaction in &transactions {
            group.take(transaction, transaction.header.id()).expect("the origin took it");
        }
        Submission { writes: group.into_taken().into_writes(), transactions }
    }

    fn fed(&self, submissions: Vec<Submission>) -> Fed {
        let cursor = Cursor { block: self.blocks, hash: [9; 32] };
        let mark = |submission: &Submission| {
            let mark = Mark { block: cursor.block, place: 3, tx_id: "ab".into() };
            (submission.transactions[0].header.id(), mark)
        };
        Fed { cursor: Some(cursor), marks: submissions.iter().map(mark).collect(), submissions, trust: None }
    }

    fn take(&mut self, submissions: Vec<Submission>) -> Result<(), LedgerError> {
        let fed = self.fed(submissions);
        self.blocks += 1;
        self.feed.take(&fed)
    }
}

#[tokio::test]
async fn the_replica_is_the_origins_twin() {
    let mut pair = Pair::new().await;
    let submission = pair.submission();
    let first = submission.transactions[0].header.id();
    pair.take(vec![submission]).expect("taken");
    for batch in 0..3 {
        let transaction = pair.members.commission(packs(batch * 10, 5));
        pair.origin.submit(transaction).await.expect("commissioned");
        let submission = pair.submission();
        pair.take(vec![submission]).expect("taken");
    }
    pair.take(Vec::new()).expect("a block without any of ours");
    let (origin, replica) = (pair.origin.shared.log.head(), pair.replica.shared.log.head());
    assert_eq!(origin, replica);
    assert_eq!(pair.replica.size(), 8);
    let records = |ledger: &Embedded| ledger.shared.state.records().collect::<Result<Vec<_>, _>>().expect("records");
    assert_eq!(records(&pair.origin), records(&pair.replica));
    assert_eq!(pair.replica.cursor().expect("readable").expect("a cursor").block, 4);
    assert_eq!(pair.replica.mark(&first).expect("readable").expect("a mark").block, 0);
    let receipt = pair.replica.receipt(7, &[pack(20)]).expect("a receipt");
    crate::proof::verify(&receipt, None, &pair.replica.verifier(), None).expect("it holds");
}

#[tokio::test]
async fn a_block_that_comes_again_changes_nothing() {
    let mut pair = Pair::new().await;
    let submission = pair.submission();
    let again = Submission { transactions: submission.transactions.clone(), writes: submission.writes.clone() };
    let part = Submission { transactions: submission.transactions[..2].to_vec(), writes: submission.writes.clone() };
    pair.take(vec![submission]).expect("taken");
    let Pair { members, origin, replica, feed, folder, .. } = pair;
    let head = replica.shared.log.head();
    drop((replica, feed));
    let (replica, feed) = open(&members, folder.path());
    let mut pair = Pair { members, origin, replica, feed, folder, blocks: 0 };
    let unknown = pair.members.commission(packs(0, 1));
    pair.take(vec![again]).expect("passed over");
    assert_eq!((pair.replica.size(), pair.replica.shared.log.head()), (5, head));
    let mut mixed = part;
    mixed.transactions.push(unknown);
    assert!(matches!(pair.take(vec![mixed]), Err(LedgerError::Differs(_))));
}

#[tokio::test]
async fn what_endorsers_invent_is_not_taken_in() {
    let mut pair = Pair::new().await;
    let submission = pair.submission();
    pair.take(vec![submission]).expect("taken");
    let transaction = pair.members.commission(packs(0, 2));
    pair.origin.submit(transaction.clone()).await.expect("commissioned");

    let changes: [fn(&mut Submission); 5] = [
        |lie| drop(lie.writes.pop_first()),
        |lie| drop(lie.writes.insert(b"x".to_vec(), Some(vec![1]))),
        |lie| *lie.writes.values_mut().next().expect("writes") = None,
        |lie| lie.transactions[0].signature.0[7] ^= 1,
        |lie| lie.transactions[0].body.commands[0].items.truncate(1),
    ];
    for change in changes {
        let mut lie = pair.submission();
        change(&mut lie);
        let told = pair.take(vec![lie]).expect_err("a lie");
        assert!(matches!(told, LedgerError::Differs(_)), "{told}");
    }
    // A pack that exists already: the contract refuses it, whatever endorsers sign.
    let twice = pair.members.sign(&pair.members.maker, vec![(Action::Commission { lot: LOT }, packs(0, 1))]);
    let honest = pair.submission();
    pair.take(vec![honest]).expect("the truth is taken after all lies");
    let invented = Submission { transactions: vec![twice], writes: Writes::new() };
    let told = pair.take(vec![invented]).expect_err("refused").to_string();
    assert!(told.contains("item_exists"), "{told}");
    assert_eq!(pair.replica.size(), 6);
    assert!(pair.replica.rehearse(&pair.members.commission(packs(5, 1))).is_ok());
    assert!(matches!(pair.replica.rehearse(&transaction), Err(Refused::Repeated { .. })));
    assert!(pair.replica.state().contains(b"x").is_ok_and(|there| !there));
}
