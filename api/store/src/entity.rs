//! SeaORM entities, one a table. They never leave this crate.
// SeaORM's derive makes `pub` items of every entity; the modules keep them inside the crate.
#![allow(unreachable_pub)]

pub(crate) mod access;
pub(crate) mod answers;
pub(crate) mod capture;
pub(crate) mod claims;
pub(crate) mod detection;
pub(crate) mod events;
pub(crate) mod goods;
pub(crate) mod jobs;
pub(crate) mod members;
pub(crate) mod models;
pub(crate) mod passkeys;
pub(crate) mod privacy;
pub(crate) mod sessions;
pub(crate) mod studies;
pub(crate) mod vault;
pub(crate) mod webhooks;
