//! What every page has around it: head, navigation, who is signed in, language.

use maud::{DOCTYPE, Markup, html};

use super::visitor::Worker;
use super::words::{Language, Words};
use super::{assets, ledger};
use crate::auth::{Caller, Role};
use crate::node::Node;

/// A desk: who works at it, and where.
pub(super) struct Desk {
    pub(super) path: &'static str,
    /// Key of its name in the catalogue.
    key: fn(&Words) -> String,
    roles: &'static [Role],
}

/// Every desk, in the order of the navigation. A role starts at the first that is its own.
#[rustfmt::skip]
pub(super) const DESKS: &[Desk] = &[
    Desk { path: "/desk/counter", key: |words| words.say("desk-counter"), roles: &[Role::Pharmacy] },
    Desk { path: "/desk/shipping", key: |words| words.say("desk-shipping"), roles: &[Role::Manufacturer, Role::Distributor, Role::Pharmacy] },
    Desk { path: "/desk/me", key: |words| words.say("desk-me"), roles: &[Role::Patient] },
    Desk { path: "/desk/cases", key: |words| words.say("desk-cases"), roles: &[Role::Regulator] },
    Desk { path: "/desk/stock", key: |words| words.say("desk-stock"), roles: &[Role::Pharmacy, Role::Distributor, Role::Manufacturer, Role::Regulator] },
    Desk { path: "/desk/operator", key: |words| words.say("desk-operator"), roles: &[Role::Operator] },
    Desk { path: "/desk/models", key: |words| words.say("desk-models"), roles: &[Role::Regulator] },
    Desk { path: "/desk/ledger", key: |words| words.say("desk-ledger"), roles: ledger::ROLES },
];

/// The desks of a role.
pub(super) fn desks(role: Role) -> impl Iterator<Item = &'static Desk> {
    DESKS.iter().filter(move |desk| desk.roles.contains(&role))
}

/// A page's head.
pub(super) struct Page<'a> {
    pub(super) words: &'a Words,
    pub(super) title: &'a str,
    /// The page's own script, a file of the assets.
    pub(super) script: Option<&'static str>,
    /// The desk's own style, a file of the assets.
    pub(super) style: Option<&'static str>,
}

impl<'a> Page<'a> {
    pub(super) fn new(words: &'a Words, title: &'a str) -> Self {
        Self { words, title, script: None, style: None }
    }

    pub(super) fn with_script(self, script: &'static str) -> Self {
        Self { script: Some(script), ..self }
    }

    pub(super) fn with_style(self, style: &'static str) -> Self {
        Self { style: Some(style), ..self }
    }
}

/// The page around its content.
pub(super) fn show(page: &Page<'_>, worker: Option<&Worker>, content: &Markup) -> Markup {
    let words = page.words;
    html! {
        (DOCTYPE)
        html lang=(words.language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) " · Veridose" }
                link rel="stylesheet" href=(assets::address("style.css"));
                @if let Some(style) = page.style { link rel="stylesheet" href=(assets::address(style)); }
                link rel="icon" type="image/svg+xml" href=(assets::address("icon.svg"));
                @if let Some(worker) = worker {
                    meta name="csrf" content=(worker.signed_in.csrf());
                    meta name="account" content=(account(worker.caller()));
                    meta name="live" content=(worker.node().projector().progress().projected);
                }
                script type="module" src=(assets::address("frame.js"))
                    data-folder=[worker.map(|_| assets::folder())] data-files=[worker.map(|_| assets::names())] {}
                @if let Some(script) = page.script { script type="module" src=(assets::address(script)) {} }
            }
            body {
                a.skip href="#main" { (words.say("skip")) }
                header.top {
                    a.brand href="/" { (mark()) span { "Veridose" } }
                    @if let Some(worker) = worker { (navigation(words, worker)) }
                    (settings(words, worker))
                }
                main #main tabindex="-1" { (content) }
            }
        }
    }
}

fn navigation(words: &Words, worker: &Worker) -> Markup {
    let here = worker.request.path();
    html! {
        nav aria-label=(words.say("navigation")) {
            ul {
                @for desk in desks(worker.caller().role) {
                    li { a href=(desk.path) aria-current=[here.starts_with(desk.path).then_some("page")] { ((desk.key)(words)) } }
                }
            }
        }
    }
}

fn settings(words: &Words, worker: Option<&Worker>) -> Markup {
    html! {
        div.settings {
            @if let Some(worker) = worker {
                p.who { strong { (name(worker.node(), worker.caller())) } " " span { (role(words, worker.caller().role)) } }
            }
            form.languages method="post" action="/signin/language" {
                @for language in Language::ALL.into_iter().filter(|other| *other != words.language) {
                    button.link name="language" value=(language.code()) lang=(language.code()) { (language.name()) }
                }
            }
            @if let Some(worker) = worker {
                form #sign-out method="post" action="/signin/out" {
                    (csrf(worker))
                    button.link { (words.say("sign-out")) }
                }
            }
        }
    }
}

/// The hidden field of every form that changes something.
pub(super) fn csrf(worker: &Worker) -> Markup {
    html! { input type="hidden" name="csrf" value=(worker.signed_in.csrf()); }
}

/// Whose affairs a browser keeps: what waits in it is sent only for the same party and place.
pub(super) fn account(caller: &Caller) -> String {
    let party = caller.party.as_ref().map_or("-", |party| party.as_str());
    caller.site.map_or_else(|| party.to_owned(), |site| format!("{party}/{}", site.0))
}

/// For whom somebody acts: the member's name in full.
pub(super) fn name(node: &Node, caller: &Caller) -> String {
    let directory = node.directory();
    let member = caller.party.as_ref().and_then(|party| directory.members().iter().find(|member| member.id == *party));
    match (caller.role, member) {
        (Role::Patient | Role::Operator, _) | (_, None) => caller.subject.clone(),
        (Role::Manufacturer | Role::Distributor | Role::Pharmacy | Role::Regulator | Role::Payer, Some(member)) => {
            member.name.clone()
        }
    }
}

/// What a role is called.
pub(super) fn role(words: &Words, role: Role) -> String {
    words.say(match role {
        Role::Manufacturer => "role-manufacturer",
        Role::Distributor => "role-distributor",
        Role::Pharmacy => "role-pharmacy",
        Role::Regulator => "role-regulator",
        Role::Payer => "role-payer",
        Role::Patient => "role-patient",
        Role::Operator => "role-operator",
    })
}

/// The mark beside the name: a tick in a data matrix's corner.
fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 32 32" aria-hidden="true" focusable="false" {
            path.corner d="M3 3v26h26" {}
            path.tick d="M10 16l5 5 12-14" {}
        }
    }
}
