//! Items come into being: one read and one small write each.

use super::Turn;
use crate::command::{Command, Role};
use crate::id::{ItemKey, LotKey};
use crate::key;
use crate::overlay::Creation;
use crate::read;
use crate::record::{BatchRecord, ItemKind, ItemRecord, Record, batch_id};
use crate::rejection::{Code, Stop, refuse, refuse_item};

/// Packs of a lot of the acting manufacturer's own product.
pub(super) fn packs(turn: &mut Turn<'_>, command: &Command, lot: &LotKey) -> Result<(), Stop> {
    turn.require_role(&[Role::Manufacturer], "commissioning packs")?;
    let Some(record) = read::lot(&turn.state, lot)? else {
        return refuse(Code::UnknownLot, format!("lot {lot} is not registered"));
    };
    if record.party != *turn.me() {
        return refuse(Code::NotProductOwner, format!("lot {lot} belongs to {}", record.party));
    }
    if command.happened.day() > record.expiry {
        return refuse(Code::Expired, format!("lot {lot} has expired"));
    }
    create(turn, command, &command.items, ItemKind::Pack, Some(*lot))
}

/// Containers without a lot.
pub(super) fn containers(turn: &mut Turn<'_>, command: &Command) -> Result<(), Stop> {
    create(turn, command, &command.items, ItemKind::Container, None)
}

/// Makes the items as the command's batch.
pub(super) fn create(
    turn: &mut Turn<'_>,
    command: &Command,
    items: &[ItemKey],
    kind: ItemKind,
    lot: Option<LotKey>,
) -> Result<(), Stop> {
    let batch = batch_id(&turn.tx, turn.index);
    let encoded = ItemRecord::new(kind, batch).encode();
    // In the order of keys, which is the order in which states lie: a large batch finds its way through them once.
    let mut sorted: Vec<&ItemKey> = items.iter().collect();
    sorted.sort_unstable();
    for item in sorted {
        match turn.state.create_item(item, encoded.clone())? {
            Creation::Made => {}
            Creation::Existed => return refuse_item(Code::ItemExists, item, "the item was commissioned before"),
            Creation::Repeated => {
                return refuse_item(Code::DuplicateItem, item, "the transaction names the item twice");
            }
        }
    }
    let record = BatchRecord {
        party: turn.me().clone(),
        lot,
        tx: turn.tx,
        command: turn.index,
        site: turn.site(command),
        happened: command.happened,
        count: u32::try_from(items.len()).expect("a transaction's items are limited to less than u32"),
    };
    turn.state.put(key::batch(&batch), &record);
    Ok(())
}
