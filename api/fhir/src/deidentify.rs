//! Records without what identifies: only what is named here comes through, so an element that nobody thought of does not.
//!
//! The list is that of 45 CFR 164.514(b)(2) (Safe Harbor): names, places smaller than a state but for the first three digits of
//! a postal code of more than 20,000 people, all dates but the year, ages over 89, numbers, and everything in free words.
//! Dates are moved by one number of days for all records of a patient, so that what lies between them stays; an age is a band
//! of five years. A record whose band, gender and place fewer than `k` patients share loses place, then band, and is left out
//! when that does not help.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use veridose_contract::Timestamp;

use crate::moment::Moment;
use crate::systems::OBSERVATION_VALUE;

/// Where the age band of a patient stands.
pub const AGE_BAND: &str = "urn:veridose:age-band";
/// Years that an age band holds.
const BAND_YEARS: i64 = 5;
/// Everybody of this age and above is one band (Safe Harbor, (C)).
const OLDEST: i64 = 90;
/// Three-digit ZIP areas of 20,000 people or fewer (HHS guidance on de-identification, 2000 census).
const SMALL_ZIPS: [&str; 17] = [
    "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878", "879", "884", "890",
    "893",
];

/// How one patient's records are changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What the patient is called in the answer.
    pub pseudonym: String,
    /// Days by which all dates move.
    pub shift_days: i64,
    /// When ages are taken.
    pub at: Timestamp,
}

/// The record without what identifies; nothing where the kind of resource is not known here.
pub fn deidentify(resource: &Value, change: &Change) -> Option<Value> {
    let kind = resource["resourceType"].as_str()?;
    let mut kept = Map::new();
    kept.insert("resourceType".to_owned(), json!(kind));
    let coded = |code: &str| json!([{"system": OBSERVATION_VALUE, "code": code}]);
    // Another name stands for the patient, and not all of the record is here (R4, 3.1.1.5.9 asks for that mark).
    kept.insert("meta".to_owned(), json!({"security": coded("PSEUDED"), "tag": coded("SUBSETTED")}));
    match kind {
        "Patient" => patient(&mut kept, resource, change),
        "MedicationRequest" => {
            kept.insert("subject".to_owned(), subject(change));
            medication(&mut kept, resource);
            codes(&mut kept, resource, &["status", "intent", "priority"]);
            concepts(&mut kept, resource, &["category", "reasonCode"]);
            dates(&mut kept, resource, &["authoredOn"], change);
        }
        "MedicationDispense" => {
            kept.insert("subject".to_owned(), subject(change));
            medication(&mut kept, resource);
            codes(&mut kept, resource, &["status"]);
            concepts(&mut kept, resource, &["category", "type"]);
            quantities(&mut kept, resource, &["quantity", "daysSupply"]);
            dates(&mut kept, resource, &["whenPrepared", "whenHandedOver"], change);
        }
        "Observation" => {
            kept.insert("subject".to_owned(), subject(change));
            observation(&mut kept, resource, change);
        }
        _ => return None,
    }
    Some(Value::Object(kept))
}

fn subject(change: &Change) -> Value {
    json!({"reference": format!("Patient/{}", change.pseudonym)})
}

fn patient(kept: &mut Map<String, Value>, resource: &Value, change: &Change) {
    kept.insert("id".to_owned(), json!(change.pseudonym));
    if let Some(band) = resource["birthDate"].as_str().and_then(|birth| age_band(birth, change.at)) {
        kept.insert("extension".to_owned(), json!([{"url": AGE_BAND, "valueString": band}]));
    }
    codes(kept, resource, &["gender"]);
    if let Some(place) = list(&resource["address"]).find_map(place) {
        kept.insert("address".to_owned(), json!([place]));
    }
}

/// The band of an age at a moment: `40-44`, from 90 on `90+`.
pub fn age_band(birth: &str, at: Timestamp) -> Option<String> {
    let day = |at: Timestamp| Some(OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1_000)).ok()?.date());
    let (born, now) = (day(Moment::parse(birth)?.start)?, day(at)?);
    let birthday_to_come = (now.month() as u8, now.day()) < (born.month() as u8, born.day());
    let age = i64::from(now.year().checked_sub(born.year())?).checked_sub(i64::from(birthday_to_come))?;
    if age < 0 {
        return None;
    }
    if age >= OLDEST {
        return Some(format!("{OLDEST}+"));
    }
    let low = age - age % BAND_YEARS;
    Some(format!("{low}-{}", low + BAND_YEARS - 1))
}

/// Country, state and the beginning of a ZIP code in the United States.
fn place(address: &Value) -> Option<Value> {
    let mut place = Map::new();
    codes(&mut place, address, &["state", "country"]);
    let in_us = matches!(address["country"].as_str(), Some("US" | "USA"));
    let zip = address["postalCode"].as_str().filter(|_| in_us).and_then(|zip| zip.get(..3));
    if let Some(zip) = zip.filter(|zip| zip.bytes().all(|byte| byte.is_ascii_digit())) {
        let zip = if SMALL_ZIPS.contains(&zip) { "000" } else { zip };
        place.insert("postalCode".to_owned(), json!(zip));
    }
    (!place.is_empty()).then_some(Value::Object(place))
}

fn medication(kept: &mut Map<String, Value>, resource: &Value) {
    let concept = concept(&resource["medicationCodeableConcept"]);
    // What was given must be said; where its code says nothing, so much.
    kept.insert("medicationCodeableConcept".to_owned(), concept.unwrap_or_else(|| json!({"text": "not told"})));
}

fn observation(kept: &mut Map<String, Value>, resource: &Value, change: &Change) {
    codes(kept, resource, &["status"]);
    concepts(kept, resource, &["category", "interpretation"]);
    kept.insert("code".to_owned(), concept(&resource["code"]).unwrap_or_else(|| json!({"text": "not told"})));
    dates(kept, resource, &["effectiveDateTime"], change);
    value(kept, resource);
    let components: Vec<Value> = list(&resource["component"])
        .filter_map(|component| {
            let mut kept = Map::new();
            kept.insert("code".to_owned(), concept(&component["code"])?);
            value(&mut kept, component);
            Some(Value::Object(kept))
        })
        .collect();
    if !components.is_empty() {
        kept.insert("component".to_owned(), Value::Array(components));
    }
}

/// A value that is a number or a code.
fn value(kept: &mut Map<String, Value>, of: &Value) {
    quantities(kept, of, &["valueQuantity"]);
    concepts(kept, of, &["valueCodeableConcept"]);
    for name in ["valueInteger", "valueBoolean"] {
        kept.extend(of.get(name).map(|value| (name.to_owned(), value.clone())));
    }
}

fn codes(kept: &mut Map<String, Value>, of: &Value, names: &[&str]) {
    for name in names {
        kept.extend(of[*name].as_str().map(|code| ((*name).to_owned(), json!(code))));
    }
}

fn quantities(kept: &mut Map<String, Value>, of: &Value, names: &[&str]) {
    for name in names {
        let mut quantity = Map::new();
        let value = of[*name].get("value").filter(|value| value.is_number());
        quantity.extend(value.map(|value| ("value".to_owned(), value.clone())));
        codes(&mut quantity, &of[*name], &["comparator", "system", "code"]);
        if quantity.contains_key("value") {
            kept.insert((*name).to_owned(), Value::Object(quantity));
        }
    }
}

fn dates(kept: &mut Map<String, Value>, of: &Value, names: &[&str], change: &Change) {
    for name in names {
        let moved = of[*name].as_str().and_then(|date| Moment::shifted(date, change.shift_days));
        kept.extend(moved.map(|moved| ((*name).to_owned(), json!(moved))));
    }
}

/// Concepts by their codes: one, or a list of them.
fn concepts(kept: &mut Map<String, Value>, of: &Value, names: &[&str]) {
    for name in names {
        let found = match &of[*name] {
            Value::Array(many) => {
                let many: Vec<Value> = many.iter().filter_map(concept).collect();
                (!many.is_empty()).then_some(Value::Array(many))
            }
            one => concept(one),
        };
        kept.extend(found.map(|found| ((*name).to_owned(), found)));
    }
}

/// The codings alone, without words. A code of no system is words.
fn concept(concept: &Value) -> Option<Value> {
    let coded = |coding: &Value| {
        let (system, code) = (coding["system"].as_str()?, coding["code"].as_str()?);
        system.starts_with("http://").then(|| json!({"system": system, "code": code}))
    };
    let codings: Vec<Value> = list(&concept["coding"]).filter_map(coded).collect();
    (!codings.is_empty()).then(|| json!({"coding": codings}))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Age band, gender, place.
type Quasi = (Option<String>, Option<String>, Option<String>);

/// Whether anything stands in a de-identified patient that could tell it from others.
pub fn is_told(patient: &Value) -> bool {
    quasi(patient) != (None, None, None)
}

/// What tells a patient from others: age band, gender, place.
fn quasi(patient: &Value) -> Quasi {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let place = patient.get("address").map(Value::to_string);
    (text(&patient["extension"][0]["valueString"]), text(&patient["gender"]), place)
}

/// Every age band, in order.
pub fn age_bands() -> Vec<String> {
    let step = usize::try_from(BAND_YEARS).unwrap_or(1);
    let bands = (0..OLDEST).step_by(step).map(|low| format!("{low}-{}", low.saturating_add(BAND_YEARS - 1)));
    bands.chain([format!("{OLDEST}+")]).collect()
}

/// The country of an address, and country with state where that is known: `US`, `US-NH`.
pub fn region(address: &Value) -> Vec<String> {
    let Some(country) = address["country"].as_str() else { return Vec::new() };
    let state = address["state"].as_str().map(|state| format!("{country}-{state}"));
    std::iter::once(country.to_owned()).chain(state).collect()
}

/// Coarsens de-identified patients until each shares band, gender and place with `k - 1` others, and leaves out whom that does
/// not help. The answer has a patient, or nothing, for each that was given, in order.
pub fn anonymous(patients: Vec<Value>, k: usize) -> Vec<Option<Value>> {
    let mut patients: Vec<Option<Value>> = patients.into_iter().map(Some).collect();
    for name in ["address", "extension", "gender"] {
        let counts = sizes(&patients);
        for patient in patients.iter_mut().flatten().filter(|patient| counts[&quasi(patient)] < k) {
            patient.as_object_mut().map(|patient| patient.shift_remove(name));
        }
    }
    // Whom coarsening did not help goes; that makes no group of the others smaller, because whoever goes was of a small one.
    let counts = sizes(&patients);
    for slot in &mut patients {
        if slot.as_ref().is_some_and(|patient| counts[&quasi(patient)] < k) {
            *slot = None;
        }
    }
    patients
}

fn sizes(patients: &[Option<Value>]) -> BTreeMap<Quasi, usize> {
    let mut sizes = BTreeMap::new();
    for patient in patients.iter().flatten() {
        let size: &mut usize = sizes.entry(quasi(patient)).or_default();
        *size = size.saturating_add(1);
    }
    sizes
}

#[cfg(test)]
mod tests;
