//! Who may see which data of a patient: one decision over the ledger's state, without clock, files or network.
//!
//! The host says who asks, what for, and which consents are the patient's; it has checked the asker's token and credentials.
//! What a consent says now, who is a member and whether an emergency stands is read here, from the state alone.

mod claim;
mod consent;
mod emergency;

use serde::{Deserialize, Serialize};

use crate::command::{CredentialKind, DataForm, DataKind, Purpose, Role};
use crate::id::{CaseId, ConsentId, DispenseId, PartyId, Person, Timestamp};
use crate::read;
use crate::state::{StateError, StateRead};

pub use emergency::Emergency;

/// A request for data of one patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRequest {
    /// Who asks.
    pub asker: Asker,
    /// What for.
    pub aim: Aim,
    /// Which data.
    pub kinds: Vec<DataKind>,
    /// The patient's consents, as far as the host knows them; what they say is read from the state.
    pub consents: Vec<ConsentId>,
    /// The host's time.
    pub now: Timestamp,
}

/// Who asks for data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// The patient whose data they are.
    Patient,
    /// A person who acts for a member.
    Member {
        /// The member.
        party: PartyId,
        /// The person.
        person: Person,
        /// What the person was shown to be, by credentials that are in force.
        credentials: Vec<CredentialKind>,
    },
}

/// What data are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aim {
    /// A purpose that a patient may consent to.
    Purpose(Purpose),
    /// Help for somebody who cannot be asked; with what the host knows of the declaration, if there is one.
    Emergency(Option<Emergency>),
    /// Payment for a dispense.
    Claim(DispenseId),
}

/// What is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Access {
    /// Data are given.
    Granted(Grant),
    /// None are.
    Refused(Refusal),
}

/// What may be given, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Why.
    pub rule: GrantRule,
    /// Those of the kinds asked for that may be given, in ascending order.
    pub kinds: Vec<DataKind>,
    /// In the most telling form in which they may be given.
    pub form: DataForm,
    /// The consent that allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentId>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// The declared emergency, by its case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<CaseId>,
    /// Until when, excluded, unless something is revoked before; open without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Why nothing is given, and what would be needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The rule that was not met.
    pub rule: RefusalRule,
    /// What would be needed, for people.
    pub needed: String,
}

macro_rules! rules {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $rule:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$each])* #[serde(rename = $text)] $rule,)*
        }
        impl $name {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$rule,)*];

            /// The text form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$rule => $text,)* }
            }
        }
    };
}

rules! {
    /// Rules by which data are given.
    GrantRule {
        /// Patients see what is theirs.
        OwnRecord = "own_record",
        /// A consent to recording dispenses.
        DispenseRecord = "dispense_record",
        /// A consent to care that names who treats, and a clinician's credential.
        Care = "care",
        /// A consent to the study, and a researcher's credential: de-identified records.
        Study = "study",
        /// A consent to another use of de-identified records, and a researcher's credential.
        Research = "research",
        /// A consent to anonymous public-health research: aggregates.
        Population = "population",
        /// An emergency that two persons stand for.
        Emergency = "emergency",
        /// A claim for a dispense: to who asks to be paid, and to who is to pay.
        Claim = "claim",
        /// Who keeps a consent, is named in it or supervises sees what it says.
        ConsentParty = "consent_party",
    }
}

rules! {
    /// Rules by which data are refused, from the farthest from a grant to the nearest.
    RefusalRule {
        /// The host cannot say whether what it knows is current. It refuses before anything is decided.
        NotCurrent = "not_current",
        /// Records of accesses do not reach the ledger. The host refuses before anything is decided.
        NotAnchored = "not_anchored",
        /// The token that came with the request does not reach that far. The host refuses.
        ScopeMissing = "scope_missing",
        /// A credential that was shown does not hold. The host refuses.
        CredentialRefused = "credential_refused",
        /// Nothing was asked for.
        NothingAsked = "nothing_asked",
        /// Who asks acts for no member, or for a suspended one.
        NoMember = "no_member",
        /// The member's role is not one that the purpose is for.
        RoleNotAllowed = "role_not_allowed",
        /// Nobody declared an emergency.
        EmergencyNotDeclared = "emergency_not_declared",
        /// The emergency was declared for another member, or by and with other persons.
        EmergencyOfOthers = "emergency_of_others",
        /// No second person stands for the emergency.
        EmergencyUnconfirmed = "emergency_unconfirmed",
        /// The emergency's time is over, or a regulator ended it.
        EmergencyOver = "emergency_over",
        /// The study is registered, and who asks is neither its sponsor nor one of its sites.
        NotInStudy = "not_in_study",
        /// Who asks neither claims the dispense nor is to pay for it.
        NotInClaim = "not_in_claim",
        /// The patient has given no consent for the purpose.
        NoConsent = "no_consent",
        /// No consent to care names the member that asks: there is no treatment relationship.
        NoRelationship = "no_relationship",
        /// The consent was revoked.
        ConsentRevoked = "consent_revoked",
        /// The consent has ended.
        ConsentExpired = "consent_expired",
        /// The consent is not in force yet.
        ConsentNotYet = "consent_not_yet",
        /// The consent is about other data.
        DataNotCovered = "data_not_covered",
        /// A credential is missing, or none that was shown is of the kind that is needed.
        CredentialMissing = "credential_missing",
    }
}

/// Decides a request. The same state and request always give the same decision.
pub fn decide(state: &dyn StateRead, request: &AccessRequest) -> Result<Access, StateError> {
    Ok(match judge(state, request)? {
        Ok(grant) => Access::Granted(grant),
        Err(refusal) => Access::Refused(refusal),
    })
}

/// The purposes of consents that may allow a request for a purpose: the purpose itself, and of a registered study its kind.
pub fn purposes(state: &dyn StateRead, purpose: Purpose) -> Result<Vec<Purpose>, StateError> {
    let Purpose::Study(id) = purpose else { return Ok(vec![purpose]) };
    let kind = read::study(state, &id)?.map(|study| Purpose::StudyKind(study.kind));
    Ok(std::iter::once(purpose).chain(kind).collect())
}

/// A decision while it is made: the first rule that is not met ends it.
type Judged = Result<Result<Grant, Refusal>, StateError>;

fn judge(state: &dyn StateRead, request: &AccessRequest) -> Judged {
    let kinds = sorted(&request.kinds);
    if kinds.is_empty() {
        return Ok(refuse(RefusalRule::NothingAsked, "name at least one kind of data"));
    }
    let Asker::Member { party, person, credentials } = &request.asker else {
        return Ok(Ok(Grant::full(GrantRule::OwnRecord, kinds)));
    };
    let member = read::party(state, party)?.filter(|member| member.suspended.is_none());
    let Some(member) = member else {
        return Ok(refuse(RefusalRule::NoMember, format!("{party} must be a member that is not suspended")));
    };
    if treats(&request.aim) && member.party.role != Role::Pharmacy {
        return Ok(refuse(RefusalRule::RoleNotAllowed, "this is for pharmacies and hospitals"));
    }
    match &request.aim {
        Aim::Purpose(purpose) => consent::judge(state, request, party, credentials, *purpose, &kinds),
        Aim::Emergency(declared) => {
            emergency::judge(state, declared.as_ref(), party, person, credentials, kinds, request.now)
        }
        Aim::Claim(dispense) => claim::judge(state, dispense, party, kinds),
    }
}

impl Grant {
    /// A grant that is about no data of the kinds that consents speak of.
    pub const fn without_data(rule: GrantRule) -> Self {
        Self {
            rule,
            kinds: Vec::new(),
            form: DataForm::Full,
            consent: None,
            version: None,
            emergency: None,
            until: None,
        }
    }

    fn full(rule: GrantRule, kinds: Vec<DataKind>) -> Self {
        Self { kinds, ..Self::without_data(rule) }
    }
}

/// Whether the aim is to help the patient, which is for who treats.
const fn treats(aim: &Aim) -> bool {
    match aim {
        Aim::Emergency(_) | Aim::Purpose(Purpose::Care | Purpose::DispenseRecord) => true,
        Aim::Purpose(
            Purpose::Study(_)
            | Purpose::StudyKind(_)
            | Purpose::PublicHealthResearch
            | Purpose::ModelTraining
            | Purpose::Marketplace,
        )
        | Aim::Claim(_) => false,
    }
}

fn sorted(kinds: &[DataKind]) -> Vec<DataKind> {
    let mut kinds = kinds.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn refuse<T>(rule: RefusalRule, needed: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { rule, needed: needed.into() })
}

/// The first of the needed credentials that was not shown.
fn check_credentials(
    needed: impl IntoIterator<Item = CredentialKind>,
    shown: &[CredentialKind],
) -> Result<(), Refusal> {
    let missing = needed.into_iter().find(|kind| !shown.contains(kind));
    missing.map_or(Ok(()), |kind| {
        let kind = match kind {
            CredentialKind::Clinician => "a clinician's",
            CredentialKind::Researcher => "a researcher's",
        };
        refuse(RefusalRule::CredentialMissing, format!("{kind} credential that is in force and bound to who asks"))
    })
}
