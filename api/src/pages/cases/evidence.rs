//! Every event of a pack's way, with the proof that it stands on the ledger, checked in the browser.

use maud::{Markup, html};

use super::said;
use crate::pages::visitor::Worker;
use crate::routes::cases::Way;

pub(super) fn section(worker: &Worker, way: &Way) -> Markup {
    let (words, node) = (worker.words, worker.node());
    html! {
        section.card #evidence aria-labelledby="evidence-title" data-item=(way.item) data-key="/log/key" {
            div.heading {
                h2 #evidence-title { (words.say("case-evidence")) }
                button #check-proofs type="button" hidden { (words.say("proof-check")) }
            }
            p.quiet { (words.say("case-evidence-how")) }
            p #proofs-done role="status" aria-live="polite" {}
            div.scroll tabindex="0" role="group" aria-labelledby="evidence-title" {
                table.evidence {
                    thead {
                        tr {
                            th scope="col" { (words.say("evidence-when")) }
                            th scope="col" { (words.say("evidence-what")) }
                            th scope="col" { (words.say("evidence-where")) }
                            th scope="col" { (words.say("evidence-proof")) }
                        }
                    }
                    tbody {
                        @for stop in &way.stops {
                            tr.odd[!stop.odd.is_empty()] {
                                td { (said::time(stop.at)) }
                                td {
                                    (said::step(words, &stop.step))
                                    @if stop.is_evidence { " " span.badge.alert { span aria-hidden="true" { "⚠ " } (words.say("evidence-is")) } }
                                }
                                td {
                                    (said::place(node, words, &stop.place, &way.places))
                                    @if let Some(party) = &stop.party { br; span.quiet { (said::party(node, party)) } }
                                }
                                td {
                                    @match &stop.entry {
                                        Some((index, receipt)) => {
                                            a href=(receipt) { (words.with("evidence-entry", [("index", index.to_string().into())])) }
                                            span.proof data-receipt=(receipt) {}
                                        }
                                        None => { span.quiet { (words.say("evidence-no-entry")) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
