//! Members: admitted by the approval of others, suspended by a regulator.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::Turn;
use crate::command::{Command, Party, Role};
use crate::id::{PartyId, Site};
use crate::key;
use crate::limits::{CERTIFICATE_BYTES_MAX, PARTY_NAME_BYTES_MAX, SITES_PER_PARTY_MAX};
use crate::read;
use crate::record::{AdmissionRecord, PartyRecord, SiteRecord};
use crate::rejection::{Code, Stop, refuse};
use crate::state::{StateError, StateRead};

/// What is wrong with a party's own words, if anything.
pub(crate) fn party_problem(party: &Party) -> Option<(Code, String)> {
    if party.name.len() > PARTY_NAME_BYTES_MAX {
        return Some((Code::LimitExceeded, format!("a name has at most {PARTY_NAME_BYTES_MAX} bytes")));
    }
    if party.sites.len() > SITES_PER_PARTY_MAX {
        return Some((Code::LimitExceeded, format!("a party has at most {SITES_PER_PARTY_MAX} sites")));
    }
    if party.ca_der.len() > CERTIFICATE_BYTES_MAX {
        return Some((Code::LimitExceeded, format!("a certificate has at most {CERTIFICATE_BYTES_MAX} bytes")));
    }
    let invalid = |text: &str| Some((Code::PartyInvalid, text.to_owned()));
    if party.name.trim().is_empty() {
        return invalid("the name is empty");
    }
    let distinct: BTreeSet<_> = party.sites.iter().collect();
    if party.sites.is_empty() || distinct.len() != party.sites.len() {
        return invalid("a party has at least one site, and each once");
    }
    if <[u8; 32]>::from(Sha256::digest(&party.ca_der)) != party.ca.0 {
        return invalid("the CA's fingerprint is not the SHA-256 of its certificate");
    }
    None
}

fn check(party: &Party) -> Result<(), Stop> {
    party_problem(party).map_or(Ok(()), |(code, text)| refuse(code, text))
}

/// Gives the party the sites that it names and takes from it those that it names no longer.
fn claim_sites(turn: &mut Turn<'_>, party: &Party, before: &[Site]) -> Result<(), Stop> {
    refuse_taken(&turn.state, party)?;
    for site in before.iter().filter(|site| !party.sites.contains(site)) {
        turn.state.remove(key::site(*site));
    }
    for site in party.sites.iter().filter(|site| !before.contains(site)) {
        turn.state.put(key::site(*site), &SiteRecord { party: party.id.clone() });
    }
    Ok(())
}

/// A site of another member is not to be had: goods offered to a place must go to whoever is there.
fn refuse_taken(state: &dyn StateRead, party: &Party) -> Result<(), Stop> {
    for site in &party.sites {
        if let Some(record) = read::site(state, *site)?
            && record.party != party.id
        {
            return refuse(Code::SiteTaken, format!("GLN {:013} is a site of {}", site.0, record.party));
        }
    }
    Ok(())
}

/// Proposes a member or approves one that was proposed in the very same words.
pub(super) fn admit(turn: &mut Turn<'_>, party: &Party) -> Result<(), Stop> {
    check(party)?;
    if read::party(&turn.state, &party.id)?.is_some() {
        return refuse(Code::PartyExists, format!("{} is a member already", party.id));
    }
    refuse_taken(&turn.state, party)?;
    let network = read::network(&turn.state)?.ok_or_else(|| StateError::corrupt("no network record"))?;
    let key = key::admission(&Sha256::digest(crate::transaction::encode(party)).into());
    let mut admission =
        read::record::<AdmissionRecord>(&turn.state, &key)?.unwrap_or(AdmissionRecord { approvals: Vec::new() });
    if admission.approvals.contains(turn.me()) {
        return refuse(Code::AlreadyApproved, format!("{} approved {} before", turn.me(), party.id));
    }
    admission.approvals.push(turn.me().clone());
    // Who approved and was suspended since does not count.
    let mut active = 0u32;
    for approval in &admission.approvals {
        if read::party(&turn.state, approval)?.is_some_and(|record| record.suspended.is_none()) {
            active = active.saturating_add(1);
        }
    }
    if active >= network.admit_threshold {
        turn.state.remove(key);
        claim_sites(turn, party, &[])?;
        turn.state.put(key::party(&party.id), &PartyRecord { party: party.clone(), suspended: None });
    } else {
        turn.state.put(key, &admission);
    }
    Ok(())
}

/// A member's own name and sites.
pub(super) fn update(turn: &mut Turn<'_>, party: &Party) -> Result<(), Stop> {
    check(party)?;
    if party.id != *turn.me() {
        return refuse(Code::WrongParty, format!("{} is not {}", turn.me(), party.id));
    }
    let current = &turn.party.party;
    if (party.role, party.ca, &party.ca_der) != (current.role, current.ca, &current.ca_der) {
        return refuse(Code::ImmutableField, "role and certificate authority of a member do not change");
    }
    let before = std::mem::replace(&mut turn.party.party, party.clone()).sites;
    claim_sites(turn, party, &before)?;
    turn.state.put(key::party(&party.id), &turn.party);
    Ok(())
}

/// By a regulator, of another party.
pub(super) fn suspend(turn: &mut Turn<'_>, command: &Command, id: &PartyId) -> Result<(), Stop> {
    turn.require_role(&[Role::Regulator], "suspending a party")?;
    if id == turn.me() {
        return refuse(Code::WrongParty, "a regulator does not suspend itself");
    }
    let mut record = super::active_party(&turn.state, id)?;
    record.suspended = Some(turn.mark(command));
    turn.state.put(key::party(id), &record);
    Ok(())
}

/// By a regulator.
pub(super) fn reinstate(turn: &mut Turn<'_>, id: &PartyId) -> Result<(), Stop> {
    turn.require_role(&[Role::Regulator], "lifting a suspension")?;
    let Some(mut record) = read::party(&turn.state, id)? else {
        return refuse(Code::UnknownParty, format!("{id} is not a member"));
    };
    if record.suspended.take().is_none() {
        return refuse(Code::NotSuspended, format!("{id} is not suspended"));
    }
    turn.state.put(key::party(id), &record);
    Ok(())
}
