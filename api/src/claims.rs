//! Claims: what is known of the dispense that one is for, and what becomes of those that look like fraud.

use std::collections::BTreeMap;

use serde_json::json;
use veridose_contract::record::{DispenseRecord, ItemState};
use veridose_contract::{Commitment, DispenseId, PartyId, TxId, read, resolve};
use veridose_fhir::claim::{Claimed, DispenseFacts, Facts, Finding, Named, Reason};
use veridose_fhir::consent::Whose;
use veridose_gs1::Gtin;
use veridose_store::payload::{Case, FhirDocument};
use veridose_store::{Opened, Payload, Viewer};

use crate::dispensed::{Dispensed, dispensed, of_transaction};
use crate::node::{ActError, Node};
use crate::watch::accuse;

/// Packs of a dispense that can be claimed.
const PACKS_MAX: usize = 10_000;
/// Refused duplicates of one claimant within [`DUPLICATES_WITHIN_MS`] from which on they are a case.
const DUPLICATES: usize = 3;
const DUPLICATES_WITHIN_MS: i64 = 90 * 86_400_000;

/// What is known about a claim.
pub(crate) struct Known {
    /// What it is judged by.
    pub(crate) facts: Facts,
    /// The dispense on the ledger.
    pub(crate) dispense: Option<(DispenseId, DispenseRecord)>,
    /// The patient of the dispense, as whoever keeps the consent calls the patient.
    pub(crate) patient: Option<String>,
}

/// Gathers what is known of what a claim is about: the ledger's dispense and packs, the documents that those commit to.
pub(crate) async fn known(node: &Node, claimant: &PartyId, claimed: &Claimed) -> Result<Known, ActError> {
    let (made, record) = named(node, &claimed.dispense).await?;
    let state = node.ledger().state();
    let mut known = Known { facts: facts(node, claimant, claimed), dispense: None, patient: None };
    let Some(made) = made else { return Ok(known) };
    let Some(standing) = read::dispense(&state, &made.id)? else { return Ok(known) };
    known.patient = patient(node, &made).await?;
    let id = |name: &String| node.store().vault.patient_id(name);
    let mut patients = vec![known.patient.as_ref().map(id)];
    patients.extend(record.map(|document| Some(id(&document.patient))));
    let packs = packs(node, &made)?;
    known.facts.dispense = Some(DispenseFacts {
        by: made.party.clone(),
        at: standing.act.at,
        ndc: codes(node, packs.keys()).await?,
        packs,
        patients,
        prescription: prescription(node, &made).await?,
    });
    known.facts.claimed_before = read::claim(&state, &made.id)?.is_some_and(|record| record.stage.is_open_or_paid());
    known.dispense = Some((made.id, standing));
    Ok(known)
}

fn facts(node: &Node, claimant: &PartyId, claimed: &Claimed) -> Facts {
    let patient = match &claimed.whose {
        Whose::Named(name) => Some(node.store().vault.patient_id(name)),
        Whose::Id(id) => Commitment::parse(id).ok().map(|id| id.0),
        Whose::Unsaid => None,
    };
    let product = |gtin: &str| Some(node.network_key().product(&Gtin::parse(gtin).ok()?.name()));
    let products = claimed.items.iter().map(|item| product(&item.gtin)).collect();
    let (claimant, now) = (claimant.clone(), node.clock().now());
    Facts { claimant, now, dispense: None, claimed_before: false, patient, products }
}

/// The dispense that a claim names, and the MedicationDispense by which it does.
async fn named(node: &Node, named: &Named) -> Result<(Option<Dispensed>, Option<FhirDocument>), ActError> {
    let id = match named {
        Named::Transaction(tx) => {
            return Ok((TxId::parse(tx).ok().map(|tx| of_transaction(node, tx)).transpose()?.flatten(), None));
        }
        Named::Record(id) => id,
    };
    let document = match Commitment::parse(id) {
        Ok(id) => resource(node, &id, "MedicationDispense").await?,
        Err(_) => None,
    };
    let made = document.as_ref().map(|document| dispensed(node, document.content())).transpose()?.flatten();
    Ok((made, document))
}

/// A resource of a kind, whoever keeps it: nothing of it goes out but whether a claim fits it.
async fn resource(node: &Node, id: &Commitment, kind: &str) -> Result<Option<FhirDocument>, ActError> {
    let opened = node.store().vault.open_as_owner(std::slice::from_ref(id)).await?.remove(id);
    Ok(match opened {
        Some(Opened::Document(Payload::Fhir(document))) if document.content()["resourceType"] == kind => Some(document),
        _ => None,
    })
}

/// The patient whose consent the dispense was made under.
async fn patient(node: &Node, made: &Dispensed) -> Result<Option<String>, ActError> {
    let Some(consent) = read::consent(&node.ledger().state(), &made.consent)? else { return Ok(None) };
    let row = node.store().queries.consent(&Viewer::Party(consent.custodian), &made.consent).await?;
    let Some(row) = row else { return Ok(None) };
    let opened = node.store().vault.open_as_owner(&[row.commitment]).await?.remove(&row.commitment);
    Ok(match opened {
        Some(Opened::Document(Payload::Consent(document))) => Some(document.patient),
        _ => None,
    })
}

/// The prescription, where it is kept here as a resource.
async fn prescription(node: &Node, made: &Dispensed) -> Result<Option<String>, ActError> {
    let kept = resource(node, &made.prescription, "MedicationRequest").await?;
    Ok(kept.map(|_| made.prescription.to_string()))
}

/// The packs of the dispense that were not taken back since, or dispensed anew, by product.
fn packs(node: &Node, made: &Dispensed) -> Result<BTreeMap<veridose_contract::ProductKey, u32>, ActError> {
    let state = node.ledger().state();
    let mut packs = BTreeMap::new();
    for item in made.command.items.iter().take(PACKS_MAX) {
        let Some(standing) = resolve(&state, item)? else { continue };
        let stands = matches!(&standing.own_state, ItemState::Dispensed { dispense, .. } if *dispense == made.id);
        if let Some(product) = standing.product.filter(|_| stands) {
            *packs.entry(product).or_insert(0) += 1;
        }
    }
    Ok(packs)
}

/// The National Drug Codes of products, where their makers gave them.
async fn codes(
    node: &Node,
    products: impl Iterator<Item = &veridose_contract::ProductKey>,
) -> Result<BTreeMap<veridose_contract::ProductKey, String>, ActError> {
    let mut codes = BTreeMap::new();
    for product in products {
        let row = node.store().queries.product(product).await?;
        codes.extend(row.and_then(|row| row.details?.ndc).map(|code| (*product, code)));
    }
    Ok(codes)
}

/// Raises a case where what speaks against a claim looks like fraud, and where one claimant hands in one duplicate after the other.
/// Whether that succeeds changes nothing for who is refused, so what fails is told to the log alone.
pub(crate) async fn suspect(node: &Node, known: &Known, payer: &str, claim: &serde_json::Value, found: &[Finding]) {
    if let Err(error) = raise(node, known, payer, claim, found).await {
        tracing::error!(%error, "a refused claim could not be raised as a case");
    }
}

async fn raise(
    node: &Node,
    known: &Known,
    payer: &str,
    claim: &serde_json::Value,
    found: &[Finding],
) -> anyhow::Result<()> {
    let claimant = &known.facts.claimant;
    let about = known.dispense.as_ref().map_or_else(|| digest(claim, OF_DISPENSE), |(id, _)| id.to_string());
    if let Some(worst) = found.iter().find(|finding| finding.reason.is_suspect()) {
        let cause = format!("claim:{}:{claimant}:{about}", worst.reason.as_str());
        return accuse(node, cause, case(known, payer, found, title(worst.reason))).await;
    }
    if found.iter().any(|finding| finding.reason == Reason::DuplicateClaim) {
        let window = known.facts.now.0.div_euclid(DUPLICATES_WITHIN_MS);
        let beginning = format!("duplicate:{claimant}:{window}:");
        let count =
            node.store().causes.gather(&format!("{beginning}{about}:{}", digest(claim, OF_CLAIM)), &beginning).await?;
        if count >= DUPLICATES {
            let cause = format!("claim:duplicates:{claimant}:{window}");
            return accuse(node, cause, case(known, payer, found, "Dispenses are claimed again and again")).await;
        }
    }
    Ok(())
}

const fn title(reason: Reason) -> &'static str {
    match reason {
        Reason::DispenseNeverMade => "A dispense that was never made is claimed",
        Reason::PhantomPatient => "A dispense is claimed for somebody to whom it was not made",
        Reason::Upcoding => "Another product is claimed than was dispensed",
        _ => "A claim does not fit its dispense",
    }
}

/// What a case says of a claim: nothing of the patient.
fn case(known: &Known, payer: &str, found: &[Finding], title: &str) -> Case {
    let mut codes: Vec<String> = found.iter().map(|finding| finding.reason.as_str().to_owned()).collect();
    codes.dedup();
    let parties = [Some(known.facts.claimant.clone()), PartyId::parse(payer).ok()];
    let evidence = json!({
        "kind": "claim",
        "claimant": known.facts.claimant,
        "dispense": known.dispense.as_ref().map(|(id, _)| id),
        "transaction": known.dispense.as_ref().map(|(_, record)| record.tx),
        "packs_standing": known.dispense.as_ref().map(|(_, record)| record.standing),
        "findings": found.iter().map(|f| json!({"reason": f.reason, "at": f.at, "text": f.text})).collect::<Vec<_>>(),
    });
    Case {
        title: title.to_owned(),
        explanation: "The claim was refused; it is not kept.".to_owned(),
        codes,
        items: Vec::new(),
        parties: parties.into_iter().flatten().collect(),
        evidence,
    }
}

/// What tells two claims for one dispense apart, and two claims for dispenses that were never made; nothing of the patient.
const OF_CLAIM: &[&str] = &["identifier", "insurer", "created", "total"];
const OF_DISPENSE: &[&str] = &["supportingInfo", "extension"];

/// The same claim again is the same cause.
fn digest(claim: &serde_json::Value, names: &[&str]) -> String {
    use sha2::{Digest as _, Sha256};
    let hash = names.iter().fold(Sha256::new(), |hash, name| hash.chain_update(claim[*name].to_string()));
    hex::encode(hash.finalize())
}
