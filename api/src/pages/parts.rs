//! What several desks show in the same way.

use maud::{Markup, html};
use veridose_contract::{PartyId, Timestamp};

use super::words::Words;
use crate::node::{Node, date_time};

/// A time, as every desk writes it.
pub(super) fn time(at: Timestamp) -> Markup {
    let at = date_time(at);
    let text = format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute());
    html! { time datetime=(format!("{}T{:02}:{:02}Z", at.date(), at.hour(), at.minute())) { (text) " UTC" } }
}

/// A member's name in full.
pub(super) fn party(node: &Node, party: &PartyId) -> String {
    let directory = node.directory();
    let member = directory.members().iter().find(|member| member.id == *party);
    member.map_or_else(|| party.to_string(), |member| member.name.clone())
}

/// What was done, by the command's name.
pub(super) fn command(words: &Words, name: &str) -> String {
    words.find(&format!("command-{}", name.replace('_', "-")), []).unwrap_or_else(|| name.to_owned())
}

/// The beginning of a long name, whole for who looks closer.
pub(super) fn short(name: &str) -> Markup {
    let beginning: String = name.chars().take(12).collect();
    html! { code title=(name) { (beginning) @if beginning.len() < name.len() { "…" } } }
}

/// The way to the next page, and back to the first.
pub(super) fn pager(words: &Words, path: &str, is_first: bool, next: Option<&str>) -> Markup {
    html! {
        @if !is_first || next.is_some() {
            nav.pager aria-label=(words.say("pager-pages")) {
                @if !is_first { a.button href=(path) { (words.say("pager-first")) } }
                @if let Some(next) = next {
                    a.button rel="next" href={ (path) (if path.contains('?') { "&" } else { "?" }) "page=" (crate::routes::encoded(next)) } { (words.say("pager-next")) }
                }
            }
        }
    }
}
