//! How far logs of accesses are anchored.

use veridose_contract::AccessAnchor;

use crate::StoreError;
use crate::database::signed;
use crate::entity::access::anchor;
use crate::projection::fold::Place;
use crate::projection::working::Working;

pub(super) fn anchor(working: &mut Working, place: &Place<'_>, anchored: &AccessAnchor) -> Result<(), StoreError> {
    working.access_anchors.push(anchor::Model {
        log: anchored.log.0.to_vec(),
        first: signed("first record", anchored.first)?,
        records: i64::from(anchored.count),
        root: anchored.root.to_vec(),
        party: place.holder(),
        event_id: place.event,
    });
    Ok(())
}
