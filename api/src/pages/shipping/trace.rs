//! A pack's transaction information, history and statements (DSCSA), to read and to print.

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use serde::Deserialize;
use time::Duration;
use veridose_contract::HandoffKind;

use super::{Part, check, item, moment, page};
use crate::node::{Node, date_time};
use crate::pages::visitor::Worker;
use crate::problem::{Kind, Problem};
use crate::routes::{Owner, Trace, trace};

/// What was scanned.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    item: String,
}

#[get("/shipping/trace")]
pub(super) async fn show(
    worker: Worker,
    node: web::Data<Node>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let words = worker.words;
    let text = asked.item.trim();
    let found = if text.is_empty() { None } else { Some(trace(&node, worker.caller(), text).await) };
    let content = html! {
        form #trace-form.scan.for-screen method="get" action="/desk/shipping/trace" {
            label for="scan" { (words.say("trace-scan")) }
            div.field {
                input #scan name="item" type="text" value=(text) required autofocus autocomplete="off" autocapitalize="off"
                    autocorrect="off" spellcheck="false" maxlength="2000" enterkeyhint="go" aria-describedby="scan-how";
                button.primary { (words.say("trace-now")) }
            }
            p #scan-how.quiet { (words.say("trace-scan-how")) }
        }
        @match found {
            None => {}
            Some(Ok(trace)) => (told(&worker, &trace)),
            Some(Err(problem)) if matches!(problem.kind(), Kind::NotFound | Kind::Unprocessable) => {
                p.notice role="alert" { @if problem.kind() == Kind::NotFound { (words.say("trace-nothing")) } @else { (words.say("trace-unread")) } }
            }
            Some(Err(problem)) => { p.notice role="alert" { (problem.body().detail) } }
        }
    };
    Ok(page(&worker, Part::Trace, &words.say("ship-trace"), &content))
}

fn told(worker: &Worker, trace: &Trace) -> Markup {
    let words = worker.words;
    let now = worker.node().clock().now();
    html! {
        div.acts.for-screen { button type="button" data-act="print" { (words.say("trace-print")) } }
        section.card.paper {
            h2 { (words.say("trace-product")) }
            dl.facts {
                @if let Some(product) = &trace.product {
                    div { dt { (words.say("trace-name")) } dd { (product.name) } }
                    @for (title, value) in [
                        (words.say("trace-strength"), &product.strength), (words.say("trace-form"), &product.dosage_form),
                        (words.say("trace-ndc"), &product.ndc), (words.say("trace-package"), &product.package),
                    ] {
                        @if let Some(value) = value { div { dt { (title) } dd { (value) } } }
                    }
                }
                div.whole { dt { (words.say("trace-identifier")) } dd { code { (item::short(&trace.id)) } } }
                @if let Some(lot) = &trace.lot { div { dt { (words.say("trace-lot")) } dd { (lot) } } }
                @if let Some(day) = trace.expiry_day {
                    div { dt { (words.say("trace-expiry")) } dd {
                        (date_time(veridose_contract::Timestamp(i64::from(day).saturating_mul(86_400_000))).date())
                    } }
                }
                div { dt { (words.say("trace-count")) } dd { "1" } }
                div { dt { (words.say("trace-maker")) } dd { (owner(worker, &trace.maker)) } }
                div { dt { (words.say("trace-made")) } dd { (moment(trace.made)) } }
            }
        }
        section.card.paper {
            h2 { (words.say("trace-history")) }
            @if trace.transfers.is_empty() { p { (words.say("trace-no-transfer")) } }
            ol.transfers {
                @for transfer in &trace.transfers {
                    li {
                        dl.facts {
                            div { dt { (words.say("trace-from")) } dd { (owner(worker, &transfer.from)) } }
                            div { dt { (words.say("trace-to")) } dd { (owner(worker, &transfer.to)) } }
                            div { dt { (words.say("trace-transferred")) } dd { (moment(transfer.transferred)) } }
                            // The law asks for the day of shipment where it is more than a day off.
                            @let apart = date_time(transfer.transferred) - date_time(transfer.shipped);
                            @if apart.abs() > Duration::hours(24) { div { dt { (words.say("trace-shipped")) } dd { (moment(transfer.shipped)) } } }
                            @if transfer.kind == HandoffKind::Return { div { dt { (words.say("ship-kind")) } dd { (words.say("ship-kind-return")) } } }
                            div.whole { dt { (words.say("trace-proof")) } dd { (transfer.tx_index) " · " code { (transfer.tx) } } }
                        }
                        p.statement { (words.with("trace-statement", [("member", transfer.from.name.as_str().into())])) }
                    }
                }
            }
            @if trace.is_cut { p.notice { (words.say("trace-cut")) } }
            p.quiet { (words.say("trace-yours")) }
        }
        section.card.paper {
            h2 { (words.say("trace-statements")) }
            p { (words.say("trace-law")) }
            ol.law {
                @for said in [
                    words.say("trace-law-authorized"), words.say("trace-law-received"), words.say("trace-law-documents"),
                    words.say("trace-law-suspect"), words.say("trace-law-systems"), words.say("trace-law-false"), words.say("trace-law-altered"),
                ] { li { (said) } }
            }
            p.quiet { (words.say("trace-printed")) " " (moment(now)) " · " (words.say("trace-member")) " "
                (worker.caller().party.as_ref().map(|party| super::member(worker.node(), party)).unwrap_or_default()) }
        }
    }
}

fn owner(worker: &Worker, owner: &Owner) -> Markup {
    html! {
        (owner.name)
        @if let Some(site) = owner.site { br; span.quiet { (worker.words.say("trace-gln")) " " (format!("{:013}", site.0)) } }
    }
}
