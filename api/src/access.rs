//! Access to patients' data: asked for, decided by the contract's policy, recorded, and only then given.
//!
//! [`decide_and_record`] is the one way to a patient's data. Whoever gives data calls it first and gives what the [`Given`] says,
//! in the form that it says, and nothing else.

pub(crate) mod anchor;
pub(crate) mod asked;
pub(crate) mod check;
pub mod credential;
pub mod proof;

use veridose_contract::access::{Access, AccessRequest, Aim, Asker, Emergency, Grant, Refusal, RefusalRule, decide};
use veridose_contract::{CaseId, ConsentId, DataKind, DispenseId, PartyId, Purpose, Timestamp};
use veridose_store::{AccessNote, NewAccess, Person, Recorded};

pub use asked::AskedFor;
pub use credential::CredentialIssuers;

use crate::auth::{Caller, Context, Interaction, Role, resource_of};
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

/// A request for data of one patient.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// Who asks, by the token.
    pub caller: &'a Caller,
    /// Verifiable credentials of who asks, as JWTs.
    pub credentials: &'a [String],
    /// Whose data, as whoever keeps the consents calls the patient.
    pub patient: &'a str,
    /// What for.
    pub what_for: Use,
    /// Which data.
    pub kinds: Vec<DataKind>,
    /// Whether resources are read one by one or searched for: the token's scopes must allow it.
    pub interaction: Interaction,
    /// By what, for the record: `MedicationDispense/search`. It must not identify anybody.
    pub what: &'a str,
}

/// What may be given now, and the record that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Which kinds of data, in which form, by which rule.
    pub grant: Grant,
    /// The record; it is durable.
    pub recorded: Recorded,
}

/// Decides a request by the state of the ledger as it is now, and records the decision, also a refusal, durably. Data may be given
/// after this, of the grant's kinds and in its form.
///
/// A refusal is a [`Problem`] whose code is that of the rule ([`RefusalRule`]); so is a node that cannot tell whether its view of
/// the ledger is current (503), and one that cannot record (503).
pub async fn decide_and_record(node: &Node, ask: Ask<'_>) -> Result<Given, Problem> {
    let mut given = decide_and_record_all(node, vec![ask]).await?;
    given.pop().expect("an answer to each request")
}

/// As [`decide_and_record`], for many patients at once, as an aggregate over all who consented needs them: one answer for
/// each request, in order, and all of them durable when this returns.
pub async fn decide_and_record_all(node: &Node, asks: Vec<Ask<'_>>) -> Result<Vec<Result<Given, Problem>>, Problem> {
    let answer = |(access, recorded)| match access {
        Access::Granted(grant) => Ok(Given { grant, recorded }),
        Access::Refused(refusal) => Err(Problem::no_access(&refusal)),
    };
    Ok(decided(node, &asks).await?.into_iter().map(answer).collect())
}

/// Each decision with its record.
pub(crate) async fn decided(node: &Node, asks: &[Ask<'_>]) -> Result<Vec<(Access, Recorded)>, Problem> {
    node.caught_up().await;
    let mut decided = Vec::with_capacity(asks.len());
    let mut accesses = Vec::with_capacity(asks.len());
    for ask in asks {
        let now = node.clock().now();
        let access = judge(node, ask, now).await?;
        accesses.push(NewAccess { patient: Some(ask.patient.to_owned()), note: note(ask, now, access.clone()) });
        decided.push(access);
    }
    let recorded = node.store().accesses.record_all(accesses).await?;
    Ok(decided.into_iter().zip(recorded).collect())
}

/// The decision. What keeps the node from deciding at all is a refusal too, so that it is recorded.
async fn judge(node: &Node, ask: &Ask<'_>, now: Timestamp) -> Result<Access, Problem> {
    if let Err(stale) = node.ledger().check_fresh() {
        let seconds = stale.bound.as_secs();
        let needed = format!("word from the other organisations, of whom nothing was heard for more than {seconds} s");
        return Ok(refused(RefusalRule::NotCurrent, needed));
    }
    if let Some(refusal) = out_of_scope(ask) {
        return Ok(Access::Refused(refusal));
    }
    let asker = match asker(node, ask, now) {
        Ok(asker) => asker,
        Err(refusal) => return Ok(Access::Refused(refusal)),
    };
    let aim = match ask.what_for {
        Use::OwnRecord if asker == Asker::Patient => Aim::Purpose(Purpose::Care),
        Use::OwnRecord => {
            return Ok(refused(RefusalRule::NoMember, "a patient's own token: this is for patients".into()));
        }
        Use::Purpose(purpose) => Aim::Purpose(purpose),
        Use::Emergency(case) => Aim::Emergency(emergency(node, &case, ask.patient).await?),
        Use::Claim(dispense) => Aim::Claim(dispense),
    };
    let consents = match &aim {
        Aim::Purpose(_) if asker != Asker::Patient => consents(node, ask.patient).await?,
        Aim::Purpose(_) | Aim::Emergency(_) | Aim::Claim(_) => Vec::new(),
    };
    let request = AccessRequest { asker, aim, kinds: ask.kinds.clone(), consents, now };
    Ok(decide(&node.ledger().state(), &request)?)
}

fn refused(rule: RefusalRule, needed: String) -> Access {
    Access::Refused(Refusal { rule, needed })
}

/// The refusal where the token's scopes do not cover all that is asked for.
fn out_of_scope(ask: &Ask<'_>) -> Option<Refusal> {
    let (contexts, name): (&[Context], _) = match ask.caller.role {
        Role::Patient => (&[Context::Patient], "patient"),
        Role::Manufacturer | Role::Distributor | Role::Pharmacy | Role::Regulator | Role::Payer | Role::Operator => {
            (&[Context::User, Context::System], "user")
        }
    };
    let resources = match ask.what_for {
        Use::Claim(_) => vec!["Claim"],
        Use::OwnRecord | Use::Purpose(_) | Use::Emergency(_) => {
            ask.kinds.iter().map(|kind| resource_of(*kind)).collect()
        }
    };
    let missing = resources.into_iter().find(|resource| !ask.caller.scopes.allow(contexts, resource, ask.interaction));
    missing.map(|resource| {
        let needed = format!("a token with the scope {name}/{resource}.{}", ask.interaction);
        Refusal { rule: RefusalRule::ScopeMissing, needed }
    })
}

/// Who asks, with the credentials that hold.
fn asker(node: &Node, ask: &Ask<'_>, now: Timestamp) -> Result<Asker, Refusal> {
    if ask.caller.role == Role::Patient {
        let is_own = ask.caller.patient.as_deref() == Some(ask.patient);
        let needed = || "a patient's own token: patients speak for themselves only".to_owned();
        return is_own
            .then_some(Asker::Patient)
            .ok_or_else(|| Refusal { rule: RefusalRule::NoMember, needed: needed() });
    }
    let party = party(ask.caller).ok_or_else(|| Refusal {
        rule: RefusalRule::NoMember,
        needed: "a token of a person who acts for a member".to_owned(),
    })?;
    let credentials = credential::check_all(node, ask.caller, ask.credentials, now)?;
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
async fn emergency(node: &Node, case: &CaseId, patient: &str) -> Result<Option<Emergency>, Problem> {
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
async fn consents(node: &Node, patient: &str) -> Result<Vec<ConsentId>, Problem> {
    let documents = node.store().vault.of_patient(patient).await?;
    Ok(node.store().queries.consents_of(&documents).await?)
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
