//! Lots, parties and clients whose packs are unusual as a group.

use std::collections::BTreeMap;

use crate::events::{NONE, Step};
use crate::rules::{Code, Facts, Finding, cause};
use crate::to_f64;

/// A pack among so small a share of all is unusual enough to be counted.
const SHARE: f64 = 0.01;
/// Fewer unusual packs say nothing of what they share.
const PACKS_MIN: usize = 5;
/// So many groups as unusual by chance are borne.
const EXPECTED_MAX: f64 = 1e-3;
/// Packs and events that a finding names, and findings of one kind.
const NAMED_MAX: usize = 200;
const GROUPS_MAX: usize = 20;

/// What packs may share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Lot,
    Party,
    Client,
}

/// The packs of a group: how many, and those that are unusual.
#[derive(Debug, Default)]
struct Group {
    packs: usize,
    unusual: Vec<usize>,
}

/// Groups that hold more unusual packs than chance would put there; `shares` are those of packs as unusual, one for each
/// of `things`.
pub(super) fn check(facts: &Facts<'_>, things: &[u32], shares: &[f64]) -> Vec<Finding> {
    let mut groups: BTreeMap<(Kind, u32), Group> = BTreeMap::new();
    for (at, thing) in things.iter().enumerate() {
        for key in keys(facts, *thing) {
            let group = groups.entry(key).or_default();
            group.packs += 1;
            if shares[at] <= SHARE {
                group.unusual.push(at);
            }
        }
    }
    let count = to_f64(groups.len());
    let expected = |group: &Group| count * chernoff(group.unusual.len(), group.packs, SHARE);
    let mut odd: Vec<(f64, (Kind, u32), Group)> = groups
        .into_iter()
        .filter(|(_, group)| group.unusual.len() >= PACKS_MIN)
        .map(|(key, group)| (expected(&group), key, group))
        .filter(|(expected, _, _)| *expected < EXPECTED_MAX)
        .collect();
    odd.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| name(facts, a.1).cmp(name(facts, b.1))));
    odd.truncate(GROUPS_MAX);
    odd.into_iter().map(|(expected, key, group)| tell(facts, things, key, &group, expected)).collect()
}

/// The lot of a pack, who had it, and who asked for it.
fn keys(facts: &Facts<'_>, thing: u32) -> Vec<(Kind, u32)> {
    let lot = facts.commissioning(thing).map(|row| (Kind::Lot, row.lot));
    let own = facts.histories.own(thing).iter().map(|event| &facts.table.rows[*event as usize]);
    let seen = own.flat_map(|row| {
        let client = if row.step == Step::Inspecting { row.client } else { NONE };
        [(Kind::Party, facts.party_of(row)), (Kind::Client, client)]
    });
    let mut keys: Vec<(Kind, u32)> = lot.into_iter().chain(seen).filter(|(_, id)| *id != NONE).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn name<'f>(facts: &Facts<'f>, (kind, id): (Kind, u32)) -> &'f str {
    match kind {
        Kind::Lot => facts.table.texts.text(id),
        Kind::Party | Kind::Client => facts.table.places.text(id),
    }
}

/// A bound of the probability that so many of a group are chosen or more, each with that probability (Chernoff 1952).
fn chernoff(count: usize, of: usize, probability: f64) -> f64 {
    let share = to_f64(count) / to_f64(of.max(1));
    if share <= probability {
        return 1.0;
    }
    let part = |a: f64, b: f64| if a > 0.0 { a * (a / b).ln() } else { 0.0 };
    (-to_f64(of) * (part(share, probability) + part(1.0 - share, 1.0 - probability))).exp()
}

fn tell(facts: &Facts<'_>, things: &[u32], key: (Kind, u32), group: &Group, expected: f64) -> Finding {
    let (kind, name) = (key.0, name(facts, key));
    let what = match kind {
        Kind::Lot => format!("lot {name}"),
        Kind::Party => facts.called(key.1),
        Kind::Client => format!("client {name}"),
    };
    let text = format!(
        "Of {} packs of {what} {} are among the most unusual {:.0} % of all; chance would put as many into {expected:.1e} groups.",
        group.packs,
        group.unusual.len(),
        SHARE * 100.0
    );
    let mut packs: Vec<u32> = group.unusual.iter().map(|at| things[*at]).collect();
    packs.sort_by(|a, b| facts.table.things.text(*a).cmp(facts.table.things.text(*b)));
    packs.truncate(NAMED_MAX);
    let row = |event: &u32| &facts.table.rows[*event as usize];
    let mut events: Vec<u32> = packs.iter().filter_map(|pack| facts.histories.own(*pack).last()).copied().collect();
    events.sort_by_key(|event| (row(event).time, row(event).fingerprint));
    events.dedup();
    let kind_name = ["lot", "party", "client"][kind as usize];
    Finding {
        code: Code::UnusualGroup,
        things: packs,
        parties: if kind == Kind::Lot { Vec::new() } else { vec![key.1] },
        at: events.last().map_or(i64::MIN, |event| row(event).time),
        events,
        strength: 0.2,
        causes: vec![cause("unusual group", &[kind_name, name])],
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_above_the_tail_and_falls() {
        // Ten of ten: the tail itself.
        assert!((chernoff(10, 10, 0.01) - 1e-20).abs() < 1e-25);
        assert!(chernoff(2, 100, 0.01) > 0.26 && chernoff(9, 100, 0.01) < 1e-4);
        assert_eq!((chernoff(0, 10, 0.01), chernoff(1, 100, 0.01)), (1.0, 1.0));
    }
}
