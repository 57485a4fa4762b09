//! From FHIR.

use serde_json::Value;
use veridose_contract::{CredentialKind, DataForm, DataKind, PartyId, Purpose, Timestamp};

use super::systems::{
    ACT_REASON, ACTION, CREDENTIAL, CREDENTIALS, FHIR_TYPES, KINDS, OBSERVATION_VALUE, PARTY, PATIENT, PURPOSE,
    RESOURCE_TYPES, category, label, reason, resource,
};
use super::{Terms, Whose};
use crate::definitions::Release;
use crate::issue::{Issue, IssueCode};
use crate::moment::Moment;

/// The release that a Consent without a word about it is of: R4 requires a scope, R5 knows none.
pub fn release_of(resource: &Value) -> Release {
    let of_r5 = ["decision", "subject", "grantor", "grantee", "controller"];
    let is_r5 = resource.get("scope").is_none() && of_r5.iter().any(|name| resource.get(name).is_some());
    if is_r5 { Release::R5 } else { Release::R4 }
}

/// What a valid resource says, or where it says what is not held here.
pub fn read(release: Release, consent: &Value) -> Result<Terms, Vec<Issue>> {
    let mut reader = Reader { release, issues: Vec::new() };
    let terms = reader.terms(consent);
    match terms {
        Some(terms) if reader.issues.is_empty() => Ok(terms),
        _ => Err(reader.issues),
    }
}

struct Reader {
    release: Release,
    issues: Vec<Issue>,
}

impl Reader {
    fn refuse<T>(&mut self, at: &str, text: &str) -> Option<T> {
        self.issues.push(Issue::at(IssueCode::NotSupported, at, text));
        None
    }

    fn absent(&mut self, of: &Value, at: &str, names: &[&str], text: &str) {
        for name in names.iter().filter(|name| of.get(**name).is_some()) {
            self.refuse::<()>(&format!("{at}.{name}"), text);
        }
    }

    fn terms(&mut self, consent: &Value) -> Option<Terms> {
        modifiers(consent, "Consent", &mut self.issues);
        if consent["status"] != "active" {
            let text =
                "only a consent in force, status active, is taken in; one that stands here is revoked by its own route";
            self.refuse::<()>("Consent.status", text);
        }
        let (provision, at) = self.provision(consent)?;
        let text = "the ledger cannot hold to this: say it as a consent of its own, or leave it out";
        let limits: &[&str] = match self.release {
            Release::R4 => &["dataPeriod", "data", "provision"],
            Release::R5 => &["dataPeriod", "data", "provision", "documentType", "expression"],
        };
        self.absent(provision, at, limits, text);
        self.actions(provision, at);
        let (grantee, credential) = self.actors(consent, provision, at);
        let data = self.data(provision, at);
        let form = self.form(provision, at);
        let (from, until) = self.period(consent, provision, at);
        let purpose = self.purpose(provision, at);
        Some(Terms { whose: self.whose(consent), purpose: purpose?, data, form, grantee, credential, from, until })
    }

    /// The one provision that says what is permitted.
    fn provision<'a>(&mut self, consent: &'a Value) -> Option<(&'a Value, &'static str)> {
        let missing = "one provision must say what is permitted";
        match self.release {
            Release::R4 => {
                let Some(provision) = consent.get("provision") else {
                    return self.refuse("Consent.provision", missing);
                };
                if provision.get("type").is_some_and(|kind| kind != "permit") {
                    return self.refuse(
                        "Consent.provision.type",
                        "a consent here permits; what none permits is refused anyway",
                    );
                }
                Some((provision, "Consent.provision"))
            }
            Release::R5 => {
                if consent["decision"] != "permit" {
                    return self
                        .refuse("Consent.decision", "a consent here permits; what none permits is refused anyway");
                }
                match consent["provision"].as_array().map(Vec::as_slice) {
                    Some([provision]) => Some((provision, "Consent.provision[0]")),
                    _ => self.refuse("Consent.provision", missing),
                }
            }
        }
    }

    fn whose(&mut self, consent: &Value) -> Whose {
        let name = if self.release == Release::R4 { "patient" } else { "subject" };
        let Some(patient) = consent.get(name) else { return Whose::Unsaid };
        whose(patient).unwrap_or_else(|| {
            let text = format!(
                "name the patient by reference, Patient/ and the id here, or by identifier with system {PATIENT}"
            );
            self.refuse::<()>(&format!("Consent.{name}"), &text);
            Whose::Unsaid
        })
    }

    /// Access is what every consent here permits.
    fn actions(&mut self, provision: &Value, at: &str) {
        for (index, action) in list(provision, "action").enumerate() {
            let is_access = |coding: &Value| coding["system"] == ACTION && coding["code"] == "access";
            if !list(action, "coding").any(is_access) {
                self.refuse::<()>(&format!("{at}.action[{index}]"), "a consent here permits access and nothing else");
            }
        }
    }

    fn actors(&mut self, consent: &Value, provision: &Value, at: &str) -> (Option<PartyId>, Option<CredentialKind>) {
        let (mut grantee, mut credential) = (None, None);
        for (index, actor) in list(provision, "actor").enumerate() {
            let at = format!("{at}.actor[{index}]");
            let mut shown = list(&actor["role"], "coding").filter(|coding| coding["system"] == CREDENTIAL);
            let shown = shown.find_map(|coding| CREDENTIALS.iter().find(|(_, code)| coding["code"] == *code));
            let named = party(&actor["reference"]);
            if shown.is_none() && named.is_none() {
                let text = format!(
                    "an actor is a member, reference.identifier with system {PARTY}, or what a person must be shown to be, \
                     role with system {CREDENTIAL} and code clinician or researcher"
                );
                self.refuse::<()>(&at, &text);
            }
            if shown.is_some_and(|(kind, _)| credential.replace(*kind).is_some_and(|other| other != *kind)) {
                self.refuse::<()>(&at, "a consent asks for one credential");
            }
            if let Some(named) = named
                && grantee.replace(named.clone()).is_some_and(|other| other != named)
            {
                self.refuse::<()>(&at, "a consent names one member, or none: make one for each");
            }
        }
        // In R5 the grantee may stand at the top as well, and then says the same.
        for (index, named) in list(consent, "grantee").enumerate() {
            if self.release == Release::R5 && (party(named).is_none() || party(named) != grantee) {
                self.refuse::<()>(
                    &format!("Consent.grantee[{index}]"),
                    "name who may have the data as provision.actor",
                );
            }
        }
        (grantee, credential)
    }

    fn data(&mut self, provision: &Value, at: &str) -> Vec<DataKind> {
        let classes = if self.release == Release::R4 { "class" } else { "resourceType" };
        let mut data = Vec::new();
        let mut narrowed = false;
        for (index, concept) in list(provision, "code").enumerate() {
            let codings = || list(concept, "coding");
            let is = |kind: &DataKind| {
                category(*kind).is_some_and(|(system, code)| {
                    codings().any(|coding| coding["system"] == system && coding["code"] == code)
                })
            };
            if let Some(kind) = KINDS.into_iter().find(|kind| is(kind)) {
                narrowed = true;
                data.push(kind);
            } else {
                let text =
                    "of codes, only the categories laboratory (observation-category) and GE (v2-0074) are told apart";
                self.refuse::<()>(&format!("{at}.code[{index}]"), text);
            }
        }
        let mut observations = false;
        for (index, class) in list(provision, classes).enumerate() {
            let system = class["system"] == RESOURCE_TYPES || class["system"] == FHIR_TYPES;
            let found = KINDS.into_iter().find(|kind| system && class["code"] == resource(*kind));
            match found {
                Some(kind) if category(kind).is_some() => observations = true,
                Some(kind) => data.push(kind),
                None => {
                    let text = "kinds of data are Patient, MedicationRequest, MedicationDispense and Observation, with the system \
                                http://hl7.org/fhir/resource-types or http://hl7.org/fhir/fhir-types";
                    self.refuse::<()>(&format!("{at}.{classes}[{index}]"), text);
                }
            }
        }
        if observations != narrowed {
            let text = "observations are named by class Observation and by code: laboratory (observation-category), GE (v2-0074), \
                        or both";
            self.refuse::<()>(&format!("{at}.code"), text);
        }
        data.sort_unstable();
        data.dedup();
        data
    }

    fn form(&mut self, provision: &Value, at: &str) -> Option<DataForm> {
        let mut forms = Vec::new();
        for (index, coding) in list(provision, "securityLabel").enumerate() {
            let known = [DataForm::Aggregated, DataForm::DeIdentified];
            let is = |form: &DataForm| {
                coding["system"] == OBSERVATION_VALUE && label(*form).is_some_and(|label| coding["code"] == label)
            };
            match known.into_iter().find(|form| is(form)) {
                Some(form) if forms.iter().all(|other| *other == form) => forms.push(form),
                _ => {
                    let text = "of labels, one of ANONYED and AGGRED (v3-ObservationValue) is held to";
                    self.refuse::<()>(&format!("{at}.securityLabel[{index}]"), text);
                }
            }
        }
        forms.pop()
    }

    fn purpose(&mut self, provision: &Value, at: &str) -> Option<Purpose> {
        let mut own: Vec<Purpose> = Vec::new();
        let mut reasons = Vec::new();
        for (index, coding) in list(provision, "purpose").enumerate() {
            let at = format!("{at}.purpose[{index}]");
            let code = coding["code"].as_str().unwrap_or_default();
            if coding["system"] == PURPOSE {
                match code.parse() {
                    Ok(purpose) => own.push(purpose),
                    Err(_) => self.refuse(
                        &at,
                        "is no purpose that is known here: see the code system's words in the interface's description",
                    )?,
                }
            } else if coding["system"] == ACT_REASON && ["TREAT", "PUBHLTH"].contains(&code) {
                reasons.push((if code == "TREAT" { Purpose::Care } else { Purpose::PublicHealthResearch }, at));
            } else {
                let text = format!("write it with system {PURPOSE}, or TREAT or PUBHLTH of v3-ActReason");
                self.refuse::<()>(&at, &text);
            }
        }
        let named = own.first().copied().or(reasons.first().map(|(purpose, _)| *purpose));
        let Some(purpose) = named else {
            return self.refuse(&format!("{at}.purpose"), "one purpose must be said");
        };
        if own.iter().any(|other| *other != purpose) || reasons.iter().any(|(other, _)| *other != purpose) {
            return self.refuse(&format!("{at}.purpose"), "a consent has one purpose: make one for each");
        }
        debug_assert!(reasons.is_empty() || reason(purpose).is_some());
        Some(purpose)
    }

    /// The period of the provision and, in R5, the consent's: where both are said, what they have in common.
    fn period(&mut self, consent: &Value, provision: &Value, at: &str) -> (Option<Timestamp>, Option<Timestamp>) {
        let mut periods = vec![&provision["period"]];
        if self.release == Release::R5 {
            periods.push(&consent["period"]);
        }
        let moments = |name: &'static str| {
            periods.iter().filter_map(move |period| Moment::parse(period[name].as_str()?)).collect::<Vec<_>>()
        };
        let from = moments("start").into_iter().map(|moment| moment.start).max();
        let until = moments("end").into_iter().map(|moment| moment.end).min();
        if let (Some(from), Some(until)) = (from, until)
            && until <= from
        {
            self.refuse::<()>(&format!("{at}.period"), "it ends before it begins");
        }
        (from, until)
    }
}

/// The patient that a reference names, if it does so in one of the ways that are known here.
pub fn whose(reference: &Value) -> Option<Whose> {
    if let Some(id) = reference["reference"].as_str() {
        return id.strip_prefix("Patient/").filter(|id| !id.contains('/')).map(|id| Whose::Id(id.to_owned()));
    }
    let identifier = &reference["identifier"];
    let name = identifier["value"].as_str().filter(|_| identifier["system"] == PATIENT)?;
    Some(Whose::Named(name.to_owned()))
}

/// The member that a reference names.
fn party(reference: &Value) -> Option<PartyId> {
    let identifier = &reference["identifier"];
    let name = identifier["value"].as_str().filter(|_| identifier["system"] == PARTY)?;
    PartyId::parse(name).ok()
}

/// A modifier may turn what it stands on into its opposite, so one that is not known is not passed over (R4, 2.4.1.1).
fn modifiers(value: &Value, at: &str, issues: &mut Vec<Issue>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let at = format!("{at}.{name}");
                if name == "modifierExtension" {
                    issues.push(Issue::at(
                        IssueCode::NotSupported,
                        at,
                        "a modifier that is not known here may change the meaning",
                    ));
                } else if name != "contained" {
                    modifiers(value, &at, issues);
                }
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                modifiers(value, &format!("{at}[{index}]"), issues);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn list<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    of[name].as_array().into_iter().flatten()
}
