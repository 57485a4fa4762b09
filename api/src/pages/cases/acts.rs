//! What can be done with a case. Each form has a name of its own, under which what it asks happens once.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, post, web};
use maud::{Markup, html};
use serde::Deserialize;
use veridose_contract::{CaseOutcome, PartyId};
use veridose_store::{CaseState, word};

use super::check;
use super::show::Told;
use crate::pages::frame;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::LotName;
use crate::routes::cases::{Act, Assignment, Closing, Remark, SetApart, act as take};

const OUTCOMES: [CaseOutcome; 5] =
    [CaseOutcome::Technical, CaseOutcome::Process, CaseOutcome::Falsified, CaseOutcome::Diverted, CaseOutcome::Stolen];
/// Longest note, in characters.
const NOTE_CHARS_MAX: usize = 4_000;

/// A form of the page.
#[derive(Debug, Deserialize)]
pub(super) struct Filled {
    csrf: String,
    /// The form's own name.
    key: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    to: String,
    outcome: Option<CaseOutcome>,
    /// `GTIN/LOT`; empty for the packs that the case names.
    #[serde(default)]
    lot: String,
}

/// Without a script; with it the page's forms go to the API.
#[post("/cases/{case}/{act}")]
pub(super) async fn act(
    worker: Worker,
    path: web::Path<(String, String)>,
    form: web::Form<Filled>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    worker.check(&form.csrf)?;
    let (case, name) = path.into_inner();
    let Filled { key, note, to, outcome, lot, .. } = form.into_inner();
    if note.chars().count() > NOTE_CHARS_MAX {
        return Err(Problem::field("note", format!("a note has at most {NOTE_CHARS_MAX} characters")));
    }
    let asked = match name.as_str() {
        "assign" => {
            let to = Some(to.trim()).filter(|to| !to.is_empty()).map(PartyId::parse).transpose();
            Act::Assign(Assignment { to: to.map_err(|error| Problem::field("to", error))?, note })
        }
        "escalate" => Act::Escalate(Remark { note }),
        "close" => {
            let outcome = outcome.ok_or_else(|| Problem::field("outcome", "choose what the case turned out to be"))?;
            Act::Close(Closing { outcome, note })
        }
        "reopen" => Act::Reopen(Remark { note }),
        "quarantine" => Act::Quarantine(SetApart { items: None, lot: named(&lot)?, note }),
        _ => return Err(Problem::not_found("page")),
    };
    take(&worker.request, worker.caller(), (&case, &key), asked).await?;
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("/desk/cases/{case}?done={name}"))).finish())
}

fn named(lot: &str) -> Result<Option<LotName>, Problem> {
    if lot.is_empty() {
        return Ok(None);
    }
    let (gtin, lot) = lot.split_once('/').ok_or_else(|| Problem::field("lot", "choose one of the lots"))?;
    Ok(Some(LotName { gtin: gtin.to_owned(), lot: lot.to_owned() }))
}

pub(super) fn section(worker: &Worker, told: &Told) -> Markup {
    let (words, row) = (worker.words, &told.file.row);
    let form =
        |name: &str, title: String, how: Option<String>, fields: &Markup| form(worker, told, name, &title, how, fields);
    html! {
        section.card.acts-of-case aria-labelledby="acts-title" {
            h2 #acts-title { (words.say("case-acts")) }
            p #told role="status" aria-live="polite" {}
            @if row.state == CaseState::Closed {
                (form("reopen", words.say("act-reopen"), None, &html! {}))
            } @else {
                (form("assign", words.say("act-assign"), None, &regulators(worker)))
                (form("escalate", words.say("act-escalate"), None, &html! {}))
                (form("close", words.say("act-close"), Some(words.say("act-close-how")), &outcomes(words)))
            }
            @if !told.lots.is_empty() || told.file.about.as_ref().is_some_and(|about| !about.items.is_empty()) { (form("quarantine", words.say("act-quarantine"), Some(words.say("act-quarantine-how")), &targets(worker, told))) }
            p { a.button href=(format!("/cases/{}/form-3911.pdf", row.case)) download=(format!("form-3911-{}.pdf", row.case)) { (words.say("case-form")) } }
        }
    }
}

fn form(worker: &Worker, told: &Told, name: &str, title: &str, how: Option<String>, fields: &Markup) -> Markup {
    let (words, case) = (worker.words, &told.file.row.case);
    html! {
        details.step {
            summary { (title) }
            form method="post" action=(format!("/desk/cases/{case}/{name}")) data-path=(format!("/cases/{case}/{name}")) data-act=(name) {
                (frame::csrf(worker))
                input type="hidden" name="key" value=(uuid::Uuid::new_v4());
                @if let Some(how) = how { p.quiet { (how) } }
                (fields)
                label for=(format!("note-{name}")) { (words.say("act-note")) }
                textarea id=(format!("note-{name}")) name="note" rows="2" maxlength=(NOTE_CHARS_MAX) {}
                button.primary { (title) }
            }
        }
    }
}

fn regulators(worker: &Worker) -> Markup {
    let (words, directory) = (worker.words, worker.node().directory());
    let own = worker.caller().party.as_ref();
    html! {
        label for="assign-to" { (words.say("act-assign-to")) }
        select #assign-to name="to" {
            @for member in directory.members().iter().filter(|member| directory.regulators().contains(&member.id)) {
                option value=(member.id) selected[own == Some(&member.id)] { (member.name) }
            }
        }
    }
}

fn outcomes(words: &Words) -> Markup {
    html! {
        label for="close-outcome" { (words.say("act-outcome")) }
        select #close-outcome name="outcome" required {
            option value="" { (words.say("act-choose")) }
            @for outcome in OUTCOMES {
                @let name = word(&outcome);
                option value=(name) { (words.say(&format!("case-outcome-{name}"))) }
            }
        }
    }
}

/// The packs that the case names, or one of their lots.
fn targets(worker: &Worker, told: &Told) -> Markup {
    let words = worker.words;
    let items = told.file.about.as_ref().map_or(0, |about| about.items.len());
    html! {
        label for="quarantine-lot" { (words.say("act-quarantine-what")) }
        select #quarantine-lot name="lot" {
            @if items > 0 { option value="" { (words.with("act-quarantine-items", [("count", items.into())])) } }
            @for lot in &told.lots {
                option value=(format!("{}/{}", lot.gtin, lot.lot)) { (words.with("act-quarantine-lot", [("lot", lot.lot.as_str().into()), ("gtin", lot.gtin.as_str().into())])) }
            }
        }
    }
}
