//! The choices of a consent, each with what it means; and what the ledger is asked to hold of them.

use maud::{Markup, html};
use serde::Deserialize;
use time::macros::format_description;
use time::{Date, Duration, Time};
use veridose_contract::{DataKind, PartyId, Purpose, Role, Timestamp};

use super::said;
use super::visit::{Act, Hidden};
use crate::node::Node;
use crate::pages::words::Words;
use crate::problem::Problem;
use crate::routes::own::NewConsent;

/// The purposes as the form offers them; a study is named beside.
const PURPOSES: [&str; 9] = [
    "dispense_record",
    "care",
    "study",
    "study_kind:interventional",
    "study_kind:observational",
    "study_kind:expanded_access",
    "public_health_research",
    "model_training",
    "marketplace",
];
const KINDS: [DataKind; 5] =
    [DataKind::Dispense, DataKind::Prescription, DataKind::Demographics, DataKind::Laboratory, DataKind::Genomics];
/// Length of a study's number, in characters.
const STUDY_CHARS_MAX: usize = 80;

/// What somebody chose.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chosen {
    #[serde(flatten)]
    pub(super) hidden: Hidden,
    pub(super) purpose: String,
    pub(super) study: String,
    pub(super) dispense: Option<String>,
    pub(super) prescription: Option<String>,
    pub(super) demographics: Option<String>,
    pub(super) laboratory: Option<String>,
    pub(super) genomics: Option<String>,
    pub(super) grantee: String,
    /// The last day, `2026-12-31`.
    pub(super) until: String,
    /// Of an amendment: the version that it replaces.
    pub(super) version: String,
}

impl Act for Chosen {
    fn hidden(&self) -> &Hidden {
        &self.hidden
    }
}

impl Chosen {
    /// A consent as it stands, to be amended.
    pub(super) fn of(row: &veridose_store::ConsentRow, study: Option<&str>) -> Self {
        let has = |kind| row.data.contains(&kind).then(|| "on".to_owned());
        let purpose = match row.purpose {
            Purpose::Study(_) => "study".to_owned(),
            other => other.to_string(),
        };
        Self {
            hidden: Hidden::default(),
            purpose,
            study: study.unwrap_or_default().to_owned(),
            dispense: has(DataKind::Dispense),
            prescription: has(DataKind::Prescription),
            demographics: has(DataKind::Demographics),
            laboratory: has(DataKind::Laboratory),
            genomics: has(DataKind::Genomics),
            grantee: row.grantee.as_ref().map(ToString::to_string).unwrap_or_default(),
            until: row.until.map(said::last_day).unwrap_or_default(),
            version: row.version.to_string(),
        }
    }

    fn has(&self, kind: DataKind) -> bool {
        match kind {
            DataKind::Dispense => &self.dispense,
            DataKind::Prescription => &self.prescription,
            DataKind::Demographics => &self.demographics,
            DataKind::Laboratory => &self.laboratory,
            DataKind::Genomics => &self.genomics,
        }
        .is_some()
    }

    /// The consent that is asked for, with the sentence that says so as its words.
    pub(super) fn wanted(&self, words: &Words, node: &Node) -> Result<NewConsent, Problem> {
        let study = self.study.trim();
        Problem::check_length("study", study, 0..=STUDY_CHARS_MAX)?;
        let named = if self.purpose == "study" { format!("study:{study}") } else { self.purpose.clone() };
        self.consent(words, node, named.parse().map_err(|error| Problem::field("purpose", error))?)
    }

    /// As [`Self::wanted`], for a purpose that stands.
    pub(super) fn consent(&self, words: &Words, node: &Node, purpose: Purpose) -> Result<NewConsent, Problem> {
        let data: Vec<DataKind> = KINDS.into_iter().filter(|kind| self.has(*kind)).collect();
        let grantee = match self.grantee.as_str() {
            "" => None,
            party => Some(PartyId::parse(party).map_err(|error| Problem::field("grantee", error))?),
        };
        let until = match self.until.trim() {
            "" => None,
            day => Some(end(day)?),
        };
        let study = Some(self.study.trim()).filter(|study| !study.is_empty() && matches!(purpose, Purpose::Study(_)));
        let who = grantee.as_ref().map(|party| said::member(node, party));
        let ends = until.map(|until| Timestamp(until.unix_timestamp().saturating_mul(1_000)));
        let sentence = said::sentence(words, purpose, &data, who, ends, study);
        let terms = serde_json::json!({ "language": words.language.code(), "text": sentence, "study": study });
        Ok(NewConsent::chosen(purpose, data, grantee, until, terms))
    }
}

/// The end of a day (UTC).
fn end(day: &str) -> Result<time::OffsetDateTime, Problem> {
    let wrong = || Problem::field("until", "give a day as 2026-12-31, or nothing");
    let date = Date::parse(day, format_description!("[year]-[month]-[day]")).map_err(|_| wrong())?;
    let next = date.checked_add(Duration::DAY).ok_or_else(wrong)?;
    Ok(next.with_time(Time::MIDNIGHT).assume_utc())
}

/// The choices. `fixed` is the purpose of a consent that is amended, which stays.
pub(super) fn fields(words: &Words, node: &Node, chosen: &Chosen, fixed: Option<Purpose>) -> Markup {
    html! {
        fieldset.choices {
            legend { (words.say("me-choose-purpose")) }
            @if let Some(purpose) = fixed {
                p { strong { (said::purpose(words, purpose)) } @if !chosen.study.is_empty() { " " (chosen.study) } }
                p.quiet { (words.say("me-purpose-stays")) }
            } @else {
                @for (at, purpose) in PURPOSES.iter().enumerate() {
                    @let key = purpose.replace(':', "-");
                    label.choice {
                        input type="radio" name="purpose" value=(purpose) required
                            checked[chosen.purpose == *purpose || (chosen.purpose.is_empty() && at == 0)];
                        span { strong { (words.say(&format!("me-purpose-{key}"))) } " " span.quiet { (words.say(&format!("me-purpose-{key}-how"))) } }
                    }
                    @if *purpose == "study" {
                        div.inner { label for="study" { (words.say("me-study-number")) }
                            input #study name="study" type="text" value=(chosen.study) maxlength=(STUDY_CHARS_MAX) placeholder="NCT01234567" autocomplete="off" spellcheck="false"; }
                    }
                }
            }
        }
        fieldset.choices {
            legend { (words.say("me-choose-data")) }
            @for kind in KINDS {
                @let name = serde_json::to_value(kind).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
                label.choice {
                    input type="checkbox" name=(name) checked[chosen.has(kind)];
                    span { strong { (said::kind(words, kind)) } " " span.quiet { (words.say(&format!("me-data-{name}-how"))) } }
                }
            }
        }
        fieldset.choices {
            legend { (words.say("me-choose-who")) }
            label for="grantee" { (words.say("me-who")) }
            select #grantee name="grantee" aria-describedby="who-how" {
                option value="" selected[chosen.grantee.is_empty()] { (words.say("me-anybody-choice")) }
                @for member in node.directory().members().iter().filter(|member| may_ask(member.role)) {
                    option value=(member.id) selected[chosen.grantee == member.id.as_str()] { (member.name) }
                }
            }
            p #who-how.quiet { (words.say("me-who-how")) }
        }
        fieldset.choices {
            legend { (words.say("me-choose-until")) }
            label for="until" { (words.say("me-until")) }
            input #until name="until" type="date" value=(chosen.until) aria-describedby="until-how";
            p #until-how.quiet { (words.say("me-until-how")) }
        }
    }
}

/// Regulators see what the law lets them see, and payers their claims; neither asks for a consent.
const fn may_ask(role: Role) -> bool {
    match role {
        Role::Pharmacy | Role::Manufacturer | Role::Distributor => true,
        Role::Regulator | Role::Payer => false,
    }
}
