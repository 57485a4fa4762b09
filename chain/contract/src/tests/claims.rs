//! No course of dispenses, undoings and claims pays a pack that stands more than once, beside a model that keeps every payment.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::world::{World, consent, dispense, id, party};
use crate::access::{Access, AccessRequest, Aim, Asker, GrantRule, RefusalRule, decide};
use crate::record::{ClaimStage, dispense_id};
use crate::*;

const PHARMACIES: [&str; 2] = ["pharm", "corner"];
const PAYERS: [&str; 2] = ["insurer", "fund"];
const PACKS: u16 = 6;

#[derive(Debug, Clone)]
enum Try {
    Dispense(Vec<u16>),
    Undo(Vec<u16>),
    /// The n-th dispense, by a pharmacy, to a payer, for so many packs more or fewer than stand.
    Submit(usize, usize, usize, i32),
    Adjudicate(usize, usize, ClaimVerdict),
    Pay(usize, usize),
    Reverse(usize, usize),
    Withdraw(usize, usize),
    /// The last claim but one of the dispense is meant.
    PayOld(usize, usize),
}

fn tries() -> impl Strategy<Value = Try> {
    let packs = || prop::collection::btree_set(1..=PACKS, 1..4).prop_map(|packs| packs.into_iter().collect::<Vec<_>>());
    let verdict = prop_oneof![
        3 => Just(ClaimVerdict::Accepted), 1 => Just(ClaimVerdict::Partly), 1 => Just(ClaimVerdict::Refused)
    ];
    let (which, who) = (|| 0..3usize, || 0..2usize);
    prop_oneof![
        3 => packs().prop_map(Try::Dispense),
        2 => packs().prop_map(Try::Undo),
        6 => (which(), who(), who(), prop_oneof![5 => Just(0), 1 => -1..2i32])
            .prop_map(|(at, by, payer, more)| Try::Submit(at, by, payer, more)),
        6 => (which(), who(), verdict).prop_map(|(at, by, verdict)| Try::Adjudicate(at, by, verdict)),
        6 => (which(), who()).prop_map(|(at, by)| Try::Pay(at, by)),
        2 => (which(), who()).prop_map(|(at, by)| Try::Reverse(at, by)),
        2 => (which(), who()).prop_map(|(at, by)| Try::Withdraw(at, by)),
        1 => (which(), who()).prop_map(|(at, by)| Try::PayOld(at, by)),
    ]
}

/// A dispense as the model keeps it, with its claims in full.
#[derive(Debug, Clone)]
struct Dispensed {
    id: DispenseId,
    standing: Vec<u16>,
    claims: Vec<Claimed>,
}

#[derive(Debug, Clone)]
struct Claimed {
    document: Commitment,
    payer: usize,
    packs: usize,
    stage: ClaimStage,
}

/// What a try is on the ledger: who acts, what is done, on which packs, under which document.
struct Entry {
    by: &'static str,
    action: Action,
    items: Vec<u16>,
    document: Commitment,
}

fn entry(dispensed: &[Dispensed], what: &Try, number: u8) -> Option<Entry> {
    let document = Commitment([number; 32]);
    let one = |at: &usize| dispensed.get(at.checked_rem(dispensed.len())?);
    let latest = |at: &usize| one(at)?.claims.last().map(|claim| claim.document);
    let step = |at: &usize, by: &'static str, step| {
        let action = Action::MoveClaim { dispense: one(at)?.id, step };
        Some(Entry { by, action, items: vec![], document })
    };
    let (pharmacy, payer) =
        (|by: &usize| *PHARMACIES.get(*by).expect("two"), |by: &usize| *PAYERS.get(*by).expect("two"));
    match what {
        Try::Dispense(items) => Some(Entry { by: "pharm", action: dispense(1, 1), items: items.clone(), document }),
        Try::Undo(items) => {
            Some(Entry { by: "pharm", action: Action::Undo { not_supplied: true }, items: items.clone(), document })
        }
        Try::Submit(at, by, to, more) => {
            let packs = i32::try_from(one(at)?.standing.len()).ok()?.checked_add(*more)?;
            let packs = u32::try_from(packs).ok()?;
            step(at, pharmacy(by), ClaimStep::Submit { payer: id(payer(to)), packs })
        }
        Try::Adjudicate(at, by, verdict) => {
            step(at, payer(by), ClaimStep::Adjudicate { claim: latest(at)?, verdict: *verdict })
        }
        Try::Pay(at, by) => step(at, payer(by), ClaimStep::Pay { claim: latest(at)? }),
        Try::Reverse(at, by) => step(at, payer(by), ClaimStep::Reverse { claim: latest(at)? }),
        Try::Withdraw(at, by) => step(at, pharmacy(by), ClaimStep::Withdraw { claim: latest(at)? }),
        Try::PayOld(at, by) => {
            let claim = one(at)?.claims.iter().rev().nth(1)?.document;
            step(at, payer(by), ClaimStep::Pay { claim })
        }
    }
}

/// Follows an accepted try in the model.
fn follow(dispensed: &mut Vec<Dispensed>, what: &Try, document: Commitment, tx: TxId) {
    match what {
        Try::Dispense(items) => {
            dispensed.push(Dispensed { id: dispense_id(&tx, 0), standing: items.clone(), claims: vec![] });
        }
        Try::Undo(items) => {
            for one in dispensed {
                one.standing.retain(|pack| !items.contains(pack));
            }
        }
        Try::Submit(at, _, payer, more) => {
            let one = one(dispensed, *at);
            let packs = one.standing.len().saturating_add_signed(isize::try_from(*more).expect("small"));
            one.claims.push(Claimed { document, payer: *payer, packs, stage: ClaimStage::Submitted });
        }
        Try::Adjudicate(at, _, verdict) => {
            one(dispensed, *at).claims.last_mut().expect("claimed").stage = ClaimStage::Adjudicated(*verdict);
        }
        Try::Pay(at, _) => {
            let claim = one(dispensed, *at).claims.last_mut().expect("claimed");
            let ClaimStage::Adjudicated(verdict) = claim.stage else { panic!("paid without a decision: {claim:?}") };
            claim.stage = ClaimStage::Paid(verdict);
        }
        Try::Reverse(at, _) => one(dispensed, *at).claims.last_mut().expect("claimed").stage = ClaimStage::Reversed,
        Try::Withdraw(at, _) => one(dispensed, *at).claims.last_mut().expect("claimed").stage = ClaimStage::Withdrawn,
        Try::PayOld(..) => panic!("a claim that was replaced is paid"),
    }
}

/// A dispense, by a number that may be too large.
fn one(dispensed: &mut [Dispensed], at: usize) -> &mut Dispensed {
    let at = at.checked_rem(dispensed.len()).expect("some");
    dispensed.get_mut(at).expect("there")
}

/// Whether the model allows a step with a claim; dispenses and undoings are another model's affair.
fn allowed(dispensed: &[Dispensed], what: &Try) -> Option<bool> {
    let one = |at: &usize| dispensed.get(at.checked_rem(dispensed.len()).expect("some")).expect("there");
    let last = |at: &usize, by: &usize| one(at).claims.last().filter(|claim| claim.payer == *by);
    Some(match what {
        Try::Dispense(_) | Try::Undo(_) => return None,
        Try::Submit(at, by, _, more) => {
            let stands = |claim: &Claimed| {
                !matches!(
                    claim.stage,
                    ClaimStage::Withdrawn | ClaimStage::Reversed | ClaimStage::Adjudicated(ClaimVerdict::Refused)
                )
            };
            *by == 0 && *more == 0 && !one(at).standing.is_empty() && !one(at).claims.iter().any(stands)
        }
        Try::Adjudicate(at, by, verdict) => last(at, by).is_some_and(|claim| {
            let whole = *verdict == ClaimVerdict::Refused || one(at).standing.len() == claim.packs;
            claim.stage == ClaimStage::Submitted && whole
        }),
        Try::Pay(at, by) => last(at, by).is_some_and(|claim| {
            let accepted = [ClaimVerdict::Accepted, ClaimVerdict::Partly].map(ClaimStage::Adjudicated);
            accepted.contains(&claim.stage) && one(at).standing.len() == claim.packs
        }),
        Try::Reverse(at, by) => last(at, by)
            .is_some_and(|claim| matches!(claim.stage, ClaimStage::Paid(_)) && one(at).standing.len() < claim.packs),
        Try::Withdraw(at, by) => {
            *by == 0
                && one(at)
                    .claims
                    .last()
                    .is_some_and(|claim| matches!(claim.stage, ClaimStage::Submitted | ClaimStage::Adjudicated(_)))
        }
        Try::PayOld(..) => false,
    })
}

fn world() -> World {
    let mut w = World::stocked();
    for payer in PAYERS {
        w.ok("maker", Action::Admit(party(payer, Role::Payer)), &[]);
        w.ok("dist", Action::Admit(party(payer, Role::Payer)), &[]);
    }
    w.hand("maker", "pharm", 1, &(1..=PACKS).collect::<Vec<_>>());
    w.ok("pharm", Action::RegisterConsent(consent(1, None, Purpose::DispenseRecord)), &[]);
    w
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn a_pack_that_stands_is_paid_once(tries in prop::collection::vec(tries(), 1..60)) {
        let mut w = world();
        let mut dispensed: Vec<Dispensed> = Vec::new();
        for (number, what) in (10..).zip(&tries) {
            let Some(Entry { by, action, items, document }) = entry(&dispensed, what, number) else { continue };
            let command = Command { payload: document, ..w.command(by, action, &items) };
            let entry = w.transaction(by, vec![command]);
            let (tx, expected) = (entry.1.id(), allowed(&dispensed, what));
            match w.submit(entry) {
                Ok(_) => {
                    prop_assert!(expected != Some(false), "the model refuses {what:?}");
                    follow(&mut dispensed, what, document, tx);
                }
                Err(ApplyError::Rejected(rejection)) => {
                    prop_assert!(expected != Some(true), "the model allows {what:?}: {rejection}");
                }
                Err(error) => prop_assert!(false, "{error:?}"),
            }
            let mut paid: BTreeMap<u16, usize> = BTreeMap::new();
            for one in &dispensed {
                let payments = one.claims.iter().filter(|claim| matches!(claim.stage, ClaimStage::Paid(_))).count();
                prop_assert!(payments <= 1, "{one:?}");
                one.standing.iter().for_each(|pack| *paid.entry(*pack).or_default() += payments);
                let record = read::claim(&w.state, &one.id).expect("readable");
                let last = one.claims.last().map(|claim| (claim.document, claim.stage));
                prop_assert_eq!(record.map(|record| (record.payload, record.stage)), last);
            }
            prop_assert!(paid.values().all(|times| *times <= 1), "{paid:?}");
        }
    }
}

#[test]
fn who_claims_and_who_pays_see_the_dispense_and_nothing_more() {
    let mut w = world();
    w.ok("pharm", dispense(1, 1), &[1, 2]);
    let id_of = dispense_id(&w.last(), 0);
    let asks = |w: &World, party: &str, kinds: &[DataKind]| {
        let asker = Asker::Member { party: id(party), person: Person([1; 32]), credentials: vec![] };
        let (aim, now) = (Aim::Claim(id_of), Timestamp(w.time));
        decide(&w.state, &AccessRequest { asker, aim, kinds: kinds.to_vec(), consents: vec![], now }).expect("readable")
    };
    let refused = |access| match access {
        Access::Refused(refusal) => Some(refusal.rule),
        Access::Granted(_) => None,
    };
    let dispense = [DataKind::Dispense];
    assert_eq!(refused(asks(&w, "pharm", &dispense)), Some(RefusalRule::NotInClaim), "nobody claims it");
    let step = |step| Action::MoveClaim { dispense: id_of, step };
    w.ok("pharm", step(ClaimStep::Submit { payer: id("insurer"), packs: 2 }), &[]);
    for party in ["pharm", "insurer"] {
        let Access::Granted(grant) = asks(&w, party, &dispense) else { panic!("refused to {party}") };
        assert_eq!((grant.rule, grant.kinds, grant.form), (GrantRule::Claim, dispense.to_vec(), DataForm::Full));
        let more = [DataKind::Dispense, DataKind::Demographics];
        assert_eq!(refused(asks(&w, party, &more)), Some(RefusalRule::DataNotCovered));
    }
    for party in ["fund", "corner", "reg"] {
        assert_eq!(refused(asks(&w, party, &dispense)), Some(RefusalRule::NotInClaim), "{party}");
    }
    w.ok("pharm", step(ClaimStep::Withdraw { claim: Commitment([9; 32]) }), &[]);
    assert_eq!(refused(asks(&w, "insurer", &dispense)), Some(RefusalRule::NotInClaim), "it was taken back");
    assert_eq!(refused(asks(&w, "pharm", &dispense)), None);
}
