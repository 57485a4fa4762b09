//! Who looked and why: every access and refusal, each with a proof that the page checks.

use actix_web::{HttpResponse, get, web};
use maud::{Markup, html};
use serde::Deserialize;
use veridose_contract::access::Access;
use veridose_store::{AccessRecord, EmergencyRow, KeptAccess, PageRequest};

use super::access_words::{aim, given, operation, refusal, who};
use super::visit::Patient;
use super::{Part, said, whole};
use crate::node::Node;
use crate::pages::sign_in::html_page;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::own;

/// Records on a page.
const ROWS: usize = 20;
/// Records that are read at once, and how often, to fill a page without the patient's own looks.
const READ_AT_ONCE: u32 = 100;
const READS_MAX: usize = 3;
/// Emergencies that are told of above the list.
const NOTICES_MAX: u32 = 10;
/// What a check goes through, in its order.
const STEPS: [&str; 5] = ["record", "anchor", "transaction", "inclusion", "checkpoint"];

/// Which page.
#[derive(Deserialize)]
pub(super) struct Wanted {
    /// Place of the first record.
    at: Option<String>,
    /// Whether the patient's own looks stand there too.
    #[serde(default)]
    own: bool,
}

#[get("/me/accesses")]
pub(super) async fn list(
    patient: Patient,
    node: web::Data<Node>,
    query: web::Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let words = patient.words();
    let is_first = query.at.is_none();
    let (rows, next) = page(&patient, &node, query.at.clone(), query.own).await?;
    let notices = if is_first { notices(&patient, &node).await? } else { Vec::new() };
    let more = |at: &str| format!("/desk/me/accesses?at={at}{}", if query.own { "&own=true" } else { "" });
    let content = html! {
        p.lead { (words.say("me-accesses-lead")) }
        @for notice in &notices { (emergency(words, &node, notice)) }
        p.filters {
            @if query.own { a href="/desk/me/accesses" { (words.say("me-accesses-others")) } }
            @else { a href="/desk/me/accesses?own=true" { (words.say("me-accesses-all")) } }
        }
        @if rows.is_empty() { p.notice { (words.say("me-accesses-none")) } }
        @else { p { button #check-all type="button" hidden { (words.say("me-check-all")) } } }
        ol #accesses.rows { @for kept in &rows { (row(words, &node, kept)) } }
        @if let Some(next) = &next { p { a.button href=(more(next)) { (words.say("me-more")) } } }
        details { summary { (words.say("me-proof-what")) } p { (words.say("me-proof-what-how")) } }
        (steps(words))
    };
    Ok(html_page(&whole(&patient, Part::Accesses, &words.say("me-accesses"), &content)))
}

/// A page of the records and where the next one begins; without the patient's own looks where those are not wanted.
async fn page(
    patient: &Patient,
    node: &Node,
    at: Option<String>,
    own_too: bool,
) -> Result<(Vec<KeptAccess>, Option<String>), Problem> {
    let (mut next, mut rows) = (at, Vec::new());
    for _ in 0..READS_MAX {
        let asked = PageRequest { limit: Some(READ_AT_ONCE), token: next };
        let read = own::accesses(node, &patient.own, &asked).await?;
        for kept in read.items {
            if rows.len() == ROWS {
                return Ok((rows, Some(kept.token())));
            }
            if own_too || !is_own(&kept) {
                rows.push(kept);
            }
        }
        next = read.next;
        if next.is_none() {
            break;
        }
    }
    Ok((rows, next))
}

fn record(kept: &KeptAccess) -> Option<AccessRecord> {
    serde_json::from_str(kept.record.as_deref()?).ok()
}

fn is_own(kept: &KeptAccess) -> bool {
    record(kept).is_some_and(|record| record.note.purpose == "own_record")
}

async fn notices(patient: &Patient, node: &Node) -> Result<Vec<EmergencyRow>, Problem> {
    let page = PageRequest { limit: Some(NOTICES_MAX), token: None };
    Ok(own::notices(node, &patient.own, &page).await?.items)
}

fn emergency(words: &Words, node: &Node, notice: &EmergencyRow) -> Markup {
    let who = said::member(node, &notice.party);
    html! {
        div.notice.emergency {
            p { strong { span aria-hidden="true" { "! " } (words.with("me-emergency", [("who", who.into())])) } " " (said::moment(notice.declared_at)) }
            @if let Some(said) = &notice.words { p { (words.with("me-emergency-reason", [("reason", said.reason.clone().into())])) } }
            p {
                @if notice.confirmed_at.is_some() { (words.say("me-emergency-until")) " " (said::moment(notice.until)) }
                @else { (words.say("me-emergency-unconfirmed")) }
            }
        }
    }
}

fn row(words: &Words, node: &Node, kept: &KeptAccess) -> Markup {
    let Some(record) = record(kept) else {
        let leaf = hex::encode(kept.leaf);
        return html! { li.card.access { p { (words.say("me-look-erased")) } p.quiet { code { (leaf) } } } };
    };
    let look = &record.note;
    let (class, sign) = match &look.access {
        Access::Granted(grant) if grant.emergency.is_some() => ("ask", "!"),
        Access::Granted(_) => ("may", "✓"),
        Access::Refused(_) => ("stop", "✕"),
    };
    let who = who(words, node, look);
    html! {
        li.card.access.(class) data-place=(kept.token()) data-leaf=(hex::encode(kept.leaf)) {
            p.head { span.(format!("mark-{class}")) aria-hidden="true" { (sign) } " " strong { (who) } " " (said::moment(look.at)) }
            p { (aim(words, &look.purpose)) }
            @match &look.access {
                Access::Granted(grant) => {
                    @if grant.kinds.is_empty() { @if look.purpose != "consent" { p { (words.say("me-look-saw")) " " (operation(words, &look.what)) } } }
                    @else { p { (given(words, grant)) } }
                    @if let Some(consent) = &grant.consent {
                        p { a href=(format!("/desk/me/consents/{consent}")) { (words.with("me-look-consent", [("version", grant.version.unwrap_or_default().into())])) } }
                    }
                }
                Access::Refused(refused) => {
                    p { strong { (words.say("me-look-refused")) } " " (refusal(words, refused)) }
                    @if !look.asked.is_empty() { p.quiet { (words.with("me-look-asked", [("data", said::kinds(words, &look.asked).into())])) } }
                }
            }
            button.check type="button" hidden { (words.say("me-check")) }
            div.proof role="status" aria-live="polite" {}
        }
    }
}

/// The words of a check, for the script.
fn steps(words: &Words) -> Markup {
    html! {
        ul #proof-words hidden
            data-holds=(words.say("me-proof-holds")) data-broken=(words.say("me-proof-broken")) data-part=(words.say("me-proof-part"))
            data-waits=(words.say("me-proof-waits")) data-offline=(words.say("me-offline")) data-checking=(words.say("me-proof-checking"))
            data-record=(words.say("me-proof-record")) data-all=(words.say("me-proof-all")) {
            @for step in STEPS { li data-step=(step) { (words.say(&format!("me-step-{step}"))) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use veridose_contract::{AccessAnchor, AccessLogId, Action};

    #[test]
    fn the_page_reads_an_anchor_as_the_contract_writes_it() {
        let anchor = AccessAnchor { log: AccessLogId([1; 16]), first: 2, count: 3, root: [4; 32] };
        let written = borsh::to_vec(&Action::AnchorAccess(anchor)).expect("a Vec takes all");
        let script = include_str!("../assets/access-proof.js");
        assert!(script.contains(&format!("const ANCHOR_ACCESS = {};", written[0])));
        let fields = [&[1; 16][..], &2u64.to_le_bytes(), &3u32.to_le_bytes(), &[4; 32]].concat();
        assert_eq!(written[1..], fields);
    }
}
