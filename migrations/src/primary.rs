//! Tables of what exists nowhere else.

pub(crate) mod access;
pub(crate) mod capture;
pub(crate) mod detection;
pub(crate) mod findings;
pub(crate) mod jobs;
pub(crate) mod passkeys;
pub(crate) mod patient_keys;
pub(crate) mod places;
pub(crate) mod privacy;
pub(crate) mod saved_views;
pub(crate) mod sessions;
pub(crate) mod vault;
pub(crate) mod webhooks;
