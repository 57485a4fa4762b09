//! Who signed, and whether it may: what the host judges before the contract is asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use veridose_contract::read;
use veridose_contract::{
    Action, Certificate, Creator, Fingerprint, Header, NetworkId, Party, StateError, StateRead, Timestamp, Transaction,
};

use crate::error::Unauthentic;
use crate::pki::{self, AuthorityCertificate, PkiError};
use crate::signer::signature_holds;

/// Keys kept at hand; past this the list starts anew, so that it cannot grow without end.
const KEYS_MAX: usize = 10_000;

/// Why a transaction was not let through.
#[derive(Debug)]
pub enum Refusal {
    /// It is not known to come from whom it says.
    Unauthentic(Unauthentic),
    /// The state could not be read; says nothing about the transaction.
    State(StateError),
}

impl From<Unauthentic> for Refusal {
    fn from(reason: Unauthentic) -> Self {
        Self::Unauthentic(reason)
    }
}

impl From<StateError> for Refusal {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

/// Public keys by certificate. A certificate's key never changes, so what is here is never stale.
#[derive(Default)]
pub struct Keys(Mutex<HashMap<Fingerprint, Arc<[u8; 65]>>>);

impl Keys {
    /// The key of a certificate.
    pub fn get(&self, certificate: &Certificate) -> Result<Arc<[u8; 65]>, PkiError> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(&certificate.fingerprint) {
            return Ok(Arc::clone(key));
        }
        let (_, key) = pki::subject_and_key(&certificate.der)?;
        let key = Arc::new(key);
        if keys.len() >= KEYS_MAX {
            keys.clear();
        }
        keys.insert(certificate.fingerprint, Arc::clone(&key));
        Ok(key)
    }
}

/// What does not depend on where in the log the transaction will stand: form, body and signature.
pub fn check_signature(
    state: &dyn StateRead,
    keys: &Keys,
    network: NetworkId,
    transaction: &Transaction,
) -> Result<(), Refusal> {
    check_header(state, keys, network, transaction)?;
    // Last, because it is the work of a whole batch, and now known to be asked for by a member.
    if transaction.body.root() != transaction.header.body_root {
        return Err(Unauthentic::Body.into());
    }
    Ok(())
}

/// As [`check_signature`], for a caller that compares the body with the header's root itself.
pub(crate) fn check_header(
    state: &dyn StateRead,
    keys: &Keys,
    network: NetworkId,
    transaction: &Transaction,
) -> Result<(), Refusal> {
    let header = &transaction.header;
    if header.version != Header::VERSION {
        return Err(Unauthentic::Version(header.version).into());
    }
    if header.network != network {
        return Err(Unauthentic::Network.into());
    }
    let certificate = creator_certificate(state, transaction)?;
    let key = keys.get(&certificate).map_err(|error| Unauthentic::Certificate(error.to_string()))?;
    if !signature_holds(&key, header, &transaction.signature) {
        return Err(Unauthentic::Signature.into());
    }
    Ok(())
}

/// What is judged at the transaction's place in the log: certificate and party as they stand there.
pub fn check_standing(state: &dyn StateRead, transaction: &Transaction) -> Result<Creator, Refusal> {
    let header = &transaction.header;
    if let Some(record) = read::certificate(state, &header.creator)?
        && record.revoked.is_some()
    {
        return Err(Unauthentic::Revoked.into());
    }
    let certificate = creator_certificate(state, transaction)?;
    if header.time < certificate.not_before || header.time > certificate.not_after {
        return Err(Unauthentic::Expired.into());
    }
    let member = read::party(state, &certificate.party)?.ok_or(Unauthentic::NotAMember)?;
    if member.suspended.is_some() {
        return Err(Unauthentic::Suspended.into());
    }
    for command in &transaction.body.commands {
        if let Action::RegisterCertificate(certificate) = &command.action {
            check_certificate(certificate, &member.party)?;
        }
        if let Action::Admit(party) = &command.action {
            check_authority(party)?;
        }
    }
    Ok(Creator {
        party: certificate.party,
        role: certificate.role,
        site: certificate.site,
        fingerprint: header.creator,
    })
}

/// Whether this very transaction, its signature aside, was taken before: found through its request's record, since a
/// state has no key by a transaction's name.
pub fn stands(state: &dyn StateRead, header: &Header) -> Result<bool, StateError> {
    let Some(record) = read::certificate(state, &header.creator)? else { return Ok(false) };
    let request = read::idempotency(state, &record.certificate.party, &header.idempotency_key)?;
    Ok(request.is_some_and(|request| request.tx == header.id()))
}

/// The creator's certificate: from the ledger or, for an organisation's first one, from the command that registers it.
fn creator_certificate(state: &dyn StateRead, transaction: &Transaction) -> Result<Certificate, Refusal> {
    let creator = &transaction.header.creator;
    if let Some(record) = read::certificate(state, creator)? {
        return Ok(record.certificate);
    }
    let registers = transaction.body.commands.iter().find_map(|command| {
        let Action::RegisterCertificate(certificate) = &command.action else { return None };
        (certificate.fingerprint == *creator).then_some(certificate)
    });
    let certificate = registers.ok_or(Unauthentic::UnknownCertificate)?;
    let member = read::party(state, &certificate.party)?.ok_or(Unauthentic::NotAMember)?;
    check_certificate(certificate, &member.party)?;
    Ok(certificate.clone())
}

/// Whether what is to be registered is the certificate's own content, and the member's authority issued it.
fn check_certificate(claimed: &Certificate, member: &Party) -> Result<(), Unauthentic> {
    let refuse = |problem: String| Err(Unauthentic::Certificate(problem));
    let checked = AuthorityCertificate::parse(&member.ca_der)
        .and_then(|authority| pki::check(&claimed.der, &authority, &member.id));
    match checked {
        Ok(checked) if checked.certificate != *claimed => {
            refuse("the certificate's content is not what the command says of it".to_owned())
        }
        Ok(checked) if checked.certificate.role != member.role => {
            refuse(format!("the certificate's role is not that of {}", member.id))
        }
        Ok(_) => Ok(()),
        Err(error) => refuse(error.to_string()),
    }
}

fn check_authority(party: &Party) -> Result<(), Unauthentic> {
    if pki::fingerprint(&party.ca_der) != party.ca {
        return Err(Unauthentic::Certificate("the authority's fingerprint is not that of its certificate".to_owned()));
    }
    AuthorityCertificate::parse(&party.ca_der).map_err(|error| Unauthentic::Certificate(error.to_string()))?;
    Ok(())
}

/// Whether the transaction's clock agrees with the host's.
pub fn check_clock(time: Timestamp, now: Timestamp, max_ms: i64) -> Result<(), Unauthentic> {
    let off_ms = time.0.saturating_sub(now.0);
    if off_ms.saturating_abs() <= max_ms { Ok(()) } else { Err(Unauthentic::Clock { off_ms, max_ms }) }
}
