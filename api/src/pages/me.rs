//! The patient's portal, on a phone first: what is held about me, who looked, what I allow, and my leaving.
//!
//! Whatever is shown here is recorded as a look of the patient's own. What is decided without a script is witnessed by who keeps the
//! consents; with one the patient's passkey signs it. No page of it is kept in the browser, and no address names a patient.

mod access_list;
mod access_words;
mod consent_form;
mod consent_page;
mod consents;
mod leaving;
mod passkeys;
mod records;
mod said;
mod visit;

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};

use super::frame::{self, Page};
use super::sign_in::html_page;
use super::words::Words;
use crate::node::Node;
use crate::problem::Problem;
use crate::routes::own;
use said::Standing;
use visit::Patient;

/// The routes of the portal.
pub(super) fn configure(service: &mut web::ServiceConfig) {
    service
        .service(overview)
        .service(access_list::list)
        .service(consents::list)
        .service(consents::new)
        .service(consents::grant)
        .service(consent_page::show)
        .service(consent_page::form)
        .service(consent_page::amend)
        .service(consent_page::revoke)
        .service(records::list)
        .service(records::dispenses)
        .service(records::show)
        .service(passkeys::list)
        .service(passkeys::remove)
        .service(leaving::show)
        .service(leaving::erase);
}

/// The parts of the portal, in the order of their links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Overview,
    Records,
    Accesses,
    Consents,
    Passkeys,
    Leaving,
}

impl Part {
    const ALL: [Self; 6] =
        [Self::Overview, Self::Records, Self::Accesses, Self::Consents, Self::Passkeys, Self::Leaving];

    const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/desk/me",
            Self::Records => "/desk/me/records",
            Self::Accesses => "/desk/me/accesses",
            Self::Consents => "/desk/me/consents",
            Self::Passkeys => "/desk/me/passkeys",
            Self::Leaving => "/desk/me/data",
        }
    }

    fn name(self, words: &Words) -> String {
        words.say(match self {
            Self::Overview => "me-overview",
            Self::Records => "me-records",
            Self::Accesses => "me-accesses",
            Self::Consents => "me-consents",
            Self::Passkeys => "me-passkeys",
            Self::Leaving => "me-leaving",
        })
    }

    fn about(self, words: &Words) -> String {
        words.say(match self {
            Self::Overview => "me-overview-how",
            Self::Records => "me-records-how",
            Self::Accesses => "me-accesses-how",
            Self::Consents => "me-consents-how",
            Self::Passkeys => "me-passkeys-how",
            Self::Leaving => "me-leaving-how",
        })
    }
}

/// A page of a part, with the links to all parts.
fn whole(patient: &Patient, part: Part, title: &str, content: &Markup) -> Markup {
    let words = patient.words();
    let page = Page::new(words, title).with_script("me.js").with_style("me.css");
    let content = html! {
        nav.parts aria-label=(words.say("me-parts")) {
            ul {
                @for other in Part::ALL {
                    li { a href=(other.path()) aria-current=[(other == part).then_some("true")] { (other.name(words)) } }
                }
            }
        }
        div.portal { h1 { (title) } (content) }
        (visit::session_over(words))
    };
    frame::show(&page, Some(&patient.worker), &content)
}

#[get("/me")]
async fn overview(patient: Patient, node: web::Data<Node>) -> Result<HttpResponse, Problem> {
    let words = patient.words();
    let erased = own::erased(&node, &patient.own)?;
    let keeper = patient.keeper().await?;
    let custodian = said::member(&node, keeper.custodian());
    let (consents, keys) = if erased.is_none() {
        let passkeys = node.store().passkeys.of_patient(&patient.own.name).await?;
        (own::consents(&node, &keeper, &patient.own).await?, passkeys.len())
    } else {
        (Vec::new(), 0)
    };
    let now = node.clock().now();
    let standing: Vec<_> = consents.iter().filter(|(row, _)| Standing::of(row, now) == Standing::InForce).collect();
    let content = html! {
        p.lead { (words.with("me-welcome", [("custodian", custodian.into())])) }
        @if let Some((_, mark)) = &erased {
            div.notice { p { (words.with("me-erased-since", [("day", said::day(mark.since).into())])) } }
        }
        section.card aria-labelledby="standing" {
            h2 #standing { (words.with("me-in-force", [("count", standing.len().into())])) }
            @if standing.is_empty() { p.quiet { (words.say("me-in-force-none")) } }
            @else {
                ul.entries { @for (row, document) in standing.iter().take(SHOWN_MAX) {
                    li { a href=(format!("/desk/me/consents/{}", row.consent)) { (said::consent(words, &node, row, document)) } }
                } }
            }
            p { a.button.primary href="/desk/me/consents/new" { (words.say("me-grant")) } }
        }
        ul.doors {
            @for part in Part::ALL.into_iter().skip(1) {
                li { a.card href=(part.path()) {
                    strong { (part.name(words)) }
                    span { (part.about(words)) }
                    @if part == Part::Passkeys { span.quiet { (words.with("me-passkeys-count", [("count", keys.into())])) } }
                } }
            }
        }
    };
    Ok(html_page(&whole(&patient, Part::Overview, &words.say("desk-me"), &content)))
}

/// Consents that the first page shows.
const SHOWN_MAX: usize = 5;
