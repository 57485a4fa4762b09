//! Goods into a case or onto a pallet, and out again: the container is scanned, then what goes into it.

use actix_web::{HttpResponse, get};
use maud::html;

use super::{Part, check, item, key, page};
use crate::pages::visitor::Worker;
use crate::problem::Problem;

#[get("/shipping/pack")]
pub(super) async fn form(worker: Worker) -> Result<HttpResponse, Problem> {
    check(&worker)?;
    let words = worker.words;
    let content = html! {
        (item::scan_box(&worker, &words.say("pack-scan"), &words.say("pack-scan-how"), "pack"))
        form #pack.card data-send="pack" data-keep data-to="/packings" data-then="/desk/shipping/labels/{index}" {
            (key())
            div {
                label for="container" { (words.say("pack-container")) }
                div.field {
                    input #container name="container" type="text" required maxlength="200" autocomplete="off" spellcheck="false"
                        aria-describedby="container-how";
                    button type="button" data-act="other" { (words.say("pack-other")) }
                }
                p #container-how.quiet { (words.say("pack-container-how")) }
            }
            h2 { (words.say("pack-items")) }
            p #counted.quiet role="status" aria-live="polite" { (words.say("ship-nothing")) }
            ul #items.rows {}
            div.acts {
                button.primary { (words.say("pack-now")) }
                button data-to="/unpackings" data-then="" data-empty { (words.say("pack-unpack")) }
                button type="button" data-act="clear" { (words.say("ship-clear")) }
            }
            p.quiet { (words.say("pack-unpack-how")) }
        }
        section.card {
            h2 { (words.say("pack-new")) }
            p.quiet { (words.say("pack-new-how")) }
            form.filter method="get" action="/desk/shipping/containers" {
                div {
                    label for="prefix" { (words.say("pack-prefix")) }
                    input #prefix name="prefix" type="text" inputmode="numeric" required pattern="[0-9]{7,12}" maxlength="12" autocomplete="off";
                }
                div {
                    label for="from" { (words.say("pack-from")) }
                    input #from name="from" type="number" required min="0" max="999999999" value="1" step="1";
                }
                div {
                    label for="number" { (words.say("pack-number")) }
                    input #number name="number" type="number" required min="1" max="100" value="1" step="1";
                }
                button { (words.say("pack-labels")) }
            }
        }
    };
    Ok(page(&worker, Part::Pack, &words.say("ship-pack"), &content))
}
