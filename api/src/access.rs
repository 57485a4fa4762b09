//! Access to patients' data: asked for, decided by the contract's policy, recorded, and only then given.
//!
//! [`decide_and_record`] is the one way to a patient's data. Whoever gives data calls it first and gives what the [`Given`] says,
//! in the form that it says, and nothing else.

pub(crate) mod anchor;
pub(crate) mod asked;
pub(crate) mod check;
pub(crate) mod cohort;
pub mod credential;
pub mod proof;

use std::collections::BTreeSet;
use std::time::Duration;

use veridose_contract::access::{
    Access, AccessRequest, Aim, Asker, Emergency, Grant, GrantRule, Refusal, RefusalRule, decide,
};
use veridose_contract::{CaseId, Commitment, ConsentId, DataKind, DispenseId, PartyId, Purpose, Timestamp};
use veridose_store::{AccessNote, NewAccess, Person, Recorded};

pub use asked::AskedFor;
pub use credential::CredentialIssuers;

use crate::auth::{Caller, Interaction, Role, resource_of};
use crate::node::Node;
use crate::problem::Problem;

/// What patients are called in records.
const PATIENT: &str = "patient";

/// What data of a patient are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Patients look at what is theirs.
    OwnRecord,
    /// A purpose that a patient may consent to.
    Purpose(Purpose),
    /// A declared emergency, by its case.
    Emergency(CaseId),
    /// A claim for a dispense, for who claims and who is to pay.
    Claim(DispenseId),
}

/// A request for data of patients.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// Who asks, by the token.
    pub caller: &'a Caller,
    /// Verifiable credentials of who asks, as JWTs.
    pub credentials: &'a [String],
    /// What for.
    pub what_for: Use,
    /// Which data.
    pub kinds: Vec<DataKind>,
    /// Whether resources are read one by one or searched for: the token's scopes must allow it.
    pub interaction: Interaction,
    /// By what, for the record: `MedicationDispense/search`. It must not identify anybody.
    pub what: &'a str,
}

/// Decides a request for data of one patient, by what the vault calls the patient, by the state of the ledger as it is now, and
/// records the decision, also a refusal, durably. Data may be given after this, of the grant's kinds and in its form.
///
/// A refusal is a [`Problem`] whose code is that of the rule ([`RefusalRule`]); so is a node that cannot tell whether its view of
/// the ledger is current (503), and one that cannot record (503).
pub async fn decide_and_record(node: &Node, ask: &Ask<'_>, patient: [u8; 32]) -> Result<Grant, Problem> {
    match decided(node, ask, patient).await?.0 {
        Access::Granted(grant) => Ok(grant),
        Access::Refused(refusal) => Err(Problem::no_access(&refusal)),
    }
}

/// The decision with its record.
pub(crate) async fn decided(node: &Node, ask: &Ask<'_>, patient: [u8; 32]) -> Result<(Access, Recorded), Problem> {
    node.caught_up().await;
    let now = node.clock().now();
    let consents = match ask.what_for {
        Use::Purpose(_) if ask.caller.role != Role::Patient => consents(node, patient).await?,
        Use::OwnRecord | Use::Purpose(_) | Use::Emergency(_) | Use::Claim(_) => Vec::new(),
    };
    let access = judged(node, ask, now, vec![(patient, consents)]).await?.pop().expect("a decision for each patient");
    let recorded = record(node, ask, now, vec![(Some(patient), access.clone())]).await?;
    Ok((access, recorded.into_iter().next().expect("a record of each decision")))
}

/// Decisions about patients, each with its consents, as far as those are known that matter. Nothing may be given before they are
/// recorded.
async fn judged(
    node: &Node,
    ask: &Ask<'_>,
    now: Timestamp,
    patients: Vec<([u8; 32], Vec<ConsentId>)>,
) -> Result<Vec<Access>, Problem> {
    let asker = match asker(node, ask, now) {
        Ok(asker) => asker,
        Err(refusal) => return Ok(vec![Access::Refused(refusal); patients.len()]),
    };
    let own = ask.caller.patient.as_ref().map(|own| node.store().vault.patient_id(own));
    let state = node.ledger().state();
    let mut judged = Vec::with_capacity(patients.len());
    for (patient, consents) in patients {
        if asker == Asker::Patient && own != Some(patient) {
            judged.push(refused(
                RefusalRule::NoMember,
                "a patient's own token: patients speak for themselves only".to_owned(),
            ));
            continue;
        }
        let aim = match ask.what_for {
            Use::OwnRecord => Aim::Purpose(Purpose::Care),
            Use::Purpose(purpose) => Aim::Purpose(purpose),
            Use::Emergency(case) => Aim::Emergency(emergency(node, &case, &patient).await?),
            Use::Claim(dispense) => Aim::Claim(dispense),
        };
        let request = AccessRequest { asker: asker.clone(), aim, kinds: ask.kinds.clone(), consents, now };
        judged.push(decide(&state, &request)?);
    }
    Ok(judged)
}

/// Records, before they are given, that consents are seen: by their patient, or by who keeps them, is named in them or supervises.
pub(crate) async fn record_consents(
    node: &Node,
    caller: &Caller,
    documents: &[Commitment],
    what: &str,
) -> Result<(), Problem> {
    let is_patient = caller.role == Role::Patient;
    let (rule, purpose) =
        if is_patient { (GrantRule::OwnRecord, "own_record") } else { (GrantRule::ConsentParty, "consent") };
    let patients: BTreeSet<[u8; 32]> = node.store().vault.patients_of(documents).await?.into_values().collect();
    let seen = |patient: [u8; 32]| {
        let looked = AccessNote {
            at: node.clock().now(),
            who: person(caller),
            party: party(caller).cloned(),
            purpose: purpose.to_owned(),
            asked: Vec::new(),
            what: what.to_owned(),
            access: Access::Granted(Grant::without_data(rule)),
        };
        NewAccess { patient: Some(patient), note: looked }
    };
    node.store().accesses.record_all(patients.into_iter().map(seen).collect()).await?;
    Ok(())
}

/// Records decisions, durably; nobody's where no patient is concerned.
async fn record(
    node: &Node,
    ask: &Ask<'_>,
    now: Timestamp,
    decided: Vec<(Option<[u8; 32]>, Access)>,
) -> Result<Vec<Recorded>, Problem> {
    let accesses =
        decided.into_iter().map(|(patient, access)| NewAccess { patient, note: note(ask, now, access) }).collect();
    Ok(node.store().accesses.record_all(accesses).await?)
}

fn refused(rule: RefusalRule, needed: String) -> Access {
    Access::Refused(Refusal { rule, needed })
}

/// The refusal where the token's scopes do not cover all that is asked for.
fn out_of_scope(ask: &Ask<'_>) -> Option<Refusal> {
    let resources = match ask.what_for {
        Use::Claim(_) => vec!["Claim"],
        Use::OwnRecord | Use::Purpose(_) | Use::Emergency(_) => {
            ask.kinds.iter().map(|kind| resource_of(*kind)).collect()
        }
    };
    let missing = resources.into_iter().find_map(|resource| ask.caller.lacks(resource, ask.interaction));
    missing.map(|scope| Refusal { rule: RefusalRule::ScopeMissing, needed: format!("a token with the scope {scope}") })
}

/// Who asks, with the credentials that hold. What keeps the node from deciding at all is a refusal too, so that it is recorded.
fn asker(node: &Node, ask: &Ask<'_>, now: Timestamp) -> Result<Asker, Refusal> {
    let no_member = |needed: &str| Refusal { rule: RefusalRule::NoMember, needed: needed.to_owned() };
    if let Err(stale) = node.ledger().check_fresh() {
        let seconds = stale.bound.as_secs();
        let needed = format!("word from the other organisations, of whom nothing was heard for more than {seconds} s");
        return Err(Refusal { rule: RefusalRule::NotCurrent, needed });
    }
    let bound = Duration::from_secs(node.patients().unanchored_seconds_max);
    if node.anchoring().is_longer_than(bound) {
        let needed = format!("the ledger to take records of accesses again, as it has not for {} s", bound.as_secs());
        return Err(Refusal { rule: RefusalRule::NotAnchored, needed });
    }
    if let Some(refusal) = out_of_scope(ask) {
        return Err(refusal);
    }
    if ask.caller.role == Role::Patient {
        return Ok(Asker::Patient);
    }
    let party = party(ask.caller).ok_or_else(|| no_member("a token of a person who acts for a member"))?;
    let credentials = credential::check_all(node, ask.caller, ask.credentials, now)?;
    if ask.what_for == Use::OwnRecord {
        return Err(no_member("a patient's own token: this is for patients"));
    }
    Ok(Asker::Member { party: party.clone(), person: person(ask.caller).id(), credentials })
}

fn party(caller: &Caller) -> Option<&PartyId> {
    caller.party().ok()
}

/// Who calls, as records tell it. Patients are not named: others read records too.
pub(crate) fn person(caller: &Caller) -> Person {
    let subject = if caller.role == Role::Patient { PATIENT } else { &caller.subject };
    Person { issuer: caller.issuer.clone(), subject: subject.to_owned() }
}

/// What is known of an emergency, if it is this patient's.
async fn emergency(node: &Node, case: &CaseId, patient: &[u8; 32]) -> Result<Option<Emergency>, Problem> {
    let accesses = &node.store().accesses;
    if !accesses.is_emergency_of(case, patient).await? {
        return Ok(None);
    }
    let row = accesses.emergency(case).await?;
    Ok(row.map(|row| Emergency {
        case: row.case,
        declared_by: row.declared_by,
        confirmed_by: row.confirmed_by,
        until: row.until,
    }))
}

/// The patient's consents: the view tells which they are, the state what they say.
async fn consents(node: &Node, patient: [u8; 32]) -> Result<Vec<ConsentId>, Problem> {
    let documents = node.store().vault.of_patient_id(&patient).await?;
    let consents = node.store().queries.consents_of(&documents).await?;
    Ok(consents.into_iter().map(|(_, consent)| consent).collect())
}

fn note(ask: &Ask<'_>, at: Timestamp, access: Access) -> AccessNote {
    let purpose = match ask.what_for {
        Use::OwnRecord => "own_record".to_owned(),
        Use::Purpose(purpose) => purpose.to_string(),
        Use::Emergency(_) => "emergency".to_owned(),
        Use::Claim(_) => "claim".to_owned(),
    };
    AccessNote {
        at,
        who: person(ask.caller),
        party: party(ask.caller).cloned(),
        purpose,
        asked: ask.kinds.clone(),
        what: ask.what.to_owned(),
        access,
    }
}
