//! The verdict in words: what may be done, why, what next.

use maud::{Markup, html};

use super::{diagnosis, key};
use crate::node::Node;
use crate::pages::name;
use crate::pages::words::Words;
use crate::routes::Judged;
use crate::trade::{Outcome, PackStatus, Reading, Severity, Verdict};

/// What the one at the counter may do with the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// Dispense it.
    May,
    /// Find something out first.
    Ask,
    /// Not dispense it.
    Stop,
}

impl Sign {
    /// By what the verdict says. Whoever has to look once more is not told to stop, and nothing but the verdict's own word lets a
    /// pack be dispensed.
    fn of(judged: &Judged) -> Self {
        let verdict = &judged.verdict;
        if verdict.dispensable {
            return if judged.alert_level >= Severity::Alert { Self::Ask } else { Self::May };
        }
        match (verdict.outcome, verdict.severity) {
            (Outcome::Unreadable, _)
            | (Outcome::Authentic, Severity::None)
            | (Outcome::NotFound, Severity::None | Severity::Notice | Severity::Warning) => Self::Ask,
            (Outcome::Authentic, Severity::Notice) if verdict.code == "not_received" => Self::Ask,
            (Outcome::NotFound, Severity::Alert) | (Outcome::Authentic | Outcome::Mismatch, _) => Self::Stop,
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::May => "may",
            Self::Ask => "ask",
            Self::Stop => "stop",
        }
    }

    /// Stands beside the colour for those who do not see it.
    const fn mark(self) -> &'static str {
        match self {
            Self::May => "✓",
            Self::Ask => "?",
            Self::Stop => "✕",
        }
    }

    fn said(self, words: &Words) -> String {
        match self {
            Self::May => words.say("sign-may"),
            Self::Ask => words.say("sign-ask"),
            Self::Stop => words.say("sign-stop"),
        }
    }
}

/// The verdict on a scan, with what can be done now.
pub(super) async fn show(words: &Words, node: &Node, judged: &Judged, text: &str) -> Markup {
    let (verdict, sign) = (&judged.verdict, Sign::of(judged));
    let product = name::product(node, verdict.scanned.gtin.as_deref()).await;
    let now = node.clock().now().0;
    html! {
        article.verdict.(sign.class()) data-code=(verdict.code) data-sign=(sign.class()) data-now=(now)
            data-scan=[scan(&verdict.scanned)] data-short=[short(&verdict.scanned)] {
            p.sign aria-hidden="true" { (sign.mark()) }
            div.said {
                h2 { (sign.said(words)) }
                p.reason { (reason(words, verdict)) }
                p.step { strong { (words.say("next-step")) } " " (step(words, verdict)) }
                (suggestion(words, verdict))
                (asides(words, judged, text))
            }
            (facts(words, verdict, product.as_deref()))
            (acts(words, verdict, sign))
        }
    }
}

/// What stands in the verdict's place while the node cannot be asked.
pub(super) fn unjudged(words: &Words) -> Markup {
    html! {
        article.verdict.ask data-code="no_network" data-sign="ask" {
            p.sign aria-hidden="true" { (Sign::Ask.mark()) }
            div.said {
                h2 { (words.say("sign-offline")) }
                p.reason { (words.say("offline-reason")) }
                p.step { strong { (words.say("next-step")) } " " (words.say("offline-step")) }
            }
            dl.facts { div.whole { dt { (words.say("fact-scan")) } dd.scan-text {} } }
            div.acts {
                (button(&words.say("act-supply"), "supply", "F2", false))
                (button(&words.say("act-dispense"), "dispense", "F4", false))
                (button(&words.say("act-undo"), "undo", "F9", false))
                (button(&words.say("act-remove"), "remove", "⇧F2", false))
            }
        }
    }
}

/// Where the act was that ended the pack: the verdict calls it a slip only at the same place.
fn place(verdict: &Verdict) -> &'static str {
    if verdict.severity == Severity::Alert { "elsewhere" } else { "here" }
}

fn reason(words: &Words, verdict: &Verdict) -> String {
    let class = i64::from(verdict.recall_class.unwrap_or_default());
    if verdict.outcome == Outcome::Unreadable
        && let Some(said) = words.find(&format!("scan-{}", verdict.code), [])
    {
        return said;
    }
    let values = [("place", place(verdict).into()), ("class", class.into())];
    words.find(&format!("verdict-{}", verdict.code), values).unwrap_or_else(|| verdict.message.clone())
}

fn step(words: &Words, verdict: &Verdict) -> String {
    let key = match verdict.outcome {
        Outcome::Unreadable if verdict.code != "no_serial" => "verdict-unreadable-step".to_owned(),
        Outcome::Unreadable | Outcome::Authentic | Outcome::Mismatch | Outcome::NotFound => {
            format!("verdict-{}-step", verdict.code)
        }
    };
    words.find(&key, [("place", place(verdict).into())]).unwrap_or_else(|| verdict.next_step.clone())
}

/// What was perhaps meant: shown, and taken only when somebody takes it.
fn suggestion(words: &Words, verdict: &Verdict) -> Markup {
    html! {
        @if let Some(meant) = &verdict.suggestion {
            p.meant {
                (words.say("perhaps-meant")) " " code { (meant) } " "
                button type="button" data-meant=(meant) { (words.say("take-suggestion")) }
            }
        }
    }
}

/// What else to know.
fn asides(words: &Words, judged: &Judged, text: &str) -> Markup {
    let verdict = &judged.verdict;
    html! {
        @if !verdict.warnings.is_empty() {
            ul.asides {
                @for warning in &verdict.warnings {
                    li { (words.find(&format!("note-{}", warning.code), []).unwrap_or_else(|| warning.text.clone())) }
                }
            }
        }
        @if !judged.findings.is_empty() {
            h3 { (words.say("findings")) }
            ul.asides {
                @for found in &judged.findings {
                    li { (words.find(&format!("code-{}", found.code), []).unwrap_or_else(|| found.text.to_owned())) }
                }
            }
        }
        @if let Some(detail) = diagnosis::told(words, text) {
            details { summary { (words.say("details")) } p { (detail) } }
        }
    }
}

fn facts(words: &Words, verdict: &Verdict, product: Option<&str>) -> Markup {
    let Reading { gtin, serial, lot, expiry, sscc } = &verdict.scanned;
    let odd = |field| verdict.mismatches.contains(&field);
    let rows = [
        (words.say("fact-product"), product.map(str::to_owned), false),
        (words.say("fact-gtin"), gtin.clone(), false),
        (words.say("fact-container"), sscc.clone(), false),
        (words.say("fact-serial"), serial.clone(), false),
        (words.say("fact-lot"), lot.clone(), odd(crate::trade::Field::Lot)),
        (words.say("fact-expiry"), expiry.clone(), odd(crate::trade::Field::Expiry) || verdict.expired),
        (words.say("fact-status"), verdict.status.map(|status| status_said(words, status)), false),
        (words.say("fact-alert"), verdict.nmvs_code.map(str::to_owned), false),
    ];
    html! {
        dl.facts {
            @for (name, value, odd) in rows {
                @if let Some(value) = value { div.odd[odd] { dt { (name) } dd { (value) @if odd { " ⚠" } } } }
            }
        }
    }
}

fn status_said(words: &Words, status: PackStatus) -> String {
    words.say(match status {
        PackStatus::Active => "status-active",
        PackStatus::Dispensed => "status-dispensed",
        PackStatus::Decommissioned => "status-decommissioned",
        PackStatus::Stolen => "status-stolen",
        PackStatus::Destroyed => "status-destroyed",
        PackStatus::Repackaged => "status-repackaged",
    })
}

/// What can be done now. The contract decides; a button that it would refuse for certain is left out.
fn acts(words: &Words, verdict: &Verdict, sign: Sign) -> Markup {
    let is_here = verdict.holder == Some(crate::trade::Holder::You);
    let is_over =
        matches!(verdict.status, Some(PackStatus::Dispensed | PackStatus::Decommissioned | PackStatus::Destroyed));
    let is_active = verdict.status == Some(PackStatus::Active);
    let is_slip = is_over && verdict.severity == Severity::Warning;
    let acts = [
        (verdict.dispensable, words.say("act-supply"), "supply", "F2", true),
        (verdict.dispensable, words.say("act-dispense"), "dispense", "F4", false),
        (is_slip, words.say("act-undo"), "undo", "F9", true),
        (is_here && is_active, words.say("act-remove"), "remove", "⇧F2", false),
        (is_here && is_active, words.say("act-return"), "return", "⇧F4", false),
        (sign == Sign::Stop, words.say("act-report"), "report", "⇧F9", verdict.severity == Severity::Alert),
    ];
    html! {
        div.acts { @for (is_there, said, act, key, first) in acts { @if is_there { (button(&said, act, key, first)) } } }
    }
}

fn button(said: &str, act: &str, name: &str, first: bool) -> Markup {
    html! { button.primary[first] type="button" data-act=(act) { (said) (key(name)) } }
}

/// The code as it is sent on: the same thing whatever the scanner made of it.
fn scan(read: &Reading) -> Option<String> {
    let pack = read.gtin.as_ref().zip(read.serial.as_ref()).map(|(gtin, serial)| format!("(01){gtin}(21){serial}"));
    pack.or_else(|| read.sscc.as_ref().map(|sscc| format!("(00){sscc}")))
}

/// The code in a list.
fn short(read: &Reading) -> Option<String> {
    read.serial.clone().or_else(|| read.sscc.clone()).or_else(|| read.gtin.clone())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::pages::words::Language;

    /// The codes that stand in the source of the verdicts: there is no list of them besides.
    fn codes() -> BTreeSet<String> {
        let source = include_str!("../../trade/verdict/words.rs");
        let (source, _) = source.split_once("fn warnings(").expect("the warnings come last");
        let mut codes = BTreeSet::new();
        for call in ["Saying::new(", "told("] {
            for rest in source.split(call).skip(1) {
                if let Some(rest) = rest.trim_start().strip_prefix('"') {
                    codes.insert(rest.split('"').next().expect("ends").to_owned());
                }
            }
        }
        codes
    }

    #[test]
    fn every_code_of_a_verdict_has_words_in_every_language() {
        let codes = codes();
        assert!(codes.len() >= 18 && codes.contains("recalled") && codes.contains("may_be_dispensed"), "{codes:?}");
        for words in Language::ALL.map(Words::of) {
            for code in &codes {
                let values = || [("place", "here".into()), ("class", 1.into())];
                assert!(words.find(&format!("verdict-{code}"), values()).is_some(), "{:?} {code}", words.language);
                assert!(words.find(&format!("verdict-{code}-step"), values()).is_some(), "{:?} {code}", words.language);
            }
            for code in veridose_gs1::scan::Code::ALL {
                assert!(words.find(&format!("scan-{}", code.as_str()), []).is_some(), "{:?} {code:?}", words.language);
            }
            let warnings = ["disputed", "in_container", "day_zero", "caps_lock", "lost_separator", "missing_required"];
            for code in warnings {
                assert!(words.find(&format!("note-{code}"), []).is_some(), "{:?} {code}", words.language);
            }
        }
    }
}
