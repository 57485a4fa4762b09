//! What a patient takes along, and the end of it all.

use actix_web::{HttpResponse, get, post, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::visit::{Act, Hidden, Patient, Sent, hidden, received};
use super::{Part, said, whole};
use crate::node::Node;
use crate::pages::sign_in::html_page;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::own::{self, Erased, KeyBackupState};

/// A word that is typed, in full.
#[derive(Deserialize)]
pub(super) struct Meant {
    #[serde(flatten)]
    hidden: Hidden,
    #[serde(default)]
    word: String,
}

impl Act for Meant {
    fn hidden(&self) -> &Hidden {
        &self.hidden
    }
}

#[get("/me/data")]
pub(super) async fn show(patient: Patient, node: web::Data<Node>) -> Result<HttpResponse, Problem> {
    page(&patient, &node, None)
}

fn page(patient: &Patient, node: &Node, wrong: Option<String>) -> Result<HttpResponse, Problem> {
    let words = patient.words();
    let content = if let Some((erasure, mark)) = own::erased(node, &patient.own)? {
        html! {
            section.card {
                h2 { (words.say("me-erased")) }
                p { (words.with("me-erased-since", [("day", said::day(mark.since).into())])) }
                dl.told-of { div { dt { (words.say("me-erasure-name")) } dd { code { (erasure) } } } }
                (afterwards(words))
            }
        }
    } else {
        html! { (taking(words)) (erasing(patient, wrong)) }
    };
    Ok(html_page(&whole(patient, Part::Leaving, &words.say("me-leaving"), &content)))
}

fn taking(words: &Words) -> Markup {
    html! {
        section.card aria-labelledby="take" {
            h2 #take { (words.say("me-take")) }
            p { (words.say("me-take-how")) }
            div.acts {
                a.button href="/patients/me/export.pdf" download="my-record.pdf" { (words.say("me-take-pdf")) }
                a.button href="/patients/me/export" download="my-record.json" { (words.say("me-take-fhir")) }
            }
        }
    }
}

fn erasing(patient: &Patient, wrong: Option<String>) -> Markup {
    let words = patient.words();
    let word = words.say("me-erase-word");
    html! {
        section.card.grave aria-labelledby="erase" {
            h2 #erase { (words.say("me-erase")) }
            p { (words.say("me-erase-how")) }
            ul {
                li { (words.say("me-erase-gone")) }
                li { (words.say("me-erase-stays")) }
                li { (words.say("me-erase-pharmacy")) }
                li { (words.say("me-erase-never")) }
            }
            @if let Some(wrong) = wrong { p.notice role="alert" { (wrong) } }
            form.stacked method="post" action="/desk/me/data/erase" {
                (hidden(patient))
                label for="word" { (words.with("me-erase-type", [("word", word.into())])) }
                input #word name="word" type="text" required maxlength="20" autocomplete="off" autocapitalize="characters" spellcheck="false";
                button.stop { (words.say("me-erase-now")) }
            }
        }
    }
}

fn afterwards(words: &Words) -> Markup {
    html! { p { (words.say("me-erased-after")) } }
}

#[post("/me/data/erase")]
pub(super) async fn erase(patient: Patient, node: web::Data<Node>, sent: Sent<Meant>) -> Result<HttpResponse, Problem> {
    let words = patient.words();
    let (meant, _) = received(&patient, sent)?;
    let word = words.say("me-erase-word");
    if meant.word.trim().to_uppercase() != word {
        return page(&patient, &node, Some(words.with("me-erase-wrong", [("word", word.into())])));
    }
    let erased = own::erase(&patient.own, patient.keeper().await?, patient.request()).await?;
    let receipt = own::receipt(&node, &erased)?;
    let content = html! {
        section.card {
            h2 { (words.say("me-erased")) }
            p role="status" { (words.with("me-erased-count", [("count", erased.documents.into())])) }
            p { (backup(words, &erased)) }
            (afterwards(words))
        }
        section.card aria-labelledby="receipt" {
            h2 #receipt { (words.say("me-receipt")) }
            p { (words.say("me-receipt-how")) }
            dl.told-of { div { dt { (words.say("me-erasure-name")) } dd { code { (erased.erasure) } } }
                @if let Some(tx) = &erased.tx { div { dt { (words.say("me-erasure-tx")) } dd { code { (tx) } } } } }
            @if let Some(receipt) = &receipt {
                button #keep-receipt type="button" hidden data-file="erasure-receipt.json" { (words.say("me-receipt-keep")) }
                details { summary { (words.say("me-receipt-show")) } pre #receipt-text tabindex="0" { (receipt) } }
            }
        }
    };
    Ok(html_page(&whole(&patient, Part::Leaving, &words.say("me-leaving"), &content)))
}

fn backup(words: &Words, erased: &Erased) -> String {
    match erased.key_backup {
        KeyBackupState::None => words.say("me-backup-none"),
        KeyBackupState::Rewrapped => words.say("me-backup-rewrapped"),
        KeyBackupState::Pending => words.say("me-backup-pending"),
    }
}
