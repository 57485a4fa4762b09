//! Proofs of records: what somebody checks offline who has the record, the log's public key and no ledger.
//!
//! A record's leaf is SHA-256(0x00 ‖ its JSON bytes) as in RFC 6962. The leaves of a second are the leaves of a tree, whose root a
//! transaction has put on the ledger; the receipt proves that transaction.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::{Deserialize, Serialize};
use veridose_contract::{AccessLogId, Action, merkle};
use veridose_ledger::LogVerifier;
use veridose_ledger::proof::{self, Receipt};
use veridose_store::{AccessAnchorRow, AccessRecord, KeptAccess, LogPlace};

use crate::node::Node;
use crate::problem::Problem;

/// That a record is anchored on the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessProof {
    /// Place of the anchor's first record in the log.
    pub first: u64,
    /// Records that it covers.
    pub count: u32,
    /// Hashes from the leaf's sibling up, in hexadecimal.
    pub path: Vec<String>,
    /// The receipt of the transaction that holds the root.
    pub receipt: Receipt,
}

/// A record with what proves it: one line of a patient's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenAccess {
    /// The record's JSON text, byte for byte what the leaf covers; nothing once the patient is erased.
    pub record: Option<String>,
    /// The leaf, in hexadecimal.
    pub leaf: String,
    /// The proof; nothing for a record that is not anchored yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<AccessProof>,
}

impl From<KeptAccess> for ProvenAccess {
    fn from(kept: KeptAccess) -> Self {
        Self { record: kept.record, leaf: hex::encode(kept.leaf), proof: None }
    }
}

/// The records with their proofs, in the same order.
pub(crate) async fn prove(node: &Node, kept: Vec<KeptAccess>) -> Result<Vec<ProvenAccess>, Problem> {
    let logs = node.store().accesses.logs().await?;
    let mut anchors: HashMap<(AccessLogId, u64), Covered> = HashMap::new();
    let mut proven = Vec::with_capacity(kept.len());
    for access in kept {
        let row = node.store().queries.access_anchor(&access.log, access.index).await?;
        let proof = match row {
            None => None,
            Some(row) => {
                let covered = match anchors.entry((access.log, row.first)) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(Covered::load(node, &logs, &access.log, row).await?),
                };
                covered.proof(access.index)
            }
        };
        proven.push(ProvenAccess { record: access.record, leaf: hex::encode(access.leaf), proof });
    }
    Ok(proven)
}

/// An anchor with the leaves that it covers.
struct Covered {
    row: AccessAnchorRow,
    leaves: Vec<[u8; 32]>,
    receipt: Receipt,
}

impl Covered {
    async fn load(node: &Node, logs: &[LogPlace], log: &AccessLogId, row: AccessAnchorRow) -> Result<Self, Problem> {
        let log = logs.iter().find(|known| known.log == *log).ok_or_else(|| Problem::internal("a record of no log"))?;
        let leaves = node.store().accesses.leaves(log.start + row.first, row.records).await?;
        let receipt = node.ledger().receipt(row.tx_index, &[])?;
        Ok(Self { row, leaves, receipt })
    }

    fn proof(&self, index: u64) -> Option<AccessProof> {
        let at = usize::try_from(index.checked_sub(self.row.first)?).ok()?;
        let path = merkle::path(&self.leaves, at)?.iter().map(hex::encode).collect();
        let count = u32::try_from(self.row.records).ok()?;
        Some(AccessProof { first: self.row.first, count, path, receipt: self.receipt.clone() })
    }
}

/// What a patient's history proves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Records.
    pub records: u64,
    /// Those that are proven to be on the ledger.
    pub anchored: u64,
    /// The newest ones, which are not anchored yet.
    pub waiting: u64,
}

/// Why a history is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {number}: {problem}")]
pub struct Unproven {
    /// Which record, counted from the newest.
    pub number: usize,
    /// What is wrong.
    pub problem: String,
}

/// Checks a history, the latest record first: each is what its leaf covers, names the one before, and stands under the root that a
/// transaction of this ledger's log put there. `whole` asks that it reaches back to the patient's first record.
pub fn check_history(history: &[ProvenAccess], log: &LogVerifier, whole: bool) -> Result<Checked, Unproven> {
    let mut checked = Checked::default();
    let mut later: Option<AccessRecord> = None;
    for (number, access) in history.iter().enumerate() {
        let wrong = |problem: String| Unproven { number, problem };
        let text = access.record.as_deref().ok_or_else(|| wrong("it is erased".to_owned()))?;
        if hex::encode(merkle::leaf_hash(text.as_bytes())) != access.leaf {
            return Err(wrong("it is not what its leaf covers: it was altered".to_owned()));
        }
        let record: AccessRecord = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let count = record.number.ok_or_else(|| wrong("it is of no patient".to_owned()))?;
        if let Some(later) = &later
            && (later.previous.as_deref() != Some(&access.leaf) || later.number != count.checked_add(1))
        {
            return Err(wrong("the record after it names another one: some are missing between them".to_owned()));
        }
        match &access.proof {
            Some(proof) => {
                check_proof(&record, &access.leaf, proof, log).map_err(wrong)?;
                checked.anchored += 1;
            }
            None if checked.anchored > 0 => return Err(wrong("it has no proof, and later ones have".to_owned())),
            None => checked.waiting += 1,
        }
        checked.records += 1;
        later = Some(record);
    }
    if let Some(first) = later.filter(|first| whole && first.previous.is_some()) {
        let problem =
            format!("it is the patient's record {}, and those before it are missing", first.number.unwrap_or(0));
        return Err(Unproven { number: history.len().saturating_sub(1), problem });
    }
    Ok(checked)
}

fn check_proof(record: &AccessRecord, leaf: &str, proof: &AccessProof, log: &LogVerifier) -> Result<(), String> {
    let verified = proof::verify(&proof.receipt, None, log, None).map_err(|error| error.to_string())?;
    let anchors = verified.commands.iter().filter_map(|command| match command.action {
        Action::AnchorAccess(anchor) => Some(anchor),
        _ => None,
    });
    let mut anchors =
        anchors.filter(|anchor| anchor.log == record.log && (anchor.first, anchor.count) == (proof.first, proof.count));
    let anchor = anchors.next().ok_or("the receipt is of a transaction that anchors other records")?;
    let index = record.index.checked_sub(proof.first).ok_or("the anchor begins after the record")?;
    let parse = |text: &String| {
        let bytes = hex::decode(text).ok()?;
        <[u8; 32]>::try_from(bytes).ok()
    };
    let leaf = parse(&leaf.to_owned()).ok_or("the leaf is no hash")?;
    let path: Vec<[u8; 32]> = proof.path.iter().map(parse).collect::<Option<_>>().ok_or("the path has no hashes")?;
    merkle::verify(&leaf, index, anchor.count.into(), &path, &anchor.root)
        .then_some(())
        .ok_or_else(|| "the path does not lead to the root on the ledger".to_owned())
}
