//! What a list of the desk is asked for in its address, and the way from page to page.

use maud::{Markup, html};
use serde::Deserialize;

use crate::pages::words::Words;
use crate::routes::encoded;

/// Characters of a search, at most.
const SEARCH_CHARACTERS_MAX: usize = 100;

/// Filters, order and place of a list. What makes no sense counts as not given.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Asked {
    /// Part of a product's name or number.
    #[serde(default)]
    pub(super) q: String,
    /// Only what is at this risk or more, in percent.
    #[serde(default)]
    pub(super) risk: String,
    /// Only this place.
    #[serde(default)]
    pub(super) place: String,
    /// In which order.
    #[serde(default)]
    pub(super) sort: String,
    /// Rows before this page.
    #[serde(default)]
    pub(super) from: String,
    /// Places before this page.
    #[serde(default)]
    pub(super) column: String,
}

/// In which order a list stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Urgency,
    Cover,
    Product,
}

impl Asked {
    pub(super) fn search(&self) -> String {
        self.q.trim().chars().take(SEARCH_CHARACTERS_MAX).collect::<String>().to_lowercase()
    }

    /// As a share.
    pub(super) fn risk_min(&self) -> Option<f64> {
        let percent = self.risk.parse::<u8>().ok().filter(|percent| (1..=100).contains(percent))?;
        Some(f64::from(percent) / 100.0)
    }

    pub(super) fn order(&self) -> Order {
        match self.sort.as_str() {
            "cover" => Order::Cover,
            "product" => Order::Product,
            _ => Order::Urgency,
        }
    }

    pub(super) fn from(&self) -> usize {
        self.from.parse().unwrap_or(0)
    }

    pub(super) fn column(&self) -> usize {
        self.column.parse().unwrap_or(0)
    }

    /// Whether a product is wanted, by its number and name.
    pub(super) fn wants(&self, gtin: &str, name: &str) -> bool {
        let search = self.search();
        search.is_empty() || gtin.contains(&search) || name.to_lowercase().contains(&search)
    }

    /// The same list from elsewhere on.
    pub(super) fn address(&self, path: &str, from: usize, column: usize) -> String {
        let (from, column) = (from.to_string(), column.to_string());
        let all = [
            ("q", self.q.as_str()),
            ("risk", &self.risk),
            ("place", &self.place),
            ("sort", &self.sort),
            ("from", &from),
            ("column", &column),
        ];
        let given = all.into_iter().filter(|(_, value)| !value.is_empty() && *value != "0");
        let query: Vec<String> = given.map(|(key, value)| format!("{key}={}", encoded(value))).collect();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
    }

    /// The filters as a form.
    pub(super) fn form(&self, words: &Words, path: &str, places: &[(String, String)]) -> Markup {
        let orders = [
            ("", words.say("stock-sort-urgency")),
            ("cover", words.say("stock-sort-cover")),
            ("product", words.say("stock-sort-product")),
        ];
        let risks = [
            ("", words.say("stock-risk-any")),
            ("20", least(words, 0.2)),
            ("50", least(words, 0.5)),
            ("80", least(words, 0.8)),
        ];
        html! {
            form.filters method="get" action=(path) role="search" {
                div { label for="q" { (words.say("stock-search")) } input #q name="q" type="search" value=(self.q) maxlength=(SEARCH_CHARACTERS_MAX) autocomplete="off"; }
                (choice("risk", &words.say("stock-risk"), &self.risk, &risks))
                @if places.len() > 1 {
                    @let all = [(String::new(), words.say("stock-place-any"))];
                    (choice("place", &words.say("stock-place"), &self.place, &all.iter().chain(places).map(|(key, said)| (key.as_str(), said.clone())).collect::<Vec<_>>()))
                }
                (choice("sort", &words.say("stock-sort"), &self.sort, &orders))
                button { (words.say("stock-filter")) }
            }
        }
    }
}

fn least(words: &Words, share: f64) -> String {
    words.with("stock-risk-least", [("share", words.percent(share).into())])
}

fn choice(name: &str, said: &str, chosen: &str, choices: &[(&str, String)]) -> Markup {
    html! {
        div {
            label for=(name) { (said) }
            select id=(name) name=(name) {
                @for (value, said) in choices { option value=(value) selected[*value == chosen] { (said) } }
            }
        }
    }
}

/// The way to the rows before and behind; nothing where all are shown.
pub(super) fn turns(
    words: &Words,
    from: usize,
    shown: usize,
    all: usize,
    size: usize,
    to: impl Fn(usize) -> String,
) -> Markup {
    html! {
        @if all > shown {
            nav.turns aria-label=(words.say("stock-pages")) {
                @if from > 0 { a.button href=(to(from.saturating_sub(size))) rel="prev" { "← " (words.say("stock-before")) } }
                span.quiet { (span(words, from, shown, all)) }
                @if from + shown < all { a.button href=(to(from + size)) rel="next" { (words.say("stock-behind")) " →" } }
            }
        }
    }
}

/// Which rows of how many.
pub(super) fn span(words: &Words, from: usize, shown: usize, all: usize) -> String {
    let values = [from + 1, from + shown, all].map(|count| words.count(count as u64));
    let [first, last, all] = values;
    words.with("stock-span", [("first", first.into()), ("last", last.into()), ("all", all.into())])
}
