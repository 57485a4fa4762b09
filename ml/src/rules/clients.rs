//! What shows only over many packs: invented serials (pattern 2) and probing clients (16).

use std::collections::BTreeMap;

use crate::events::{EventTable, NONE, Step, flag};

use super::facts::Facts;
use super::finding::cause;
use super::{Code, Finding};

const DAY_MS: i64 = 86_400_000;
/// As many unknown serials of one lot that look alike were invented by somebody.
const INVENTED_MIN: usize = 3;
/// As many failed tries of one client within a day are probing.
const PROBES_MIN: usize = 5;
/// Share of a client's tries of the day that fail, from which on it is probing.
const PROBE_SHARE_MIN: f64 = 0.3;
/// Packs, parties and events that a finding over many packs names.
const NAMED_MAX: usize = 200;

/// Adds what the findings about single packs say together.
pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let mut more = invented(facts, findings);
    more.extend(probing(facts, findings));
    findings.append(&mut more);
}

fn is_unknown(finding: &Finding) -> bool {
    matches!(finding.code, Code::UnknownSerial | Code::UnknownBatch)
}

/// Unknown serials of one lot, or of one product where the code's lot was not read, that share a beginning or are
/// consecutive.
fn invented(facts: &Facts<'_>, findings: &[Finding]) -> Vec<Finding> {
    let mut groups: BTreeMap<u64, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| is_unknown(finding)) {
        groups.entry(finding.causes[0]).or_default().push(finding);
    }
    groups.into_values().filter_map(|mut group| invented_in(facts, &mut group)).collect()
}

fn invented_in(facts: &Facts<'_>, group: &mut [&Finding]) -> Option<Finding> {
    if group.len() < INVENTED_MIN {
        return None;
    }
    sort(facts.table, group);
    let serials: Vec<String> =
        group.iter().filter_map(|finding| facts.table.things.serial(finding.things[0])).collect();
    let shared = shared_start(&serials);
    let is_alike =
        shared >= 4 || serials.iter().any(|serial| shared * 2 > serial.len()) || consecutive(&serials) >= INVENTED_MIN;
    if !is_alike {
        return None;
    }
    let known_at = group[INVENTED_MIN - 1].at;
    let start = serials[0].get(..shared).unwrap_or_default();
    let text = format!(
        "{} serial numbers that were never commissioned begin with {start:?} or follow one another.",
        group.len()
    );
    Some(join(facts, group, Code::InventedSerials, known_at, 0.9, text, vec![group[0].causes[0]]))
}

/// One client with many failed verifications in a day, most of what it asks or in sequence.
fn probing(facts: &Facts<'_>, findings: &[Finding]) -> Vec<Finding> {
    let is_failure = |finding: &&Finding| {
        is_unknown(finding) || matches!(finding.code, Code::UnknownProduct | Code::BatchMismatch | Code::ExpiryMismatch)
    };
    let mut failures: BTreeMap<u32, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(is_failure) {
        let row = finding
            .events
            .iter()
            .map(|event| &facts.table.rows[*event as usize])
            .find(|row| row.step == Step::Inspecting);
        let client = row.map_or(NONE, |row| if row.client == NONE { facts.party_of(row) } else { row.client });
        if client != NONE {
            failures.entry(client).or_default().push(finding);
        }
    }
    failures.retain(|_, list| list.len() >= PROBES_MIN);
    if failures.is_empty() {
        return Vec::new();
    }
    let tries = tries(facts, |client| failures.contains_key(&client));
    let mut found = Vec::new();
    for (client, mut list) in failures {
        sort(facts.table, &mut list);
        let asked = tries.get(&client).map_or(&[][..], Vec::as_slice);
        found.extend(flurries(facts, client, &list, asked));
    }
    found
}

/// When each client asked.
fn tries(facts: &Facts<'_>, is_wanted: impl Fn(u32) -> bool) -> BTreeMap<u32, Vec<i64>> {
    let mut tries: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    for row in facts.table.rows.iter().filter(|row| row.step == Step::Inspecting && !row.is(flag::DECLARATION)) {
        let client = if row.client == NONE { facts.party_of(row) } else { row.client };
        if is_wanted(client) {
            tries.entry(client).or_default().push(row.time);
        }
    }
    for times in tries.values_mut() {
        times.sort_unstable();
    }
    tries
}

/// Failures with less than a day between them are one burst.
fn flurries(facts: &Facts<'_>, client: u32, list: &[&Finding], asked: &[i64]) -> Vec<Finding> {
    let mut found = Vec::new();
    for burst in list.chunk_by(|a, b| b.at - a.at < DAY_MS) {
        let (begin, end) = (burst[0].at, burst[burst.len() - 1].at);
        let all = asked.partition_point(|time| *time <= end) - asked.partition_point(|time| *time < begin);
        #[expect(clippy::cast_precision_loss, reason = "counts of tries")]
        let share = burst.len() as f64 / all.max(1) as f64;
        let serials: Vec<String> =
            burst.iter().filter_map(|finding| facts.table.things.serial(finding.things[0])).collect();
        let in_sequence = consecutive(&serials);
        if burst.len() < PROBES_MIN || (share < PROBE_SHARE_MIN && in_sequence < PROBES_MIN) {
            continue;
        }
        let name = facts.table.places.text(client);
        let text = format!(
            "{name} asked {all} times and failed {} times; {in_sequence} serial numbers follow one another.",
            burst.len()
        );
        let causes = vec![cause("probing", &[name, &begin.to_string()])];
        let mut finding = join(facts, burst, Code::SerialProbing, burst[PROBES_MIN - 1].at, 0.92, text, causes);
        finding.parties.retain(|party| *party != client);
        finding.parties.insert(0, client);
        finding.causes.extend(burst.iter().flat_map(|finding| finding.causes.iter().copied()));
        finding.causes.sort_unstable();
        finding.causes.dedup();
        found.push(finding);
    }
    found
}

fn sort(table: &EventTable, list: &mut [&Finding]) {
    list.sort_by(|a, b| (a.at, table.things.text(a.things[0])).cmp(&(b.at, table.things.text(b.things[0]))));
}

fn join(
    facts: &Facts<'_>,
    group: &[&Finding],
    code: Code,
    at: i64,
    strength: f64,
    text: String,
    causes: Vec<u64>,
) -> Finding {
    let gather = |of: fn(&Finding) -> &[u32]| {
        let mut all: Vec<u32> = Vec::new();
        for id in group.iter().flat_map(|finding| of(finding)) {
            if all.len() < NAMED_MAX && !all.contains(id) {
                all.push(*id);
            }
        }
        all
    };
    let mut events = gather(|finding| &finding.events);
    events.sort_by_key(|event| (facts.table.rows[*event as usize].time, facts.table.rows[*event as usize].fingerprint));
    Finding {
        code,
        things: gather(|finding| &finding.things),
        parties: gather(|finding| &finding.parties),
        events,
        at,
        strength,
        causes,
        text,
    }
}

/// How many characters all begin with.
fn shared_start(serials: &[String]) -> usize {
    let Some((first, rest)) = serials.split_first() else { return 0 };
    rest.iter().map(|serial| first.bytes().zip(serial.bytes()).take_while(|(a, b)| a == b).count()).min().unwrap_or(0)
}

/// The longest run of serials of which each is at most three more than the one before.
fn consecutive(serials: &[String]) -> usize {
    const STEP_MAX: u128 = 3;
    let number = |serial: &String| {
        let digits = serial.len() - serial.trim_end_matches(|found: char| found.is_ascii_digit()).len();
        serial.get(serial.len() - digits..)?.parse::<u128>().ok()
    };
    let mut numbers: Vec<u128> = serials.iter().filter_map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.chunk_by(|a, b| b - a <= STEP_MAX).map(<[u128]>::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_that_follow_one_another_are_counted() {
        let of = |serials: &[&str]| consecutive(&serials.iter().map(|serial| (*serial).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["A001", "A002", "A004", "B900"]), 3);
        assert_eq!(of(&["QX", "9K"]), 0);
        assert_eq!(of(&[]), 0);
    }
}
