//! Tables of the projection.

pub(crate) mod access;
pub(crate) mod answers;
pub(crate) mod case_measures;
pub(crate) mod case_steps;
pub(crate) mod claims;
pub(crate) mod consent_signers;
pub(crate) mod consents_by_document;
pub(crate) mod events;
pub(crate) mod goods;
pub(crate) mod members;
pub(crate) mod models;
pub(crate) mod owner;
pub(crate) mod studies;
