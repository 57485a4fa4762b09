//! Records of everybody who consents, without what identifies: for a study, the training of models, the marketplace.
//!
//! Patients and records have names of their own for each purpose and each member that they are given to, so that what two were given
//! cannot be put together. A page follows the last name of the one before, and each is decided anew: whoever took a consent back
//! in between is on none of those that follow.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use veridose_contract::access::Grant;
use veridose_contract::{DataForm, DataKind, Purpose, Timestamp};
use veridose_fhir::deidentify::{Change, anonymous, deidentify, is_told};
use veridose_fhir::{Link, Release, searchset, systems};

use super::access::{Reader, kinds};
use super::search::Search;
use super::whose::{Kept, kept_of};
use super::{Wrong, base, resource};
use crate::access::cohort::Cohort;
use crate::auth::Interaction;
use crate::node::Node;
use crate::problem::{Kind, Problem};

/// Consents that one answer goes through: the records of their patients are opened to see who stands alone.
const CONSENTS_MAX: u64 = 10_000;
/// Patients whose records are open at the same time.
const OPEN_MAX: usize = 500;
/// The longest that dates move back, in days.
const SHIFT_DAYS_MAX: u32 = 365;

/// Whether a purpose is one for which records of many are given.
pub(super) const fn is_for(purpose: Purpose) -> bool {
    match purpose {
        Purpose::Study(_) | Purpose::StudyKind(_) | Purpose::ModelTraining | Purpose::Marketplace => true,
        Purpose::Care | Purpose::DispenseRecord | Purpose::PublicHealthResearch => false,
    }
}

/// A patient who consents.
struct Person {
    id: [u8; 32],
    kinds: Vec<DataKind>,
    change: Change,
}

impl Person {
    fn of(node: &Node, scope: &str, id: [u8; 32], grant: &Grant, at: Timestamp) -> Self {
        let name = node.store().vault.pseudonym(scope, &id);
        let [a, b, c, d] = [name[16], name[17], name[18], name[19]];
        // Into the past only: a record of the future would tell that it was moved.
        let shift_days = -i64::from(1 + u32::from_be_bytes([a, b, c, d]) % SHIFT_DAYS_MAX);
        Self { id, kinds: grant.kinds.clone(), change: Change { pseudonym: hex::encode(&name[..16]), shift_days, at } }
    }

    /// The patient as far as consents let it be told; without them by its name alone.
    fn told(&self, kept: &Kept) -> Value {
        let shown = self.kinds.contains(&DataKind::Demographics);
        let mut patients = kept.records.iter().filter_map(|record| record.current().filter(|_| shown));
        let patient = patients.find(|resource| resource["resourceType"] == "Patient");
        let told = patient.and_then(|patient| deidentify(patient, &self.change));
        told.unwrap_or_else(|| json!({"resourceType": "Patient", "id": self.change.pseudonym}))
    }

    /// Records of a kind, each with a name of its own, in the order of the names.
    fn records(&self, node: &Node, scope: &str, kept: &Kept, kind: &str) -> Vec<Value> {
        let covered = |one: &&Value| {
            one["resourceType"] == kind && systems::kind_of(one).is_some_and(|kind| self.kinds.contains(&kind))
        };
        let each = kept.records.iter().filter_map(|record| {
            let mut one = deidentify(record.current().filter(covered)?, &self.change)?;
            one["id"] = json!(hex::encode(&node.store().vault.pseudonym(scope, &record.id.0)[..16]));
            Some(one)
        });
        let mut records: Vec<Value> = each.collect();
        records.sort_by_key(|record| record["id"].as_str().map(str::to_owned));
        records
    }
}

/// The set that records are given of: whoever is in it shares age band, gender and place with others, or tells none of them.
struct Set {
    scope: String,
    /// In the order of their names, each with the Patient that may be given.
    people: Vec<(Person, Value)>,
    left_out: usize,
}

impl Set {
    async fn of(node: &Node, scope: String, cohort: &Cohort, kind: &str) -> Result<Self, Wrong> {
        let given = cohort.granted.iter().filter(|(_, grant)| grant.form != DataForm::Aggregated);
        let mut all: Vec<Person> = given.map(|(id, grant)| Person::of(node, &scope, *id, grant, cohort.at)).collect();
        all.sort_by(|a, b| a.change.pseudonym.cmp(&b.change.pseudonym));
        let (mut people, mut told) = (Vec::new(), Vec::new());
        let mut rest = all.into_iter();
        loop {
            let some: Vec<Person> = rest.by_ref().take(OPEN_MAX).collect();
            if some.is_empty() {
                break;
            }
            let ids: Vec<_> = some.iter().map(|person| person.id).collect();
            for (person, kept) in some.into_iter().zip(kept_of(node, &ids).await?) {
                let patient = person.told(&kept);
                // Of whom nothing is given nobody can hide among.
                if is_told(&patient) || !person.records(node, &scope, &kept, kind).is_empty() {
                    people.push(person);
                    told.push(patient);
                }
            }
        }
        let before = people.len();
        let k = usize::try_from(node.patients().k_anonymity).unwrap_or(usize::MAX);
        let people: Vec<_> = people
            .into_iter()
            .zip(anonymous(told, k))
            .filter_map(|(person, patient)| Some((person, patient?)))
            .collect();
        Ok(Self { scope, left_out: before - people.len(), people })
    }

    /// Up to so many resources of a kind that follow the cursor, each with whose it is.
    async fn after(
        &self,
        node: &Node,
        kind: &str,
        search: &Search,
        (patient, record): (&str, &str),
        count: usize,
    ) -> Result<Vec<([u8; 32], Value)>, Wrong> {
        let mut found = Vec::new();
        let rest: Vec<_> =
            self.people.iter().filter(|(person, _)| person.change.pseudonym.as_str() >= patient).collect();
        for some in rest.chunks(OPEN_MAX) {
            let ids: Vec<_> = some.iter().map(|(person, _)| person.id).collect();
            for ((person, shown), kept) in some.iter().zip(kept_of(node, &ids).await?) {
                let records = if kind != "Patient" {
                    person.records(node, &self.scope, &kept, kind)
                } else if person.kinds.contains(&DataKind::Demographics) {
                    vec![shown.clone()]
                } else {
                    Vec::new()
                };
                let is_after = |one: &Value| {
                    person.change.pseudonym != patient || one["id"].as_str().is_some_and(|id| id > record)
                };
                let wanted = records.into_iter().filter(|one| is_after(one) && search.finds(one, &[]));
                found.extend(wanted.map(|one| (person.id, one)));
            }
            if found.len() > count {
                break;
            }
        }
        found.truncate(count.saturating_add(1));
        Ok(found)
    }
}

/// A page of the resources of a kind, over everybody who consents to the purpose.
pub(super) async fn found(
    node: &Node,
    reader: &Reader,
    request: &HttpRequest,
    kind: &str,
    search: &Search,
    purpose: Purpose,
) -> Result<HttpResponse, Wrong> {
    let wrong = |detail: &str| Wrong::from(Problem::new(Kind::BadRequest, detail));
    if !search.dates.is_empty() || search.id.is_some() || search.page.is_some() {
        return Err(wrong(
            "records without what identifies are searched by status, category and code: dates are moved",
        ));
    }
    let cursor = search.cursor.as_deref().unwrap_or(".");
    let cursor = cursor.split_once('.').ok_or_else(|| wrong("_cursor is what the link to the next page says"))?;
    // The band of age, gender and place of the patient are a part of what is given with each record.
    let mut wanted = kinds(kind);
    wanted.push(DataKind::Demographics);
    let what = format!("{kind}/search");
    let ask = reader.ask(wanted, Interaction::Search, &what);
    let cohort = Cohort::of(node, &ask, CONSENTS_MAX).await?;
    let scope = format!("{purpose} {}", reader.caller.party()?);
    let set = Set::of(node, scope, &cohort, kind).await?;
    let count = search.page_size();
    let mut page = set.after(node, kind, search, cursor, count).await?;
    let more = page.len() > count;
    page.truncate(count);
    let whose: BTreeSet<[u8; 32]> = page.iter().map(|(patient, _)| *patient).collect();
    cohort.record(node, &ask, |patient| whose.contains(patient), search.cursor.is_none()).await?;
    let url = |cursor: Option<String>| {
        let cursor = cursor.map(|cursor| format!("&_cursor={cursor}")).unwrap_or_default();
        format!("{}/{kind}?{}_count={count}{cursor}", base(request), search.as_given())
    };
    let mut links = vec![Link { relation: "self", url: url(search.cursor.clone()) }];
    if let Some((_, last)) = page.last().filter(|_| more) {
        links.push(Link { relation: "next", url: url(Some(follows(last))) });
    }
    let mut bundle = searchset(&base(request), &links, None, page.into_iter().map(|(_, one)| one).collect());
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let told = json!({"resource": told(&set, node.patients().k_anonymity), "search": {"mode": "outcome"}});
    bundle["entry"] = entries.into_iter().chain([told]).collect();
    Ok(resource(Release::R4, &bundle))
}

/// The cursor behind a resource: the names of its patient and of itself.
fn follows(resource: &Value) -> String {
    let id = resource["id"].as_str().unwrap_or_default();
    let patient = resource["subject"]["reference"].as_str().and_then(|named| named.strip_prefix("Patient/"));
    format!("{}.{id}", patient.unwrap_or(id))
}

/// How large the set is, and how many were left out of it.
fn told(set: &Set, k: u32) -> Value {
    let Set { people, left_out, .. } = set;
    let text = format!(
        "{} patients are in the set; {left_out} are left out, because fewer than {k} share their age band, gender and place",
        people.len()
    );
    json!({"resourceType": "OperationOutcome", "issue": [
        {"severity": "information", "code": "suppressed", "diagnostics": text}
    ]})
}
