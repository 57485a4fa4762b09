//! Receipts hold offline, and nothing that was changed in one does.

use veridose_contract::blind::NetworkKey;
use veridose_contract::{Action, ItemKey};

use super::{Receipt, VerifyError, verify};
use crate::testing::{LOT, Members, Random, packs};
use crate::{LedgerError, LogKey, LogVerifier};

const NAME: &str = "(01)09506000134352(21)A1";

struct Case {
    receipt: Receipt,
    log: LogVerifier,
    certificate: Vec<u8>,
    index: u64,
    _folder: tempfile::TempDir,
}

/// A pack in the second command of a transaction of that many others, with its name disclosed.
async fn case(others: u64) -> Case {
    let folder = tempfile::tempdir().expect("a folder");
    let members = Members::new();
    let ledger = members.open(folder.path());
    members.begin(&ledger).await;
    let key = NetworkKey::new(&[5; 32]);
    let mut items = packs(0, others);
    items.push(key.item(NAME));
    let actions = vec![(Action::Anchor, vec![]), (Action::Commission { lot: LOT }, items)];
    let index = ledger.submit(members.sign(&members.maker, actions)).await.expect("commissioned").index;
    for number in 0..7 {
        ledger.submit(members.commission(packs(100_000 + number, 1))).await.expect("commissioned");
    }
    let mut receipt = ledger.receipt(index, &[key.item(NAME)]).expect("a receipt");
    receipt.disclose(&key.item(NAME), &key.blind(NAME));
    let missing = ledger.receipt(index, &[ItemKey([0; 32])]);
    assert!(matches!(missing, Err(LedgerError::NotFound(_))));
    let certificate = members.maker.signer.certificate().der.clone();
    Case { receipt, log: ledger.verifier(), certificate, index, _folder: folder }
}

#[tokio::test]
async fn a_receipt_holds_offline_for_small_and_large_bodies() {
    for others in [0, 1, 6, 200, 1_000] {
        let case = case(others).await;
        let receipt = Receipt::parse(&case.receipt.to_json()).expect("its own text");
        let verified = verify(&receipt, Some(NAME), &case.log, Some(&case.certificate)).expect("holds");
        assert_eq!((verified.index, verified.signature_checked), (case.index, true));
        assert_eq!((verified.commands.len(), verified.commands[0].items), (1, others + 1));
        assert_eq!(verified.commands[0].action, Action::Commission { lot: LOT });
        assert_eq!(verified.items.len(), 1);
        let large = receipt.entry.0.len() < 1_000;
        assert_eq!(large, others == 0 || others == 1 || others == 6 || others == 1_000, "beside the entry when large");
    }
}

#[tokio::test]
async fn no_changed_byte_of_a_receipt_goes_unnoticed() {
    let case = case(6).await;
    let text = case.receipt.to_json();
    let (mut refused, mut random) = (0, Random(7));
    for at in 0..text.len() {
        let mut bad = text.clone().into_bytes();
        bad[at] ^= 1 << random.below(7);
        let bad = String::from_utf8(bad).unwrap_or_default();
        let answer = Receipt::parse(&bad)
            .and_then(|receipt| verify(&receipt, Some(NAME), &case.log, Some(&case.certificate)).map(|_| receipt));
        match answer {
            Err(_) => refused += 1,
            // A byte that the text form does not count, such as the case of a digit in `t`, changes no meaning.
            Ok(receipt) => assert_eq!(lower(&receipt), case.receipt, "byte {at} of {bad}"),
        }
    }
    assert!(refused > text.len() - 64, "{refused} of {}", text.len());
}

fn lower(receipt: &Receipt) -> Receipt {
    let mut receipt = receipt.clone();
    for item in &mut receipt.items {
        item.t = item.t.take().map(|t| t.to_lowercase());
    }
    receipt
}

#[tokio::test]
async fn another_name_log_or_certificate_is_refused() {
    let case = case(3).await;
    let other = verify(&case.receipt, Some("(01)09506000134352(21)A2"), &case.log, None);
    assert!(matches!(other, Err(VerifyError::Name(_))));
    let key = LogKey::generate(case.log.origin()).expect("a key");
    assert!(matches!(verify(&case.receipt, None, key.verifier(), None), Err(VerifyError::Checkpoint(_))));
    let stranger = Members::new().maker.signer.certificate().der.clone();
    let answer = verify(&case.receipt, None, &case.log, Some(&stranger));
    assert!(matches!(answer, Err(VerifyError::Signature(_))));
    verify(&case.receipt, None, &case.log, None).expect("neither is needed");
}

/// What is kept beside a large body only makes its receipts quick: without it, or with a bit of it flipped, they are the same.
#[tokio::test]
async fn receipts_do_not_depend_on_what_is_kept_for_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let members = Members::new();
    let ledger = members.open(folder.path());
    members.begin(&ledger).await;
    let items = packs(0, 2_000);
    let transaction = members.commission(items.clone());
    let name = hex::encode(transaction.header.body_root);
    let index = ledger.submit(transaction).await.expect("commissioned").index;
    let kept = folder.path().join("trees").join(&name[..2]).join(&name);
    let body = folder.path().join("log/bodies").join(&name[..2]).join(&name);
    let wanted: Vec<_> = (0..2_000).step_by(97).map(|place| items[place]).collect();
    // The file is written after the answer was given.
    ledger.receipt(index, &wanted).expect("a receipt");
    ledger.submit(members.commission(packs(5_000, 1))).await.expect("commissioned");
    let truth = ledger.receipt(index, &wanted).expect("a receipt");
    verify(&truth, None, &ledger.verifier(), None).expect("holds");
    let good = std::fs::read(&kept).expect("it is kept");
    assert_eq!(good.len(), 2_001_usize.div_ceil(256) * 32);

    let same = || {
        let receipt = ledger.receipt(index, &wanted).expect("a receipt");
        assert_eq!((receipt.items, receipt.commands), (truth.items.clone(), truth.commands.clone()));
        assert_eq!(std::fs::read(&kept).expect("it is made anew"), good);
    };
    std::fs::remove_file(&kept).expect("removed");
    same();
    let mut random = Random(9);
    for _ in 0..20 {
        let mut bad = good.clone();
        bad[random.below(good.len())] ^= 1 << random.below(8);
        std::fs::write(&kept, &bad).expect("it writes");
        same();
    }
    // With it, the body is not hashed as a whole; a bit of the body flipped is found where it is proven.
    let whole = std::fs::read(&body).expect("the body");
    let mut bad = whole.clone();
    let at = bad.len() - 1;
    bad[at] ^= 1;
    std::fs::write(&body, &bad).expect("it writes");
    let last = ledger.receipt(index, &[items[1_998]]);
    assert!(matches!(last, Err(LedgerError::Damaged { .. })), "a neighbour in the subtree is damaged");
    ledger.receipt(index, &[items[0]]).expect("another subtree is sound");
}
