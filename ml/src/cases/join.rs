//! Findings of one cause become one case.

use std::collections::HashMap;

use crate::events::number;
use crate::rules::Finding;

/// Groups of findings that share a cause, or that are about the same pack or container first of all. Slips are joined
/// by their own causes only: they explain nothing but themselves. The groups and their members keep the order of the
/// findings.
pub(crate) fn groups(findings: &[Finding]) -> Vec<Vec<u32>> {
    let mut parents: Vec<u32> = (0..number(findings.len())).collect();
    let mut first_of: HashMap<(bool, u64), u32> = HashMap::new();
    for (at, finding) in findings.iter().enumerate() {
        let is_slip = finding.code.is_operator_error();
        let thing = finding.things.first().filter(|_| !is_slip).map(|thing| (true, u64::from(*thing)));
        for key in finding.causes.iter().map(|cause| (false, *cause)).chain(thing) {
            let first = *first_of.entry(key).or_insert(number(at));
            unite(&mut parents, first, number(at));
        }
    }
    let mut places: HashMap<u32, usize> = HashMap::new();
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for at in 0..number(findings.len()) {
        let root = root(&mut parents, at);
        let place = *places.entry(root).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(at);
    }
    groups
}

fn root(parents: &mut [u32], mut at: u32) -> u32 {
    while parents[at as usize] != at {
        let above = parents[parents[at as usize] as usize];
        parents[at as usize] = above;
        at = above;
    }
    at
}

/// The earlier finding stays the root.
fn unite(parents: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parents, a), root(parents, b));
    parents[a.max(b) as usize] = a.min(b);
}
