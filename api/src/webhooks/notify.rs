//! Cases on the ledger become messages.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use veridose_contract::{Action, CaseId, CaseStep, PartyId, Transaction, read};
use veridose_store::{Message, Webhook};

use crate::node::{Node, date_time};

/// Entries of one step.
const ENTRIES_PER_STEP: usize = 256;
/// After this long a run ends, and the next turn goes on.
const RUN_MAX: Duration = Duration::from_secs(20);

/// How far those who subscribed were told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The first entry of the ledger that was not looked at.
    entry: u64,
}

/// Hands messages about what is new to the queue, and says how far it came. A message has the name of what happened, so that one
/// which is handed in again is not told twice.
pub(crate) async fn notify(node: &Arc<Node>, mut cursor: Cursor) -> anyhow::Result<Cursor> {
    let begun = Instant::now();
    let webhooks = node.store().webhooks.active().await?;
    if webhooks.is_empty() {
        return Ok(Cursor { entry: node.ledger().size() });
    }
    while begun.elapsed() < RUN_MAX {
        let (reader, from) = (Arc::clone(node), cursor.entry);
        let entries = tokio::task::spawn_blocking(move || reader.ledger().entries(from, ENTRIES_PER_STEP)).await??;
        let Some(last) = entries.last() else { break };
        let mut messages = Vec::new();
        for entry in &entries {
            messages.extend(about(node, &entry.transaction, &webhooks)?);
        }
        if !messages.is_empty() {
            let settings = node.webhooks();
            let pause_ms = settings.pause_seconds.saturating_mul(1_000);
            node.store().webhooks.tell(&messages, settings.tries_max, pause_ms).await?;
            node.jobs().notify_one();
        }
        cursor.entry = last.index + 1;
    }
    Ok(cursor)
}

/// What a transaction did with cases, for each subscription that may know.
fn about(node: &Node, transaction: &Transaction, webhooks: &[Webhook]) -> anyhow::Result<Vec<Message>> {
    let mut messages = Vec::new();
    for (number, command) in (0_u32..).zip(&transaction.body.commands) {
        let Some((case, event, mut data)) = told(&command.action) else { continue };
        let Some(known) = read::case(&node.ledger().state(), &case)? else { continue };
        let at = date_time(command.happened).format(&Rfc3339)?;
        let tx = transaction.header.id();
        data["case"] = json!(case);
        data["tx"] = json!(tx);
        let body = json!({ "type": event, "timestamp": at, "data": data }).to_string();
        for webhook in webhooks.iter().filter(|webhook| may_know(node, &webhook.party, &known.raised.by)) {
            messages.push(Message { webhook: webhook.id, name: format!("msg_{tx}_{number}"), body: body.clone() });
        }
    }
    Ok(messages)
}

/// Regulators see all cases, everybody else their own.
fn may_know(node: &Node, party: &PartyId, raised_by: &PartyId) -> bool {
    party == raised_by || node.directory().regulators().contains(party)
}

/// The case, what happened to it, and what is told of that.
pub(crate) fn told(action: &Action) -> Option<(CaseId, &'static str, serde_json::Value)> {
    if let Action::RaiseCase(case) = action {
        return Some((*case, "case.raised", json!({})));
    }
    let Action::MoveCase { case, step } = action else { return None };
    let (event, data) = match step {
        CaseStep::Assign(to) => ("case.assigned", json!({ "assignee": to })),
        CaseStep::Escalate => ("case.escalated", json!({})),
        CaseStep::Close(outcome) => ("case.closed", json!({ "outcome": outcome })),
        CaseStep::Reopen => ("case.reopened", json!({})),
    };
    Some((*case, event, data))
}
