//! A problem, told to a person: the API's refusals as a page.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError as _};
use maud::html;

use super::frame::{self, Page};
use super::visitor::words;
use super::words::Words;
use crate::problem::{Kind, Problem, ProblemBody};
use crate::routes::encoded;

/// Nothing is loaded but from this host, nothing runs that stands in a page, and no page stands in another.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Around every page: its headers; and a problem becomes a page, or the way to the sign-in.
pub(super) async fn told(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    // Not sooner: while it is routed, a request must be held once only.
    let asked = response.request().clone();
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>()).cloned();
    let mut response = match problem {
        Some(problem) if is_navigation(&asked) => response.into_response(page(&asked, &problem)),
        Some(_) | None => response,
    };
    let headers = response.headers_mut();
    let is_page = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        let permissions = "camera=(self), microphone=(), geolocation=(), payment=(), usb=()";
        headers.insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(permissions));
        // A form of this host must be able to say where it comes from.
        headers.insert(HeaderName::from_static("referrer-policy"), HeaderValue::from_static("same-origin"));
    }
    Ok(response)
}

/// Whether a browser shows the answer; scripts get problems as clients of the API do.
fn is_navigation(request: &HttpRequest) -> bool {
    request.headers().get(ACCEPT).is_some_and(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")))
}

fn page(request: &HttpRequest, problem: &Problem) -> HttpResponse {
    let (words, body) = (words(request), problem.body());
    if problem.kind() == Kind::Unauthenticated && request.method().is_safe() {
        let next = request.uri().path_and_query().map_or("/", |path| path.as_str());
        return HttpResponse::SeeOther().insert_header((LOCATION, format!("/signin?next={}", encoded(next)))).finish();
    }
    let title = words.say("problem");
    let page = Page::new(words, &title);
    let content = html! {
        section.card.narrow {
            h1 { (title) }
            p.lead { (said(words, &body)) }
            @if let Some(instance) = &body.instance { p.quiet { (words.say("problem-instance")) " " code { (instance) } } }
            p { a.button href="/" { (words.say("to-the-start")) } }
        }
    };
    let status = problem.status_code();
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(frame::show(&page, None, &content).into_string())
}

/// What a problem is, in the visitor's language; the API's own words where there are none for its code.
pub(super) fn said(words: &Words, problem: &ProblemBody) -> String {
    words.find(&format!("problem-{}", problem.code), []).unwrap_or_else(|| problem.detail.clone())
}

/// No page has this address.
pub(super) async fn nothing() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found("page"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use veridose_contract::Code;
    use veridose_contract::access::RefusalRule;

    use super::*;
    use crate::pages::words::Language;

    /// Every code that a problem can have: the contract's, those of refused looks, and the kinds' own, which stand in the source.
    fn codes() -> BTreeSet<&'static str> {
        let source = include_str!("../problem.rs");
        let (_, parts) = source.split_once("const fn parts(").expect("the kinds' parts");
        let (parts, _) = parts.split_once("impl Kind {").expect("what follows them");
        let kinds: BTreeSet<&str> = parts.split("StatusCode::").filter_map(|rest| rest.split('"').nth(1)).collect();
        assert!(kinds.len() >= 20 && kinds.contains("not_found") && kinds.contains("unavailable"), "{kinds:?}");
        let refused = Code::ALL.iter().map(|code| code.as_str());
        refused.chain(RefusalRule::ALL.iter().map(|rule| rule.as_str())).chain(kinds).collect()
    }

    #[test]
    fn every_refusal_has_words_in_every_language() {
        for words in Language::ALL.map(Words::of) {
            let silent: Vec<_> =
                codes().into_iter().filter(|code| words.find(&format!("problem-{code}"), []).is_none()).collect();
            assert!(silent.is_empty(), "{:?} has no words for {silent:?}", words.language);
        }
    }
}
