//! What a token reaches: scopes as in SMART App Launch 2.2, section "Scopes for requesting FHIR Resources".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use veridose_contract::DataKind;

/// Scopes of one token that are kept.
const SCOPES_MAX: usize = 64;

/// In what relation to the data a token may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// For oneself, as a patient.
    Patient,
    /// As somebody who acts for a member.
    User,
    /// As a machine of a member.
    System,
}

/// What is done with data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interaction {
    /// Written anew.
    Create,
    /// Read one by one.
    Read,
    /// Changed.
    Update,
    /// Deleted.
    Delete,
    /// Searched for.
    Search,
}

/// One scope: `patient/Observation.rs`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Scope {
    context: Context,
    /// A FHIR resource type; every one without.
    resource: Option<String>,
    /// Of `cruds`.
    interactions: String,
}

/// The scopes of a token; written as the claim.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Reads the `scope` claim. What is no scope for FHIR resources is left out, and so is one that is narrowed by a query:
    /// it allows less than it seems to.
    pub fn parse(claim: &str) -> Self {
        Self(claim.split_ascii_whitespace().filter_map(|text| text.parse().ok()).take(SCOPES_MAX).collect())
    }

    /// Whether one of them allows the interaction with a type of resource.
    pub fn allow(&self, contexts: &[Context], resource: &str, interaction: Interaction) -> bool {
        self.0.iter().any(|scope| {
            contexts.contains(&scope.context)
                && scope.resource.as_deref().is_none_or(|allowed| allowed == resource)
                && scope.interactions.contains(interaction.letter())
        })
    }
}

impl From<String> for Scopes {
    fn from(claim: String) -> Self {
        Self::parse(&claim)
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

impl Interaction {
    const fn letter(self) -> char {
        match self {
            Self::Create => 'c',
            Self::Read => 'r',
            Self::Update => 'u',
            Self::Delete => 'd',
            Self::Search => 's',
        }
    }
}

/// The FHIR resource type that holds a kind of data.
pub const fn resource_of(kind: DataKind) -> &'static str {
    match kind {
        DataKind::Dispense => "MedicationDispense",
        DataKind::Prescription => "MedicationRequest",
        DataKind::Demographics => "Patient",
        DataKind::Laboratory | DataKind::Genomics => "Observation",
    }
}

/// A text that is no scope for resources.
#[derive(Debug)]
struct NoScope;

impl FromStr for Scope {
    type Err = NoScope;

    fn from_str(text: &str) -> Result<Self, NoScope> {
        let (context, rest) = text.split_once('/').ok_or(NoScope)?;
        let context = match context {
            "patient" => Context::Patient,
            "user" => Context::User,
            "system" => Context::System,
            _ => return Err(NoScope),
        };
        let (resource, interactions) = rest.rsplit_once('.').ok_or(NoScope)?;
        // The second version spells interactions in this order; the first one had words.
        let interactions = match interactions {
            "read" => "rs",
            "write" => "cud",
            "*" => "cruds",
            letters if is_part_of_cruds(letters) => letters,
            _ => return Err(NoScope),
        };
        let resource = match resource {
            "*" => None,
            name if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic()) => Some(name.to_owned()),
            _ => return Err(NoScope),
        };
        Ok(Self { context, resource, interactions: interactions.to_owned() })
    }
}

fn is_part_of_cruds(letters: &str) -> bool {
    let mut rest = "cruds".chars();
    !letters.is_empty() && letters.chars().all(|letter| rest.any(|next| next == letter))
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let context = match self.context {
            Context::Patient => "patient",
            Context::User => "user",
            Context::System => "system",
        };
        write!(f, "{context}/{}.{}", self.resource.as_deref().unwrap_or("*"), self.interactions)
    }
}

impl fmt::Display for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.letter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_of_both_versions_are_read_and_nothing_more_is_allowed_than_they_say() {
        let allow = |claim: &str, context, resource: &str, interaction| {
            Scopes::parse(claim).allow(&[context], resource, interaction)
        };
        let (patient, user) = (Context::Patient, Context::User);
        assert!(allow("openid patient/*.rs", patient, "Observation", Interaction::Search));
        assert!(allow("patient/Observation.r", patient, "Observation", Interaction::Read));
        assert!(allow("user/*.read", user, "Patient", Interaction::Search));
        assert!(allow("user/Patient.*", user, "Patient", Interaction::Delete));
        assert!(allow("system/Patient.cruds", Context::System, "Patient", Interaction::Create));
        for (claim, context, resource, interaction) in [
            ("", patient, "Patient", Interaction::Read),
            ("patient/*.rs", user, "Patient", Interaction::Read),
            ("patient/*.rs", patient, "Patient", Interaction::Create),
            ("patient/Observation.r", patient, "Observation", Interaction::Search),
            ("patient/Observation.rs", patient, "Patient", Interaction::Read),
            ("user/*.write", user, "Patient", Interaction::Read),
            ("patient/*.sr", patient, "Patient", Interaction::Read),
            ("patient/*.rr", patient, "Patient", Interaction::Read),
            ("patient/*.", patient, "Patient", Interaction::Read),
            ("patient/Observation.rs?category=laboratory", patient, "Observation", Interaction::Read),
            ("launch/patient", patient, "Patient", Interaction::Read),
            ("admin/*.rs", patient, "Patient", Interaction::Read),
        ] {
            assert!(!allow(claim, context, resource, interaction), "{claim}");
        }
    }

    #[test]
    fn scopes_are_written_as_they_are_read() {
        let scopes = Scopes::parse("patient/*.rs user/Observation.read openid system/*.*");
        let claim = String::from(scopes.clone());
        assert_eq!(claim, "patient/*.rs user/Observation.rs system/*.cruds");
        assert_eq!(Scopes::from(claim), scopes);
    }
}
