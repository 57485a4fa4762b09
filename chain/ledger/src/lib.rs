//! The ledger: submit, read, follow, prove

pub mod pki;
pub mod signer;
