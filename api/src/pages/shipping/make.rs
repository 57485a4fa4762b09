//! Packs begin: product, lot, expiry, serial numbers.

use actix_web::{HttpResponse, get, web};
use maud::html;
use veridose_store::PageRequest;

use super::{Part, check_maker, key, page};
use crate::node::Node;
use crate::pages::visitor::Worker;
use crate::problem::Problem;
use crate::routes::viewer;

/// Products and lots that are offered to choose from; others are typed.
const CHOICES: u32 = 100;
/// Serial numbers of one form: what their labels fit on.
pub(super) const PACKS_MAX: u32 = 10_000;

#[get("/shipping/make")]
pub(super) async fn form(worker: Worker, node: web::Data<Node>) -> Result<HttpResponse, Problem> {
    check_maker(&worker)?;
    let (words, viewer) = (worker.words, viewer(&node, worker.caller()).await?);
    let page_of = PageRequest { limit: Some(CHOICES), token: None };
    let products = node.store().queries.products(&viewer, &page_of).await?.items;
    let lots = node.store().queries.lots(&viewer, None, &page_of).await?.items;
    let content = html! {
        form #make.card data-send="make" data-keep data-to="/commissions" data-then="/desk/shipping/labels/{index}" {
            (key())
            div.pair {
                div {
                    label for="gtin" { (words.say("make-product")) }
                    input #gtin name="gtin" type="text" inputmode="numeric" list="products" required pattern="[0-9]{8}|[0-9]{12,14}"
                        maxlength="14" autocomplete="off" autofocus;
                    datalist #products {
                        @for details in products.iter().filter_map(|row| row.details.as_ref()) { option value=(details.gtin) { (details.name) } }
                    }
                }
                div {
                    label for="lot" { (words.say("make-lot")) }
                    input #lot name="lot" type="text" list="lots" required maxlength="20" autocomplete="off" spellcheck="false";
                    datalist #lots { @for number in lots.iter().filter_map(|row| row.number.as_ref()) { option value=(number) {} } }
                }
                div {
                    label for="expiry" { (words.say("make-expiry")) }
                    input #expiry name="expiry" type="date" aria-describedby="expiry-how";
                }
            }
            p #expiry-how.quiet { (words.say("make-expiry-how")) }
            div.pair {
                div {
                    label for="serials" { (words.say("make-serials")) }
                    textarea #serials name="serials" rows="6" spellcheck="false" autocomplete="off" aria-describedby="serials-how" {}
                }
                div {
                    label for="count" { (words.say("make-count")) }
                    input #count name="count" type="number" min="1" max=(PACKS_MAX) step="1";
                    p #serials-how.quiet { (words.say("make-serials-how")) }
                }
            }
            div.acts { button.primary { (words.say("make-now")) } }
        }
    };
    Ok(page(&worker, Part::Make, &words.say("ship-make"), &content))
}
