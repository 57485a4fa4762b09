//! What can be done with a model: put it to use, which a second person signs, and go back to the one before.

use maud::{Markup, html};

use crate::node::Node;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::routes::{ModelState, Shown};

/// The forms. They are sent to the API by the script, each page's once.
pub(super) fn section(worker: &Worker, node: &Node, model: &Shown) -> Markup {
    let (words, row) = (worker.words, &model.listed.row);
    let is_own = worker.caller().party.as_ref() == Some(&row.party);
    html! {
        section.card #act data-model=(row.model) data-kind=(row.kind) data-key=(uuid::Uuid::new_v4()) aria-labelledby="act-title" {
            h2 #act-title { (words.say("models-act")) }
            @if is_own {
                @match model.listed.state {
                    ModelState::InUse if model.ledger.replaced.is_some() => (rollback(words)),
                    ModelState::InUse => p { (words.say("models-only")) },
                    ModelState::Registered | ModelState::Retired => (promote(words, node, model)),
                }
                p #said role="status" data-done=(words.say("models-done")) {}
                noscript { p.notice { (words.say("models-no-script")) } }
            } @else {
                p { (words.say("models-not-own")) }
            }
        }
    }
}

/// The certificate that registered a model does not put it to use.
fn promote(words: &Words, node: &Node, model: &Shown) -> Markup {
    let own = node.signer(&model.listed.row.party).map(|signer| signer.fingerprint());
    html! {
        @if own.is_some_and(|own| own != model.ledger.registered_by) {
            p { (words.say("models-promote-node")) }
            form #promote { (note(words)) div.acts { button.primary { (words.say("models-promote")) } } }
        } @else {
            p { (words.say("models-promote-second")) }
            form #prepare {
                label for="certificate" { (words.say("models-certificate")) }
                textarea #certificate rows="3" required spellcheck="false" autocomplete="off" maxlength="20000" aria-describedby="certificate-how" {}
                p #certificate-how.quiet { (words.say("models-certificate-how")) }
                (note(words))
                div.acts { button.primary { (words.say("models-prepare")) } }
            }
            form #sign hidden {
                p { (words.say("models-sign")) " " a #unsigned download="unsigned.json" { "unsigned.json" } }
                pre tabindex="0" { "veridose sign --key signer.key --certificate signer.pem unsigned.json" }
                label for="signed" { (words.say("models-signed")) }
                textarea #signed rows="4" required spellcheck="false" autocomplete="off" maxlength="200000" {}
                div.acts { button.primary { (words.say("models-promote")) } }
            }
        }
    }
}

fn rollback(words: &Words) -> Markup {
    html! {
        p { (words.say("models-rollback-how")) }
        form #rollback { (note(words)) div.acts { button { (words.say("models-rollback")) } } }
    }
}

fn note(words: &Words) -> Markup {
    html! {
        label for="note" { (words.say("models-note")) }
        input #note type="text" maxlength="500" autocomplete="off";
    }
}
