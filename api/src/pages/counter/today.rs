//! What this pharmacy did with packs today, from the ledger.

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use veridose_contract::record::ItemState;
use veridose_contract::{DecommissionReason, PartyId, Timestamp, resolve};
use veridose_gs1::scan;
use veridose_store::{EventFilter, EventOrder, EventRow, Opened, OrderBy, PageRequest, Payload};

use super::check;
use crate::node::{Node, date_time};
use crate::pages::sign_in::html_page;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::viewer;
use crate::trade::record;

/// Rows that are shown.
const ROWS_MAX: u32 = 100;
/// Longest day, with the hour that a clock is put back.
const DAY_MS_MAX: i64 = 25 * 3_600_000;

/// Since when: the browser knows when its day began.
#[derive(Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    since: i64,
}

#[get("/counter/today")]
pub(super) async fn list(
    worker: Worker,
    node: web::Data<Node>,
    query: web::Query<Since>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let party = worker.caller().party()?.clone();
    let viewer = viewer(&node, worker.caller()).await?;
    let since = query.since.max(node.clock().now().0.saturating_sub(DAY_MS_MAX));
    let filter = EventFilter {
        record_time_from: Some(Timestamp(since)),
        biz_steps: [record::DISPENSING, record::DECOMMISSIONING, record::RESTORING]
            .map(|words| words.step.to_owned())
            .into(),
        epcis_only: true,
        order: EventOrder { by: OrderBy::RecordTime, descending: true },
        ..EventFilter::default()
    };
    let page = PageRequest { limit: Some(ROWS_MAX), token: None };
    let mut rows = node.store().queries.events(&viewer, &filter, &page).await?.items;
    rows.retain(|row| {
        row.party == party && row.site.is_none_or(|site| worker.caller().site.is_none_or(|own| own == site))
    });
    let mut shown = Vec::with_capacity(rows.len());
    let commitments: Vec<_> = rows.iter().map(|row| row.commitment).collect();
    for (row, opened) in rows.iter().zip(node.store().vault.open_many(&commitments, &party).await?) {
        for pack in packs(&opened) {
            shown.push(line(worker.words, &node, row, &pack, &party)?);
        }
    }
    Ok(html_page(&html! {
        @if shown.is_empty() { p.quiet { (worker.words.say("counter-today-none")) } }
        @else { ol.entries { @for line in shown { (line) } } }
    }))
}

/// The packs that an event names, as Digital Links.
fn packs(document: &Opened) -> Vec<String> {
    let Opened::Document(Payload::Event(raw)) = document else { return Vec::new() };
    let event: Value = serde_json::from_str(raw.get()).unwrap_or_default();
    let packs = event["epcList"].as_array().into_iter().flatten();
    packs.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn line(words: &Words, node: &Node, row: &EventRow, pack: &str, party: &PartyId) -> Result<Markup, Problem> {
    let read = scan::parse(pack).ok();
    let serial = read
        .as_ref()
        .and_then(veridose_gs1::scan::Scan::serial)
        .map_or_else(|| pack.to_owned(), |serial| serial.as_str().to_owned());
    let code = read.as_ref().and_then(veridose_gs1::scan::Scan::sgtin).map(|pack| pack.name());
    let key = code.as_ref().map(|code| node.network_key().item(code));
    let standing = key.map(|key| resolve(&node.ledger().state(), &key)).transpose()?.flatten();
    let state = standing.as_ref().filter(|standing| standing.holder == *party).map(|standing| &standing.state);
    let is_supplied = matches!(state, Some(ItemState::Decommissioned { reason: DecommissionReason::Supplied, .. }));
    let said = match row.kind.as_str() {
        "dispense" => words.say("today-dispensed"),
        "undo" => words.say("today-undone"),
        _ if is_supplied => words.say("today-supplied"),
        _ => words.say("today-removed"),
    };
    let at = date_time(row.happened);
    Ok(html! {
        li {
            time data-at=(row.happened.0) { (format!("{:02}:{:02} UTC", at.hour(), at.minute())) }
            " " strong { (said) } " " code { (serial) }
            @if let Some(code) = &code { " " button.link type="button" data-again=(code) { (words.say("scan-again")) } }
        }
    })
}
