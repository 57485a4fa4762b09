//! The consents of a patient under which this pharmacy may record a dispense.

use actix_web::{HttpResponse, post, web};
use maud::html;
use serde::Deserialize;
use veridose_contract::Purpose;
use veridose_store::ConsentRow;

use super::check;
use crate::node::{Node, date_time};
use crate::pages::sign_in::html_page;
use crate::pages::visitor::Worker;
use crate::problem::Problem;

/// Consents that are shown.
const CONSENTS_MAX: usize = 20;

/// Whose consents; in a body, because no patient stands in an address.
#[derive(Deserialize)]
pub(super) struct Whose {
    patient: String,
}

/// The consents that are in force now, to choose from.
#[post("/counter/consents")]
pub(super) async fn of_patient(
    worker: Worker,
    node: web::Data<Node>,
    whose: web::Json<Whose>,
) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    worker.check_script()?;
    node.ledger().check_fresh()?;
    node.caught_up().await;
    let party = worker.caller().party()?;
    let documents = node.store().vault.of_patient(whose.patient.trim()).await?;
    let now = node.clock().now();
    let mut rows = node.store().queries.consent_rows_of(&documents).await?;
    rows.retain(|row| {
        row.purpose == Purpose::DispenseRecord
            && row.custodian == *party
            && row.grantee.as_ref().is_none_or(|grantee| grantee == party)
            && row.revoked_at.is_none()
            && row.from <= now
            && row.until.is_none_or(|until| now < until)
    });
    rows.truncate(CONSENTS_MAX);
    let words = worker.words;
    Ok(html_page(&html! {
        @if rows.is_empty() { p.notice { (words.say("dispense-none")) } }
        @else {
            fieldset {
                legend { (words.say("dispense-choose")) }
                @for (at, row) in rows.iter().enumerate() {
                    label.check {
                        input type="radio" name="chosen" value=(format!("{} {}", row.consent, row.version)) checked[at == 0];
                        " " (words.with("dispense-since", [("day", day(row).into())]))
                        @if let Some(until) = row.until {
                            " " (words.with("dispense-until", [("day", date_time(until).date().to_string().into())]))
                        }
                    }
                }
            }
        }
    }))
}

fn day(row: &ConsentRow) -> String {
    date_time(row.from).date().to_string()
}
