//! Searches: which parameters there are, and a page of what was found.

use std::ops::Range;

use actix_web::{HttpRequest, web};
use serde_json::Value;
use utoipa::IntoParams;
use veridose_fhir::{DateFilter, Issue, IssueCode, Link, searchset, span, systems};

use super::whose::PatientId;
use super::{Wrong, base};
use crate::node::Node;
use crate::problem::{Kind, Problem};

/// Resources of a page, unless less is asked for.
const PAGE_DEFAULT: usize = 50;
/// Resources of a page at most.
const PAGE_MAX: usize = 200;

/// A search parameter of a kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameter {
    /// A code.
    Token(&'static str),
    /// A date, in one of these elements.
    Date(&'static str, &'static [&'static str]),
}

pub(super) const STATUS: Parameter = Parameter::Token("status");
pub(super) const CATEGORY: Parameter = Parameter::Token("category");
pub(super) const CODE: Parameter = Parameter::Token("code");
pub(super) const OBSERVED: Parameter =
    Parameter::Date("date", &["effectiveDateTime", "effectiveInstant", "effectivePeriod"]);
pub(super) const AUTHORED: Parameter = Parameter::Date("authoredon", &["authoredOn"]);
pub(super) const HANDED_OVER: Parameter = Parameter::Date("whenhandedover", &["whenHandedOver"]);
pub(super) const PREPARED: Parameter = Parameter::Date("whenprepared", &["whenPrepared"]);
pub(super) const CONSENTED: Parameter = Parameter::Date("date", &["dateTime"]);

impl Parameter {
    /// What it is called, and its type.
    pub(super) const fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Token(name) => (name, "token"),
            Self::Date(name, _) => (name, "date"),
        }
    }
}

/// What is looked for.
#[derive(Debug, Clone, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct Search {
    /// The patient's id here, or `Patient/` and the id; in searches also as `subject`.
    pub(super) patient: Option<String>,
    /// `urn:veridose:patient|` and the custodian's name of the patient. Only in the body of a `_search`: a URL names no patient.
    #[param(ignore)]
    pub(super) identifier: Option<String>,
    /// The resource's id.
    #[param(rename = "_id")]
    pub(super) id: Option<String>,
    /// The resource's status.
    pub(super) status: Option<String>,
    /// A code, or system and code with a bar between, of `category`.
    pub(super) category: Option<String>,
    /// A code, or system and code with a bar between, of what was measured or of the medication.
    pub(super) code: Option<String>,
    /// A date, with a prefix `eq`, `ne`, `gt`, `lt`, `ge`, `le`, `sa` or `eb` before it: `ge2026-02-01`. Of an Observation; a
    /// MedicationRequest has `authoredon`, a MedicationDispense `whenhandedover` and `whenprepared`, each `_lastUpdated`. May
    /// come several times, and all must hold.
    #[param(rename = "date", value_type = Option<String>)]
    pub(super) dates: Vec<(String, DateFilter)>,
    /// How many a page holds, 50 where nothing is said, 200 at most.
    #[param(rename = "_count")]
    pub(super) count: Option<usize>,
    /// Where the page begins; see the Bundle's link `next`.
    #[param(rename = "_page")]
    pub(super) page: Option<usize>,
    /// After which resource the page begins, in a search over many patients; see the Bundle's link `next`.
    #[param(rename = "_cursor")]
    pub(super) cursor: Option<String>,
    /// The same as given, for links.
    #[param(ignore)]
    given: Vec<(String, String)>,
}

impl Search {
    /// From a URL; of the parameters beside those of every search, only `known` ones.
    pub(super) fn of_query(request: &HttpRequest, known: &[Parameter]) -> Result<Self, Wrong> {
        let search = Self::read(request.query_string(), known)?;
        if search.identifier.is_some() {
            let detail = "a URL names no patient: POST the same as a form to _search";
            return Err(Problem::new(Kind::BadRequest, detail).into());
        }
        Ok(search)
    }

    /// From `application/x-www-form-urlencoded` text. A parameter that is passed over would find more than was asked for, so an
    /// unknown one is refused.
    pub(super) fn read(text: &str, known: &[Parameter]) -> Result<Self, Wrong> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(text);
        let pairs = pairs.map_err(|_| Problem::new(Kind::BadRequest, "the parameters cannot be understood"))?;
        let mut search = Self::default();
        for (name, value) in pairs.into_inner() {
            search.take(&name, &value, known)?;
            if !["patient", "subject", "identifier", "_count", "_page", "_cursor"].contains(&name.as_str()) {
                search.given.push((name, value));
            }
        }
        Ok(search)
    }

    fn take(&mut self, name: &str, value: &str, known: &[Parameter]) -> Result<(), Wrong> {
        let wrong = |detail: &str| {
            // Only names of parameters are told, and those that are none of ours not at all.
            Wrong::Resource(vec![Issue::at(IssueCode::Value, format!("http.{name}"), detail)])
        };
        let number = |value: &str| value.parse().map_err(|_| wrong("give a number"));
        let slot = match name {
            "patient" | "subject" => &mut self.patient,
            "identifier" => &mut self.identifier,
            "_id" => &mut self.id,
            "_cursor" => &mut self.cursor,
            "_count" if self.count.is_none() => {
                self.count = Some(number(value)?).filter(|count| *count > 0);
                return self.count.map(drop).ok_or_else(|| wrong("it is at least 1"));
            }
            "_page" if self.page.is_none() => {
                self.page = Some(number(value)?);
                return Ok(());
            }
            _ => {
                let is_known = known.iter().find(|parameter| parameter.told().0 == name);
                match (is_known, name) {
                    (Some(Parameter::Date(..)), _) | (None, "_lastUpdated") => {
                        let filter = DateFilter::parse(value);
                        let words = "a date, with eq, ne, gt, lt, ge, le, sa or eb before it";
                        self.dates.push((name.to_owned(), filter.ok_or_else(|| wrong(words))?));
                        return Ok(());
                    }
                    (Some(Parameter::Token("status")), _) => &mut self.status,
                    (Some(Parameter::Token("category")), _) => &mut self.category,
                    (Some(Parameter::Token("code")), _) => &mut self.code,
                    (Some(Parameter::Token(_)) | None, _) => {
                        let detail = "a parameter is unknown here or comes twice; see the CapabilityStatement";
                        return Err(Problem::new(Kind::BadRequest, detail).into());
                    }
                }
            }
        };
        match slot.replace(value.to_owned()) {
            None => Ok(()),
            Some(_) => Err(wrong("it comes twice")),
        }
    }

    /// Whose resources are looked for, and whether the custodian's own name of the patient is known to who asks; `own` is
    /// who asks, if a patient does.
    pub(super) fn patient(&self, node: &Node, own: Option<&String>) -> Result<(PatientId, bool), Wrong> {
        let wrong = |detail: String| Wrong::from(Problem::new(Kind::BadRequest, detail));
        if let Some(identifier) = &self.identifier {
            let name = identifier.strip_prefix(systems::PATIENT).and_then(|name| name.strip_prefix('|'));
            let words =
                || wrong(format!("an identifier is {}| and the patient's name at the custodian", systems::PATIENT));
            let name = name.ok_or_else(words)?;
            return Ok((PatientId::of(node, name), true));
        }
        let own = own.map(|name| PatientId::of(node, name));
        if let Some(id) = &self.patient {
            let id = PatientId::parse(id).ok_or_else(|| wrong("that is no patient's id here".to_owned()))?;
            return Ok((id, own == Some(id)));
        }
        own.map(|own| (own, true))
            .ok_or_else(|| wrong("say whose: patient, or identifier in the body of a _search".to_owned()))
    }

    /// Whether a resource has the id, status, category, code and dates that are looked for.
    pub(super) fn finds(&self, resource: &Value, known: &[Parameter]) -> bool {
        let dated = |(name, filter): &(String, DateFilter)| {
            let elements = known.iter().find_map(|parameter| match parameter {
                Parameter::Date(parameter, elements) if parameter == name => Some(*elements),
                Parameter::Date(..) | Parameter::Token(_) => None,
            });
            let updated = || span(&resource["meta"]["lastUpdated"]);
            let found = elements.map_or_else(updated, |all| all.iter().find_map(|element| span(&resource[*element])));
            found.is_some_and(|found| filter.finds(found))
        };
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
        self.id.as_ref().is_none_or(|id| resource["id"] == *id)
            && self.dates.iter().all(dated)
            && self.status.as_ref().is_none_or(|status| resource["status"] == *status)
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
    let total = found.len();
    let whose = if path.contains('$') { None } else { Some(patient) };
    let (links, range) = links(request, path, search, whose, total)?;
    Ok(searchset(&base(request), &links, Some(total), found.into_iter().skip(range.start).take(range.len()).collect()))
}

/// Links to the page and the next one, and which of all `total` are on the page.
pub(super) fn links(
    request: &HttpRequest,
    path: &str,
    search: &Search,
    patient: Option<PatientId>,
    total: usize,
) -> Result<(Vec<Link>, Range<usize>), Wrong> {
    let from = search.page.unwrap_or(0);
    if from > total {
        return Err(Problem::new(Kind::BadRequest, "there is no such page").into());
    }
    let count = search.page_size();
    let end = from.saturating_add(count).min(total);
    let url = |page: usize| {
        let whose = patient.map(|patient| format!("patient={patient}&")).unwrap_or_default();
        format!("{}/{path}?{whose}{}_count={count}&_page={page}", base(request), search.as_given())
    };
    let mut links = vec![Link { relation: "self", url: url(from) }];
    if end < total {
        links.push(Link { relation: "next", url: url(end) });
    }
    Ok((links, from..end))
}

impl Search {
    /// Resources of a page.
    pub(super) fn page_size(&self) -> usize {
        self.count.unwrap_or(PAGE_DEFAULT).min(PAGE_MAX)
    }

    /// What is looked for, as a part of a URL: `status=final&`.
    pub(super) fn as_given(&self) -> String {
        let each = self.given.iter().flat_map(|(name, value)| [encoded(name), "=".into(), encoded(value), "&".into()]);
        each.collect()
    }
}

/// Percent-encoded (RFC 3986), all but the unreserved characters.
fn encoded(value: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    value.bytes().map(escape).collect()
}
