//! What is asked before something is done: the patient's consent, a reason, to whom.

use maud::{Markup, html};
use veridose_contract::{DecommissionReason, Role};

use crate::pages::visitor::Worker;
use crate::pages::words::Words;

/// Reasons for which a counter takes a pack out of the trade; supply to a patient has its own buttons.
const REASONS: [DecommissionReason; 6] = [
    DecommissionReason::Destroyed,
    DecommissionReason::Stolen,
    DecommissionReason::Locked,
    DecommissionReason::Sample,
    DecommissionReason::FreeSample,
    DecommissionReason::Exported,
];

pub(super) fn show(worker: &Worker) -> Markup {
    let words = worker.words;
    html! {
        (dialog(words, "dispense", &words.say("act-dispense"), &words.say("dispense-now"), &html! {
            label for="patient" { (words.say("dispense-patient")) }
            div.field {
                input #patient name="patient" type="text" maxlength="200" autocomplete="off" spellcheck="false";
                button #find-consents type="button" { (words.say("dispense-find")) }
            }
            div #consents aria-live="polite" {}
            details {
                summary { (words.say("dispense-by-number")) }
                label for="consent" { (words.say("dispense-consent")) }
                input #consent name="consent" type="text" maxlength="32" pattern="[0-9a-fA-F]{32}" autocomplete="off" spellcheck="false";
                label for="version" { (words.say("dispense-version")) }
                input #version name="version" type="number" min="1" max="4294967295" value="1";
            }
            label for="prescription" { (words.say("dispense-prescription")) }
            input #prescription name="prescription" type="text" required maxlength="1000" autocomplete="off"
                aria-describedby="prescription-how";
            p #prescription-how.quiet { (words.say("dispense-prescription-how")) }
        }))
        (dialog(words, "undo", &words.say("act-undo"), &words.say("undo-now"), &html! {
            p { (words.say("undo-law")) }
            label.check { input name="not_supplied" type="checkbox" required; " " (words.say("undo-declare")) }
        }))
        (dialog(words, "remove", &words.say("act-remove"), &words.say("remove-now"), &html! {
            label for="reason" { (words.say("remove-reason")) }
            select #reason name="reason" {
                @for reason in REASONS {
                    @let word = text(reason);
                    option value=(word) { (words.say(&format!("reason-{word}"))) }
                }
            }
        }))
        (dialog(words, "return", &words.say("act-return"), &words.say("return-now"), &html! {
            label for="to" { (words.say("return-to")) }
            select #to name="to" {
                @for member in worker.node().directory().members() {
                    @if matches!(member.role, Role::Distributor | Role::Manufacturer) {
                        option value=(member.id) { (member.name) }
                    }
                }
            }
            p.quiet { (words.say("return-how")) }
        }))
        (dialog(words, "report", &words.say("act-report"), &words.say("report-now"), &html! {
            label for="explanation" { (words.say("report-why")) }
            textarea #explanation name="explanation" rows="3" maxlength="4000" {}
            p.quiet { (words.say("report-how")) }
        }))
        dialog #look aria-labelledby="look-title" {
            h2 #look-title { (words.say("counter-camera")) }
            video #video muted playsinline {}
            form method="dialog" { button { (words.say("close")) } }
        }
    }
}

fn dialog(words: &Words, act: &str, title: &str, yes: &str, fields: &Markup) -> Markup {
    html! {
        dialog.ask id=(format!("ask-{act}")) aria-labelledby=(format!("{act}-title")) {
            form method="dialog" data-act=(act) {
                h2 id=(format!("{act}-title")) { (title) }
                p.quiet.pack {}
                (fields)
                div.acts {
                    button.primary value="yes" { (yes) }
                    button type="button" data-close { (words.say("close")) }
                }
            }
        }
    }
}

/// The reason as the API reads it.
fn text(reason: DecommissionReason) -> String {
    serde_json::to_value(reason).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
