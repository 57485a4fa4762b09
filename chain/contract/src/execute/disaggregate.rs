//! Unpacking: named items, or everything at the cost of two writes.

use super::Turn;
use super::pack::{detach, dissolve, find, save};
use crate::command::Command;
use crate::id::ItemKey;
use crate::rejection::{Code, Stop, refuse_item};

/// Takes the items out of the parent; without items, all that is in it. Quarantine and recall go with what leaves.
pub(super) fn execute(turn: &mut Turn<'_>, command: &Command, parent: &ItemKey) -> Result<(), Stop> {
    let mut container = find(turn, parent)?;
    container.require_holder(turn)?;
    container.require_active()?;
    container.require_unoffered()?;
    if command.items.is_empty() {
        if container.place.record.nest.is_none_or(|nest| nest.children == 0) {
            return refuse_item(Code::ContainerEmpty, parent, "there is nothing in the container");
        }
        return dissolve(turn, &mut container);
    }
    for item in &command.items {
        let mut child = find(turn, item)?;
        if child.place.record.parent.is_none_or(|link| link.parent != *parent) {
            return refuse_item(Code::NotInParent, item, format!("the item does not lie in container {parent}"));
        }
        let holder = child.holder.clone();
        detach(turn, &mut child, holder)?;
        save(turn, &child);
    }
    Ok(())
}
