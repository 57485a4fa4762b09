//! What the patient allows: the list, and a new consent.

use actix_web::{HttpResponse, get, post, web};
use maud::{Markup, html};
use serde::Deserialize;
use veridose_store::ConsentRow;
use veridose_store::payload::ConsentDocument;

use super::consent_form::{Chosen, fields};
use super::said::{self, Standing};
use super::visit::{Patient, Sent, agree, carry_out, hidden, received};
use super::{Part, whole};
use crate::node::Node;
use crate::pages::sign_in::html_page;
use crate::pages::trouble;
use crate::passkey::RelyingParty;
use crate::problem::Problem;
use crate::routes::own::{self, Wish};

/// Consents on a page.
const ROWS: usize = 20;

/// Which page.
#[derive(Deserialize)]
pub(super) struct From {
    #[serde(default)]
    from: usize,
}

#[get("/me/consents")]
pub(super) async fn list(
    patient: Patient,
    node: web::Data<Node>,
    query: web::Query<From>,
) -> Result<HttpResponse, Problem> {
    let words = patient.words();
    let keeper = patient.keeper().await?;
    let rows = own::consents(&node, &keeper, &patient.own).await?;
    let now = node.clock().now();
    let (from, count) = (query.from.min(rows.len()), rows.len());
    let shown: &[(ConsentRow, ConsentDocument)] = rows.get(from..count.min(from + ROWS)).unwrap_or_default();
    let content = html! {
        p.lead { (words.say("me-consents-lead")) }
        p { a.button.primary href="/desk/me/consents/new" { (words.say("me-grant")) } }
        @if rows.is_empty() { p.notice { (words.say("me-consents-none")) } }
        ul.rows {
            @for (row, document) in shown {
                li { a.card href=(format!("/desk/me/consents/{}", row.consent)) {
                    (Standing::of(row, now).badge(words))
                    strong { (said::purpose(words, row.purpose)) @if let Some(study) = said::study(document) { " " (study) } }
                    span { (said::consent(words, &node, row, document)) }
                } }
            }
        }
        @if from + ROWS < count { p { a.button href=(format!("/desk/me/consents?from={}", from + ROWS)) { (words.say("me-more")) } } }
    };
    Ok(html_page(&whole(&patient, Part::Consents, &words.say("me-consents"), &content)))
}

#[get("/me/consents/new")]
pub(super) async fn new(patient: Patient, node: web::Data<Node>) -> Result<HttpResponse, Problem> {
    let custodian = patient.keeper().await?.custodian().clone();
    let chosen = Chosen { dispense: Some("on".into()), grantee: custodian.to_string(), ..Chosen::default() };
    Ok(html_page(&page(&patient, &node, &chosen, None).await?))
}

#[post("/me/consents")]
pub(super) async fn grant(
    patient: Patient,
    node: web::Data<Node>,
    rp: web::Data<RelyingParty>,
    sent: Sent<Chosen>,
) -> Result<HttpResponse, Problem> {
    let (chosen, by_script) = received(&patient, sent)?;
    let granted = match chosen.wanted(patient.words(), &node) {
        Ok(consent) => carry_out(&patient, &rp, &chosen.hidden, by_script, Wish::Register(consent), "granted").await,
        Err(problem) => Err(problem),
    };
    match granted {
        // What was typed stands there again, with what is wrong.
        Err(problem) if !by_script => {
            let status = actix_web::ResponseError::status_code(&problem);
            let page = page(&patient, &node, &chosen, Some(&problem)).await?;
            Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(page.0))
        }
        other => other,
    }
}

async fn page(patient: &Patient, node: &Node, chosen: &Chosen, wrong: Option<&Problem>) -> Result<Markup, Problem> {
    let words = patient.words();
    let custodian = said::member(node, patient.keeper().await?.custodian());
    let has_passkey = !node.store().passkeys.of_patient(&patient.own.name).await?.is_empty();
    let content = html! {
        p.lead { (words.say("me-grant-lead")) }
        @if let Some(problem) = wrong { p.notice role="alert" { (trouble::said(words, &problem.body())) } }
        form.stacked method="post" action="/desk/me/consents" data-act {
            (hidden(patient))
            (fields(words, node, chosen, None))
            (agree(words, &custodian, has_passkey, &words.say("me-agree")))
        }
    };
    Ok(whole(patient, Part::Consents, &words.say("me-grant"), &content))
}
