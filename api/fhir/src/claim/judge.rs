//! What speaks against a claim. Pure: the same claim and facts always give the same findings.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use veridose_contract::{PartyId, ProductKey, Timestamp};

use super::{Claimed, Money};

const DAY_MS: i64 = 86_400_000;
/// How far ahead a clock may be.
const SKEW_MS: i64 = 5 * 60 * 1_000;

/// What is known of what a claim is about, from the ledger and the documents that it commits to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Who asks to be paid.
    pub claimant: PartyId,
    /// The host's time.
    pub now: Timestamp,
    /// The dispense; nothing if it was never made.
    pub dispense: Option<DispenseFacts>,
    /// Whether a claim for it is open or paid.
    pub claimed_before: bool,
    /// The id of the patient that the claim names, if that is one.
    pub patient: Option<[u8; 32]>,
    /// The product of each of the claim's items, by its GTIN; nothing for a text that is no GTIN.
    pub products: Vec<Option<ProductKey>>,
}

/// A dispense, as far as claims for it are judged by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispenseFacts {
    /// Who made it.
    pub by: PartyId,
    /// When.
    pub at: Timestamp,
    /// The packs that were not taken back, by product.
    pub packs: BTreeMap<ProductKey, u32>,
    /// The National Drug Codes of the products, from their makers.
    pub ndc: BTreeMap<ProductKey, String>,
    /// The ids of the patients whom the consent and the MedicationDispense are of; nothing for one that cannot be read.
    pub patients: Vec<Option<[u8; 32]>>,
    /// The id of the MedicationRequest that it was made by, where that is kept here.
    pub prescription: Option<String>,
}

/// Something that speaks against a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Why it is refused.
    pub reason: Reason,
    /// The element, as `FHIRPath`.
    pub at: String,
    /// For people, and without a value of the claim.
    pub text: &'static str,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Why a claim is refused; the text form is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }
        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The text form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

reasons! {
    /// A claim for the dispense is open, or was paid.
    DuplicateClaim = "duplicate_claim",
    /// There is no such dispense.
    DispenseNeverMade = "dispense_never_made",
    /// Another party made the dispense.
    DispenseOfOthers = "dispense_of_others",
    /// All packs were taken back.
    DispenseUndone = "dispense_undone",
    /// The patient is not the one of the dispense.
    PhantomPatient = "phantom_patient",
    /// The patient of the dispense cannot be told any more: what was kept is erased.
    PatientUnknown = "patient_unknown",
    /// The dispense was made by a prescription that the claim does not name.
    PrescriptionMissing = "prescription_missing",
    /// The dispense was made by another prescription.
    PrescriptionOther = "prescription_other",
    /// Another product is claimed than was dispensed.
    Upcoding = "upcoding",
    /// More or fewer packs are claimed than were dispensed.
    QuantityChanged = "quantity_changed",
    /// The amounts are not what packs and prices make.
    AmountWrong = "amount_wrong",
    /// The claim was made before the dispense.
    ClaimBeforeDispense = "claim_before_dispense",
    /// The claim is dated ahead, or says another day than that of the dispense.
    DateWrong = "date_wrong",
    /// The payer does not cover it.
    NotCovered = "not_covered",
    /// Another reason of the payer, in words.
    Other = "other",
}

impl Reason {
    /// Whether it looks like fraud, and not like a slip. Somebody who claims twice may have lost the first answer.
    pub const fn is_suspect(self) -> bool {
        match self {
            Self::DispenseNeverMade | Self::PhantomPatient | Self::Upcoding => true,
            Self::DuplicateClaim
            | Self::DispenseOfOthers
            | Self::DispenseUndone
            | Self::PatientUnknown
            | Self::PrescriptionMissing
            | Self::PrescriptionOther
            | Self::QuantityChanged
            | Self::AmountWrong
            | Self::ClaimBeforeDispense
            | Self::DateWrong
            | Self::NotCovered
            | Self::Other => false,
        }
    }
}

/// Everything that speaks against the claim; nothing where it may be paid.
pub fn judge(claim: &Claimed, facts: &Facts) -> Vec<Finding> {
    let mut found = Findings::default();
    let Some(dispense) = &facts.dispense else {
        found.say(Reason::DispenseNeverMade, "Claim.supportingInfo", "the ledger has no such dispense");
        return found.0;
    };
    if dispense.by != facts.claimant {
        found.say(Reason::DispenseOfOthers, "Claim.provider", "another party made the dispense");
        return found.0;
    }
    if facts.claimed_before {
        found.say(Reason::DuplicateClaim, "Claim", "the dispense is claimed already, or was paid");
    }
    patient(&mut found, dispense, facts.patient);
    prescription(&mut found, dispense, claim.prescription.as_deref());
    if dispense.packs.is_empty() {
        found.say(Reason::DispenseUndone, "Claim.supportingInfo", "all packs of the dispense were taken back");
    } else {
        products(&mut found, claim, dispense, &facts.products);
    }
    amounts(&mut found, claim);
    dates(&mut found, claim, dispense.at, facts.now);
    found.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn say(&mut self, reason: Reason, at: impl Into<String>, text: &'static str) {
        self.0.push(Finding { reason, at: at.into(), text });
    }
}

fn patient(found: &mut Findings, dispense: &DispenseFacts, claimed: Option<[u8; 32]>) {
    if dispense.patients.contains(&None) || dispense.patients.is_empty() {
        let text = "whose dispense it was cannot be told: what was kept of the patient is erased or lies elsewhere";
        found.say(Reason::PatientUnknown, "Claim.patient", text);
    } else if dispense.patients.iter().any(|patient| *patient != claimed) {
        found.say(Reason::PhantomPatient, "Claim.patient", "the dispense was not made to this patient");
    }
}

fn prescription(found: &mut Findings, dispense: &DispenseFacts, claimed: Option<&str>) {
    match (&dispense.prescription, claimed) {
        (Some(_), None) => {
            let text = "name the MedicationRequest that the dispense was made by";
            found.say(Reason::PrescriptionMissing, "Claim.prescription", text);
        }
        (Some(known), Some(claimed)) if known != claimed => {
            found.say(Reason::PrescriptionOther, "Claim.prescription", "the dispense was made by another prescription");
        }
        (None, Some(_)) => {
            let text = "the dispense was made by a prescription that is not kept here as a resource";
            found.say(Reason::PrescriptionOther, "Claim.prescription", text);
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
}

/// Each product that is claimed was dispensed, under each of its codes, and as many packs of it.
fn products(found: &mut Findings, claim: &Claimed, dispense: &DispenseFacts, keys: &[Option<ProductKey>]) {
    let mut left = dispense.packs.clone();
    for (at, (item, key)) in claim.items.iter().zip(keys).enumerate() {
        let place = format!("Claim.item[{at}].productOrService");
        let Some((key, rest)) = key.and_then(|key| Some((key, left.get_mut(&key)?))) else {
            found.say(Reason::Upcoding, place, "this product was not dispensed");
            continue;
        };
        if item.ndc.as_ref().is_some_and(|code| dispense.ndc.get(&key) != Some(code)) {
            found.say(Reason::Upcoding, place, "the National Drug Code is not that of the product that was dispensed");
        }
        if let Some(less) = rest.checked_sub(item.packs) {
            *rest = less;
        } else {
            let text = "more packs are claimed than were dispensed and not taken back";
            found.say(Reason::QuantityChanged, format!("Claim.item[{at}].quantity"), text);
        }
    }
    let is_whole = left.values().all(|rest| *rest == 0);
    if found.0.iter().all(|finding| !matches!(finding.reason, Reason::Upcoding | Reason::QuantityChanged)) && !is_whole
    {
        let text = "fewer packs are claimed than were dispensed: a dispense is claimed as a whole";
        found.say(Reason::QuantityChanged, "Claim.item", text);
    }
}

fn amounts(found: &mut Findings, claim: &Claimed) {
    let currency = claim.items.first().map(|item| item.net.currency.as_str()).unwrap_or_default();
    let is_same = |money: &Money| money.currency == currency;
    for (at, item) in claim.items.iter().enumerate() {
        let place = format!("Claim.item[{at}].net");
        if !is_same(&item.net) || !item.unit_price.as_ref().is_none_or(is_same) {
            found.say(Reason::AmountWrong, place, "a claim is in one currency");
            continue;
        }
        let product = |price: &Money| price.value.checked_mul(Decimal::from(item.packs));
        if item.unit_price.as_ref().is_some_and(|price| product(price) != Some(item.net.value)) {
            found.say(Reason::AmountWrong, place, "this is not the price of a pack times the packs");
        }
    }
    let sum = claim.items.iter().try_fold(Decimal::ZERO, |sum, item| sum.checked_add(item.net.value));
    if claim.total.as_ref().is_some_and(|total| !is_same(total) || Some(total.value) != sum) {
        found.say(Reason::AmountWrong, "Claim.total", "this is not the sum of the items");
    }
}

/// Days are told without a zone, so the days beside it count as well.
fn dates(found: &mut Findings, claim: &Claimed, dispensed: Timestamp, now: Timestamp) {
    if claim.created.end <= dispensed {
        found.say(Reason::ClaimBeforeDispense, "Claim.created", "the claim was made before the dispense");
    }
    if claim.created.start.0 > now.0.saturating_add(SKEW_MS) {
        found.say(Reason::DateWrong, "Claim.created", "the claim is dated ahead");
    }
    for (at, item) in claim.items.iter().enumerate() {
        let near = |day: crate::moment::Moment| {
            day.start.0.saturating_sub(DAY_MS) <= dispensed.0 && dispensed.0 < day.end.0.saturating_add(DAY_MS)
        };
        if !item.serviced.is_none_or(near) {
            let text = "the dispense was made on another day";
            found.say(Reason::DateWrong, format!("Claim.item[{at}].serviced"), text);
        }
    }
}
