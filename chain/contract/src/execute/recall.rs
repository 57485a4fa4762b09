//! Recalls of items, lots and products, by the manufacturer or a regulator.

use super::Turn;
use super::pack::{find, save};
use super::quarantine::own_lot;
use crate::command::{Command, RecallTarget, Role};
use crate::id::ProductKey;
use crate::key;
use crate::read;
use crate::record::{ProductRecord, RecallMark};
use crate::rejection::{Code, Stop, refuse, refuse_item};

/// Sets a recall, or makes one more severe. What left the trade is recalled too: patients may have it.
pub(super) fn call(turn: &mut Turn<'_>, command: &Command, target: &RecallTarget, class: u8) -> Result<(), Stop> {
    if !(1..=3).contains(&class) {
        return refuse(Code::RecallClass, format!("class {class}, expected 1 (most severe) to 3"));
    }
    let mark = RecallMark { class, by: turn.me().clone(), since: command.happened };
    match target {
        RecallTarget::Product(key) => {
            let mut product = own_product(turn, key)?;
            set(turn, &mut product.recall, mark)?;
            turn.state.put(key::product(key), &product);
        }
        RecallTarget::Lot(key) => {
            let mut lot = own_lot(turn, key)?;
            set(turn, &mut lot.recall, mark)?;
            turn.state.put(key::lot(key), &lot);
        }
        RecallTarget::Items => {
            for item in &command.items {
                let mut found = find(turn, item)?;
                if !found.is_makers(turn) && turn.role() != Role::Regulator {
                    return refuse_item(Code::NotProductOwner, item, "only its manufacturer or a regulator recalls it");
                }
                set(turn, &mut found.place.record.recall, mark.clone())?;
                save(turn, &found);
            }
        }
    }
    Ok(())
}

/// Ends a recall; by who called it, or by a regulator.
pub(super) fn end(turn: &mut Turn<'_>, command: &Command, target: &RecallTarget) -> Result<(), Stop> {
    match target {
        RecallTarget::Product(key) => {
            let mut product = own_product(turn, key)?;
            lift(turn, &mut product.recall)?;
            turn.state.put(key::product(key), &product);
        }
        RecallTarget::Lot(key) => {
            let mut lot = own_lot(turn, key)?;
            lift(turn, &mut lot.recall)?;
            turn.state.put(key::lot(key), &lot);
        }
        RecallTarget::Items => {
            for item in &command.items {
                let mut found = find(turn, item)?;
                lift(turn, &mut found.place.record.recall)?;
                save(turn, &found);
            }
        }
    }
    Ok(())
}

fn set(turn: &Turn<'_>, recall: &mut Option<RecallMark>, mark: RecallMark) -> Result<(), Stop> {
    if let Some(old) = recall
        && old.class <= mark.class
    {
        return refuse(Code::AlreadyRecalled, format!("recalled by {} in class {} already", old.by, old.class));
    }
    // Who makes a regulator's recall more severe must not come to own it, or could end it.
    let by = match recall.take() {
        Some(old) if turn.role() != Role::Regulator => old.by,
        Some(_) | None => mark.by,
    };
    *recall = Some(RecallMark { by, ..mark });
    Ok(())
}

fn lift(turn: &Turn<'_>, recall: &mut Option<RecallMark>) -> Result<(), Stop> {
    let Some(mark) = recall.take() else {
        return refuse(Code::NotRecalled, "there is no recall of just this");
    };
    if mark.by == *turn.me() || turn.role() == Role::Regulator {
        return Ok(());
    }
    refuse(Code::NotIssuer, format!("only {} or a regulator ends the recall", mark.by))
}

fn own_product(turn: &Turn<'_>, key: &ProductKey) -> Result<ProductRecord, Stop> {
    let Some(product) = read::product(&turn.state, key)? else {
        return refuse(Code::UnknownProduct, format!("product {key} is not registered"));
    };
    if product.party != *turn.me() && turn.role() != Role::Regulator {
        return refuse(Code::NotProductOwner, format!("product {key} belongs to {}", product.party));
    }
    Ok(product)
}
