//! Searches: which parameters there are, and a page of what was found.

use actix_web::HttpRequest;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use veridose_fhir::{Link, searchset, systems};

use super::whose::PatientId;
use super::{Wrong, base};
use crate::node::Node;
use crate::problem::{Kind, Problem};

/// Resources of a page, unless less is asked for.
const PAGE_DEFAULT: usize = 50;
/// Resources of a page at most.
const PAGE_MAX: usize = 200;

/// What is looked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(in crate::routes) struct Search {
    /// The patient's id here, or `Patient/` and the id.
    pub(super) patient: Option<String>,
    /// The same.
    pub(super) subject: Option<String>,
    /// `urn:veridose:patient|` and the custodian's name of the patient. Only in the body of a `_search`: a URL names no patient.
    #[param(ignore)]
    pub(super) identifier: Option<String>,
    /// The resource's status.
    pub(super) status: Option<String>,
    /// A code, or system and code with a bar between, of `category`.
    pub(super) category: Option<String>,
    /// A code, or system and code with a bar between, of what was measured or of the medication.
    pub(super) code: Option<String>,
    /// How many a page holds, 50 where nothing is said, 200 at most.
    #[serde(rename = "_count")]
    pub(super) count: Option<usize>,
    /// Where the page begins; see the Bundle's link `next`.
    #[serde(rename = "_page")]
    pub(super) page: Option<usize>,
}

impl Search {
    /// From a URL; of the parameters beside those of every search, only `known` ones.
    pub(super) fn of_query(request: &HttpRequest, known: &[&str]) -> Result<Self, Wrong> {
        let search = Self::read(request.query_string(), known)?;
        if search.identifier.is_some() {
            let detail = "a URL names no patient: POST the same as a form to _search";
            return Err(Problem::new(Kind::BadRequest, detail).into());
        }
        Ok(search)
    }

    /// From `application/x-www-form-urlencoded` text. A parameter that is passed over would find more than was asked for, so an
    /// unknown one is refused.
    pub(super) fn read(text: &str, known: &[&str]) -> Result<Self, Wrong> {
        let wrong = |detail: &str| Wrong::from(Problem::new(Kind::BadRequest, detail));
        let search = actix_web::web::Query::<Self>::from_query(text);
        let search =
            search.map_err(|_| wrong("a parameter is unknown, comes twice or is not of its kind"))?.into_inner();
        let given = [("status", &search.status), ("category", &search.category), ("code", &search.code)];
        if let Some((name, _)) = given.iter().find(|(name, value)| value.is_some() && !known.contains(name)) {
            return Err(wrong(&format!("this resource is not searched by {name}")));
        }
        if search.count == Some(0) {
            return Err(wrong("_count is at least 1"));
        }
        Ok(search)
    }

    /// Whose resources are looked for, with the name at the custodian where that was given; `own` is who asks, if a patient does.
    pub(super) fn patient(&self, node: &Node, own: Option<&String>) -> Result<(PatientId, Option<String>), Wrong> {
        let wrong = |detail: String| Wrong::from(Problem::new(Kind::BadRequest, detail));
        if let Some(identifier) = &self.identifier {
            let name = identifier.strip_prefix(systems::PATIENT).and_then(|name| name.strip_prefix('|'));
            let words =
                || wrong(format!("an identifier is {}| and the patient's name at the custodian", systems::PATIENT));
            let name = name.ok_or_else(words)?;
            return Ok((PatientId::of(node, name), Some(name.to_owned())));
        }
        let own = own.map(|name| (PatientId::of(node, name), Some(name.clone())));
        if let Some(id) = self.patient.as_ref().or(self.subject.as_ref()) {
            let id = PatientId::parse(id).ok_or_else(|| wrong("that is no patient's id here".to_owned()))?;
            return Ok(own.filter(|(own, _)| *own == id).unwrap_or((id, None)));
        }
        own.ok_or_else(|| wrong("say whose: patient, or identifier in the body of a _search".to_owned()))
    }

    /// Whether a resource has the status, category and code that are looked for.
    pub(super) fn finds(&self, resource: &Value) -> bool {
        let concepts = |names: &[&str]| -> Vec<Value> {
            let found = names.iter().flat_map(|name| match &resource[*name] {
                Value::Array(many) => many.clone(),
                one => vec![one.clone()],
            });
            found.collect()
        };
        let has = |wanted: &Option<String>, names: &[&str]| {
            wanted.as_ref().is_none_or(|wanted| concepts(names).iter().any(|concept| is_coded(concept, wanted)))
        };
        self.status.as_ref().is_none_or(|status| resource["status"] == *status)
            && has(&self.category, &["category"])
            && has(&self.code, &["code", "medicationCodeableConcept"])
    }
}

fn is_coded(concept: &Value, wanted: &str) -> bool {
    let (system, code) = wanted.split_once('|').map_or((None, wanted), |(system, code)| (Some(system), code));
    concept["coding"].as_array().into_iter().flatten().any(|coding| {
        coding["code"] == code && system.is_none_or(|system| coding["system"].as_str().unwrap_or_default() == system)
    })
}

/// The page of all that was found, with links to itself and the next one.
pub(super) fn page(
    request: &HttpRequest,
    path: &str,
    search: &Search,
    patient: PatientId,
    found: Vec<Value>,
) -> Result<Value, Wrong> {
    let (total, from) = (found.len(), search.page.unwrap_or(0));
    let count = search.count.unwrap_or(PAGE_DEFAULT).min(PAGE_MAX);
    if from > total {
        return Err(Problem::new(Kind::BadRequest, "there is no such page").into());
    }
    let base = base(request);
    let whose = if path.contains('$') { None } else { Some(("patient", Some(patient.to_string()))) };
    let same = [("status", &search.status), ("category", &search.category), ("code", &search.code)];
    let same = same.map(|(name, value)| (name, value.as_ref().map(|value| encoded(value))));
    let kept: String =
        whose.into_iter().chain(same).filter_map(|(name, value)| Some(format!("{name}={}&", value?))).collect();
    let url = |page: usize| format!("{base}/{path}?{kept}_count={count}&_page={page}");
    let mut links = vec![Link { relation: "self", url: url(from) }];
    if from.saturating_add(count) < total {
        links.push(Link { relation: "next", url: url(from.saturating_add(count)) });
    }
    Ok(searchset(&base, &links, Some(total), found.into_iter().skip(from).take(count).collect()))
}

/// Percent-encoded (RFC 3986), all but the unreserved characters.
fn encoded(value: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    value.bytes().map(escape).collect()
}
