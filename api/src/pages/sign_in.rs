//! Signing in and out, and the language.

use actix_web::cookie::time::Duration;
use actix_web::http::header::{HOST, HeaderName, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use maud::html;
use serde::Deserialize;

use super::frame::{self, Page};
use super::trial::Trial;
use super::visitor::{LANGUAGE, Visitor, Worker};
use super::words::Language;
use crate::auth::{AuthError, Authority, Caller, Pending, terms};
use crate::config::Config;
use crate::node::Node;
use crate::problem::{Kind, Problem};

/// The cookie that keeps a sign-in while the browser is with the issuer.
const PENDING: &str = "veridose-signin";

/// Where to go on.
#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// The start: one's own desk, or the sign-in.
pub(super) async fn start(visitor: Visitor) -> HttpResponse {
    let Some(worker) = visitor.worker() else { return to("/signin") };
    if let Some(desk) = frame::desks(worker.caller().role).next() {
        return to(desk.path);
    }
    let (words, title) = (worker.words, worker.words.say("no-desk"));
    let content = html! {
        section.card.narrow { h1 { (title) } p.lead { (words.say("no-desk-how")) } p { a.button href="/docs/" { (words.say("api-docs")) } } }
    };
    html_page(&frame::show(&Page::new(words, &title), Some(&worker), &content))
}

#[get("")]
pub(super) async fn ways(
    visitor: Visitor,
    authority: web::Data<Authority>,
    trial: web::Data<Trial>,
    query: web::Query<Next>,
) -> HttpResponse {
    let words = visitor.words;
    let (next, title) = (own_path(&query.next), words.say("sign-in"));
    let people = if authority.embedded().is_some() { trial.people(&visitor.request) } else { &[] };
    let issuers = authority.sign_in_issuers();
    let content = html! {
        section.card.narrow {
            h1 { (title) }
            p.lead { (words.say("welcome")) }
            @for issuer in &issuers {
                form method="post" action="/signin/with" {
                    input type="hidden" name="issuer" value=(issuer);
                    input type="hidden" name="next" value=(next);
                    button.wide { (words.with("sign-in-with", [("issuer", host(issuer).into())])) }
                }
            }
            @if !people.is_empty() {
                h2 { (words.say("trial")) }
                p { (words.say("trial-people")) }
                form.people method="post" action="/signin/as" {
                    input type="hidden" name="next" value=(next);
                    @for person in people {
                        button name="person" value=(person.name) {
                            strong { (words.say(&format!("person-{}", person.name))) }
                            span { (words.say(&format!("person-{}-does", person.name))) }
                        }
                    }
                }
            } @else if issuers.is_empty() {
                p { (words.say("no-issuer")) }
            }
        }
    };
    html_page(&frame::show(&Page::new(words, &title), None, &content))
}

/// The person that somebody wants to be.
#[derive(Deserialize)]
pub(super) struct Chosen {
    person: String,
    #[serde(default)]
    next: String,
}

#[post("/as")]
pub(super) async fn as_person(
    visitor: Visitor,
    authority: web::Data<Authority>,
    trial: web::Data<Trial>,
    form: web::Form<Chosen>,
) -> Result<HttpResponse, Problem> {
    visitor.check_own()?;
    let people = trial.people(&visitor.request);
    let person = people.iter().find(|person| person.name == form.person);
    let (Some(person), Some(issuer)) = (person, authority.embedded()) else {
        return Err(Problem::not_found("person of a trial network"));
    };
    let token = issuer.mint(&person.grant()).map_err(|error| Problem::internal(format!("{error:#}")))?;
    let caller = authority.caller(&token).await.map_err(|error| refused(&error))?;
    enter(&visitor, &caller, &form.next).await
}

/// The issuer that somebody wants to sign in with.
#[derive(Deserialize)]
pub(super) struct With {
    issuer: String,
    #[serde(default)]
    next: String,
}

#[post("/with")]
pub(super) async fn with_issuer(
    visitor: Visitor,
    authority: web::Data<Authority>,
    config: web::Data<PublicUrl>,
    form: web::Form<With>,
) -> Result<HttpResponse, Problem> {
    visitor.check_own()?;
    let redirect = config.callback(&visitor.request);
    let begun = authority.begin_sign_in(&form.issuer, &redirect, own_path(&form.next).to_owned()).await;
    let (location, pending) = begun.map_err(|error| refused(&error))?;
    let kept = BASE64URL.encode(serde_json::to_vec(&pending).map_err(Problem::internal)?);
    let cookie = terms(&visitor.request).cookie(PENDING, kept, Duration::minutes(10));
    // No redirect: what a form leads to is bound to this host by the pages' policy, whatever the number of steps.
    let title = visitor.words.say("sign-in");
    let content = html! {
        section.card.narrow { h1 { (title) } p { a href=(location) { (visitor.words.with("sign-in-with", [("issuer", host(&form.issuer).into())])) } } }
    };
    let page = frame::show(&Page::new(visitor.words, &title), None, &content);
    let mut response = html_page(&page);
    let refresh = HeaderValue::from_str(&format!("0; url={location}")).map_err(Problem::internal)?;
    response.headers_mut().insert(HeaderName::from_static("refresh"), refresh);
    response.add_cookie(&cookie).map_err(Problem::internal)?;
    Ok(response)
}

/// What the issuer sends the browser back with.
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    error: Option<String>,
}

#[get("/callback")]
pub(super) async fn callback(
    visitor: Visitor,
    authority: web::Data<Authority>,
    config: web::Data<PublicUrl>,
    answer: web::Query<Answer>,
) -> Result<HttpResponse, Problem> {
    let cookie = visitor.request.cookie(&terms(&visitor.request).name(PENDING));
    let pending = cookie.and_then(|cookie| BASE64URL.decode(cookie.value()).ok());
    let pending = pending.and_then(|kept| serde_json::from_slice::<Pending>(&kept).ok());
    let Some(pending) = pending else {
        return Err(Problem::new(Kind::BadRequest, "no sign-in was begun in this browser within the last ten minutes"));
    };
    if let Some(error) = &answer.error {
        tracing::info!(error, "an issuer refused a sign-in");
        return Err(Problem::new(Kind::Forbidden, "the issuer did not let you in"));
    }
    let redirect = config.callback(&visitor.request);
    let caller = authority
        .end_sign_in(&pending, &answer.state, &answer.code, &redirect)
        .await
        .map_err(|error| refused(&error))?;
    let mut response = enter(&visitor, &caller, &pending.next).await?;
    response.add_cookie(&terms(&visitor.request).removal(PENDING)).map_err(Problem::internal)?;
    Ok(response)
}

/// Ends the session that was, so that none is left behind, and opens the new one.
async fn enter(visitor: &Visitor, caller: &Caller, next: &str) -> Result<HttpResponse, Problem> {
    if let Some(before) = visitor.signed_in() {
        before.end(&visitor.request).await?;
    }
    let node = visitor.request.app_data::<web::Data<Node>>().expect("the application registers it");
    let cookie = terms(&visitor.request).open(&node.store().sessions, caller).await?;
    let mut response = to(own_path(next));
    response.add_cookie(&cookie).map_err(Problem::internal)?;
    Ok(response)
}

/// The end of a sign-in beside a page that waits for it.
#[get("/done")]
pub(super) async fn done(visitor: Visitor) -> HttpResponse {
    let title = visitor.words.say("signed-in");
    let page = Page::new(visitor.words, &title).with_script("signed-in.js");
    let content = html! { section.card.narrow { h1 { (title) } p.lead { (visitor.words.say("signed-in-close")) } } };
    html_page(&frame::show(&page, None, &content))
}

/// A form that changes something and says nothing else.
#[derive(Deserialize)]
pub(super) struct Plain {
    csrf: String,
}

#[post("/out")]
pub(super) async fn out(visitor: Visitor, form: web::Form<Plain>) -> Result<HttpResponse, Problem> {
    let mut response = to("/signin");
    if let Some(signed_in) = visitor.signed_in() {
        signed_in.check(&visitor.request, Some(&form.csrf))?;
        signed_in.end(&visitor.request).await?;
        let removal = terms(&visitor.request).session_removal();
        response.add_cookie(&removal).map_err(Problem::internal)?;
    }
    Ok(response)
}

/// The language that somebody wants.
#[derive(Deserialize)]
pub(super) struct Wanted {
    language: String,
}

#[post("/language")]
pub(super) async fn language(visitor: Visitor, form: web::Form<Wanted>) -> Result<HttpResponse, Problem> {
    visitor.check_own()?;
    let language = Language::parse(&form.language).ok_or_else(|| Problem::field("language", "no such language"))?;
    let cookie = terms(&visitor.request).plain_cookie(LANGUAGE, language.code().to_owned(), Duration::days(365));
    let referer = visitor.request.headers().get("referer").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = referer.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    let mut response = to(own_path(path.unwrap_or("/")));
    response.add_cookie(&cookie).map_err(Problem::internal)?;
    Ok(response)
}

/// Who is signed in, for scripts.
#[get("/session")]
pub(super) async fn session(worker: Worker) -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({
        "csrf": worker.signed_in.csrf(),
        "account": frame::account(worker.caller()),
    }))
}

/// How browsers reach this node.
#[derive(Debug, Clone)]
pub(crate) struct PublicUrl(Option<String>);

impl PublicUrl {
    pub(crate) fn of(config: &Config) -> Self {
        Self(config.public_url.clone())
    }

    /// Where an issuer sends browsers back to.
    fn callback(&self, request: &HttpRequest) -> String {
        let host = || request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let base = self.0.clone().unwrap_or_else(|| format!("http://{}", host()));
        format!("{}/signin/callback", base.trim_end_matches('/'))
    }
}

/// A path of this host, else the start: nobody is sent on to a foreign page. A browser takes `\` for `/` and drops what controls.
fn own_path(next: &str) -> &str {
    let is_own = next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_own { next } else { "/" }
}

fn host(issuer: &str) -> String {
    let host = reqwest::Url::parse(issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| issuer.to_owned())
}

fn refused(error: &AuthError) -> Problem {
    tracing::info!(%error, "sign-in refused");
    Problem::new(error.kind(), error.public())
}

fn to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

/// A page as the answer.
pub(super) fn html_page(page: &maud::Markup) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page.0.clone())
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn nobody_is_sent_on_to_a_foreign_page() {
        for own in ["/", "/desk/counter", "/desk/cases?state=open", "/signin/done"] {
            assert_eq!(own_path(own), own);
        }
        for foreign in
            ["", "desk", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nSet-Cookie: x", "/\t/evil"]
        {
            assert_eq!(own_path(foreign), "/", "{foreign}");
        }
    }
}
