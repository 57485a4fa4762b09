//! What is held about me: records by kind, each of which opens, and dispenses on the ledger.

use std::cmp::Reverse;

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use veridose_fhir::systems;
use veridose_gs1::scan;
use veridose_store::PageRequest;

use super::visit::Patient;
use super::{Part, said, whole};
use crate::node::Node;
use crate::pages::name;
use crate::pages::sign_in::html_page;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::own::{self, OwnDispense, OwnRecord};

/// Records on a page.
const ROWS: usize = 20;
/// Values of a record that its page shows; the export has all.
const LINES_MAX: usize = 400;

/// Which kind and page.
#[derive(Deserialize)]
pub(super) struct Wanted {
    kind: Option<String>,
    #[serde(default)]
    from: usize,
}

/// The sorts of records that the list tells apart: the resource's type, of observations by what they are about.
fn sort(resource: &Value) -> &'static str {
    match (resource["resourceType"].as_str(), systems::kind_of(resource)) {
        (Some("Patient"), _) => "person",
        (Some("MedicationRequest"), _) => "prescriptions",
        (Some("MedicationDispense"), _) => "dispenses",
        (Some("Observation"), Some(veridose_contract::DataKind::Genomics)) => "genomics",
        (Some("Observation"), Some(_)) => "laboratory",
        (Some("Claim" | "ClaimResponse"), _) => "claims",
        _ => "others",
    }
}

const SORTS: [&str; 7] = ["person", "prescriptions", "dispenses", "laboratory", "genomics", "claims", "others"];

#[get("/me/records")]
pub(super) async fn list(
    patient: Patient,
    node: web::Data<Node>,
    query: web::Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let words = patient.words();
    let all = own::records(&node, &patient.own).await?;
    let wanted = query.kind.as_deref().filter(|kind| SORTS.contains(kind));
    let mut of: Vec<&OwnRecord> =
        all.iter().filter(|record| wanted.is_none_or(|kind| sort(&record.resource) == kind)).collect();
    // Who it is about first, then the latest.
    of.sort_by_key(|record| (sort(&record.resource) != "person", Reverse(dated(&record.resource)), record.id));
    let from = query.from.min(of.len());
    let address = |kind: &str| format!("/desk/me/records?kind={kind}");
    let content = html! {
        p.lead { (words.say("me-records-lead")) }
        p { a.button href="/desk/me/dispenses" { (words.say("me-dispenses")) } }
        ul.filters {
            li { a href="/desk/me/records" aria-current=[wanted.is_none().then_some("true")] { (words.say("me-sort-all")) " (" (all.len()) ")" } }
            @for kind in SORTS {
                @let count = all.iter().filter(|record| sort(&record.resource) == kind).count();
                @if count > 0 { li { a href=(address(kind)) aria-current=[(wanted == Some(kind)).then_some("true")] { (words.say(&format!("me-sort-{kind}"))) " (" (count) ")" } } }
            }
        }
        @if of.is_empty() { p.notice { (words.say("me-records-none")) } }
        ul.rows {
            @for record in of.iter().skip(from).take(ROWS) {
                li { a.card href=(format!("/desk/me/records/{}", hex::encode(record.id.0))) {
                    span.quiet { (words.say(&format!("me-sort-{}", sort(&record.resource)))) }
                    strong { (title(words, &record.resource)) }
                    @if let Some(day) = dated(&record.resource) { span { (day) } }
                } }
            }
        }
        @if from + ROWS < of.len() {
            p { a.button href=(format!("/desk/me/records?from={}{}", from + ROWS, wanted.map(|kind| format!("&kind={kind}")).unwrap_or_default())) { (words.say("me-more")) } }
        }
    };
    Ok(html_page(&whole(&patient, Part::Records, &words.say("me-records"), &content)))
}

#[get("/me/records/{id}")]
pub(super) async fn show(
    patient: Patient,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let words = patient.words();
    let all = own::records(&node, &patient.own).await?;
    let found = all.iter().find(|record| hex::encode(record.id.0) == *path);
    let record = found.ok_or_else(|| Problem::not_found("record"))?;
    let lines = crate::routes::own::lines(&record.resource);
    let content = html! {
        p.quiet { (words.say(&format!("me-sort-{}", sort(&record.resource)))) " · " (words.with("me-record-versions", [("count", record.versions.into())])) }
        section.card aria-label=(words.say("me-record-says")) {
            dl.told-of { @for (name, value) in facts(words, &record.resource) { div { dt { (name) } dd { (value) } } } }
            details {
                summary { (words.say("me-record-fields")) }
                dl.told-of.wide { @for (name, value) in lines.iter().take(LINES_MAX) { div { dt { (name) } dd { (value) } } } }
                @if lines.len() > LINES_MAX { p.notice { (words.say("me-record-more")) } }
            }
        }
        p { a href="/desk/me/records" { (words.say("me-records")) } }
    };
    Ok(html_page(&whole(&patient, Part::Records, &title(words, &record.resource), &content)))
}

/// What matters most in a record, in plain words.
fn facts(words: &Words, resource: &Value) -> Vec<(String, String)> {
    let text = |pointer: &str| resource.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let number = |pointer: &str| resource.pointer(pointer).filter(|value| value.is_number()).map(ToString::to_string);
    let quantity = |at: &str| {
        let unit = text(&format!("{at}/unit")).or_else(|| text(&format!("{at}/currency"))).unwrap_or_default();
        number(&format!("{at}/value")).map(|value| format!("{value} {unit}").trim().to_owned())
    };
    let given = resource["name"][0]["given"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let name = text("/name/0/text").or_else(|| {
        let all: Vec<&str> = given.chain(resource["name"][0]["family"].as_str()).collect();
        (!all.is_empty()).then(|| all.join(" "))
    });
    let value = quantity("/valueQuantity")
        .or_else(|| text("/valueString"))
        .or_else(|| concept(&resource["valueCodeableConcept"]));
    let facts = [
        ("me-fact-name", name),
        ("me-fact-born", text("/birthDate")),
        ("me-fact-what", (sort(resource) != "person").then(|| title(words, resource))),
        ("me-fact-value", value),
        ("me-fact-quantity", quantity("/quantity")),
        ("me-fact-dosage", text("/dosageInstruction/0/text")),
        ("me-fact-total", quantity("/total")),
        ("me-fact-day", dated(resource).map(str::to_owned)),
        ("me-fact-note", text("/note/0/text")),
    ];
    facts.into_iter().filter_map(|(key, value)| Some((words.say(key), value?))).collect()
}

/// What a record is called: no name of a person, which would stand in the window's title.
fn title(words: &Words, resource: &Value) -> String {
    let coded = ["medicationCodeableConcept", "code", "type"].into_iter().find_map(|name| concept(&resource[name]));
    match (sort(resource), coded) {
        ("person", _) => words.say("me-sort-person"),
        (_, Some(coded)) => coded,
        (sort, None) => words.say(&format!("me-sort-{sort}")),
    }
}

/// A concept in its own words, else by what its codings display, else by a code.
fn concept(concept: &Value) -> Option<String> {
    let codings = || concept["coding"].as_array().into_iter().flatten();
    let text = concept["text"].as_str().or_else(|| codings().find_map(|coding| coding["display"].as_str()));
    text.or_else(|| codings().find_map(|coding| coding["code"].as_str())).map(str::to_owned)
}

fn dated(resource: &Value) -> Option<&str> {
    let names = ["whenHandedOver", "authoredOn", "effectiveDateTime", "created"];
    names.into_iter().find_map(|name| resource[name].as_str()).map(|text| text.split('T').next().unwrap_or(text))
}

/// Where the next page begins.
#[derive(Deserialize)]
pub(super) struct At {
    at: Option<String>,
}

#[get("/me/dispenses")]
pub(super) async fn dispenses(
    patient: Patient,
    node: web::Data<Node>,
    query: web::Query<At>,
) -> Result<HttpResponse, Problem> {
    let words = patient.words();
    let asked = PageRequest { limit: u32::try_from(ROWS).ok(), token: query.at.clone() };
    let page = own::dispenses(&node, &patient.own, &asked).await?;
    let mut rows = Vec::with_capacity(page.items.len());
    for dispense in &page.items {
        rows.push(dispensed(words, &node, dispense).await);
    }
    let content = html! {
        p.lead { (words.say("me-dispenses-lead")) }
        @if rows.is_empty() { p.notice { (words.say("me-dispenses-none")) } }
        ol.rows { @for row in rows { (row) } }
        @if let Some(next) = &page.next { p { a.button href=(format!("/desk/me/dispenses?at={next}")) { (words.say("me-more")) } } }
    };
    Ok(html_page(&whole(&patient, Part::Records, &words.say("me-dispenses"), &content)))
}

async fn dispensed(words: &Words, node: &Node, dispense: &OwnDispense) -> Markup {
    let mut packs = Vec::with_capacity(dispense.packs.len());
    for uri in &dispense.packs {
        let pack = scan::parse(uri).ok().and_then(|scan| scan.sgtin());
        let gtin = pack.as_ref().map(|pack| pack.gtin.to_string());
        let product = name::product(node, gtin.as_deref()).await;
        packs.push((product.or(gtin), pack.map(|pack| pack.serial.to_string())));
    }
    let pharmacy = said::member(node, &dispense.event.party);
    html! {
        li.card {
            p { strong { (words.with("me-dispensed-by", [("who", pharmacy.into())])) } " " (said::moment(dispense.event.happened)) }
            @for (product, serial) in &packs {
                p { @if let Some(product) = product { (product) } @if let Some(serial) = serial { " · " (words.say("me-serial")) " " code { (serial) } } }
            }
            @if packs.is_empty() { p.quiet { (words.say("me-dispensed-sealed")) } }
            p.quiet { (words.with("me-ledger-entry", [("index", dispense.event.tx_index.into())])) }
        }
    }
}
