//! What the rules find in one pack's own past, told to the one who has just scanned it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use veridose_ml::{detect, rules};
use veridose_store::Scan;

use super::past::past;
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
    let table = past(node, &[scan.item], std::slice::from_ref(scan)).await?;
    let (uri, score_min) = (scan.epc.clone(), node.detection().score_min);
    let found = tokio::task::spawn_blocking(move || detect::findings(&table, &uri)).await?;
    let told = |finding: &rules::Finding| finding.strength >= score_min || finding.code.is_operator_error();
    let found: BTreeSet<Found> =
        found.iter().filter(|finding| told(finding)).map(|finding| tell(finding.code)).collect();
    Ok(found.into_iter().rev().collect())
}

fn tell(code: rules::Code) -> Found {
    let entry = code.entry();
    let severity = match entry.severity {
        rules::Severity::Notice => Severity::Notice,
        rules::Severity::Warning => Severity::Warning,
        rules::Severity::Alert => Severity::Alert,
    };
    Found { severity, code: entry.name, nmvs_code: entry.nmvs, lvms_code: entry.lvms, text: entry.text }
}
