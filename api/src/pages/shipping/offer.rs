//! An outgoing handoff: what goes, and to whom.

use actix_web::{HttpResponse, get};
use maud::html;
use veridose_contract::Role;

use super::{Part, check, item, key, page};
use crate::pages::visitor::Worker;
use crate::problem::Problem;

#[get("/shipping/offer")]
pub(super) async fn form(worker: Worker) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let words = worker.words;
    let directory = worker.node().directory();
    let own = worker.caller().party()?;
    let receivers = directory.members().iter().filter(|member| {
        member.id != *own && matches!(member.role, Role::Manufacturer | Role::Distributor | Role::Pharmacy)
    });
    let content = html! {
        (item::scan_box(&worker, &words.say("ship-scan"), &words.say("ship-scan-how"), "collect"))
        form #offer.card data-send="offer" data-keep data-to="/handoffs" data-then="/desk/shipping/handoffs/{offer}" {
            (key())
            h2 { (words.say("ship-what")) }
            p #counted.quiet role="status" aria-live="polite" { (words.say("ship-nothing")) }
            ul #items.rows {}
            div.pair {
                div {
                    label for="to" { (words.say("ship-receiver")) }
                    select #to name="to" required {
                        option value="" { (words.say("ship-choose")) }
                        @for member in receivers { option value=(member.id) { (member.name) } }
                    }
                }
                div {
                    label for="kind" { (words.say("ship-kind")) }
                    select #kind name="kind" {
                        option value="shipment" { (words.say("ship-kind-shipment")) }
                        option value="return" { (words.say("ship-kind-return")) }
                    }
                }
            }
            div.acts {
                button.primary { (words.say("ship-send")) }
                button type="button" data-act="clear" { (words.say("ship-clear")) }
            }
            p.quiet { (words.say("ship-send-how")) }
        }
    };
    Ok(page(&worker, Part::Offer, &words.say("ship-offer"), &content))
}
