//! What the rules find in the past of the things that a document names. What became of its events is told first, and stands whatever is
//! found; cases are raised from the ledger and the verifications, as of everything else.

use std::collections::BTreeSet;

use anyhow::Result;
use veridose_contract::{ItemKey, Site, Timestamp};
use veridose_epcis::EventKind;
use veridose_epcis::model::{Action, Event};
use veridose_store::{CaptureError, CaptureFinding, Scan};

use super::Work;
use super::chunk::Numbered;
use crate::node::Node;
use crate::trade::directory::site_of;
use crate::trade::plan::happened;
use crate::watch::{in_past, named};

/// Things of one chunk whose past is looked at, the first ones; the cases that come of the others are raised within seconds.
const SIGHTINGS_MAX: usize = 200;

/// A thing that an event names.
pub(super) struct Sighting {
    event: u64,
    item: ItemKey,
    epc: String,
    at: Timestamp,
    site: Option<Site>,
}

/// What of these events has a past: nothing has where it begins.
pub(super) fn sightings(node: &Node, reads: &[Numbered]) -> Vec<Sighting> {
    if !node.detection().enabled {
        return Vec::new();
    }
    let seen = reads.iter().filter(|(_, _, event, _)| !is_beginning(event)).flat_map(|(number, _, event, _)| {
        let place = event.read_point.as_ref().or(event.biz_location.as_ref());
        let (at, site) = (happened(event), place.and_then(|place| site_of(place.id.as_str())));
        event.epcs().filter_map(move |epc| {
            let (_, item) = named(node.network_key(), epc.as_str())?;
            Some(Sighting { event: *number, item, epc: epc.as_str().to_owned(), at, site })
        })
    });
    seen.take(SIGHTINGS_MAX).collect()
}

fn is_beginning(event: &Event) -> bool {
    event.kind == EventKind::Object && event.action == Some(Action::Add)
}

impl Work<'_> {
    /// Looks at their past, and writes what was found. An event that was refused shows the things at its place none the less: it is kept as a
    /// verification is.
    pub(super) async fn look(&self, seen: Vec<Sighting>, errors: &[CaptureError]) -> Result<()> {
        if seen.is_empty() {
            return Ok(());
        }
        let refused: BTreeSet<u64> = errors.iter().map(|error| error.event).collect();
        let scan = |sighting: &Sighting| Scan {
            item: sighting.item,
            epc: sighting.epc.clone(),
            at: sighting.at,
            site: sighting.site,
            party: self.actor.party.clone(),
            lot: None,
            expiry: None,
        };
        let scans: Vec<Scan> = seen.iter().filter(|sighting| refused.contains(&sighting.event)).map(scan).collect();
        for scan in &scans {
            self.node.scans().take(scan.clone());
        }
        let things = seen.iter().map(|sighting| (sighting.item, sighting.epc.clone())).collect();
        let found = match in_past(self.node, things, &scans).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(job = %self.job.id, error = format!("{error:#}"), "the past of what was captured cannot be read");
                return Ok(());
            }
        };
        let findings: Vec<CaptureFinding> = seen
            .into_iter()
            .zip(found)
            .flat_map(|(Sighting { event, epc, .. }, found)| {
                found.into_iter().map(move |found| CaptureFinding {
                    event,
                    item: epc.clone(),
                    code: found.code.to_owned(),
                })
            })
            .collect();
        Ok(self.node.store().captures.found(self.job, &findings).await?)
    }
}
