//! Who may sign in, and in which roles; and the organisations of the network. The node has no list of users: issuers say who somebody is.

use maud::{Markup, html};
use veridose_contract::Role as Trade;
use veridose_ledger::pki::role_name;
use veridose_store::{PageRequest, PartyState, word};

use crate::auth::{Authority, Role};
use crate::config::IssuerConfig;
use crate::node::Node;
use crate::pages::frame;
use crate::pages::trial::Person;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::problem::Problem;

/// Organisations that are shown.
const ROWS: u32 = 200;

pub(super) fn sign_in(worker: &Worker, authority: &Authority, people: &[Person]) -> Markup {
    let words = worker.words;
    html! {
        section.card aria-labelledby="people" {
            h2 #people { (words.say("operator-people")) }
            p.quiet { (words.say("operator-people-how")) }
            ul.entries {
                @for config in authority.issuers() { li { (issuer(words, config)) } }
                @if let Some(embedded) = authority.embedded() {
                    li { strong { (embedded.issuer) } p { (words.say("operator-embedded")) } }
                }
            }
            @if !people.is_empty() {
                details {
                    summary { (words.say("operator-trial")) }
                    ul.entries { @for person in people {
                        li { (words.say(&format!("person-{}", person.name))) " – " (frame::role(words, person.role)) @if let Some(party) = person.party { " · " (party) } }
                    } }
                }
            }
        }
    }
}

/// What an issuer of the configuration may say, and where it says it.
fn issuer(words: &Words, config: &IssuerConfig) -> Markup {
    let roles: Vec<String> = config.roles.iter().map(|role: &Role| frame::role(words, *role)).collect();
    let parties: Vec<&str> = config.parties.iter().map(veridose_contract::PartyId::as_str).collect();
    let all = |listed: String| if listed.is_empty() { words.say("operator-every") } else { listed };
    html! {
        strong { (config.issuer) }
        p { (words.say(if config.client_id.is_some() { "operator-issuer-pages" } else { "operator-issuer-api" })) }
        dl.facts {
            div { dt { (words.say("operator-roles")) } dd { (all(roles.join(", "))) } }
            div { dt { (words.say("operator-parties")) } dd { (all(parties.join(", "))) } }
            div { dt { (words.say("operator-claims")) } dd { code { (config.role_claim) } ", " code { (config.party_claim) } ", " code { (config.patient_claim) } } }
        }
    }
}

pub(super) async fn members(worker: &Worker, node: &Node) -> Result<Markup, Problem> {
    let words = worker.words;
    let page = PageRequest { limit: Some(ROWS), token: None };
    let (parties, here) = (node.store().queries.parties(&page).await?, node.parties());
    Ok(html! {
        section.card aria-labelledby="members" {
            h2 #members { (words.say("operator-members")) }
            @if parties.next.is_some() { p.notice { (words.with("operator-members-cut", [("count", ROWS.into())])) } }
            div.wide tabindex="0" role="region" aria-labelledby="members" {
                table {
                    thead { tr {
                        th scope="col" { (words.say("operator-whose")) }
                        th scope="col" { (words.say("operator-short")) }
                        th scope="col" { (words.say("operator-role")) }
                        th scope="col" { (words.say("operator-state")) }
                        th.number scope="col" { (words.say("operator-sites")) }
                        th scope="col" { (words.say("operator-here")) }
                    } }
                    tbody { @for row in &parties.items { tr {
                        th scope="row" { (row.name) }
                        td { code { (row.party) } }
                        td { (trade(words, row.role)) }
                        td { (standing(words, row.state)) }
                        td.number { (row.sites.len()) }
                        td { @if here.contains(&row.party) { span.mark-may { "✓ " } (words.say("operator-yes")) } @else { (words.say("operator-no")) } }
                    } } }
                }
            }
        }
    })
}

fn trade(words: &Words, role: Trade) -> String {
    words.say(&format!("role-{}", role_name(role)))
}

fn standing(words: &Words, state: PartyState) -> Markup {
    let (class, sign) = match state {
        PartyState::Member => ("mark-may", "✓"),
        PartyState::Suspended => ("mark-stop", "✕"),
        PartyState::Proposed => ("mark-ask", "…"),
    };
    html! { span class=(class) { (sign) " " } (words.say(&format!("operator-state-{}", word(&state)))) }
}
