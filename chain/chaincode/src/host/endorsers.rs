//! The organisations of which a majority must endorse a change of members, and how they become others.
//!
//! Fabric keeps a policy with each single record, so the list alone changes nothing: `guard` brings the records to it, some at a
//! time. Both write records that the policy of before guards: without the endorsement of a majority of the organisations
//! of before, nothing changes.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use veridose_contract::decides_membership;
use veridose_ledger::wire::{ENDORSERS_KEY, EndorsersAgreed, parse_state_key, state_key};

use super::Refusal;
use super::state::{Effect, PeerState};
use crate::shim::{KeyPolicy, Stub};

/// Organisations whose majority can be asked for.
const ORGANISATIONS_MAX: usize = 1_000;
/// Records that one call brings to the list.
const GUARDED_MAX: usize = 2_000;

/// Whose majority counts, and what some of them want it to become.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Endorsers {
    /// MSP identifiers.
    pub(super) msp_ids: BTreeSet<String>,
    /// What each wants, who wants anything.
    wanted: BTreeMap<String, BTreeSet<String>>,
}

impl Endorsers {
    pub(super) fn new(msp_ids: BTreeSet<String>) -> Self {
        Self { msp_ids, wanted: BTreeMap::new() }
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        borsh::from_slice(bytes).map_err(|error| Refusal::State(format!("who endorses changes of members: {error}")))
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        borsh::to_vec(self).expect("writing to a Vec does not fail")
    }

    /// More than half of them.
    pub(super) fn policy(&self) -> KeyPolicy {
        KeyPolicy::majority(self.msp_ids.iter().cloned().collect())
    }

    fn require(found: Option<Vec<u8>>) -> Result<Self, Refusal> {
        let none = || {
            let text =
                "the network began without naming organisations: the chaincode's policy alone guards its members";
            Refusal::Refused(text.to_owned())
        };
        Self::decode(&found.ok_or_else(none)?)
    }
}

/// Reads a list of organisations.
pub(super) fn parse(arguments: &[Vec<u8>]) -> Result<BTreeSet<String>, Refusal> {
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).ok().filter(|text| !text.is_empty());
    let msp_ids: Option<BTreeSet<String>> = arguments.iter().map(text).collect();
    msp_ids.filter(|msp_ids| msp_ids.len() <= ORGANISATIONS_MAX).ok_or_else(|| {
        let text = format!("expected the MSP identifiers of at most {ORGANISATIONS_MAX} organisations");
        Refusal::Malformed(text)
    })
}

/// Notes what the caller's organisation wants; the list becomes that once more than half of those on it want the same.
pub(super) fn endorsers(state: &PeerState, caller: Option<&str>, arguments: &[Vec<u8>]) -> Result<Effect, Refusal> {
    let wanted = parse(arguments)?;
    if wanted.is_empty() {
        return Err(Refusal::Malformed("expected the MSP identifiers of the organisations".to_owned()));
    }
    let mut endorsers = Endorsers::require(state.host_record(ENDORSERS_KEY)?)?;
    let caller = caller.filter(|caller| endorsers.msp_ids.contains(*caller)).ok_or_else(|| {
        let known = endorsers.msp_ids.iter().cloned().collect::<Vec<_>>().join(", ");
        Refusal::Refused(format!("only those decide who endorses changes of members who do it now: {known}"))
    })?;
    let of = endorsers.msp_ids.len();
    endorsers.wanted.insert(caller.to_owned(), wanted.clone());
    let agreed = endorsers.wanted.values().filter(|other| **other == wanted).count();
    let is_taken = agreed > of / 2;
    if is_taken {
        endorsers = Endorsers::new(wanted);
    }
    let answer = EndorsersAgreed { agreed, of, is_taken };
    let mut effect = Effect::answer(serde_json::to_vec(&answer).expect("numbers are valid JSON"));
    effect.guard(&endorsers);
    Ok(effect)
}

/// Gives the next records that say who is a member the policy of the list; answers after which key to go on, with nothing
/// once all have it.
pub(super) async fn guard(stub: &Stub, arguments: &[Vec<u8>]) -> Result<Effect, Refusal> {
    let malformed = || Refusal::Malformed("expected the key after which to go on, or an empty text".to_owned());
    let [after] = arguments else { return Err(malformed()) };
    let after = std::str::from_utf8(after).map_err(|_| malformed())?;
    let endorsers = Endorsers::require(stub.get(ENDORSERS_KEY).await?)?;
    let mut keys = Vec::new();
    for (start, end) in membership_ranges() {
        if after >= end.as_str() {
            continue;
        }
        let mut range = stub.range(&start, &end).await?;
        while keys.len() < GUARDED_MAX
            && let Some(pair) = range.next().await?
        {
            let is_next = pair.key.as_str() > after;
            if is_next && parse_state_key(&pair.key).is_some_and(|key| decides_membership(&key)) {
                keys.push(pair.key);
            }
        }
    }
    let next = if keys.len() == GUARDED_MAX { keys.last().cloned().unwrap_or_default() } else { String::new() };
    Ok(Effect::only_guard(next.into_bytes(), keys, endorsers.policy()))
}

/// Where records that say who is a member lie among Fabric's keys, in the order of keys. Their first byte decides the first
/// character and four bits of the second, whose sixteen are no one stretch of ASCII for every byte.
fn membership_ranges() -> Vec<(String, String)> {
    let mut ranges = Vec::new();
    for prefix in (0..=u8::MAX).filter(|prefix| decides_membership(&[*prefix])) {
        let mut seconds: Vec<u8> = (0..16u8).map(|low| second(prefix, low)).collect();
        seconds.sort_unstable();
        let first = char::from(state_key(&[prefix]).as_bytes()[0]);
        for run in seconds.chunk_by(|one, next| one + 1 == *next) {
            let (start, end) = (run[0], run[run.len() - 1] + 1);
            ranges.push((format!("{first}{}", char::from(start)), format!("{first}{}", char::from(end))));
        }
    }
    ranges.sort_unstable();
    ranges
}

/// The second character of a key of this first byte, for four bits of the next.
fn second(prefix: u8, low: u8) -> u8 {
    state_key(&[prefix, low << 4]).as_bytes()[1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_of_a_member_lies_in_one_range_and_few_others_do() {
        let ranges = membership_ranges();
        let lies = |key: &[u8]| {
            let key = state_key(key);
            ranges.iter().filter(|(start, end)| *start <= key && key < *end).count()
        };
        for prefix in b'a'..=b'z' {
            let expected = usize::from(decides_membership(&[prefix]));
            assert_eq!(lies(&[prefix]), expected);
            for next in 0..=u8::MAX {
                assert_eq!(lies(&[prefix, next, 7]), expected, "{prefix} {next}");
            }
        }
    }
}
