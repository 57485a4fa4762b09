//! Packing: loose items go into a container of the same holder.

use super::Turn;
use super::commission::create;
use super::pack::{Found, find, save};
use crate::command::Command;
use crate::id::ItemKey;
use crate::limits::AGGREGATION_DEPTH_MAX;
use crate::read;
use crate::record::{ItemKind, Nest, ParentLink};
use crate::rejection::{Code, Stop, refuse, refuse_item};
use crate::state::StateError;

/// Puts the command's items into the parent, which comes into being first if need be.
pub(super) fn execute(turn: &mut Turn<'_>, command: &Command, parent: &ItemKey, make: bool) -> Result<(), Stop> {
    if make && read::item(&turn.state, parent)?.is_none() {
        create(turn, command, &[*parent], ItemKind::Container, None)?;
    }
    let mut container = find(turn, parent)?;
    container.require_holder(turn)?;
    container.require_active()?;
    container.require_unoffered()?;
    container.require_released()?;
    let nest = container.place.record.nest.unwrap_or_default();
    if container.place.record.nest.replace(nest).is_none() {
        // A pack becomes a container before the first item goes in: the next one may lie in that.
        save(turn, &container);
    }
    let mut height = 0;
    for item in &command.items {
        height = height.max(put(turn, item, &container, nest)?);
    }
    let count = u32::try_from(command.items.len()).expect("a transaction's items are limited to less than u32");
    let children = nest.children.checked_add(count).ok_or_else(|| StateError::corrupt("container over u32 items"))?;
    container.place.record.nest = Some(Nest { children, ..nest });
    raise(turn, &mut container, height)
}

/// Puts one item in, and says how many levels of containers it brings.
fn put(turn: &mut Turn<'_>, item: &ItemKey, container: &Found, nest: Nest) -> Result<u8, Stop> {
    let place = &container.place;
    if *item == place.key || place.above.iter().any(|(above, _)| above == item) {
        return refuse_item(Code::ContainerCycle, item, "a container would lie in itself");
    }
    let mut child = find(turn, item)?;
    child.require_holder(turn)?;
    child.require_active()?;
    if let Some(link) = child.place.record.parent {
        return refuse_item(Code::InContainer, item, format!("the item lies in container {}", link.parent));
    }
    child.require_unoffered()?;
    child.require_released()?;
    child.place.record.parent = Some(ParentLink { parent: place.key, generation: nest.generation });
    child.place.record.holder = None;
    save(turn, &child);
    Ok(child.place.record.nest.map_or(0, |nest| nest.height))
}

/// Writes the container, and those above it that became higher.
fn raise(turn: &mut Turn<'_>, container: &mut Found, child_height: u8) -> Result<(), Stop> {
    let mut height = child_height;
    let place = &mut container.place;
    let chain = std::iter::once((&place.key, &mut place.record, true))
        .chain(place.above.iter_mut().map(|(key, record)| (&*key, record, false)));
    for (key, record, always) in chain {
        height = height.saturating_add(1);
        let nest = record.nest.as_mut().ok_or_else(|| StateError::corrupt("no container"))?;
        if usize::from(height) > AGGREGATION_DEPTH_MAX {
            return refuse(Code::LimitExceeded, format!("at most {AGGREGATION_DEPTH_MAX} containers above a pack"));
        }
        let grows = nest.height < height;
        height = height.max(nest.height);
        nest.height = height;
        if grows || always {
            turn.state.put_item(key, record);
        }
    }
    Ok(())
}
