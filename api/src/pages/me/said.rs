//! What the ledger and the vault say, in plain words.

use maud::{Markup, html};
use veridose_contract::{DataForm, DataKind, PartyId, Purpose, Timestamp};
use veridose_store::ConsentRow;
use veridose_store::payload::ConsentDocument;

use crate::node::{Node, date_time};
use crate::pages::words::Words;

/// How a consent stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    InForce,
    NotYet,
    Ended,
    Revoked,
}

impl Standing {
    pub(super) fn of(row: &ConsentRow, now: Timestamp) -> Self {
        match row {
            row if row.revoked_at.is_some() => Self::Revoked,
            row if row.until.is_some_and(|until| until <= now) => Self::Ended,
            row if now < row.from => Self::NotYet,
            _ => Self::InForce,
        }
    }

    /// A sign and words, never a colour alone.
    pub(super) fn badge(self, words: &Words) -> Markup {
        let (class, sign, said) = match self {
            Self::InForce => ("mark-may", "✓", words.say("me-standing-in-force")),
            Self::NotYet => ("mark-ask", "…", words.say("me-standing-not-yet")),
            Self::Ended => ("mark-ask", "■", words.say("me-standing-ended")),
            Self::Revoked => ("mark-stop", "✕", words.say("me-standing-revoked")),
        };
        html! { span.badge.(class) { span aria-hidden="true" { (sign) } " " (said) } }
    }
}

/// A member's name in full.
pub(super) fn member(node: &Node, party: &PartyId) -> String {
    let directory = node.directory();
    let found = directory.members().iter().find(|member| member.id == *party);
    found.map_or_else(|| party.to_string(), |member| member.name.clone())
}

/// A day, `2026-11-22`.
pub(super) fn day(at: Timestamp) -> String {
    date_time(at).date().to_string()
}

/// The last day on which something is so that ends at a moment.
pub(super) fn last_day(until: Timestamp) -> String {
    day(Timestamp(until.0.saturating_sub(1)))
}

/// A moment; the page's script writes it in the reader's own zone.
pub(super) fn moment(at: Timestamp) -> Markup {
    let time = date_time(at);
    let text = format!("{} {:02}:{:02} UTC", time.date(), time.hour(), time.minute());
    html! { time data-at=(at.0) { (text) } }
}

/// What a purpose is called.
pub(super) fn purpose(words: &Words, purpose: Purpose) -> String {
    words.say(&format!("me-purpose-{}", purpose_key(purpose)))
}

/// The purpose's part of a key; studies have one for all.
pub(super) fn purpose_key(purpose: Purpose) -> String {
    match purpose {
        Purpose::Study(_) => "study".to_owned(),
        Purpose::StudyKind(kind) => format!("study_kind-{}", kind.name()),
        Purpose::DispenseRecord
        | Purpose::Care
        | Purpose::PublicHealthResearch
        | Purpose::ModelTraining
        | Purpose::Marketplace => purpose.to_string(),
    }
}

/// What a kind of data is called.
pub(super) fn kind(words: &Words, kind: DataKind) -> String {
    words.say(match kind {
        DataKind::Dispense => "me-data-dispense",
        DataKind::Prescription => "me-data-prescription",
        DataKind::Demographics => "me-data-demographics",
        DataKind::Laboratory => "me-data-laboratory",
        DataKind::Genomics => "me-data-genomics",
    })
}

/// Kinds of data, one after the other.
pub(super) fn kinds(words: &Words, data: &[DataKind]) -> String {
    data.iter().map(|one| kind(words, *one)).collect::<Vec<_>>().join(", ")
}

/// In what form data are given.
pub(super) fn form(words: &Words, form: DataForm) -> String {
    words.say(match form {
        DataForm::Aggregated => "me-form-aggregated",
        DataForm::DeIdentified => "me-form-de_identified",
        DataForm::Full => "me-form-full",
    })
}

/// The number of the study that a consent names, where the patient's own words kept it.
pub(super) fn study(document: &ConsentDocument) -> Option<&str> {
    document.terms["study"].as_str().filter(|study| !study.is_empty())
}

/// A consent in one sentence.
pub(super) fn consent(words: &Words, node: &Node, row: &ConsentRow, document: &ConsentDocument) -> String {
    let who = row.grantee.as_ref().map(|party| member(node, party));
    sentence(words, row.purpose, &row.data, who, row.until, study(document))
}

/// What somebody agrees to, in one sentence.
pub(super) fn sentence(
    words: &Words,
    what_for: Purpose,
    data: &[DataKind],
    who: Option<String>,
    until: Option<Timestamp>,
    study: Option<&str>,
) -> String {
    let who = who.unwrap_or_else(|| words.say("me-anybody"));
    let purpose = match study {
        Some(study) => format!("{} {study}", purpose(words, what_for)),
        None => purpose(words, what_for),
    };
    let values = |key: &str| {
        words.with(
            key,
            [
                ("who", who.clone().into()),
                ("purpose", purpose.clone().into()),
                ("data", kinds(words, data).into()),
                ("day", until.map(last_day).unwrap_or_default().into()),
            ],
        )
    };
    if until.is_some() { values("me-sentence-until") } else { values("me-sentence") }
}
