//! What was decided about models, from the ledger.

use actix_web::web;
use maud::{Markup, html};
use veridose_contract::{Action, ModelId};
use veridose_store::{EventFilter, EventOrder, EventRow, OrderBy, PageRequest};

use crate::node::Node;
use crate::pages::parts::{command, party, short, time};
use crate::pages::visitor::Worker;
use crate::problem::Problem;
use crate::routes::viewer;

/// Decisions that are shown, the latest ones.
const ROWS: u32 = 20;

/// The latest decisions, each with the way to its proof.
pub(super) async fn section(worker: &Worker, node: &web::Data<Node>) -> Result<Markup, Problem> {
    let words = worker.words;
    let filter = EventFilter {
        kinds: ["register_model", "promote_model", "roll_back_model"].map(str::to_owned).into(),
        order: EventOrder { by: OrderBy::RecordTime, descending: true },
        ..EventFilter::default()
    };
    let viewer = viewer(node, worker.caller()).await?;
    let page = PageRequest { limit: Some(ROWS), token: None };
    let rows = node.store().queries.events(&viewer, &filter, &page).await?.items;
    let reader = node.clone();
    let rows = web::block(move || with_models(&reader, rows)).await.map_err(Problem::internal)??;
    Ok(html! {
        section.card aria-labelledby="history" {
            h2 #history { (words.say("models-history")) }
            @if rows.is_empty() { p.quiet { (words.say("models-history-none")) } }
            ol.entries { @for (row, about) in &rows {
                li {
                    (time(row.recorded)) " " strong { (command(words, &row.kind)) } " "
                    @match about { About::Model(model) => { (short(&model.to_string())) }, About::Kind(kind) => { (kind) } }
                    " · " (party(node, &row.party)) " · "
                    a href={ "/desk/ledger/transactions/" (row.tx) } { (words.with("models-entry", [("index", row.tx_index.into())])) }
                }
            } }
        }
    })
}

/// What a decision is about.
enum About {
    Model(ModelId),
    /// The kind of model that went back to the one before.
    Kind(String),
}

fn with_models(node: &Node, rows: Vec<EventRow>) -> Result<Vec<(EventRow, About)>, Problem> {
    let mut told = Vec::with_capacity(rows.len());
    for row in rows {
        let entry = node.ledger().entries(row.tx_index, 1)?.into_iter().next();
        let command = entry.and_then(|entry| entry.transaction.body.commands.into_iter().nth(row.command as usize));
        match command.map(|command| command.action) {
            Some(Action::RegisterModel(model)) => told.push((row, About::Model(model.id))),
            Some(Action::PromoteModel { model }) => told.push((row, About::Model(model))),
            Some(Action::RollBackModel { kind }) => told.push((row, About::Kind(kind))),
            Some(_) | None => {}
        }
    }
    Ok(told)
}
