//! The event that an error declaration speaks of.

use std::time::Duration;

use anyhow::Result;
use veridose_contract::Timestamp;
use veridose_epcis::model::Event;
use veridose_store::{EventFilter, Opened, PageRequest, Payload, Viewer};

use crate::node::{Actor, Node};
use crate::trade::plan::Original;

/// How long the view may take to show what was captured just before.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at it.
const PAUSE: Duration = Duration::from_millis(50);

/// The caller's own earlier event: by its `eventID`, else the one of the same time whose hash is the same. What the
/// vault holds counts, not what the declaration repeats of it.
pub(super) async fn find(node: &Node, actor: &Actor, declared: &Event) -> Result<Option<Original>> {
    if declared.error_declaration.is_none() {
        return Ok(None);
    }
    caught_up(node).await?;
    let at = super::super::plan::happened(declared);
    let mut filter = EventFilter { epcis_only: true, ..EventFilter::default() };
    if let Some(id) = &declared.event_id {
        filter.event_ids.push(id.as_str().to_owned());
    } else {
        filter.event_time_from = Some(at);
        filter.event_time_before = Some(Timestamp(at.0.saturating_add(1)));
    }
    let viewer = Viewer::Party(actor.party.clone());
    let hash = veridose_epcis::hash(declared);
    let mut page = PageRequest::default();
    loop {
        let rows = node.store().queries.events(&viewer, &filter, &page).await?;
        for row in rows.items.iter().filter(|row| row.party == actor.party) {
            let Opened::Document(Payload::Event(json)) = node.store().vault.open(&row.commitment, &actor.party).await?
            else {
                continue;
            };
            let event = veridose_epcis::from_json(json.get().as_bytes())?;
            let same = declared.event_id.is_some() || veridose_epcis::hash(&event) == hash;
            if event.error_declaration.is_none() && same {
                return Ok(Some(Original { event, commitment: row.commitment }));
            }
        }
        if rows.next.is_none() {
            return Ok(None);
        }
        page.token = rows.next;
    }
}

/// Waits until the view shows what is on the ledger now; a view that lags longer is read as it stands.
async fn caught_up(node: &Node) -> Result<()> {
    let size = node.ledger().size();
    let wait = async {
        while node.store().projection.next_index().await? < size {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or(Ok(()))
}
