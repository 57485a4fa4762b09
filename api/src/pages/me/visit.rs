//! A patient at the portal, and how forms are sent: by the page's script, which signs and loses nothing, or without one.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::LOCATION;
use actix_web::web::{Either, Form, Json};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde::Deserialize;

use crate::auth::CallingPatient;
use crate::pages::frame;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::passkey::RelyingParty;
use crate::problem::Problem;
use crate::routes::own::{self, Keeper, Wish};

/// A patient who is signed in and looks at a page.
pub(super) struct Patient {
    pub(super) worker: Worker,
    pub(super) own: CallingPatient,
}

impl FromRequest for Patient {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let worker = Worker::from_request(request, payload);
        Box::pin(async move {
            let worker = worker.await?;
            let own = CallingPatient::try_from(worker.caller().clone())?;
            Ok(Self { worker, own })
        })
    }
}

impl Patient {
    pub(super) fn words(&self) -> &'static Words {
        self.worker.words
    }

    pub(super) fn request(&self) -> &HttpRequest {
        &self.worker.request
    }

    /// The patient with who keeps the consents.
    pub(super) async fn keeper(&self) -> Result<Keeper, Problem> {
        Keeper::of(self.request(), self.own.caller.clone()).await
    }
}

/// A form, as the browser or as the page's script sends it: the same fields, all of them texts.
pub(super) type Sent<T> = Either<Json<T>, Form<T>>;

/// The fields, and whether the script sent them. Refused where no page of this session did.
pub(super) fn received<T: Act>(patient: &Patient, sent: Sent<T>) -> Result<(T, bool), Problem> {
    match sent {
        Either::Left(Json(fields)) => {
            patient.worker.check_script()?;
            Ok((fields, true))
        }
        Either::Right(Form(fields)) => {
            patient.worker.check(&fields.hidden().csrf)?;
            Ok((fields, false))
        }
    }
}

/// Fields that every form has.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Hidden {
    #[serde(default)]
    csrf: String,
    /// The request's key: the same form sent twice is one request.
    #[serde(default)]
    pub(super) key: String,
    /// `passkey`, or who keeps the consent as witness.
    #[serde(default)]
    pub(super) by: String,
}

/// A form that does something.
pub(super) trait Act {
    fn hidden(&self) -> &Hidden;
}

/// The hidden fields of a form: whose session it is of, and a key of its own.
pub(super) fn hidden(patient: &Patient) -> Markup {
    html! {
        (frame::csrf(&patient.worker))
        input type="hidden" name="key" value=(uuid::Uuid::new_v4());
    }
}

/// The buttons by which a patient agrees: with a passkey where there is one and the script runs, else before a witness.
pub(super) fn agree(words: &Words, custodian: &str, has_passkey: bool, act: &str) -> Markup {
    let witness = words.with("me-by-custodian", [("custodian", custodian.into())]);
    html! {
        p.quiet {
            @if has_passkey { (words.with("me-sign-how", [("custodian", custodian.into())])) }
            @else { (words.with("me-witness-how", [("custodian", custodian.into())])) " " a href="/desk/me/passkeys" { (words.say("me-passkey-make")) } }
        }
        div.acts {
            @if has_passkey { button.primary name="by" value="passkey" data-passkey hidden { (act) " " (words.say("me-by-passkey")) } }
            button.primary[!has_passkey] name="by" value="custodian" { (act) " " (witness) }
        }
        p.told role="status" aria-live="polite" data-told
            data-sending=(words.say("me-sending")) data-unlock=(words.say("me-unlock"))
            data-unsigned=(words.say("me-unsigned")) data-offline=(words.say("me-offline"))
            data-altered=(words.say("me-altered")) {}
    }
}

/// What the page's script shows when the session has ended in the middle of something.
pub(super) fn session_over(words: &Words) -> Markup {
    html! {
        div #session.notice hidden role="alert" {
            p { (words.say("me-session-over")) }
            a.button href="/signin?next=/signin/done" target="_blank" { (words.say("sign-in-again")) }
        }
    }
}

/// Does what the patient wishes: by the custodian's witness at once, by passkey as far as that it can be signed. The script is told
/// where to go on; a browser is sent there.
pub(super) async fn carry_out(
    patient: &Patient,
    rp: &RelyingParty,
    fields: &Hidden,
    by_script: bool,
    wish: Wish,
    done: &str,
) -> Result<HttpResponse, Problem> {
    if fields.key.is_empty() {
        return Err(Problem::field("key", "open the page again: the form has no key"));
    }
    let (keeper, request) = (patient.keeper().await?, patient.request());
    let to = |consent| format!("/desk/me/consents/{consent}?done={done}");
    if by_script && fields.by == "passkey" {
        let sign = own::to_sign(keeper, request, rp, &fields.key, wish).await?;
        let next = to(sign.consent.to_string());
        return Ok(HttpResponse::Created().json(serde_json::json!({ "sign": sign, "next": next })));
    }
    let consent = own::witnessed(keeper, request, &fields.key, wish).await?;
    let next = to(consent.to_string());
    if by_script {
        return Ok(HttpResponse::Ok().json(serde_json::json!({ "next": next })));
    }
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, next)).finish())
}
