//! One consent: what it says, who signed which version, and its change or end.

use actix_web::{HttpResponse, ResponseError as _, get, post, web};
use maud::{Markup, html};
use serde::Deserialize;
use veridose_contract::{ConsentId, SignedBy, Timestamp};
use veridose_store::ConsentRow;
use veridose_store::payload::ConsentDocument;

use super::consent_form::{Chosen, fields};
use super::said::{self, Standing};
use super::visit::{Act, Hidden, Patient, Sent, agree, carry_out, hidden, received};
use super::{Part, whole};
use crate::node::Node;
use crate::pages::sign_in::html_page;
use crate::pages::trouble;
use crate::pages::words::Words;
use crate::passkey::RelyingParty;
use crate::passkey::proof::{ConsentProof, check};
use crate::problem::Problem;
use crate::routes::own::{self, Wish};

/// What was just done.
#[derive(Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    done: String,
}

#[get("/me/consents/{id}")]
pub(super) async fn show(
    patient: Patient,
    node: web::Data<Node>,
    path: web::Path<String>,
    query: web::Query<Done>,
) -> Result<HttpResponse, Problem> {
    let page = page(&patient, &node, &path, told(patient.words(), &query.done)).await?;
    Ok(html_page(&page))
}

fn told(words: &Words, done: &str) -> Option<Markup> {
    let said = match done {
        "granted" => words.say("me-done-granted"),
        "amended" => words.say("me-done-amended"),
        "revoked" => words.say("me-done-revoked"),
        _ => return None,
    };
    Some(html! { p.notice.good role="status" { span aria-hidden="true" { "✓ " } (said) } })
}

async fn page(patient: &Patient, node: &Node, id: &str, above: Option<Markup>) -> Result<Markup, Problem> {
    let words = patient.words();
    let keeper = patient.keeper().await?;
    let (row, document, proof) = own::consent(node, &keeper, id).await?;
    let standing = Standing::of(&row, node.clock().now());
    let custodian = said::member(node, &row.custodian);
    let has_passkey = !node.store().passkeys.of_patient(&patient.own.name).await?.is_empty();
    let content = html! {
        @if let Some(above) = above { (above) }
        section.card {
            p { (standing.badge(words)) }
            p.lead { (said::consent(words, node, &row, &document)) }
            (facts(words, node, &row, &document, &custodian))
            @if let Some(text) = document.terms["text"].as_str() {
                details { summary { (words.say("me-agreed-to")) } p { (text) } }
            }
        }
        (versions(words, node, &row, &proof, &custodian))
        @if row.revoked_at.is_none() {
            section.card aria-labelledby="change" {
                h2 #change { (words.say("me-amend")) }
                p { (words.say("me-amend-how")) }
                p { a.button href=(format!("/desk/me/consents/{}/amend", row.consent)) { (words.say("me-amend")) } }
            }
            section.card aria-labelledby="end" {
                h2 #end { (words.say("me-revoke")) }
                p { (words.say("me-revoke-how")) }
                form method="post" action=(format!("/desk/me/consents/{}/revoke", row.consent)) data-act {
                    (hidden(patient))
                    input type="hidden" name="version" value=(row.version);
                    (agree(words, &custodian, has_passkey, &words.say("me-revoke-now")))
                }
            }
        }
    };
    Ok(whole(patient, Part::Consents, &said::purpose(words, row.purpose), &content))
}

fn facts(words: &Words, node: &Node, row: &ConsentRow, document: &ConsentDocument, custodian: &str) -> Markup {
    let who = row.grantee.as_ref().map_or_else(|| words.say("me-anybody"), |party| said::member(node, party));
    html! {
        dl.told-of {
            div { dt { (words.say("me-fact-who")) } dd { (who) } }
            div { dt { (words.say("me-fact-data")) } dd { (said::kinds(words, &row.data)) } }
            div { dt { (words.say("me-fact-form")) } dd { (said::form(words, row.form)) } }
            @if let Some(study) = said::study(document) { div { dt { (words.say("me-fact-study")) } dd { (study) } } }
            div { dt { (words.say("me-fact-from")) } dd { (said::moment(row.from)) } }
            div { dt { (words.say("me-fact-until")) } dd {
                @if let Some(until) = row.until { (said::last_day(until)) } @else { (words.say("me-until-revoked")) }
            } }
            @if let Some(at) = row.revoked_at { div { dt { (words.say("me-fact-revoked")) } dd { (said::moment(at)) } } }
            div { dt { (words.say("me-fact-keeper")) } dd { (custodian) } }
        }
    }
}

/// Every version with who signed it, checked here as anybody can check it elsewhere.
fn versions(words: &Words, node: &Node, row: &ConsentRow, proof: &ConsentProof, custodian: &str) -> Markup {
    let log = node.ledger().verifier();
    let proven: Vec<_> =
        proof.versions.iter().filter_map(|version| check(proof.consent, version, &log, None).ok()).collect();
    let time = |index: u64| node.ledger().header(index).map_or(Timestamp(0), |header| header.time);
    let last = proven.last().map_or(0, |version| version.version);
    html! {
        section.card aria-labelledby="versions" {
            h2 #versions { (words.say("me-versions")) }
            ol.entries {
                @for version in &proven {
                    li {
                        strong { (act(words, version.act)) } " " (said::moment(time(version.index))) br;
                        (signed(words, version.signed_by, custodian))
                        @if let Some(key) = &version.key { " " code { (key.get(..16).unwrap_or(key)) "…" } }
                        span.quiet { " " (words.with("me-ledger-entry", [("index", version.index.into())])) }
                    }
                }
                // The word of a witness lies under no patient's key, so the proof does not hold it.
                @if let Some(at) = row.revoked_at.filter(|_| last < row.version) {
                    li { strong { (act(words, "revoke_consent")) } " " (said::moment(at)) br; (signed(words, row.signed_by, custodian)) }
                }
            }
            @if proven.len() < proof.versions.len() { p.notice role="alert" { (words.say("me-version-unproven")) } }
            p { a href=(format!("/consents/{}/proof", row.consent)) download="consent-proof.json" { (words.say("me-proof-file")) } }
        }
    }
}

fn act(words: &Words, act: &str) -> String {
    match act {
        "amend_consent" => words.say("me-version-amended"),
        "revoke_consent" => words.say("me-version-revoked"),
        _ => words.say("me-version-granted"),
    }
}

fn signed(words: &Words, by: SignedBy, custodian: &str) -> String {
    match by {
        SignedBy::Patient => words.say("me-signed-passkey"),
        SignedBy::Custodian => words.with("me-signed-custodian", [("custodian", custodian.to_owned().into())]),
    }
}

#[get("/me/consents/{id}/amend")]
pub(super) async fn form(
    patient: Patient,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(html_page(&amending(&patient, &node, &path, None, None).await?))
}

async fn amending(
    patient: &Patient,
    node: &Node,
    id: &str,
    typed: Option<&Chosen>,
    wrong: Option<&Problem>,
) -> Result<Markup, Problem> {
    let words = patient.words();
    let (row, document, _) = own::consent(node, &patient.keeper().await?, id).await?;
    let stands = Chosen::of(&row, said::study(&document));
    let has_passkey = !node.store().passkeys.of_patient(&patient.own.name).await?.is_empty();
    let content = html! {
        p.lead { (words.say("me-amend-how")) }
        @if let Some(problem) = wrong { p.notice role="alert" { (trouble::said(words, &problem.body())) } }
        form.stacked method="post" action=(format!("/desk/me/consents/{}/amend", row.consent)) data-act {
            (hidden(patient))
            input type="hidden" name="version" value=(row.version);
            @if !stands.study.is_empty() { input type="hidden" name="study" value=(stands.study); }
            (fields(words, node, typed.unwrap_or(&stands), Some(row.purpose)))
            (agree(words, &said::member(node, &row.custodian), has_passkey, &words.say("me-agree")))
        }
    };
    Ok(whole(patient, Part::Consents, &words.say("me-amend"), &content))
}

#[post("/me/consents/{id}/amend")]
pub(super) async fn amend(
    patient: Patient,
    node: web::Data<Node>,
    rp: web::Data<RelyingParty>,
    path: web::Path<String>,
    sent: Sent<Chosen>,
) -> Result<HttpResponse, Problem> {
    let (chosen, by_script) = received(&patient, sent)?;
    let amended = match wanted(&patient, &node, &path, &chosen).await {
        Ok(wish) => carry_out(&patient, &rp, &chosen.hidden, by_script, wish, "amended").await,
        Err(problem) => Err(problem),
    };
    match amended {
        Err(problem) if !by_script => {
            let page = amending(&patient, &node, &path, Some(&chosen), Some(&problem)).await?;
            let mut response = HttpResponse::build(problem.status_code());
            Ok(response.content_type("text/html; charset=utf-8").body(page.0))
        }
        other => other,
    }
}

async fn wanted(patient: &Patient, node: &Node, id: &str, chosen: &Chosen) -> Result<Wish, Problem> {
    let (row, _, _) = own::consent(node, &patient.keeper().await?, id).await?;
    let to = chosen.consent(patient.words(), node, row.purpose)?;
    Ok(Wish::Amend { consent: row.consent.to_string(), version: version(&chosen.version)?, to })
}

/// The end of a consent.
#[derive(Deserialize)]
pub(super) struct Ended {
    #[serde(flatten)]
    hidden: Hidden,
    version: String,
}

impl Act for Ended {
    fn hidden(&self) -> &Hidden {
        &self.hidden
    }
}

#[post("/me/consents/{id}/revoke")]
pub(super) async fn revoke(
    patient: Patient,
    rp: web::Data<RelyingParty>,
    path: web::Path<String>,
    sent: Sent<Ended>,
) -> Result<HttpResponse, Problem> {
    let (ended, by_script) = received(&patient, sent)?;
    let consent = ConsentId::parse(&path).map_err(|_| Problem::not_found("consent"))?;
    let wish = Wish::Revoke { consent: consent.to_string(), version: version(&ended.version)? };
    carry_out(&patient, &rp, &ended.hidden, by_script, wish, "revoked").await
}

fn version(text: &str) -> Result<u32, Problem> {
    text.parse().map_err(|_| Problem::field("version", "open the page again: it names no version"))
}
