//! Ten thousand ways to change a good transaction, its signature or its certificate: none is let in.

use veridose_contract::{Action, Fingerprint, IdempotencyKey, Timestamp, Transaction};

use super::join;
use crate::signer::negate;
use crate::testing::{LOT, Members, NOW, Random, commands, fast_folder, issue, packs, times, validity};
use crate::{Embedded, Signer, SubmitError, Unauthentic, prepare};

/// Transactions submitted, as many of each kind.
const FORGERIES: u64 = 10_000;
/// Kinds of forgery.
const KINDS: u64 = 12;

/// What forgeries are made of: certificates that must not count, and good transactions.
struct Workshop {
    members: Members,
    revoked: Signer,
    expired: Signer,
    early: Signer,
    unregistered: Signer,
    foreign: Signer,
    wrong_role: Signer,
    goods: Vec<Transaction>,
}

impl Workshop {
    async fn open(members: Members, ledger: &Embedded) -> Self {
        members.begin(ledger).await;
        let (not_before, not_after) = validity();
        let maker = &members.maker;
        let own = |from, to| issue(&maker.authority, maker.role, Timestamp(from), Timestamp(to));
        let [revoked, expired, early] =
            [own(not_before.0, not_after.0), own(not_before.0, NOW.0 - 60_000), own(NOW.0 + 60_000, not_after.0)];
        for signer in [&revoked, &expired, &early] {
            let register = Action::RegisterCertificate(signer.certificate().clone());
            ledger.submit(members.sign(maker, vec![(register, vec![])])).await.expect("registered");
        }
        let revoke = Action::RevokeCertificate(revoked.fingerprint());
        ledger.submit(members.sign(maker, vec![(revoke, vec![])])).await.expect("revoked");
        let unregistered = own(not_before.0, not_after.0);
        let foreign = issue(&members.north.authority, maker.role, not_before, not_after);
        let wrong_role = issue(&maker.authority, members.regulator.role, not_before, not_after);
        let goods = (0..64).map(|number| members.commission(packs(number * 3, 3))).collect();
        Self { members, revoked, expired, early, unregistered, foreign, wrong_role, goods }
    }

    /// One of the good ones.
    fn good(&self, random: &mut Random) -> Transaction {
        self.goods[random.below(self.goods.len())].clone()
    }

    fn signed_by(&self, signer: &Signer, random: &mut Random, action: Action) -> Transaction {
        let items =
            if matches!(action, Action::RegisterCertificate(_)) { Vec::new() } else { packs(random.number(), 1) };
        let mut key = [0; 16];
        key[..8].copy_from_slice(&random.number().to_be_bytes());
        let commands = commands(vec![(action, items)]);
        prepare(signer, self.members.network.id, IdempotencyKey(key), NOW, commands).expect("it signs")
    }

    /// A forgery of the kind; where chance made none, of the next bits.
    fn forge(&self, kind: u64, random: &mut Random) -> Transaction {
        let mut forged = self.good(random);
        let commission = Action::Commission { lot: LOT };
        match kind {
            // A bit anywhere: header, signature, commands, items.
            0..3 => forged = self.with_a_flipped_bit(random),
            // The other s under which the equation holds.
            3 => negate(forged.signature.0.last_chunk_mut::<32>().expect("the second half")),
            4 => forged.signature.0.rotate_left(32),
            5 => return self.swapped(forged, random),
            6 => forged = self.signed_by(&self.revoked, random, commission),
            7 => {
                let signer = if random.below(2) == 0 { &self.expired } else { &self.early };
                forged = self.signed_by(signer, random, commission);
            }
            8 => forged = self.signed_by(&self.unregistered, random, commission),
            // A certificate of another member's authority or of another role, that registers itself.
            9 => {
                let signer = if random.below(2) == 0 { &self.foreign } else { &self.wrong_role };
                let mut claimed = signer.certificate().clone();
                claimed.party = self.members.maker.id.clone();
                forged = self.signed_by(signer, random, Action::RegisterCertificate(claimed));
            }
            // A bit of a certificate that registers itself.
            10 => {
                let mut claimed = self.unregistered.certificate().clone();
                let at = random.below(claimed.der.len());
                claimed.der[at] ^= 1 << random.below(8);
                claimed.fingerprint = crate::pki::fingerprint(&claimed.der);
                let creator = claimed.fingerprint;
                forged = self.signed_by(&self.unregistered, random, Action::RegisterCertificate(claimed));
                forged.header.creator = creator;
                forged.signature = self.unregistered.sign(&forged.header).expect("it signs");
            }
            // A certificate in the words of another.
            _ => {
                let mut claimed = self.unregistered.certificate().clone();
                match random.below(3) {
                    0 => claimed.not_after.0 += 1 + i64::try_from(random.below(1_000_000)).expect("small"),
                    1 => claimed.role = self.members.regulator.role,
                    _ => claimed.party = self.members.north.id.clone(),
                }
                forged = self.signed_by(&self.members.maker.signer, random, Action::RegisterCertificate(claimed));
            }
        }
        forged
    }

    fn with_a_flipped_bit(&self, random: &mut Random) -> Transaction {
        loop {
            let mut bytes = self.good(random).encode();
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
            if let Ok(transaction) = borsh::from_slice(&bytes) {
                return transaction;
            }
        }
    }

    /// One field of another transaction or member in the place of its own.
    fn swapped(&self, mut forged: Transaction, random: &mut Random) -> Transaction {
        let mut other = self.good(random);
        while other == forged {
            other = self.good(random);
        }
        match random.below(7) {
            0 => forged.signature = other.signature,
            1 => forged.body = other.body,
            2 => forged.header.body_root = other.header.body_root,
            3 => forged.header.idempotency_key = other.header.idempotency_key,
            4 => forged.header.creator = self.members.north.signer.fingerprint(),
            5 => forged.header.creator = Fingerprint([0; 32]),
            _ => forged.header.time.0 += 1,
        }
        forged
    }
}

#[tokio::test]
async fn none_of_ten_thousand_forgeries_is_let_in() {
    let folder = fast_folder();
    let members = Members::new();
    let ledger = members.open(folder.path());
    let workshop = Workshop::open(members, &ledger).await;
    let size = ledger.size();
    let mut random = Random(2);
    let forgeries: Vec<_> =
        (0..times(FORGERIES)).map(|number| (number % KINDS, workshop.forge(number % KINDS, &mut random))).collect();
    for some in forgeries.chunks(500) {
        let answers = join(some.iter().map(|(_, forged)| ledger.submit(forged.clone())).collect()).await;
        for ((kind, forged), answer) in some.iter().zip(answers) {
            let Err(SubmitError::Unauthenticated(reason)) = answer else {
                panic!("kind {kind} was let in: {answer:?}: {forged:?}");
            };
            let expected = match kind {
                3 | 4 => reason == Unauthentic::Signature,
                6 => reason == Unauthentic::Revoked,
                7 => reason == Unauthentic::Expired,
                8 => reason == Unauthentic::UnknownCertificate,
                9..12 => matches!(reason, Unauthentic::Certificate(_)),
                _ => true,
            };
            assert!(expected, "kind {kind}: {reason}");
        }
    }
    assert_eq!(ledger.size(), size);
    for good in &workshop.goods {
        ledger.submit(good.clone()).await.expect("the unchanged ones are taken");
    }
}
