//! The check of a whole log of accesses against the ledger: a record that was altered or removed since it was anchored is found, and
//! so is one that a patient would not be shown.

use std::collections::BTreeMap;

use serde::Serialize;
use veridose_contract::{AccessAnchor, AccessLogId, Action, PartyId, merkle, read};
use veridose_ledger::ENTRIES_MAX;
use veridose_store::{AccessRecord, KeptAccess, LogPlace, StoreError};

use crate::node::Node;

/// Records that are read at once.
const PAGE: u64 = 500;
/// Findings that are named; further ones are only counted.
const FINDINGS_MAX: usize = 100;

/// What a check came to.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    /// Records that are there.
    pub(crate) records: u64,
    /// Records that the ledger has anchors of.
    pub(crate) anchored: u64,
    /// What is wrong, the first of it in words.
    pub(crate) findings: Vec<String>,
    /// How much is wrong.
    pub(crate) wrong: u64,
}

impl Report {
    fn wrong(&mut self, finding: String) {
        self.wrong += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

/// Checks every log of this node's database. Anchors are read from the ledger's log itself, not from the view of it.
pub(crate) async fn check(node: &Node) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let mut anchors = anchors(node)?;
    for log in node.store().accesses.logs().await? {
        let of_log = anchors.remove(&log.log).map(|(_, anchors)| anchors).unwrap_or_default();
        report.records += log.records;
        records(node, &log, &mut report).await?;
        roots(node, &log, &of_log, &mut report).await?;
    }
    for (log, (party, anchors)) in anchors {
        if node.signer(&party).is_some() {
            report.wrong(format!("log {log}, which {party} anchored {} times, is not here", anchors.len()));
        }
    }
    let astray = node.store().accesses.heads_astray().await?;
    if astray > 0 {
        report.wrong(format!("the lists of {astray} patients do not end with their last record"));
    }
    Ok(report)
}

type Anchors = BTreeMap<AccessLogId, (PartyId, Vec<AccessAnchor>)>;

fn anchors(node: &Node) -> anyhow::Result<Anchors> {
    let (mut found, mut next) = (Anchors::new(), 0);
    loop {
        let entries = node.ledger().entries(next, ENTRIES_MAX)?;
        let Some(last) = entries.last() else { return Ok(found) };
        next = last.index + 1;
        for command in entries.iter().flat_map(|entry| &entry.transaction.body.commands) {
            let Action::AnchorAccess(anchor) = &command.action else { continue };
            let Some(known) = read::access_log(&node.ledger().state(), &anchor.log)? else { continue };
            found.entry(anchor.log).or_insert_with(|| (known.party, Vec::new())).1.push(*anchor);
        }
    }
}

/// Each record stands at its place, is what its leaf covers, and names the patient's record before.
async fn records(node: &Node, log: &LogPlace, report: &mut Report) -> anyhow::Result<()> {
    let mut next = 0;
    let mut wanted = PAGE;
    while next < log.records {
        match node.store().accesses.from_place(log.start + next, wanted.min(log.records - next)).await {
            Ok(page) => {
                let before = next;
                for access in page.iter().filter(|access| access.log == log.log && access.index < log.records) {
                    missing(log, next, access.index, report);
                    judge(log, access, report);
                    next = access.index + 1;
                }
                if next == before {
                    missing(log, next, log.records, report);
                    return Ok(());
                }
                wanted = PAGE;
            }
            // One of them was altered: one by one, so that it is named and the others are looked at.
            Err(StoreError::Malformed { .. }) if wanted > 1 => wanted = 1,
            Err(error @ StoreError::Malformed { .. }) => {
                report.wrong(format!("log {}: {error}", log.log));
                next += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn missing(log: &LogPlace, from: u64, to: u64, report: &mut Report) {
    for index in from..to.min(from + FINDINGS_MAX as u64) {
        report.wrong(format!("log {}: record {index} is missing", log.log));
    }
}

fn judge(log: &LogPlace, access: &KeptAccess, report: &mut Report) {
    // What is erased has its leaf alone, which the root covers.
    let Some(text) = &access.record else { return };
    let record: Result<AccessRecord, _> = serde_json::from_str(text);
    let names = |record: &AccessRecord| {
        (record.log, record.index) == (log.log, access.index)
            && record.previous == access.previous.map(hex::encode)
            && record.number.is_some() == access.of_patient
    };
    if !record.as_ref().is_ok_and(names) {
        report.wrong(format!("log {}: record {} does not say where it stands", log.log, access.index));
    }
}

/// The records are those that were anchored.
async fn roots(node: &Node, log: &LogPlace, anchors: &[AccessAnchor], report: &mut Report) -> anyhow::Result<()> {
    for anchor in anchors {
        let end = anchor.first + u64::from(anchor.count);
        report.anchored += u64::from(anchor.count);
        if end > log.records {
            report.wrong(format!("log {}: records up to {end} were anchored, {} are here", log.log, log.records));
            continue;
        }
        let leaves = node.store().accesses.leaves(log.start + anchor.first, anchor.count.into()).await?;
        if merkle::root(leaves.into_iter()) != anchor.root {
            let last = end - 1;
            report
                .wrong(format!("log {}: records {} to {last} are not those that were anchored", log.log, anchor.first));
        }
    }
    Ok(())
}
