//! Tables of what exists nowhere else.

pub(crate) mod capture;
pub(crate) mod jobs;
pub(crate) mod vault;
