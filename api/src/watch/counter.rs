//! What the rules find in one pack's own past, told to the one who has it in hand: at the counter, and with a captured document.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use veridose_contract::ItemKey;
use veridose_ml::events::Wanted;
use veridose_ml::{detect, rules};
use veridose_store::Scan;

use super::past::{Things, past};
use crate::node::Node;
use crate::trade::{Severity, Verdict};

/// What a rule found. The words name nobody: what others did with the pack is not for every counter to know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub(crate) struct Found {
    /// How much it matters.
    pub(crate) severity: Severity,
    /// Stable code of the rule.
    pub(crate) code: &'static str,
    /// Alert code of the European system, where one exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nmvs_code: Option<&'static str>,
    /// Failure reason of the lightweight verification messaging standard, where one exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lvms_code: Option<&'static str>,
    /// In words.
    pub(crate) text: &'static str,
}

/// Whether the past of a pack is worth reading at the counter: when the state speaks against it. It costs a look into the log and the
/// vault, which an ordinary scan does without.
pub(crate) fn is_odd(verdict: &Verdict) -> bool {
    verdict.item.is_some() && verdict.severity >= Severity::Warning
}

/// Applies the rules to the past of the pack that was scanned, this scan included; the gravest first.
pub(crate) async fn at_counter(node: &Arc<Node>, scan: &Scan) -> anyhow::Result<Vec<Found>> {
    let found = in_past(node, vec![(scan.item, scan.epc.clone())], std::slice::from_ref(scan)).await?;
    Ok(found.into_iter().flatten().collect())
}

/// The same for things that a captured document names, each by itself; `refused` are those of its events that were not captured.
pub(crate) async fn in_past(
    node: &Arc<Node>,
    things: Vec<(ItemKey, String)>,
    now: &[Scan],
) -> anyhow::Result<Vec<Vec<Found>>> {
    let (items, uris): (Vec<ItemKey>, Vec<String>) = things.into_iter().unzip();
    let named = Wanted::new(uris.iter().map(String::as_str));
    let table = past(node, Things { items, named }, now).await?;
    let score_min = node.detection().score_min;
    let found = tokio::task::spawn_blocking(move || detect::findings(&table, &uris)).await?;
    let told = |finding: &&rules::Finding| finding.strength >= score_min || finding.code.is_operator_error();
    let each = |found: Vec<rules::Finding>| {
        let found: BTreeSet<Found> = found.iter().filter(told).map(|finding| tell(finding.code.entry())).collect();
        found.into_iter().rev().collect()
    };
    Ok(found.into_iter().map(each).collect())
}

/// What a rule of this code says to whoever has the pack in hand.
pub(crate) fn told(code: &str) -> Option<Found> {
    rules::CATALOGUE.iter().find(|entry| entry.name == code).map(tell)
}

fn tell(entry: &rules::Entry) -> Found {
    let severity = match entry.severity {
        rules::Severity::Notice => Severity::Notice,
        rules::Severity::Warning => Severity::Warning,
        rules::Severity::Alert => Severity::Alert,
    };
    Found { severity, code: entry.name, nmvs_code: entry.nmvs, lvms_code: entry.lvms, text: entry.text }
}
