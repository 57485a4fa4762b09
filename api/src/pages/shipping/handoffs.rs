//! Handoffs: those of this member, and one of them with what can be done about it.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use serde::Deserialize;
use veridose_contract::{DiscrepancyKind, HandoffKind, ItemKey, OfferId};
use veridose_epcis::model::Uri;
use veridose_store::{HandoffItem, HandoffRow, HandoffSide, HandoffState, PageRequest};

use super::{Part, check, item, key, member, moment, more, page};
use crate::node::Node;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::{Paging, named, viewer};

/// Items of a handoff on one page.
const ITEMS_ON_PAGE: u32 = 200;

/// Which handoffs.
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    side: Side,
    state: Option<HandoffState>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Side {
    #[default]
    Both,
    Incoming,
    Outgoing,
}

impl Side {
    const ALL: [Self; 3] = [Self::Both, Self::Incoming, Self::Outgoing];

    const fn word(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }

    fn name(self, words: &Words) -> String {
        match self {
            Self::Both => words.say("ship-side-both"),
            Self::Incoming => words.say("ship-side-incoming"),
            Self::Outgoing => words.say("ship-side-outgoing"),
        }
    }
}

const STATES: [HandoffState; 5] = [
    HandoffState::Offered,
    HandoffState::Accepted,
    HandoffState::AcceptedInPart,
    HandoffState::Rejected,
    HandoffState::Withdrawn,
];

const fn word(state: HandoffState) -> &'static str {
    match state {
        HandoffState::Offered => "offered",
        HandoffState::Accepted => "accepted",
        HandoffState::AcceptedInPart => "accepted_in_part",
        HandoffState::Rejected => "rejected",
        HandoffState::Withdrawn => "withdrawn",
    }
}

fn state(words: &Words, state: HandoffState) -> String {
    match state {
        HandoffState::Offered => words.say("handoff-offered"),
        HandoffState::Accepted => words.say("handoff-accepted"),
        HandoffState::AcceptedInPart => words.say("handoff-in-part"),
        HandoffState::Rejected => words.say("handoff-rejected"),
        HandoffState::Withdrawn => words.say("handoff-withdrawn"),
    }
}

/// Colour and sign of a state.
const fn mark(state: HandoffState) -> (&'static str, &'static str) {
    match state {
        HandoffState::Offered => ("mark-ask", "⋯"),
        HandoffState::Accepted => ("mark-may", "✓"),
        HandoffState::AcceptedInPart => ("mark-ask", "≠"),
        HandoffState::Rejected => ("mark-stop", "✕"),
        HandoffState::Withdrawn => ("quiet", "↩"),
    }
}

#[get("/shipping/handoffs")]
pub(super) async fn list(
    worker: Worker,
    node: web::Data<Node>,
    which: web::Query<Which>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let (words, viewer) = (worker.words, viewer(&node, worker.caller()).await?);
    let side = match which.side {
        Side::Both => HandoffSide::Both,
        Side::Incoming => HandoffSide::Incoming,
        Side::Outgoing => HandoffSide::Outgoing,
    };
    let states = Vec::from_iter(which.state);
    let found = node.store().queries.handoffs(&viewer, side, &states, &paging.request()).await?;
    let content = html! {
        form.filter method="get" action="/desk/shipping/handoffs" {
            div {
                label for="side" { (words.say("ship-side")) }
                select #side name="side" {
                    @for side in Side::ALL { option value=(side.word()) selected[side == which.side] { (side.name(words)) } }
                }
            }
            div {
                label for="state" { (words.say("ship-state")) }
                select #state name="state" {
                    @if which.state.is_none() { option selected disabled hidden { (words.say("ship-state-any")) } }
                    @for one in STATES { option value=(word(one)) selected[Some(one) == which.state] { (state(words, one)) } }
                }
            }
            button { (words.say("ship-show")) }
            @if which.state.is_some() || which.side != Side::Both { a.button href="/desk/shipping/handoffs" { (words.say("ship-all")) } }
        }
        section.card aria-label=(words.say("ship-handoffs")) {
            @if found.items.is_empty() { p.quiet { (words.say("ship-handoffs-none")) } }
            @else { ul.rows { @for one in &found.items { (row(&worker, one)) } } }
            (more(&worker, found.next.as_deref()))
        }
    };
    Ok(page(&worker, Part::Handoffs, &words.say("ship-handoffs"), &content))
}

/// A handoff in a list.
pub(super) fn row(worker: &Worker, row: &HandoffRow) -> Markup {
    let (words, (class, sign)) = (worker.words, mark(row.state));
    html! {
        li {
            span.(class) aria-hidden="true" { (sign) }
            div {
                a href=(format!("/desk/shipping/handoffs/{}", row.offer)) { (direction(worker, row)) }
                p.quiet {
                    (words.with("ship-items", [("count", row.items.into())])) " · " (state(words, row.state))
                    @if row.discrepancies > 0 { " · " (words.with("ship-discrepancies", [("count", row.discrepancies.into())])) }
                }
            }
            span.quiet { (moment(row.offered_at)) }
        }
    }
}

/// Who it goes to, or whom it comes from.
fn direction(worker: &Worker, row: &HandoffRow) -> String {
    let (words, node) = (worker.words, worker.node());
    let is_incoming = worker.caller().party.as_ref() == Some(&row.to);
    match (is_incoming, row.kind) {
        (true, HandoffKind::Shipment) => words.with("ship-from", [("member", member(node, &row.from).into())]),
        (false, HandoffKind::Shipment) => words.with("ship-to", [("member", member(node, &row.to).into())]),
        (true, HandoffKind::Return) => words.with("ship-return-from", [("member", member(node, &row.from).into())]),
        (false, HandoffKind::Return) => words.with("ship-return-to", [("member", member(node, &row.to).into())]),
    }
}

#[get("/shipping/handoffs/{offer}")]
pub(super) async fn show(
    worker: Worker,
    node: web::Data<Node>,
    path: web::Path<String>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let missing = || Problem::not_found("offer");
    let offer = OfferId::parse(&path).map_err(|_| missing())?;
    let (words, viewer) = (worker.words, viewer(&node, worker.caller()).await?);
    let row = node.store().queries.handoff(&viewer, &offer).await?.ok_or_else(missing)?;
    let wanted = PageRequest { limit: Some(ITEMS_ON_PAGE), token: paging.request().token };
    let is_first = wanted.token.is_none();
    let items = node.store().queries.handoff_items(&viewer, &offer, &wanted).await?;
    let names = named(&node, worker.caller().party()?, &row).await?;
    let is_incoming = worker.caller().party.as_ref() == Some(&row.to);
    let is_open = row.remaining > 0 && row.state == HandoffState::Offered;
    let (class, sign) = mark(row.state);
    let content = html! {
        section.card {
            dl.facts {
                div { dt { (words.say("ship-state")) } dd { span.(class) aria-hidden="true" { (sign) } " " (state(words, row.state)) } }
                div { dt { (words.say("ship-offered-at")) } dd { (moment(row.offered_at)) } }
                @if let Some(at) = row.answered_at { div { dt { (words.say("ship-answered-at")) } dd { (moment(at)) } } }
                div { dt { (words.say("ship-offered-count")) } dd { (row.items) } }
                @if row.discrepancies > 0 { div { dt { (words.say("ship-not-as-offered")) } dd { (row.discrepancies) } } }
                div { dt { (words.say("ship-entry")) } dd { (row.offered_index) } }
            }
        }
        @if is_open && is_incoming { (answer(&worker, &row, &items.items, &names, items.next.is_none() && is_first)) }
        @else {
            section.card {
                h2 { (words.say("ship-what")) }
                ul.rows { @for one in &items.items { (told(words, one, &names)) } }
            }
        }
        (more(&worker, items.next.as_deref()))
        @if is_open && !is_incoming { (withdraw(&worker, &row)) }
    };
    Ok(page(&worker, Part::Handoffs, &direction(&worker, &row), &content))
}

/// The name of an item, or the end of its key where nobody tells this node the name.
fn name(one: &ItemKey, names: &BTreeMap<ItemKey, Uri>) -> String {
    names.get(one).map_or_else(|| format!("{}…", &one.to_string()[..12]), |uri| item::short(uri.as_str()))
}

/// An item of a handoff that cannot be answered here or any more.
fn told(words: &Words, one: &HandoffItem, names: &BTreeMap<ItemKey, Uri>) -> Markup {
    let (class, sign, said) = match (one.accepted, one.discrepancy) {
        (_, Some(DiscrepancyKind::Missing)) => ("mark-stop", "✕", words.say("ship-missing")),
        (_, Some(DiscrepancyKind::Damaged)) => ("mark-stop", "✕", words.say("ship-damaged")),
        (_, Some(DiscrepancyKind::Refused)) => ("mark-stop", "✕", words.say("ship-refused")),
        (_, Some(DiscrepancyKind::Surplus)) => ("mark-ask", "+", words.say("ship-surplus")),
        (true, None) => ("mark-may", "✓", words.say("ship-accepted")),
        (false, None) => ("quiet", "⋯", words.say("ship-unanswered")),
    };
    html! {
        li {
            span.(class) aria-hidden="true" { (sign) }
            div { code { (name(&one.item, names)) } }
            span { (said) }
        }
    }
}

/// What arrived: each item with what is to be said of it.
fn answer(
    worker: &Worker,
    row: &HandoffRow,
    items: &[HandoffItem],
    names: &BTreeMap<ItemKey, Uri>,
    is_whole: bool,
) -> Markup {
    let words = worker.words;
    let kinds = [
        ("", words.say("ship-arrived")),
        ("missing", words.say("ship-missing")),
        ("damaged", words.say("ship-damaged")),
        ("refused", words.say("ship-refused")),
    ];
    html! {
        (item::scan_box(worker, &words.say("ship-check-off"), &words.say("ship-check-off-how"), "check"))
        form #answer.card data-send="accept" data-keep data-to=(format!("/handoffs/{}/accept", row.offer)) data-then="" {
            (key())
            h2 { (words.say("ship-what")) }
            p #counted.quiet role="status" aria-live="polite" {}
            ul #items.rows {
                @for (at, one) in items.iter().filter(|one| !one.accepted && one.discrepancy.is_none()).enumerate() {
                    @let link = names.get(&one.item).map(Uri::as_str);
                    li data-item=[link] {
                        span.tick aria-hidden="true" { "○" }
                        label for=(format!("item-{at}")) { code { (name(&one.item, names)) } }
                        select id=(format!("item-{at}")) name="kind" disabled[link.is_none()] {
                            @for (value, said) in &kinds { option value=(value) { (said) } }
                        }
                    }
                }
            }
            h3 #extra-title hidden { (words.say("ship-surplus")) }
            ul #extra.rows {}
            div.acts {
                @if is_whole { button type="button" data-act="unseen" { (words.say("ship-rest-missing")) } }
            }
            div.acts {
                button.primary { (words.say("ship-accept")) }
                button type="button" data-ask="ask-reject" { (words.say("ship-reject")) }
            }
            p.quiet { (words.say("ship-accept-how")) }
        }
        dialog #ask-reject aria-labelledby="reject-title" {
            form data-send="plain" data-to=(format!("/handoffs/{}/reject", row.offer)) data-then="" {
                (key())
                h2 #reject-title { (words.say("ship-reject")) }
                p { (words.say("ship-reject-how")) }
                div.acts {
                    button.primary { (words.say("ship-reject")) }
                    button type="button" data-close { (words.say("close")) }
                }
            }
        }
    }
}

fn withdraw(worker: &Worker, row: &HandoffRow) -> Markup {
    let words = worker.words;
    html! {
        form.card data-send="plain" data-to=(format!("/handoffs/{}/withdraw", row.offer)) data-then="" {
            (key())
            p { (words.say("ship-withdraw-how")) }
            div.acts { button { (words.say("ship-withdraw")) } }
        }
    }
}
