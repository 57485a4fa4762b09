//! The patient's passkeys: made, listed, removed.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, get, post, web};
use maud::html;
use serde::Deserialize;

use super::visit::{Act, Hidden, Patient, Sent, hidden, received};
use super::{Part, said, whole};
use crate::node::Node;
use crate::pages::frame;
use crate::pages::sign_in::html_page;
use crate::passkey::proof::fingerprint;
use crate::problem::Problem;
use crate::routes::own;

#[get("/me/passkeys")]
pub(super) async fn list(patient: Patient, node: web::Data<Node>) -> Result<HttpResponse, Problem> {
    let words = patient.words();
    let kept = node.store().passkeys.of_patient(&patient.own.name).await?;
    let content = html! {
        p.lead { (words.say("me-passkeys-lead")) }
        @if kept.is_empty() { p.notice { (words.say("me-passkeys-none")) } }
        ul.rows {
            @for key in &kept {
                li.card {
                    strong { (key.passkey.label) }
                    p { (words.say("me-passkey-since")) " " (said::moment(key.passkey.created)) }
                    p {
                        @if let Some(used) = key.passkey.used { (words.say("me-passkey-used")) " " (said::moment(used)) }
                        @else { (words.say("me-passkey-unused")) }
                    }
                    details { summary { (words.say("me-passkey-fingerprint")) } code { (fingerprint(&key.passkey.key)) } }
                    form method="post" action="/desk/me/passkeys/remove" data-sure=(words.say("me-passkey-sure")) {
                        (frame::csrf(&patient.worker))
                        input type="hidden" name="id" value=(hex::encode(key.id));
                        button aria-label=(words.with("me-passkey-remove-named", [("label", key.passkey.label.clone().into())])) { (words.say("me-passkey-remove")) }
                    }
                }
            }
        }
        section.card aria-labelledby="make" {
            h2 #make { (words.say("me-passkey-make")) }
            p { (words.say("me-passkey-make-how")) }
            form #make-passkey.stacked {
                (hidden(&patient))
                label for="label" { (words.say("me-passkey-label")) }
                input #label name="label" type="text" required maxlength="80" autocomplete="off" placeholder=(words.say("me-passkey-label-example"));
                button.primary disabled data-ready { (words.say("me-passkey-make-now")) }
                p.told role="status" aria-live="polite" data-told
                    data-unlock=(words.say("me-unlock")) data-unsigned=(words.say("me-passkey-not-made"))
                    data-offline=(words.say("me-offline")) data-unable=(words.say("me-passkey-unable")) { noscript { (words.say("me-passkey-script")) } }
            }
        }
    };
    Ok(html_page(&whole(&patient, Part::Passkeys, &words.say("me-passkeys"), &content)))
}

/// The passkey that is to go.
#[derive(Deserialize)]
pub(super) struct Gone {
    #[serde(flatten)]
    hidden: Hidden,
    id: String,
}

impl Act for Gone {
    fn hidden(&self) -> &Hidden {
        &self.hidden
    }
}

#[post("/me/passkeys/remove")]
pub(super) async fn remove(patient: Patient, node: web::Data<Node>, sent: Sent<Gone>) -> Result<HttpResponse, Problem> {
    let (gone, _) = received(&patient, sent)?;
    own::remove_passkey(&node, &patient.own, &gone.id).await?;
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, Part::Passkeys.path())).finish())
}
