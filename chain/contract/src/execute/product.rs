//! Products and lots, each registered once by its manufacturer.

use super::Turn;
use crate::command::Role;
use crate::id::{Day, LotKey, ProductKey};
use crate::key;
use crate::read;
use crate::record::{LotRecord, ProductRecord};
use crate::rejection::{Code, Stop, refuse};

/// A manufacturer claims a product.
pub(super) fn register(turn: &mut Turn<'_>, product: &ProductKey) -> Result<(), Stop> {
    turn.require_role(&[Role::Manufacturer], "registering a product")?;
    if let Some(record) = read::product(&turn.state, product)? {
        return refuse(Code::ProductExists, format!("product {product} was registered by {}", record.party));
    }
    let record = ProductRecord { party: turn.me().clone(), tx: turn.tx, recall: None };
    turn.state.put(key::product(product), &record);
    Ok(())
}

/// A manufacturer registers a lot of its own product.
pub(super) fn register_lot(turn: &mut Turn<'_>, lot: &LotKey, product: &ProductKey, expiry: Day) -> Result<(), Stop> {
    turn.require_role(&[Role::Manufacturer], "registering a lot")?;
    let Some(owner) = read::product(&turn.state, product)? else {
        return refuse(Code::UnknownProduct, format!("product {product} is not registered"));
    };
    if owner.party != *turn.me() {
        return refuse(Code::NotProductOwner, format!("product {product} belongs to {}", owner.party));
    }
    if read::lot(&turn.state, lot)?.is_some() {
        return refuse(Code::LotExists, format!("lot {lot} is registered"));
    }
    let record =
        LotRecord { product: *product, party: owner.party, expiry, tx: turn.tx, recall: None, quarantine: None };
    turn.state.put(key::lot(lot), &record);
    Ok(())
}
